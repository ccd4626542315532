//! Examples, read.

use std::collections::BTreeMap;

use model::object::PARTY_KINDS;
use model::rule::{CHANNELS, CONSEQUENCES, Consequence, Lines, Rule, Subject, Zone};
use toml::de::DeValue;

use crate::balance::{Balance, balance};
use crate::condition::{Currency, money};
use crate::document::{Read, Table, Value};
use crate::scope::{kind, place};
use crate::{GIVEN, moment};

/// Payments, and what a rule says to the last of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Example {
    /// Id of the rule.
    pub rule: String,
    /// What it shows.
    pub name: String,
    /// Where it stands in the file, from 1.
    pub line: usize,
    /// What was asked for before, in order.
    pub given: Vec<Asked>,
    /// What is asked for now.
    pub when: Asked,
    /// What the rule is to say to it.
    pub then: Expected,
    /// Figures, by their names.
    pub figures: BTreeMap<String, u128>,
    /// What accounts have, by code.
    pub balances: Vec<Balance>,
}

/// A payment that somebody asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked {
    /// Nanoseconds since 1970.
    pub time: u64,
    /// Code of the transfer.
    pub kind: u16,
    /// In minor units of the rule's currency.
    pub amount: u128,
    /// By place in [`CHANNELS`].
    pub channel: u8,
    /// Who pays.
    pub payer: Person,
    /// Who is paid.
    pub payee: Person,
    /// Parts of the payment, by their names.
    pub parts: BTreeMap<String, u128>,
    /// Whether it is not made, because a rule refuses or holds it.
    pub refused: bool,
}

/// One side of a payment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Person {
    /// Id of the party; 0 is nobody.
    pub party: u128,
    /// Number of the account.
    pub account: u32,
    /// Code of the account; 0 where only its role is said.
    pub code: u16,
    /// Role of the account's line; 0 is none.
    pub role: u8,
    /// What the party is, by place in [`PARTY_KINDS`].
    pub kind: u8,
    /// How well it was identified.
    pub tier: u8,
}

/// What a rule is to say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Expected {
    /// What follows; `None` where the payment passes.
    pub then: Option<Consequence>,
    /// What was used of the limit before.
    pub used: Option<u128>,
    /// What was left of it.
    pub left: Option<u128>,
    /// Nanoseconds: when it begins again; 0 is never.
    pub again: Option<u64>,
}

/// What an example reads with.
struct Of<'a> {
    rule: &'a Rule,
    zone: &'a Zone,
}

pub(crate) fn example(value: Value<'_>, rule: &Rule, zone: &Zone) -> Read<Example> {
    let of = Of { rule, zone };
    let mut table = value.table()?;
    let given = table.items("given")?;
    if given.len() > GIVEN {
        return Err(value.error("an example has at most 32 payments before the one it is about"));
    }
    let mut balances = Vec::new();
    for item in table.items("balance")? {
        balances.push(balance(item, rule.scope.currency)?);
    }
    let example = Example {
        rule: rule.id.clone(),
        name: table.must("name")?.text()?.to_owned(),
        line: value.error("").line,
        given: given
            .into_iter()
            .map(|item| of.asked(item))
            .collect::<Read<_>>()?,
        when: of.asked(table.must("when")?)?,
        then: of.expected(&mut table)?,
        figures: numbers(table.may("figures"), rule.scope.currency)?,
        balances,
    };
    table.end()?;
    if example.when.refused {
        return Err(value.error("what becomes of `when` is said by `then`"));
    }
    Ok(example)
}

/// Numbers by name: whole ones, and amounts in quotes.
fn numbers(value: Option<Value<'_>>, currency: Currency) -> Read<BTreeMap<String, u128>> {
    let Some(value) = value else {
        return Ok(BTreeMap::new());
    };
    let pairs = value.pairs()?.into_iter();
    pairs
        .map(|(name, value)| Ok((name.to_owned(), quantity(value, currency)?)))
        .collect()
}

/// A whole number, or an amount in quotes.
fn quantity(value: Value<'_>, currency: Currency) -> Read<u128> {
    match value.inner() {
        DeValue::String(_) => money(value, currency),
        _ => value.number(),
    }
}

