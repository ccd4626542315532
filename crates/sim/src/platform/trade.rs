//! Orders that are paid: shipped, confirmed, cancelled, claimed, paid back.

use model::object::{OrderLine, Reserve, Role};
use model::{ClaimDecide, ClaimOpen, CommandStatus as Status, OrderRefund, OrderShip};

use super::exact::portion;
use super::market::{CLOSED, FINISHED, PAID, SHIPPED, UNPAID, confirms_within, escrow};
use super::{DAY, Platform, Verdict, add, require};

/// The state of a buyer's claim that is open.
const OPEN: u8 = 1;

impl Platform {
    /// Does `one` to the line with this number; to all lines that `can` where it is 0.
    fn each(
        &mut self,
        (order, number): (u128, u16),
        can: fn(&OrderLine) -> Verdict,
        one: impl Fn(&mut Self, OrderLine) -> Verdict,
    ) -> Verdict {
        let lines = self.order(order)?;
        if number > 0 {
            let line = lines.into_iter().find(|line| line.line == number);
            let line = line.ok_or(Status::OrderNotFound)?;
            can(&line)?;
            return one(self, line);
        }
        let first = can(&lines[0]);
        let fit: Vec<_> = lines.into_iter().filter(|l| can(l).is_ok()).collect();
        if fit.is_empty() {
            return first;
        }
        fit.into_iter().try_for_each(|line| one(self, line))
    }

    pub(super) fn ship(&mut self, act: &OrderShip) -> Verdict {
        require((1..5).contains(&act.delivery), Status::ValueOutOfRange)?;
        let can = |line: &OrderLine| {
            require(line.state != UNPAID, Status::OrderNotPaid)?;
            require(line.state == PAID, Status::OrderNotShippable)?;
            require(line.claim != OPEN, Status::ClaimIsOpen)
        };
        self.each((act.order, act.line), can, |platform, line| {
            platform.put(OrderLine {
                state: SHIPPED,
                delivery: act.delivery,
                deadline: platform.now + confirms_within(act.delivery),
                ..line
            });
            Ok(())
        })
    }

    pub(super) fn confirm(&mut self, order: u128, line: u16) -> Verdict {
        let can = |line: &OrderLine| {
            match line.state {
                UNPAID => return Err(Status::OrderNotPaid),
                PAID => return Err(Status::OrderNotShipped),
                FINISHED => return Err(Status::OrderFinished),
                CLOSED => return Err(Status::OrderClosed),
                _ => {}
            }
            require(line.claim != OPEN, Status::ClaimIsOpen)
        };
        self.each((order, line), can, Self::settle)
    }

    /// Section 1: the seller gets what escrow holds, less commission and reserve; what it owes is
    /// taken of that (section 4).
    pub(super) fn settle(&mut self, line: OrderLine) -> Verdict {
        let (ledger, held) = (line.ledger, line.held);
        let seller = (Role::Seller, line.seller, ledger);
        let commission = commission_of(&line, held);
        let kept = portion(held, line.reserve_rate.into(), 1_000_000);
        self.post(escrow(&line), seller, held - commission)?;
        self.post(escrow(&line), (Role::Commission, 0, ledger), commission)?;
        self.post(seller, (Role::Reserve, line.seller, ledger), kept)?;
        if kept > 0 {
            self.put(Reserve {
                order: line.order,
                line: line.line,
                seller: line.seller,
                ledger,
                amount: kept,
                deadline: self.now + u64::from(line.reserve_days) * DAY,
                ..Reserve::default()
            });
        }
        self.put(OrderLine {
            held: 0,
            released: held,
            commission,
            state: FINISHED,
            deadline: 0,
            remaining: 0,
            ..line
        });
        self.repay(line.seller, ledger)
    }

    /// What a seller owes is taken of what it has.
    fn repay(&mut self, seller: u128, ledger: u32) -> Verdict {
        let owes = (Role::SellerReceivable, seller, ledger);
        let has = (Role::Seller, seller, ledger);
        let amount = self.sides(owes).owed().min(self.sides(has).available());
        self.post(has, owes, amount)?;
        self.cash_out(ledger, amount)
    }

    pub(super) fn release_reserve(&mut self, reserve: Reserve) -> Verdict {
        let from = (Role::Reserve, reserve.seller, reserve.ledger);
        let to = (Role::Seller, reserve.seller, reserve.ledger);
        self.post(from, to, reserve.amount)?;
        self.put(Reserve {
            amount: 0,
            ..reserve
        });
        Ok(())
    }

    pub(super) fn cancel_order(&mut self, order: u128, line: u16) -> Verdict {
        let can = |line: &OrderLine| {
            match line.state {
                SHIPPED => return Err(Status::OrderShipped),
                FINISHED => return Err(Status::OrderFinished),
                CLOSED => return Err(Status::OrderClosed),
                _ => {}
            }
            require(line.claim != OPEN, Status::ClaimIsOpen)
        };
        let lines = self.order(order)?;
        require(usize::from(line) <= lines.len(), Status::OrderNotFound)?;
        self.unclosed(lines[0].buyer)?;
        self.each((order, line), can, Self::close_line)
    }

