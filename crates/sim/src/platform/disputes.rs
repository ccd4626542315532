//! Chargebacks (section 5).

use model::object::{Chargeback, OrderLine, Payment, Reserve, Role};
use model::{ChargebackOpen, CommandStatus as Status};

use super::exact::portion;
use super::market::{CLOSED, FINISHED, UNPAID};
use super::trade::commission_back;
use super::{DAY, Place, Platform, Verdict, add, require};

impl Platform {
    pub(super) fn open_chargeback(&mut self, id: u128, act: &ChargebackOpen) -> Verdict {
        require(act.amount > 0, Status::AmountMustNotBeZero)?;
        let one = (act.order == 0) != (act.payment == 0);
        let line = (act.order == 0) == (act.line == 0);
        require(one && line, Status::ValueOutOfRange)?;
        let (buyer, seller) = if act.order == 0 {
            self.dispute_payment(act)?
        } else {
            self.dispute_line(act)?
        };
        let own = (Role::Own, 0, act.ledger);
        self.post((Role::Dispute, 0, act.ledger), own, act.amount)?;
        self.post((Role::DisputeFee, 0, act.ledger), own, act.fee)?;
        self.put(Chargeback {
            id,
            order: act.order,
            line: act.line,
            payment: act.payment,
            seller,
            buyer,
            ledger: act.ledger,
            amount: act.amount,
            fee: act.fee,
            ..Chargeback::default()
        });
        Ok(())
    }

    fn dispute_payment(&mut self, act: &ChargebackOpen) -> Verdict<(u128, u128)> {
        let payment: Payment = self.find((act.payment, 0)).ok_or(Status::PaymentNotFound)?;
        require(payment.ledger == act.ledger, Status::LedgersDiffer)?;
        let left = payment.amount - payment.refunded - payment.disputed;
        require(act.amount <= left, Status::ExceedsDisputable)?;
        self.put(Payment {
            disputed: payment.disputed + act.amount,
            ..payment
        });
        Ok((payment.payer, payment.payee))
    }

    fn dispute_line(&mut self, act: &ChargebackOpen) -> Verdict<(u128, u128)> {
        let line = self.line(act.order, act.line, act.ledger)?;
        let left = line.paid - line.refunded - line.disputed;
        require(act.amount <= left, Status::ExceedsDisputable)?;
        self.put(OrderLine {
            disputed: line.disputed + act.amount,
            ..line
        });
        Ok((line.buyer, line.seller))
    }

    /// The chargeback, where it has not ended.
    fn chargeback(&self, id: u128) -> Verdict<Chargeback> {
        let found: Option<Chargeback> = self.find((id, 0));
        let chargeback = found.ok_or(Status::ChargebackNotFound)?;
        require(chargeback.state < 2, Status::ChargebackEnded)?;
        Ok(chargeback)
    }

    /// What of a line is in dispute and not decided.
    pub(super) fn open_chargebacks(&self, line: &OrderLine) -> Vec<Chargeback> {
        let all: Vec<Chargeback> = self.things.all();
        let of_line = |c: &Chargeback| (c.order, c.line) == (line.order, line.line);
        let open = all.into_iter().filter(|c| c.state == 0 && of_line(c));
        open.collect()
    }

    /// There is no seller to get it from: it goes from the client money of the order to the
    /// institution, which had laid it out.
    pub(super) fn pay_of_escrow(&mut self, chargeback: &Chargeback) -> Verdict {
        let (amount, ledger) = (chargeback.amount, chargeback.ledger);
        let dispute = (Role::Dispute, 0, ledger);
        self.post((Role::Escrow, 0, ledger), dispute, amount)?;
        self.cash_out(ledger, amount)?;
        self.escrow_paid.insert(chargeback.id);
        Ok(())
    }

