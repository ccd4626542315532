//! Chargebacks: a card scheme takes back what it paid, and the institution gets it from the seller.

use model::object::{CHARGEBACK_STATES, Chargeback, LineState, OrderLine, Payment, Reserve, Role};
use model::{
    ChargebackLost, ChargebackOpen, ChargebackRecover, ChargebackWon, CommandStatus as Status,
};

use super::market::{DAY, commission_part, cover, line_of, owed, release, take_owed};
use super::payment::{bring_own, fee_given_back, receiving_account, transfer};
use crate::deed::{AtField, Done, Work, ensure, some};
use crate::fact::Sink;

/// Places in [`CHARGEBACK_STATES`].
const OPEN: u8 = 0;
const RECOVERED: u8 = 1;
const WON: u8 = 2;
const LOST: u8 = 3;
const UNCOLLECTED: u8 = 4;
const _: () = assert!(CHARGEBACK_STATES.len() == 5);

/// How long what a seller owes is waited for, in nanoseconds: 180 days.
const TIME_TO_COLLECT: u64 = 180 * DAY;

/// What is in dispute.
enum Sale {
    Line(OrderLine),
    Payment(Payment),
}

impl Sale {
    /// What may be disputed still.
    fn left(&self) -> u128 {
        let (paid, refunded, disputed) = match self {
            Self::Line(line) => (line.paid, line.refunded, line.disputed),
            Self::Payment(payment) => (payment.amount, payment.refunded, payment.disputed),
        };
        paid.saturating_sub(refunded).saturating_sub(disputed)
    }

    fn ledger(&self) -> u32 {
        match self {
            Self::Line(line) => line.ledger,
            Self::Payment(payment) => payment.ledger,
        }
    }

    /// Seller and buyer.
    fn parties(&self) -> (u128, u128) {
        match self {
            Self::Line(line) => (line.seller, line.buyer),
            Self::Payment(payment) => (payment.payee, payment.payer),
        }
    }

    /// Puts it with so much in dispute, and of a line so much of the commission left.
    fn put<S: Sink>(self, work: &mut Work<'_, S>, disputed: u128, commission: u128) {
        match self {
            Self::Line(line) => work.put(OrderLine {
                disputed,
                commission,
                ..line
            }),
            Self::Payment(payment) => work.put(Payment {
                disputed,
                ..payment
            }),
        }
    }

    fn disputed(&self) -> u128 {
        match self {
            Self::Line(line) => line.disputed,
            Self::Payment(payment) => payment.disputed,
        }
    }

    fn commission(&self) -> u128 {
        match self {
            Self::Line(line) => line.commission,
            Self::Payment(_) => 0,
        }
    }

    /// Whether it is a line that came to nothing: of one that is in dispute nothing was sold.
    fn is_closed(&self) -> bool {
        matches!(self, Self::Line(line) if line.state() == LineState::TradeClosed)
    }

    /// Puts it as it stands when what was in dispute is so no more.
    fn won<S: Sink>(self, work: &mut Work<'_, S>, back: &Chargeback) {
        match self {
            Self::Line(line) if line.state() == LineState::TradeClosed => {
                went_back(work, &line, back.amount);
            }
            sale => {
                let disputed = sale.disputed() - back.amount;
                let commission = sale.commission() + back.commission;
                sale.put(work, disputed, commission);
            }
        }
    }

    /// Where the institution's income of it is.
    fn income(&self) -> Role {
        match self {
            Self::Line(_) => Role::Commission,
            Self::Payment(_) => Role::FeeIncome,
        }
    }
}

/// What a chargeback is about.
fn sale_of<S: Sink>(work: &Work<'_, S>, (order, line): (u128, u16), payment: u128) -> Done<Sale> {
    if payment == 0 {
        return line_of(work, order, line).map(Sale::Line);
    }
    let found = work.find::<Payment>((payment, 0));
    let found = found.ok_or(Status::PaymentNotFound.at("payment"))?;
    Ok(Sale::Payment(found))
}

