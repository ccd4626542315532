//! `docs/rules.md`: its file is read and its examples are so; its tables are those of the code.

use std::fmt::Write;

use model::ActFacts;
use model::product::{PRODUCTS, kinds_of};
use rulebook::examples::run;
use rulebook::{PACKS, read, to_toml};

const DOCS: &str = include_str!("../../../docs/rules.md");

/// What stands between the fences of the page.
fn file() -> &'static str {
    let (_, rest) = DOCS.split_once("```toml\n").expect("a file");
    let (file, rest) = rest.split_once("```\n").expect("its end");
    assert!(!rest.contains("```toml"), "there is one");
    file
}

#[test]
fn the_file_is_read_and_its_examples_are_so() {
    let read_file = read(file()).unwrap_or_else(|error| panic!("{error}"));
    let tried = run(&read_file);
    assert_eq!(tried.len(), 14);
    for tried in tried {
        assert_eq!(tried.wrong, None, "{}: {}", tried.rule, tried.name);
    }
    let text = to_toml(&read_file.book).expect("it is sound");
    assert_eq!(read(&text).map(|file| file.book), Ok(read_file.book));
}

fn products() -> String {
    let mut rows = "| product | acts |\n|---|---|\n".to_owned();
    for (place, name) in (0..).zip(PRODUCTS).skip(1) {
        let kinds = kinds_of(place);
        let act = |kind: &u16| match ActFacts::numbered(*kind) {
            Some(facts) => format!("`{}`", facts.name),
            None => format!("transfers of code {kind}"),
        };
        let acts: Vec<_> = kinds.iter().map(act).collect();
        let _ = writeln!(rows, "| `{name}` | {} |", acts.join(", "));
    }
    rows
}

fn packs() -> (String, String) {
    let mut rows = "| pack | what it is about | rules | drafts | not looked up | examples |\n\
                    |---|---|---|---|---|---|\n"
        .to_owned();
    let mut unverified = String::new();
    for pack in PACKS {
        let file = read(pack.text).expect("packs are sound");
        let rules = &file.book.rules;
        let drafts = rules.iter().filter(|rule| rule.is_draft()).count();
        let open: Vec<_> = rules.iter().filter(|rule| !rule.source.verified).collect();
        let _ = writeln!(
            rows,
            "| `{}` | {} | {} | {drafts} | {} | {} |",
            pack.name,
            file.title,
            rules.len(),
            open.len(),
            file.examples.len()
        );
        for rule in open {
            let _ = writeln!(unverified, "- `{}`: {}", rule.id, rule.title);
        }
    }
    (rows, unverified)
}

/// The tables between their marks are what the code says. `UPDATE_EXPECT=1` writes them.
#[test]
fn tables_are_those_of_the_code() {
    let (packs, unverified) = packs();
    let mut page = DOCS.to_owned();
    for (mark, rows) in [
        ("products", products()),
        ("packs", packs),
        ("unverified", unverified),
    ] {
        page = with_rows(&page, mark, &rows);
    }
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/rules.md");
        std::fs::write(path, page).expect("the page can be written");
    } else {
        assert!(
            page == DOCS,
            "docs/rules.md has other tables; set UPDATE_EXPECT=1"
        );
    }
}

/// The page with these rows behind the mark, in the place of those that stand there.
fn with_rows(page: &str, mark: &str, rows: &str) -> String {
    let mark = format!("<!-- {mark} -->\n");
    let (before, rest) = page.split_once(&mark).expect("a mark");
    let is_row = |line: &&str| {
        ["| ", "|-", "- "]
            .iter()
            .any(|start| line.starts_with(start))
    };
    let old: usize = rest
        .split_inclusive('\n')
        .take_while(is_row)
        .map(str::len)
        .sum();
    format!("{before}{mark}{rows}{}", &rest[old..])
}
