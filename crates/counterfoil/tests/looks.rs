//! A look into somebody's data from the desk to the person's own proof of it, with a real server.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use serde_json::Value;
use tempfile::TempDir;

const NAME: &str = "Zdenka Nováková";

struct Books {
    folder: TempDir,
}

/// A server with tokens, which ends with this.
struct Serving(Child, String);

impl Drop for Serving {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn run(arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_counterfoil"));
    command.args(arguments).env_remove("COUNTERFOIL_TOKEN");
    command.output().expect("it runs")
}

fn printed(output: &Output) -> String {
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{errors}");
    String::from_utf8(output.stdout.clone()).expect("it is text")
}

impl Books {
    /// Customers 11 and 12, and 41 of the staff; what is known of 11 is in the vault.
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a directory");
        let books = Self { folder };
        books.done(&["init", "--origin", "books.example/log"]);
        for party in ["11 customer", "12 customer", "41 staff"] {
            let (party, kind) = party.split_once(' ').expect("two words");
            let (party, kind) = (format!("party={party}"), format!("kind={kind}"));
            books.done(&["act", "party_open", &party, &kind]);
        }
        let name = format!("name={NAME}");
        books.done(&["party", "data", "put", "11", &name]);
        books
    }

    fn data(&self) -> PathBuf {
        self.folder.path().join("books")
    }

    fn on_books(&self, arguments: &[&str]) -> Output {
        let data = self.data().display().to_string();
        run(&[arguments, &["--data", &data]].concat())
    }

    fn done(&self, arguments: &[&str]) -> String {
        printed(&self.on_books(arguments))
    }

    fn token(&self, arguments: &[&str]) -> String {
        let text = self.done(&[&["token", "new"], arguments].concat());
        text.trim().to_owned()
    }

    fn serve(&self) -> Serving {
        let mut child = Command::new(env!("CARGO_BIN_EXE_counterfoil"))
            .args(["serve", "--listen", "127.0.0.1:0", "--data"])
            .arg(self.data())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("it runs");
        let mut ready = String::new();
        let stdout = child.stdout.take().expect("stdout is piped");
        BufReader::new(stdout)
            .read_line(&mut ready)
            .expect("a line");
        let url = ready.trim().rsplit(' ').next().expect("an address");
        Serving(child, url.to_owned())
    }
}

/// Whether a file below `dir` has the bytes.
fn holds(dir: &Path, wanted: &str) -> bool {
    let mut entries = fs::read_dir(dir).expect("a directory");
    entries.any(|entry| {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            return holds(&path, wanted);
        }
        let bytes = fs::read(&path).expect("a file");
        bytes
            .windows(wanted.len())
            .any(|part| part == wanted.as_bytes())
    })
}

#[test]
fn a_person_proves_who_looked() {
    let books = Books::new();
    let desk = books.token(&[
        "--scope", "admin", "--name", "desk", "--party", "41", "--role", "support",
    ]);
    let shop = books.token(&["--scope", "admin", "--name", "shop"]);
    let zdenka = books.token(&["--scope", "person", "--name", "zdenka", "--party", "0xb"]);
    let max = books.token(&["--scope", "person", "--name", "max", "--party", "12"]);
    assert!(zdenka.starts_with("cf_person_"));
    let listed = books.done(&["token", "list", "--json"]);
    let listed: Value = serde_json::from_str(&listed).expect("it is JSON");
    let facts = |place: usize| {
        let text = |name: &str| listed[place][name].as_str().unwrap_or("-").to_owned();
        ["name", "scope", "party", "role"].map(text)
    };
    assert_eq!(facts(0), ["desk", "admin", "41", "support"]);
    assert_eq!(facts(1), ["shop", "admin", "-", "-"]);
    assert_eq!(facts(2), ["zdenka", "person", "11", "-"]);
    let lines = books.done(&["token", "list"]);
    assert!(lines.contains("desk  41  support\n"), "{lines}");

    let serving = books.serve();
    let on_server = |token: &str, arguments: &[&str]| {
        run(&[arguments, &["--server", &serving.1, "--token", token]].concat())
    };
    let shown = [
        "party",
        "data",
        "show",
        "11",
        "--purpose",
        "support",
        "--reference",
        "case 7",
    ];
    let refused = on_server(&shop, &shown);
    let errors = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(errors.contains("bound to nobody"), "{errors}");
    assert_eq!(refused.status.code(), Some(2));
    let nobody = printed(&on_server(&zdenka, &["me", "lookups"]));
    assert_eq!(nobody, "nobody looked\n");
    let seen = printed(&on_server(&desk, &shown));
    assert!(seen.contains(NAME) && seen.contains("look"), "{seen}");

    let me = printed(&on_server(&zdenka, &["me"]));
    assert!(me.contains("customer") && me.contains("person"), "{me}");
    let own = printed(&on_server(&zdenka, &["me", "data"]));
    assert!(own.contains(NAME), "{own}");
    let looks = printed(&on_server(&zdenka, &["me", "lookups"]));
    assert_eq!(looks.lines().count(), 2, "{looks}");
    for fact in ["support", "case 7"] {
        assert!(looks.contains(fact), "{looks}");
    }
    let looks = printed(&on_server(&max, &["me", "lookups"]));
    assert_eq!(looks, "nobody looked\n");

    // She takes the receipt, and checks it without the server; he does not get it.
    let proof = books.folder.path().join("look.tlog-proof");
    let proof = proof.display().to_string();
    let receipt = ["me", "receipt", "1", "--out", &proof];
    let missing = on_server(&max, &receipt);
    assert_eq!(missing.status.code(), Some(1));
    printed(&on_server(&zdenka, &receipt));
    let key = books.done(&["key", "show"]);
    let verdict = printed(&run(&["verify", &proof, "--key", key.trim()]));
    let reference = model::form::text_to_integer("case 7").expect("it is short");
    for fact in [
        "record: lookup",
        "purpose: support",
        &format!("reference: {reference}"),
    ] {
        assert!(verdict.contains(fact), "{fact} is not in:\n{verdict}");
    }
    drop(serving);
    // Nothing of it names her, and the books add up with the look in them.
    assert!(holds(&books.data().join("log"), "case 7"));
    assert!(!holds(&books.data(), NAME));
    books.done(&["audit"]);
    // The directory itself asks who looks as well.
    let refused = books.on_books(&shown);
    assert_eq!(refused.status.code(), Some(2));
    let seen = books.done(&[&shown[..], &["--token", &desk]].concat());
    assert!(seen.contains(NAME), "{seen}");
    let looks = books.done(&["me", "lookups", "--json", "--token", &zdenka]);
    let looks: Value = serde_json::from_str(&looks).expect("it is JSON");
    assert_eq!(
        (&looks[0]["number"], &looks[1]["number"]),
        (&"2".into(), &"1".into())
    );
}
