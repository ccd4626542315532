//! Commands drawn from dice: few parties and ids, so that they collide, and time that jumps over
//! deadlines.
//!
//! A step is a few small numbers and nothing else, so that a sequence that fails can be shortened
//! by leaving steps out and by making their numbers smaller.

use std::collections::BTreeMap;

use model::object::Role;
use model::{Act, ActFacts, ChartLineSet, Command, FeeSet, Leg, PartyOpen, TopUp, account_flags};

use super::{DAY, SECOND, code_of, roles};
use crate::workload::Random;

/// Ledgers and the decimal places of their currencies.
pub const LEDGERS: &[(u32, u8)] = &[(392, 0), (978, 2), (48, 3)];

/// Customers, then merchants.
const PARTIES: [u128; 6] = [1, 2, 3, 4, 11, 12];
const MERCHANTS: [u128; 2] = [11, 12];

/// When all begins: Monday, 5 January 2026.
pub const START: u64 = 20_458 * DAY;

/// Acts by name, each as often as it comes up.
const ACTS: &[(&str, u32)] = &[
    ("party_state", 2),
    ("party_terms", 2),
    ("fee_set", 2),
    ("fee_tier_add", 2),
    ("calendar_set", 1),
    ("holiday_set", 2),
    ("day_close", 1),
    ("sweep", 1),
    ("fund", 1),
    ("top_up", 4),
    ("withdraw", 2),
    ("pay", 8),
    ("pay_split", 3),
    ("pay_shared", 4),
    ("share", 7),
    ("share_finish", 2),
    ("refund", 7),
    ("hold", 4),
    ("capture", 5),
    ("release", 2),
    ("request", 3),
    ("request_pay", 4),
    ("request_cancel", 1),
    ("schedule", 4),
    ("schedule_cancel", 1),
    ("payout", 5),
    ("payout_batch", 2),
    ("exchange", 4),
    ("scheme_settle", 2),
    ("chargeback_open", 10),
    ("chargeback_recover", 10),
    ("chargeback_won", 5),
    ("chargeback_lost", 2),
    ("listing_add", 2),
    ("listing_set", 2),
    ("order_place", 16),
    ("order_pay", 6),
    ("order_ship", 7),
    ("order_confirm", 8),
    ("order_cancel", 3),
    ("claim_open", 9),
    ("claim_decide", 8),
    ("order_refund", 9),
    ("gift_send", 4),
    ("gift_claim", 8),
];

/// The id that is named where nothing was made yet.
const NOTHING: u128 = 7;

/// What comes up beside acts: time goes on.
const WAITS: u32 = 20;

/// One step, as it was drawn.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// Which act.
    pub act: u16,
    /// What its fields are made of.
    pub dice: [u16; 12],
}

impl Step {
    /// The next step of a seed's sequence.
    pub fn random(random: &mut Random) -> Self {
        Self {
            act: random.bits() as u16,
            dice: [(); 12].map(|()| random.bits() as u16),
        }
    }

    /// The next step of a seed's sequence, in which nothing comes up but these acts, by name, and
    /// time that goes on.
    ///
    /// # Panics
    ///
    /// Panics where no act has such a name.
    pub fn among(names: &[&str], random: &mut Random) -> Self {
        let name = names.get(random.below(names.len() as u64 + 1) as usize);
        let before = ACTS.iter().take_while(|(act, _)| Some(act) != name);
        let act: u32 = before.map(|(_, count)| count).sum();
        assert!(name.is_none() || act < number_of_acts(), "{name:?}");
        Self {
            act: act as u16,
            ..Self::random(random)
        }
    }
}

/// Places of all acts.
fn number_of_acts() -> u32 {
    ACTS.iter().map(|(_, count)| count).sum()
}

/// What a step comes to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// A command.
    Command(Command),
    /// So many nanoseconds pass.
    Wait(u64),
}

/// Makes events of steps.
#[derive(Clone, Debug, Default)]
pub struct Workload {
    /// How many commands there were.
    count: u128,
    sent: Vec<Command>,
    /// Ids of the commands that were carried out, by act; of some that are about an order, its id.
    made: BTreeMap<u16, Vec<u128>>,
    now: u64,
}

/// Dice that were thrown, taken one by one.
struct Dice<'a> {
    left: std::slice::Iter<'a, u16>,
}

