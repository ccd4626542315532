//! The marketplace: listings, the lines of orders, what is kept back from sellers.

use super::{Life, named, objects};
use crate::form::Form;

/// Names of the states of a listing.
pub const LISTING_STATES: &[&str] = &["offered", "withdrawn"];

/// Makes the enum of the states of an order's line and their names.
macro_rules! states {
    ($($(#[$doc:meta])* $name:ident $text:literal,)*) => {
        /// How far a line of an order is. Names as the platform of the story uses them.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        #[repr(u8)]
        pub enum LineState {
            $($(#[$doc])* $name,)*
        }

        /// Names of the states of a line.
        pub const LINE_STATES: &[&str] = &[$($text,)*];

        impl LineState {
            /// All of them, by number.
            pub const ALL: &[Self] = &[$(Self::$name,)*];

            /// Its name.
            pub const fn name(self) -> &'static str {
                LINE_STATES[self as usize]
            }
        }
    };
}

states! {
    /// Made, and not paid in full.
    WaitBuyerPay "wait_buyer_pay",
    /// Paid into escrow.
    WaitSellerSendGoods "wait_seller_send_goods",
    /// Shipped.
    WaitBuyerConfirmGoods "wait_buyer_confirm_goods",
    /// Confirmed, by the buyer or by time; the seller has the money.
    TradeFinished "trade_finished",
    /// Ended without a sale: not paid, cancelled, refunded in full.
    TradeClosed "trade_closed",
}

/// How goods come to the buyer, which says how long the buyer has to confirm: automatic delivery
/// 1 day, virtual goods 3, express 10, surface post 30.
pub const DELIVERIES: &[&str] = &["none", "automatic", "virtual", "express", "surface"];

/// Names of the states of a buyer's claim.
pub const CLAIM_STATES: &[&str] = &["none", "open", "granted", "rejected"];

objects! {
    /// Something offered for sale. What it is called is in the catalogue.
    40 Listing "listing" [number] {
        /// Given by the books: 0, 1, 2 and so on.
        number: u32 = Form::Number,
        /// Who offers it.
        seller: u128 = Form::Id,
        /// Of the price.
        ledger: u32 = Form::Ledger,
        /// What kind of thing it is; the caller's own numbers.
        category: u32 = Form::Number,
        /// For one.
        price: u64 = Form::Amount,
        /// How many there are.
        stock: u32 = Form::Number,
        /// See [`LISTING_STATES`].
        state: u8 = Form::Name(LISTING_STATES),
        /// Commits to its text in the catalogue.
        text: u128 = Form::Digest,
    }

    /// One line of an order: what one buyer buys from one seller.
    41 OrderLine "order_line" [order, line] {
        /// Of the command that made the order.
        order: u128 = Form::Id,
        /// From 1.
        line: u16 = Form::Number,
        /// How many lines the order has.
        lines: u16 = Form::Number,
        /// Who buys.
        buyer: u128 = Form::Id,
        /// Who sells.
        seller: u128 = Form::Id,
        /// Of the amounts.
        ledger: u32 = Form::Ledger,
        /// What it costs.
        amount: u128 = Form::Amount,
        /// What was paid into escrow for it; not what a card scheme took back before all was paid.
        paid: u128 = Form::Amount,
        /// What escrow holds for it still.
        held: u128 = Form::Amount,
        /// What was paid back to the buyer, before and after the seller got the money; of a closed
        /// line what the card scheme paid back too.
        refunded: u128 = Form::Amount,
        /// The commission that was taken of it, and not given back.
        commission: u128 = Form::Amount,
        /// Number of the listing and 1; 0 where it is of none.
        listing: u32 = Form::Number,
        /// How many.
        quantity: u32 = Form::Number,
        /// See [`LineState`].
        state: u8 = Form::Name(LINE_STATES),
        /// See [`DELIVERIES`].
        delivery: u8 = Form::Name(DELIVERIES),
        /// See [`CLAIM_STATES`].
        claim: u8 = Form::Name(CLAIM_STATES),
        /// What the buyer claims back.
        claimed: u128 = Form::Amount,
        /// Commits to what the buyer shows for it.
        evidence: u128 = Form::Digest,
        /// When it was paid in full; 0 before.
        paid_at: u64 = Form::Time,
        /// When time brings it on: unpaid, it is closed; shipped, it is confirmed. 0 never.
        deadline: u64 = Form::Time,
        /// Time that was left when a claim stopped the timer, in nanoseconds.
        remaining: u64 = Form::Number,
        /// What of the line is in dispute, or was sold and taken back by the buyer's card scheme.
        disputed: u128 = Form::Amount,
        /// What went out of escrow to the seller's side, commission and reserve with it; 0 before.
        released: u128 = Form::Amount,
        /// The seller's terms as the line was ordered: the commission.
        commission_rate: u32 = Form::Millionths,
        /// How much is kept back.
        reserve_rate: u32 = Form::Millionths,
        /// For how many days.
        reserve_days: u16 = Form::Number,
    }

    /// What is kept back from a seller of one line of an order.
    42 Reserve "reserve" [order, line] {
        /// The order.
        order: u128 = Form::Id,
        /// The line.
        line: u16 = Form::Number,
        /// Whose.
        seller: u128 = Form::Id,
        /// Of the amount.
        ledger: u32 = Form::Ledger,
        /// What is kept back still.
        amount: u128 = Form::Amount,
        /// When the seller gets it.
        deadline: u64 = Form::Time,
    }
}

impl Life for Listing {
    fn is_sound(&self) -> bool {
        self.seller != 0 && self.ledger != 0 && named(self.state, LISTING_STATES)
    }
}

impl OrderLine {
    /// How far it is.
    pub fn state(&self) -> LineState {
        let state = LineState::ALL.get(usize::from(self.state));
        state.copied().unwrap_or(LineState::TradeClosed)
    }
}

impl Life for OrderLine {
    fn is_sound(&self) -> bool {
        self.order != 0
            && (1..=self.lines).contains(&self.line)
            && named(self.state, LINE_STATES)
            && named(self.delivery, DELIVERIES)
            && named(self.claim, CLAIM_STATES)
            && self.held <= self.paid
            && self.paid <= self.amount
            && self.refunded <= self.paid
            && self.disputed <= self.paid
            && self.released <= self.paid
            && self.commission_rate <= 1_000_000
            && self.reserve_rate <= 1_000_000
            && (self.is_open() || self.held == 0)
    }

    fn is_open(&self) -> bool {
        self.state < LineState::TradeFinished as u8
    }

    fn deadline(&self) -> Option<u64> {
        (self.deadline != 0).then_some(self.deadline)
    }
}

impl Life for Reserve {
    fn is_sound(&self) -> bool {
        self.order != 0
    }

    fn is_open(&self) -> bool {
        self.amount > 0
    }

    fn deadline(&self) -> Option<u64> {
        Some(self.deadline)
    }
}
