//! `rule try`: a draft of rules on the history of the books.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::PathBuf;

use clap::Args;
use engine::{Assessment, Case, Count, Draft, assess};
use machine::rules::TakenAs;
use model::ActFacts;
use model::money::{CurrencyCode, format_amount};
use model::object::{Finding, PARTY_KINDS, ROLES};
use model::rule::RuleBook;
use rulebook::explain;
use serde_json::{Value, json};

use super::assessment::Publish;
use super::{parse, read};
use crate::failure::Failure;
use crate::output::{Output, say};
use crate::time::moment;

/// Tries a draft of rules on the history of the books in a directory.
///
/// Tells which payments the draft would not have let through, of how many people, by day, tier and
/// kind, the most typical ones, and what the rules of the time refused and the draft lets through.
#[derive(Args)]
#[command(after_help = "\
Examples:
  counterfoil rule try draft.toml --data ./books --from 2026-01-01 --to 2026-02-01
  counterfoil rule try qr-2018.toml --data ./bank --always --take ledger:203=CNY:2 --take kind:6=pay \\
      --take account:1=wallet --take person=customer:2 --svg chart.svg
  counterfoil rule try draft.toml --data ./books --assessment draft.txt --by 41 --comments-until 2026-04-01

No process may have the books open; nothing in them is changed. The exit code is 0 whatever the
draft would have done.")]
pub struct Try {
    /// The rules, as a file.
    #[arg(value_name = "DRAFT")]
    file: PathBuf,
    /// The directory of the books.
    #[arg(long, value_name = "DIR")]
    data: PathBuf,
    /// The first day or moment that is told of.
    #[arg(long, value_parser = moment)]
    from: Option<u64>,
    /// The day or moment at which that ends.
    #[arg(long, value_parser = moment)]
    to: Option<u64>,
    /// Tries the rules as if they had been in force all the time, whatever their dates.
    #[arg(long)]
    always: bool,
    /// Takes something of the books for something that the draft knows: ledger:NUMBER=CODE:EXPONENT,
    /// kind:CODE=ACT, account:CODE=ROLE, person=CLASS:TIER; may be given more than once.
    #[arg(long, value_name = "WHAT=AS")]
    take: Vec<String>,
    /// Writes a chart of what would not have been made, by day.
    #[arg(long, value_name = "FILE")]
    svg: Option<PathBuf>,
    #[command(flatten)]
    publish: Publish,
}

/// What books are taken as.
#[derive(Default)]
struct Taken {
    facts: TakenAs,
    kinds: BTreeMap<u16, u16>,
    roles: BTreeMap<u16, u8>,
}

/// `rule try`.
pub fn run(asked: &Try, output: Output) -> Result<(), Failure> {
    let name = asked.file.display().to_string();
    let file = parse(&name, &read(&asked.file)?)?;
    let mut taken = Taken::default();
    for text in &asked.take {
        let wrong = || Failure::Input(format!("--take {text}: {FORMS}"));
        taken.take(text).ok_or_else(wrong)?;
    }
    let draft = Draft {
        book: &file.book,
        from: asked.from.unwrap_or(0),
        to: asked.to.unwrap_or(0),
        always: asked.always,
        taken_as: taken.facts,
        kinds: taken.kinds,
        roles: taken.roles,
    };
    let done = assess(&asked.data, &draft, &|_| {}).map_err(Failure::input)?;
    if let Some(path) = &asked.svg {
        let wrong = |error| Failure::Input(format!("{}: {error}", path.display()));
        fs::write(path, chart(&done)).map_err(wrong)?;
    }
    asked.publish.write(&file.title, &draft, &done)?;
    let told = Told {
        book: &file.book,
        draft: &draft,
        done: &done,
    };
    match output {
        Output::Json => say!("{}", told.json()),
        Output::Text => told.print(),
    }
    Ok(())
}

const FORMS: &str = "it is ledger:NUMBER=CODE:EXPONENT, kind:CODE=ACT, account:CODE=ROLE or \
                     person=CLASS:TIER";

impl Taken {
    fn take(&mut self, text: &str) -> Option<()> {
        let (what, taken) = text.split_once('=')?;
        let place = |names: &[&str], name: &str| names.iter().position(|known| *known == name);
        match what.split_once(':').unwrap_or((what, "")) {
            ("ledger", number) => {
                let (code, exponent) = taken.split_once(':')?;
                let currency = (CurrencyCode::new(code)?, exponent.parse().ok()?);
                self.facts.currencies.insert(number.parse().ok()?, currency);
            }
            ("kind", code) => {
                let act = ActFacts::named(taken).map(|facts| facts.number);
                let kind = act.or_else(|| taken.parse().ok())?;
                self.kinds.insert(code.parse().ok()?, kind);
            }
            ("account", code) => {
                let role = place(ROLES, taken)? as u8;
                self.roles.insert(code.parse().ok()?, role);
            }
            ("person", "") => {
                let (class, tier) = taken.split_once(':')?;
                let class = place(PARTY_KINDS, class)? as u8;
                self.facts.person = Some((class, tier.parse().ok()?));
            }
            _ => return None,
        }
        Some(())
    }
}

