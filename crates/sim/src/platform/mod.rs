//! The naive model of the platform: what every command comes to, told the plain way.
//!
//! It keeps all objects for ever in one map, undoes by going back to a copy, and looks through
//! everything to find what time brings next. Nothing of it is shared with the machine; what it
//! says follows from the canonical postings. The records of the machine are not predicted, what
//! they add up to is: the answer, all balances, and how every object stands.

mod calendar;
mod disputes;
mod exact;
mod fees;
mod gifts;
mod held;
mod market;
mod parties;
mod payments;
mod shares;
mod things;
mod trade;
pub mod workload;

use std::collections::{BTreeMap, BTreeSet};

use model::limits::COMMAND_LEGS;
use model::object::{ChartLine, Listing, Party, ROLES, Role};
use model::{Act, Command, CommandStatus as Status, Leg, Legs, Object};

use things::{Thing, Things};

/// Nanoseconds of a second.
pub const SECOND: u64 = 1_000_000_000;
/// Nanoseconds of a day.
pub const DAY: u64 = 86_400 * SECOND;

/// An account: what it is for, whose it is (0 is the institution itself), and its ledger.
pub type Place = (Role, u128, u32);

/// The four sums of an account.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sides {
    /// Posted.
    pub debits: u128,
    /// Posted.
    pub credits: u128,
    /// Held by open holds.
    pub debits_held: u128,
    /// Held by open holds.
    pub credits_held: u128,
}

impl Sides {
    /// Credits less debits: whether they are more, and by how much.
    pub const fn net(&self) -> (bool, u128) {
        let is_credit = self.credits >= self.debits;
        (is_credit, self.credits.abs_diff(self.debits))
    }

    fn is_zero(&self) -> bool {
        self.debits == self.credits && self.debits_held == 0 && self.credits_held == 0
    }

    /// What a credit account has that is not held.
    fn available(&self) -> u128 {
        let gone = self.debits.saturating_add(self.debits_held);
        self.credits.saturating_sub(gone)
    }

    /// What is owed on a debit account.
    fn owed(&self) -> u128 {
        self.debits.saturating_sub(self.credits)
    }
}

/// Carried out, or why not.
type Verdict<T = ()> = Result<T, Status>;

/// The platform as it stands.
#[derive(Clone, Debug, Default)]
pub struct Platform {
    now: u64,
    exponents: BTreeMap<u32, u8>,
    sides: BTreeMap<Place, Sides>,
    things: Things,
    /// Commands that were carried out, orders aside.
    done: BTreeMap<u128, Command>,
    /// Commands that placed an order.
    orders: BTreeMap<u128, Command>,
    /// What each hold has reserved still: the debit and the credit side, and how much.
    reserved: BTreeMap<u128, (Place, Place, u128)>,
    /// What the machine says that the claimant of a gift got.
    drawn: u128,
    /// Chargebacks of orders that were never paid for, or came to nothing: escrow has paid them.
    escrow_paid: BTreeSet<u128>,
}

impl Platform {
    /// A platform without a chart, with these ledgers and the decimal places of their currencies.
    pub fn new(ledgers: &[(u32, u8)]) -> Self {
        Self {
            exponents: ledgers.iter().copied().collect(),
            ..Self::default()
        }
    }

    /// Carries out a command at the moment `now`, or leaves everything as it is. `drawn` is what the
    /// machine gave to the claimant of a gift: nobody can know it beforehand, its bounds alone.
    pub fn command(&mut self, now: u64, command: &Command, drawn: Option<u128>) -> Status {
        self.now = now;
        self.drawn = drawn.unwrap_or_default();
        if let Err(status) = self.check(command) {
            return status;
        }
        let before = self.clone();
        match self.carry_out(command) {
            Ok(()) => {
                let place = match command.act {
                    Act::OrderPlace(_) => &mut self.orders,
                    _ => &mut self.done,
                };
                place.insert(command.id, command.clone());
                Status::Created
            }
            Err(status) => {
                *self = before;
                status
            }
        }
    }

