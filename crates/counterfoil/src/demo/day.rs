//! The day that the demo makes up: what is asked of the platform, and when.

use model::object::account_of;
use serde_json::{Value, json};
use sim::workload::Random;

/// The ledger of the day, and the decimal places of its currency.
pub const EURO: u32 = 978;
/// Days from 1970 to the day: 11 November 2026.
pub const DAY: u64 = 20_768;

/// Seconds.
const HOUR: u64 = 3_600;
/// When the day begins.
pub const MIDNIGHT: u64 = DAY * 24 * HOUR;

const CUSTOMERS: u64 = 40;
const MERCHANTS: u64 = 8;
const FIRST_CUSTOMER: u64 = 1_000;
const FIRST_MERCHANT: u64 = 500;
const FIRST_ORDER: u64 = 1_000_000;
const GIFTS: u64 = 3;
const GIFT_PARTS: u64 = 10;
const FIRST_GIFT: u64 = 900_000;

/// What each merchant offers: the label of its category, titles and texts.
const WARES: [(&str, [(&str, &str); 3]); MERCHANTS as usize] = [
    (
        "Home/Lamps",
        [
            (
                "Green desk lamp",
                "Brass foot, green glass, a warm light for reading.",
            ),
            ("Paper lantern, white", "Folds flat; 40 cm across."),
            (
                "Noční lampička měsíc",
                "Svítí měkce, na tři tužkové baterie.",
            ),
        ],
    ),
    (
        "Food/Tea",
        [
            (
                "西湖龙井 绿茶 100 克",
                "明前采摘，清香。 Green tea from the West Lake.",
            ),
            (
                "Darjeeling first flush",
                "Black tea, 250 g, from one garden.",
            ),
            ("Rooibos s vanilkou", "Bylinný čaj bez kofeinu, 100 g."),
        ],
    ),
    (
        "Home/Kitchen",
        [
            (
                "Cast iron teapot, black",
                "0.8 l, enamelled inside, with a sieve.",
            ),
            ("Чайник эмалированный зелёный", "Два литра, со свистком."),
            ("急須 常滑焼", "朱泥、約三百ミリリットル。"),
        ],
    ),
    (
        "Books/Maps",
        [
            (
                "Atlas of trade routes",
                "Maps of the silk road, by land and by sea.",
            ),
            ("City map of Praha", "1 : 10 000, folded, tear-proof."),
            ("Globe, 30 cm", "With a lamp inside."),
        ],
    ),
    (
        "Garden/Seeds",
        [
            ("Tomato seeds, old kinds", "Six kinds, ten seeds of each."),
            ("Lavender, three plants", "Hardy; flowers from June on."),
            ("Rajčata na balkon", "Semena keříčkových rajčat."),
        ],
    ),
    (
        "Toys/Wood",
        [
            ("Wooden train, red", "Engine and three wagons of beech."),
            ("Holzpuzzle Weltkarte", "48 Teile, für Kinder ab vier."),
            ("لعبة خشبية للأطفال", "قطار من خشب الزان."),
        ],
    ),
    (
        "Sport/Cycling",
        [
            ("Bicycle lamp, front", "Charged by USB, 60 lux."),
            ("Steel water bottle, green", "0.75 l, fits every cage."),
            ("자전거 벨", "맑은 소리, 알루미늄."),
        ],
    ),
    (
        "Clothes/Scarves",
        [
            ("Silk scarf, blue waves", "90 by 90 cm, rolled hem."),
            ("Wool scarf, grey", "Knitted of merino wool."),
            ("Lněný šátek zelený", "Praný len, 70 × 70 cm."),
        ],
    ),
];

/// What is to become of a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Due {
    /// It is carried out.
    Done,
    /// It is refused.
    Refused,
}

/// One command of the day.
#[derive(Clone, Debug)]
pub struct Step {
    /// Seconds since 1970.
    pub at: u64,
    pub command: Value,
    pub due: Due,
}

impl Step {
    /// Whether it adds a listing with its texts, which is no command by itself.
    pub fn is_listing(&self) -> bool {
        self.command["act"].is_null()
    }
}

/// A day made up from a seed.
pub struct Day {
    random: Random,
    next_id: u64,
    steps: Vec<Step>,
    /// Ids of the orders.
    pub orders: Vec<u64>,
}

fn customer(number: u64) -> u64 {
    FIRST_CUSTOMER + number
}

fn merchant(number: u64) -> u64 {
    FIRST_MERCHANT + number
}

/// The merchants of the day.
pub fn merchants() -> impl Iterator<Item = u64> {
    (0..MERCHANTS).map(merchant)
}

/// The gifts of the day.
pub fn gifts() -> impl Iterator<Item = u64> {
    (0..GIFTS).map(|gift| FIRST_GIFT + gift)
}

