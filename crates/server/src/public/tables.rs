//! Tables and facts of the page, which become lists of cards on a narrow screen.

use super::text::{Page, escaped};
use super::view::AmountView;

/// How the values of a column stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Align {
    Text,
    Number,
}

/// A table: its columns, of which the first one names the row, and its cells as markup.
#[derive(Debug)]
pub(super) struct Table<'a> {
    pub caption: &'a str,
    pub columns: &'a [(&'a str, Align)],
    pub rows: Vec<Vec<String>>,
}

impl Table<'_> {
    /// On a narrow screen its rows are blocks, which would be no table any more to those who have
    /// it read to them: so each part says what it is.
    pub fn write(&self, page: &mut Page) {
        page.raw("<table role=\"table\"><caption>")
            .text(self.caption);
        page.raw("</caption><thead role=\"rowgroup\"><tr role=\"row\">");
        for (name, align) in self.columns {
            page.raw("<th role=\"columnheader\" scope=\"col\"")
                .raw(align.class())
                .raw(">")
                .text(name)
                .raw("</th>");
        }
        page.raw("</tr></thead><tbody role=\"rowgroup\">");
        for row in &self.rows {
            page.raw("<tr role=\"row\">");
            for (place, (cell, (name, align))) in row.iter().zip(self.columns).enumerate() {
                if place == 0 {
                    page.raw("<th role=\"rowheader\" scope=\"row\" data-label=\"");
                    page.text(name).raw("\">").raw(cell).raw("</th>");
                    continue;
                }
                page.raw("<td role=\"cell\"").raw(align.class());
                page.raw(" data-label=\"").text(name).raw("\"><span>");
                page.raw(cell).raw("</span></td>");
            }
            page.raw("</tr>");
        }
        page.raw("</tbody></table>");
    }
}

impl Align {
    const fn class(self) -> &'static str {
        match self {
            Self::Text => "",
            Self::Number => " class=\"number\"",
        }
    }
}

/// Facts by name; those without a value are left out.
pub(super) fn facts(page: &mut Page, facts: &[(&str, Option<String>)]) {
    page.raw("<dl>");
    for (name, value) in facts {
        if let Some(value) = value {
            page.raw("<div>").element("dt", name);
            page.raw("<dd>").raw(value).raw("</dd></div>");
        }
    }
    page.raw("</dl>");
}

/// `1234.50 EUR`, or minor units of a ledger without a currency; as markup.
pub(super) fn amount(amount: &AmountView) -> String {
    match (&amount.amount, &amount.currency) {
        (Some(major), Some(currency)) => escaped(&format!("{} {currency}", grouped(major))),
        _ => format!(
            "{} minor units",
            grouped(&amount.amount_minor.0.to_string())
        ),
    }
}

/// Digits in groups of three before the point, with narrow spaces that do not break.
pub(super) fn grouped(number: &str) -> String {
    let (whole, rest) = number.split_at(number.find('.').unwrap_or(number.len()));
    let mut out = String::new();
    for (place, digit) in whole.chars().enumerate() {
        if place > 0 && (whole.len() - place).is_multiple_of(3) {
            out.push('\u{202f}');
        }
        out.push(digit);
    }
    out + rest
}

/// `33.33 %` of hundredths of a percent.
pub(super) fn percent(hundredths: u16) -> String {
    format!("{}.{:02} %", hundredths / 100, hundredths % 100)
}

#[cfg(test)]
mod tests {
    use super::{Align, Table, amount, grouped, percent};
    use crate::public::text::Page;
    use crate::public::view::AmountView;
    use crate::wire::U128;

    #[test]
    fn numbers_are_grouped_and_exact() {
        assert_eq!(grouped("1234567.891"), "1\u{202f}234\u{202f}567.891");
        assert_eq!(grouped("123.00"), "123.00");
        assert_eq!(percent(3_305), "33.05 %");
        let minor = AmountView {
            ledger: 9,
            amount_minor: U128(1_000),
            ..AmountView::default()
        };
        assert_eq!(amount(&minor), "1\u{202f}000 minor units");
    }

    #[test]
    fn a_table_says_what_its_parts_are() {
        let mut page = Page::default();
        let table = Table {
            caption: "A & B",
            columns: &[("A", Align::Text), ("\"B\"", Align::Number)],
            rows: vec![vec!["1".to_owned(), "2".to_owned()]],
        };
        table.write(&mut page);
        assert_eq!(
            page.finish(),
            "<table role=\"table\"><caption>A &amp; B</caption><thead role=\"rowgroup\"><tr \
             role=\"row\"><th role=\"columnheader\" scope=\"col\">A</th><th \
             role=\"columnheader\" scope=\"col\" class=\"number\">&quot;B&quot;</th></tr></thead>\
             <tbody role=\"rowgroup\"><tr role=\"row\"><th role=\"rowheader\" scope=\"row\" \
             data-label=\"A\">1</th><td role=\"cell\" class=\"number\" data-label=\"&quot;B&quot;\"><span>2</span>\
             </td></tr></tbody></table>"
        );
    }
}
