//! The page: its frame, the log, and the rules. It needs no script.

mod numbers;
mod papers;
#[cfg(test)]
mod tests;

use super::tables::facts;
use super::text::{Page, escaped, time, words};
use super::view::{
    AssessmentView, CheckpointView, LogView, PublicView, RuleView, RulesView, VersionView,
};
use crate::wire::U128;

/// Sections, by id and title.
const SECTIONS: [(&str, &str); 6] = [
    ("books", "These books"),
    ("rules", "Rules"),
    ("decisions", "Decisions of authorities"),
    ("demands", "Demands for data"),
    ("money", "Client money"),
    ("market", "Shares of the market"),
];

/// The whole page.
pub(super) fn page(view: &PublicView) -> String {
    let mut page = Page::default();
    let origin = view.log.origin.as_deref().unwrap_or("these books");
    page.raw(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\
         <meta name=\"color-scheme\" content=\"light dark\">\
         <meta name=\"referrer\" content=\"no-referrer\">",
    );
    page.raw("<title>Public page of ").text(origin);
    page.raw(
        "</title><link rel=\"stylesheet\" href=\"/public.css\"></head><body>\
         <a class=\"skip\" href=\"#main\">To the content</a><header>",
    );
    page.raw("<h1>Public page of ").text(origin).raw("</h1>");
    page.raw("<p class=\"lead\">What payments have to keep to here, what authorities decided and ");
    page.raw("demanded, and whether client money is covered: for everybody, without names. As of ");
    page.moment(view.as_of.0);
    page.raw(" UTC. The same facts as data: <a href=\"/public.json\">public.json</a>.</p>");
    page.raw("<nav aria-label=\"Sections\"><ul>");
    for (id, title) in SECTIONS {
        page.raw("<li><a href=\"#").raw(id).raw("\">");
        page.text(title).raw("</a></li>");
    }
    page.raw("</ul></nav></header><main id=\"main\">");
    log(&mut page, &view.log);
    rules(&mut page, &view.rules);
    papers::decisions(&mut page, &view.decisions);
    papers::demands(&mut page, &view.demands);
    numbers::money(&mut page, &view.money);
    numbers::market(&mut page, &view.market);
    page.raw(
        "</main><footer><p>All moments are in UTC. This page is put together by the server of the \
         books every few seconds; what proves what they say is the log, which anybody may copy \
         and check.</p></footer></body></html>\n",
    );
    page.finish()
}

/// Opens a section of the page.
fn section(page: &mut Page, id: &str) {
    let title = SECTIONS.iter().find(|(known, _)| *known == id);
    let title = title.map_or(id, |(_, title)| title);
    page.raw(&format!(
        "<section aria-labelledby=\"{id}\"><h2 id=\"{id}\">{}</h2>",
        escaped(title)
    ));
}

fn log(page: &mut Page, log: &LogView) {
    section(page, "books");
    let Some(origin) = &log.origin else {
        page.raw(
            "<p>These books sign no log, so nobody else can check what they say.</p></section>",
        );
        return;
    };
    page.raw("<article>");
    let code = |text: &str| format!("<code>{}</code>", escaped(text));
    let keys = log.keys.iter().map(|key| code(key)).collect::<Vec<_>>();
    facts(
        page,
        &[
            ("Origin of the log", Some(escaped(origin))),
            ("Verifier key", Some(keys.join("<br>"))),
            ("Newest checkpoint", log.checkpoint.as_ref().map(checkpoint)),
            (
                "Newest with a quorum of witnesses",
                log.witnessed.as_ref().map(checkpoint),
            ),
        ],
    );
    page.raw("</article>");
    if log.witnesses.is_empty() {
        page.raw("<p>No witness cosigns this log.</p>");
    } else {
        page.raw("<h3>Witnesses</h3><article><dl>");
        for witness in &log.witnesses {
            let said = match (witness.cosigned, witness.time) {
                (Some(size), Some(seconds)) => format!(
                    "cosigned {} batches, {}",
                    size.0,
                    time(seconds.0.saturating_mul(1_000_000_000))
                ),
                (Some(size), None) => format!("cosigned {} batches", size.0),
                _ => "cosigned neither of the two".to_owned(),
            };
            page.raw("<div>").element("dt", &witness.name);
            page.raw("<dd>").raw(&said).raw("</dd></div>");
        }
        page.raw("</dl></article>");
    }
    page.raw("<p>Check it yourself: <a href=\"/log/checkpoint\">the newest checkpoint</a>");
    if log.witnessed.is_some() {
        page.raw(", <a href=\"/log/witnessed\">the newest with witnesses</a>");
    }
    page.raw(", or <a href=\"/verify\">a receipt in your browser</a>.</p></section>");
}

fn checkpoint(checkpoint: &CheckpointView) -> String {
    let of = checkpoint.time.map(|at| format!(" of {}", time(at.0)));
    format!(
        "{} batches{}, root <code>{}</code>",
        checkpoint.size.0,
        of.unwrap_or_default(),
        escaped(&checkpoint.root)
    )
}

