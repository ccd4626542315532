//! The documents of the log, read once and in order; of them only what the page shows is kept.

use std::collections::VecDeque;

use engine::{Books, DOCUMENTS_READ, Refused};
use model::document::{AssessmentText, DecisionText, Document};

use crate::limits::{PUBLIC_ASSESSMENTS, PUBLIC_DECISIONS, PUBLIC_DOCUMENTS};

/// What was read so far.
#[derive(Debug, Default)]
pub(super) struct Papers {
    /// Documents that were read.
    read: u64,
    /// Whether there are no more, as of the last reading.
    pub complete: bool,
    /// The newest decisions, the oldest of them first.
    pub decisions: Newest<DecisionText>,
    /// The newest assessments of drafts, likewise.
    pub assessments: Newest<AssessmentText>,
}

/// A document, with when it was entered and its digest.
#[derive(Clone, Debug)]
pub(super) struct Paper<T> {
    pub entered: u64,
    pub sha256: [u8; 32],
    pub text: T,
}

/// The newest documents of a kind.
#[derive(Debug)]
pub(super) struct Newest<T> {
    pub papers: VecDeque<Paper<T>>,
    /// How many there are in all.
    pub total: u64,
}

impl<T> Default for Newest<T> {
    fn default() -> Self {
        Self {
            papers: VecDeque::new(),
            total: 0,
        }
    }
}

impl<T> Newest<T> {
    fn push(&mut self, paper: Paper<T>, most: usize) {
        self.total += 1;
        self.papers.push_back(paper);
        if self.papers.len() > most {
            self.papers.pop_front();
        }
    }

    /// Those that are kept, the newest first.
    pub fn newest_first(&self) -> impl Iterator<Item = &Paper<T>> {
        self.papers.iter().rev()
    }

    /// How many older ones there are.
    pub fn left_out(&self) -> u64 {
        self.total - self.papers.len() as u64
    }
}

impl Papers {
    /// Reads what was entered since the last time, up to [`PUBLIC_DOCUMENTS`] documents at once.
    pub async fn read_on(&mut self, books: &Books) -> Result<(), Refused> {
        for _ in 0..PUBLIC_DOCUMENTS.div_ceil(DOCUMENTS_READ) {
            let some = books.documents_from(self.read + 1, DOCUMENTS_READ).await?;
            self.complete = some.len() < DOCUMENTS_READ;
            for kept in some {
                self.read = kept.number;
                let (entered, sha256) = (kept.timestamp, kept.sha256);
                match kept.document {
                    Some(Document::Decision(text)) => {
                        let paper = Paper {
                            entered,
                            sha256,
                            text,
                        };
                        self.decisions.push(paper, PUBLIC_DECISIONS);
                    }
                    Some(Document::Assessment(text)) => {
                        let paper = Paper {
                            entered,
                            sha256,
                            text,
                        };
                        self.assessments.push(paper, PUBLIC_ASSESSMENTS);
                    }
                    _ => {}
                }
            }
            if self.complete {
                break;
            }
        }
        Ok(())
    }
}
