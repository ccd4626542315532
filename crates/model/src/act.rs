//! What can be asked of the platform: acts, and the command that asks for one.

use crate::form::{Field, Form};
use crate::object::{
    ACCOUNT_CLASSES, BEARERS, DELIVERIES, FUNDINGS, GIFT_KINDS, LISTING_STATES, PARTY_KINDS,
    PARTY_STATES, PRESENCE, REASONS, ROLES, ROUNDINGS, SCHEDULE_RULES,
};

/// A wish: one act under the caller's id. It is never logged; what it comes to is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Command {
    /// Chosen by the caller, the key of idempotency; neither 0 nor 2^128-1. What the act makes
    /// has this id as well.
    pub id: u128,
    /// What is asked.
    pub act: Act,
    /// The parts of an act that has several, of those that take any.
    pub legs: Vec<Leg>,
}

/// One part of an act: a share of a payment, a payout of a batch, a line of an order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Leg {
    /// Who gets the money; of an order's line, who sells.
    pub party: u128,
    /// How much, in minor units.
    pub amount: u128,
    /// Of an order's line: number of the listing and 1; 0 where it is of none.
    pub listing: u32,
    /// Of an order's line: how many; 0 where it is of no listing.
    pub quantity: u32,
}

/// Whether an act has parts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Legs {
    /// None.
    None,
    /// At least one, of a party and an amount.
    Shares,
    /// At least one, of a seller, an amount, and a listing and a quantity where it is of one.
    Lines,
}

/// What there is to know of an act.
#[derive(Clone, Copy, Debug)]
pub struct ActFacts {
    /// Its number.
    pub number: u16,
    /// Its name in text.
    pub name: &'static str,
    /// Whether it has parts.
    pub legs: Legs,
    /// Its fields, in order.
    pub fields: &'static [Field],
    /// What it does, in a sentence or two.
    pub doc: &'static str,
}