impl Dice<'_> {
    /// A number below `bound`.
    fn roll(&mut self, bound: u32) -> u32 {
        let die = self.left.next().copied().unwrap_or_default();
        u32::from(die) % bound
    }

    /// True once in so many throws, never with 0.
    fn rarely(&mut self, bound: u32) -> bool {
        self.roll(bound) == bound - 1
    }

    fn of<T: Copy>(&mut self, all: &[T]) -> T {
        all[self.roll(all.len() as u32) as usize]
    }
}

impl Workload {
    /// The commands that come before all others: a chart, parties, money, fees, a calendar.
    pub fn setup() -> Vec<Command> {
        let mut acts: Vec<Act> = Vec::new();
        for (role, _) in roles() {
            let limited = role.is_held() || matches!(role, Role::Wallet | Role::Seller);
            acts.push(Act::ChartLineSet(ChartLineSet {
                code: code_of(role),
                class: u8::from(limited),
                role: role as u8,
                flags: if limited {
                    account_flags::DEBITS_MUST_NOT_EXCEED_CREDITS
                } else {
                    0
                },
                ..ChartLineSet::default()
            }));
        }
        for party in PARTIES {
            let merchant = MERCHANTS.contains(&party);
            acts.push(Act::PartyOpen(PartyOpen {
                party,
                kind: u8::from(merchant),
                commission: if merchant { 50_000 } else { 0 },
                reserve: if party == 12 { 100_000 } else { 0 },
                reserve_days: 7,
                ..PartyOpen::default()
            }));
            acts.push(Act::TopUp(TopUp {
                party,
                ledger: 978,
                amount: 3_000,
                funding: 2,
                channel: 0,
            }));
        }
        for (fee, bearer) in [(1, 0), (2, 1)] {
            acts.push(Act::FeeSet(FeeSet {
                fee,
                ledger: 978,
                flat: fee - 1,
                rate: 10_000,
                bearer,
                rounding: 3,
                ..FeeSet::default()
            }));
        }
        acts.push(Act::CalendarSet(model::CalendarSet {
            calendar: 0,
            offset: 86_400 + 3_600,
            weekend: 0x60,
        }));
        let numbered = (1_000_000..).zip(acts);
        let command = |(id, act)| Command {
            id,
            act,
            legs: Vec::new(),
        };
        numbered.map(command).collect()
    }

    /// What a step comes to at the moment `now`.
    pub fn event(&mut self, step: &Step, now: u64) -> Event {
        self.now = now;
        let all = WAITS + number_of_acts();
        let mut dice = Dice {
            left: step.dice.iter(),
        };
        let mut place = u32::from(step.act) % all;
        for (name, count) in ACTS {
            if place < *count {
                return Event::Command(self.command(name, &mut dice));
            }
            place -= count;
        }
        let hours = dice.of(&[0, 1, 23, 24, 1, 25, 0, 49, 1, 72, 168, 24, 240, 720, 4_321]);
        Event::Wait(hours * 3_600 * SECOND + SECOND)
    }

    /// Says that a command was carried out, so that others name what it made.
    pub fn carried_out(&mut self, command: &Command) {
        let made = self.made.entry(command.act.number()).or_default();
        made.push(match command.act {
            Act::OrderPay(act) => act.order,
            Act::OrderShip(act) => act.order,
            Act::OrderConfirm(act) => act.order,
            Act::ClaimOpen(act) => act.order,
            _ => command.id,
        });
    }

    /// A new command; now and then one that was sent before, or another under its id.
    fn command(&mut self, name: &str, dice: &mut Dice<'_>) -> Command {
        let again = dice.roll(20);
        let back = dice.roll(8) as usize;
        let before = self.sent.iter().rev().nth(back).cloned();
        if let (18, Some(before)) = (again, &before) {
            return before.clone();
        }
        self.count += 1;
        let id = match (again, &before) {
            (19, Some(before)) => before.id,
            _ => 100 + self.count,
        };
        let facts = ActFacts::named(name).expect("it is the name of an act");
        let mut values: Vec<u128> = Vec::new();
        for field in facts.fields {
            let value = self.value(name, field.name, dice);
            let most = u128::MAX >> (128 - field.bits);
            values.push(value.min(most));
        }
        agree(name, &mut values);
        let act = Act::from_values(facts.number, &values).expect("values fit");
        let legs = legs(&act, dice);
        let command = Command { id, act, legs };
        self.sent.push(command.clone());
        command
    }