fn rules(page: &mut Page, rules: &RulesView) {
    section(page, "rules");
    match &rules.in_force {
        Some(version) => {
            page.raw(&format!("<h3>In force: version {}</h3>", version.version));
            version_head(page, version, "Since");
            version.rules.iter().for_each(|one| rule(page, one));
        }
        None => {
            page.raw(
                "<p>No rule book is in force: payments keep to nothing but what accounts have.</p>",
            );
        }
    }
    for version in &rules.to_come {
        page.raw(&format!("<h3>To come: version {}</h3>", version.version));
        version_head(page, version, "From");
        for one in &rules.assessments {
            if version.assessments.contains(&one.sha256) {
                let word = if one.open { "are" } else { "were" };
                page.raw(&format!(
                    "<p>It was assessed: see <a href=\"#{}\">",
                    anchor(one)
                ));
                page.raw("what it would have done</a>. Comments on it ")
                    .raw(word);
                page.raw(" taken until ")
                    .moment(one.comments_until.0)
                    .raw(".</p>");
            }
        }
        version.rules.iter().for_each(|one| rule(page, one));
        if version.unchanged > 0 {
            let word = if version.unchanged == 1 {
                "rule stands"
            } else {
                "rules stand"
            };
            page.raw(&format!(
                "<p class=\"note\">{} {word} as in the version in force.</p>",
                version.unchanged
            ));
        }
    }
    if !rules.assessments.is_empty() {
        page.raw("<h3>What drafts would have done</h3>");
        for one in &rules.assessments {
            assessment(page, one);
        }
        left_out(
            page,
            rules.assessments_left_out.0,
            "older assessments are",
            "in the log",
        );
    }
    page.raw("</section>");
}

/// Who signed, in words.
fn signer(signed_by: &str, authority: Option<U128>) -> String {
    match (signed_by, authority) {
        ("authority", Some(id)) => format!("authority {}", id.0),
        _ => "the staff of the institution".to_owned(),
    }
}

fn version_head(page: &mut Page, version: &VersionView, since: &str) {
    page.raw("<p>").text(since).raw(" ");
    page.moment(version.begins.0);
    page.raw(", signed by ")
        .text(&signer(version.signed_by, version.authority));
    page.raw(". SHA-256 of its canonical bytes: <code>")
        .text(&version.digest);
    page.raw("</code></p>");
}

fn rule(page: &mut Page, rule: &RuleView) {
    let (word, class) = match rule.state {
        "in_force" => ("in force", "yes"),
        "draft" => ("draft", "wait"),
        "to_come" => ("to come", "wait"),
        _ => ("over", ""),
    };
    page.raw("<article><h4>").text(&rule.title);
    page.raw(&format!(
        " <span class=\"badge {class}\">{word}</span></h4>"
    ));
    page.element("p", &rule.says);
    if !rule.verified {
        page.raw(
            "<p class=\"unverified\"><strong>Not looked up:</strong> nobody compared this rule ",
        );
        page.raw("with the text of its law.</p>");
    }
    let mut law = escaped(&rule.law);
    if !rule.article.is_empty() {
        law = format!("{law}, {}", escaped(&rule.article));
    }
    // An address is what somebody entered: only one of the web becomes a link.
    let is_link = ["https://", "http://"]
        .iter()
        .any(|scheme| rule.address.starts_with(scheme));
    if is_link {
        law = format!(
            "<a href=\"{}\" rel=\"noreferrer nofollow\">{law}</a>",
            escaped(&rule.address)
        );
    } else if !rule.address.is_empty() {
        law = format!("{law} ({})", escaped(&rule.address));
    }
    facts(
        page,
        &[
            ("Law", Some(law)),
            ("Where", Some(escaped(&rule.jurisdiction))),
            ("Since", rule.from.map(|from| time(from.0))),
            ("Until", rule.to.map(|to| time(to.0))),
            ("Rule", Some(format!("<code>{}</code>", escaped(&rule.id)))),
        ],
    );
    page.raw("</article>");
}

/// Where an assessment stands in the page.
fn anchor(one: &AssessmentView) -> String {
    format!("assessment-{}", escaped(&one.sha256))
}

fn assessment(page: &mut Page, one: &AssessmentView) {
    page.raw(&format!("<article id=\"{}\"><h4>", anchor(one)))
        .text(one.title.as_deref().unwrap_or("A draft"));
    let (class, word) = if one.open {
        ("wait", "comments are taken")
    } else {
        ("", "comments are closed")
    };
    page.raw(&format!(
        " <span class=\"badge {class}\">{word}</span></h4>"
    ));
    let sum = one.sum.as_ref().map(super::tables::amount);
    let code = |text: &str| Some(format!("<code>{}</code>", escaped(text)));
    facts(
        page,
        &[
            ("Payments judged", Some(one.payments.0.to_string())),
            ("Not let through", Some(one.refused.0.to_string())),
            ("Of so many people", Some(one.people.0.to_string())),
            ("Together", sum),
            ("Replayed from", one.from.map(|from| time(from.0))),
            ("Replayed to", one.to.map(|to| time(to.0))),
            (
                "Signed by",
                Some(escaped(&signer(one.signed_by, one.authority))),
            ),
            ("Entered", Some(time(one.entered.0))),
            ("Comments until", Some(time(one.comments_until.0))),
            ("Comments so far", Some(one.comments.0.to_string())),
            ("SHA-256 of the draft", code(&one.draft)),
            ("SHA-256 of the document", code(&one.sha256)),
        ],
    );
    papers::reasons(page, &one.reasons, one.reasons_left_out.0);
    page.raw("</article>");
}

/// How many are not shown, where there are such.
fn left_out(page: &mut Page, count: u64, what: &str, place: &str) {
    if count > 0 {
        page.raw(&format!(
            "<p class=\"note\">{count} {} not shown here; they are {}.</p>",
            escaped(what),
            escaped(place)
        ));
    }
}

/// A name of the books, in words and escaped.
fn named(name: &str) -> String {
    escaped(&words(name))
}
