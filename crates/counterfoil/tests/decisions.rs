//! A decision of an authority from its text to its effect, and out of force again.

use std::fs;
use std::process::{Command, Output};

use tempfile::TempDir;

const MANDATE: &str = "\
counterfoil/mandate/v1
authority 0000000000000000000000000000002a
number 1
by 00000000000000000000000000000029
law Law on the People's Bank of China
jurisdiction CN
court no
decides restriction fine lifting
products payment marketplace
bulk -
from -
to -

The law names the bank as the authority for payment institutions.
";

/// A decision of this kind: its number, its product and measure, what it lifts.
fn decision(number: u32, kind: &str, (product, measure): (&str, &str), lifts: &str) -> String {
    // Nobody appeals against being let go.
    let (until, court) = match kind {
        "lifting" => ("-", "-"),
        _ => ("2099-01-01T00:00:00Z", "0000000000000000000000000000002b"),
    };
    format!(
        "\
counterfoil/decision/v1
authority 0000000000000000000000000000002a
number {number}
kind {kind}
addressee -
law Measures on payment services
article 9
jurisdiction CN
product {product}
measure {measure}
of -
window -
zone -
ledger -
amount -
method -
base -
share -
years -
entry -
turnover -
unit -
lifts {lifts}
from -
to -
due -
appeal_until {until}
appeal_to {court}

Three audits in a row found that what customers are owed was not covered at the end of the day. The
institution was heard and did not dispute it.
"
    )
}

struct Books {
    folder: TempDir,
}

/// What a command prints that succeeds.
fn printed(output: &Output) -> String {
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{errors}");
    String::from_utf8(output.stdout.clone()).expect("it is text")
}

impl Books {
    /// Two customers and a merchant, staff 41 and the authority 42 with a key each, and a court.
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a directory");
        let books = Self { folder };
        books.done("init");
        books.done("ledger declare 156 CNY 2");
        books.done("chart load");
        for (party, kind) in [
            (11, "customer"),
            (12, "customer"),
            (21, "merchant"),
            (41, "staff"),
            (42, "authority"),
            (43, "authority"),
        ] {
            books.done(&format!("act party_open party={party} kind={kind}"));
        }
        books.done("act top_up party=11 ledger=156 amount=100.00 funding=bank");
        for party in [41, 42] {
            let key = books.path(&format!("{party}.key"));
            books.run(
                &format!("key new --name party.example/{party} --out {key}"),
                false,
            );
            let halves = printed(&books.run(&format!("rule key {key}"), false));
            books.done(&format!(
                "act party_key_set party={party} {}",
                halves.trim()
            ));
        }
        books
    }

    fn path(&self, name: &str) -> String {
        self.folder.path().join(name).display().to_string()
    }

    fn run(&self, line: &str, on_books: bool) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_counterfoil"));
        command.args(line.split(' '));
        if on_books {
            command.arg("--data").arg(self.path("books"));
        }
        command.output().expect("it runs")
    }

    fn done(&self, line: &str) -> String {
        // The target stands behind the group of commands on documents.
        let line = match line.strip_prefix("document ") {
            Some(rest) => format!("document --data {} {rest}", self.path("books")),
            None => return printed(&self.run(line, true)),
        };
        printed(&self.run(&line, false))
    }

    /// The one line of a command that fails with `code`.
    fn fails(&self, code: i32, line: &str) -> String {
        let output = match line.strip_prefix("document ") {
            Some(rest) => {
                let line = format!("document --data {} {rest}", self.path("books"));
                self.run(&line, false)
            }
            None => self.run(line, true),
        };
        let errors = String::from_utf8(output.stderr).expect("it is text");
        assert_eq!(output.status.code(), Some(code), "{line}: {errors}");
        assert_eq!(errors.lines().count(), 1, "{errors}");
        errors
    }

    /// The command that enters a text by the key of a party.
    fn enter(&self, text: &str, party: u32) -> String {
        let file = self.path("document.txt");
        fs::write(&file, text).expect("it is written");
        format!(
            "document enter {file} --key {}",
            self.path(&format!("{party}.key"))
        )
    }
}

fn contains(text: &str, part: &str) {
    assert!(text.contains(part), "{part:?} is not in {text}");
}

#[test]
fn a_stop_holds_until_it_is_lifted() {
    let books = Books::new();
    let stop = decision(1, "restriction", ("payment", "stop"), "-");
    contains(&books.fails(2, &books.enter(&stop, 42)), "mandate");
    books.done(&books.enter(MANDATE, 41));
    contains(
        &books.done("document mandate 42"),
        "Law on the People's Bank of China",
    );

    // Whoever has not the authority's key decides nothing, nor does one beyond its mandate.
    contains(&books.fails(2, &books.enter(&stop, 41)), "signature");
    let beyond = decision(1, "restriction", ("gift", "stop"), "-");
    contains(&books.fails(2, &books.enter(&beyond, 42)), "mandate");
    let unreasoned = stop
        .replace("Three audits in a row found that", "")
        .replace("\nThe\n", "\n");
    let unreasoned = unreasoned
        .split_once("\n\n")
        .map(|(head, _)| format!("{head}\n\nSo be it.\n"))
        .expect("it has reasons");
    books.fails(2, &books.enter(&unreasoned, 42));
    books.done("act --id 1 pay payer=11 payee=12 ledger=156 amount=1.00");

    books.done(&books.enter(&stop, 42));
    let refused = books.fails(1, "act --id 2 pay payer=11 payee=12 ledger=156 amount=1.00");
    contains(
        &refused,
        "Decision 1 of authority 42 stops payment: Measures on payment services, 9.",
    );
    contains(&books.done("rule findings 2"), "Decision 1 of authority 42");
    let shown = books.done("document decision 42 1");
    contains(&shown, "in_force");
    contains(&shown, "The\ninstitution was heard");

    let market = decision(2, "restriction", ("marketplace", "stop"), "-");
    books.done(&books.enter(&market, 42));
    contains(
        &books.fails(
            1,
            "act --id 3 order_place buyer=11 ledger=156 pay=now --leg party=21,amount=1.00",
        ),
        "Decision 2 of authority 42 stops marketplace",
    );

    // The same text again changes nothing; the number that was used decides nothing else.
    books.done(&books.enter(&stop, 42));
    books.fails(
        2,
        &books.enter(
            &decision(1, "restriction", ("marketplace", "stop"), "-"),
            42,
        ),
    );
    books.done(&books.enter(&decision(3, "lifting", ("-", "-"), "1"), 42));
    contains(&books.done("document decision 42 1"), "lifted");
    books.done("act --id 2 pay payer=11 payee=12 ledger=156 amount=1.00");
    contains(&books.done("audit"), "records added up");
}