/// An assessment and what it is of.
struct Told<'a> {
    book: &'a RuleBook,
    draft: &'a Draft<'a>,
    done: &'a Assessment,
}

impl Told<'_> {
    fn print(&self) {
        let done = self.done;
        say!("judged         {}", self.count(&done.judged));
        say!(
            "not made       {}, of {} people",
            self.count(&done.stopped),
            done.people
        );
        say!("made and noted {}", self.count(&done.noted));
        say!("refused then   {}", self.count(&done.refused_then));
        say!("  let through  {}", self.count(&done.let_through_instead));
        if done.stopped.payments == 0 {
            return;
        }
        say!("by rule");
        for (place, count) in &done.by_rule {
            say!("  {}: {}", self.rule(*place), self.count(count));
        }
        say!("by kind");
        for (kind, count) in &done.by_kind {
            say!("  {}: {}", kind_name(*kind), self.count(count));
        }
        say!("by tier");
        for (tier, count) in &done.by_tier {
            say!("  {}: {}", tier_name(*tier), self.count(count));
        }
        let most = done.by_day.iter().max_by_key(|(_, count)| count.payments);
        if let Some((day, count)) = most {
            let days = done.by_day.len();
            say!(
                "by day: on {days} days; most on {}: {}",
                day_name(*day),
                self.count(count)
            );
        }
        say!("typical cases");
        for case in &done.cases {
            say!("  {}", self.case(case));
        }
    }

    fn json(&self) -> Value {
        let done = self.done;
        let table = |rows: Vec<(Value, &Count)>| -> Vec<Value> {
            rows.into_iter()
                .map(|(key, count)| json!({ "of": key, "count": self.view(count) }))
                .collect()
        };
        let days = done
            .by_day
            .iter()
            .map(|(day, count)| (day_name(*day).into(), count));
        let tiers = done
            .by_tier
            .iter()
            .map(|(tier, count)| ((*tier).into(), count));
        let kinds = done
            .by_kind
            .iter()
            .map(|(kind, count)| (kind_name(*kind).into(), count));
        let rules = done
            .by_rule
            .iter()
            .map(|(rule, count)| (self.rule(*rule).into(), count));
        let cases: Vec<Value> = done.cases.iter().map(|case| self.case_view(case)).collect();
        json!({
            "records": done.records.to_string(),
            "judged": self.view(&done.judged),
            "stopped": self.view(&done.stopped),
            "people": done.people,
            "noted": self.view(&done.noted),
            "refused_then": self.view(&done.refused_then),
            "let_through_instead": self.view(&done.let_through_instead),
            "by_day": table(days.collect()),
            "by_tier": table(tiers.collect()),
            "by_kind": table(kinds.collect()),
            "by_rule": table(rules.collect()),
            "cases": cases,
        })
    }

    fn rule(&self, place: u16) -> &str {
        let rule = self.book.rules.get(usize::from(place));
        rule.map_or("", |rule| rule.id.as_str())
    }

    /// The payments and their sums.
    fn count(&self, count: &Count) -> String {
        let mut text = format!("{} payments", count.payments);
        for (ledger, sum) in &count.sums {
            let _ = write!(text, ", {}", self.amount(*ledger, *sum));
        }
        text
    }

    fn view(&self, count: &Count) -> Value {
        let sums = count.sums.iter();
        let sums: Vec<Value> = sums
            .map(|(ledger, sum)| {
                json!({
                    "ledger": ledger,
                    "amount": self.amount(*ledger, *sum),
                    "amount_minor": sum.to_string(),
                })
            })
            .collect();
        json!({ "payments": count.payments, "sums": sums })
    }

    /// In major units where the draft's books have a currency for the ledger.
    fn amount(&self, ledger: u32, minor: u128) -> String {
        let taken = self.draft.taken_as.currencies.get(&ledger).copied();
        match taken.or_else(|| self.done.currencies.get(&ledger).copied()) {
            Some((code, exponent)) => format!("{} {code}", format_amount(minor, exponent)),
            None => format!("{minor} on ledger {ledger}"),
        }
    }

    fn case(&self, case: &Case) -> String {
        let payment = &case.payment;
        let amount = self.amount(payment.ledger, payment.amount);
        let (kind, day) = (kind_name(payment.kind), day_name(payment.time / DAY));
        let says = self.says(case).unwrap_or_default();
        format!("{day} {kind} {amount}: {says}")
    }

    fn case_view(&self, case: &Case) -> Value {
        let payment = &case.payment;
        json!({
            "time": payment.time.to_string(),
            "kind": kind_name(payment.kind),
            "ledger": payment.ledger,
            "amount": self.amount(payment.ledger, payment.amount),
            "amount_minor": payment.amount.to_string(),
            "rule": self.rule(case.found.rule),
            "says": self.says(case),
        })
    }

    fn says(&self, case: &Case) -> Option<String> {
        let finding = Finding {
            rule: case.found.rule,
            amount: case.payment.amount,
            used: case.found.used,
            limit: case.found.limit,
            again: case.found.again,
            ..Finding::default()
        };
        explain(self.book, &finding)
    }
}

