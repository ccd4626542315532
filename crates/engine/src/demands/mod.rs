//! Demands for data: coming in, being narrowed, opened and answered.
//!
//! What the log says of them is decided by `machine`; here stands what is kept beside the log
//! (`keep`), what the books know within a scope (`rows`, `totals`) and the gate (`gate`).

mod gate;
mod keep;
mod register;
mod rows;
mod totals;

use std::fmt;
use std::sync::Arc;

use demands::aggregate::{BudgetError, QuestionError};
use demands::answer::AnswerError;
use demands::{Scope, ScopeError, Subjects};
use machine::{DemandEntry, DemandOpening, DocumentRefusal, Release, State};
use model::Object;
use model::document::{Document, EntryText};
use model::limits::BATCH_EVENTS;
use model::object::{Demand, DemandFile, Noun, Register};
use sha2::{Digest, Sha256};

pub use gate::{ANSWER_ROWS, Answered};
pub use register::{Listed, REGISTER_PAGE, Seen};
pub use totals::Totalled;

use crate::books::Books;
use crate::request::{Refused, Request};
use keep::{Keep, Kept, NARROWED};

/// Nanoseconds before its date at which a seal is opened: at the date it would be overdue.
const AHEAD: u64 = 300_000_000_000;

/// Bytes of what an authority sends at most.
pub const MESSAGE_BYTES: usize = 64 << 10;

/// Knows what is kept of a person beside the log; it may block.
pub type Knows = Arc<dyn Fn(u128) -> Option<Personal> + Send + Sync>;

/// What is known of a person beside the log.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Personal {
    /// The person's name.
    pub name: String,
    /// How the person can be reached.
    pub contact: String,
    /// The person's document.
    pub document: String,
}

impl fmt::Debug for Personal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Personal")
    }
}

/// A demand as it is sent.
#[derive(Clone, Debug)]
pub struct Received {
    /// Class of the authority, by place in [`model::object::AUTHORITY_CLASSES`].
    pub class: u8,
    /// What is asked, and by whom.
    pub scope: Scope,
    /// What the authority sent: the text of the scope, or a message that says it.
    pub message: String,
    /// The authority's Ed25519 signature over the message.
    pub signature: [u8; 64],
}

/// What a demand asks, sealed or not.
#[derive(Clone, Debug)]
pub struct Scopes {
    /// What came in.
    pub asked: Scope,
    /// What may leave: the same, or less. `None` where what is kept is not what the log commits to.
    pub stands: Option<Scope>,
    /// The commitment to it.
    pub commitment: [u8; 32],
    /// What the authority sent.
    pub message: String,
}

/// Why nothing is done with a demand. It tells nothing of what stands in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DemandError {
    /// The books refuse it.
    Document(DocumentRefusal),
    /// What is kept is no scope.
    Scope(ScopeError),
    /// A scope asks for more than the one that came in.
    Wider,
    /// What is kept of it is not there, or not what the log commits to.
    Kept,
    /// It was narrowed as often as it may be.
    Narrowed,
    /// The message is too long.
    Message,
    /// Books that sign no log cannot show what was approved.
    Unsigned,
    /// No checkpoint covers its approval yet.
    Unpublished,
    /// The receipt of its approval does not hold.
    Unproven,
    /// The authority's key cannot be encrypted to.
    Key,
    /// There are more rows than one answer may have.
    TooManyRows,
    /// The rows do not lie within the scope.
    Answer(AnswerError),
    /// An answer cannot be made again as it was.
    Changed,
    /// It is no question that has an answer.
    Question(QuestionError),
    /// The question cannot be paid for.
    Purse(BudgetError),
}

impl fmt::Display for DemandError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Document(why) => return why.fmt(f),
            Self::Scope(why) => return why.fmt(f),
            Self::Answer(why) => return why.fmt(f),
            Self::Question(why) => return why.fmt(f),
            Self::Purse(why) => return why.fmt(f),
            Self::Wider => "a scope is narrowed, and never asks for more than the one that came in",
            Self::Kept => "what is kept of the demand is not there, or not what the log commits to",
            Self::Narrowed => "the demand was narrowed as often as it may be",
            Self::Message => "a message has at most 64 KiB",
            Self::Unsigned => "books that sign no log cannot show what was approved",
            Self::Unpublished => "no checkpoint covers the approval yet; ask again in a second",
            Self::Unproven => "the receipt of the approval does not hold",
            Self::Changed => {
                "what was given cannot be made again: what is kept beside the log was changed or \
                 erased since"
            }
            Self::Key => "the authority has no key that an answer can be encrypted to",
            Self::TooManyRows => {
                "there are more than 1048576 rows; narrow the demand to a shorter period"
            }
        })
    }
}