fn sale<S: Sink>(work: &Work<'_, S>, back: &Chargeback) -> Done<Sale> {
    sale_of(work, (back.order, back.line), back.payment)
}

pub(crate) fn open<S: Sink>(work: &mut Work<'_, S>, id: u128, act: &ChargebackOpen) -> Done {
    let amount = some(act.amount)?;
    let one = (act.order == 0) != (act.payment == 0);
    ensure(one, Status::ValueOutOfRange.at("payment"))?;
    let line = (act.order == 0) == (act.line == 0);
    ensure(line, Status::ValueOutOfRange.at("line"))?;
    let sale = sale_of(work, (act.order, act.line), act.payment)?;
    let same = sale.ledger() == act.ledger;
    ensure(same, Status::LedgersDiffer.at("ledger"))?;
    let within = amount <= sale.left();
    ensure(within, Status::ExceedsDisputable.at("amount"))?;
    let own = work.account(Role::Own, 0, act.ledger)?;
    let dispute = work.account(Role::Dispute, 0, act.ledger)?;
    transfer(work, dispute, own, amount)?;
    if act.fee > 0 {
        let cost = work.account(Role::DisputeFee, 0, act.ledger)?;
        transfer(work, cost, own, act.fee)?;
    }
    let (seller, buyer) = sale.parties();
    let (disputed, commission) = (sale.disputed() + amount, sale.commission());
    sale.put(work, disputed, commission);
    work.put(Chargeback {
        id,
        order: act.order,
        line: act.line,
        payment: act.payment,
        seller,
        buyer,
        ledger: act.ledger,
        amount,
        fee: act.fee,
        ..Chargeback::default()
    });
    Ok(())
}

fn find<S: Sink>(work: &Work<'_, S>, id: u128) -> Done<Chargeback> {
    let found = work.find::<Chargeback>((id, 0));
    found.ok_or(Status::ChargebackNotFound.at("chargeback"))
}

pub(crate) fn recover<S: Sink>(work: &mut Work<'_, S>, act: &ChargebackRecover) -> Done {
    let back = find(work, act.chargeback)?;
    let open = back.state == OPEN;
    ensure(open, Status::ChargebackEnded.at("chargeback"))?;
    let back = take_back(work, &back)?;
    work.put(back);
    Ok(())
}

/// Gets back what is in dispute: from the seller, where there is a sale. Where escrow holds the whole
/// price still, and all of it is in dispute, the seller gets it first.
fn take_back<S: Sink>(work: &mut Work<'_, S>, back: &Chargeback) -> Done<Chargeback> {
    let mut sale = sale(work, back)?;
    if let Sale::Line(line) = &sale {
        match line.state() {
            LineState::WaitBuyerPay => return unpay(work, back, line),
            LineState::TradeClosed => {
                went_back(work, line, back.amount);
                return Ok(of_escrow(back));
            }
            LineState::TradeFinished => {}
            LineState::WaitSellerSendGoods | LineState::WaitBuyerConfirmGoods => {
                let all = line.disputed == line.held;
                ensure(all, Status::OrderNotFinished.at("chargeback"))?;
                release(work, line)?;
                sale = self::sale(work, back)?;
            }
        }
    }
    // It is the last of what is in dispute.
    let before = sale.disputed() - back.amount;
    let commission = match &sale {
        Sale::Line(line) => commission_part(line, back.amount, before),
        // By itself: several may be recovered in any order, with refunds between them, and all of
        // their parts, each rounded down, together are never more than the fee.
        Sale::Payment(payment) => fee_given_back(payment, 0, back.amount),
    };
    let back = collect(work, back, commission)?;
    let dispute = work.account(Role::Dispute, 0, back.ledger)?;
    if commission > 0 {
        let income = work.account(sale.income(), 0, back.ledger)?;
        transfer(work, income, dispute, commission)?;
    }
    take_owed(work, back.ledger, back.from_seller + back.from_reserve)?;
    let (disputed, left) = (sale.disputed(), sale.commission());
    if let Sale::Line(_) = &sale
        && commission > 0
    {
        sale.put(work, disputed, left - commission);
    }
    Ok(back)
}

