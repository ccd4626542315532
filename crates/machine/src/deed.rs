//! Carrying out commands: what all acts have in common.
//!
//! A command is judged in stages, and the first thing wrong is the answer: its id and the ids of
//! before; the shape of its parts; then whatever its act looks at, in the order of the act's own
//! file. An act works on the state as it goes: it opens accounts, makes transfers and puts objects,
//! each judged by the state that those before it left. Where one is refused, all of it is taken
//! back, as with a linked chain; so a command is carried out whole or leaves nothing behind.
//!
//! Its records are those of its accounts, transfers and objects in the order in which they came
//! about, each at a moment of its own, and the [`Deed`] as the last.

mod objects;

use model::limits::{COMMAND_LEGS, COMMAND_RECORDS};
use model::object::{Role, account_of, own_transfer};
use model::record::Released;
use model::{
    Account, Act, ActFacts, Command, CommandResult, CommandStatus as Status, CreateTransferStatus,
    Deed, Transfer, transfer_flags,
};
use sha2::{Digest, Sha256};

use crate::State;
use crate::batch::Turn;
use crate::create_transfer::{check_accounts, check_open};
use crate::fact::{Fact, Sink, Slots};
use crate::journal::Undo;
use crate::past::Recalled;

/// Moments of an act that takes all lines of an order; one that needs more takes the lines one by
/// one.
const ORDER_MOMENTS: usize = 128;

/// Moments of a recovery, which may have to release the money first.
const RECOVERY_MOMENTS: usize = 32;

/// Why a command is not carried out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Refusal {
    pub(crate) status: Status,
    /// The field that was wrong.
    pub(crate) field: &'static str,
    /// The part that was wrong, from 1; 0 where it was none.
    pub(crate) leg: u16,
    /// What the ledger said.
    pub(crate) transfer: u32,
}

impl From<Status> for Refusal {
    fn from(status: Status) -> Self {
        Self {
            status,
            field: "",
            leg: 0,
            transfer: 0,
        }
    }
}

impl Refusal {
    /// Says which part was wrong.
    pub(crate) fn in_leg(self, index: usize) -> Self {
        Self {
            leg: index as u16 + 1,
            ..self
        }
    }
}

impl From<CreateTransferStatus> for Refusal {
    fn from(refused: CreateTransferStatus) -> Self {
        use CreateTransferStatus as T;
        let status = match refused {
            T::ExceedsCredits | T::ExceedsDebits => Status::InsufficientFunds,
            T::DebitAccountAlreadyClosed | T::CreditAccountAlreadyClosed => Status::AccountClosed,
            T::OverflowsDebitsPending
            | T::OverflowsCreditsPending
            | T::OverflowsDebitsPosted
            | T::OverflowsCreditsPosted
            | T::OverflowsDebits
            | T::OverflowsCredits => Status::AmountTooLarge,
            T::RefusedByRule => Status::RefusedByRule,
            T::HeldForReview => Status::HeldForReview,
            T::FindingsFull => Status::FindingsFull,
            _ => Status::TransferRefused,
        };
        Self {
            transfer: refused.code(),
            ..Self::from(status)
        }
    }
}

/// A status that says which field was wrong.
pub(crate) trait AtField {
    fn at(self, field: &'static str) -> Refusal;
}

impl AtField for Status {
    fn at(self, field: &'static str) -> Refusal {
        Refusal {
            field,
            ..Refusal::from(self)
        }
    }
}

pub(crate) type Done<T = ()> = Result<T, Refusal>;

/// A command, or an object whose time has come, while it is being carried out.
pub(crate) struct Work<'a, S: Sink> {
    pub(crate) state: &'a mut State,
    pub(crate) past: &'a Recalled,
    sink: &'a mut S,
    /// The first moment; what is now for the act.
    pub(crate) now: u64,
    /// The last.
    end: u64,
    next: u64,
    cause: u16,
    /// What the transfers are about, as their `user_data_128`.
    subject: u128,
    /// By which way they pay, as their `user_data_32`.
    pub(crate) channel: u8,
    /// Whether rules are asked about what it moves.
    is_judged: bool,
    pub(crate) transfers: u32,
    /// Number that the books gave.
    pub(crate) number: u64,
}

/// Two accounts of one ledger, and what moves between them.
#[derive(Clone, Copy)]
pub(crate) struct Posting {
    pub(crate) debit: u32,
    pub(crate) credit: u32,
    pub(crate) amount: u128,
}

impl<'a, S: Sink> Work<'a, S> {
    /// Work from the moment `now` on, which is later than every record, to `end` at most.
    pub(crate) fn new(
        state: &'a mut State,
        past: &'a Recalled,
        sink: &'a mut S,
        (now, end): (u64, u64),
        (cause, subject): (u16, u128),
    ) -> Self {
        assert!(now > state.books.clock.last, "time only rises");
        Self {
            state,
            past,
            sink,
            now,
            end,
            next: now,
            cause,
            subject,
            channel: 0,
            is_judged: true,
            transfers: 0,
            number: 0,
        }
    }