impl std::error::Error for DemandError {}

/// What the writer is asked about demands.
pub(crate) enum DemandRequest {
    Enter(DemandEntry),
    Open(DemandOpening),
    Release(Release),
}

impl DemandRequest {
    pub(crate) fn moments(&self) -> usize {
        match self {
            Self::Enter(entry) => entry.moments(),
            Self::Open(opening) => opening.moments(),
            Self::Release(_) => Release::moments(),
        }
    }

    /// Has it decided; the last of its moments is `time`.
    pub(crate) fn decide<S: machine::Sink>(
        &self,
        state: &mut State,
        time: u64,
        sink: &mut S,
    ) -> Result<Object, DocumentRefusal> {
        match self {
            Self::Enter(entry) => state.enter_demand(time, entry, sink).map(Object::from),
            Self::Open(opening) => state.open_demand(time, opening, sink).map(Object::from),
            Self::Release(release) => state.release(time, release, sink).map(Object::from),
        }
    }
}

/// What became of it: the demand, or the disclosure.
pub(crate) type DemandAnswer = Box<Result<Object, DocumentRefusal>>;

/// A demand as it stands, with all that is kept of it.
struct Stands {
    demand: Demand,
    file: DemandFile,
    entry: EntryText,
    kept: Kept,
}

impl Stands {
    fn commitment(&self, salt: &[u8; 32], scope: &str) -> [u8; 32] {
        commitment(&self.entry, salt, scope)
    }

    /// What opens the scope that was asked.
    fn asked(&self) -> DemandOpening {
        let message = Sha256::digest(self.kept.message.as_bytes()).into();
        DemandOpening {
            entry: self.entry.clone(),
            what: 0,
            salt: self.kept.salt,
            scope: self.kept.scope.clone(),
            message: Some((message, self.kept.signature)),
        }
    }

    /// What opens the scope that it was narrowed to, where it was.
    fn narrowed(&self) -> Option<DemandOpening> {
        let scope = (self.demand.scope, self.demand.scope_more);
        let mut all = self.kept.narrowed.iter();
        let (salt, scope) =
            all.find(|(salt, text)| halves(&self.commitment(salt, text)) == scope)?;
        Some(DemandOpening {
            entry: self.entry.clone(),
            what: 1,
            salt: *salt,
            scope: scope.clone(),
            message: None,
        })
    }
}

impl Books {
    /// Takes a demand in: it has a serial from then on, whatever becomes of it. The same message
    /// again gets the demand that is there.
    pub async fn receive_demand(
        &self,
        received: Received,
    ) -> Result<Result<Demand, DemandError>, Refused> {
        if received.message.len() > MESSAGE_BYTES {
            return Ok(Err(DemandError::Message));
        }
        let _turn = self.inner.demanding.lock().await;
        let last = self.register().await?.demands;
        if let Some(serial) = self.received_before(last, &received).await? {
            return Ok(self.demand(serial).await?.ok_or(DemandError::Kept));
        }
        let serial = last + 1;
        let mut salt = [0; 32];
        getrandom::fill(&mut salt).map_err(|e| Refused::Stopped(e.to_string()))?;
        let scope = received.scope.to_string();
        let mut entry = EntryText {
            serial,
            class: received.class,
            basis: received.scope.basis.clone(),
            opens: received
                .scope
                .sealed
                .map_or(0, |second| second * demands::SECOND),
            commitment: [0; 32],
            reasons: "-".to_owned(),
        };
        entry.commitment = commitment(&entry, &salt, &scope);
        let kept = Kept {
            salt,
            signature: received.signature,
            message: received.message.clone(),
            scope: scope.clone(),
            narrowed: Vec::new(),
        };
        // Kept before it is entered: what the log commits to can always be opened. A serial that is
        // refused is given to the next one, whose file takes the place of this.
        self.keep(move |keep| keep.write(serial, &kept)).await?;
        let (subjects, named) = subjects(&received.scope);
        let entry = DemandEntry {
            entry,
            authority: received.scope.authority,
            subjects,
            named,
            salt,
            scope,
            message: received.message,
            signature: received.signature,
        };
        self.demand_of(DemandRequest::Enter(entry)).await
    }

