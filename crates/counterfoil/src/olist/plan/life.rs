//! One order: what it becomes, step by step.

use serde::Serialize;
use serde_json::{Value, json};

use super::{Income, Planned, Step, Terms, buyer_id, id_of, order_id, seller_id};
use crate::olist::rows::{Means, Order, Payment, Seconds, Status};

/// How long goods by surface post are on their way before time confirms them.
const SURFACE_SECONDS: Seconds = 30 * 86_400;

/// How long an order may stay unpaid: a boleto is paid weeks later.
const UNPAID_SECONDS: u32 = 365 * 86_400;

/// An order whose items and payments are not the same, in minor units.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Mismatch {
    pub items: u128,
    pub payments: u128,
    /// Payments less items.
    pub difference: i128,
    pub treatment: Treatment,
}

/// What became of a difference.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Treatment {
    /// More was paid: the rest comes into the buyer's wallet, by the way it was paid.
    ExcessToWallet,
    /// Less was paid: so much is taken off the last line, and off those before it where it is less.
    TakenOffLines,
    /// So little was paid that a line would cost nothing: it stays unpaid, until time closes it.
    LeftShort,
    /// There is nothing that could be sold: what was paid comes into the buyer's wallet.
    NoItems,
    /// Nothing was paid: it stays unpaid, until time closes it.
    NoPayments,
    /// It was never approved, so nothing was paid.
    NeverPaid,
}

/// What is sold to whom for how much.
#[derive(Clone, Copy)]
struct Line {
    seller: u128,
    amount: u128,
}

/// When the parts of an order's life come about, each not before the one that it follows.
#[derive(Clone, Copy)]
pub struct Moments {
    paid: Option<Seconds>,
    shipped: Option<Seconds>,
    delivered: Option<Seconds>,
    /// The last that is told.
    pub last: Seconds,
}

impl Moments {
    fn of(order: &Order) -> Self {
        let shipped = order.carried.or(order.delivered);
        let paid = order.approved.or(shipped.map(|_| order.purchased));
        let paid = paid.map(|paid| paid.max(order.purchased));
        let shipped = shipped.map(|shipped| shipped.max(paid.unwrap_or(0)));
        let delivered = order.delivered.map(|at| at.max(shipped.unwrap_or(0)));
        let last = delivered.or(shipped).or(paid).unwrap_or(order.purchased);
        Self {
            paid,
            shipped,
            delivered,
            last,
        }
    }
}

/// An order while it is planned.
pub struct Life<'a> {
    order: &'a Order,
    place: usize,
    terms: Terms,
    pub moments: Moments,
    lines: Vec<Line>,
    pub planned: Planned,
    pub steps: Vec<Step>,
}

impl<'a> Life<'a> {
    pub fn of(order: &'a Order, place: usize, terms: Terms) -> Self {
        let sold = order.items.iter().filter(|item| item.amount > 0);
        let lines = sold.map(|item| Line {
            seller: item.seller,
            amount: item.amount,
        });
        let mut life = Self {
            order,
            place,
            terms,
            moments: Moments::of(order),
            lines: lines.collect(),
            planned: Planned {
                id: order.id,
                status: order.status,
                lines: 0,
                mismatch: None,
                out_of_order: out_of_order(order),
                late: false,
                stands: false,
            },
            steps: Vec::new(),
        };
        life.settle_difference();
        life.planned.lines = life.lines.len();
        life
    }

    /// Compares items and payments, and takes off the lines what was paid less.
    fn settle_difference(&mut self) {
        let items: u128 = self.lines.iter().map(|line| line.amount).sum();
        let payments: u128 = self.order.payments.iter().map(|one| one.amount).sum();
        let count = self.lines.len() as u128;
        let treatment = match (items, payments) {
            (0, _) if self.moments.paid.is_some() => Treatment::NoItems,
            (_, 0) => Treatment::NoPayments,
            _ if items == payments => return,
            _ if self.moments.paid.is_none() => Treatment::NeverPaid,
            _ if payments > items => Treatment::ExcessToWallet,
            _ if payments < count => Treatment::LeftShort,
            _ => Treatment::TakenOffLines,
        };
        self.planned.mismatch = Some(Mismatch {
            items,
            payments,
            difference: payments.cast_signed() - items.cast_signed(),
            treatment,
        });
        if treatment == Treatment::TakenOffLines {
            let mut short = items - payments;
            for line in self.lines.iter_mut().rev() {
                let off = short.min(line.amount - 1);
                line.amount -= off;
                short -= off;
            }
        }
    }