    /// A value of a field.
    fn value(&self, act: &str, field: &str, dice: &mut Dice<'_>) -> u128 {
        match field {
            "party" if act == "payout" || act == "party_terms" => party(dice, &MERCHANTS),
            "party" | "payer" | "payee" | "buyer" | "sender" => {
                let anyone = act == "request" && field == "payer" && dice.rarely(2);
                if anyone { 0 } else { party(dice, &PARTIES) }
            }
            "seller" => party(dice, &MERCHANTS),
            "ledger" | "to_ledger" => ledger(dice, field == "to_ledger"),
            "price" => dice.of(&[10u128, 50, 33]),
            "amount" if act == "claim_open" => dice.of(&[1, 20, 50, 7, 100, 33, 0]),
            "amount" if act == "chargeback_open" => dice.of(&[50, 33, 10, 1, 20, 7, 100, 0]),
            "amount" if act == "payout" => dice.of(&[50, 500, 99, 250, 1_000, 0]),
            "amount" if act == "claim_decide" => dice.of(&[1, 0, 20, 50, 7, 100]),
            "amount" if act == "share" || act == "order_refund" => dice.of(&[1, 10, 50, 33, 0]),
            "amount" | "cost" | "flat" | "least" | "most" | "above" => amount(act, field, dice),
            "fee" if act == "chargeback_open" => dice.of(&[15, 0, 15, 0, 3, u128::MAX / 3]),
            "fee" => dice.of(&[0, 2, 1, 2, 1, 0, 2, 1, 0, 2, 1, 3]),
            "payment" if act == "share" || act == "share_finish" => {
                self.pick(&["pay_shared"], dice)
            }
            "payment" => self.pick(&["pay", "pay_shared", "request_pay", "pay_shared"], dice),
            "hold" => self.pick(&["hold"], dice),
            "request" => self.pick(&["request"], dice),
            "schedule" => self.pick(&["schedule"], dice),
            "chargeback" => self.pick(&["chargeback_open"], dice),
            "gift" => self.pick(&["gift_send"], dice),
            "order" if act == "claim_decide" => self.pick(&["claim_open"], dice),
            "order" if act == "chargeback_open" || act == "order_cancel" => {
                self.pick(&["order_pay", "order_place"], dice)
            }
            "order" if act == "order_confirm" => self.pick(&["order_ship", "order_place"], dice),
            "order" if act == "order_refund" => self.pick(&["order_confirm", "order_place"], dice),
            "order" => self.pick(&["order_place"], dice),
            "listing" => dice.of(&[0, 1, 2, 3]),
            "stock" => dice.of(&[5, 2, 100, 0]),
            "line" => dice.of(&[1, 1, 0, 2, 1, 1, 3]),
            "seconds" => dice.of(&[0, 3_600, 90_000, 1, 600_000]),
            "day" | "first_day" => {
                let today = self.now / DAY;
                u128::from(today + u64::from(dice.roll(8))).saturating_sub(2)
            }
            "rate" if act == "exchange" => dice.of(&[8_242_135, 1, 99_999, 150_000, 7_777_777, 0]),
            "scale" => dice.of(&[5, 5, 0, 2, 5, 4, 5, 19]),
            "rate" | "share_limit" | "commission" | "reserve" => dice.of(&[
                50_000, 0, 100_000, 333_333, 50_000, 100_000, 0, 1_000_000, 1_000_001,
            ]),
            "weekend" => dice.of(&[0x60, 0, 0x7E, 0x7F]),
            "offset" => dice.of(&[86_400, 90_000, 43_200]),
            "reserve_days" => dice.of(&[7, 0, 1, 30]),
            "seed" => u128::from(dice.roll(50)),
            _ => small(act, field, dice).into(),
        }
    }

    /// The id of something that one of these acts made.
    fn pick(&self, acts: &[&str], dice: &mut Dice<'_>) -> u128 {
        let act = ActFacts::named(dice.of(acts)).expect("it is the name of an act");
        let back = dice.of(&[0, 0, 1, 0, 2, 4]);
        let made = self.made.get(&act.number);
        let found = made.and_then(|made| made.iter().rev().nth(back.min(made.len() - 1)));
        found.copied().unwrap_or(NOTHING)
    }
}

