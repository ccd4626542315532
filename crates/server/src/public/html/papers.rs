//! Decisions of authorities, and their demands.

use std::fmt::Write as _;

use super::super::tables::{Align, Table, amount, facts, grouped, percent};
use super::super::text::{Page, escaped, time};
use super::super::view::{ComputationView, DecisionView, DecisionsView, DemandRow, DemandsView};
use super::{left_out, named, section};
use crate::wire::U64;

/// Bytes of reasons that stand open; longer ones open at a touch.
const OPEN_BYTES: usize = 600;

pub(super) fn decisions(page: &mut Page, decisions: &DecisionsView) {
    section(page, "decisions");
    page.raw("<p class=\"note\">To which party a decision is addressed is not said here, nor the ");
    page.raw("reasons where they are about a person.</p>");
    if !decisions.complete {
        page.raw("<p><strong>The documents of the log are still being read: newer decisions will ");
        page.raw("be here in a moment.</strong></p>");
    }
    if decisions.decisions.is_empty() {
        page.raw("<p>No authority decided anything.</p>");
    }
    for one in &decisions.decisions {
        decision(page, one);
    }
    let place = "in the log, and served to those who may read the books";
    left_out(page, decisions.left_out.0, "older decisions are", place);
    page.raw("</section>");
}

fn decision(page: &mut Page, one: &DecisionView) {
    page.raw("<article><h3>");
    page.raw(&title(one));
    page.raw(&format!(
        " <span class=\"badge {}\">{}</span></h3>",
        class(one.state),
        named(one.state)
    ));
    let term = match (one.begins, one.ends) {
        (None, None) => None,
        (begins, ends) => Some(format!(
            "{} to {}",
            begins.map_or("at once".to_owned(), |at| time(at.0)),
            ends.map_or("no end".to_owned(), |at| time(at.0))
        )),
    };
    facts(
        page,
        &[
            (
                "By",
                Some(format!(
                    "authority {}, {}",
                    one.authority.0,
                    escaped(&one.jurisdiction)
                )),
            ),
            ("To", Some(addressee(one.addressee).to_owned())),
            (
                "Basis",
                Some(format!("{}, {}", escaped(&one.law), escaped(&one.article))),
            ),
            ("Entered", Some(time(one.entered.0))),
            ("Term", term),
            ("Amount", one.amount.as_ref().map(amount)),
            ("Computed as", one.computation.as_ref().map(computed)),
            ("Due", one.due.map(|due| time(due.0))),
            ("Kept", one.kept.map(kept)),
            ("Appeal", Some(appeal(one))),
            (
                "Lifts",
                one.lifts.map(|lifts| format!("decision {}", lifts.0)),
            ),
            (
                "SHA-256 of the document",
                one.sha256
                    .as_ref()
                    .map(|sha256| format!("<code>{}</code>", escaped(sha256))),
            ),
        ],
    );
    match &one.reasons {
        Some(text) => reasons(page, text, one.reasons_left_out.0),
        None => {
            page.raw("<p class=\"note\">Its reasons are not shown: they are about a person.</p>");
        }
    }
    page.raw("</article>");
}

/// `Fine 3`, `Restriction 1: stop of payment`.
fn title(one: &DecisionView) -> String {
    let mut kind = named(one.kind);
    kind[..1].make_ascii_uppercase();
    let mut text = format!("{kind} {}", one.number.0);
    if let Some(measure) = one.measure {
        let _ = write!(text, ": {}", named(measure));
        if let Some(product) = one.product {
            let _ = write!(text, " of {}", named(product));
        }
    } else if let Some(product) = one.product {
        let _ = write!(text, ": {}", named(product));
    }
    if let (Some(of), Some(window)) = (one.of, one.window) {
        let of = match of {
            "everyone" => "all together".to_owned(),
            other => format!("each {}", named(other)),
        };
        let _ = write!(text, ", {of}, in a {}", named(window));
    }
    text
}

fn class(state: &str) -> &'static str {
    match state {
        "in_force" | "fulfilled" => "yes",
        "overdue" => "no",
        "to_come" | "under_appeal" => "wait",
        _ => "",
    }
}

fn addressee(addressee: Option<&str>) -> &'static str {
    match addressee {
        Some("institution") => "the institution",
        Some(_) => "a party",
        None => "not said",
    }
}

fn kept(kept: &'static str) -> String {
    match kept {
        "overdue" => "<strong>overdue</strong>".to_owned(),
        "fulfilled" => "yes, fulfilled".to_owned(),
        "ended" => "it ended before".to_owned(),
        _ => "not yet due or not yet fulfilled".to_owned(),
    }
}

fn appeal(one: &DecisionView) -> String {
    let Some(state) = one.appeal else {
        return "none is possible".to_owned();
    };
    let state = match state {
        "none" => "none lodged".to_owned(),
        other => named(other),
    };
    let until = one
        .appeal_until
        .map(|until| format!("; possible until {}", time(until.0)));
    let court = one
        .appeal_to
        .map(|court| format!(", to authority {}", court.0));
    format!(
        "{state}{}{}",
        until.unwrap_or_default(),
        court.unwrap_or_default()
    )
}