    pub fn live(&mut self) {
        if !self.lines.is_empty() {
            self.place_order();
        }
        if let Some(at) = self.moments.paid {
            self.pay(at);
        }
        let ends = matches!(self.order.status, Status::Canceled | Status::Unavailable);
        let treatment = self.planned.mismatch.map(|mismatch| mismatch.treatment);
        let unpaid = matches!(
            treatment,
            Some(Treatment::NoItems | Treatment::NoPayments | Treatment::LeftShort)
        );
        if self.lines.is_empty() {
            return;
        }
        match self.moments.shipped.filter(|_| !unpaid) {
            None if ends => self.about(self.moments.last, "order_cancel"),
            None => {}
            Some(shipped) => {
                self.about(shipped, "order_ship");
                let delivered = self.moments.delivered;
                let late = |at: Seconds| at >= shipped + SURFACE_SECONDS;
                if !ends {
                    self.planned.late = delivered.is_some_and(late);
                } else if late(self.moments.last) {
                    self.planned.stands = true;
                } else {
                    self.claim_all(self.moments.last);
                }
                if let Some(at) = delivered.filter(|at| !ends && !late(*at)) {
                    self.about(at, "order_confirm");
                }
            }
        }
    }

    fn place_order(&mut self) {
        let legs = self.lines.iter().map(|line| {
            json!({ "party": seller_id(line.seller).to_string(), "amount": minor(line.amount) })
        });
        let legs: Vec<Value> = legs.collect();
        let command = json!({
            "act": "order_place", "id": order_id(self.order.id).to_string(),
            "buyer": buyer_id(self.order.buyer).to_string(), "ledger": self.terms.ledger,
            "seconds": UNPAID_SECONDS, "legs": legs,
        });
        self.step(self.order.purchased, Income::default(), command);
    }

    /// Pays with all means, in order: into the order what is due, the rest into the wallet.
    fn pay(&mut self, at: Seconds) {
        let order = self.order;
        let mut due: u128 = self.lines.iter().map(|line| line.amount).sum();
        for payment in &order.payments {
            let into = payment.amount.min(due);
            due -= into;
            let rest = payment.amount - into;
            match payment.means {
                // A voucher was bought before; its money is in the wallet as it is used.
                Means::Voucher | Means::Undefined => {
                    self.top_up(at, payment, payment.amount);
                    self.pay_order(at, payment, ("wallet", into));
                }
                Means::Boleto => {
                    self.pay_order(at, payment, ("bank", into));
                    self.top_up(at, payment, rest);
                }
                Means::CreditCard | Means::DebitCard => {
                    self.pay_order(at, payment, ("card", into));
                    self.top_up(at, payment, rest);
                }
            }
        }
    }

    fn top_up(&mut self, at: Seconds, payment: &Payment, amount: u128) {
        if amount == 0 {
            return;
        }
        let funding = match payment.means {
            Means::CreditCard | Means::DebitCard => "card",
            _ => "bank",
        };
        let command = json!({
            "act": "top_up",
            "id": id_of("top up", self.order.id, payment.number).to_string(),
            "party": buyer_id(self.order.buyer).to_string(), "ledger": self.terms.ledger,
            "amount": minor(amount), "funding": funding,
        });
        self.step(at, Income::by(funding, amount), command);
    }

    fn pay_order(&mut self, at: Seconds, payment: &Payment, (funding, amount): (&str, u128)) {
        if amount == 0 {
            return;
        }
        let command = json!({
            "act": "order_pay", "id": id_of("pay", self.order.id, payment.number).to_string(),
            "order": order_id(self.order.id).to_string(), "ledger": self.terms.ledger,
            "amount": minor(amount), "funding": funding,
        });
        self.step(at, Income::by(funding, amount), command);
    }

    /// An act on all lines of the order.
    fn about(&mut self, at: Seconds, act: &'static str) {
        let mut command = json!({
            "act": act, "id": id_of(act, self.order.id, 0).to_string(),
            "order": order_id(self.order.id).to_string(),
        });
        if act == "order_ship" {
            command["delivery"] = "surface".into();
        }
        self.step(at, Income::default(), command);
    }

    /// The buyer claims every line back in full, and gets it.
    fn claim_all(&mut self, at: Seconds) {
        for (number, line) in (1..).zip(self.lines.clone()) {
            for act in ["claim_open", "claim_decide"] {
                let command = json!({
                    "act": act, "id": id_of(act, self.order.id, number).to_string(),
                    "order": order_id(self.order.id).to_string(), "line": number,
                    "ledger": self.terms.ledger, "amount": minor(line.amount),
                });
                self.step(at, Income::default(), command);
            }
        }
    }

    fn step(&mut self, at: Seconds, income: Income, command: Value) {
        self.steps.push(Step {
            at,
            order: self.place,
            income,
            command,
        });
    }
}

/// An amount as JSON: the rows bound it, so that it is exact.
fn minor(amount: u128) -> u64 {
    u64::try_from(amount).expect("amounts of the rows have 32 bits")
}

/// What is told to be before what it follows.
fn out_of_order(order: &Order) -> Vec<&'static str> {
    let told = [
        ("approved", order.approved),
        ("carried", order.carried),
        ("delivered", order.delivered),
    ];
    let mut latest = order.purchased;
    let mut found = Vec::new();
    for (what, at) in told {
        let Some(at) = at else { continue };
        if at < latest {
            found.push(what);
        }
        latest = latest.max(at);
    }
    found
}

