//! Demands for data in the books: how they come in, are opened, and what leaves by them.
//!
//! A demand has a serial, whatever becomes of it. Its entry is public and names neither who asks nor
//! about whom; it commits to the scope, which stands in the log only once it is opened: at once
//! where it is not sealed. What is done with it meanwhile are documents of their own
//! ([`crate::SignedDocument`]). Nothing leaves but by a release that is entered before.

use merkle::key::{KeyKind, VerifierKey};
use model::document::{Document, EntryText, OpeningText};
use model::object::{
    Budget, Demand, DemandFile, DemandState, Disclosure, DocumentHead, Mandate, Party, Question,
    Register,
};
use model::record::PAGE_BYTES;

use crate::State;
use crate::acts::decision::LODGED;
use crate::apply::Everything;
use crate::deed::Work;
use crate::document::{AUTHORITY, DocumentRefusal as Refusal, is_active};
use crate::fact::{Fact, Sink};
use crate::past::Recalled;
use crate::rules::standing::{digest_of, key_of};

/// Records beside the pages: two heads, the demand, its file, the register, a budget, a question.
const RECORDS: usize = 7;

/// Place of `rows` in [`model::object::RELEASES`].
const ROWS: u8 = 0;
const _: () = assert!(model::object::RELEASES.len() == 2);

/// A demand that comes in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DemandEntry {
    /// What everyone is to see of it, with the commitment.
    pub entry: EntryText,
    /// Who asks.
    pub authority: u128,
    /// Whom it names, by place in [`model::object::SUBJECT_KINDS`].
    pub subjects: u8,
    /// How many of them.
    pub named: u16,
    /// What keeps the scope from being guessed.
    pub salt: [u8; 32],
    /// The scope, in its one form of text.
    pub scope: String,
    /// What the authority sent: the scope itself, or a message that says it.
    pub message: String,
    /// The authority's Ed25519 signature over the message.
    pub signature: [u8; 64],
}

/// The scope of a demand that is opened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DemandOpening {
    /// The public lines of the demand.
    pub entry: EntryText,
    /// Which scope, by place in [`model::document::OPENED`].
    pub what: u8,
    /// Its salt.
    pub salt: [u8; 32],
    /// The scope, in its one form of text.
    pub scope: String,
    /// SHA-256 over what the authority sent, and its signature; of what was asked.
    pub message: Option<([u8; 32], [u8; 64])>,
}

/// Something that is about to leave.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Release {
    /// Serial of the demand.
    pub demand: u64,
    /// What it is, by place in [`model::object::RELEASES`].
    pub release: u8,
    /// SHA-256 over the plain bytes.
    pub digest: [u8; 32],
    /// How many plain bytes.
    pub bytes: u64,
    /// How many rows, or cells.
    pub rows: u64,
    /// How many different accounts.
    pub accounts: u64,
    /// The commitment to the scope that it lies within.
    pub scope: [u8; 32],
    /// Size of the tree that the approval was shown to be in.
    pub proven: u64,
    /// It knows of what happened before this moment, in nanoseconds since 1970.
    pub until: u64,
    /// Of an aggregate: the digest of the question.
    pub question: [u8; 32],
    /// Of an aggregate: what the question costs, in thousandths of epsilon.
    pub cost: u32,
}

impl DemandEntry {
    /// How many moments entering it takes at most.
    pub fn moments(&self) -> usize {
        let entry = Document::Entry(self.entry.clone()).to_text().len();
        entry.div_ceil(PAGE_BYTES) + opening_pages(&self.scope) + RECORDS
    }

    fn is_signed_by(&self, key: &[u8; 32]) -> bool {
        // The name of a key is not part of what it signs.
        let key = VerifierKey::new("party", KeyKind::Ed25519, key);
        key.is_ok_and(|key| key.verify(&self.message, &self.signature).is_ok())
    }

