//! Acts of the marketplace, and gifts.

use super::acts;
use crate::form::Form;
use crate::object::{DELIVERIES, FUNDINGS, GIFT_KINDS, LISTING_STATES};
use crate::rule::CHANNELS;

acts! {
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
        /// By which way; nothing is said where it is left away.
        channel: u8 = may Form::Name(CHANNELS),
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
        /// By which way; nothing is said where it is left away.
        channel: u8 = may Form::Name(CHANNELS),
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
