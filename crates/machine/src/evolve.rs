//! Replaying the log: one record at a time, with every check that the record allows.

use model::limits::BATCH_RECORDS;
use model::record::{
    Erasure, Expired, Extras, Failed, Page, Record, Released, Remains, StatementLine, Sums,
};
use model::{
    Account, ActFacts, CreateTransferStatus, Currency, Deed, Object, Transfer, account_flags,
    transfer_flags,
};

use crate::apply::{Effect, Reach};
use crate::create_account;
use crate::create_transfer::ENDING;
use crate::fact::Slots;
use crate::index::shard_of;
use crate::pendings::deadline;
use crate::state::Books;

/// Times are below this: 2^63.
const END_OF_TIME: u64 = 1 << 63;

/// Why a record cannot follow those before it: no state of these books could have decided it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EvolveError {
    /// Its timestamp is not later than `last`.
    Time {
        /// Of the record.
        timestamp: u64,
        /// The one it has to follow.
        last: u64,
    },
    /// A field of the record has a value that would have been refused.
    Unsound,
    /// The ledger was declared before.
    LedgerDeclared(u32),
    /// The account exists already.
    AccountExists(u128),
    /// No account has this id.
    AccountUnknown(u128),
    /// The account is on another ledger than the transfer.
    AccountLedger(u128),
    /// A sum of this account would pass 2^128-1 or fall below 0.
    Overflow(u128),
    /// The statement is not the one after the last, or the line not of the last.
    Statement {
        /// Its number.
        statement: u64,
        /// The number of the last.
        last: u64,
    },
    /// The record gives other sums for this account than it has, or gives none where it keeps
    /// history, or gives some where it does not.
    Sums(u128),
    /// A pending transfer with this id is open already.
    PendingExists(u128),
    /// No pending transfer with this id is open.
    PendingUnknown(u128),
    /// The pending transfer is not as this record says.
    PendingDiffers(u128),
}

impl core::fmt::Display for EvolveError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::Time { timestamp, last } => {
                write!(f, "its time {timestamp} is not later than {last}")
            }
            Self::Unsound => write!(f, "a field has a value that would have been refused"),
            Self::LedgerDeclared(ledger) => write!(f, "ledger {ledger} was declared before"),
            Self::AccountExists(id) => write!(f, "account {id} exists already"),
            Self::AccountUnknown(id) => write!(f, "there is no account {id}"),
            Self::AccountLedger(id) => write!(f, "account {id} is on another ledger"),
            Self::Overflow(id) => write!(f, "a sum of account {id} would leave its range"),
            Self::Statement { statement, last } => {
                write!(f, "statement {statement} does not follow statement {last}")
            }
            Self::Sums(id) => write!(f, "the sums given for account {id} are not its own"),
            Self::PendingExists(id) => write!(f, "pending transfer {id} is open already"),
            Self::PendingUnknown(id) => write!(f, "no pending transfer {id} is open"),
            Self::PendingDiffers(id) => write!(f, "pending transfer {id} is another one"),
        }
    }
}

impl std::error::Error for EvolveError {}

impl Books {
    /// Applies a record to the part of the state that `reach` says.
    pub(crate) fn evolve_within<R: Reach>(
        &mut self,
        record: &Record,
        reach: R,
    ) -> Result<(), EvolveError> {
        match record {
            Record::LedgerDeclared(currency) => self.evolve_ledger(currency),
            Record::AccountCreated(account) => self.evolve_account(account),
            Record::TransferCreated(transfer, extras) => {
                self.evolve_transfer(transfer, extras, reach)
            }
            Record::TransferExpired(expired) => self.evolve_expired(expired, reach),
            Record::TransferFailed(failed) => self.evolve_failed(failed),
            Record::RecordErased(erasure) => self.evolve_erasure(erasure),
            Record::StatementLine(line) => self.evolve_statement(line),
            Record::Deed(deed) => self.evolve_deed(deed),
            Record::Object(object) => self.evolve_object(object, reach),
            Record::Page(page) => self.evolve_page(page),
            Record::Erased(remains) => self.evolve_remains(remains, reach),
        }
    }

    fn evolve_ledger(&mut self, currency: &Currency) -> Result<(), EvolveError> {
        rises(currency.timestamp, self.clock.last)?;
        sound(currency.is_valid())?;
        if self.ledgers.contains_key(&currency.ledger) {
            return Err(EvolveError::LedgerDeclared(currency.ledger));
        }
        self.apply_ledger(currency);
        Ok(())
    }

    fn evolve_account(&mut self, account: &Account) -> Result<(), EvolveError> {
        let last = if account.has(account_flags::IMPORTED) {
            self.clock.account
        } else {
            self.clock.last
        };
        rises(account.timestamp, last)?;
        sound(create_account::is_sound(account))?;
        if self.accounts.find(account.id).is_some() {
            return Err(EvolveError::AccountExists(account.id));
        }
        self.apply_account(account);
        Ok(())
    }

