//! Documents: what authorities decide and what is answered to them, as text that the log keeps
//! whole and its author signs.
//!
//! A document has one form. Its first line is `counterfoil/<kind>/v1`. Then come its fields, each on
//! a line of its own, `name value`, all of them and in the order of the tables below; `-` stands
//! for nothing. An empty line follows, and reasons in words to the end. Lines end in a line feed,
//! and nothing stands before or behind what a line says.
//!
//! | value | form |
//! |---|---|
//! | party | 32 small hexadecimal digits, as [`crate::form::Form::Id`] counts them from the highest |
//! | number | decimal digits without leading zeros |
//! | moment | `2026-01-05T00:00:00Z`, from 1970 to 2199 |
//! | zone | `+08:00`: how far local time is ahead |
//! | name | one of a list |
//! | names | some of a list, in its order, with a space between |
//! | laws | texts with `; ` between |

mod check;
mod form;
pub(crate) mod moment;
mod text;

pub use moment::{read as moment_of, write as moment_text};
pub use text::{
    AppealText, AssessmentText, BudgetText, CommentText, DecisionText, EntryText, FulfilmentText,
    MandateText, OPENED, OpeningText, STEPS, Step, StepText,
};

use crate::record;

/// Bytes of one document at most.
pub const DOCUMENT_BYTES: usize = record::DOCUMENT_BYTES;
/// Lines of one document at most.
pub const DOCUMENT_LINES: usize = 1_024;
/// Bytes of one line of a field at most, its name included.
pub const LINE_BYTES: usize = 512;
/// Laws that allow an authority to ask for data of everybody, at most.
pub const BULK_LAWS: usize = 8;
/// Bytes that one paragraph of the reasons has at least, where reasons have to be given.
pub const REASON_BYTES: usize = 80;

/// Kinds of documents.
pub const DOCUMENT_KINDS: &[&str] = &[
    "mandate",
    "decision",
    "fulfilment",
    "appeal",
    "assessment",
    "comment",
    "entry",
    "opening",
    "step",
    "budget",
];

/// Whether documents of a kind are written by the books and signed by nobody.
pub const fn is_unsigned(kind: u8) -> bool {
    kind == 6 || kind == 7
}

/// Any document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Document {
    /// What an authority may decide.
    Mandate(MandateText),
    /// What it decides.
    Decision(DecisionText),
    /// Proof that what was decided was done.
    Fulfilment(FulfilmentText),
    /// What is asked of a court, or what it decides.
    Appeal(AppealText),
    /// What a draft of rules would have done to payments of the past.
    Assessment(AssessmentText),
    /// What somebody says to that.
    Comment(CommentText),
    /// What everyone sees of a demand for data.
    Entry(EntryText),
    /// The scope of a demand, opened.
    Opening(OpeningText),
    /// What is done with a demand.
    Step(StepText),
    /// How much questions about everybody may cost.
    Budget(BudgetText),
}

/// Why a text is no document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DocumentError {
    /// The line, from 1; 0 where it is none's.
    pub line: u32,
    /// What is wrong, and what would be right.
    pub why: &'static str,
}

impl core::fmt::Display for DocumentError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self.line {
            0 => f.write_str(self.why),
            line => write!(f, "line {line}: {}", self.why),
        }
    }
}

impl std::error::Error for DocumentError {}

impl Document {
    /// Reads a document that is all of `text`.
    ///
    /// # Errors
    ///
    /// Where it has not the form of its kind, or says what a document of its kind cannot.
    pub fn parse(text: &str) -> Result<Self, DocumentError> {
        form::check_size(text)?;
        let mut lines = form::Lines::new(text);
        let head = lines.next().unwrap_or_default();
        let kind = head.strip_prefix("counterfoil/");
        let kind = kind.and_then(|rest| rest.strip_suffix("/v1"));
        match kind {
            Some("mandate") => MandateText::read(&mut lines).map(Self::Mandate),
            Some("decision") => DecisionText::read(&mut lines).map(Self::Decision),
            Some("fulfilment") => FulfilmentText::read(&mut lines).map(Self::Fulfilment),
            Some("appeal") => AppealText::read(&mut lines).map(Self::Appeal),
            Some("assessment") => AssessmentText::read(&mut lines).map(Self::Assessment),
            Some("comment") => CommentText::read(&mut lines).map(Self::Comment),
            Some("entry") => EntryText::read(&mut lines).map(Self::Entry),
            Some("opening") => OpeningText::read(&mut lines).map(Self::Opening),
            Some("step") => StepText::read(&mut lines).map(Self::Step),
            Some("budget") => BudgetText::read(&mut lines).map(Self::Budget),
            _ => Err(DocumentError {
                line: 1,
                why: "a document begins with counterfoil/KIND/v1, where the kind is mandate, \
                      decision, fulfilment, appeal, assessment, comment, step or budget",
            }),
        }
    }

    /// The text that it was read from, or can be.
    pub fn to_text(&self) -> String {
        match self {
            Self::Mandate(text) => text.write(),
            Self::Decision(text) => text.write(),
            Self::Fulfilment(text) => text.write(),
            Self::Appeal(text) => text.write(),
            Self::Assessment(text) => text.write(),
            Self::Comment(text) => text.write(),
            Self::Entry(text) => text.write(),
            Self::Opening(text) => text.write(),
            Self::Step(text) => text.write(),
            Self::Budget(text) => text.write(),
        }
    }

    /// Place in [`DOCUMENT_KINDS`].
    pub const fn kind(&self) -> u8 {
        match self {
            Self::Mandate(_) => 0,
            Self::Decision(_) => 1,
            Self::Fulfilment(_) => 2,
            Self::Appeal(_) => 3,
            Self::Assessment(_) => 4,
            Self::Comment(_) => 5,
            Self::Entry(_) => 6,
            Self::Opening(_) => 7,
            Self::Step(_) => 8,
            Self::Budget(_) => 9,
        }
    }

    /// Who has to sign it; 0 where the books write it.
    pub const fn signer(&self) -> u128 {
        match self {
            Self::Mandate(text) => text.by,
            Self::Decision(text) => text.authority,
            Self::Fulfilment(text) => text.by,
            Self::Appeal(text) => text.by,
            Self::Assessment(text) => text.by,
            Self::Comment(text) => text.by,
            Self::Entry(_) | Self::Opening(_) => 0,
            Self::Step(text) => text.by,
            Self::Budget(text) => text.by,
        }
    }

    /// What it says in words.
    pub fn reasons(&self) -> &str {
        match self {
            Self::Mandate(text) => &text.reasons,
            Self::Decision(text) => &text.reasons,
            Self::Fulfilment(text) => &text.reasons,
            Self::Appeal(text) => &text.reasons,
            Self::Assessment(text) => &text.reasons,
            Self::Comment(text) => &text.reasons,
            Self::Entry(text) => &text.reasons,
            Self::Opening(text) => &text.reasons,
            Self::Step(text) => &text.reasons,
            Self::Budget(text) => &text.reasons,
        }
    }

    /// Whether a paragraph of its reasons has at least [`REASON_BYTES`].
    pub fn is_reasoned(&self) -> bool {
        let mut paragraphs = self.reasons().split("\n\n");
        paragraphs.any(|paragraph| paragraph.trim().len() >= REASON_BYTES)
    }
}
