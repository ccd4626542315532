//! Holds, requests and standing orders.

use model::object::{Calendar, Hold, PaymentRequest, Role, Schedule};
use model::{Capture, CommandStatus as Status, HoldMake, RequestMake, RequestPay, ScheduleMake};

use super::calendar::{begin, months_later};
use super::fees::Charge;
use super::payments::Deal;
use super::{Platform, Verdict, after, require};

impl Platform {
    pub(super) fn hold(&mut self, id: u128, act: &HoldMake) -> Verdict {
        let deal = Deal {
            payer: act.payer,
            payee: act.payee,
            ledger: act.ledger,
            amount: act.amount,
        };
        self.can_deal(&deal, 0)?;
        let from = (Role::Wallet, act.payer, act.ledger);
        let to = self.paid_on(act.payee, act.ledger);
        self.reserve(from, to, act.amount)?;
        self.reserved.insert(id, (from, to, act.amount));
        self.put(Hold {
            id,
            payer: act.payer,
            payee: act.payee,
            ledger: act.ledger,
            amount: act.amount,
            deadline: limit(self.now, act.seconds),
            ..Hold::default()
        });
        Ok(())
    }

    fn held(&self, id: u128) -> Verdict<Hold> {
        let hold: Hold = self.find((id, 0)).ok_or(Status::HoldNotFound)?;
        Ok(hold)
    }

    pub(super) fn capture(&mut self, act: &Capture) -> Verdict {
        require(act.amount > 0, Status::AmountMustNotBeZero)?;
        let hold = self.held(act.hold)?;
        require(hold.ledger == act.ledger, Status::LedgersDiffer)?;
        require(hold.state == 0, Status::HoldEnded)?;
        let (from, to, left) = self.reserved[&hold.id];
        require(act.amount <= left, Status::ExceedsHeld)?;
        self.let_go(from, to, left);
        self.post(from, to, act.amount)?;
        let rest = left - act.amount;
        if rest > 0 {
            self.reserve(from, to, rest)?;
        }
        self.reserved.insert(hold.id, (from, to, rest));
        self.put(Hold {
            captured: hold.captured + act.amount,
            state: u8::from(rest == 0),
            deadline: if rest == 0 { 0 } else { hold.deadline },
            ..hold
        });
        Ok(())
    }

    pub(super) fn release(&mut self, id: u128) -> Verdict {
        let hold = self.held(id)?;
        require(hold.state == 0, Status::HoldEnded)?;
        self.end_hold(&hold, 2);
        Ok(())
    }

    pub(super) fn expire_hold(&mut self, hold: &Hold) {
        self.end_hold(hold, 3);
    }

    fn end_hold(&mut self, hold: &Hold, state: u8) {
        let (from, to, left) = self.reserved[&hold.id];
        self.let_go(from, to, left);
        self.reserved.insert(hold.id, (from, to, 0));
        self.put(Hold {
            state,
            deadline: 0,
            ..*hold
        });
    }

    pub(super) fn request(&mut self, id: u128, act: &RequestMake) -> Verdict {
        require(act.amount > 0, Status::AmountMustNotBeZero)?;
        require(act.payer != act.payee, Status::PartiesMustBeDifferent)?;
        self.declared(act.ledger)?;
        self.active(act.payee)?;
        if act.payer != 0 {
            self.party(act.payer)?;
        }
        self.put(PaymentRequest {
            id,
            payee: act.payee,
            payer: act.payer,
            ledger: act.ledger,
            amount: act.amount,
            deadline: limit(self.now, act.seconds),
            ..PaymentRequest::default()
        });
        Ok(())
    }

    fn open_request(&self, id: u128) -> Verdict<PaymentRequest> {
        let request: PaymentRequest = self.find((id, 0)).ok_or(Status::RequestNotFound)?;
        require(request.state == 0, Status::RequestEnded)?;
        Ok(request)
    }

    pub(super) fn pay_request(&mut self, id: u128, act: &RequestPay) -> Verdict {
        let request = self.open_request(act.request)?;
        let other = request.payer != 0 && request.payer != act.payer;
        require(!other, Status::RequestOfOther)?;
        let deal = Deal {
            payer: act.payer,
            payee: request.payee,
            ledger: request.ledger,
            amount: request.amount,
        };
        self.can_deal(&deal, 0)?;
        self.pay_from(id, &deal, 0, Charge::default())?;
        self.put(PaymentRequest {
            state: 1,
            deadline: 0,
            payment: id,
            ..request
        });
        Ok(())
    }

