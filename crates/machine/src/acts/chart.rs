//! The chart of accounts, its accounts, and the institution's own postings.

use model::object::Life;
use model::object::{ChartLine, Role, account_of};
use model::{
    Account, AccountClose, AccountOpen, ChartLineSet, CommandStatus as Status, Fund, JournalPost,
    Sweep, account_flags,
};

use crate::deed::{AtField, Done, Posting, Work, ensure, some};
use crate::fact::Sink;

pub(crate) fn set_line<S: Sink>(work: &mut Work<'_, S>, act: &ChartLineSet) -> Done {
    let line = ChartLine {
        code: act.code,
        class: act.class,
        role: act.role,
        parent: act.parent,
        flags: act.flags,
        name: act.name,
        name_more: act.name_more,
        ..ChartLine::default()
    };
    ensure(act.code != 0, Status::ValueOutOfRange.at("code"))?;
    let text = |value| model::form::integer_to_text(value).is_some();
    ensure(text(act.name), Status::ValueOutOfRange.at("name"))?;
    ensure(text(act.name_more), Status::ValueOutOfRange.at("name_more"))?;
    ensure(line.is_sound(), Status::ValueOutOfRange.at("flags"))?;
    let business = &work.state.books.business;
    if let Some(there) = business.open::<ChartLine>((act.code.into(), 0)) {
        let same = (there.class, there.role, there.flags) == (line.class, line.role, line.flags);
        ensure(same, Status::ChartLineInUse.at("code"))?;
    } else if line.role() != Role::None && business.line_of(line.role()).is_some() {
        return Err(Status::ChartRoleTaken.at("role"));
    }
    check_parent(work, &line)?;
    work.put(line);
    Ok(())
}

/// The lines above have to be there, and must not lead back.
fn check_parent<S: Sink>(work: &Work<'_, S>, line: &ChartLine) -> Done {
    let business = &work.state.books.business;
    let mut above = line.parent;
    // No chart is deeper: codes have 16 bits, and a line that comes again is found.
    while above != 0 {
        let parent = business.open::<ChartLine>((above.into(), 0));
        let parent = parent.filter(|parent| parent.code != line.code);
        above = parent
            .ok_or(Status::ChartParentNotFound.at("parent"))?
            .parent;
    }
    Ok(())
}

pub(crate) fn open_account<S: Sink>(work: &mut Work<'_, S>, act: &AccountOpen) -> Done {
    if act.party != 0 {
        work.active(act.party, "party")?;
    }
    work.declared(act.ledger)?;
    let line = work.state.books.business.open((act.code.into(), 0));
    let line: ChartLine = *line.ok_or(Status::ChartLineNotFound.at("code"))?;
    ensure(
        !line.role().is_per_party() || act.party != 0,
        Status::PartyNotFound.at("party"),
    )?;
    work.account_of(act.party, act.ledger, act.code)?;
    Ok(())
}

/// Whether nothing is on an account, and nothing pending.
pub(crate) fn is_at_zero(account: &Account) -> bool {
    account.debits_posted == account.credits_posted
        && account.debits_pending == 0
        && account.credits_pending == 0
}

pub(crate) fn close_account<S: Sink>(work: &mut Work<'_, S>, act: &AccountClose) -> Done {
    let slot = standing(work, (act.party, act.ledger, act.code), "code")?;
    let account = work.state.books.accounts.at(slot);
    let closed = account.flags & account_flags::CLOSED != 0;
    ensure(!closed, Status::AccountClosed.at("code"))?;
    ensure(is_at_zero(account), Status::AccountNotAtZero.at("code"))?;
    // The other side of a transfer of nothing: any account of the ledger that is not the one.
    let other = work.account(Role::Suspense, 0, act.ledger)?;
    let other = if other == slot {
        work.account(Role::Own, 0, act.ledger)?
    } else {
        other
    };
    work.close(slot, other)?;
    Ok(())
}

/// The slot of an account of the chart that is there.
fn standing<S: Sink>(
    work: &Work<'_, S>,
    (party, ledger, code): (u128, u32, u16),
    field: &'static str,
) -> Done<u32> {
    let books = &work.state.books;
    let line = books.business.open::<ChartLine>((code.into(), 0));
    line.ok_or(Status::ChartLineNotFound.at(field))?;
    let slot = books.accounts.find(account_of(party, ledger, code));
    slot.ok_or(Status::AccountNotFound.at(field))
}

pub(crate) fn post_journal<S: Sink>(work: &mut Work<'_, S>, act: &JournalPost) -> Done {
    let amount = some(act.amount)?;
    work.declared(act.ledger)?;
    let debit = side(work, act, (act.debit_party, act.debit_code), "debit_code")?;
    let credit = side(
        work,
        act,
        (act.credit_party, act.credit_code),
        "credit_code",
    )?;
    ensure(
        debit != credit,
        Status::PartiesMustBeDifferent.at("credit_code"),
    )?;
    let posting = Posting {
        debit,
        credit,
        amount,
    };
    work.post_valued(posting, act.value_time)?;
    Ok(())
}

fn side<S: Sink>(
    work: &mut Work<'_, S>,
    act: &JournalPost,
    (party, code): (u128, u16),
    field: &'static str,
) -> Done<u32> {
    let line = work.state.books.business.open((code.into(), 0));
    let line: ChartLine = *line.ok_or(Status::ChartLineNotFound.at(field))?;
    ensure(!line.role().is_held(), Status::AccountIsHeld.at(field))?;
    if party != 0 {
        work.receiving(party, field)?;
    }
    work.account_of(party, act.ledger, code)
}

pub(crate) fn sweep<S: Sink>(work: &mut Work<'_, S>, act: &Sweep) -> Done {
    let amount = some(act.amount)?;
    let debit = work.account(Role::Own, 0, act.ledger)?;
    let credit = work.account(Role::Safe, 0, act.ledger)?;
    work.post(Posting {
        debit,
        credit,
        amount,
    })?;
    Ok(())
}

pub(crate) fn fund<S: Sink>(work: &mut Work<'_, S>, act: &Fund) -> Done {
    let amount = some(act.amount)?;
    let debit = work.account(Role::Safe, 0, act.ledger)?;
    let credit = work.account(Role::Own, 0, act.ledger)?;
    work.post(Posting {
        debit,
        credit,
        amount,
    })?;
    Ok(())
}