    /// The line of a chargeback without a sale stands as one to which the scheme's payment never
    /// came, or, if it has ended, as one of which the buyer got it back.
    fn without_sale(&mut self, chargeback: &Chargeback) -> Verdict<bool> {
        let key = (chargeback.order, chargeback.line.into());
        let Some(line) = self.find::<OrderLine>(key) else {
            return Ok(false);
        };
        let disputed = line.disputed.checked_sub(chargeback.amount);
        match line.state {
            UNPAID => {
                self.pay_of_escrow(chargeback)?;
                self.put(OrderLine {
                    paid: line.paid - chargeback.amount,
                    held: line.held - chargeback.amount,
                    disputed: disputed.expect("it is a part of it"),
                    ..line
                });
            }
            CLOSED => self.put(OrderLine {
                refunded: line.refunded + chargeback.amount,
                disputed: disputed.expect("it is a part of it"),
                ..line
            }),
            _ => return Ok(false),
        }
        Ok(true)
    }

    pub(super) fn recover(&mut self, id: u128) -> Verdict {
        let chargeback = self.chargeback(id)?;
        require(chargeback.state == 0, Status::ChargebackEnded)?;
        let recovered = self.take_from_seller(chargeback)?;
        self.put(recovered);
        Ok(())
    }

    /// The line in dispute; what escrow holds of it goes to the seller first.
    fn disputed_line(&mut self, chargeback: &Chargeback) -> Verdict<Option<OrderLine>> {
        let key = (chargeback.order, chargeback.line.into());
        let Some(line) = self.find::<OrderLine>(key) else {
            return Ok(None);
        };
        if line.state < FINISHED {
            let all = line.held == line.disputed;
            require(all, Status::OrderNotFinished)?;
            self.settle(line)?;
        }
        Ok(self.find(key))
    }

    /// The income of a sale, and what of it goes back with what is in dispute.
    fn income_back(&mut self, chargeback: &Chargeback) -> Verdict<(Role, u128)> {
        if let Some(line) = self.disputed_line(chargeback)? {
            let others = line.disputed - chargeback.amount;
            let back = commission_back(&line, chargeback.amount, others);
            self.put(OrderLine {
                commission: line.commission - back,
                ..line
            });
            return Ok((Role::Commission, back));
        }
        let payment: Option<Payment> = self.find((chargeback.payment, 0));
        let payment = payment.ok_or(Status::PaymentNotFound)?;
        let by_payee = if payment.bearer == 1 { payment.fee } else { 0 };
        // By itself, not as the last of what is in dispute: of two that are open at once both would
        // be the last, and more would go back than the fee.
        let back = portion(by_payee, chargeback.amount, payment.amount);
        Ok((Role::FeeIncome, back))
    }

    fn take_from_seller(&mut self, chargeback: Chargeback) -> Verdict<Chargeback> {
        if self.without_sale(&chargeback)? {
            return Ok(Chargeback {
                state: 1,
                ..chargeback
            });
        }
        let ledger = chargeback.ledger;
        let dispute = (Role::Dispute, 0, ledger);
        let (income, commission) = self.income_back(&chargeback)?;
        let part = chargeback.amount - commission;
        let seller = self.sold_on(&chargeback);
        let from_seller = part.min(self.sides(seller).available());
        let rest = part - from_seller;
        let key = (chargeback.order, chargeback.line.into());
        let reserve: Option<Reserve> = self.find(key);
        let from_reserve = reserve.map_or(0, |reserve| reserve.amount.min(rest));
        let receivable = rest - from_reserve;
        self.post(seller, dispute, from_seller)?;
        let kept = (Role::Reserve, chargeback.seller, ledger);
        self.post(kept, dispute, from_reserve)?;
        let owes = (Role::SellerReceivable, chargeback.seller, ledger);
        self.post(owes, dispute, receivable)?;
        self.post((income, 0, ledger), dispute, commission)?;
        self.cash_out(ledger, add(from_seller, from_reserve)?)?;
        if let Some(reserve) = reserve.filter(|_| from_reserve > 0) {
            self.put(Reserve {
                amount: reserve.amount - from_reserve,
                ..reserve
            });
        }
        let owing = receivable > 0;
        Ok(Chargeback {
            from_seller,
            from_reserve,
            receivable,
            commission,
            state: 1,
            deadline: if owing { self.now + 180 * DAY } else { 0 },
            ..chargeback
        })
    }

