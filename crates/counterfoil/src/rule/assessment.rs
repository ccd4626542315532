//! `rule try --assessment`: what a draft would have done, as a document that is ready to be signed.

use std::fmt::Write as _;
use std::fs;
use std::path::PathBuf;

use clap::Args;
use engine::{Assessment, Count, Draft};
use model::document::{AssessmentText, Document};
use model::money::format_amount;
use model::rule::bytes;
use sha2::{Digest, Sha256};

use crate::ask::integer;
use crate::failure::Failure;
use crate::time::moment;

/// Where the assessment goes, and what only its author knows.
#[derive(Args)]
pub struct Publish {
    /// Writes what the draft would have done as a document: sign it with `document enter`, and the
    /// draft can be commented.
    #[arg(long, value_name = "FILE", requires_all = ["by", "comments_until"])]
    assessment: Option<PathBuf>,
    /// Who signs the assessment: a party of the staff, or an authority.
    #[arg(long, value_name = "PARTY", value_parser = integer, requires = "assessment")]
    by: Option<u128>,
    /// The day or moment at which comments end.
    #[arg(long, value_name = "WHEN", value_parser = moment, requires = "assessment")]
    comments_until: Option<u64>,
}

impl Publish {
    /// Writes the document, where one is asked for.
    pub fn write(&self, title: &str, draft: &Draft<'_>, done: &Assessment) -> Result<(), Failure> {
        let Some(path) = &self.assessment else {
            return Ok(());
        };
        let text = AssessmentText {
            by: self.by.unwrap_or(0),
            comments_until: self.comments_until.unwrap_or(0),
            title: title.to_owned(),
            ..assessed(draft, done)
        };
        let text = Document::Assessment(text).to_text();
        // What cannot be written so is told before anybody signs it.
        Document::parse(&text).map_err(|error| Failure::Input(format!("--assessment: {error}")))?;
        let wrong = |error| Failure::Input(format!("{}: {error}", path.display()));
        fs::write(path, text).map_err(wrong)
    }
}

/// What was found; only the ledger with the largest sum has a field, the words tell of all.
pub(crate) fn assessed(draft: &Draft<'_>, done: &Assessment) -> AssessmentText {
    let stopped = &done.stopped;
    let declared = stopped.sums.iter();
    let declared = declared.filter(|(ledger, _)| done.currencies.contains_key(ledger));
    let largest = declared.max_by_key(|(_, sum)| **sum);
    let (ledger, sum) = largest.map_or((0, 0), |(ledger, sum)| (*ledger, *sum));
    AssessmentText {
        draft: Sha256::digest(bytes::encode(draft.book)).into(),
        from: draft.from,
        to: draft.to,
        payments: done.judged.payments,
        refused: stopped.payments,
        people: done.people,
        ledger,
        sum,
        reasons: words(draft, done),
        ..AssessmentText::default()
    }
}

/// Counts alone: no payment and nobody in it can be found in them.
fn words(draft: &Draft<'_>, done: &Assessment) -> String {
    let count = |count: &Count| told(draft, done, count);
    let mut lines = vec![
        format!("Judged: {}.", count(&done.judged)),
        format!(
            "Not made: {}, of {} people.",
            count(&done.stopped),
            done.people
        ),
        format!("Made, and flagged or reported: {}.", count(&done.noted)),
        format!(
            "Refused or held by the rules of the time: {}.",
            count(&done.refused_then)
        ),
        format!(
            "Of those let through: {}.",
            count(&done.let_through_instead)
        ),
    ];
    let rule = |place: &u16| draft.book.rules.get(usize::from(*place));
    for (place, by_rule) in &done.by_rule {
        if let Some(rule) = rule(place) {
            lines.push(format!("Rule {}: {}.", rule.id, count(by_rule)));
        }
    }
    for (tier, by_tier) in &done.by_tier {
        let tier = tier.map_or("Of nobody's accounts".to_owned(), |tier| {
            format!("Tier {tier}")
        });
        lines.push(format!("{tier}: {}.", count(by_tier)));
    }
    lines.push(
        "Payments were judged as they were made; what people would have done instead is not guessed."
            .to_owned(),
    );
    lines.join("\n")
}

/// `12 payments, 1200.00 EUR`.
fn told(draft: &Draft<'_>, done: &Assessment, count: &Count) -> String {
    let mut text = format!("{} payments", count.payments);
    for (ledger, sum) in &count.sums {
        let taken = draft.taken_as.currencies.get(ledger);
        let _ = match taken.or_else(|| done.currencies.get(ledger)) {
            Some((code, exponent)) => write!(text, ", {} {code}", format_amount(*sum, *exponent)),
            None => write!(text, ", {sum} on ledger {ledger}"),
        };
    }
    text
}