    /// The shape of a command, and whether its id was used before.
    fn check(&self, command: &Command) -> Verdict {
        let legs = command.legs.len();
        let takes = command.act.facts().legs != Legs::None;
        let id = command.id;
        require(id != 0, Status::IdMustNotBeZero)?;
        require(id != u128::MAX, Status::IdMustNotBeIntMax)?;
        require(takes || legs == 0, Status::LegsNotTaken)?;
        require(!takes || legs > 0, Status::LegsMustNotBeEmpty)?;
        require(legs <= COMMAND_LEGS, Status::TooManyLegs)?;
        let before = match command.act {
            Act::OrderPlace(_) => self.done.get(&id).or_else(|| self.orders.get(&id)),
            _ => self.done.get(&id),
        };
        match before {
            None => Ok(()),
            Some(before) if before == command => Err(Status::Exists),
            Some(before) if self.is_same_order(before, command) => Err(Status::Exists),
            Some(_) => Err(Status::ExistsWithDifferentContent),
        }
    }

    fn carry_out(&mut self, command: &Command) -> Verdict {
        let (id, legs) = (command.id, command.legs.as_slice());
        match &command.act {
            Act::ChartLineSet(act) => {
                self.put(ChartLine {
                    code: act.code,
                    class: act.class,
                    role: act.role,
                    parent: act.parent,
                    flags: act.flags,
                    name: act.name,
                    name_more: act.name_more,
                    ..ChartLine::default()
                });
                Ok(())
            }
            Act::PartyOpen(_) | Act::PartyTerms(_) | Act::PartyState(_) => self.parties(command),
            Act::FeeSet(act) => self.set_fee(act),
            Act::FeeTierAdd(act) => self.add_tier(act),
            Act::CalendarSet(act) => self.set_calendar(act),
            Act::HolidaySet(act) => self.set_holiday(act),
            Act::DayClose(act) => self.close_day(*act),
            Act::Sweep(act) => self.own_money((Role::Own, Role::Safe), act.ledger, act.amount),
            Act::Fund(act) => self.own_money((Role::Safe, Role::Own), act.ledger, act.amount),
            act @ (Act::ListingAdd(_)
            | Act::ListingSet(_)
            | Act::OrderPlace(_)
            | Act::OrderPay(_)
            | Act::OrderShip(_)
            | Act::OrderConfirm(_)
            | Act::OrderCancel(_)
            | Act::ClaimOpen(_)
            | Act::ClaimDecide(_)
            | Act::OrderRefund(_)) => self.market(id, act, legs),
            act => self.money(id, act, legs),
        }
    }

    fn money(&mut self, id: u128, act: &Act, legs: &[Leg]) -> Verdict {
        match act {
            Act::TopUp(act) => self.top_up(act),
            Act::Withdraw(act) => self.withdraw(act),
            Act::Pay(act) => self.pay(id, act),
            Act::PaySplit(act) => self.split(act, legs),
            Act::Refund(act) => self.refund(act),
            Act::Payout(act) => self.pay_out(act.party, act.ledger, act.amount),
            Act::PayoutBatch(act) => self.pay_out_all(*act, legs),
            Act::Exchange(act) => self.exchange(act),
            Act::SchemeSettle(act) => self.settle_scheme(act),
            Act::PayShared(act) => self.pay_shared(id, act),
            Act::Share(act) => self.share(act, legs),
            Act::ShareFinish(act) => self.finish_sharing(act.payment),
            Act::HoldMake(act) => self.hold(id, act),
            Act::Capture(act) => self.capture(act),
            Act::Release(act) => self.release(act.hold),
            Act::RequestMake(act) => self.request(id, act),
            Act::RequestPay(act) => self.pay_request(id, act),
            Act::RequestCancel(act) => self.cancel_request(act.request),
            Act::ScheduleMake(act) => self.schedule(id, act),
            Act::ScheduleCancel(act) => self.cancel_schedule(act.schedule),
            Act::ChargebackOpen(act) => self.open_chargeback(id, act),
            Act::ChargebackRecover(act) => self.recover(act.chargeback),
            Act::ChargebackWon(act) => self.win(act.chargeback),
            Act::ChargebackLost(act) => self.lose(act.chargeback),
            Act::GiftSend(act) => self.send_gift(id, act),
            Act::GiftTake(act) => self.claim_gift(act),
            Act::FindingReview(_) | Act::FigureSet(_) | Act::PartyKeySet(_) => {
                panic!("the model has no rules: `sim::rules` has")
            }
            other => panic!("the model does not know {}", other.facts().name),
        }
    }

