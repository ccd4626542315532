//! Drawings of the page, as SVG in it. Each has a title and a description for those who do not see
//! it, and a table with the same numbers stands beside it. Colours are those of the style.

use super::tables::{amount, grouped};
use super::text::{Page, escaped};
use super::view::{CategoryView, CoverView, LedgerMarket};

/// All drawings are as wide; the page makes them as large as its column.
const WIDTH: u64 = 360;
const HEIGHT: u64 = 200;

/// Where the bars and lines are.
const LEFT: u64 = 34;
const TOP: u64 = 18;
const BOTTOM: u64 = 176;
const TALL: u64 = BOTTOM - TOP;

/// The shares of the categories, a bar a month.
pub(super) fn shares(page: &mut Page, months: &[String], market: &LedgerMarket) {
    let ledger = market.total.ledger;
    let currency = market.total.currency.as_deref().unwrap_or("minor units");
    let first = months
        .first()
        .map(|month| escaped(month))
        .unwrap_or_default();
    let last = months
        .last()
        .map(|month| escaped(month))
        .unwrap_or_default();
    let title = format!("Share of each category in the sales in {currency}, month by month");
    let largest = market.categories.first().map(|one| {
        let name = category_name(one);
        let share = one.total.share.map_or(0, |share| share / 100);
        format!(" The largest of all months is {name} with {share} %.")
    });
    let about = format!(
        "A bar for each month from {first} to {last}.{} The table below has the numbers.",
        largest.unwrap_or_default()
    );
    open(page, &format!("shares-{ledger}"), &title, &about);
    for (at, label) in [(0, "100 %"), (50, "50 %"), (100, "0 %")] {
        let y = TOP + TALL * at / 100;
        rule(page, (LEFT, y));
        page.raw(&format!(
            "<text x=\"{}\" y=\"{}\" text-anchor=\"end\">{label}</text>",
            LEFT - 4,
            y + 3
        ));
    }
    let step = (WIDTH - LEFT) / (months.len() as u64).max(1);
    for (place, month) in months.iter().enumerate() {
        let x = LEFT + step * place as u64;
        bar(page, market, place, (x + 2, step - 4));
        let short = month.get(5..).unwrap_or_default();
        page.raw(&format!(
            "<text x=\"{}\" y=\"{}\" text-anchor=\"middle\">{}</text>",
            x + step / 2,
            BOTTOM + 14,
            escaped(short)
        ));
    }
    page.raw("</svg>");
    let names = market.categories.iter();
    let names: Vec<_> = names.map(category_name).collect();
    legend(page, &names);
    page.raw("</figure>");
}

/// The categories of one month, one above the other.
fn bar(page: &mut Page, market: &LedgerMarket, month: usize, (x, width): (u64, u64)) {
    let mut below = 0;
    for (place, category) in market.categories.iter().enumerate() {
        let share = category.months.get(month).and_then(|month| month.share);
        let share = u64::from(share.unwrap_or(0));
        let (from, to) = (TALL * below / 10_000, TALL * (below + share) / 10_000);
        below += share;
        if to > from {
            page.raw(&format!(
                "<rect class=\"c{}\" x=\"{x}\" y=\"{}\" width=\"{width}\" height=\"{}\"/>",
                place + 1,
                BOTTOM - to,
                to - from
            ));
        }
    }
}

