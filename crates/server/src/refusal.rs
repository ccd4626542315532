//! What each status of the books means over HTTP: its HTTP status, the field at fault and what
//! would be right.

use axum::http::StatusCode;
use model::{CreateAccountStatus, CreateTransferStatus};

use crate::problem::Problem;

/// A refusal of an event by the books.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refusal {
    code: u32,
    name: &'static str,
    title: &'static str,
    field: &'static str,
    remedy: &'static str,
}

/// What became of an event, as HTTP tells it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It was created now.
    Created,
    /// It was created before, just so.
    Exists,
    /// It was refused.
    Refused(Refusal),
}

impl Refusal {
    /// Published number of the status.
    pub fn code(&self) -> u32 {
        self.code
    }

    /// Published name of the status.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// 409 where the event collides with what is in the books already and the same event can
    /// never succeed; 422 where the event itself, or the state of the books now, is the reason.
    pub fn http(&self) -> StatusCode {
        let collides = self.name.starts_with("exists_with_different_")
            || self.name.starts_with("pending_transfer_already_")
            || matches!(self.name, "id_already_failed" | "pending_transfer_expired");
        if collides {
            StatusCode::CONFLICT
        } else {
            StatusCode::UNPROCESSABLE_ENTITY
        }
    }

    /// What was wrong and what would be right.
    pub fn detail(&self) -> String {
        format!("{} `{}`: {}", self.title, self.field, self.remedy)
    }

    /// As the answer to a single event.
    pub fn problem(&self) -> Problem {
        let problem = Problem::of_status(
            self.http(),
            (self.code, self.name),
            self.title,
            self.detail(),
        );
        problem.at(format!("/{}", self.field))
    }
}

impl Verdict {
    /// Of an account, by its status.
    pub fn of_account(status: CreateAccountStatus) -> Self {
        match status {
            CreateAccountStatus::Created => Self::Created,
            CreateAccountStatus::Exists => Self::Exists,
            refused => {
                let (field, remedy) = account_advice(refused);
                Self::Refused(Refusal {
                    code: refused.code(),
                    name: refused.name(),
                    title: refused.sentence(),
                    field,
                    remedy,
                })
            }
        }
    }

    /// Of a transfer, by its status.
    pub fn of_transfer(status: CreateTransferStatus) -> Self {
        match status {
            CreateTransferStatus::Created => Self::Created,
            CreateTransferStatus::Exists => Self::Exists,
            refused => {
                let (field, remedy) = transfer_advice(refused);
                Self::Refused(Refusal {
                    code: refused.code(),
                    name: refused.name(),
                    title: refused.sentence(),
                    field,
                    remedy,
                })
            }
        }
    }
}

const CHAIN: &str = "mend the event of the chain that carries its own status, and send all again.";
const OPEN: &str = "the last event of a chain goes without `linked`.";
const IMPORT_ALL: &str = "a batch is imported as a whole or not at all.";
const NO_TIME: &str = "leave it out; the books give it.";
const IN_RANGE: &str = "give nanoseconds since 1970, at least 1 and below 2^63.";
const PAST: &str = "give a time that has passed.";
const RISING: &str = "import in the order of time, each later than the last one imported.";
const KNOWN_FLAGS: &str = "set only flags that are documented.";
const ID: &str = "choose an id from 1 to 2^128-2.";
const OWN_ID: &str = "choose an id whose upper half is another.";
const KEPT: &str = "ask for an act at /v1/commands, or name an account that is not of the chart.";
const NEW_ID: &str = "send what was sent first, or choose a new id.";
const EXCLUSIVE: &str = "set one of those that exclude each other.";
const NOT_ZERO: &str = "give a number from 1.";
const ZERO: &str = "leave it out.";

/// The field at fault and what would be right.
fn account_advice(status: CreateAccountStatus) -> (&'static str, &'static str) {
    use CreateAccountStatus as S;
    match status {
        S::LinkedEventFailed => ("flags", CHAIN),
        S::LinkedEventChainOpen => ("flags", OPEN),
        S::ImportedEventExpected | S::ImportedEventNotExpected => ("flags", IMPORT_ALL),
        S::TimestampMustBeZero => ("timestamp", NO_TIME),
        S::ImportedEventTimestampOutOfRange => ("timestamp", IN_RANGE),
        S::ImportedEventTimestampMustNotAdvance => ("timestamp", PAST),
        S::ImportedEventTimestampMustNotRegress => ("timestamp", RISING),
        S::ReservedField => ("reserved", ZERO),
        S::ReservedFlag => ("flags", KNOWN_FLAGS),
        S::IdMustNotBeZero | S::IdMustNotBeIntMax => ("id", ID),
        S::ExistsWithDifferentFlags => ("flags", NEW_ID),
        S::ExistsWithDifferentUserData128 => ("user_data_128", NEW_ID),
        S::ExistsWithDifferentUserData64 => ("user_data_64", NEW_ID),
        S::ExistsWithDifferentUserData32 => ("user_data_32", NEW_ID),
        S::ExistsWithDifferentLedger => ("ledger", NEW_ID),
        S::ExistsWithDifferentCode => ("code", NEW_ID),
        S::FlagsAreMutuallyExclusive => ("flags", EXCLUSIVE),
        S::DebitsPendingMustBeZero => ("debits_pending", ZERO),
        S::DebitsPostedMustBeZero => ("debits_posted", ZERO),
        S::CreditsPendingMustBeZero => ("credits_pending", ZERO),
        S::CreditsPostedMustBeZero => ("credits_posted", ZERO),
        S::LedgerMustNotBeZero => ("ledger", NOT_ZERO),
        S::CodeMustNotBeZero => ("code", NOT_ZERO),
        S::Exists | S::Created => ("id", "nothing is wrong."),
    }
}

