//! Payments and what belongs to them: holds, requests, standing orders, chargebacks.

use super::{Life, named, objects};
use crate::form::Form;

/// Who bears a fee.
pub const BEARERS: &[&str] = &["payer", "payee"];
/// How what does not come out even is rounded to minor units.
pub const ROUNDINGS: &[&str] = &["down", "up", "half_up", "half_even"];
/// Where the money of a payment comes from: the wallet, a card scheme, a bank.
pub const FUNDINGS: &[&str] = &["wallet", "card", "bank"];
/// Names of the states of a hold.
pub const HOLD_STATES: &[&str] = &["held", "captured", "released", "expired"];
/// Names of the states of a payment.
pub const PAYMENT_STATES: &[&str] = &["paid", "sharing"];
/// Names of the states of a payment request.
pub const REQUEST_STATES: &[&str] = &["open", "paid", "cancelled", "expired"];
/// Names of the states of a standing order.
pub const SCHEDULE_STATES: &[&str] = &["running", "ended", "cancelled"];
/// When a standing order runs again: `every` so many days, weeks or months.
pub const SCHEDULE_RULES: &[&str] = &["once", "days", "weeks", "months"];
/// Names of the states of a chargeback.
pub const CHARGEBACK_STATES: &[&str] = &["open", "recovered", "won", "lost", "uncollected"];

objects! {
    /// Money of a wallet that is held for somebody.
    32 Hold "hold" [id] {
        /// Of the command that made it.
        id: u128 = Form::Id,
        /// Whose money.
        payer: u128 = Form::Id,
        /// For whom.
        payee: u128 = Form::Id,
        /// Of the amounts.
        ledger: u32 = Form::Ledger,
        /// What was held at first.
        amount: u128 = Form::Amount,
        /// What was captured of it.
        captured: u128 = Form::Amount,
        /// See [`HOLD_STATES`].
        state: u8 = Form::Name(HOLD_STATES),
        /// The pending transfer that holds what is left.
        pending: u128 = Form::Id,
        /// When what is left is released by itself; 0 never.
        deadline: u64 = Form::Time,
    }

    /// A payment from a wallet.
    33 Payment "payment" [id] {
        /// Of the command that made it; of a standing order's, that of its transfer.
        id: u128 = Form::Id,
        /// Who paid.
        payer: u128 = Form::Id,
        /// Who got it.
        payee: u128 = Form::Id,
        /// Of the amounts.
        ledger: u32 = Form::Ledger,
        /// What was paid.
        amount: u128 = Form::Amount,
        /// The fee on it.
        fee: u128 = Form::Amount,
        /// Who bore it, see [`BEARERS`].
        bearer: u8 = Form::Name(BEARERS),
        /// What was paid back of `amount`.
        refunded: u128 = Form::Amount,
        /// What was shared out, where it is shared.
        shared: u128 = Form::Amount,
        /// How much of `amount` may be shared out.
        share_limit: u32 = Form::Millionths,
        /// To how many it was shared out.
        receivers: u8 = Form::Number,
        /// See [`PAYMENT_STATES`].
        state: u8 = Form::Name(PAYMENT_STATES),
        /// When what is not shared goes to the payee by itself; 0 never.
        deadline: u64 = Form::Time,
        /// What of `amount` is in dispute or was taken back by the payer's card scheme.
        disputed: u128 = Form::Amount,
        /// Where the money came from, see [`FUNDINGS`].
        funding: u8 = Form::Name(FUNDINGS),
    }

    /// A request to be paid.
    34 PaymentRequest "payment_request" [id] {
        /// Of the command that made it.
        id: u128 = Form::Id,
        /// Who wants to be paid.
        payee: u128 = Form::Id,
        /// Who is to pay; 0 is anyone.
        payer: u128 = Form::Id,
        /// Of the amount.
        ledger: u32 = Form::Ledger,
        /// What is to be paid.
        amount: u128 = Form::Amount,
        /// See [`REQUEST_STATES`].
        state: u8 = Form::Name(REQUEST_STATES),
        /// When it expires; 0 never.
        deadline: u64 = Form::Time,
        /// The payment, once there is one.
        payment: u128 = Form::Id,
    }

    /// A standing order, or a payment on a later day.
    35 Schedule "schedule" [id] {
        /// Of the command that made it.
        id: u128 = Form::Id,
        /// Who pays.
        payer: u128 = Form::Id,
        /// Who is paid.
        payee: u128 = Form::Id,
        /// Of the amount.
        ledger: u32 = Form::Ledger,
        /// What is paid each time.
        amount: u128 = Form::Amount,
        /// Which [`super::Calendar`] says what a business day is.
        calendar: u32 = Form::Number,
        /// See [`SCHEDULE_RULES`].
        rule: u8 = Form::Name(SCHEDULE_RULES),
        /// How many of them lie between two payments.
        every: u16 = Form::Number,
        /// The first day, from which the others are counted.
        first_day: u32 = Form::Day,
        /// How many payments were tried.
        runs: u32 = Form::Number,
        /// How many are to be tried; 0 without end.
        runs_most: u32 = Form::Number,
        /// How many of them were refused.
        failed: u32 = Form::Number,
        /// Status of the last that was refused.
        last_status: u32 = Form::Number,
        /// See [`SCHEDULE_STATES`].
        state: u8 = Form::Name(SCHEDULE_STATES),
        /// When the next payment is made: the beginning of its business day.
        deadline: u64 = Form::Time,
    }

    /// A payment by card that the buyer's bank takes back.
    36 Chargeback "chargeback" [id] {
        /// Of the command that opened it.
        id: u128 = Form::Id,
        /// The order whose line is in dispute; 0 where it is a payment.
        order: u128 = Form::Id,
        /// The line.
        line: u16 = Form::Number,
        /// The payment in dispute; 0 where it is an order.
        payment: u128 = Form::Id,
        /// Who sold.
        seller: u128 = Form::Id,
        /// Who bought.
        buyer: u128 = Form::Id,
        /// Of the amounts.
        ledger: u32 = Form::Ledger,
        /// What is in dispute.
        amount: u128 = Form::Amount,
        /// What the card scheme takes for it.
        fee: u128 = Form::Amount,
        /// What was recovered from the seller's balance.
        from_seller: u128 = Form::Amount,
        /// What was recovered from the seller's reserve.
        from_reserve: u128 = Form::Amount,
        /// What the seller owes for it.
        receivable: u128 = Form::Amount,
        /// The commission that was given back.
        commission: u128 = Form::Amount,
        /// See [`CHARGEBACK_STATES`].
        state: u8 = Form::Name(CHARGEBACK_STATES),
        /// When what the seller owes is given up; 0 never.
        deadline: u64 = Form::Time,
    }
}

