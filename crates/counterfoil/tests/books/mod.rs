//! Books in a directory of their own, worked with by the commands alone.

use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};

use tempfile::TempDir;

/// Groups of commands that take the books before the command.
const GROUPS: &[&str] = &["document", "listing", "party"];

/// A directory of books, and of whatever else a test writes.
pub struct Books {
    folder: TempDir,
}

/// A server of the books, which ends with this.
pub struct Serving {
    child: Child,
    /// Where it answers.
    pub url: String,
}

impl Drop for Serving {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What a command prints that succeeds.
pub fn printed(output: &Output) -> String {
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{errors}");
    String::from_utf8(output.stdout.clone()).expect("it is text")
}

/// The words of a line; what stands in double quotes is one.
fn words(line: &str) -> Vec<String> {
    let mut words = Vec::new();
    for (place, part) in line.split('"').enumerate() {
        if place % 2 == 1 {
            words.push(part.to_owned());
        } else {
            words.extend(part.split_whitespace().map(str::to_owned));
        }
    }
    words
}

/// Runs a command that needs no books.
pub fn run(line: &str) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_counterfoil"));
    command.args(words(line));
    command.output().expect("it runs")
}

impl Books {
    /// Books with a currency and a chart, these parties, and a key for each of `keys`.
    pub fn new(parties: &[(u32, &str)], keys: &[u32]) -> Self {
        let folder = tempfile::tempdir().expect("a directory");
        let books = Self { folder };
        books.done("init");
        books.done("ledger declare 156 CNY 2");
        books.done("chart load");
        for (party, kind) in parties {
            books.done(&format!("act party_open party={party} kind={kind}"));
        }
        for party in keys {
            let key = books.path(&format!("{party}.key"));
            let name = format!("party.example/{party}");
            printed(&run(&format!("key new --name {name} --out {key}")));
            let halves = printed(&run(&format!("rule key {key}")));
            books.done(&format!(
                "act party_key_set party={party} {}",
                halves.trim()
            ));
        }
        books
    }

    /// A file beside the books.
    pub fn path(&self, name: &str) -> String {
        self.folder.path().join(name).display().to_string()
    }

    /// Writes a file beside the books; gives where it is.
    pub fn write(&self, name: &str, text: &str) -> String {
        let path = self.path(name);
        std::fs::write(&path, text).expect("it is written");
        path
    }

    /// Runs a command on the books.
    pub fn run_on(&self, line: &str) -> Output {
        let mut words = words(line);
        let at = if GROUPS.contains(&words[0].as_str()) {
            1
        } else {
            words.len()
        };
        let target = ["--data".to_owned(), self.path("books")];
        words.splice(at..at, target);
        let mut command = Command::new(env!("CARGO_BIN_EXE_counterfoil"));
        command.args(words);
        command.output().expect("it runs")
    }

    /// What a command on the books prints, which succeeds.
    pub fn done(&self, line: &str) -> String {
        let output = self.run_on(line);
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{line}: {errors}");
        printed(&output)
    }

    /// A new token.
    pub fn token(&self, line: &str) -> String {
        self.done(&format!("token new {line}")).trim().to_owned()
    }

    /// Serves the books until it is dropped; they are there for others afterwards.
    pub fn serve(&self) -> Serving {
        let mut child = Command::new(env!("CARGO_BIN_EXE_counterfoil"))
            .args(["serve", "--listen", "127.0.0.1:0", "--data"])
            .arg(self.path("books"))
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("it is started");
        let out = BufReader::new(child.stdout.take().expect("it is piped"));
        let mut lines = out.lines().map_while(Result::ok);
        let url = lines.find_map(|line| {
            let at = line.find("http://")?;
            Some(line[at..].split_whitespace().next()?.to_owned())
        });
        let url = url.expect("it says where it listens");
        Serving { child, url }
    }

    /// The one line of a command on the books that fails with `code`.
    pub fn fails(&self, code: i32, line: &str) -> String {
        let output = self.run_on(line);
        let errors = String::from_utf8(output.stderr).expect("it is text");
        assert_eq!(output.status.code(), Some(code), "{line}: {errors}");
        assert_eq!(errors.lines().count(), 1, "{errors}");
        errors
    }
}

/// A folder of the published data; `None`, and a word of it, where it is absent.
pub fn published(name: &str) -> Option<PathBuf> {
    let workspace = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."));
    let data = std::env::var_os("COUNTERFOIL_DATA")
        .map_or_else(|| workspace.join("../shared/data"), PathBuf::from);
    let published = data.join(name);
    if !published.is_dir() {
        eprintln!("skipped: no data");
        return None;
    }
    Some(published)
}
