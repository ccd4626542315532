//! Listings, and orders up to their payment.

use model::object::{Listing, OrderLine, Party, Role};
use model::{
    Act, Command, CommandStatus as Status, Leg, ListingAdd, ListingSet, OrderPay, OrderPlace,
};

use super::payments::source;
use super::{Place, Platform, SECOND, Verdict, after, require};

/// Places of the states of a line.
pub(super) const UNPAID: u8 = 0;
pub(super) const PAID: u8 = 1;
pub(super) const SHIPPED: u8 = 2;
pub(super) const FINISHED: u8 = 3;
pub(super) const CLOSED: u8 = 4;

impl Platform {
    pub(super) fn market(&mut self, id: u128, act: &Act, legs: &[Leg]) -> Verdict {
        match act {
            Act::ListingAdd(act) => self.add_listing(act),
            Act::ListingSet(act) => self.set_listing(act),
            Act::OrderPlace(act) => self.place_order(id, act, legs),
            Act::OrderPay(act) => self.pay_order(act),
            Act::OrderShip(act) => self.ship(act),
            Act::OrderConfirm(act) => self.confirm(act.order, act.line),
            Act::OrderCancel(act) => self.cancel_order(act.order, act.line),
            Act::ClaimOpen(act) => self.open_claim(act),
            Act::ClaimDecide(act) => self.decide_claim(act),
            Act::OrderRefund(act) => self.refund_order(act),
            other => panic!("{} is not of the market", other.facts().name),
        }
    }

    fn add_listing(&mut self, act: &ListingAdd) -> Verdict {
        self.declared(act.ledger)?;
        self.merchant(act.seller)?;
        let number = self.listings().len() as u32;
        self.put(Listing {
            number,
            seller: act.seller,
            ledger: act.ledger,
            category: act.category,
            price: act.price,
            stock: act.stock,
            text: act.text,
            ..Listing::default()
        });
        Ok(())
    }

    fn set_listing(&mut self, act: &ListingSet) -> Verdict {
        require(act.state < 2, Status::ValueOutOfRange)?;
        let listing: Listing = self
            .find((act.listing.into(), 0))
            .ok_or(Status::ListingNotFound)?;
        require(listing.ledger == act.ledger, Status::LedgersDiffer)?;
        self.put(Listing {
            price: act.price,
            stock: act.stock,
            state: act.state,
            text: act.text,
            ..listing
        });
        Ok(())
    }

    fn place_order(&mut self, id: u128, act: &OrderPlace, legs: &[Leg]) -> Verdict {
        for (number, leg) in (1..).zip(legs) {
            let terms = self.check_line(act, leg)?;
            let mut line = OrderLine {
                order: id,
                line: number,
                lines: legs.len() as u16,
                buyer: act.buyer,
                seller: leg.party,
                ledger: act.ledger,
                amount: leg.amount,
                listing: leg.listing,
                quantity: leg.quantity,
                delivery: act.delivery,
                commission_rate: terms.commission,
                reserve_rate: terms.reserve,
                reserve_days: terms.reserve_days,
                ..OrderLine::default()
            };
            if act.pay == 1 {
                let wallet = (Role::Wallet, act.buyer, act.ledger);
                self.post(wallet, escrow(&line), leg.amount)?;
                self.paid(&mut line, leg.amount);
            } else {
                let seconds = if act.seconds == 0 {
                    86_400
                } else {
                    act.seconds
                };
                line.deadline = after(self.now, seconds.into());
            }
            self.move_stock(&line, -1);
            self.put(line);
        }
        Ok(())
    }

    /// Whether a line may be placed, money aside; by which terms.
    fn check_line(&self, act: &OrderPlace, leg: &Leg) -> Verdict<Party> {
        require(leg.amount > 0, Status::AmountMustNotBeZero)?;
        let named = act.pay < 2 && act.delivery < 5;
        let counted = (leg.listing > 0) == (leg.quantity > 0);
        require(named && counted, Status::ValueOutOfRange)?;
        require(act.buyer != leg.party, Status::PartiesMustBeDifferent)?;
        self.declared(act.ledger)?;
        let listing = match leg.listing.checked_sub(1) {
            Some(number) => Some(self.offered(number, act.ledger, leg)?),
            None => None,
        };
        self.active(act.buyer)?;
        let terms = self.merchant(leg.party)?;
        let enough = listing.is_none_or(|listing| listing.stock >= leg.quantity);
        require(enough, Status::OutOfStock)?;
        Ok(terms)
    }