const LESS: &str = "lower the amount.";
const SAME: &str = "give what the pending transfer has, or leave it out.";
const DONE: &str = "a pending transfer is posted or voided once.";
const OLDER: &str = "give a time after both accounts were created.";
const OPEN_ACCOUNT: &str = "void the transfer that closed the account, then send a new id.";

/// The field at fault and what would be right.
fn transfer_advice(status: CreateTransferStatus) -> (&'static str, &'static str) {
    use CreateTransferStatus as S;
    match status {
        S::LinkedEventFailed => ("flags", CHAIN),
        S::LinkedEventChainOpen => ("flags", OPEN),
        S::ImportedEventExpected | S::ImportedEventNotExpected => ("flags", IMPORT_ALL),
        S::TimestampMustBeZero => ("timestamp", NO_TIME),
        S::ImportedEventTimestampOutOfRange => ("timestamp", IN_RANGE),
        S::ImportedEventTimestampMustNotAdvance => ("timestamp", PAST),
        S::ImportedEventTimestampMustNotRegress => ("timestamp", RISING),
        S::ImportedEventTimestampMustPostdateDebitAccount
        | S::ImportedEventTimestampMustPostdateCreditAccount => ("timestamp", OLDER),
        S::ReservedFlag => ("flags", KNOWN_FLAGS),
        S::IdMustNotBeZero | S::IdMustNotBeIntMax => ("id", ID),
        S::ExistsWithDifferentFlags => ("flags", NEW_ID),
        S::ExistsWithDifferentPendingId => ("pending_id", NEW_ID),
        S::ExistsWithDifferentTimeout => ("timeout", NEW_ID),
        S::ExistsWithDifferentDebitAccountId => ("debit_account_id", NEW_ID),
        S::ExistsWithDifferentCreditAccountId => ("credit_account_id", NEW_ID),
        S::ExistsWithDifferentAmount => ("amount", NEW_ID),
        S::ExistsWithDifferentUserData128 => ("user_data_128", NEW_ID),
        S::ExistsWithDifferentUserData64 => ("user_data_64", NEW_ID),
        S::ExistsWithDifferentUserData32 => ("user_data_32", NEW_ID),
        S::ExistsWithDifferentLedger => ("ledger", NEW_ID),
        S::ExistsWithDifferentCode => ("code", NEW_ID),
        S::IdAlreadyFailed => ("id", "choose a new id for a new try."),
        S::FlagsAreMutuallyExclusive => ("flags", EXCLUSIVE),
        S::DebitAccountIdMustNotBeZero | S::DebitAccountIdMustNotBeIntMax => {
            ("debit_account_id", ID)
        }
        S::CreditAccountIdMustNotBeZero | S::CreditAccountIdMustNotBeIntMax => {
            ("credit_account_id", ID)
        }
        S::AccountsMustBeDifferent => ("credit_account_id", "name two accounts."),
        S::PendingIdMustBeZero => ("pending_id", ZERO),
        S::PendingIdMustNotBeZero | S::PendingIdMustNotBeIntMax => {
            ("pending_id", "name the pending transfer.")
        }
        S::PendingIdMustBeDifferent => ("pending_id", "name the pending transfer, not this one."),
        S::TimeoutReservedForPendingTransfer | S::ImportedEventTimeoutMustBeZero => {
            ("timeout", ZERO)
        }
        S::ClosingTransferMustBePending => ("flags", "set `pending` too."),
        S::LedgerMustNotBeZero => ("ledger", NOT_ZERO),
        S::CodeMustNotBeZero => ("code", NOT_ZERO),
        _ => state_advice(status),
    }
}