    fn evolve_transfer<R: Reach>(
        &mut self,
        transfer: &Transfer,
        extras: &Extras,
        reach: R,
    ) -> Result<(), EvolveError> {
        let last = if transfer.has(transfer_flags::IMPORTED) {
            self.clock.transfer
        } else {
            self.clock.last
        };
        rises(transfer.timestamp, last)?;
        sound(is_sound(transfer, extras.released))?;
        let slots = self.slots(transfer.debit_account_id, transfer.credit_account_id)?;
        for slot in [slots.debit, slots.credit] {
            let account = self.accounts.at(slot);
            if account.ledger != transfer.ledger {
                return Err(EvolveError::AccountLedger(account.id));
            }
        }
        let hash = self.key.hash(transfer.id);
        if transfer.has(transfer_flags::PENDING)
            && reach.pending(shard_of(hash))
            && self.pendings.get(hash, transfer.id).is_some()
        {
            return Err(EvolveError::PendingExists(transfer.id));
        }
        if let Some(released) = extras.released {
            self.check_pending(transfer.pending_id, slots, released, reach)?;
        }
        let effect = Effect::of_transfer(transfer, extras.released);
        self.check_effect(&effect, slots, reach)?;
        self.check_extras(&effect, extras, slots, reach)?;
        self.apply_transfer(transfer, extras.released, slots, reach, |_| {});
        Ok(())
    }

    fn evolve_expired<R: Reach>(&mut self, expired: &Expired, reach: R) -> Result<(), EvolveError> {
        rises(expired.timestamp, self.clock.last)?;
        let slots = self.slots(expired.debit_account_id, expired.credit_account_id)?;
        let released = Released {
            amount: expired.amount,
            flags: expired.flags,
        };
        self.check_pending(expired.pending_id, slots, released, reach)?;
        let hash = self.key.hash(expired.pending_id);
        if let Some(pending) = self.pendings.get(hash, expired.pending_id) {
            let due = deadline(&pending.transfer).is_some_and(|due| due <= expired.timestamp);
            sound(due)?;
        }
        self.check_effect(&Effect::of_expiry(expired), slots, reach)?;
        self.apply_expired(expired, slots, reach);
        Ok(())
    }

    fn evolve_failed(&mut self, failed: &Failed) -> Result<(), EvolveError> {
        rises(failed.timestamp, self.clock.last)?;
        let status = CreateTransferStatus::from_code(failed.status);
        sound(status.is_some_and(CreateTransferStatus::is_transient))?;
        sound(is_id(failed.id))?;
        self.apply_failed(failed);
        Ok(())
    }

    fn evolve_erasure(&mut self, erasure: &Erasure) -> Result<(), EvolveError> {
        rises(erasure.timestamp, self.clock.last)?;
        sound((erasure.index as usize) < BATCH_RECORDS)?;
        self.apply_erasure(erasure);
        Ok(())
    }

    fn evolve_statement(&mut self, line: &StatementLine) -> Result<(), EvolveError> {
        rises(line.timestamp, self.clock.last)?;
        sound(line.is_sound())?;
        let (statement, last) = (line.statement, self.clock.statements);
        if statement != last + u64::from(line.line == 0) {
            return Err(EvolveError::Statement { statement, last });
        }
        self.apply_statement(line);
        Ok(())
    }

    fn evolve_deed(&mut self, deed: &Deed) -> Result<(), EvolveError> {
        rises(deed.timestamp, self.clock.last)?;
        sound(is_id(deed.id) && ActFacts::numbered(deed.act).is_some())?;
        self.apply_deed(deed);
        Ok(())
    }

    fn evolve_object<R: Reach>(&mut self, object: &Object, reach: R) -> Result<(), EvolveError> {
        rises(object.timestamp(), self.clock.last)?;
        let by_act = object.cause() == 0 || ActFacts::numbered(object.cause()).is_some();
        sound(object.is_sound() && by_act)?;
        if let Object::Listing(listing) = object {
            // Whatever has reached the listings before has reached the seller's account as well.
            let next = self.business.listings.len();
            sound(self.seller_slot(listing).is_some())?;
            sound(!reach.listing(listing.number) || listing.number as usize <= next)?;
        }
        match object {
            Object::RuleVersion(head) => sound(self.rules.book_of(head).is_some())?,
            Object::DocumentHead(head) => sound(self.rules.is_document(head))?,
            Object::Mandate(mandate) => sound(mandate.document <= self.rules.documents)?,
            Object::Decision(decision) => {
                let declared = |ledger| ledger == 0 || self.ledgers.contains_key(&ledger);
                sound(decision.document <= self.rules.documents && declared(decision.ledger))?;
                sound(self.rules.restrictions().takes(decision))?;
            }
            Object::Demand(demand) => sound(demand.document <= self.rules.documents)?,
            Object::Assessment(one) => sound(one.document <= self.rules.documents)?,
            // The next one, or one that is told of again.
            Object::Finding(finding) => sound(finding.number <= self.rules.findings + 1)?,
            _ => {}
        }
        self.apply_object(object, reach);
        Ok(())
    }

    fn evolve_page(&mut self, page: &Page) -> Result<(), EvolveError> {
        rises(page.timestamp, self.clock.last)?;
        sound(self.rules.takes_page(page))?;
        self.apply_page(page);
        Ok(())
    }

