//! Acts that pay: wallets, holds, requests, standing orders, sharing, exchange, chargebacks.

use super::acts;
use crate::form::Form;
use crate::object::{FUNDINGS, ROUNDINGS, SCHEDULE_RULES};
use crate::rule::CHANNELS;

acts! {
    /// Money comes in for a wallet.
    30 TopUp "top_up" None {
        /// Whose wallet.
        party: u128 = must Form::Id,
        /// Of the amount.
        ledger: u32 = must Form::Ledger,
        /// How much.
        amount: u128 = must Form::Amount,
        /// By bank, or by card, where the scheme owes it first. Not from a wallet.
        funding: u8 = must Form::Name(FUNDINGS),
        /// By which way; nothing is said where it is left away.
        channel: u8 = may Form::Name(CHANNELS),
    }

    /// Money of a wallet goes to its owner's bank.
    31 Withdraw "withdraw" None {
        /// Whose wallet.
        party: u128 = must Form::Id,
        /// Of the amount.
        ledger: u32 = must Form::Ledger,
        /// How much.
        amount: u128 = must Form::Amount,
        /// A fee that the owner pays beside it; 0 is none.
        fee: u128 = may Form::Id,
        /// By which way; nothing is said where it is left away.
        channel: u8 = may Form::Name(CHANNELS),
    }

    /// Pays from one party to another: to the seller's account of a merchant, to the wallet of
    /// anybody else.
    32 Pay "pay" None {
        /// Who pays.
        payer: u128 = must Form::Id,
        /// Who is paid.
        payee: u128 = must Form::Id,
        /// Of the amount.
        ledger: u32 = must Form::Ledger,
        /// How much.
        amount: u128 = must Form::Amount,
        /// A fee on it; 0 is none.
        fee: u128 = may Form::Id,
        /// Where the money comes from; the wallet where nothing is said.
        funding: u8 = may Form::Name(FUNDINGS),
        /// By which way; nothing is said where it is left away.
        channel: u8 = may Form::Name(CHANNELS),
    }

    /// Pays to several at once, all or none.
    33 PaySplit "pay_split" Shares {
        /// Who pays.
        payer: u128 = must Form::Id,
        /// Of the amounts.
        ledger: u32 = must Form::Ledger,
        /// By which way; nothing is said where it is left away.
        channel: u8 = may Form::Name(CHANNELS),
    }

    /// Pays to one who is going to share it out: it is kept apart until then, at most 180 days.
    34 PayShared "pay_shared" None {
        /// Who pays.
        payer: u128 = must Form::Id,
        /// Who is paid.
        payee: u128 = must Form::Id,
        /// Of the amount.
        ledger: u32 = must Form::Ledger,
        /// How much.
        amount: u128 = must Form::Amount,
        /// A fee on it, which the payee bears; 0 is none.
        fee: u128 = may Form::Id,
        /// How much of it may be shared out; 30 % where nothing is said.
        share_limit: u32 = may Form::Millionths,
    }

    /// Shares out what was paid so, to at most 50 in all.
    35 Share "share" Shares {
        /// Of the amounts: the payment's.
        ledger: u32 = must Form::Ledger,
        /// Which payment.
        payment: u128 = must Form::Id,
    }

    /// Ends the sharing: what is left is the payee's.
    36 ShareFinish "share_finish" None {
        /// Which payment.
        payment: u128 = must Form::Id,
    }

    /// Pays back a payment or a part of it; as often as one likes, never above what is left.
    37 Refund "refund" None {
        /// Which payment.
        payment: u128 = must Form::Id,
        /// Of the amount: the payment's.
        ledger: u32 = must Form::Ledger,
        /// How much.
        amount: u128 = must Form::Amount,
    }

    /// Holds money of a wallet for somebody.
    38 HoldMake "hold" None {
        /// Whose money.
        payer: u128 = must Form::Id,
        /// For whom.
        payee: u128 = must Form::Id,
        /// Of the amount.
        ledger: u32 = must Form::Ledger,
        /// How much.
        amount: u128 = must Form::Amount,
        /// For how long; 0 until it is released.
        seconds: u32 = may Form::Seconds,
        /// By which way; nothing is said where it is left away.
        channel: u8 = may Form::Name(CHANNELS),
    }

    /// Takes some of what is held; as often as one likes, up to what is held.
    39 Capture "capture" None {
        /// Which hold.
        hold: u128 = must Form::Id,
        /// Of the amount: the hold's.
        ledger: u32 = must Form::Ledger,
        /// How much.
        amount: u128 = must Form::Amount,
    }

    /// Lets go what is held still.
    40 Release "release" None {
        /// Which hold.
        hold: u128 = must Form::Id,
    }

    /// Asks to be paid; whoever has the link can pay.
    41 RequestMake "request" None {
        /// Who wants to be paid.
        payee: u128 = must Form::Id,
        /// Who is to pay; 0 is anyone.
        payer: u128 = may Form::Id,
        /// Of the amount.
        ledger: u32 = must Form::Ledger,
        /// How much.
        amount: u128 = must Form::Amount,
        /// How long the link holds; 0 until it is cancelled.
        seconds: u32 = may Form::Seconds,
    }

    /// Pays what was requested.
    42 RequestPay "request_pay" None {
        /// Which request.
        request: u128 = must Form::Id,
        /// Who pays.
        payer: u128 = must Form::Id,
        /// By which way; nothing is said where it is left away.
        channel: u8 = may Form::Name(CHANNELS),
    }

    /// Takes a request back.
    43 RequestCancel "request_cancel" None {
        /// Which request.
        request: u128 = must Form::Id,
    }

    /// Pays on a later day, or again and again; a day without business is put off to the next
    /// that has one.
    44 ScheduleMake "schedule" None {
        /// Who pays.
        payer: u128 = must Form::Id,
        /// Who is paid.
        payee: u128 = must Form::Id,
        /// Of the amount.
        ledger: u32 = must Form::Ledger,
        /// How much each time.
        amount: u128 = must Form::Amount,
        /// Which calendar says what a business day is.
        calendar: u32 = may Form::Number,
        /// When it is paid again.
        rule: u8 = may Form::Name(SCHEDULE_RULES),
        /// How many of them lie between two payments; at least 1, except once.
        every: u16 = may Form::Number,
        /// The first day.
        first_day: u32 = must Form::Day,
        /// How many payments; 0 without end.
        runs_most: u32 = may Form::Number,
    }

    /// Ends a standing order.
    45 ScheduleCancel "schedule_cancel" None {
        /// Which one.
        schedule: u128 = must Form::Id,
    }

    /// Pays out to a merchant's bank.
    46 Payout "payout" None {
        /// Which merchant.
        party: u128 = must Form::Id,
        /// Of the amount.
        ledger: u32 = must Form::Ledger,
        /// How much.
        amount: u128 = must Form::Amount,
    }

    /// Pays out to several merchants, all or none.
    47 PayoutBatch "payout_batch" Shares {
        /// Of the amounts.
        ledger: u32 = must Form::Ledger,
    }

    /// Exchanges money of a wallet into another currency: `rate / 10^scale` of `to_ledger` for one of
    /// `ledger`, both in major units.
    48 Exchange "exchange" None {
        /// Whose wallets.
        party: u128 = must Form::Id,
        /// What is given.
        ledger: u32 = must Form::Ledger,
        /// How much is given.
        amount: u128 = must Form::Amount,
        /// What is got.
        to_ledger: u32 = must Form::Ledger,
        /// Digits of the rate.
        rate: u64 = must Form::Number,
        /// How many of them are decimal places, at most 18.
        scale: u8 = must Form::Number,
        /// How what is got is rounded; down, for the institution, where nothing is said.
        rounding: u8 = may Form::Name(ROUNDINGS),
        /// A fee beside it, in what is given; 0 is none.
        fee: u128 = may Form::Id,
    }

    /// A card scheme pays what it owes, less what it takes.
    49 SchemeSettle "scheme_settle" None {
        /// Of the amounts.
        ledger: u32 = must Form::Ledger,
        /// What it owed.
        amount: u128 = must Form::Amount,
        /// What it takes of it.
        cost: u128 = may Form::Amount,
    }

    /// Takes own money out of the client money: income that was earned.
    50 Sweep "sweep" None {
        /// Of the amount.
        ledger: u32 = must Form::Ledger,
        /// How much.
        amount: u128 = must Form::Amount,
    }

    /// Puts own money to the client money.
    51 Fund "fund" None {
        /// Of the amount.
        ledger: u32 = must Form::Ledger,
        /// How much.
        amount: u128 = must Form::Amount,
    }

    /// A card scheme takes a payment or a line of an order back.
    60 ChargebackOpen "chargeback_open" None {
        /// Of the amounts.
        ledger: u32 = must Form::Ledger,
        /// How much.
        amount: u128 = must Form::Amount,
        /// What the scheme takes for it.
        fee: u128 = may Form::Amount,
        /// The order; 0 where it is a payment.
        order: u128 = may Form::Id,
        /// Its line, from 1.
        line: u16 = may Form::Number,
        /// The payment; 0 where it is an order.
        payment: u128 = may Form::Id,
    }

    /// Gets it back from the seller: from the balance, then from what is kept back; the rest the
    /// seller owes. Of an order that was not paid in full, or came to nothing, from escrow.
    61 ChargebackRecover "chargeback_recover" None {
        /// Which chargeback.
        chargeback: u128 = must Form::Id,
    }

    /// The dispute is won: the scheme pays, and what was recovered goes back to the seller; what
    /// came from escrow, to the buyer's wallet.
    62 ChargebackWon "chargeback_won" None {
        /// Which chargeback.
        chargeback: u128 = must Form::Id,
    }

    /// The dispute is lost: what was recovered stays so.
    63 ChargebackLost "chargeback_lost" None {
        /// Which chargeback.
        chargeback: u128 = must Form::Id,
    }
}
