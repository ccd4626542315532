//! Judging accounts.

use model::{Account, CreateAccountStatus as Status, account_flags};

use crate::State;
use crate::batch::{AHEAD, Codes, Event, Refused, Turn};
use crate::fact::{Fact, Sink};

impl From<Status> for Refused {
    fn from(status: Status) -> Self {
        Self {
            code: status.code(),
            existing: None,
            burns: false,
        }
    }
}

impl Event for Account {
    const CODES: Codes = Codes {
        chain_failed: Status::LinkedEventFailed.code(),
        chain_open: Status::LinkedEventChainOpen.code(),
        imported_expected: Status::ImportedEventExpected.code(),
        imported_not_expected: Status::ImportedEventNotExpected.code(),
        timestamp_must_be_zero: Status::TimestampMustBeZero.code(),
        timestamp_out_of_range: Status::ImportedEventTimestampOutOfRange.code(),
        timestamp_must_not_advance: Status::ImportedEventTimestampMustNotAdvance.code(),
    };

    /// The hash of the id.
    type Ahead = u64;
    const NOTHING_AHEAD: u64 = 0;

    fn id(&self) -> u128 {
        self.id
    }

    fn is_linked(&self) -> bool {
        self.has(account_flags::LINKED)
    }

    fn is_imported(&self) -> bool {
        self.has(account_flags::IMPORTED)
    }

    fn timestamp(&self) -> u64 {
        self.timestamp
    }

    fn look_ahead(state: &State, events: &[Self], ahead: &mut [u64; AHEAD]) {
        for (event, hash) in events.iter().zip(ahead.iter_mut()) {
            *hash = state.books.key.hash(event.id);
        }
        state.books.accounts.touch(&ahead[..events.len()]);
    }

    fn judge<S: Sink>(
        &self,
        state: &mut State,
        turn: Turn<'_>,
        hash: u64,
        sink: &mut S,
    ) -> Result<u64, Refused> {
        check_identity(self)?;
        if let Some(slot) = state.books.accounts.find_hashed(hash, self.id) {
            return Err(existing(self, state.books.accounts.at(slot)));
        }
        check_content(self)?;
        let mut account = *self;
        if self.is_imported() {
            if is_taken(state, turn, self.timestamp) {
                return Err(Status::ImportedEventTimestampMustNotRegress.into());
            }
        } else {
            account.timestamp = turn.time;
        }
        let slot = state.books.apply_account(&account);
        sink.push(Fact::Account(&account, slot));
        Ok(account.timestamp)
    }
}

/// Structure, up to the id.
fn check_identity(account: &Account) -> Result<(), Status> {
    if account.reserved != 0 {
        Err(Status::ReservedField)
    } else if account.flags & !account_flags::KNOWN != 0 {
        Err(Status::ReservedFlag)
    } else if account.id == 0 {
        Err(Status::IdMustNotBeZero)
    } else if account.id == u128::MAX {
        Err(Status::IdMustNotBeIntMax)
    } else {
        Ok(())
    }
}

/// Compares with the account that has the id, as it is now: one that was closed since has other
/// flags.
#[cold]
fn existing(new: &Account, old: &Account) -> Refused {
    let status = if new.flags != old.flags {
        Status::ExistsWithDifferentFlags
    } else if new.user_data_128 != old.user_data_128 {
        Status::ExistsWithDifferentUserData128
    } else if new.user_data_64 != old.user_data_64 {
        Status::ExistsWithDifferentUserData64
    } else if new.user_data_32 != old.user_data_32 {
        Status::ExistsWithDifferentUserData32
    } else if new.ledger != old.ledger {
        Status::ExistsWithDifferentLedger
    } else if new.code != old.code {
        Status::ExistsWithDifferentCode
    } else {
        return Refused {
            existing: Some(old.timestamp),
            ..Status::Exists.into()
        };
    };
    status.into()
}

/// What an account that is new has to be like.
pub(crate) fn check_content(account: &Account) -> Result<(), Status> {
    const LIMITS: u16 = account_flags::DEBITS_MUST_NOT_EXCEED_CREDITS
        | account_flags::CREDITS_MUST_NOT_EXCEED_DEBITS;
    if account.has(LIMITS) {
        Err(Status::FlagsAreMutuallyExclusive)
    } else if account.debits_pending != 0 {
        Err(Status::DebitsPendingMustBeZero)
    } else if account.debits_posted != 0 {
        Err(Status::DebitsPostedMustBeZero)
    } else if account.credits_pending != 0 {
        Err(Status::CreditsPendingMustBeZero)
    } else if account.credits_posted != 0 {
        Err(Status::CreditsPostedMustBeZero)
    } else if account.ledger == 0 {
        Err(Status::LedgerMustNotBeZero)
    } else if account.code == 0 {
        Err(Status::CodeMustNotBeZero)
    } else {
        Ok(())
    }
}

/// Whether an imported account comes too early, or where another record is.
fn is_taken(state: &State, turn: Turn<'_>, timestamp: u64) -> bool {
    timestamp <= state.books.clock.account
        || turn.past.has_time(timestamp)
        || state.group.has_stamp(timestamp)
        || timestamp <= state.books.clock.transfer && state.group.has_transfer_at(timestamp)
}

/// Whether a recorded account could have been decided, its timestamp and the others aside.
pub(crate) fn is_sound(account: &Account) -> bool {
    check_identity(account).is_ok() && check_content(account).is_ok()
}
