//! Chargebacks (section 5).

use model::object::{Chargeback, OrderLine, Payment, Reserve, Role};
use model::{ChargebackOpen, CommandStatus as Status};

use super::market::FINISHED;
use super::trade::commission_back;
use super::{DAY, Platform, Verdict, add, require};

impl Platform {
    pub(super) fn open_chargeback(&mut self, id: u128, act: &ChargebackOpen) -> Verdict {
        require(act.amount > 0, Status::AmountMustNotBeZero)?;
        let one = (act.order == 0) != (act.payment == 0);
        require(one, Status::ValueOutOfRange)?;
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
        require(line.state >= FINISHED, Status::OrderNotFinished)?;
        let left = line.paid - line.refunded - line.disputed;
        require(act.amount <= left, Status::ExceedsDisputable)?;
        self.put(OrderLine {
            disputed: line.disputed + act.amount,
            ..line
        });
        Ok((line.buyer, line.seller))
    }

    fn chargeback(&self, id: u128) -> Verdict<Chargeback> {
        self.find((id, 0)).ok_or(Status::ChargebackNotFound)
    }

    pub(super) fn recover(&mut self, id: u128) -> Verdict {
        let chargeback = self.chargeback(id)?;
        require(chargeback.state == 0, Status::ChargebackEnded)?;
        let ledger = chargeback.ledger;
        let dispute = (Role::Dispute, 0, ledger);
        let line = self.find((chargeback.order, chargeback.line.into()));
        let commission = line.map_or(0, |l: OrderLine| commission_back(&l, chargeback.amount));
        let part = chargeback.amount - commission;
        let seller = self.paid_on(chargeback.seller, ledger);
        let from_seller = part.min(self.sides(seller).available());
        let rest = part - from_seller;
        let key = (chargeback.order, chargeback.line.into());
        let reserve: Option<Reserve> = self.find(key);
        let from_reserve = reserve.map_or(0, |reserve| reserve.amount.min(rest));
        let receivable = rest - from_reserve;
        self.post(seller, dispute, from_seller)?;
        self.post((Role::Reserve, chargeback.seller, ledger), dispute, from_reserve)?;
        let owes = (Role::SellerReceivable, chargeback.seller, ledger);
        self.post(owes, dispute, receivable)?;
        self.post((Role::Commission, 0, ledger), dispute, commission)?;
        self.cash_out(ledger, add(from_seller, from_reserve)?)?;
        if let (Some(reserve), true) = (reserve, from_reserve > 0) {
            self.put(Reserve {
                amount: reserve.amount - from_reserve,
                ..reserve
            });
        }
        if let Some(line) = line {
            self.put(OrderLine {
                commission: line.commission - commission,
                ..line
            });
        }
        self.put(Chargeback {
            from_seller,
            from_reserve,
            receivable,
            commission,
            state: 1,
            deadline: if receivable > 0 { self.now + 180 * DAY } else { 0 },
            ..chargeback
        });
        Ok(())
    }

    pub(super) fn win(&mut self, id: u128) -> Verdict {
        let chargeback = self.chargeback(id)?;
        require(chargeback.state < 2, Status::ChargebackEnded)?;
        let ledger = chargeback.ledger;
        if chargeback.state == 1 {
            self.take_back_recovery(&chargeback)?;
        }
        let dispute = (Role::Dispute, 0, ledger);
        self.post((Role::Own, 0, ledger), dispute, chargeback.amount)?;
        self.put(Chargeback {
            state: 2,
            deadline: 0,
            ..chargeback
        });
        Ok(())
    }

    fn take_back_recovery(&mut self, chargeback: &Chargeback) -> Verdict {
        let ledger = chargeback.ledger;
        let dispute = (Role::Dispute, 0, ledger);
        let seller = self.paid_on(chargeback.seller, ledger);
        let back = add(chargeback.from_seller, chargeback.from_reserve)?;
        self.post(dispute, seller, back)?;
        let owes = (Role::SellerReceivable, chargeback.seller, ledger);
        self.post(dispute, owes, chargeback.receivable)?;
        let income = (Role::Commission, 0, ledger);
        self.post(dispute, income, chargeback.commission)?;
        self.cash_in(ledger, back)
    }

    pub(super) fn lose(&mut self, id: u128) -> Verdict {
        let chargeback = self.chargeback(id)?;
        require(chargeback.state < 2, Status::ChargebackEnded)?;
        self.put(Chargeback {
            state: 3,
            ..chargeback
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
            state: 4,
            deadline: 0,
            ..chargeback
        });
        Ok(())
    }
}
