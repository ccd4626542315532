//! Examples, tried.
//!
//! Each starts with nothing counted. The payments that are given are asked for in order and made
//! unless a rule of the file refuses or holds them, which they have to say of themselves; then the
//! rule of the example judges its payment. A draft is tried as if it were in force, and no other
//! draft beside it.

use std::fmt::Write;

use machine::rules::{Facts, Found, Payment, Program, Side, Tallies};
use model::money::{CurrencyCode, format_amount};
use model::rule::{CONSEQUENCES, Lines, Rule, RuleBook, Zone};

use crate::example::{Asked, Example, Person};
use crate::{File, moment};

/// The ledger that examples pay on.
const LEDGER: u32 = 1;
/// Codes of lines that are named by their role begin here.
const ROLE_CODES: u16 = 60_000;

/// What became of an example.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tried {
    /// Id of its rule.
    pub rule: String,
    /// What it shows.
    pub name: String,
    /// Where it stands in the file, from 1.
    pub line: usize,
    /// What is not as it says; `None` where all is.
    pub wrong: Option<String>,
}

/// Who judges the payments of an example.
pub trait Judge {
    /// Which rules a payment does not keep to, in their order.
    fn judge(&mut self, payment: &Asked) -> Vec<Found>;

    /// The payment that was judged is made.
    fn make(&mut self, payment: &Asked);
}

/// Tries all examples of a file.
pub fn run(file: &File) -> Vec<Tried> {
    run_by(file, Compiled::new)
}

/// Tries all examples of a file by a judge of one's own, made anew for each.
pub fn run_by<'f, J: Judge>(
    file: &'f File,
    judge: impl Fn(&RuleBook, &'f Example) -> J,
) -> Vec<Tried> {
    let tried = |example: &'f Example| {
        let place = file
            .book
            .rules
            .iter()
            .position(|rule| rule.id == example.rule);
        let place = place.expect("an example stands at its rule");
        let mut book = file.book.clone();
        let rule = &mut book.rules[place];
        if rule.is_draft() {
            rule.from = 0;
        }
        let judge = judge(&book, example);
        Tried {
            rule: example.rule.clone(),
            name: example.name.clone(),
            line: example.line,
            wrong: wrong(&book, place, example, judge).err(),
        }
    };
    file.examples.iter().map(tried).collect()
}

/// What one example says that is not so.
fn wrong(
    book: &RuleBook,
    place: usize,
    example: &Example,
    mut judge: impl Judge,
) -> Result<(), String> {
    for (number, given) in (1..).zip(&example.given) {
        let found = judge.judge(given);
        let stopped = found.iter().find(|found| !found.then.lets_through());
        match stopped {
            Some(found) if !given.refused => {
                let rule = &book.rules[usize::from(found.rule)].id;
                return Err(format!("payment {number} before is not made: rule {rule}"));
            }
            None if given.refused => {
                return Err(format!("payment {number} before is made, and says refused"));
            }
            None => judge.make(given),
            Some(_) => {}
        }
    }
    let found = judge.judge(&example.when);
    let found = found.iter().find(|found| usize::from(found.rule) == place);
    let rule = &book.rules[place];
    compare(rule, &book.zones[usize::from(rule.zone)], example, found)
}

fn compare(
    rule: &Rule,
    zone: &Zone,
    example: &Example,
    found: Option<&Found>,
) -> Result<(), String> {
    let expected = example.then;
    let then = found.map(|found| found.then);
    if then != expected.then {
        let is = then.map_or("passes", |then| CONSEQUENCES[then as usize]);
        let mut wrong = format!("`then` is {is}");
        if let Some(found) = found {
            let (used, limit) = (amount(rule, found.used), amount(rule, found.limit));
            let _ = write!(wrong, ": {used} used of {limit}");
        }
        return Err(wrong);
    }
    let Some(found) = found else {
        return Ok(());
    };
    let left = found.limit.saturating_sub(found.used);
    for (name, is, said) in [
        ("used", found.used, expected.used),
        ("left", left, expected.left),
    ] {
        if said.is_some_and(|said| said != is) {
            return Err(format!("`{name}` is {}", amount(rule, is)));
        }
    }
    if expected.again.is_some_and(|said| said != found.again) {
        return Err(match found.again {
            0 => "`again` is never".to_owned(),
            again => format!("`again` is {}", moment::format(again, zone)),
        });
    }
    Ok(())
}

