//! What a rule found, in a sentence for the person it concerns.

use std::fmt::Write;

use model::money::format_amount;
use model::object::{Finding, FindingState};
use model::rule::{CONSEQUENCES, Condition, Measure, Rule, RuleBook, Term};

use crate::moment;

/// `QR payments of grade C: 370.00 of 500.00 CNY used, 130.00 left, asked for 200.00; free again at
/// 2026-01-06 (+08:00). Rule cn-qr-2018-c, version 3: Yinfa [2017] 296, article 12.` `book` is the
/// version that the finding names; `None` where it has no such rule.
pub fn explain(book: &RuleBook, finding: &Finding) -> Option<String> {
    let rule = book.rules.get(usize::from(finding.rule))?;
    let zone = book.zones.get(usize::from(rule.zone))?;
    let mut text = format!("{}: {}", rule.title, limit(rule, finding));
    if finding.again > 0 {
        let again = moment::format(finding.again, zone);
        let _ = write!(text, "; free again at {again} ({})", zone.name);
    }
    let _ = write!(
        text,
        ". Rule {}, version {}: {}",
        rule.id, finding.version, rule.source.law
    );
    if !rule.source.article.is_empty() {
        let _ = write!(text, ", {}", rule.source.article);
    }
    text += if rule.source.verified {
        "."
    } else {
        " (not compared with the text of the law)."
    };
    Some(text)
}

/// What follows from a finding, in a word.
pub fn consequence(finding: &Finding) -> &'static str {
    let states = [
        (FindingState::Open, "held for review"),
        (FindingState::Allowed, "allowed after review"),
        (FindingState::Declined, "declined after review"),
        (FindingState::Used, "made after review"),
    ];
    let state = states
        .iter()
        .find(|(state, _)| *state as u8 == finding.state);
    let then = CONSEQUENCES.get(usize::from(finding.then)).copied();
    state.map_or_else(
        || match then {
            Some("refuse") => "refused",
            Some("flag") => "flagged",
            Some("report") => "reported",
            _ => "noted",
        },
        |(_, word)| word,
    )
}

/// What was used of what, in the rule's unit.
fn limit(rule: &Rule, finding: &Finding) -> String {
    let (counts, tallies) = unit(&rule.require);
    let currency = rule.scope.currency.filter(|_| !counts);
    let shown = |value| match currency {
        Some((_, exponent)) => format_amount(value, exponent),
        None => value.to_string(),
    };
    let code = currency.map_or(String::new(), |(code, _)| format!(" {code}"));
    let (used, limit) = (shown(finding.used), shown(finding.limit));
    if !tallies {
        return format!("{used}{code} against {limit}{code}");
    }
    let left = shown(finding.limit.saturating_sub(finding.used));
    let asked = if counts {
        String::new()
    } else {
        format!(", asked for {}", shown(finding.amount))
    };
    format!("{used} of {limit}{code} used, {left} left{asked}")
}

/// Whether the first comparison counts payments, and whether it counts at all.
fn unit(condition: &Condition) -> (bool, bool) {
    let mut first = None;
    condition.each_term(&mut |term| {
        let is = match term {
            Term::Tally(tally) => Some((tally.measure == Measure::Count, true)),
            Term::Number(_) | Term::Figure(_) | Term::Part(_) => Some((true, false)),
            Term::Money(_) | Term::Amount | Term::Owed(_) | Term::Held(_) => Some((false, false)),
            Term::Times(..) | Term::Ladder(..) | Term::Sum(_) => None,
        };
        first = first.or(is);
    });
    first.unwrap_or((true, false))
}

#[cfg(test)]
mod tests {
    use model::object::{Finding, FindingState};

    use super::{consequence, explain};
    use crate::read;

    const RULES: &str = r#"
        currency = "CNY"
        jurisdiction = "CN"
        zone = "Asia/Shanghai"
        [[rule]]
        id = "qr"
        title = "QR payments of grade D"
        source = { law = "Yinfa [2017] 296", article = "article 12", address = "", verified = true }
        valid = { from = "2018-04-01" }
        scope = { channel = ["qr_d"] }
        require = { sum = { per = "party", within = "day" }, at_most = "500.00" }
        then = "refuse"
        [[rule]]
        id = "often"
        title = "Many payments"
        source = { law = "own practice", verified = false }
        valid = { from = "2018-04-01" }
        require = { count = { per = "pair", within = "lifetime" }, at_most = 3 }
        then = "flag"
    "#;

    #[test]
    fn findings_are_sentences() {
        let book = read(RULES).expect("it is one").book;
        let finding = Finding {
            number: 1,
            version: 2,
            used: 37_000,
            limit: 50_000,
            amount: 13_001,
            // Midnight in Shanghai.
            again: 1_767_628_800_000_000_000,
            ..Finding::default()
        };
        assert_eq!(
            explain(&book, &finding).as_deref(),
            Some(
                "QR payments of grade D: 370.00 of 500.00 CNY used, 130.00 left, asked for 130.01; \
                 free again at 2026-01-06 (Asia/Shanghai). Rule qr, version 2: Yinfa [2017] 296, \
                 article 12."
            )
        );
        let often = Finding {
            rule: 1,
            then: 2,
            used: 3,
            limit: 3,
            again: 0,
            ..finding
        };
        assert_eq!(
            explain(&book, &often).as_deref(),
            Some(
                "Many payments: 3 of 3 used, 0 left. Rule often, version 2: own practice (not \
                 compared with the text of the law)."
            )
        );
        let held = Finding {
            state: FindingState::Open as u8,
            ..finding
        };
        let words = [finding, often, held].map(|finding| consequence(&finding));
        assert_eq!(words, ["refused", "flagged", "held for review"]);
        assert_eq!(explain(&book, &Finding { rule: 2, ..finding }), None);
    }
}