#[cfg(test)]
mod tests {
    use super::{Life, Terms, Treatment};
    use crate::olist::rows::{Item, Means, Order, Payment, Status};

    const DAY: u64 = 86_400;

    fn order(status: Status, items: &[u128], payments: &[(Means, u128)]) -> Order {
        let items = (1..).zip(items).map(|(number, &amount)| Item {
            number,
            seller: 5,
            amount,
        });
        let payments = (1..)
            .zip(payments)
            .map(|(number, &(means, amount))| Payment {
                number,
                means,
                amount,
            });
        Order {
            id: 1,
            buyer: 2,
            status,
            purchased: 10 * DAY,
            approved: Some(11 * DAY),
            carried: Some(12 * DAY),
            delivered: Some(13 * DAY),
            items: items.collect(),
            payments: payments.collect(),
        }
    }

    /// The life of an order, a word and an amount for each step, and what became of a difference.
    fn life(order: &Order) -> (String, Option<Treatment>) {
        let terms = Terms {
            ledger: 986,
            commission: 100_000,
        };
        let mut life = Life::of(order, 0, terms);
        life.live();
        let words = life.steps.iter().map(|step| {
            let (day, command) = (step.at / DAY, &step.command);
            let funding = command["funding"].as_str().unwrap_or_default();
            let amounts: Vec<String> = match command["legs"].as_array() {
                Some(legs) => legs.iter().map(|leg| leg["amount"].to_string()).collect(),
                None => vec![command["amount"].to_string()],
            };
            let amounts = amounts.join("+").replace("null", "");
            let words = format!("{day} {} {funding} {amounts}", command["act"]).replace('"', "");
            words.split_whitespace().collect::<Vec<_>>().join(" ")
        });
        let words: Vec<String> = words.collect();
        let treatment = life.planned.mismatch.map(|mismatch| mismatch.treatment);
        (words.join(", "), treatment)
    }

    #[test]
    fn an_order_lives_at_its_times() {
        let payments = [(Means::Voucher, 30), (Means::CreditCard, 70)];
        assert_eq!(
            life(&order(Status::Delivered, &[60, 40], &payments)),
            (
                "10 order_place 60+40, 11 top_up bank 30, 11 order_pay wallet 30, \
                 11 order_pay card 70, 12 order_ship, 13 order_confirm"
                    .into(),
                None
            )
        );
    }

    #[test]
    fn what_ends_without_a_sale_goes_back() {
        let shipped = order(Status::Canceled, &[100], &[(Means::Boleto, 100)]);
        let (told, _) = life(&shipped);
        assert!(
            told.ends_with("13 claim_open 100, 13 claim_decide 100"),
            "{told}"
        );
        let unshipped = Order {
            carried: None,
            delivered: None,
            ..shipped
        };
        let (told, _) = life(&unshipped);
        assert_eq!(
            told,
            "10 order_place 100, 11 order_pay bank 100, 11 order_cancel"
        );
        let unpaid = Order {
            approved: None,
            ..unshipped
        };
        assert_eq!(life(&unpaid).0, "10 order_place 100, 10 order_cancel");
    }

    #[test]
    fn time_comes_first_after_thirty_days() {
        let mut late = order(Status::Delivered, &[100], &[(Means::Boleto, 100)]);
        late.delivered = Some(42 * DAY);
        assert!(life(&late).0.ends_with("12 order_ship"));
        late.delivered = Some(42 * DAY - 1);
        assert!(life(&late).0.ends_with("41 order_confirm"));
    }

    #[test]
    fn differences_are_treated_as_documented() {
        let check = |items: &[u128], paid: u128, steps: &str, treatment: Treatment| {
            let (told, found) = life(&order(
                Status::Delivered,
                items,
                &[(Means::CreditCard, paid)],
            ));
            assert_eq!((told.as_str(), found), (steps, Some(treatment)));
        };
        check(
            &[100],
            110,
            "10 order_place 100, 11 order_pay card 100, 11 top_up card 10, 12 order_ship, \
             13 order_confirm",
            Treatment::ExcessToWallet,
        );
        check(
            &[50, 3],
            49,
            "10 order_place 48+1, 11 order_pay card 49, 12 order_ship, 13 order_confirm",
            Treatment::TakenOffLines,
        );
        check(
            &[50, 50],
            1,
            "10 order_place 50+50, 11 order_pay card 1",
            Treatment::LeftShort,
        );
        check(&[], 70, "11 top_up card 70", Treatment::NoItems);
        check(&[50], 0, "10 order_place 50", Treatment::NoPayments);
    }

    #[test]
    fn a_step_is_never_before_the_one_that_it_follows() {
        let mut muddled = order(Status::Delivered, &[100], &[(Means::Boleto, 100)]);
        (muddled.carried, muddled.delivered) = (Some(DAY), Some(2 * DAY));
        assert_eq!(
            life(&muddled).0,
            "10 order_place 100, 11 order_pay bank 100, 11 order_ship, 11 order_confirm"
        );
        assert_eq!(super::out_of_order(&muddled), ["carried", "delivered"]);
    }
}
