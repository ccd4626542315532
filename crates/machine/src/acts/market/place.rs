//! Placing orders: judging a line, and making it.

use model::object::{DELIVERIES, LineState, OrderLine, Party, Role, account_of};
use model::rule::CHANNELS;
use model::{Command, CommandResult, CommandStatus as Status, OrderEvent, OrderPlace, order_flags};

use super::{DAY, paid_in_full};
use crate::State;
use crate::acts::payment::is_merchant;
use crate::civil::SECOND;
use crate::deed::{AtField, Done, Posting, Refusal, Work, ensure};
use crate::fact::Sink;
use crate::past::Recalled;

/// The lines that a command places.
pub(crate) fn lines_of(command: &Command, act: &OrderPlace) -> Vec<OrderEvent> {
    let last = command.legs.len().saturating_sub(1);
    let flags = match act.pay {
        0 => 0,
        1 => order_flags::PAY,
        // It has no meaning, and is refused as such.
        _ => !order_flags::KNOWN,
    };
    let legs = command.legs.iter().enumerate();
    let line = legs.map(|(index, leg)| OrderEvent {
        order: command.id,
        buyer: act.buyer,
        seller: leg.party,
        amount: leg.amount,
        listing: leg.listing,
        quantity: leg.quantity,
        ledger: act.ledger,
        timeout: act.seconds,
        flags: flags | if index < last { order_flags::LINKED } else { 0 },
        delivery: act.delivery,
        channel: act.channel,
        ..OrderEvent::default()
    });
    line.collect()
}

/// What lines of one ledger have in common: looked up once.
#[derive(Clone, Copy)]
pub(super) struct Till {
    ledger: u32,
    declared: bool,
    /// Code of the accounts of wallets; 0 where the chart has none.
    pub(super) wallet: u16,
    /// Slot of the account of escrow, once it is open.
    escrow: Option<u32>,
}

impl Till {
    pub(super) fn new(state: &State, ledger: u32) -> Self {
        let business = &state.books.business;
        let code = |role| business.line_of(role).map_or(0, |line| line.code);
        let escrow = code(Role::Escrow);
        let slot = state.books.accounts.find(account_of(0, ledger, escrow));
        Self {
            ledger,
            declared: state.books.ledgers.contains_key(&ledger),
            wallet: code(Role::Wallet),
            escrow: slot.filter(|slot| {
                let account = state.books.accounts.at(*slot);
                escrow != 0
                    && (account.user_data_128, account.ledger, account.code) == (0, ledger, escrow)
            }),
        }
    }

    /// Whether these are the accounts of this ledger, as they stand.
    #[inline]
    pub(super) fn fits(&self, ledger: u32) -> bool {
        self.ledger == ledger && self.escrow.is_some()
    }

    /// Whether both accounts are there that a line moves money between, so that judging it opens
    /// none.
    #[inline]
    pub(super) fn is_set(&self, state: &State, line: &OrderEvent) -> bool {
        if !line.has(order_flags::PAY) {
            return true;
        }
        let wallet = account_of(line.buyer, line.ledger, self.wallet);
        self.escrow.is_some() && state.books.accounts.find(wallet).is_some()
    }
}

/// What became of an order before it was asked for again.
pub(super) fn again(
    state: &State,
    past: &Recalled,
    lines: &[OrderEvent],
    index: usize,
) -> Option<CommandResult> {
    let order = lines[0].order;
    let known = |number: usize| state.find::<OrderLine>(past, (order, number as u128));
    let differs = CommandResult {
        status: Status::ExistsWithDifferentContent.code(),
        ..CommandResult::default()
    };
    if known(1).is_none() {
        return state.deed(past, order).map(|_| differs);
    }
    let mut numbered = lines.iter().enumerate();
    let same = numbered.all(|(index, line)| {
        known(index + 1).is_some_and(|known| is_same(&known, line, lines.len()))
    });
    let there = known(index + 1).filter(|_| same);
    Some(there.map_or(differs, |there| CommandResult {
        timestamp: there.timestamp,
        status: Status::Exists.code(),
        ..CommandResult::default()
    }))
}

/// Whether a line as it stands is the one that is asked for, so far as it tells still.
fn is_same(known: &OrderLine, line: &OrderEvent, lines: usize) -> bool {
    usize::from(known.lines) == lines
        && (known.buyer, known.seller, known.ledger) == (line.buyer, line.seller, line.ledger)
        && (known.amount, known.listing, known.quantity)
            == (line.amount, line.listing, line.quantity)
        && (known.paid == known.amount || !line.has(order_flags::PAY))
}