/// The account that a merchant is paid out from.
pub fn seller_account(merchant: u64) -> u128 {
    account_of(merchant.into(), EURO, 2020)
}

impl Day {
    /// The day of this seed with about so many commands.
    pub fn new(seed: u64, commands: u32) -> Self {
        let mut day = Self {
            random: Random::new(seed),
            next_id: 10_000,
            steps: Vec::new(),
            orders: Vec::new(),
        };
        day.morning(seed);
        let orders = u64::from(commands / 4).max(8);
        for number in 0..orders {
            let at = 8 * HOUR + number * 10 * HOUR / orders;
            day.order(at, number);
            if number % 5 == 0 {
                day.payment(at + 60);
            }
        }
        day.gifts();
        day.odds_and_ends();
        // What happens at the same time happens in the order in which it was made up.
        day.steps.sort_by_key(|step| step.at);
        day
    }

    /// The steps in the order of time.
    pub fn steps(&self) -> &[Step] {
        &self.steps
    }

    fn push(&mut self, at: u64, due: Due, mut command: Value) {
        if command.get("id").is_none() {
            self.next_id += 1;
            command["id"] = self.next_id.to_string().into();
        }
        self.steps.push(Step {
            at: MIDNIGHT + at,
            command,
            due,
        });
    }

    fn done(&mut self, at: u64, command: Value) {
        self.push(at, Due::Done, command);
    }

    /// People, merchants and their terms, money on the wallets. The first command names the seed:
    /// the books of another day refuse it.
    fn morning(&mut self, seed: u64) {
        let fee = json!({ "id": "1", "act": "fee_set", "fee": seed.to_string(), "ledger": EURO,
            "flat": "0.10", "rate": 5_000, "most": "5.00", "bearer": "payer" });
        self.done(0, fee);
        self.done(
            0,
            json!({ "act": "calendar_set", "offset": 86_400, "weekend": ["saturday", "sunday"] }),
        );
        self.done(
            0,
            json!({ "act": "fund", "ledger": EURO, "amount": "5000.00" }),
        );
        for number in 0..MERCHANTS {
            let open = json!({ "act": "party_open", "party": merchant(number).to_string(), "kind": "merchant",
                "tier": 2, "commission": 50_000, "reserve": 20_000, "reserve_days": 30 });
            self.done(60, open);
            let (label, wares) = &WARES[number as usize];
            for (title, text) in wares {
                let price = self.random.below(9_000) + 500;
                let listing = json!({ "seller": merchant(number).to_string(), "ledger": EURO,
                    "category": number, "category_label": label, "price": price, "stock": 1_000,
                    "title": title, "text": text });
                self.done(120, listing);
            }
        }
        for number in 0..CUSTOMERS {
            let party = customer(number).to_string();
            self.done(
                60,
                json!({ "act": "party_open", "party": party, "kind": "customer", "tier": 1 }),
            );
            let amount = 500_000 + self.random.below(500_000);
            self.done(
                180,
                json!({ "act": "top_up", "party": party, "ledger": EURO, "amount": amount,
                "funding": "bank" }),
            );
        }
    }

    /// One order and its life: most are shipped, many confirmed, some cancelled, claimed or refunded.
    fn order(&mut self, at: u64, number: u64) {
        let id = FIRST_ORDER + number;
        self.orders.push(id);
        let buyer = customer(self.random.below(CUSTOMERS)).to_string();
        let lines: Vec<Value> = (0..=self.random.below(3))
            .map(|_| {
                let seller = merchant(self.random.below(MERCHANTS)).to_string();
                json!({ "party": seller, "amount": self.random.below(5_000) + 100 })
            })
            .collect();
        let order = id.to_string();
        self.done(
            at,
            json!({ "id": order, "act": "order_place", "buyer": buyer, "ledger": EURO,
            "pay": "now", "legs": lines }),
        );
        let fate = self.random.below(100);
        if fate < 5 {
            self.done(at + 600, json!({ "act": "order_cancel", "order": order }));
            // What is cancelled is not shipped.
            self.push(
                at + 700,
                Due::Refused,
                json!({ "act": "order_ship", "order": order, "delivery": "express" }),
            );
            return;
        }
        if fate < 20 {
            return;
        }
        self.done(
            at + HOUR,
            json!({ "act": "order_ship", "order": order, "delivery": "express" }),
        );
        if fate < 25 {
            self.done(
                at + 2 * HOUR,
                json!({ "act": "claim_open", "order": order, "line": 1,
                "ledger": EURO, "amount": 100 }),
            );
            self.done(
                at + 3 * HOUR,
                json!({ "act": "claim_decide", "order": order, "line": 1,
                "ledger": EURO, "amount": 50 }),
            );
        } else if fate < 75 {
            self.done(
                at + 4 * HOUR,
                json!({ "act": "order_confirm", "order": order }),
            );
            if fate < 30 {
                self.done(
                    at + 5 * HOUR,
                    json!({ "act": "order_refund", "order": order, "line": 1,
                    "ledger": EURO, "amount": 60 }),
                );
            }
        }
    }

