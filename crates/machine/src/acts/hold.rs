//! Holds: money of a wallet that is reserved for somebody, taken in parts, and let go.

use model::object::{HOLD_STATES, Hold, Role};
use model::{Capture, CommandStatus as Status, HoldMake, Release};

use super::payment::receiving_account;
use crate::civil::SECOND;
use crate::deed::{AtField, Done, Posting, Work, ensure, some};
use crate::fact::Sink;

/// Places in [`HOLD_STATES`].
const HELD: u8 = 0;
const CAPTURED: u8 = 1;
const RELEASED: u8 = 2;
const EXPIRED: u8 = 3;
const _: () = assert!(HOLD_STATES.len() == 4);

/// The moment that lies so many seconds behind now; 0, which is never, for 0.
pub(crate) fn deadline_in<S: Sink>(work: &Work<'_, S>, seconds: u32) -> u64 {
    match seconds {
        0 => 0,
        seconds => work.now.saturating_add(u64::from(seconds) * SECOND),
    }
}

pub(crate) fn make<S: Sink>(work: &mut Work<'_, S>, id: u128, act: &HoldMake) -> Done {
    let amount = some(act.amount)?;
    let different = act.payer != act.payee;
    ensure(different, Status::PartiesMustBeDifferent.at("payee"))?;
    work.declared(act.ledger)?;
    work.active(act.payer, "payer")?;
    work.active(act.payee, "payee")?;
    let hold = Hold {
        id,
        payer: act.payer,
        payee: act.payee,
        ledger: act.ledger,
        amount,
        state: HELD,
        deadline: deadline_in(work, act.seconds),
        ..Hold::default()
    };
    let posting = rest(work, &hold)?;
    let pending = work.reserve(posting)?;
    work.put(Hold { pending, ..hold });
    Ok(())
}

/// What was not captured yet.
fn rest<S: Sink>(work: &mut Work<'_, S>, hold: &Hold) -> Done<Posting> {
    let payee = work.known(hold.payee, "payee")?;
    let debit = work.account(Role::Wallet, hold.payer, hold.ledger)?;
    let credit = receiving_account(work, &payee, hold.ledger)?;
    Ok(Posting {
        debit,
        credit,
        amount: hold.amount - hold.captured,
    })
}

/// A hold that is there, in whatever state.
fn known<S: Sink>(work: &Work<'_, S>, id: u128) -> Done<Hold> {
    let hold = work.find::<Hold>((id, 0));
    hold.ok_or(Status::HoldNotFound.at("hold"))
}

/// That a hold has not ended.
fn check_held(hold: &Hold) -> Done {
    ensure(hold.state == HELD, Status::HoldEnded.at("hold"))
}

pub(crate) fn capture<S: Sink>(work: &mut Work<'_, S>, act: &Capture) -> Done {
    let amount = some(act.amount)?;
    let hold = known(work, act.hold)?;
    let same = hold.ledger == act.ledger;
    ensure(same, Status::LedgersDiffer.at("ledger"))?;
    check_held(&hold)?;
    let within = amount <= hold.amount - hold.captured;
    ensure(within, Status::ExceedsHeld.at("amount"))?;
    // A pending transfer is ended once: what is left of it is reserved anew.
    let before = work
        .state
        .pending(hold.pending)
        .map(|pending| pending.transfer);
    let before = before.ok_or(Status::HoldEnded)?;
    work.settle(hold.pending, amount)?;
    let hold = Hold {
        captured: hold.captured + amount,
        ..hold
    };
    if hold.captured == hold.amount {
        end(work, &hold, CAPTURED);
    } else {
        let posting = rest(work, &hold)?;
        let pending = work.reserve_rest(posting, &before)?;
        work.put(Hold { pending, ..hold });
    }
    Ok(())
}

pub(crate) fn release<S: Sink>(work: &mut Work<'_, S>, act: &Release) -> Done {
    let hold = known(work, act.hold)?;
    check_held(&hold)?;
    work.settle(hold.pending, 0)?;
    end(work, &hold, RELEASED);
    Ok(())
}

pub(crate) fn expire<S: Sink>(work: &mut Work<'_, S>, hold: &Hold) -> Done {
    work.settle(hold.pending, 0)?;
    end(work, hold, EXPIRED);
    Ok(())
}

fn end<S: Sink>(work: &mut Work<'_, S>, hold: &Hold, state: u8) {
    work.put(Hold {
        state,
        pending: 0,
        deadline: 0,
        ..*hold
    });
}
