//! Writes the message by which a demand is answered: ISO 20022 `InformationRequestResponse`,
//! versions auth.002.001.01 and auth.002.001.02, in that of the demand.
//!
//! Each request of the demand gets a `RtrInd` in its order. What was found does not stand in the
//! message: `Rslt` has the digest and the counts of the file that was encrypted to the authority.

use core::fmt;
use core::fmt::Write;

use crate::answer::Counts;
use crate::auth001::{Demand, NAMESPACES};
use crate::scope::{Period, is_plain};
use crate::time::second_text;
use crate::xml::{Element, escaped};

/// The namespace of what stands in `Rslt`.
pub const ANSWER: &str = "urn:counterfoil:answer:v1";

/// Whether everything that was asked for is given (`RspnSts`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// NRES: nothing is given.
    Nothing,
    /// PART: some of it; the scope was narrowed.
    Part,
    /// COMP: all of it.
    Complete,
}

/// What came of a request (`InvstgtnRslt`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// A file, by its digest and its counts (`Rslt`).
    File(Counts),
    /// FOUN: there is something, and it comes another way.
    Found,
    /// NFOU: there is nothing.
    NotFound,
    /// NOAP: it was not looked for.
    NotApplicable,
}

/// An answer to a demand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Response {
    /// `RspnId`: the institution's own reference, at most 35 letters.
    pub id: String,
    /// `RspnSts`.
    pub status: Status,
    /// What came of each request, in the order of the demand.
    pub outcomes: Vec<Outcome>,
    /// `RspnPrd`: the period that is answered, where something is given.
    pub period: Option<Period>,
    /// `AddtlInf`: what else is to say, at most 500 letters, such as why a scope was narrowed.
    pub note: Option<String>,
}

/// Why no answer is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ResponseError {
    /// The reference is not 1 to 35 letters on one line.
    Id,
    /// The note is not 1 to 500 letters on one line.
    Note,
    /// There are not as many outcomes as there are requests.
    Outcomes {
        /// As many as there are requests.
        wanted: usize,
    },
    /// The status and the outcomes do not fit: nothing is given, and yet there is a file, or the
    /// other way round.
    Status,
}

impl fmt::Display for ResponseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Id => f.write_str("RspnId is 1 to 35 letters on one line"),
            Self::Note => f.write_str("AddtlInf is 1 to 500 letters on one line"),
            Self::Outcomes { wanted } => write!(
                f,
                "the demand has {wanted} requests, and each takes one outcome"
            ),
            Self::Status => f.write_str(
                "NRES goes with no file and nothing found; PART and COMP with something looked for",
            ),
        }
    }
}

impl std::error::Error for ResponseError {}

impl Status {
    /// Its code.
    pub const fn code(self) -> &'static str {
        match self {
            Status::Nothing => "NRES",
            Status::Part => "PART",
            Status::Complete => "COMP",
        }
    }
}

fn is_text(text: &str, letters: usize) -> bool {
    is_plain(text, 4 * letters) && text.chars().count() <= letters
}

/// The message, indented, with a newline at its end.
pub fn write(demand: &Demand, response: &Response) -> Result<String, ResponseError> {
    check(demand, response)?;
    let mut out = Out::default();
    let version = demand.version.text();
    out.text
        .push_str("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    out.open(&format!(
        "Document xmlns=\"{NAMESPACES}auth.002.001.{version}\""
    ));
    out.open("InfReqRspn");
    out.leaf("RspnId", &response.id);
    out.leaf("InvstgtnId", &demand.reference);
    out.leaf("RspnSts", response.status.code());
    out.element(&demand.search);
    for (request, outcome) in demand.requests.iter().zip(&response.outcomes) {
        out.open("RtrInd");
        if let Some(period) = response.period {
            out.open("RspnPrd");
            out.open("DtTm");
            out.leaf("FrDtTm", &second_text(period.from));
            out.leaf("ToDtTm", &second_text(period.to));
            out.close("DtTm");
            out.close("RspnPrd");
        }
        out.open("AuthrtyReqTp");
        out.leaf("MsgNmId", &request.name);
        if let Some(title) = &request.title {
            out.leaf("MsgNm", title);
        }
        out.close("AuthrtyReqTp");
        out.open("InvstgtnRslt");
        out.outcome(outcome);
        out.close("InvstgtnRslt");
        if let Some(note) = &response.note {
            out.leaf("AddtlInf", note);
        }
        out.close("RtrInd");
    }
    out.close("InfReqRspn");
    out.close("Document");
    Ok(out.text)
}

fn check(demand: &Demand, response: &Response) -> Result<(), ResponseError> {
    if !is_text(&response.id, 35) {
        return Err(ResponseError::Id);
    }
    let note = response.note.as_ref();
    if note.is_some_and(|note| !is_text(note, 500)) {
        return Err(ResponseError::Note);
    }
    let wanted = demand.requests.len();
    if response.outcomes.len() != wanted {
        return Err(ResponseError::Outcomes { wanted });
    }
    let gives = |outcome: &Outcome| matches!(outcome, Outcome::File(_) | Outcome::Found);
    let mut outcomes = response.outcomes.iter();
    let fits = match response.status {
        Status::Nothing => !outcomes.any(gives),
        Status::Part | Status::Complete => outcomes.any(|one| *one != Outcome::NotApplicable),
    };
    if fits {
        Ok(())
    } else {
        Err(ResponseError::Status)
    }
}

/// XML that is being written.
#[derive(Default)]
struct Out {
    text: String,
    depth: usize,
}

impl Out {
    fn line(&mut self, line: &str) {
        let indent = 2 * self.depth;
        writeln!(self.text, "{:indent$}{line}", "").expect("strings take everything");
    }

    fn open(&mut self, tag: &str) {
        self.line(&format!("<{tag}>"));
        self.depth += 1;
    }

    fn close(&mut self, name: &str) {
        self.depth -= 1;
        self.line(&format!("</{name}>"));
    }

    fn leaf(&mut self, name: &str, text: &str) {
        self.line(&format!("<{name}>{}</{name}>", escaped(text)));
    }

    /// An element as it stood in the demand. It is no deeper than messages may be.
    fn element(&mut self, element: &Element) {
        if element.children.is_empty() {
            return self.leaf(&element.name, &element.text);
        }
        self.open(&element.name);
        for child in &element.children {
            self.element(child);
        }
        self.close(&element.name);
    }

    fn outcome(&mut self, outcome: &Outcome) {
        let code = match outcome {
            Outcome::File(counts) => {
                self.open("Rslt");
                self.open(&format!("Answer xmlns=\"{ANSWER}\""));
                self.leaf("Digest", &counts.digest_text());
                self.leaf("Bytes", &counts.bytes.to_string());
                self.leaf("Rows", &counts.rows.to_string());
                self.leaf("Accounts", &counts.accounts.to_string());
                self.close("Answer");
                return self.close("Rslt");
            }
            Outcome::Found => "FOUN",
            Outcome::NotFound => "NFOU",
            Outcome::NotApplicable => "NOAP",
        };
        self.leaf("InvstgtnSts", code);
    }
}
