//! The page of a view in which everything is there.

use expect_test::expect_file;

use super::page;
use crate::public::sample::{ATTACK, demands, view};
use crate::public::text::Page;
use crate::public::view::DemandsView;
use crate::wire::U64;

/// The page as `tests/page` shows it to a browser.
#[test]
fn the_page_is_as_it_was_looked_at() {
    let lines = page(&view()).replace("><", ">\n<");
    expect_file!["../../../../../tests/page/public.html"].assert_eq(&lines);
}

#[test]
fn nothing_entered_is_markup() {
    let page = page(&view());
    assert!(!page.contains("<script") && !page.contains("onload=\"y"));
    let escaped = crate::public::text::escaped(ATTACK);
    assert!(page.matches(&escaped).count() > 10);
}

#[test]
fn demands_are_told_and_the_seals_kept() {
    let written = |demands: &DemandsView| {
        let mut page = Page::default();
        super::papers::demands(&mut page, demands);
        page.finish()
    };
    let text = written(&demands());
    for part in [
        "police)",
        "<em>sealed</em>",
        "<strong>overdue: not opened at its date</strong>",
        "<strong>1\u{202f}000\u{202f}000 rows of 40\u{202f}000 accounts: everybody&#39;s, raw</strong>",
        "1\u{202f}734 rows of 2 accounts",
        "opens <time",
        "9 older demands are not shown here",
    ] {
        assert!(text.contains(part), "{part}");
    }
    // Of one that is sealed its class, basis and dates are public, and nothing else.
    let mut sealed = demands();
    sealed.demands.retain(|one| one.sealed);
    sealed.counts.clear();
    let text = written(&sealed);
    assert!(!text.contains("fraud") && !text.contains("42"), "{text}");
    assert!(text.contains("court") && text.contains("Criminal Procedure Act, section 94"));
    let none = written(&DemandsView::default());
    assert!(none.contains("No authority demanded data"));
    let counted = DemandsView {
        total: U64(1),
        ..DemandsView::default()
    };
    assert!(!written(&counted).contains("No authority demanded data"));
}

#[test]
fn facts_are_plain_json() {
    let facts = serde_json::to_value(view()).expect("it is JSON");
    assert_eq!(facts["demands"]["demands"][1]["overdue"], true);
    assert_eq!(
        facts["demands"]["demands"][1]["authority"],
        serde_json::Value::Null
    );
    assert_eq!(facts["decisions"]["left_out"], "104");
    assert_eq!(
        facts["money"]["ledgers"][0]["difference"]["amount"],
        "67890.12"
    );
}