    fn evolve_remains<R: Reach>(&mut self, remains: &Remains, reach: R) -> Result<(), EvolveError> {
        let last = match remains {
            Remains::Transfer(moved) if moved.flags & transfer_flags::IMPORTED != 0 => {
                self.clock.transfer
            }
            _ => self.clock.last,
        };
        rises(remains.timestamp(), last)?;
        let effect = match Effect::of_remains(remains) {
            None => None,
            Some((effect, moved)) => {
                let slots = self.slots(moved.debit_account_id, moved.credit_account_id)?;
                self.check_effect(&effect, slots, reach)?;
                Some((effect, slots))
            }
        };
        self.apply_remains(remains, effect, reach);
        Ok(())
    }

    fn slots(&self, debit: u128, credit: u128) -> Result<Slots, EvolveError> {
        let slot = |id| {
            self.accounts
                .find(id)
                .ok_or(EvolveError::AccountUnknown(id))
        };
        Ok(Slots {
            debit: slot(debit)?,
            credit: slot(credit)?,
        })
    }

    /// Whether the pending transfer that a record ends is open and as the record says.
    fn check_pending<R: Reach>(
        &self,
        id: u128,
        slots: Slots,
        released: Released,
        reach: R,
    ) -> Result<(), EvolveError> {
        let hash = self.key.hash(id);
        if !reach.pending(shard_of(hash)) {
            return Ok(());
        }
        let open = self.pendings.get(hash, id);
        let open = open.ok_or(EvolveError::PendingUnknown(id))?;
        let reserved = Released {
            amount: open.transfer.amount,
            flags: open.transfer.flags,
        };
        if (open.slots, reserved) == (slots, released) {
            Ok(())
        } else {
            Err(EvolveError::PendingDiffers(id))
        }
    }

    fn check_effect<R: Reach>(
        &self,
        effect: &Effect,
        slots: Slots,
        reach: R,
    ) -> Result<(), EvolveError> {
        let debit = self.accounts.at(slots.debit);
        if reach.account(slots.debit) && !effect.fits_debit(debit) {
            return Err(EvolveError::Overflow(debit.id));
        }
        let credit = self.accounts.at(slots.credit);
        if reach.account(slots.credit) && !effect.fits_credit(credit) {
            return Err(EvolveError::Overflow(credit.id));
        }
        Ok(())
    }

    /// Whether the sums that a record gives are those after it, of the accounts that keep history.
    fn check_extras<R: Reach>(
        &self,
        effect: &Effect,
        extras: &Extras,
        slots: Slots,
        reach: R,
    ) -> Result<(), EvolveError> {
        let check = |slot: u32, sums: Option<Sums>, change: &dyn Fn(&mut Account)| {
            let mut account = *self.accounts.at(slot);
            change(&mut account);
            let own = account
                .has(account_flags::HISTORY)
                .then(|| Sums::from(&account));
            let given = if reach.account(slot) {
                own == sums
            } else {
                own.is_some() == sums.is_some()
            };
            given.then_some(()).ok_or(EvolveError::Sums(account.id))
        };
        let debit = |account: &mut Account| {
            if reach.account(slots.debit) {
                effect.debit(account);
            }
        };
        let credit = |account: &mut Account| {
            if reach.account(slots.credit) {
                effect.credit(account);
            }
        };
        check(slots.debit, extras.debit_sums, &debit)?;
        check(slots.credit, extras.credit_sums, &credit)
    }
}

fn rises(timestamp: u64, last: u64) -> Result<(), EvolveError> {
    if timestamp > last && timestamp < END_OF_TIME {
        Ok(())
    } else {
        Err(EvolveError::Time { timestamp, last })
    }
}

fn sound(holds: bool) -> Result<(), EvolveError> {
    holds.then_some(()).ok_or(EvolveError::Unsound)
}

const fn is_id(id: u128) -> bool {
    id != 0 && id != u128::MAX
}

/// Whether a recorded transfer could have been decided, its timestamp and the others aside.
fn is_sound(transfer: &Transfer, released: Option<Released>) -> bool {
    let ends = transfer.has_any(ENDING);
    let flags = transfer.flags & !transfer_flags::KNOWN == 0;
    let accounts = transfer.debit_account_id != transfer.credit_account_id;
    let numbers = transfer.ledger != 0 && transfer.code != 0;
    let amount = released.is_none_or(|released| {
        transfer.amount <= released.amount
            && (transfer.amount == released.amount || !transfer.has(transfer_flags::VOID_PENDING))
    });
    let kind = match (ends, transfer.has(transfer_flags::PENDING)) {
        (true, pending) => !pending && !transfer.has(ENDING) && transfer.timeout == 0,
        (false, true) => deadline(transfer).is_none_or(|deadline| deadline < END_OF_TIME),
        (false, false) => transfer.timeout == 0,
    };
    let pending_id = ends == (transfer.pending_id != 0) && ends == released.is_some();
    is_id(transfer.id) && flags && accounts && numbers && amount && kind && pending_id
}