    /// One pays another; now and then more than there is.
    fn payment(&mut self, at: u64) {
        let payer = self.random.below(CUSTOMERS);
        let payee = (payer + 1 + self.random.below(CUSTOMERS - 1)) % CUSTOMERS;
        let fee = self.steps[0].command["fee"].clone();
        let (payer, payee) = (customer(payer).to_string(), customer(payee).to_string());
        let amount = self.random.below(2_000) + 1;
        self.done(
            at,
            json!({ "act": "pay", "payer": payer, "payee": payee, "ledger": EURO,
            "amount": amount, "fee": fee }),
        );
        if self.random.below(10) == 0 {
            self.push(
                at + 1,
                Due::Refused,
                json!({ "act": "pay", "payer": payer, "payee": payee,
                "ledger": EURO, "amount": "99999999.00" }),
            );
        }
    }

    /// Red packets: one is claimed by as many as it has parts for, the others wait for their end.
    fn gifts(&mut self) {
        for (number, gift) in gifts().enumerate() {
            let sender = customer(number as u64).to_string();
            let seed = format!("{:016x}{:016x}", self.random.bits(), self.random.bits() | 1);
            let id = gift.to_string();
            self.done(
                12 * HOUR,
                json!({ "id": id, "act": "gift_send", "sender": sender, "ledger": EURO,
                "amount": "20.00", "kind": "random", "parts": GIFT_PARTS, "seed": seed }),
            );
            let claims = if number == 0 { GIFT_PARTS } else { 4 };
            for claim in 0..claims {
                let party = customer(10 + claim).to_string();
                self.done(
                    12 * HOUR + 60,
                    json!({ "act": "gift_claim", "gift": id, "party": party }),
                );
            }
            let again = customer(10).to_string();
            self.push(
                12 * HOUR + 120,
                Due::Refused,
                json!({ "act": "gift_claim", "gift": id, "party": again }),
            );
        }
    }

    /// A hold, a request, an exchange of cards for a chargeback that is won.
    fn odds_and_ends(&mut self) {
        let (one, other) = (customer(0).to_string(), customer(1).to_string());
        let shop = merchant(0).to_string();
        let hold = json!({ "id": "910000", "act": "hold", "payer": one, "payee": shop, "ledger": EURO,
            "amount": "80.00", "seconds": 7_200 });
        self.done(13 * HOUR, hold);
        for amount in ["30.00", "20.00"] {
            self.done(
                13 * HOUR + 60,
                json!({ "act": "capture", "hold": "910000", "ledger": EURO, "amount": amount }),
            );
        }
        self.push(
            13 * HOUR + 90,
            Due::Refused,
            json!({ "act": "capture", "hold": "910000",
            "ledger": EURO, "amount": "30.01" }),
        );
        self.done(
            14 * HOUR,
            json!({ "id": "910001", "act": "request", "payee": one, "ledger": EURO,
            "amount": "12.50", "seconds": 3_600 }),
        );
        self.done(
            14 * HOUR + 60,
            json!({ "act": "request_pay", "request": "910001", "payer": other }),
        );
        self.done(
            15 * HOUR,
            json!({ "id": "910002", "act": "pay", "payer": one, "payee": shop,
            "ledger": EURO, "amount": "100.00", "funding": "card" }),
        );
        self.done(
            16 * HOUR,
            json!({ "id": "910003", "act": "chargeback_open", "payment": "910002",
            "ledger": EURO, "amount": "100.00", "fee": "15.00" }),
        );
        self.done(
            16 * HOUR + 60,
            json!({ "act": "chargeback_recover", "chargeback": "910003" }),
        );
        self.done(
            20 * HOUR,
            json!({ "act": "chargeback_won", "chargeback": "910003" }),
        );
        self.done(
            21 * HOUR,
            json!({ "act": "scheme_settle", "ledger": EURO, "amount": "100.00", "cost": "2.00" }),
        );
    }
}

#[cfg(test)]
mod tests {
    use super::Day;

    #[test]
    fn a_seed_makes_one_day() {
        let commands = |seed| {
            let day = Day::new(seed, 400);
            let steps = day
                .steps()
                .iter()
                .map(|step| (step.at, step.command.to_string()));
            steps.collect::<Vec<_>>()
        };
        assert_eq!(commands(7), commands(7));
        assert_ne!(commands(7), commands(8));
        assert!(commands(7).is_sorted_by_key(|(at, _)| *at));
    }
}