    /// When time brings something about next, in nanoseconds.
    pub fn next_deadline(&self) -> Option<u64> {
        self.things.next().map(|(deadline, _)| deadline)
    }

    /// Does what time brings about for the object whose deadline is the earliest, at the moment
    /// `now`; what cannot be done is put off until `later`.
    pub fn ring(&mut self, now: u64, later: u64) {
        let Some((_, object)) = self.things.next() else {
            return;
        };
        self.now = now;
        let before = self.clone();
        let done = match &object {
            Object::Hold(hold) => {
                self.expire_hold(hold);
                Ok(())
            }
            Object::Payment(payment) => self.finish_sharing(payment.id),
            Object::PaymentRequest(request) => {
                self.expire_request(*request);
                Ok(())
            }
            Object::Schedule(schedule) => self.run_schedule(*schedule),
            Object::Chargeback(chargeback) => self.give_up(*chargeback),
            Object::OrderLine(line) => self.ring_line(*line),
            Object::Reserve(reserve) => self.release_reserve(*reserve),
            Object::Gift(gift) => self.return_gift(*gift),
            other => panic!("a {} has no deadline", other.name()),
        };
        if done.is_err() {
            *self = before;
            self.things.put_off(&object, later);
        }
    }

    /// All accounts that were ever named, and what is on them.
    pub const fn accounts(&self) -> &BTreeMap<Place, Sides> {
        &self.sides
    }

    /// How an object stood last, without its cause and moment.
    pub fn object(&self, kind: u8, key: (u128, u128)) -> Option<&Object> {
        self.things.get(kind, key)
    }

    /// The listings by number, as they stand.
    pub fn listings(&self) -> Vec<Listing> {
        self.things.all()
    }

    fn find<T: Thing>(&self, key: (u128, u128)) -> Option<T> {
        self.things.get(T::KIND, key).and_then(T::of)
    }

    fn put<T: Thing>(&mut self, thing: T) {
        self.things.put(thing);
    }

    fn sides(&self, place: Place) -> Sides {
        self.sides.get(&place).copied().unwrap_or_default()
    }

    fn declared(&self, ledger: u32) -> Verdict {
        let known = self.exponents.contains_key(&ledger);
        require(known, Status::LedgerNotDeclared)
    }

    /// A party in whatever state.
    fn party(&self, id: u128) -> Verdict<Party> {
        self.find((id, 0)).ok_or(Status::PartyNotFound)
    }

    /// A party that may get what is its own.
    fn unclosed(&self, id: u128) -> Verdict<Party> {
        let party = self.party(id)?;
        require(party.state != 2, Status::PartyClosed)?;
        Ok(party)
    }

    /// A party that may do business.
    fn active(&self, id: u128) -> Verdict<Party> {
        let party = self.unclosed(id)?;
        require(party.state == 0, Status::PartyFrozen)?;
        Ok(party)
    }

    fn merchant(&self, id: u128) -> Verdict<Party> {
        let party = self.active(id)?;
        require(is_merchant(&party), Status::PartyNotMerchant)?;
        Ok(party)
    }