    /// Where the seller was paid.
    fn sold_on(&self, chargeback: &Chargeback) -> Place {
        if chargeback.order > 0 {
            return (Role::Seller, chargeback.seller, chargeback.ledger);
        }
        self.paid_on(chargeback.seller, chargeback.ledger)
    }

    pub(super) fn win(&mut self, id: u128) -> Verdict {
        let chargeback = self.chargeback(id)?;
        let ledger = chargeback.ledger;
        let dispute = (Role::Dispute, 0, ledger);
        let of_escrow = self.escrow_paid.contains(&id);
        if of_escrow {
            let wallet = (Role::Wallet, chargeback.buyer, ledger);
            self.post(dispute, wallet, chargeback.amount)?;
            self.cash_in(ledger, chargeback.amount)?;
        } else if chargeback.state == 1 {
            self.take_back_recovery(&chargeback)?;
        }
        self.post((Role::Own, 0, ledger), dispute, chargeback.amount)?;
        let key = (chargeback.order, chargeback.line.into());
        if of_escrow {
            // What is decided has been entered already.
            if chargeback.state == 0 {
                self.without_sale(&chargeback)?;
            }
        } else if let Some(line) = self.find::<OrderLine>(key) {
            self.put(OrderLine {
                disputed: line.disputed - chargeback.amount,
                commission: line.commission + chargeback.commission,
                ..line
            });
        }
        if let Some(payment) = self.find::<Payment>((chargeback.payment, 0)) {
            self.put(Payment {
                disputed: payment.disputed - chargeback.amount,
                ..payment
            });
        }
        self.put(Chargeback {
            state: 2,
            deadline: 0,
            ..chargeback
        });
        Ok(())
    }

    /// A recovery is reversed. What the seller has repaid of what it owed is its own again.
    fn take_back_recovery(&mut self, chargeback: &Chargeback) -> Verdict {
        let ledger = chargeback.ledger;
        let dispute = (Role::Dispute, 0, ledger);
        let owes = (Role::SellerReceivable, chargeback.seller, ledger);
        let forgiven = self.sides(owes).owed().min(chargeback.receivable);
        let repaid = chargeback.receivable - forgiven;
        let back = add(chargeback.from_seller, repaid)?;
        self.post(dispute, self.sold_on(chargeback), back)?;
        let kept = (Role::Reserve, chargeback.seller, ledger);
        self.post(dispute, kept, chargeback.from_reserve)?;
        if chargeback.from_reserve > 0 {
            let key = (chargeback.order, chargeback.line.into());
            let reserve: Option<Reserve> = self.find(key);
            let reserve = reserve.expect("something was taken of it");
            self.put(Reserve {
                amount: reserve.amount + chargeback.from_reserve,
                ..reserve
            });
        }
        self.post(dispute, owes, forgiven)?;
        let line = chargeback.order > 0;
        let income = if line {
            Role::Commission
        } else {
            Role::FeeIncome
        };
        self.post(dispute, (income, 0, ledger), chargeback.commission)?;
        self.cash_in(ledger, add(back, chargeback.from_reserve)?)
    }

    pub(super) fn lose(&mut self, id: u128) -> Verdict {
        let chargeback = self.chargeback(id)?;
        let recovered = match chargeback.state {
            0 => self.take_from_seller(chargeback)?,
            _ => chargeback,
        };
        self.put(Chargeback {
            state: 3,
            ..recovered
        });
        Ok(())
    }

    /// What is owed still after 180 days is a loss.
    pub(super) fn give_up(&mut self, chargeback: Chargeback) -> Verdict {
        let ledger = chargeback.ledger;
        let owes = (Role::SellerReceivable, chargeback.seller, ledger);
        let lost = self.sides(owes).owed().min(chargeback.receivable);
        self.post((Role::CreditLoss, 0, ledger), owes, lost)?;
        self.put(Chargeback {
            state: if lost > 0 { 4 } else { chargeback.state },
            deadline: 0,
            ..chargeback
        });
        Ok(())
    }
}