/// A line that waits to be paid in full has not been paid what the card scheme took back: escrow
/// gives it up, and it is due again.
fn unpay<S: Sink>(work: &mut Work<'_, S>, back: &Chargeback, line: &OrderLine) -> Done<Chargeback> {
    cover(work, line, back.amount)?;
    work.put(OrderLine {
        paid: line.paid - back.amount,
        held: line.held - back.amount,
        disputed: line.disputed - back.amount,
        ..*line
    });
    Ok(of_escrow(back))
}

/// Of a line that came to nothing, for which escrow gave up what was in dispute as it was closed: a
/// dispute is decided, and the buyer has the money, of the card scheme or of the institution.
fn went_back<S: Sink>(work: &mut Work<'_, S>, line: &OrderLine, amount: u128) {
    work.put(OrderLine {
        refunded: line.refunded + amount,
        disputed: line.disputed - amount,
        ..*line
    });
}

/// A chargeback that escrow paid for.
fn of_escrow(back: &Chargeback) -> Chargeback {
    Chargeback {
        state: RECOVERED,
        ..*back
    }
}

/// Whether escrow paid for it: then nothing of it came from elsewhere.
fn is_of_escrow(back: &Chargeback) -> bool {
    let parts = [
        back.from_seller,
        back.from_reserve,
        back.receivable,
        back.commission,
    ];
    back.state == RECOVERED && parts == [0; 4]
}

/// What escrow gave up for a dispute that is won is the buyer's again, of whom the scheme took it a
/// second time.
fn pay_buyer<S: Sink>(work: &mut Work<'_, S>, back: &Chargeback, dispute: u32) -> Done {
    let wallet = work.account(Role::Wallet, back.buyer, back.ledger)?;
    transfer(work, dispute, wallet, back.amount)?;
    bring_own(work, back.ledger, back.amount)
}

/// The account that a seller has been paid into.
fn seller_account<S: Sink>(work: &mut Work<'_, S>, back: &Chargeback) -> Done<u32> {
    let party = work.known(back.seller, "chargeback")?;
    if back.order != 0 {
        return work.account(Role::Seller, back.seller, back.ledger);
    }
    receiving_account(work, &party, back.ledger)
}

/// Takes all but the commission from the seller's balance, from what was kept back of the line, and
/// what is short of it the seller owes.
fn collect<S: Sink>(
    work: &mut Work<'_, S>,
    back: &Chargeback,
    commission: u128,
) -> Done<Chargeback> {
    let ledger = back.ledger;
    let due = back.amount - commission;
    let dispute = work.account(Role::Dispute, 0, ledger)?;
    let seller = seller_account(work, back)?;
    let from_seller = due.min(work.available(seller));
    transfer(work, seller, dispute, from_seller)?;
    let rest = due - from_seller;
    let reserve = work.find::<Reserve>((back.order, back.line.into()));
    let from_reserve = reserve.map_or(0, |reserve| rest.min(reserve.amount));
    if let Some(reserve) = reserve.filter(|_| from_reserve > 0) {
        let account = work.account(Role::Reserve, back.seller, ledger)?;
        transfer(work, account, dispute, from_reserve)?;
        work.put(Reserve {
            amount: reserve.amount - from_reserve,
            ..reserve
        });
    }
    let receivable = rest - from_reserve;
    if receivable > 0 {
        let account = work.account(Role::SellerReceivable, back.seller, ledger)?;
        transfer(work, account, dispute, receivable)?;
    }
    Ok(Chargeback {
        from_seller,
        from_reserve,
        receivable,
        commission,
        state: RECOVERED,
        deadline: if receivable > 0 {
            work.now.saturating_add(TIME_TO_COLLECT)
        } else {
            0
        },
        ..*back
    })
}

