//! Placing many orders at once, and the order of one command.
//!
//! Lines of one order stand in a row, linked, and are placed all or none. An order of one line, which
//! is what nearly all are, is judged in full before it changes anything, so nothing is noted for
//! taking it back. What 64 lines look at is read ahead, so that the waits for memory overlap.

use std::hint::black_box;

use model::limits::COMMAND_LEGS;
use model::object::account_of;
use model::{
    ActFacts, CommandResult, CommandStatus as Status, OrderEvent, OrderPlace, order_flags,
};

use super::place::{Till, again, place_line};
use crate::State;
use crate::accounts::NO_SLOT;
use crate::batch::AHEAD;
use crate::deed::{Refusal, Work, refused};
use crate::fact::{Sink, Slots};
use crate::past::Recalled;
use crate::rules::{Payment, Side};

/// Moments that one line of an order takes at most.
pub const LINE_MOMENTS: usize = 6;

/// What stands in the way of an order: the index of the line, and why.
type Obstacle = (usize, Refusal);

impl State {
    /// Places orders, line by line: one result a line is added to `results`. Line `i`, from 0, of
    /// `n` has the [`LINE_MOMENTS`] that end at `time - LINE_MOMENTS * (n - 1 - i)`; the first of
    /// them all is later than every record so far.
    ///
    /// An order that was placed before gets `exists` for each line, with the time since when the line
    /// stands as it does; which transfers it made is not told again. Where a line is refused, the
    /// fields and parts that the result names are those of [`OrderPlace`].
    pub fn create_orders<S: Sink>(
        &mut self,
        past: &Recalled,
        time: u64,
        events: &[OrderEvent],
        sink: &mut S,
        results: &mut Vec<CommandResult>,
    ) {
        let moments = (events.len() * LINE_MOMENTS) as u64;
        let before = time.checked_sub(moments);
        let before = before.expect("a batch has moments for each line");
        assert!(before >= self.books.clock.last, "time only rises");
        results.reserve(events.len());
        let moment = |index: usize| before + (index * LINE_MOMENTS) as u64;
        let mut till: Option<Till> = None;
        let (mut next, mut looked) = (0, 0);
        while let Some(first) = events.get(next) {
            if next >= looked {
                looked = events.len().min(next + AHEAD);
                self.look_ahead(&events[next..looked]);
            }
            let end = end_of_order(events, next);
            let desk = till
                .filter(|till| till.fits(first.ledger))
                .unwrap_or_else(|| Till::new(self, first.ledger));
            let moments = (moment(next) + 1, moment(end));
            let order = &events[next..end];
            self.order((past, &desk), moments, order, sink, results);
            till = Some(desk);
            next = end;
        }
    }

    /// Places the order of a command, or says why not. The answer to one that was placed before has
    /// the time since when its first line stands as it does; which transfers it made is not told again.
    pub(crate) fn place_order<S: Sink>(
        &mut self,
        past: &Recalled,
        (now, end): (u64, u64),
        lines: &[OrderEvent],
        sink: &mut S,
    ) -> Result<CommandResult, Refusal> {
        if let Some(known) = again(self, past, lines, 0) {
            return Ok(answered(known, now));
        }
        let till = Till::new(self, lines[0].ledger);
        let mut results = Vec::with_capacity(lines.len());
        let placed = self.place((past, &till), (now, end), lines, sink, &mut results);
        placed.map_err(|(_, refusal)| refusal)?;
        let last = results.last().copied().unwrap_or_default();
        let transfers = results.iter().map(|result| result.transfers).sum();
        Ok(CommandResult {
            transfers,
            first_transfer: if transfers > 0 { now } else { 0 },
            ..last
        })
    }

    /// Places one order of a batch, and adds the results of its lines.
    #[inline]
    fn order<S: Sink>(
        &mut self,
        (past, till): (&Recalled, &Till),
        moments: (u64, u64),
        lines: &[OrderEvent],
        sink: &mut S,
        results: &mut Vec<CommandResult>,
    ) {
        let mut placed = check_row(lines);
        if placed.is_ok() {
            if again(self, past, lines, 0).is_some() {
                return self.answer_again(past, moments, lines, results);
            }
            placed = self.place((past, till), moments, lines, sink, results);
        }
        if let Err(obstacle) = placed {
            self.refuse_order(moments, lines, obstacle, results);
        }
    }

    /// Refuses the lines of an order, because of one of them.
    #[cold]
    fn refuse_order(
        &mut self,
        (now, _): (u64, u64),
        lines: &[OrderEvent],
        (wrong, refusal): Obstacle,
        results: &mut Vec<CommandResult>,
    ) {
        let facts = ActFacts::numbered(OrderPlace::NUMBER).expect("it stands in the table");
        let failed = Refusal::from(Status::LinkedOrderFailed);
        for index in 0..lines.len() {
            let refusal = if index == wrong { &refusal } else { &failed };
            let result = refused(facts, line_time(now, index), refusal);
            results.push(if index == wrong {
                self.found_in(result)
            } else {
                result
            });
        }
    }

    #[cold]
    fn answer_again(
        &self,
        past: &Recalled,
        (now, _): (u64, u64),
        lines: &[OrderEvent],
        results: &mut Vec<CommandResult>,
    ) {
        for index in 0..lines.len() {
            let known = again(self, past, lines, index).unwrap_or_default();
            results.push(answered(known, line_time(now, index)));
        }
    }

