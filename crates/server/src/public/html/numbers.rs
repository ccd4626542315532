//! Client money and shares of the market, in tables and drawings.

use std::collections::BTreeMap;

use super::super::draw::{self, category_name};
use super::super::tables::{Align, Table, amount, percent};
use super::super::text::{Page, escaped};
use super::super::view::{CoverView, LedgerMarket, LedgerMoney, MarketView, MoneyView, ShareView};
use super::{left_out, named, section};

const MONEY: [(&str, Align); 4] = [
    ("Ledger", Align::Text),
    ("Client money", Align::Number),
    ("In safe-keeping", Align::Number),
    ("Difference", Align::Number),
];

const ROLES: [(&str, Align); 3] = [
    ("Role in the chart", Align::Text),
    ("", Align::Text),
    ("Amount", Align::Number),
];

const COVER: [(&str, Align); 4] = [
    ("Statement", Align::Text),
    ("Entered", Align::Text),
    ("Client money", Align::Number),
    ("In safe-keeping", Align::Number),
];

pub(super) fn money(page: &mut Page, money: &MoneyView) {
    section(page, "money");
    page.raw(
        "<p>What clients are owed: wallets, sellers and what is kept back from them, orders in ",
    );
    page.raw("escrow, gifts, what waits to be shared, and receipts that nobody was found for. ");
    page.raw("Against it, what is in safe-keeping at banks. Added up ");
    page.moment(money.as_of.0);
    page.raw(".</p>");
    if money.ledgers.is_empty() {
        page.raw("<p>The chart of accounts has no account of either.</p></section>");
        return;
    }
    let table = Table {
        caption: "Client money and what covers it",
        columns: &MONEY,
        rows: money.ledgers.iter().map(ledger).collect(),
    };
    table.write(page);
    left_out(
        page,
        money.left_out as u64,
        "ledgers are",
        "in the trial balance",
    );
    for one in &money.ledgers {
        let caption = format!("By role, ledger {}", one.safe.ledger);
        let row = |role: &super::super::view::RoleMoney| {
            let side = match (role.side, role.reversed) {
                ("held", false) => "held at banks",
                ("held", true) => "overdrawn at banks",
                (_, false) => "owed to clients",
                _ => "owed by clients",
            };
            vec![named(role.role), side.to_owned(), amount(&role.amount)]
        };
        let columns = [ROLES[0], ("What it is", Align::Text), ROLES[2]];
        let table = Table {
            caption: &caption,
            columns: &columns,
            rows: one.roles.iter().map(row).collect(),
        };
        table.write(page);
    }
    covers(page, money);
    page.raw("</section>");
}

fn ledger(one: &LedgerMoney) -> Vec<String> {
    let name = one.safe.currency.as_ref().map(|code| escaped(code));
    let difference = if one.difference.amount_minor.0 == 0 {
        "covered to the last unit".to_owned()
    } else if one.covered {
        format!("covered, {} more", amount(&one.difference))
    } else {
        format!("<strong>{} short</strong>", amount(&one.difference))
    };
    vec![
        format!("{} {}", one.safe.ledger, name.unwrap_or_default()),
        amount(&one.client_money),
        amount(&one.safe),
        difference,
    ]
}

fn covers(page: &mut Page, money: &MoneyView) {
    let mut ledgers: BTreeMap<u32, Vec<&CoverView>> = BTreeMap::new();
    for cover in &money.statements {
        ledgers.entry(cover.safe.ledger).or_default().push(cover);
    }
    if ledgers.is_empty() {
        return;
    }
    page.raw("<h3>From statement to statement</h3>");
    page.raw("<p>Each statement commits to every balance in the log, so that these sums can be ");
    page.raw("checked against what each client was told.</p>");
    for (ledger, covers) in ledgers {
        if covers.len() > 1 {
            draw::cover(page, &covers);
        }
        let row = |cover: &&CoverView| {
            vec![
                cover.statement.0.to_string(),
                super::super::text::time(cover.time.0),
                amount(&cover.client_money),
                amount(&cover.safe),
            ]
        };
        let caption = format!("Statements, ledger {ledger}, the newest first");
        let table = Table {
            caption: &caption,
            columns: &COVER,
            rows: covers.iter().rev().map(row).collect(),
        };
        folded(page, &table, covers.len());
    }
    let place = "served to those who may read the books";
    left_out(
        page,
        money.statements_left_out.0,
        "older statements are",
        place,
    );
}