const fn due(deadline: u64) -> Option<u64> {
    if deadline == 0 { None } else { Some(deadline) }
}

impl Life for Hold {
    fn is_sound(&self) -> bool {
        self.id != 0 && named(self.state, HOLD_STATES) && self.captured <= self.amount
    }

    fn is_open(&self) -> bool {
        self.state == 0
    }

    fn deadline(&self) -> Option<u64> {
        due(self.deadline)
    }
}

impl Life for Payment {
    fn is_sound(&self) -> bool {
        self.id != 0
            && named(self.state, PAYMENT_STATES)
            && named(self.bearer, BEARERS)
            && named(self.funding, FUNDINGS)
            && self.refunded <= self.amount
            && self.shared <= self.amount
            && self.disputed <= self.amount
    }

    fn is_open(&self) -> bool {
        self.state == 1
    }

    fn deadline(&self) -> Option<u64> {
        due(self.deadline)
    }
}

impl Life for PaymentRequest {
    fn is_sound(&self) -> bool {
        self.id != 0 && named(self.state, REQUEST_STATES)
    }

    fn is_open(&self) -> bool {
        self.state == 0
    }

    fn deadline(&self) -> Option<u64> {
        due(self.deadline)
    }
}

impl Life for Schedule {
    fn is_sound(&self) -> bool {
        self.id != 0
            && named(self.state, SCHEDULE_STATES)
            && named(self.rule, SCHEDULE_RULES)
            && (self.runs_most == 0 || self.runs <= self.runs_most)
    }

    fn is_open(&self) -> bool {
        self.state == 0
    }

    fn deadline(&self) -> Option<u64> {
        due(self.deadline)
    }
}

impl Life for Chargeback {
    fn is_sound(&self) -> bool {
        self.id != 0
            && named(self.state, CHARGEBACK_STATES)
            && (self.order == 0) != (self.payment == 0)
    }

    /// One that is lost stays open while the seller owes for it.
    fn is_open(&self) -> bool {
        self.state < 2 || (self.state == 3 && self.deadline != 0)
    }

    fn deadline(&self) -> Option<u64> {
        due(self.deadline)
    }
}