    async fn received_before(&self, last: u64, new: &Received) -> Result<Option<u64>, Refused> {
        let message = new.message.clone();
        let find = move |keep: &Keep| {
            for serial in (1..=last).rev() {
                if keep
                    .read(serial)?
                    .is_some_and(|kept| kept.message == message)
                {
                    return Ok(Some(serial));
                }
            }
            Ok(None)
        };
        self.keep(find).await
    }

    /// Keeps a narrower scope of a demand, and gives the commitment to it: what a `narrowed` step and
    /// the approvals name.
    pub async fn narrow_demand(
        &self,
        serial: u64,
        scope: &Scope,
    ) -> Result<Result<[u8; 32], DemandError>, Refused> {
        let _turn = self.inner.demanding.lock().await;
        let stands = match self.stands(serial).await? {
            Ok(stands) => stands,
            Err(why) => return Ok(Err(why)),
        };
        let asked = match Scope::parse(&stands.kept.scope) {
            Ok(asked) => asked,
            Err(why) => return Ok(Err(DemandError::Scope(why))),
        };
        if !asked.contains(scope) {
            return Ok(Err(DemandError::Wider));
        }
        let text = scope.to_string();
        let mut all = stands.kept.narrowed.iter();
        if let Some((salt, _)) = all.find(|(_, there)| *there == text) {
            return Ok(Ok(stands.commitment(salt, &text)));
        }
        if stands.kept.narrowed.len() == NARROWED {
            return Ok(Err(DemandError::Narrowed));
        }
        let mut salt = [0; 32];
        getrandom::fill(&mut salt).map_err(|e| Refused::Stopped(e.to_string()))?;
        let commitment = stands.commitment(&salt, &text);
        let mut kept = stands.kept;
        kept.narrowed.push((salt, text));
        self.keep(move |keep| keep.write(serial, &kept)).await?;
        Ok(Ok(commitment))
    }

    /// Opens the demands whose date has come or is five minutes away. Gives how many.
    pub async fn open_due_demands(&self) -> Result<u64, Refused> {
        let mut opened = 0;
        let last = self.register().await?.demands;
        if last == 0 {
            return Ok(0);
        }
        let now = self.ask(Request::Now).await?;
        let asked: Vec<_> = (1..=last)
            .map(|serial| (Demand::KIND, (serial.into(), 0)))
            .collect();
        for some in asked.chunks(BATCH_EVENTS) {
            for object in self.objects(some.to_vec()).await?.into_iter().flatten() {
                let Object::Demand(demand) = object else {
                    continue;
                };
                let is_due = demand.is_sealed() && demand.opens <= now.saturating_add(AHEAD);
                if is_due && self.open_demand(demand.serial).await?.is_ok() {
                    opened += 1;
                }
            }
        }
        Ok(opened)
    }

    /// Opens a demand: everyone may see then what was asked, and what it was narrowed to.
    pub async fn open_demand(&self, serial: u64) -> Result<Result<Demand, DemandError>, Refused> {
        let stands = match self.stands(serial).await? {
            Ok(stands) => stands,
            Err(why) => return Ok(Err(why)),
        };
        let opened = self.demand_of(DemandRequest::Open(stands.asked())).await?;
        let is_narrowed = stands.demand.is_narrowed();
        match stands.narrowed().filter(|_| is_narrowed && opened.is_ok()) {
            Some(less) => self.demand_of(DemandRequest::Open(less)).await,
            None => Ok(opened),
        }
    }

    /// What a demand asks, and what may leave by it: for those who examine it.
    pub async fn demand_scopes(&self, serial: u64) -> Result<Result<Scopes, DemandError>, Refused> {
        let stands = match self.stands(serial).await? {
            Ok(stands) => stands,
            Err(why) => return Ok(Err(why)),
        };
        let asked = match Scope::parse(&stands.kept.scope) {
            Ok(asked) => asked,
            Err(why) => return Ok(Err(DemandError::Scope(why))),
        };
        let approved = stands.approved(&stands.demand);
        Ok(Ok(Scopes {
            asked,
            stands: approved.ok().map(|(scope, _)| scope),
            commitment: whole(stands.demand.scope, stands.demand.scope_more),
            message: stands.kept.message,
        }))
    }