/// Client money and what covered it, from statement to statement; of one ledger.
pub(super) fn cover(page: &mut Page, covers: &[&CoverView]) {
    let (Some(first), Some(last)) = (covers.first(), covers.last()) else {
        return;
    };
    let values =
        |cover: &&CoverView| (cover.client_money.amount_minor.0, cover.safe.amount_minor.0);
    let most = covers.iter().map(values).map(|(one, other)| one.max(other));
    let most = most.max().unwrap_or(0).max(1);
    let ledger = first.safe.ledger;
    let currency = first.safe.currency.as_deref().unwrap_or("minor units");
    let title = format!("Client money and what is in safe-keeping for it, in {currency}");
    let short = covers.iter().map(values).filter(|(owed, safe)| safe < owed);
    let about = format!(
        "Two lines over {} statements. Safe-keeping lies below client money at {} of them. The \
         table below has the numbers.",
        covers.len(),
        short.count()
    );
    open(page, &format!("cover-{ledger}"), &title, &about);
    for y in [TOP, TOP + TALL / 2, BOTTOM] {
        rule(page, (0, y));
    }
    let top = covers
        .iter()
        .flat_map(|cover| [&cover.client_money, &cover.safe]);
    let top = top.max_by_key(|amount| amount.amount_minor.0);
    let top = top.map(|top| {
        top.amount
            .clone()
            .unwrap_or_else(|| top.amount_minor.0.to_string())
    });
    page.raw(&format!(
        "<text x=\"0\" y=\"{}\">{}</text><text x=\"0\" y=\"{}\">0</text>",
        TOP - 6,
        escaped(&grouped(&top.unwrap_or_default())),
        BOTTOM - 3
    ));
    // Both are made smaller alike where they are too large to be multiplied.
    let shift = (u128::BITS - most.leading_zeros()).saturating_sub(100);
    let height = |value: u128| (value >> shift) * u128::from(TALL) / (most >> shift);
    let count = (covers.len() as u64).max(2) - 1;
    for (class, which) in [("l2", 0), ("l1", 1)] {
        let point = |(place, cover): (usize, &&CoverView)| {
            let (owed, safe) = values(cover);
            let value = if which == 0 { owed } else { safe };
            let x = (WIDTH - 2) * place as u64 / count + 1;
            format!("{x},{}", u128::from(BOTTOM) - height(value))
        };
        let points: Vec<_> = covers.iter().enumerate().map(point).collect();
        let points = points.join(" ");
        page.raw(&format!(
            "<polyline class=\"{class}\" points=\"{points}\"/>"
        ));
    }
    let day = |cover: &CoverView| model::document::moment_text(cover.time.0)[..10].to_owned();
    page.raw(&format!(
        "<text x=\"0\" y=\"{0}\">{1}</text><text x=\"{WIDTH}\" y=\"{0}\" text-anchor=\"end\">{2}</text></svg>",
        BOTTOM + 14,
        day(first),
        day(last)
    ));
    legend(
        page,
        &[
            format!("in safe-keeping, last {}", amount(&last.safe)),
            format!("client money, last {} (dashed)", amount(&last.client_money)),
        ],
    );
    page.raw("</figure>");
}

/// What a category is called in the page, escaped.
pub(super) fn category_name(category: &CategoryView) -> String {
    match (category.category.as_str(), &category.label) {
        ("none", _) => "no category".to_owned(),
        ("others", _) => "all others".to_owned(),
        (number, None) => format!("category {}", escaped(number)),
        (number, Some(label)) => format!("{} ({})", escaped(label), escaped(number)),
    }
}

/// The title is text, what it is about markup.
fn open(page: &mut Page, id: &str, title: &str, about: &str) {
    page.raw(&format!(
        "<figure><svg viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"img\" \
         aria-labelledby=\"{id} {id}-about\"><title id=\"{id}\">{}</title>\
         <desc id=\"{id}-about\">{}</desc>",
        escaped(title),
        about
    ));
}

fn rule(page: &mut Page, (left, y): (u64, u64)) {
    page.raw(&format!(
        "<line class=\"grid\" x1=\"{left}\" y1=\"{y}\" x2=\"{WIDTH}\" y2=\"{y}\"/>"
    ));
}

/// What the colours mean; the names are markup.
fn legend(page: &mut Page, names: &[String]) {
    page.raw("<figcaption><ul class=\"legend\">");
    for (place, name) in names.iter().enumerate() {
        page.raw(&format!(
            "<li><span class=\"swatch c{}\" aria-hidden=\"true\"></span>{name}</li>",
            place + 1
        ));
    }
    page.raw("</ul></figcaption>");
}