    /// The listing of a line, where it is what the line says.
    fn offered(&self, number: u32, ledger: u32, leg: &Leg) -> Verdict<Listing> {
        let listing: Option<Listing> = self.find((number.into(), 0));
        let listing = listing.ok_or(Status::ListingNotFound)?;
        require(listing.state == 0, Status::ListingWithdrawn)?;
        let same = listing.seller == leg.party && listing.ledger == ledger;
        require(same, Status::ListingOfOther)?;
        let price = u128::from(listing.price) * u128::from(leg.quantity);
        require(price == leg.amount, Status::ListingPriceDiffers)?;
        Ok(listing)
    }

    /// Whether an order that was placed before is the one that is asked for, so far as its lines
    /// tell still: not how long it might have stayed unpaid, and that it was to be paid at once
    /// only while it is not paid.
    pub(super) fn is_same_order(&self, before: &Command, now: &Command) -> bool {
        let (Act::OrderPlace(one), Act::OrderPlace(other)) = (before.act, now.act) else {
            return false;
        };
        let lines = self.order(before.id).unwrap_or_default();
        let paid = lines.iter().all(|line| line.paid == line.amount);
        (one.buyer, one.ledger) == (other.buyer, other.ledger)
            && before.legs == now.legs
            && (other.pay != 1 || paid)
    }

    /// Enters what was paid into escrow for a line.
    fn paid(&self, line: &mut OrderLine, amount: u128) {
        line.paid += amount;
        line.held += amount;
        if line.paid < line.amount {
            return;
        }
        line.paid_at = self.now;
        if line.delivery == 0 {
            (line.state, line.deadline) = (PAID, 0);
        } else {
            line.state = SHIPPED;
            line.deadline = self.now + confirms_within(line.delivery);
        }
    }

    fn pay_order(&mut self, act: &OrderPay) -> Verdict {
        require(act.amount > 0, Status::AmountMustNotBeZero)?;
        require(act.funding < 3, Status::ValueOutOfRange)?;
        let lines = self.lines(act.order, act.ledger)?;
        self.active(lines[0].buyer)?;
        let unpaid: Vec<_> = lines.into_iter().filter(|l| l.state == UNPAID).collect();
        require(!unpaid.is_empty(), Status::OrderNotPayable)?;
        let due = |line: &OrderLine| line.amount - line.paid;
        let sum = unpaid
            .iter()
            .try_fold(0u128, |sum, line| sum.checked_add(due(line)));
        require(act.amount <= sum.unwrap_or(u128::MAX), Status::ExceedsDue)?;
        let mut left = act.amount;
        for mut line in unpaid {
            let part = left.min(due(&line));
            if part == 0 {
                break;
            }
            left -= part;
            let from = source(act.funding, line.buyer, line.ledger);
            self.post(from, escrow(&line), part)?;
            self.paid(&mut line, part);
            self.put(line);
        }
        Ok(())
    }

    /// The lines of an order.
    pub(super) fn order(&self, order: u128) -> Verdict<Vec<OrderLine>> {
        let all: Vec<OrderLine> = self.things.all();
        let lines: Vec<_> = all.into_iter().filter(|l| l.order == order).collect();
        require(!lines.is_empty(), Status::OrderNotFound)?;
        Ok(lines)
    }

    /// The lines of an order whose ledger has to be the one that is named.
    fn lines(&self, order: u128, ledger: u32) -> Verdict<Vec<OrderLine>> {
        let lines = self.order(order)?;
        require(lines[0].ledger == ledger, Status::LedgersDiffer)?;
        Ok(lines)
    }

    /// One line of an order.
    pub(super) fn line(&self, order: u128, line: u16, ledger: u32) -> Verdict<OrderLine> {
        let found: Option<OrderLine> = self.find((order, line.into()));
        let line = found.ok_or(Status::OrderNotFound)?;
        require(line.ledger == ledger, Status::LedgersDiffer)?;
        Ok(line)
    }

    /// Takes a line's goods out of the stock (-1), or puts them back (1).
    pub(super) fn move_stock(&mut self, line: &OrderLine, sign: i64) {
        let Some(number) = line.listing.checked_sub(1) else {
            return;
        };
        let listing: Option<Listing> = self.find((number.into(), 0));
        let listing = listing.expect("a line names a listing that is there");
        let stock = i64::from(listing.stock) + sign * i64::from(line.quantity);
        let stock = u32::try_from(stock.min(u32::MAX.into())).expect("it was looked at");
        self.put(Listing { stock, ..listing });
    }
}

pub(super) fn escrow(line: &OrderLine) -> Place {
    (Role::Escrow, 0, line.ledger)
}

/// How long the buyer has to confirm, in nanoseconds.
pub(super) fn confirms_within(delivery: u8) -> u64 {
    let days = [0, 1, 3, 10, 30][usize::from(delivery)];
    days * 86_400 * SECOND
}