    /// The next moment.
    fn moment(&mut self) -> u64 {
        let moment = self.next;
        assert!(moment <= self.end, "a command has moments for its records");
        self.next += 1;
        self.state.group.stamp(moment);
        moment
    }

    /// The moment of the last record.
    pub(crate) fn last(&self) -> u64 {
        self.next - 1
    }

    /// Whether so many records more can be made.
    pub(crate) fn has_room(&self, records: u64) -> bool {
        self.next + records <= self.end + 1
    }

    /// Whether the ledger has a currency.
    pub(crate) fn declared(&self, ledger: u32) -> Done {
        if self.state.books.ledgers.contains_key(&ledger) {
            Ok(())
        } else {
            Err(Status::LedgerNotDeclared.at("ledger"))
        }
    }

    /// The slot of the account that `party` has for `role`, opened if need be; party 0 is the
    /// institution itself.
    pub(crate) fn account(&mut self, role: Role, party: u128, ledger: u32) -> Done<u32> {
        let line = self.state.books.business.line_of(role);
        let code = line.ok_or(Status::ChartRoleMissing)?.code;
        self.account_of(party, ledger, code)
    }

    /// The slot of the account that `party` has for a line of the chart, opened if need be.
    pub(crate) fn account_of(&mut self, party: u128, ledger: u32, code: u16) -> Done<u32> {
        let id = account_of(party, ledger, code);
        if let Some(slot) = self.state.books.accounts.find(id) {
            return self.own_account(slot, party, (ledger, code));
        }
        self.declared(ledger)?;
        let line = self.state.books.business.open((code.into(), 0));
        let line: &model::object::ChartLine = line.ok_or(Status::ChartLineNotFound)?;
        let account = Account {
            id,
            user_data_128: party,
            ledger,
            code,
            flags: line.flags,
            ..Account::default()
        };
        if id == 0 || id == u128::MAX {
            return Err(Status::AccountIdTaken.into());
        }
        let account = Account {
            timestamp: self.moment(),
            ..account
        };
        let slot = self.state.books.apply_account(&account);
        self.sink.push(Fact::Account(&account, slot));
        Ok(slot)
    }

    /// The account in `slot`, where it is the one that was looked for.
    pub(crate) fn own_account(&self, slot: u32, party: u128, place: (u32, u16)) -> Done<u32> {
        let account = self.state.books.accounts.at(slot);
        if (account.user_data_128, account.ledger, account.code) == (party, place.0, place.1) {
            Ok(slot)
        } else {
            Err(Status::AccountIdTaken.into())
        }
    }

    /// The account that `party` has for `role`, where it has one.
    pub(crate) fn standing(&self, role: Role, party: u128, ledger: u32) -> Option<&Account> {
        let code = self.state.books.business.line_of(role)?.code;
        let id = account_of(party, ledger, code);
        let slot = self.state.books.accounts.find(id)?;
        Some(self.state.books.accounts.at(slot))
    }

    /// What a credit account has that is not held, in minor units.
    pub(crate) fn available(&self, slot: u32) -> u128 {
        let account = self.state.books.accounts.at(slot);
        let gone = account.debits_posted + account.debits_pending;
        account.credits_posted.saturating_sub(gone)
    }

    /// Moves money; nothing where the amount is 0. Returns the transfer's id.
    pub(crate) fn post(&mut self, posting: Posting) -> Done<u128> {
        self.transfer(posting, 0, 0)
    }

    /// Moves money that counts from `value_time` on.
    pub(crate) fn post_valued(&mut self, posting: Posting, value_time: u64) -> Done<u128> {
        self.transfer(posting, 0, value_time)
    }

    /// Reserves money. Returns the pending transfer's id.
    pub(crate) fn reserve(&mut self, posting: Posting) -> Done<u128> {
        self.transfer(posting, transfer_flags::PENDING, 0)
    }

    /// Reserves anew what is left of a pending transfer that ended: rules were asked before, and it
    /// counts as it did.
    pub(crate) fn reserve_rest(&mut self, posting: Posting, before: &Transfer) -> Done<u128> {
        let channel = self.channel;
        self.channel = before.user_data_32 as u8;
        self.is_judged = false;
        let reserved = self.reserve(posting);
        self.is_judged = true;
        self.channel = channel;
        reserved
    }

    /// Closes the account on the debit side, with a pending transfer of nothing.
    pub(crate) fn close(&mut self, debit: u32, credit: u32) -> Done<u128> {
        let flags = transfer_flags::PENDING | transfer_flags::CLOSING_DEBIT;
        let posting = Posting {
            debit,
            credit,
            amount: 0,
        };
        self.transfer(posting, flags, 0)
    }