/// `40 per mille of 1000.00 CNY, rounded down to a multiple of 1.00 CNY`.
fn computed(one: &ComputationView) -> String {
    let share = |per_mille: u16| percent(per_mille * 10);
    let Some((base, part)) = one.base.as_ref().zip(one.share) else {
        return named(one.method);
    };
    let mut text = format!("{} of {}", share(part), amount(base));
    if let Some(years) = one.years {
        let _ = write!(text, " times {}.{:02} years", years / 100, years % 100);
    }
    if let Some(entry) = one.entry {
        let _ = write!(text, ", and {} of it once", share(entry));
    }
    if let Some(turnover) = &one.turnover {
        let _ = write!(text, "; at most 10.00 % of {}", amount(turnover));
    }
    if let Some(unit) = &one.unit {
        let _ = write!(text, "; rounded down to a multiple of {}", amount(unit));
    }
    format!("{text} ({})", named(one.method))
}

/// Reasons in their paragraphs; long ones behind a line that opens them.
pub(super) fn reasons(page: &mut Page, text: &str, left_out: u64) {
    let is_open = if text.len() <= OPEN_BYTES {
        " open"
    } else {
        ""
    };
    page.raw(&format!(
        "<details{is_open}><summary>In words</summary><blockquote>"
    ));
    for paragraph in text.split("\n\n") {
        page.element("p", paragraph);
    }
    page.raw("</blockquote>");
    if left_out > 0 {
        page.raw(&format!(
            "<p class=\"note\">{left_out} bytes more stand in the document.</p>"
        ));
    }
    page.raw("</details>");
}

const COUNTS: [(&str, Align); 4] = [
    ("Authority or class", Align::Text),
    ("Asked for", Align::Text),
    ("Outcome", Align::Text),
    ("Demands", Align::Number),
];

const DEMANDS: [(&str, Align); 7] = [
    ("Demand", Align::Text),
    ("Authority", Align::Text),
    ("Asked for", Align::Text),
    ("Basis and purpose", Align::Text),
    ("State", Align::Text),
    ("Dates", Align::Text),
    ("Given", Align::Number),
];

pub(super) fn demands(page: &mut Page, demands: &DemandsView) {
    section(page, "demands");
    if demands.demands.is_empty() && demands.total.0 == 0 {
        page.raw("<p>No authority demanded data.</p></section>");
        return;
    }
    let counts = demands.counts.iter().map(|one| {
        let text = [&one.authority, &one.kind, &one.outcome];
        let text = text.map(|text| named(text));
        let mut row = text.to_vec();
        row.push(one.count.0.to_string());
        row
    });
    let table = Table {
        caption: "How many, by authority, kind and outcome",
        columns: &COUNTS,
        rows: counts.collect(),
    };
    table.write(page);
    page.raw(
        "<p>Each stands in the log, and the log counts them: <a href=\"/log/register/demands/0\">the \
         register</a> has a receipt for each, and so have <a href=\"/log/register/disclosures/0\">what \
         was given</a>. <code>counterfoil monitor</code> holds one against the other.</p>",
    );
    let table = Table {
        caption: "Demands, the newest first",
        columns: &DEMANDS,
        rows: demands.demands.iter().map(demand).collect(),
    };
    table.write(page);
    left_out(page, demands.left_out.0, "older demands are", "in the log");
    page.raw("</section>");
}

fn demand(one: &DemandRow) -> Vec<String> {
    let sealed = || "<em>sealed</em>".to_owned();
    let text = |text: &Option<String>| text.as_ref().map_or_else(sealed, |text| escaped(text));
    let authority = match &one.authority {
        Some(id) => format!("{} ({})", escaped(id), named(&one.class)),
        None => named(&one.class),
    };
    let mut state = named(&one.state);
    if one.narrowed {
        state += ", narrowed";
    }
    if one.sealed {
        state += ", sealed";
    }
    if one.overdue {
        state += ", <strong>overdue: not opened at its date</strong>";
    }
    let dates = [
        ("received", one.received),
        ("answered", one.answered),
        ("opens", one.opens),
    ];
    let dates: Vec<_> = dates
        .into_iter()
        .filter_map(|(word, at)| Some(format!("{word} {}", time(at?.0))))
        .collect();
    let text_of = |number: U64| grouped(&number.0.to_string());
    let given = match (one.rows, one.accounts) {
        (None, None) => "nothing".to_owned(),
        (Some(rows), None) => format!("{} rows", text_of(rows)),
        (None, Some(accounts)) => format!("of {} accounts", text_of(accounts)),
        (Some(rows), Some(accounts)) => {
            format!("{} rows of {} accounts", text_of(rows), text_of(accounts))
        }
    };
    let given = if one.bulk {
        format!("<strong>{given}: everybody&#39;s, raw</strong>")
    } else {
        given
    };
    let purpose = text(&one.purpose);
    vec![
        one.serial.0.to_string(),
        authority,
        text(&one.kind),
        format!("{}<br>{purpose}", escaped(&one.basis)),
        state,
        dates.join("<br>"),
        given,
    ]
}