    fn opening(&self) -> DemandOpening {
        let message = sha256(self.message.as_bytes());
        DemandOpening {
            entry: self.entry.clone(),
            what: 0,
            salt: self.salt,
            scope: self.scope.clone(),
            message: Some((message, self.signature)),
        }
    }
}

impl DemandOpening {
    /// How many moments entering it takes at most.
    pub fn moments(&self) -> usize {
        opening_pages(&self.scope) + RECORDS
    }

    /// The commitment that it opens.
    pub fn commitment(&self) -> [u8; 32] {
        sha256(&self.entry.preimage(&self.salt, &self.scope))
    }

    fn text(&self) -> OpeningText {
        let (message, signature) = self.message.unwrap_or(([0; 32], [0; 64]));
        let half = |place: usize| std::array::from_fn(|byte| signature[32 * place + byte]);
        OpeningText {
            serial: self.entry.serial,
            what: self.what,
            salt: self.salt,
            message,
            signature_a: half(0),
            signature_b: half(1),
            reasons: self.scope.trim_end_matches('\n').to_owned(),
        }
    }
}

impl Release {
    /// How many moments entering it takes at most.
    pub const fn moments() -> usize {
        RECORDS
    }
}

impl State {
    /// Enters a demand, and opens it where it is not sealed. The last of its
    /// [moments](DemandEntry::moments) is `time`; all are later than every record so far.
    ///
    /// # Errors
    ///
    /// Where its serial is not the next, its message is not signed by an authority, or its scope is
    /// not what its entry commits to.
    pub fn enter_demand<S: Sink>(
        &mut self,
        time: u64,
        new: &DemandEntry,
        sink: &mut S,
    ) -> Result<Demand, Refusal> {
        let register = self.check_demand(time, new)?;
        let first = time + 1 - new.moments() as u64;
        assert!(first > self.books.clock.last, "time only rises");
        let document = self.books.rules.documents + 1;
        let mut next = self.write_document(first, &Document::Entry(new.entry.clone()), sink);
        let is_open = new.entry.opens == 0;
        if is_open {
            next = self.write_document(next, &Document::Opening(new.opening().text()), sink);
        }
        let (asked, asked_more) = halves(&new.entry.commitment);
        let demand = Demand {
            serial: new.entry.serial,
            class: new.entry.class,
            subjects: new.subjects,
            named: new.named,
            document,
            asked,
            asked_more,
            scope: asked,
            scope_more: asked_more,
            opens: new.entry.opens,
            opened: u8::from(is_open),
            received: next,
            ..Demand::default()
        };
        let nothing = Recalled::default();
        let mut work = Work::new(self, &nothing, sink, (next, time), (0, 0));
        work.put(demand);
        work.put(DemandFile {
            serial: demand.serial,
            authority: new.authority,
            ..DemandFile::default()
        });
        work.put(Register {
            demands: demand.serial,
            ..register
        });
        Ok(Demand {
            timestamp: next,
            ..demand
        })
    }

    fn check_demand(&self, time: u64, new: &DemandEntry) -> Result<Register, Refusal> {
        let document = Document::Entry(new.entry.clone());
        Document::parse(&document.to_text()).map_err(Refusal::Text)?;
        let register = self.register();
        if new.entry.serial != register.demands + 1 {
            return Err(Refusal::Serial(register.demands));
        }
        let party: Option<&Party> = self.books.business.open((new.authority, 0));
        let may_ask = |party: &&Party| is_active(party) && party.kind == AUTHORITY;
        party.filter(may_ask).ok_or(Refusal::Asker)?;
        let key = key_of(&self.books.business, new.authority).ok_or(Refusal::Key)?;
        if !new.is_signed_by(&key) {
            return Err(Refusal::Signature);
        }
        let opening = new.opening();
        // The same form that it is to be opened in.
        let text = Document::Opening(opening.text());
        let read = Document::parse(&text.to_text()).map_err(Refusal::Text)?;
        let is_whole = matches!(&read, Document::Opening(text) if text.scope() == new.scope);
        if !is_whole || opening.commitment() != new.entry.commitment {
            return Err(Refusal::Commitment);
        }
        if new.entry.opens != 0 && new.entry.opens <= time {
            return Err(Refusal::Opens);
        }
        Ok(register)
    }