    fn transfer(&mut self, posting: Posting, flags: u16, value_time: u64) -> Done<u128> {
        let slots = Slots {
            debit: posting.debit,
            credit: posting.credit,
        };
        if posting.amount == 0 && flags == 0 {
            return Ok(0);
        }
        let accounts = &self.state.books.accounts;
        let (debit, credit) = (accounts.at(slots.debit), accounts.at(slots.credit));
        let mut transfer = Transfer {
            debit_account_id: debit.id,
            credit_account_id: credit.id,
            amount: posting.amount,
            ledger: debit.ledger,
            user_data_64: value_time,
            flags,
            ..Transfer::default()
        };
        let turn = Turn {
            past: self.past,
            time: self.next,
        };
        check_accounts(self.state, &transfer, turn, slots, self.next)?;
        if self.is_judged && !self.state.books.rules.is_idle() {
            let judged = self.named(transfer);
            self.state.judge(&judged, slots, self.subject)?;
        }
        Ok(self.finish(&mut transfer, None, slots))
    }

    /// A transfer with its id and all else that is the same for those of this command; its moment
    /// is the next.
    fn named(&self, transfer: Transfer) -> Transfer {
        Transfer {
            id: own_transfer(self.now + u64::from(self.transfers)),
            code: self.cause.max(1),
            user_data_128: self.subject,
            user_data_32: self.channel.into(),
            timestamp: self.next,
            ..transfer
        }
    }

    /// Gives a transfer its id and its moment, and applies it.
    fn finish(
        &mut self,
        transfer: &mut Transfer,
        released: Option<Released>,
        slots: Slots,
    ) -> u128 {
        *transfer = self.named(*transfer);
        transfer.timestamp = self.moment();
        self.transfers += 1;
        if self.state.journal.is_open() {
            self.state.note_accounts(slots);
            if transfer.has(transfer_flags::PENDING) {
                self.state.journal.note(Undo::Reserved(transfer.id));
            }
        }
        self.state.books.record(
            transfer,
            released,
            slots,
            &mut self.state.journal,
            self.sink,
        );
        transfer.id
    }

    /// Posts so much of what the pending transfer `id` reserved, and releases the rest; all of it is
    /// released where `amount` is 0.
    pub(crate) fn settle(&mut self, id: u128, amount: u128) -> Done<u128> {
        let hash = self.state.books.key.hash(id);
        let pending = self.state.books.pendings.get(hash, id).copied();
        let pending = pending.ok_or(Status::HoldEnded)?;
        let posts = amount > 0;
        if posts {
            let accounts = &self.state.books.accounts;
            let Slots { debit, credit } = pending.slots;
            check_open([accounts.at(debit), accounts.at(credit)])?;
        }
        let reserved = pending.transfer;
        let mut transfer = Transfer {
            debit_account_id: reserved.debit_account_id,
            credit_account_id: reserved.credit_account_id,
            amount: if posts { amount } else { reserved.amount },
            pending_id: id,
            ledger: reserved.ledger,
            flags: if posts {
                transfer_flags::POST_PENDING
            } else {
                transfer_flags::VOID_PENDING
            },
            ..Transfer::default()
        };
        if transfer.amount > reserved.amount {
            return Err(Status::ExceedsHeld.at("amount"));
        }
        let released = Released {
            amount: reserved.amount,
            flags: reserved.flags,
        };
        if self.state.journal.is_open() {
            self.state.journal.note(Undo::Ended(pending));
        }
        Ok(self.finish(&mut transfer, Some(released), pending.slots))
    }
}

/// Refuses a value that is out of its range.
pub(crate) fn ensure(holds: bool, refusal: impl Into<Refusal>) -> Done {
    if holds { Ok(()) } else { Err(refusal.into()) }
}

/// Refuses an amount of 0.
pub(crate) fn some(amount: u128) -> Done<u128> {
    if amount == 0 {
        return Err(Status::AmountMustNotBeZero.at("amount"));
    }
    Ok(amount)
}

/// The first half of SHA-256 over what a command asks.
pub(crate) fn digest_of(command: &Command) -> u128 {
    let hash: [u8; 32] = Sha256::digest(command.canonical()).into();
    let (half, _) = hash.split_first_chunk().expect("a hash has 32 bytes");
    u128::from_le_bytes(*half)
}