/// A number as people read it, for sentences.
fn amount(rule: &Rule, number: u128) -> String {
    let exponent = rule.scope.currency.map_or(0, |(_, exponent)| exponent);
    format!("{number} ({})", format_amount(number, exponent))
}

/// The rules as the books apply them.
struct Compiled<'a> {
    program: Program,
    tallies: Tallies,
    world: World<'a>,
}

/// What an example says of the books.
#[derive(Clone, Copy)]
struct World<'a> {
    example: &'a Example,
    currency: Option<(CurrencyCode, u8)>,
}

/// What the books say beside one payment.
struct Told<'a> {
    world: World<'a>,
    payment: &'a Asked,
}

impl<'a> Compiled<'a> {
    fn new(book: &RuleBook, example: &'a Example) -> Self {
        let rule = book.rules.iter().find(|rule| rule.id == example.rule);
        let currency = rule.and_then(|rule| rule.scope.currency);
        let mut tallies = Tallies::new([0, 0]);
        tallies.keep(std::iter::once(book), 0);
        Self {
            program: Program::new(book, &tallies),
            tallies,
            world: World { example, currency },
        }
    }

    fn told<'t>(&self, payment: &'t Asked) -> Told<'t>
    where
        'a: 't,
    {
        Told {
            world: self.world,
            payment,
        }
    }
}

impl Judge for Compiled<'_> {
    fn judge(&mut self, asked: &Asked) -> Vec<Found> {
        let told = self.told(asked);
        self.program.judge(&self.tallies, &told, &payment(asked))
    }

    fn make(&mut self, asked: &Asked) {
        let told = self.told(asked);
        self.tallies.count(&told, &payment(asked));
    }
}

impl Facts for Told<'_> {
    fn currency(&self, _: u32) -> Option<(CurrencyCode, u8)> {
        self.world.currency
    }

    fn party(&self, id: u128) -> Option<(u8, u8)> {
        let sides = [self.payment.payer, self.payment.payee];
        let known = sides.iter().find(|side| id != 0 && side.party == id)?;
        Some((known.kind, known.tier))
    }

    fn code_of(&self, role: u8) -> u16 {
        code(role, 0)
    }

    fn sums(&self, _: (CurrencyCode, u8), lines: &Lines) -> (u128, u128) {
        let mut sums = (0u128, 0u128);
        for balance in &self.world.example.balances {
            if lines.codes.contains(&balance.code) || lines.roles.contains(&balance.role) {
                sums.0 = sums.0.saturating_add(balance.debits);
                sums.1 = sums.1.saturating_add(balance.credits);
            }
        }
        sums
    }

    fn figure(&self, name: &str) -> Option<u128> {
        self.world.example.figures.get(name).copied()
    }

    fn part(&self, name: &str) -> Option<u128> {
        self.payment.parts.get(name).copied()
    }
}

fn payment(asked: &Asked) -> Payment {
    Payment {
        time: asked.time,
        kind: asked.kind,
        ledger: LEDGER,
        amount: asked.amount,
        channel: asked.channel,
        payer: side(&asked.payer),
        payee: side(&asked.payee),
    }
}

fn side(person: &Person) -> Side {
    Side {
        party: person.party,
        account: person.account,
        code: code(person.role, person.code),
    }
}

/// Code of a line that is named by its role or by its code.
fn code(role: u8, code: u16) -> u16 {
    if role == 0 {
        code
    } else {
        ROLE_CODES + u16::from(role)
    }
}