fn party(dice: &mut Dice<'_>, parties: &[u128]) -> u128 {
    if dice.rarely(40) {
        return 99;
    }
    dice.of(parties)
}

fn ledger(dice: &mut Dice<'_>, other: bool) -> u128 {
    let place = dice.roll(40);
    match place {
        37 => 392,
        38 => 48,
        39 => 5,
        _ if other => u128::from(LEDGERS[place as usize % 3].0),
        _ => 978,
    }
}

fn amount(act: &str, field: &str, dice: &mut Dice<'_>) -> u128 {
    if field != "amount" {
        return dice.of(&[0, 1, 3, 10, 60]);
    }
    let large = ["top_up", "fund", "order_pay"].contains(&act);
    let amounts: [u128; 16] = [
        100,
        40,
        1,
        50,
        10,
        99,
        20,
        250,
        33,
        7,
        500,
        1_000,
        5_000,
        10,
        if large { u128::MAX / 3 } else { 10_000 },
        0,
    ];
    let amount = dice.of(&amounts);
    if amount == 10_000 && dice.rarely(3) {
        return u128::MAX;
    }
    amount
}

/// The place of a name, sometimes one too far.
fn small(act: &str, field: &str, dice: &mut Dice<'_>) -> u32 {
    match field {
        "state" if act == "holiday_set" => dice.of(&[0, 1, 0, 2]),
        "state" => dice.of(&[0, 1, 0, 2, 0, 0, 3]),
        "funding" if act == "top_up" => dice.of(&[1, 2, 1, 2, 2, 0]),
        "funding" => dice.of(&[0, 1, 2, 0, 1, 0, 2, 1, 3]),
        "delivery" if act == "order_place" => dice.of(&[0, 0, 1, 0, 2, 0, 0, 5]),
        "delivery" => dice.of(&[1, 2, 3, 4, 1, 2, 1, 5, 0]),
        "pay" => dice.of(&[1, 0, 1, 0, 1, 0, 1, 0, 1, 2]),
        "rule" => dice.of(&[0, 1, 2, 3, 1, 3, 2, 0, 4]),
        "parts" => dice.of(&[3, 1, 2, 5, 3, 2, 4, 0]),
        "every" => dice.of(&[1, 2, 1, 1, 0]),
        "runs_most" => dice.of(&[0, 1, 3]),
        "bearer" | "kind" => dice.roll(2),
        "rounding" => dice.roll(4),
        _ => 0,
    }
}

/// Makes fields fit together that hardly would by themselves.
fn agree(name: &str, values: &mut [u128]) {
    // Either a line of an order, or a payment: amounts that are odd are of payments, where there
    // are any.
    if let ("chargeback_open", [_, amount, _, order, line, payment]) = (name, values) {
        let paid = *payment != NOTHING;
        if *line > 0 && (*amount % 2 == 0 || !paid) {
            *payment = 0;
        } else {
            (*order, *line) = (0, 0);
        }
    }
}

/// The parts of an act that has some.
fn legs(act: &Act, dice: &mut Dice<'_>) -> Vec<Leg> {
    let many = act.facts().legs != model::Legs::None;
    let count = if many {
        dice.of(&[1, 2, 3, 1, 2, 4])
    } else {
        0
    };
    let order = matches!(act, Act::OrderPlace(_));
    let batch = matches!(act, Act::PayoutBatch(_));
    let shares = matches!(act, Act::Share(_));
    let leg = |_| {
        let parties: &[u128] = if order || batch { &MERCHANTS } else { &PARTIES };
        let amount = if shares {
            dice.of(&[1, 7, 10, 3, 20, 5, 0])
        } else {
            dice.of(&[100, 50, 7, 33, 1, 99, 250, 100, 20, 40, 0, u128::MAX / 2])
        };
        let mut leg = Leg {
            party: party(dice, parties),
            amount,
            ..Leg::default()
        };
        if order && dice.roll(3) == 2 {
            leg.listing = 1 + u32::from(amount % 2 == 1);
            leg.quantity = 1 + (amount % 3) as u32;
            let prices = [10, 50, 33];
            let price = prices[amount as usize % 3];
            leg.amount = price * u128::from(leg.quantity);
        }
        leg
    };
    (0..count).map(leg).collect()
}