    pub(super) fn cancel_request(&mut self, id: u128) -> Verdict {
        let request = self.open_request(id)?;
        self.put(PaymentRequest {
            state: 2,
            deadline: 0,
            ..request
        });
        Ok(())
    }

    pub(super) fn expire_request(&mut self, request: PaymentRequest) {
        self.put(PaymentRequest {
            state: 3,
            deadline: 0,
            ..request
        });
    }

    pub(super) fn schedule(&mut self, id: u128, act: &ScheduleMake) -> Verdict {
        require(act.amount > 0, Status::AmountMustNotBeZero)?;
        require(act.rule < 4, Status::ValueOutOfRange)?;
        let (every, most) = (act.every > 0, act.runs_most < 2);
        let sound = if act.rule == 0 { most } else { every };
        require(sound, Status::ValueOutOfRange)?;
        let deal = Deal {
            payer: act.payer,
            payee: act.payee,
            ledger: act.ledger,
            amount: act.amount,
        };
        require(deal.payer != deal.payee, Status::PartiesMustBeDifferent)?;
        self.declared(deal.ledger)?;
        let calendar = self.calendar(act.calendar)?;
        let past = begin(&calendar, act.first_day + 1) <= self.now;
        require(!past, Status::DayInThePast)?;
        self.can_deal(&deal, 0)?;
        let schedule = Schedule {
            id,
            payer: act.payer,
            payee: act.payee,
            ledger: act.ledger,
            amount: act.amount,
            calendar: act.calendar,
            rule: act.rule,
            every: act.every,
            first_day: act.first_day,
            runs_most: if act.rule == 0 { 1 } else { act.runs_most },
            ..Schedule::default()
        };
        self.put(Schedule {
            deadline: self.next_run(&calendar, &schedule),
            ..schedule
        });
        Ok(())
    }

    /// When the next payment of a standing order is made.
    fn next_run(&self, calendar: &Calendar, schedule: &Schedule) -> u64 {
        let steps = u32::from(schedule.every) * schedule.runs;
        let day = match schedule.rule {
            0 => schedule.first_day,
            1 => schedule.first_day + steps,
            2 => schedule.first_day + 7 * steps,
            _ => months_later(schedule.first_day, steps),
        };
        begin(calendar, self.business_day(calendar, day))
    }

    pub(super) fn run_schedule(&mut self, schedule: Schedule) -> Verdict {
        let calendar = self.calendar(schedule.calendar)?;
        let planned = self.next_run(&calendar, &schedule);
        if planned > self.now {
            // The day has lost its business since.
            self.put(Schedule {
                deadline: planned,
                ..schedule
            });
            return Ok(());
        }
        let deal = Deal {
            payer: schedule.payer,
            payee: schedule.payee,
            ledger: schedule.ledger,
            amount: schedule.amount,
        };
        let before = self.clone();
        let paid = self.can_deal(&deal, 0).and_then(|_| {
            let wallet = (Role::Wallet, deal.payer, deal.ledger);
            let to = self.paid_on(deal.payee, deal.ledger);
            self.post(wallet, to, deal.amount)
        });
        let mut schedule = schedule;
        if let Err(status) = paid {
            *self = before;
            schedule.failed += 1;
            schedule.last_status = status.code();
        }
        schedule.runs += 1;
        let last = schedule.runs_most != 0 && schedule.runs >= schedule.runs_most;
        schedule.state = u8::from(last);
        schedule.deadline = if last {
            0
        } else {
            self.next_run(&calendar, &schedule)
        };
        self.put(schedule);
        Ok(())
    }

    pub(super) fn cancel_schedule(&mut self, id: u128) -> Verdict {
        let schedule: Schedule = self.find((id, 0)).ok_or(Status::ScheduleNotFound)?;
        require(schedule.state == 0, Status::ScheduleEnded)?;
        self.put(Schedule {
            state: 2,
            deadline: 0,
            ..schedule
        });
        Ok(())
    }
}

/// The end of so many seconds; 0 is no end.
fn limit(now: u64, seconds: u32) -> u64 {
    if seconds == 0 {
        return 0;
    }
    after(now, seconds.into())
}