pub(crate) fn win<S: Sink>(work: &mut Work<'_, S>, act: &ChargebackWon) -> Done {
    let back = find(work, act.chargeback)?;
    let open = matches!(back.state, OPEN | RECOVERED);
    ensure(open, Status::ChargebackEnded.at("chargeback"))?;
    let sale = sale(work, &back)?;
    let dispute = work.account(Role::Dispute, 0, back.ledger)?;
    let unpaid = is_of_escrow(&back);
    if unpaid || sale.is_closed() {
        pay_buyer(work, &back, dispute)?;
    } else if back.state == RECOVERED {
        give_back(work, &back, &sale, dispute)?;
    }
    let own = work.account(Role::Own, 0, back.ledger)?;
    transfer(work, own, dispute, back.amount)?;
    if !unpaid {
        sale.won(work, &back);
    }
    work.put(Chargeback {
        state: WON,
        deadline: 0,
        ..back
    });
    Ok(())
}

/// Reverses a recovery. What the seller owed for it and has repaid since goes to its balance.
fn give_back<S: Sink>(
    work: &mut Work<'_, S>,
    back: &Chargeback,
    sale: &Sale,
    dispute: u32,
) -> Done {
    let forgiven = back.receivable.min(owed(work, back.seller, back.ledger));
    let to_seller = back.from_seller + (back.receivable - forgiven);
    let seller = seller_account(work, back)?;
    transfer(work, dispute, seller, to_seller)?;
    if back.from_reserve > 0 {
        return_reserve(work, back, dispute)?;
    }
    if forgiven > 0 {
        let account = work.account(Role::SellerReceivable, back.seller, back.ledger)?;
        transfer(work, dispute, account, forgiven)?;
    }
    if back.commission > 0 {
        let income = work.account(sale.income(), 0, back.ledger)?;
        transfer(work, dispute, income, back.commission)?;
    }
    bring_own(work, back.ledger, to_seller + back.from_reserve)
}

/// What was taken of what is kept back is kept back again; where its time is over, it is over at
/// once.
fn return_reserve<S: Sink>(work: &mut Work<'_, S>, back: &Chargeback, dispute: u32) -> Done {
    let account = work.account(Role::Reserve, back.seller, back.ledger)?;
    transfer(work, dispute, account, back.from_reserve)?;
    let before = work.find::<Reserve>((back.order, back.line.into()));
    let before = before.unwrap_or(Reserve {
        order: back.order,
        line: back.line,
        seller: back.seller,
        ledger: back.ledger,
        ..Reserve::default()
    });
    work.put(Reserve {
        amount: before.amount + back.from_reserve,
        ..before
    });
    Ok(())
}

/// What is lost before it was recovered is recovered now.
pub(crate) fn lose<S: Sink>(work: &mut Work<'_, S>, act: &ChargebackLost) -> Done {
    let back = find(work, act.chargeback)?;
    let open = matches!(back.state, OPEN | RECOVERED);
    ensure(open, Status::ChargebackEnded.at("chargeback"))?;
    let back = if back.state == OPEN {
        take_back(work, &back)?
    } else {
        back
    };
    work.put(Chargeback {
        state: LOST,
        ..back
    });
    Ok(())
}

/// What a seller owes still after 180 days is given up.
pub(crate) fn give_up<S: Sink>(work: &mut Work<'_, S>, back: &Chargeback) -> Done {
    let loss = back.receivable.min(owed(work, back.seller, back.ledger));
    if loss > 0 {
        let cost = work.account(Role::CreditLoss, 0, back.ledger)?;
        let account = work.account(Role::SellerReceivable, back.seller, back.ledger)?;
        transfer(work, cost, account, loss)?;
    }
    work.put(Chargeback {
        state: if loss > 0 { UNCOLLECTED } else { back.state },
        deadline: 0,
        ..*back
    });
    Ok(())
}