impl State {
    /// How many moments a command takes at most; so many records it makes at most.
    pub fn moments(command: &Command) -> usize {
        let lines = match &command.act {
            Act::OrderPay(_) => ORDER_MOMENTS,
            Act::OrderShip(act) if act.line == 0 => ORDER_MOMENTS,
            Act::OrderConfirm(act) if act.line == 0 => ORDER_MOMENTS,
            Act::OrderCancel(act) if act.line == 0 => ORDER_MOMENTS,
            Act::ChargebackRecover(_) | Act::ChargebackLost(_) => RECOVERY_MOMENTS,
            _ => 16 + 4 * command.legs.len(),
        };
        lines.min(COMMAND_RECORDS)
    }

    /// Carries out a command, or leaves everything as it is. `time` is its last moment; the
    /// [`State::moments`] up to it are later than every record so far.
    pub fn command<S: Sink>(
        &mut self,
        past: &Recalled,
        time: u64,
        command: &Command,
        sink: &mut S,
    ) -> CommandResult {
        let now = time + 1 - Self::moments(command) as u64;
        let digest = digest_of(command);
        let refused = |refusal: &Refusal| refused(command.act.facts(), now, refusal);
        if let Err(status) = check_command(command) {
            return refused(&status.into());
        }
        if let Some(deed) = self.deed(past, command.id) {
            return answer_again(deed, digest, now);
        }
        if let Act::OrderPlace(place) = &command.act {
            let lines = crate::acts::market::lines_of(command, place);
            let result = self.place_order(past, (now, time), &lines, sink);
            return match result {
                Ok(result) => result,
                Err(refusal) => self.found_in(refused(&refusal)),
            };
        }
        self.open_chain();
        let mark = sink.mark();
        let mut work = Work::new(
            self,
            past,
            sink,
            (now, time),
            (command.act.number(), command.id),
        );
        work.channel = command.act.channel();
        let done = crate::acts::carry_out(&mut work, command);
        let (transfers, number) = (work.transfers, work.number);
        match done {
            Ok(()) => {
                let deed = Deed {
                    id: command.id,
                    act: command.act.number(),
                    digest,
                    transfers,
                    first_transfer: if transfers == 0 { 0 } else { now },
                    number,
                    timestamp: work.moment(),
                };
                self.keep_chain();
                self.books.apply_deed(&deed);
                self.group.carried_out(deed);
                sink.push(Fact::Deed(&deed));
                answer(&deed, Status::Created)
            }
            Err(refusal) => {
                self.rewind_chain();
                sink.rewind(mark);
                self.found_in(refused(&refusal))
            }
        }
    }

    /// The deed of the command with this id, where it was carried out.
    pub(crate) fn deed<'a>(&'a self, past: &'a Recalled, id: u128) -> Option<&'a Deed> {
        self.group.deed(id).or_else(|| past.deed(id))
    }

    /// Whether there are accounts that commands alone may move.
    #[inline]
    pub(crate) fn keeps_accounts(&self) -> bool {
        self.books.business.chart.len() > 0
    }

    /// Whether an account is one of the chart, which commands alone may move.
    #[inline]
    pub(crate) fn is_kept(&self, account: &Account) -> bool {
        account.id == account_of(account.user_data_128, account.ledger, account.code)
            && self
                .books
                .business
                .open::<model::object::ChartLine>((account.code.into(), 0))
                .is_some()
    }
}

fn check_command(command: &Command) -> Result<(), Status> {
    let takes = command.act.facts().legs != model::Legs::None;
    if command.id == 0 {
        Err(Status::IdMustNotBeZero)
    } else if command.id == u128::MAX {
        Err(Status::IdMustNotBeIntMax)
    } else if !takes && !command.legs.is_empty() {
        Err(Status::LegsNotTaken)
    } else if takes && command.legs.is_empty() {
        Err(Status::LegsMustNotBeEmpty)
    } else if command.legs.len() > COMMAND_LEGS {
        Err(Status::TooManyLegs)
    } else {
        Ok(())
    }
}

fn answer(deed: &Deed, status: Status) -> CommandResult {
    CommandResult {
        timestamp: deed.timestamp,
        first_transfer: deed.first_transfer,
        status: status.code(),
        transfers: deed.transfers,
        number: deed.number,
    }
}

fn answer_again(deed: &Deed, digest: u128, now: u64) -> CommandResult {
    if deed.digest == digest {
        return answer(deed, Status::Exists);
    }
    CommandResult {
        timestamp: now,
        status: Status::ExistsWithDifferentContent.code(),
        ..CommandResult::default()
    }
}

/// The answer to a command of this act that was refused.
pub(crate) fn refused(facts: &ActFacts, now: u64, refusal: &Refusal) -> CommandResult {
    let fields = facts.fields;
    let place = fields.iter().position(|field| field.name == refusal.field);
    CommandResult {
        timestamp: now,
        first_transfer: 0,
        status: refusal.status.code(),
        transfers: refusal.transfer,
        number: place.map_or(0, |place| place as u64 + 1) | u64::from(refusal.leg) << 32,
    }
}