/// The same where the state of the books is the reason.
fn state_advice(status: CreateTransferStatus) -> (&'static str, &'static str) {
    use CreateTransferStatus as S;
    match status {
        S::DebitAccountNotFound => (
            "debit_account_id",
            "create the account, then send a new id.",
        ),
        S::CreditAccountNotFound => (
            "credit_account_id",
            "create the account, then send a new id.",
        ),
        S::AccountsMustHaveTheSameLedger => (
            "credit_account_id",
            "name two accounts of one ledger; exchange by two linked transfers.",
        ),
        S::TransferMustHaveTheSameLedgerAsAccounts => ("ledger", "give the accounts' ledger."),
        S::PendingTransferNotFound => ("pending_id", "name a transfer that exists, with a new id."),
        S::PendingTransferNotPending => ("pending_id", "name a pending transfer."),
        S::PendingTransferHasDifferentDebitAccountId => ("debit_account_id", SAME),
        S::PendingTransferHasDifferentCreditAccountId => ("credit_account_id", SAME),
        S::PendingTransferHasDifferentLedger => ("ledger", SAME),
        S::PendingTransferHasDifferentCode => ("code", SAME),
        S::ExceedsPendingTransferAmount => {
            ("amount", "post at most what was reserved, or \"all\".")
        }
        S::PendingTransferHasDifferentAmount => ("amount", SAME),
        S::PendingTransferAlreadyPosted | S::PendingTransferAlreadyVoided => ("pending_id", DONE),
        S::PendingTransferExpired => ("pending_id", "reserve again with a new pending transfer."),
        S::DebitAccountAlreadyClosed => ("debit_account_id", OPEN_ACCOUNT),
        S::CreditAccountAlreadyClosed => ("credit_account_id", OPEN_ACCOUNT),
        S::OverflowsDebitsPending
        | S::OverflowsCreditsPending
        | S::OverflowsDebitsPosted
        | S::OverflowsCreditsPosted
        | S::OverflowsDebits
        | S::OverflowsCredits => ("amount", LESS),
        S::OverflowsTimeout => ("timeout", "give fewer seconds."),
        S::ExceedsCredits => (
            "amount",
            "lower it, or credit the debit account first; then send a new id.",
        ),
        S::ExceedsDebits => (
            "amount",
            "lower it, or debit the credit account first; then send a new id.",
        ),
        S::IdMustNotBeOwn => ("id", OWN_ID),
        S::DebitAccountIsKept => ("debit_account_id", KEPT),
        S::CreditAccountIsKept => ("credit_account_id", KEPT),
        S::RefusedByRule => (
            "amount",
            "/v1/findings/ and the id of the transfer tell which rule, and when it begins again.",
        ),
        S::HeldForReview => ("amount", "send it again once somebody has allowed it."),
        S::FindingsFull => ("amount", "send it again."),
        _ => ("id", "nothing is wrong."),
    }
}

#[cfg(test)]
mod tests {
    use super::Verdict;
    use crate::problem::Problem;
    use model::{CreateAccountStatus, CreateTransferStatus};

    fn problems() -> Vec<(&'static str, Problem)> {
        let accounts = CreateAccountStatus::ALL
            .iter()
            .copied()
            .map(Verdict::of_account);
        let transfers = CreateTransferStatus::ALL
            .iter()
            .copied()
            .map(Verdict::of_transfer);
        let refused = accounts
            .chain(transfers)
            .filter_map(|verdict| match verdict {
                Verdict::Refused(refusal) => Some((refusal.name(), refusal.problem())),
                Verdict::Created | Verdict::Exists => None,
            });
        refused.collect()
    }

    #[test]
    fn every_refusal_says_what_would_be_right() {
        let refusals = CreateAccountStatus::ALL.len() + CreateTransferStatus::ALL.len() - 4;
        assert_eq!(problems().len(), refusals);
        for (name, problem) in problems() {
            assert!(
                !problem.body().detail().contains("nothing is wrong"),
                "{name}"
            );
        }
    }

    #[test]
    fn collisions_are_409() {
        for (name, problem) in problems() {
            let collides = name.starts_with("exists_") || name.starts_with("pending_transfer_a");
            let collides =
                collides || ["id_already_failed", "pending_transfer_expired"].contains(&name);
            assert_eq!(
                problem.body().status(),
                if collides { 409 } else { 422 },
                "{name}"
            );
        }
    }

    #[test]
    fn one_of_them() {
        let Verdict::Refused(refusal) = Verdict::of_transfer(CreateTransferStatus::ExceedsCredits)
        else {
            panic!("it is a refusal");
        };
        let text = serde_json::to_string(refusal.problem().body()).expect("it is plain JSON");
        assert_eq!(
            text,
            "{\"type\":\"urn:counterfoil:status:exceeds_credits\",\
             \"title\":\"The debit account does not have that much.\",\"status\":422,\
             \"detail\":\"The debit account does not have that much. `amount`: lower it, or credit \
             the debit account first; then send a new id.\",\"pointer\":\"/amount\",\
             \"status_code\":54,\"status_name\":\"exceeds_credits\"}"
        );
    }
}