    /// Ends a line that was not shipped: each unit that escrow holds goes to whom it is owed, the
    /// buyer, or the institution that laid it out when the scheme gave it to the buyer.
    fn close_line(&mut self, line: OrderLine) -> Verdict {
        let wallet = (Role::Wallet, line.buyer, line.ledger);
        let mut laid_out = 0;
        for chargeback in self.open_chargebacks(&line) {
            self.pay_of_escrow(&chargeback)?;
            laid_out += chargeback.amount;
        }
        let rest = line.held - laid_out;
        self.post(escrow(&line), wallet, rest)?;
        self.move_stock(&line, 1);
        self.put(OrderLine {
            refunded: line.refunded + rest,
            held: 0,
            state: CLOSED,
            deadline: 0,
            remaining: 0,
            ..line
        });
        Ok(())
    }

    pub(super) fn ring_line(&mut self, line: OrderLine) -> Verdict {
        if line.state == UNPAID {
            return self.close_line(line);
        }
        self.settle(line)
    }

    pub(super) fn open_claim(&mut self, act: &ClaimOpen) -> Verdict {
        require(act.amount > 0, Status::AmountMustNotBeZero)?;
        let line = self.line(act.order, act.line, act.ledger)?;
        match line.state {
            UNPAID => return Err(Status::OrderNotPaid),
            FINISHED => return Err(Status::OrderFinished),
            CLOSED => return Err(Status::OrderClosed),
            _ => {}
        }
        require(line.claim != OPEN, Status::ClaimIsOpen)?;
        let early = line.state == PAID && self.now < line.paid_at + DAY;
        require(!early, Status::ClaimTooEarly)?;
        require(act.amount <= free(&line), Status::ExceedsClaimable)?;
        self.put(OrderLine {
            claim: OPEN,
            claimed: act.amount,
            evidence: act.evidence,
            remaining: line.deadline.saturating_sub(self.now),
            deadline: 0,
            ..line
        });
        Ok(())
    }

    pub(super) fn decide_claim(&mut self, act: &ClaimDecide) -> Verdict {
        let line = self.line(act.order, act.line, act.ledger)?;
        require(line.claim == OPEN, Status::ClaimNotOpen)?;
        let most = line.claimed.min(free(&line));
        require(act.amount <= most, Status::ExceedsClaimable)?;
        if act.amount > 0 {
            self.unclosed(line.buyer)?;
        }
        let wallet = (Role::Wallet, line.buyer, line.ledger);
        self.post(escrow(&line), wallet, act.amount)?;
        let held = line.held - act.amount;
        let runs = line.state == SHIPPED && held > 0;
        if held == 0 && line.state == PAID {
            self.move_stock(&line, 1);
        }
        self.put(OrderLine {
            held,
            refunded: line.refunded + act.amount,
            claim: if act.amount > 0 { 2 } else { 3 },
            state: if held == 0 { CLOSED } else { line.state },
            deadline: if runs { self.now + line.remaining } else { 0 },
            remaining: 0,
            ..line
        });
        Ok(())
    }

    /// Section 4.
    pub(super) fn refund_order(&mut self, act: &OrderRefund) -> Verdict {
        require(act.amount > 0, Status::AmountMustNotBeZero)?;
        let line = self.line(act.order, act.line, act.ledger)?;
        require(line.state != CLOSED, Status::OrderClosed)?;
        require(line.state == FINISHED, Status::OrderNotFinished)?;
        self.unclosed(line.buyer)?;
        let left = line.paid - line.refunded - line.disputed;
        require(act.amount <= left, Status::ExceedsRefundable)?;
        let ledger = line.ledger;
        let wallet = (Role::Wallet, line.buyer, ledger);
        let seller = (Role::Seller, line.seller, ledger);
        let back = commission_back(&line, act.amount, line.disputed);
        let part = act.amount - back;
        let short = part.saturating_sub(self.sides(seller).available());
        self.post(seller, wallet, part - short)?;
        let owes = (Role::SellerReceivable, line.seller, ledger);
        self.post(owes, wallet, short)?;
        self.post((Role::Commission, 0, ledger), wallet, back)?;
        self.cash_in(ledger, add(short, back)?)?;
        let refunded = line.refunded + act.amount;
        self.put(OrderLine {
            refunded,
            commission: line.commission - back,
            state: if refunded == line.paid {
                CLOSED
            } else {
                FINISHED
            },
            ..line
        });
        Ok(())
    }
}

/// The commission on so much of a line, by the terms as it was ordered.
fn commission_of(line: &OrderLine, amount: u128) -> u128 {
    portion(amount, line.commission_rate.into(), 1_000_000)
}

/// What of the commission goes back with so much of what was released: so much that it is the part
/// of all that went back, of which `disputed` came before it beside the refunds; rounded down, and
/// never more than is left.
pub(super) fn commission_back(line: &OrderLine, amount: u128, disputed: u128) -> u128 {
    let whole = commission_of(line, line.released);
    let before = line.released + line.refunded + disputed - line.paid;
    let part = |of| portion(whole, of, line.released);
    (part(before + amount) - part(before)).min(line.commission)
}

/// What of what escrow holds is not in dispute.
fn free(line: &OrderLine) -> u128 {
    line.held.saturating_sub(line.disputed)
}