    /// Opens what a demand asked, or what it was narrowed to; what is open stays so.
    ///
    /// # Errors
    ///
    /// Where there is no such demand, or the salt and the scope are not what it commits to.
    pub fn open_demand<S: Sink>(
        &mut self,
        time: u64,
        opening: &DemandOpening,
        sink: &mut S,
    ) -> Result<Demand, Refusal> {
        let demand = self.demand(opening.entry.serial);
        let demand = demand.ok_or(Refusal::NoDemand)?;
        let committed = if opening.what == 0 {
            (demand.asked, demand.asked_more)
        } else {
            (demand.scope, demand.scope_more)
        };
        if halves(&opening.commitment()) != committed {
            return Err(Refusal::Commitment);
        }
        if opening.what != 0 && demand.opened == 0 {
            return Err(Refusal::Sealed);
        }
        let document = Document::Opening(opening.text());
        let text = document.to_text();
        Document::parse(&text).map_err(Refusal::Text)?;
        let there: Option<&DocumentHead> = self.books.business.open(digest_of(text.as_bytes()));
        if there.is_some() || opening.what == 0 && demand.opened == 1 {
            return Ok(demand);
        }
        let first = time + 1 - opening.moments() as u64;
        assert!(first > self.books.clock.last, "time only rises");
        let next = self.write_document(first, &document, sink);
        let opened = Demand {
            opened: 1,
            timestamp: next,
            ..demand
        };
        let nothing = Recalled::default();
        Work::new(self, &nothing, sink, (next, time), (0, 0)).put(opened);
        Ok(opened)
    }

    /// Enters what is about to leave. It may leave once this is durable, and not before.
    ///
    /// # Errors
    ///
    /// Where nothing may leave by the demand, or not within that scope, or the authority's budget
    /// does not have what it costs.
    pub fn release<S: Sink>(
        &mut self,
        time: u64,
        release: &Release,
        sink: &mut S,
    ) -> Result<Disclosure, Refusal> {
        let (demand, file) = self.may_leave(release)?;
        let (budget, question, cost) = self.paid(&file, release)?;
        let register = self.register();
        let first = time + 1 - Release::moments() as u64;
        let (digest, digest_more) = halves(&release.digest);
        let disclosure = Disclosure {
            number: register.disclosures + 1,
            demand: demand.serial,
            release: release.release,
            digest,
            digest_more,
            bytes: release.bytes,
            rows: release.rows,
            accounts: release.accounts,
            scope: demand.scope,
            scope_more: demand.scope_more,
            proven: release.proven,
            until: release.until,
            cost,
            cause: 0,
            timestamp: first,
        };
        let nothing = Recalled::default();
        let mut work = Work::new(self, &nothing, sink, (first, time), (0, 0));
        work.put(disclosure);
        let answered = if demand.answered == 0 {
            first
        } else {
            demand.answered
        };
        let state = if demand.is(&[DemandState::Approved]) {
            DemandState::Answered as u8
        } else {
            demand.state
        };
        work.put(Demand {
            state,
            answered,
            disclosures: demand.disclosures + 1,
            ..demand
        });
        work.put(Register {
            disclosures: disclosure.number,
            ..register
        });
        if let Some(budget) = budget {
            work.put(budget);
        }
        if let Some(question) = question {
            work.put(question);
        }
        Ok(disclosure)
    }