    /// The register as it stands.
    pub async fn register(&self) -> Result<Register, Refused> {
        let found = self.objects(vec![(Register::KIND, (1, 0))]).await?;
        Ok(match found.into_iter().flatten().next() {
            Some(Object::Register(register)) => register,
            _ => Register {
                id: 1,
                ..Register::default()
            },
        })
    }

    /// The demand with this serial.
    pub async fn demand(&self, serial: u64) -> Result<Option<Demand>, Refused> {
        let found = self
            .objects(vec![(Demand::KIND, (serial.into(), 0))])
            .await?;
        Ok(match found.into_iter().flatten().next() {
            Some(Object::Demand(demand)) => Some(demand),
            _ => None,
        })
    }

    async fn demand_file(&self, serial: u64) -> Result<Option<DemandFile>, Refused> {
        let asked = vec![(DemandFile::KIND, (serial.into(), 0))];
        let found = self.objects(asked).await?;
        Ok(match found.into_iter().flatten().next() {
            Some(Object::DemandFile(file)) => Some(file),
            _ => None,
        })
    }

    /// The public lines of a demand.
    pub async fn demand_entry(&self, demand: &Demand) -> Result<Option<EntryText>, Refused> {
        Ok(match self.document_text(demand.document).await? {
            Document::Entry(entry) => Some(entry),
            _ => None,
        })
    }

    async fn stands(&self, serial: u64) -> Result<Result<Stands, DemandError>, Refused> {
        let none = || Ok(Err(DemandError::Document(DocumentRefusal::NoDemand)));
        let Some(demand) = self.demand(serial).await? else {
            return none();
        };
        let Some(file) = self.demand_file(serial).await? else {
            return none();
        };
        let Some(entry) = self.demand_entry(&demand).await? else {
            return none();
        };
        let kept = self.keep(move |keep| keep.read(serial)).await?;
        Ok(kept.ok_or(DemandError::Kept).map(|kept| Stands {
            demand,
            file,
            entry,
            kept,
        }))
    }

    /// Works with what is kept, on a thread that may block.
    async fn keep<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Keep) -> std::io::Result<T> + Send + 'static,
    ) -> Result<T, Refused> {
        let keep = Keep::new(Arc::clone(&self.inner.receipts.disk));
        self.read(move |_| work(&keep).map_err(|e| format!("demands: {e}")))
            .await
    }

    async fn demand_secret(&self) -> Result<[u8; 32], Refused> {
        self.keep(Keep::secret).await
    }

    async fn ask_demand(
        &self,
        request: DemandRequest,
    ) -> Result<Result<Object, DocumentRefusal>, Refused> {
        let request = Box::new(request);
        let answer = self.ask(|reply| Request::Demand(request, reply)).await?;
        Ok(*answer)
    }

    async fn demand_of(
        &self,
        request: DemandRequest,
    ) -> Result<Result<Demand, DemandError>, Refused> {
        Ok(match self.ask_demand(request).await? {
            Ok(Object::Demand(demand)) => Ok(demand),
            Ok(_) => return Err(self.stopped()),
            Err(why) => Err(DemandError::Document(why)),
        })
    }
}

/// What an entry commits to.
fn commitment(entry: &EntryText, salt: &[u8; 32], scope: &str) -> [u8; 32] {
    Sha256::digest(entry.preimage(salt, scope)).into()
}

/// Whom a scope names, by place in [`model::object::SUBJECT_KINDS`], and how many.
fn subjects(scope: &Scope) -> (u8, u16) {
    match &scope.subjects {
        Subjects::All => (0, 0),
        Subjects::Persons(ids) => (1, ids.len() as u16),
        Subjects::Accounts(ids) => (2, ids.len() as u16),
        Subjects::Transfers(ids) => (3, ids.len() as u16),
    }
}

/// The two halves of a digest, as objects keep it.
fn halves(digest: &[u8; 32]) -> (u128, u128) {
    let (halves, _) = digest.as_chunks::<16>();
    (
        u128::from_le_bytes(halves[0]),
        u128::from_le_bytes(halves[1]),
    )
}

/// The digest whose halves these are.
fn whole(first: u128, second: u128) -> [u8; 32] {
    let mut digest = [0; 32];
    digest[..16].copy_from_slice(&first.to_le_bytes());
    digest[16..].copy_from_slice(&second.to_le_bytes());
    digest
}