/// Makes the acts from their table: number, name, name in text, parts, fields.
macro_rules! acts {
    ($(
        $(#[doc = $doc:literal])*
        $number:literal $name:ident $text:literal $legs:ident {
            $($(#[$field_doc:meta])* $field:ident: $type:ty = $need:ident $form:expr,)*
        }
    )*) => {
        $(
            $(#[doc = $doc])*
            #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
            pub struct $name {
                $($(#[$field_doc])* pub $field: $type,)*
            }

            impl $name {
                /// Number of the act.
                pub const NUMBER: u16 = $number;
            }

            impl From<$name> for Act {
                fn from(act: $name) -> Self {
                    Self::$name(act)
                }
            }
        )*

        /// Any act.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Act {
            $($(#[doc = $doc])* $name($name),)*
        }

        impl Act {
            /// All there are, by number.
            pub const ALL: &[ActFacts] = &[$(ActFacts {
                number: $number,
                name: $text,
                legs: Legs::$legs,
                fields: &[$(Field {
                    name: stringify!($field),
                    form: $form,
                    bits: <$type>::BITS,
                    required: need!($need),
                },)*],
                doc: concat!($($doc,)*),
            },)*];

            /// Its number.
            pub const fn number(&self) -> u16 {
                match self { $(Self::$name(_) => $number,)* }
            }

            /// The values of its fields, in order.
            pub fn values(&self) -> Vec<u128> {
                match self { $(Self::$name(act) => vec![$(u128::from(act.$field),)*],)* }
            }

            /// The act with this number and these values of its fields, in order; `None` where no
            /// act has it, or a value does not fit its field.
            pub fn from_values(number: u16, values: &[u128]) -> Option<Self> {
                let mut values = values.iter().copied();
                let act = match number {
                    $($number => Self::$name($name {
                        $($field: values.next()?.try_into().ok()?,)*
                    }),)*
                    _ => return None,
                };
                values.next().is_none().then_some(act)
            }
        }
    };
}

/// Whether an act has to bring a field.
macro_rules! need {
    (must) => {
        true
    };
    (may) => {
        false
    };
}

acts! {
    /// Adds a line to the chart of accounts, or changes it; code and role stay.
    1 ChartLineSet "chart_line_set" None {
        /// Of the accounts of this line; not 0.
        code: u16 = must Form::Number,
        /// What kind of account.
        class: u8 = must Form::Name(ACCOUNT_CLASSES),
        /// What commands use it for.
        role: u8 = may Form::Name(ROLES),
        /// The line that sums it up.
        parent: u16 = may Form::Number,
        /// Flags of its accounts, by bit, as in `Account::flags`.
        flags: u16 = may Form::Number,
        /// Its name.
        name: u128 = must Form::Text,
        /// The rest of its name.
        name_more: u128 = may Form::Text,
    }

    /// Opens a party.
    2 PartyOpen "party_open" None {
        /// Chosen by the caller; opaque.
        party: u128 = must Form::Id,
        /// What it is.
        kind: u8 = must Form::Name(PARTY_KINDS),
        /// How well it was identified, 1 to 3.
        tier: u8 = may Form::Number,
        /// Of a merchant: the commission on what it sells.
        commission: u32 = may Form::Millionths,
        /// Of a merchant: how much of what it sells is kept back.
        reserve: u32 = may Form::Millionths,
        /// Of a merchant: for how many days.
        reserve_days: u16 = may Form::Number,
    }

    /// Says how well a party was identified.
    3 PartyTier "party_tier" None {
        /// Which party.
        party: u128 = must Form::Id,
        /// 1, 2 or 3; 0 not at all.
        tier: u8 = must Form::Number,
    }

    /// Freezes a party, sets it free, or closes it for ever, which needs all its accounts at zero.
    4 PartyState "party_state" None {
        /// Which party.
        party: u128 = must Form::Id,
        /// The state it comes to.
        state: u8 = must Form::Name(PARTY_STATES),
        /// Why.
        reason: u8 = may Form::Name(REASONS),
    }

    /// Agrees a merchant's terms; what was bought before keeps those of its day.
    5 PartyTerms "party_terms" None {
        /// Which merchant.
        party: u128 = must Form::Id,
        /// The commission on what it sells.
        commission: u32 = must Form::Millionths,
        /// How much of what it sells is kept back.
        reserve: u32 = may Form::Millionths,
        /// For how many days.
        reserve_days: u16 = may Form::Number,
    }

    /// Commits to the personal data that the vault has of a party.
    6 PartyVault "party_vault" None {
        /// Which party.
        party: u128 = must Form::Id,
        /// The vault's commitment.
        digest: u128 = must Form::Digest,
    }

    /// Says that the key to a party's personal data is erased.
    7 PartyErase "party_erase" None {
        /// Which party.
        party: u128 = must Form::Id,
    }

    /// Opens an account of the chart. Commands open those they need by themselves.
    8 AccountOpen "account_open" None {
        /// Whose; 0 is the institution itself.
        party: u128 = may Form::Id,
        /// Of which currency.
        ledger: u32 = must Form::Ledger,
        /// Which line of the chart.
        code: u16 = must Form::Number,
    }

    /// Closes an account of the chart for ever. It has to stand at zero, with nothing pending.
    9 AccountClose "account_close" None {
        /// Whose; 0 is the institution itself.
        party: u128 = may Form::Id,
        /// Of which currency.
        ledger: u32 = must Form::Ledger,
        /// Which line of the chart.
        code: u16 = must Form::Number,
    }

    /// Posts between two accounts of the chart whose balances nothing else has to add up to.
    10 JournalPost "journal_post" None {
        /// Of both accounts.
        ledger: u32 = must Form::Ledger,
        /// How much.
        amount: u128 = must Form::Amount,
        /// Line of the account that is debited.
        debit_code: u16 = must Form::Number,
        /// Its party; 0 is the institution itself.
        debit_party: u128 = may Form::Id,
        /// Line of the account that is credited.
        credit_code: u16 = must Form::Number,
        /// Its party; 0 is the institution itself.
        credit_party: u128 = may Form::Id,
        /// From when the money counts; 0 is from now.
        value_time: u64 = may Form::Time,
    }

    /// Agrees a fee, or changes it for the payments to come.
    11 FeeSet "fee_set" None {
        /// Which fee.
        fee: u128 = must Form::Id,
        /// Of the amounts.
        ledger: u32 = must Form::Ledger,
        /// Whatever the amount.
        flat: u128 = may Form::Amount,
        /// Share of the amount.
        rate: u32 = may Form::Millionths,
        /// At least.
        least: u128 = may Form::Amount,
        /// At most; 0 is no bound.
        most: u128 = may Form::Amount,
        /// Who bears it.
        bearer: u8 = may Form::Name(BEARERS),
        /// How a share is rounded.
        rounding: u8 = may Form::Name(ROUNDINGS),
    }

    /// Adds a tier to a fee, for amounts from `above` on, above those of the tiers before.
    12 FeeTierAdd "fee_tier_add" None {
        /// Which fee.
        fee: u128 = must Form::Id,
        /// Of the amounts: the fee's.
        ledger: u32 = must Form::Ledger,
        /// The least amount that falls in it.
        above: u128 = must Form::Amount,
        /// In place of the fee's own.
        flat: u128 = may Form::Amount,
        /// In place of the fee's own.
        rate: u32 = may Form::Millionths,
    }

    /// Says when an institution does business.
    13 CalendarSet "calendar_set" None {
        /// Which calendar; 0 is the institution's own.
        calendar: u32 = may Form::Number,
        /// Seconds that its days begin before those of UTC, plus 86,400: 86,400 is UTC.
        offset: u32 = must Form::Number,
        /// Days of the week without business.
        weekend: u8 = may Form::Flags(&["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]),
    }

    /// Makes a day one without business, or takes that back.
    14 HolidaySet "holiday_set" None {
        /// Which calendar.
        calendar: u32 = may Form::Number,
        /// Which day.
        day: u32 = must Form::Day,
        /// Whether it is one.
        state: u8 = may Form::Name(PRESENCE),
    }

    /// Closes a business day of the institution, which has ended by its calendar. Days are closed
    /// in order; what is posted later, whatever its value date, belongs to a later day.
    15 DayClose "day_close" None {
        /// Which day.
        day: u32 = must Form::Day,
    }

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
    }

    /// Pays to several at once, all or none.
    33 PaySplit "pay_split" Shares {
        /// Who pays.
        payer: u128 = must Form::Id,
        /// Of the amounts.
        ledger: u32 = must Form::Ledger,
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

    /// Exchanges money of a wallet into another currency: `rate / 10^scale` units of `to_ledger`
    /// for one of `ledger`, both in major units of two decimal places less or more as declared.
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
    /// seller owes.
    61 ChargebackRecover "chargeback_recover" None {
        /// Which chargeback.
        chargeback: u128 = must Form::Id,
    }

    /// The dispute is won: the scheme pays, and what was recovered goes back to the seller.
    62 ChargebackWon "chargeback_won" None {
        /// Which chargeback.
        chargeback: u128 = must Form::Id,
    }

    /// The dispute is lost: what was recovered stays so.
    63 ChargebackLost "chargeback_lost" None {
        /// Which chargeback.
        chargeback: u128 = must Form::Id,
    }

    /// Offers something for sale; the books give it a number.
    70 ListingAdd "listing_add" None {
        /// Who offers it.
        seller: u128 = must Form::Id,
        /// Of the price.
        ledger: u32 = must Form::Ledger,
        /// What kind of thing it is; the caller's own numbers.
        category: u32 = may Form::Number,
        /// For one.
        price: u64 = must Form::Amount,
        /// How many there are.
        stock: u32 = must Form::Number,
        /// Commits to its text.
        text: u128 = may Form::Digest,
    }

    /// Changes a listing.
    71 ListingSet "listing_set" None {
        /// Which one.
        listing: u32 = must Form::Number,
        /// Of the price: the listing's.
        ledger: u32 = must Form::Ledger,
        /// For one.
        price: u64 = must Form::Amount,
        /// How many there are.
        stock: u32 = must Form::Number,
        /// Whether it is offered.
        state: u8 = may Form::Name(LISTING_STATES),
        /// Commits to its text.
        text: u128 = may Form::Digest,
    }

    /// Orders, of one or several sellers, and pays from the wallet into escrow where `pay` says so.
    72 OrderPlace "order_place" Lines {
        /// Who buys.
        buyer: u128 = must Form::Id,
        /// Of the amounts.
        ledger: u32 = must Form::Ledger,
        /// Whether it is paid from the wallet at once, or later.
        pay: u8 = may Form::Name(&["later", "now"]),
        /// How long it may stay unpaid; 0 is a day.
        seconds: u32 = may Form::Seconds,
        /// Where the goods are delivered as they are paid: how. Others are shipped later.
        delivery: u8 = may Form::Name(DELIVERIES),
    }

    /// Pays an order, or a part of it, into escrow: line by line, in order.
    73 OrderPay "order_pay" None {
        /// Which order.
        order: u128 = must Form::Id,
        /// Of the amount: the order's.
        ledger: u32 = must Form::Ledger,
        /// How much.
        amount: u128 = must Form::Amount,
        /// Where the money comes from; the wallet where nothing is said.
        funding: u8 = may Form::Name(FUNDINGS),
    }

    /// The goods are on their way.
    74 OrderShip "order_ship" None {
        /// Which order.
        order: u128 = must Form::Id,
        /// Which line, from 1; 0 is all that wait for it.
        line: u16 = may Form::Number,
        /// How.
        delivery: u8 = must Form::Name(DELIVERIES),
    }

    /// The buyer has the goods: the seller gets the money, less commission and reserve.
    75 OrderConfirm "order_confirm" None {
        /// Which order.
        order: u128 = must Form::Id,
        /// Which line, from 1; 0 is all that wait for it.
        line: u16 = may Form::Number,
    }

    /// Ends lines that are not shipped; what was paid goes back to the buyer.
    76 OrderCancel "order_cancel" None {
        /// Which order.
        order: u128 = must Form::Id,
        /// Which line, from 1; 0 is all that can be.
        line: u16 = may Form::Number,
    }

    /// The buyer wants money back: not shipped within 24 hours, or not as it should be. The timer
    /// stops.
    77 ClaimOpen "claim_open" None {
        /// Which order.
        order: u128 = must Form::Id,
        /// Which line, from 1.
        line: u16 = must Form::Number,
        /// Of the amount: the order's.
        ledger: u32 = must Form::Ledger,
        /// How much.
        amount: u128 = must Form::Amount,
        /// Commits to what the buyer shows for it.
        evidence: u128 = may Form::Digest,
    }

    /// Decides a claim: so much goes back to the buyer, the rest goes on.
    78 ClaimDecide "claim_decide" None {
        /// Which order.
        order: u128 = must Form::Id,
        /// Which line, from 1.
        line: u16 = must Form::Number,
        /// Of the amount: the order's.
        ledger: u32 = must Form::Ledger,
        /// How much; 0 rejects the claim.
        amount: u128 = must Form::Amount,
    }

    /// Pays back a line that the seller has the money of, or a part of it.
    79 OrderRefund "order_refund" None {
        /// Which order.
        order: u128 = must Form::Id,
        /// Which line, from 1.
        line: u16 = must Form::Number,
        /// Of the amount: the order's.
        ledger: u32 = must Form::Ledger,
        /// How much.
        amount: u128 = must Form::Amount,
    }

    /// Sends a gift, for the first so many to claim.
    90 GiftSend "gift_send" None {
        /// Who gives.
        sender: u128 = must Form::Id,
        /// Of the amount.
        ledger: u32 = must Form::Ledger,
        /// How much in all.
        amount: u128 = must Form::Amount,
        /// How it is divided.
        kind: u8 = may Form::Name(GIFT_KINDS),
        /// In how many parts.
        parts: u16 = must Form::Number,
        /// How long it may be claimed; 0 is a day.
        seconds: u32 = may Form::Seconds,
        /// 16 random bytes for the draw; secret until the gift has ended. Never sent back.
        seed: u128 = must Form::Digest,
    }

    /// Claims a part of a gift.
    91 GiftTake "gift_claim" None {
        /// Which gift.
        gift: u128 = must Form::Id,
        /// Who claims.
        party: u128 = must Form::Id,
    }
}

impl Act {
    /// What there is to know of it.
    pub fn facts(&self) -> &'static ActFacts {
        let facts = ActFacts::numbered(self.number());
        facts.expect("every act stands in the table")
    }
}

impl ActFacts {
    /// Those of the act with this number.
    pub fn numbered(number: u16) -> Option<&'static Self> {
        let place = Act::ALL.binary_search_by_key(&number, |facts| facts.number);
        place.ok().map(|place| &Act::ALL[place])
    }

    /// Those of the act with this name.
    pub fn named(name: &str) -> Option<&'static Self> {
        Act::ALL.iter().find(|facts| facts.name == name)
    }
}

impl Command {
    /// The canonical bytes of what is asked, which its digest is made of: the number of the act and
    /// the count of its legs (2 bytes each), the values of its fields and of its legs (16 bytes
    /// each), little-endian.
    pub fn canonical(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(64 + 64 * self.legs.len());
        bytes.extend(self.act.number().to_le_bytes());
        bytes.extend((self.legs.len() as u16).to_le_bytes());
        for value in self.act.values() {
            bytes.extend(value.to_le_bytes());
        }
        for leg in &self.legs {
            let numbers = [leg.listing.into(), leg.quantity.into()];
            for value in [leg.party, leg.amount].into_iter().chain(numbers) {
                bytes.extend(u128::to_le_bytes(value));
            }
        }
        bytes
    }
}

#[cfg(test)]
mod tests {
    use super::{Act, ActFacts};

    #[test]
    fn acts_come_back_from_their_values() {
        for facts in Act::ALL {
            let values: Vec<u128> = (1..).take(facts.fields.len()).collect();
            let act = Act::from_values(facts.number, &values).expect("small values fit");
            assert_eq!((act.number(), act.values()), (facts.number, values.clone()));
            assert_eq!(act.facts().name, facts.name);
            assert_eq!(
                ActFacts::named(facts.name).map(|f| f.number),
                Some(facts.number)
            );
            assert_eq!(Act::from_values(facts.number, &values[1..]), None);
        }
        assert_eq!(Act::from_values(0, &[]), None);
    }
}