/// Rows of a table that stand open; longer ones open at a touch.
const OPEN_ROWS: usize = 12;

fn folded(page: &mut Page, table: &Table<'_>, rows: usize) {
    if rows <= OPEN_ROWS {
        return table.write(page);
    }
    page.raw("<details><summary>").text(table.caption);
    page.raw(&format!(": {rows} rows</summary>"));
    table.write(page);
    page.raw("</details>");
}

pub(super) fn market(page: &mut Page, market: &MarketView) {
    section(page, "market");
    page.raw(
        "<p>Orders whose trade was finished, less what was given back, by category of what was ",
    );
    page.raw("sold. Categories are the institution&#39;s own numbers. ");
    match market.as_of {
        Some(at) => {
            page.raw("Added up ").moment(at.0).raw(" UTC.");
        }
        None if market.problem.is_none() => {
            page.raw("<strong>They are being added up; ask again in a moment.</strong>");
        }
        None => {}
    }
    page.raw("</p>");
    if let Some(problem) = &market.problem {
        page.raw("<p><strong>They could not be added up: ")
            .text(problem);
        page.raw(".</strong></p>");
    }
    if market.as_of.is_some() && market.ledgers.is_empty() {
        page.raw("<p>Nothing was sold in the last twelve months.</p>");
    }
    for ledger in &market.ledgers {
        sales(page, &market.months, ledger);
    }
    left_out(page, market.left_out as u64, "ledgers are", "in the log");
    page.raw("</section>");
}

fn sales(page: &mut Page, months: &[String], ledger: &LedgerMarket) {
    let currency = ledger.total.currency.as_deref();
    let name = currency.map_or(format!("Ledger {}", ledger.total.ledger), escaped);
    page.raw("<h3>").raw(&name).raw("</h3>");
    draw::shares(page, months, ledger);
    let row = |name: String, share: &ShareView| {
        let part = share.share.map_or("none".to_owned(), percent);
        vec![name, amount(&share.sales), part]
    };
    let caption = format!("Twelve months together, {name}");
    let columns = [
        ("Category", Align::Text),
        ("Sales", Align::Number),
        ("Share", Align::Number),
    ];
    let categories = ledger.categories.iter();
    let table = Table {
        caption: &caption,
        columns: &columns,
        rows: categories
            .map(|one| row(category_name(one), &one.total))
            .collect(),
    };
    table.write(page);
    if ledger.left_out > 0 {
        page.raw(&format!(
            "<p class=\"note\">{} categories are in &#8220;all others&#8221;.</p>",
            ledger.left_out
        ));
    }
    let mut rows = Vec::new();
    for (place, month) in months.iter().enumerate().rev() {
        for one in &ledger.categories {
            let sales = one
                .months
                .get(place)
                .filter(|month| month.sales.amount_minor.0 > 0);
            if let Some(sales) = sales {
                let mut cells = row(category_name(one), sales);
                cells.insert(0, escaped(month));
                rows.push(cells);
            }
        }
    }
    let caption = format!("Month by month, {name}, the newest first");
    let columns = [
        ("Month", Align::Text),
        ("Category", Align::Text),
        ("Sales", Align::Number),
        ("Share", Align::Number),
    ];
    let count = rows.len();
    let table = Table {
        caption: &caption,
        columns: &columns,
        rows,
    };
    folded(page, &table, count);
}