impl Of<'_> {
    fn time(&self, value: Value<'_>) -> Read<u64> {
        let text = value.moment_text()?;
        moment::parse(&text, self.zone).map_err(|why| value.error(why))
    }

    /// A payment; what it does not say is as the rule's scope has it.
    fn asked(&self, value: Value<'_>) -> Read<Asked> {
        const PAY: u16 = 32;
        let scope = &self.rule.scope;
        let mut table = value.table()?;
        let channel = table.may("channel").map(|value| place(value, CHANNELS));
        let mut asked = Asked {
            time: self.time(table.must("time")?)?,
            kind: match table.may("kind") {
                Some(value) => kind(value)?,
                None => scope.kinds.first().copied().unwrap_or(PAY),
            },
            amount: match table.may("amount") {
                Some(value) => quantity(value, scope.currency)?,
                None => 0,
            },
            channel: channel
                .transpose()?
                .unwrap_or_else(|| scope.channels.first().copied().unwrap_or(0)),
            payer: self.person(&mut table, Subject::Payer)?,
            payee: self.person(&mut table, Subject::Payee)?,
            parts: numbers(table.may("parts"), scope.currency)?,
            refused: match table.may("refused") {
                Some(value) => value.flag()?,
                None => false,
            },
        };
        table.end()?;
        // Who pays himself is the same person on both sides.
        if asked.payer.party == asked.payee.party {
            let (payer, payee) = (&mut asked.payer, &mut asked.payee);
            let (is, same) = match scope.subject {
                Subject::Payer => (*payer, payee),
                Subject::Payee => (*payee, payer),
            };
            (same.kind, same.tier) = (is.kind, is.tier);
        }
        Ok(asked)
    }

    /// One side of a payment: `payer = 1`, or `payer = { party = 1, tier = 2, … }`.
    fn person(&self, table: &mut Table<'_>, side: Subject) -> Read<Person> {
        let scope = &self.rule.scope;
        let (key, party, lines) = match side {
            Subject::Payer => ("payer", 1, &scope.payer),
            Subject::Payee => ("payee", 2, &scope.payee),
        };
        let is_subject = scope.subject == side;
        let mut person = Person {
            party,
            account: 0,
            code: 0,
            role: 0,
            kind: 0,
            tier: 1,
        };
        if is_subject {
            person.party = if scope.party == 0 { party } else { scope.party };
            person.kind = scope.parties.first().copied().unwrap_or(0);
            person.tier = scope.tiers.first().copied().unwrap_or(1);
        }
        let mut line = lines.clone();
        let mut account = None;
        match table.may(key) {
            Some(value) if value.inner().is_table() => {
                let mut table = value.table()?;
                if let Some(party) = table.may("party") {
                    person.party = party.number()?;
                }
                if let Some(kind) = table.may("kind") {
                    person.kind = place(kind, PARTY_KINDS)?;
                }
                if let Some(tier) = table.may("tier") {
                    person.tier = tier.number()?;
                }
                account = table
                    .may("account")
                    .map(|value| value.number())
                    .transpose()?;
                line = one_line(&mut table)?.unwrap_or(line);
                table.end()?;
            }
            Some(value) => person.party = value.number()?,
            None => {}
        }
        // Where nothing else is said, a party has one account.
        person.account = account.unwrap_or(person.party as u32);
        person.role = line.roles.first().copied().unwrap_or(0);
        if person.role == 0 {
            person.code = line.codes.first().copied().unwrap_or(0);
        }
        Ok(person)
    }

    fn expected(&self, table: &mut Table<'_>) -> Read<Expected> {
        let then = table.must("then")?;
        let mut names = CONSEQUENCES.to_vec();
        names.push("passes");
        let place = then.one_of(&names)?;
        let mut number = |key| {
            let value = table.may(key);
            value
                .map(|value| quantity(value, self.rule.scope.currency))
                .transpose()
        };
        let (used, left) = (number("used")?, number("left")?);
        let again = table
            .may("again")
            .map(|value| match value.moment_text()?.as_str() {
                "never" => Ok(0),
                _ => self.time(value),
            });
        let expected = Expected {
            then: Consequence::ALL.get(place).copied(),
            used,
            left,
            again: again.transpose()?,
        };
        let says = used.is_some() || left.is_some() || expected.again.is_some();
        if says && expected.then.is_none() {
            return Err(then.error("used, left and again are told of a payment that does not pass"));
        }
        Ok(expected)
    }
}

/// The line that `role` or `code` names.
fn one_line(table: &mut Table<'_>) -> Read<Option<Lines>> {
    let role = table.may("role");
    let code = table.may("code");
    if role.is_none() && code.is_none() {
        return Ok(None);
    }
    let role = role.map(|role| place(role, model::object::ROLES));
    let code = code.map(|code| code.number());
    Ok(Some(Lines {
        roles: role.transpose()?.into_iter().collect(),
        codes: code.transpose()?.into_iter().collect(),
    }))
}