    /// The account on which a party is paid.
    fn paid_on(&self, party: u128, ledger: u32) -> Place {
        let merchant = self.party(party).is_ok_and(|party| is_merchant(&party));
        let role = if merchant { Role::Seller } else { Role::Wallet };
        (role, party, ledger)
    }

    /// Moves money from the debit side to the credit side.
    fn post(&mut self, debit: Place, credit: Place, amount: u128) -> Verdict {
        if amount == 0 {
            return Ok(());
        }
        let (mut from, mut to) = self.checked(debit, credit, amount)?;
        from.debits += amount;
        to.credits += amount;
        self.sides.insert(debit, from);
        self.sides.insert(credit, to);
        Ok(())
    }

    /// Holds money of the debit side for the credit side.
    fn reserve(&mut self, debit: Place, credit: Place, amount: u128) -> Verdict {
        let (mut from, mut to) = self.checked(debit, credit, amount)?;
        from.debits_held += amount;
        to.credits_held += amount;
        self.sides.insert(debit, from);
        self.sides.insert(credit, to);
        Ok(())
    }

    /// Lets go what [`Self::reserve`] held.
    fn let_go(&mut self, debit: Place, credit: Place, amount: u128) {
        let sides = self.sides.entry(debit).or_default();
        sides.debits_held -= amount;
        let sides = self.sides.entry(credit).or_default();
        sides.credits_held -= amount;
    }

    /// The two sides, where so much can move between them.
    fn checked(&self, debit: Place, credit: Place, amount: u128) -> Verdict<(Sides, Sides)> {
        let (from, to) = (self.sides(debit), self.sides(credit));
        let sum = |parts: [u128; 3]| {
            let sum = parts.into_iter().try_fold(0u128, u128::checked_add);
            sum.ok_or(Status::AmountTooLarge)
        };
        let gone = sum([from.debits, from.debits_held, amount])?;
        sum([to.credits, to.credits_held, amount])?;
        let limited = matches!(
            debit.0,
            Role::Wallet | Role::Escrow | Role::Seller | Role::Reserve | Role::Gift | Role::Sharing
        );
        require(!limited || gone <= from.credits, Status::InsufficientFunds)?;
        Ok((from, to))
    }

    /// The institution moves money between client money and its own.
    fn own_money(&mut self, (debit, credit): (Role, Role), ledger: u32, amount: u128) -> Verdict {
        require(amount > 0, Status::AmountMustNotBeZero)?;
        self.declared(ledger)?;
        self.post((debit, 0, ledger), (credit, 0, ledger), amount)
    }

    /// A step's own cash: client money pays to the institution, which got it back from sellers.
    fn cash_out(&mut self, ledger: u32, amount: u128) -> Verdict {
        self.post((Role::Own, 0, ledger), (Role::Safe, 0, ledger), amount)
    }

    /// A step's own cash: the institution puts what client money lacks.
    fn cash_in(&mut self, ledger: u32, amount: u128) -> Verdict {
        self.post((Role::Safe, 0, ledger), (Role::Own, 0, ledger), amount)
    }
}

/// Code of the line of the chart that a role has in these tests: 1000 and ten times its number.
pub const fn code_of(role: Role) -> u16 {
    1_000 + 10 * role as u16
}

/// All roles but the one that means none, with their names.
pub fn roles() -> impl Iterator<Item = (Role, &'static str)> {
    let named = Role::ALL.iter().copied().zip(ROLES.iter().copied());
    named.skip(1)
}

fn is_merchant(party: &Party) -> bool {
    party.kind == 1
}

fn require(holds: bool, otherwise: Status) -> Verdict {
    if holds { Ok(()) } else { Err(otherwise) }
}

fn add(a: u128, b: u128) -> Verdict<u128> {
    a.checked_add(b).ok_or(Status::AmountTooLarge)
}

/// The end of so many seconds from `now`.
fn after(now: u64, seconds: u64) -> u64 {
    now + seconds * SECOND
}