    /// Places the lines of a new order, all or none: one result a line.
    #[inline]
    fn place<S: Sink>(
        &mut self,
        (past, till): (&Recalled, &Till),
        moments: (u64, u64),
        lines: &[OrderEvent],
        sink: &mut S,
        results: &mut Vec<CommandResult>,
    ) -> Result<(), Obstacle> {
        let chained = lines.len() > 1 || !till.is_set(self, &lines[0]);
        let (mark, first) = (sink.mark(), results.len());
        if chained {
            self.open_chain();
        }
        let about = (OrderPlace::NUMBER, lines[0].order);
        let mut work = Work::new(self, past, sink, moments, about);
        let mut done = Ok(());
        for (index, line) in lines.iter().enumerate() {
            let transfers = work.transfers;
            let place = (index, lines.len());
            if let Err(refusal) = place_line(&mut work, till, line, place) {
                done = Err((index, refusal));
                break;
            }
            let made = work.transfers - transfers;
            results.push(CommandResult {
                timestamp: work.last(),
                first_transfer: u64::from(made) * (work.now + u64::from(transfers)),
                status: Status::Created.code(),
                transfers: made,
                number: 0,
            });
        }
        if chained && done.is_ok() {
            self.keep_chain();
        } else if chained {
            self.rewind_chain();
            sink.rewind(mark);
        }
        if done.is_err() {
            results.truncate(first);
        }
        done
    }

    /// Reads what these lines look at, in steps that each read memory without waiting for another
    /// read: where it is, then itself.
    fn look_ahead(&self, events: &[OrderEvent]) {
        let books = &self.books;
        let wallet = Till::new(self, events[0].ledger).wallet;
        let (mut wallets, mut sellers, mut buyers) = ([0; AHEAD], [0; AHEAD], [0; AHEAD]);
        let mut sum = 0;
        for (i, event) in events.iter().enumerate() {
            let wallet = account_of(event.buyer, event.ledger, wallet);
            wallets[i] = books.key.hash(wallet);
            sellers[i] = books.key.hash(event.seller);
            buyers[i] = books.key.hash(event.buyer);
            sum ^= books.business.lines.touch(books.key.hash(event.order));
            sum ^=
                books.business.parties.touch(sellers[i]) ^ books.business.parties.touch(buyers[i]);
            sum ^= self.touch_listing(event);
        }
        books.accounts.touch(&wallets[..events.len()]);
        for i in 0..events.len() {
            sum ^= books.business.parties.touch_candidate(sellers[i]);
            sum ^= books.business.parties.touch_candidate(buyers[i]);
        }
        let slots = wallets[..events.len()].iter().map(|hash| Slots {
            debit: books.accounts.candidate(*hash),
            credit: NO_SLOT,
        });
        books.accounts.touch_slots(slots);
        if books.rules.tallies.counts_kind(OrderPlace::NUMBER) {
            sum ^= self.touch_tallies(events, &wallets);
        }
        black_box(sum);
    }

    /// Reads where payments of these lines are counted, for those who pay.
    fn touch_tallies(&self, events: &[OrderEvent], wallets: &[u64; AHEAD]) -> u64 {
        let books = &self.books;
        let payment = |event: &OrderEvent, hash: &u64| Payment {
            time: books.clock.last,
            kind: OrderPlace::NUMBER,
            ledger: event.ledger,
            amount: event.amount,
            channel: event.channel,
            payer: Side {
                party: event.buyer,
                account: books.accounts.candidate(*hash),
                code: 0,
            },
            payee: Side::default(),
        };
        let payments = events.iter().zip(wallets);
        let payments = payments.map(|(event, hash)| payment(event, hash));
        let tallies = &books.rules.tallies;
        tallies.look_ahead(OrderPlace::NUMBER, &payments)
    }

    #[inline]
    fn touch_listing(&self, event: &OrderEvent) -> u64 {
        let number = event.listing.checked_sub(1);
        let offer = number.and_then(|number| self.books.business.listings.get(number));
        offer.map_or(0, |offer| {
            self.books.accounts.at(offer.seller).user_data_128 as u64
        })
    }
}

/// The index behind the last line of the order that begins at `first`.
fn end_of_order(events: &[OrderEvent], first: usize) -> usize {
    let rest = events[first..].iter();
    let linked = rest
        .take_while(|line| line.has(order_flags::LINKED))
        .count();
    events.len().min(first + linked + 1)
}

/// What is wrong with the row of lines of one order.
#[inline]
fn check_row(lines: &[OrderEvent]) -> Result<(), Obstacle> {
    let last = lines.len() - 1;
    if lines[last].has(order_flags::LINKED) {
        return Err((last, Status::LinkedOrderOpen.into()));
    }
    let first = &lines[0];
    for (index, line) in lines.iter().enumerate().skip(1) {
        let same = (first.order, first.buyer, first.ledger)
            == (line.order, line.buyer, line.ledger)
            && (first.flags ^ line.flags) & !order_flags::LINKED == 0;
        if !same {
            return Err((index, Status::LinkedOrderDiffers.into()));
        }
    }
    if lines.len() > COMMAND_LEGS {
        return Err((COMMAND_LEGS, Status::TooManyLegs.into()));
    }
    match first.order {
        0 => Err((0, Status::IdMustNotBeZero.into())),
        u128::MAX => Err((0, Status::IdMustNotBeIntMax.into())),
        _ => Ok(()),
    }
}

/// The first moment of a line of an order that begins at `now`.
fn line_time(now: u64, index: usize) -> u64 {
    now + (index * LINE_MOMENTS) as u64
}

/// Gives an answer that has no time yet the time of the check.
fn answered(result: CommandResult, now: u64) -> CommandResult {
    CommandResult {
        timestamp: if result.timestamp == 0 {
            now
        } else {
            result.timestamp
        },
        ..result
    }
}