/// Places a line, number `index` from 0 of so many. It is judged in full before anything is
/// changed, but for accounts that have to be opened.
pub(super) fn place_line<S: Sink>(
    work: &mut Work<'_, S>,
    till: &Till,
    line: &OrderEvent,
    (index, lines): (usize, usize),
) -> Done {
    let seller = judge(work, till, line).map_err(|refusal| in_line(refusal, index))?;
    work.channel = line.channel;
    let timeout = match line.timeout {
        0 => DAY,
        seconds => u64::from(seconds) * SECOND,
    };
    let placed = OrderLine {
        order: line.order,
        line: index as u16 + 1,
        lines: lines as u16,
        buyer: line.buyer,
        seller: line.seller,
        ledger: line.ledger,
        amount: line.amount,
        listing: line.listing,
        quantity: line.quantity,
        state: LineState::WaitBuyerPay as u8,
        delivery: line.delivery,
        deadline: work.now.saturating_add(timeout),
        commission_rate: seller.commission,
        reserve_rate: seller.reserve,
        reserve_days: seller.reserve_days,
        ..OrderLine::default()
    };
    if !line.has(order_flags::PAY) {
        work.put(placed);
        return Ok(());
    }
    move_to_escrow(work, till, line)?;
    let paid = OrderLine {
        paid: line.amount,
        held: line.amount,
        ..placed
    };
    work.put(paid_in_full(&paid, work.now));
    Ok(())
}

fn move_to_escrow<S: Sink>(work: &mut Work<'_, S>, till: &Till, line: &OrderEvent) -> Done {
    let wallet = work.account(Role::Wallet, line.buyer, line.ledger)?;
    let escrow = match till.escrow {
        Some(escrow) => escrow,
        None => work.account(Role::Escrow, 0, line.ledger)?,
    };
    let posting = Posting {
        debit: wallet,
        credit: escrow,
        amount: line.amount,
    };
    work.post(posting)?;
    Ok(())
}

/// A refusal for what stands in the line itself names the line.
#[cold]
fn in_line(refusal: Refusal, index: usize) -> Refusal {
    let own = ["seller", "amount", "listing", "quantity"].contains(&refusal.field);
    if own { refusal.in_leg(index) } else { refusal }
}

/// What may stand in the way of a line, money aside. Returns its seller.
#[inline]
fn judge<S: Sink>(work: &Work<'_, S>, till: &Till, line: &OrderEvent) -> Done<Party> {
    check_values(line)?;
    ensure(till.declared, Status::LedgerNotDeclared.at("ledger"))?;
    if line.listing > 0 {
        check_listing(work.state, line)?;
    }
    work.active(line.buyer, "buyer")?;
    let seller = work.active(line.seller, "seller")?;
    ensure(is_merchant(&seller), Status::PartyNotMerchant.at("seller"))?;
    if let Some(number) = line.listing.checked_sub(1) {
        let offer = work.state.books.business.listings.get(number);
        let enough = offer.is_some_and(|offer| offer.stock >= line.quantity);
        ensure(enough, Status::OutOfStock.at("quantity"))?;
    }
    Ok(seller)
}

#[inline]
fn check_values(line: &OrderEvent) -> Done {
    let unused = (line.reserved_32, line.reserved);
    let known = line.flags & !order_flags::KNOWN == 0 && unused == (0, [0; 5]);
    ensure(line.amount > 0, Status::AmountMustNotBeZero.at("amount"))?;
    ensure(known, Status::ValueOutOfRange.at("pay"))?;
    let named = usize::from(line.delivery) < DELIVERIES.len();
    ensure(named, Status::ValueOutOfRange.at("delivery"))?;
    let channel = usize::from(line.channel) < CHANNELS.len();
    ensure(channel, Status::ValueOutOfRange.at("channel"))?;
    let counted = (line.listing == 0) == (line.quantity == 0);
    ensure(counted, Status::ValueOutOfRange.at("quantity"))?;
    let different = line.buyer != line.seller;
    ensure(different, Status::PartiesMustBeDifferent.at("seller"))
}

/// That a listing is as the line says; its stock is looked at later.
fn check_listing(state: &State, line: &OrderEvent) -> Done {
    let books = &state.books;
    let offer = books.business.listings.get(line.listing - 1);
    let offer = offer.ok_or(Status::ListingNotFound.at("listing"))?;
    ensure(offer.state == 0, Status::ListingWithdrawn.at("listing"))?;
    let seller = books.accounts.at(offer.seller);
    let same = (seller.user_data_128, seller.ledger) == (line.seller, line.ledger);
    ensure(same, Status::ListingOfOther.at("listing"))?;
    let price = u128::from(offer.price) * u128::from(line.quantity);
    ensure(
        price == line.amount,
        Status::ListingPriceDiffers.at("amount"),
    )
}