/// Nanoseconds.
const DAY: u64 = 86_400_000_000_000;

fn kind_name(kind: u16) -> String {
    let act = ActFacts::numbered(kind);
    act.map_or_else(|| kind.to_string(), |facts| facts.name.to_owned())
}

fn tier_name(tier: Option<u8>) -> String {
    tier.map_or_else(|| "nobody's".to_owned(), |tier| format!("tier {tier}"))
}

fn day_name(day: u64) -> String {
    let days = i64::try_from(day).ok();
    let span = days.and_then(|days| jiff::Span::new().try_days(days).ok());
    let date = span.and_then(|span| jiff::civil::date(1970, 1, 1).checked_add(span).ok());
    date.map_or_else(|| day.to_string(), |date| date.to_string())
}

/// Bars of a day each: payments that would not have been made. It stands alone, without scripts.
fn chart(done: &Assessment) -> String {
    const WIDTH: u64 = 800;
    const HEIGHT: u64 = 240;
    const MARGIN: u64 = 40;
    let days = (done.by_day.keys().next(), done.by_day.keys().next_back());
    let (Some(first), Some(last)) = (days.0.copied(), days.1.copied()) else {
        return "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 800 60\"><text x=\"20\" \
                y=\"35\">Every payment would have been made.</text></svg>\n"
            .to_owned();
    };
    let most = done
        .by_day
        .values()
        .map(|count| count.payments)
        .max()
        .unwrap_or(1);
    let span = last - first + 1;
    let inner = WIDTH - 2 * MARGIN;
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {}\" role=\"img\" \
         font-family=\"sans-serif\" font-size=\"12\">\n<title>Payments that would not have been \
         made, by day</title>\n",
        HEIGHT + 2 * MARGIN
    );
    for (day, count) in &done.by_day {
        let left = MARGIN + (day - first) * inner / span;
        let right = MARGIN + (day - first + 1) * inner / span;
        let height = (count.payments * HEIGHT / most).max(1);
        let _ = writeln!(
            svg,
            "<rect x=\"{left}\" y=\"{}\" width=\"{}\" height=\"{height}\" fill=\"#1f5f8b\">\
             <title>{}: {}</title></rect>",
            MARGIN + HEIGHT - height,
            (right - left).max(1),
            day_name(*day),
            count.payments
        );
    }
    let base = MARGIN + HEIGHT;
    let _ = writeln!(
        svg,
        "<path d=\"M{MARGIN} {base}H{}\" stroke=\"#444\"/>\n<text x=\"{MARGIN}\" y=\"{}\">{}</text>\n\
         <text x=\"{}\" y=\"{}\" text-anchor=\"end\">{}</text>\n<text x=\"{MARGIN}\" y=\"{}\">at most \
         {most} a day</text>\n</svg>",
        WIDTH - MARGIN,
        base + 18,
        day_name(first),
        WIDTH - MARGIN,
        base + 18,
        day_name(last),
        MARGIN - 12,
    );
    svg
}

#[cfg(test)]
mod tests {
    use super::Taken;

    #[test]
    fn books_are_taken_as_others() {
        let mut taken = Taken::default();
        for text in [
            "ledger:203=CNY:2",
            "kind:6=pay",
            "kind:7=900",
            "account:1=wallet",
            "person=customer:2",
        ] {
            assert_eq!(taken.take(text), Some(()), "{text}");
        }
        assert_eq!((taken.kinds[&6], taken.kinds[&7]), (32, 900));
        assert_eq!((taken.roles[&1], taken.facts.person), (7, Some((0, 2))));
        for text in [
            "ledger:203=CNY",
            "ledger:x=CNY:2",
            "kind:6=fly",
            "account:1=pocket",
            "person=customer",
            "person:1=customer:2",
            "nothing",
            "=",
        ] {
            assert_eq!(taken.take(text), None, "{text}");
        }
    }
}