    fn may_leave(&self, release: &Release) -> Result<(Demand, DemandFile), Refusal> {
        let demand = self.demand(release.demand).ok_or(Refusal::NoDemand)?;
        let file = self.demand_file(release.demand).ok_or(Refusal::NoDemand)?;
        if !demand.is(&[DemandState::Approved, DemandState::Answered]) {
            return Err(Refusal::DemandState(demand.state));
        }
        if demand.appeal == LODGED {
            return Err(Refusal::UnderAppeal);
        }
        if halves(&release.scope) != (demand.scope, demand.scope_more) {
            return Err(Refusal::Commitment);
        }
        // Rows about everybody need a law that the mandate names. What a narrower scope names is
        // known to those who read it.
        let mandate: Option<Mandate> = self.mandate(file.authority);
        if release.release == ROWS
            && demand.subjects == 0
            && !demand.is_narrowed()
            && mandate.is_none_or(|mandate| mandate.bulk == 0)
        {
            return Err(Refusal::Bulk);
        }
        Ok((demand, file))
    }

    /// The budget and the question as they stand then, and what the question costs: nothing where
    /// it was asked before.
    fn paid(
        &self,
        file: &DemandFile,
        release: &Release,
    ) -> Result<(Option<Budget>, Option<Question>, u32), Refusal> {
        if release.release == ROWS {
            return Ok((None, None, 0));
        }
        let (digest, digest_more) = halves(&release.question);
        let asked: Option<&Question> = self.books.business.open((digest, digest_more));
        if asked.is_some() {
            return Ok((None, None, 0));
        }
        let budget = self.budget(file.authority).ok_or(Refusal::NoBudget)?;
        let left = budget.granted - budget.spent;
        if u64::from(release.cost) > left || release.cost == 0 {
            return Err(Refusal::Budget(left));
        }
        let question = Question {
            digest,
            digest_more,
            authority: file.authority,
            cost: release.cost,
            ..Question::default()
        };
        let budget = Budget {
            spent: budget.spent + u64::from(release.cost),
            questions: budget.questions + 1,
            ..budget
        };
        Ok((Some(budget), Some(question), release.cost))
    }

    /// Writes a document that nobody signs from the moment `first` on; returns the moment behind it.
    fn write_document<S: Sink>(&mut self, first: u64, document: &Document, sink: &mut S) -> u64 {
        let text = document.to_text();
        let number = self.books.rules.documents + 1;
        let timestamp = self.enter_pages((number, first), text.as_bytes(), sink);
        let (digest, digest_more) = digest_of(text.as_bytes());
        let head = DocumentHead {
            digest,
            digest_more,
            number,
            kind: document.kind(),
            timestamp,
            ..DocumentHead::default()
        };
        self.group.stamp(timestamp);
        let object = head.into();
        self.books.apply_object(&object, Everything);
        sink.push(Fact::Object(&object));
        timestamp + 1
    }

    /// The demand with this serial.
    pub fn demand(&self, serial: u64) -> Option<Demand> {
        self.books.business.open((serial.into(), 0)).copied()
    }

    /// Who has a part in the demand with this serial.
    pub fn demand_file(&self, serial: u64) -> Option<DemandFile> {
        self.books.business.open((serial.into(), 0)).copied()
    }

    /// What questions of an authority may cost, and have.
    pub fn budget(&self, authority: u128) -> Option<Budget> {
        self.books.business.open((authority, 0)).copied()
    }
}

/// The date has come by which a demand had to be opened, and it is not.
pub(crate) fn ring<S: Sink>(work: &mut Work<'_, S>, demand: &Demand) {
    work.put(Demand {
        overdue: 1,
        ..*demand
    });
    let register = work.state.register();
    work.put(Register {
        overdue: register.overdue + 1,
        ..register
    });
}

/// The two halves of a digest, as objects keep it.
pub(crate) fn halves(digest: &[u8; 32]) -> (u128, u128) {
    let (halves, _) = digest.as_chunks::<16>();
    (
        u128::from_le_bytes(halves[0]),
        u128::from_le_bytes(halves[1]),
    )
}

fn sha256(bytes: &[u8]) -> [u8; 32] {
    use sha2::{Digest, Sha256};
    Sha256::digest(bytes).into()
}

fn opening_pages(scope: &str) -> usize {
    // The fields before the scope have less than a kilobyte.
    (scope.len() + 1_024).div_ceil(PAGE_BYTES)
}
