//! Listings on the command line, and a server that is killed while it takes them.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::thread;
use std::time::Duration;

use catalogue::digest;
use serde_json::{Value, json};
use tempfile::TempDir;

/// Books in a directory of their own, with a seller.
struct Books {
    parent: TempDir,
}

impl Books {
    fn new() -> Self {
        let parent = tempfile::tempdir().expect("a directory");
        let books = Self { parent };
        books.done(&["init"]);
        books.done(&["ledger", "declare", "978", "EUR", "2"]);
        let chart = "act chart_line_set code=2020 class=liability role=seller flags=2 name=Sellers";
        books.done(&chart.split(' ').collect::<Vec<_>>());
        books.done(&["act", "party_open", "party=21", "kind=merchant"]);
        books
    }

    fn data(&self) -> PathBuf {
        self.parent.path().join("books")
    }

    fn file(&self, name: &str, text: &str) -> String {
        let path = self.parent.path().join(name);
        fs::write(&path, text).expect("it is written");
        path.display().to_string()
    }

    fn run(&self, arguments: &[&str]) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_counterfoil"));
        command.args(arguments).arg("--data").arg(self.data());
        command.output().expect("it runs")
    }

    /// What a command that succeeds prints.
    fn done(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{arguments:?}: {errors}");
        String::from_utf8(output.stdout).expect("it is text")
    }

    fn json(&self, arguments: &[&str]) -> Value {
        let text = self.done(&[arguments, &["--json"]].concat());
        serde_json::from_str(&text).expect("it is JSON")
    }

    /// The one line of a command that fails with `code`.
    fn fails(&self, code: i32, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        assert_eq!(output.status.code(), Some(code), "{arguments:?}");
        let errors = String::from_utf8(output.stderr).expect("it is text");
        assert_eq!(errors.lines().count(), 1, "{errors}");
        errors
    }
}

fn listing(id: u64, title: &str) -> Value {
    json!({ "id": id.to_string(), "seller": "21", "ledger": 978, "category": 1, "price": "12.50",
        "stock": 3, "title": title, "text": "From one hand.", "category_label": "Home/Lamps" })
}

fn lines(listings: &[Value]) -> String {
    let lines = listings.iter().map(Value::to_string);
    lines.fold(String::new(), |text, line| text + &line + "\n")
}

#[test]
fn listings_are_added_shown_found_and_set() {
    let books = Books::new();
    let file = books.file(
        "listings.jsonl",
        &lines(&[
            listing(70, "Green lamp"),
            listing(71, "绿色台灯"),
            listing(72, "Blue teapot"),
        ]),
    );
    let added = books.done(&["listing", "add", &file]);
    assert_eq!(added, "added 3 listings, 0 to 2; 0 were there\n");
    let again = books.json(&["listing", "add", &file]);
    assert_eq!((&again["added"], &again["existed"]), (&0.into(), &3.into()));
    let shown = books.json(&["listing", "show", "1"]);
    assert_eq!(
        (&shown["title"], &shown["texts"]),
        (&"绿色台灯".into(), &"agree".into())
    );
    let found = books.done(&["listing", "search", "台灯"]);
    let table =
        "  number        price  stock  title\n       1        12.50      3  绿色台灯\n1 found\n";
    assert_eq!(found, table);
    assert_eq!(books.done(&["listing", "search", "chair"]), "0 found\n");

    let set = [
        "listing",
        "set",
        "0",
        "price=9.00",
        "stock=2",
        "title=Red lamp",
        "--id",
        "80",
    ];
    assert_eq!(books.json(&set)["status"], "created");
    let shown = books.json(&["listing", "show", "0"]);
    assert_eq!(
        (&shown["title"], &shown["text"]),
        (&"Red lamp".into(), &"From one hand.".into())
    );
    assert_eq!(
        (&shown["category_label"], &shown["stock"]),
        (&"Home/Lamps".into(), &2.into())
    );
    let cheap = [
        "listing", "search", "lamp", "--ledger", "978", "--most", "10",
    ];
    assert_eq!(books.json(&cheap)["listings"][0]["number"], 0);
    books.done(&[
        "listing",
        "set",
        "0",
        "price=9.00",
        "stock=2",
        "state=withdrawn",
    ]);
    let found = books.done(&["listing", "search", "lamp"]);
    assert_eq!(found, "1 found; 1 withdrawn and left out\n");
    let audit = books.json(&["audit"]);
    assert_eq!(audit["differences"], Value::Array(vec![]));
}

#[test]
fn wrong_input_is_named_in_one_line() {
    let books = Books::new();
    let none = books.parent.path().join("none").display().to_string();
    assert!(books.fails(2, &["listing", "add", &none]).contains("none"));
    let torn = books.file("torn", &(lines(&[listing(70, "a")]) + "{\"id\":"));
    assert!(
        books
            .fails(2, &["listing", "add", &torn])
            .contains("torn:2: no object")
    );
    let array = books.file("array", "[1]\n");
    assert!(
        books
            .fails(2, &["listing", "add", &array])
            .contains("array:1: no object")
    );
    let long = books.file("long", &format!("{{\"title\":\"{}\"}}", "x".repeat(40_000)));
    assert!(
        books
            .fails(2, &["listing", "add", &long])
            .contains("long:1: the line has more")
    );
    let bare = books.file("bare", &lines(&[listing(70, "a"), json!({ "id": "71" })]));
    let says = books.fails(2, &["listing", "add", &bare]);
    assert!(
        says.contains("bare:2:") && says.contains("`title` is missing"),
        "{says}"
    );
    let mut of_nobody = listing(72, "b");
    of_nobody["seller"] = "99".into();
    let refused = books.file("refused", &lines(&[listing(70, "a"), of_nobody]));
    let says = books.fails(1, &["listing", "add", &refused]);
    assert!(says.contains("refused:2: party_not_found"), "{says}");
    assert!(
        books
            .fails(1, &["listing", "show", "7"])
            .contains("no listing 7")
    );
    books.fails(2, &["listing", "show", "x"]);
    books.fails(2, &["listing", "set", "0", "price=1"]);
    books.fails(2, &["listing", "search", "a", "--most", "1"]);
    books.fails(2, &["listing", "search", "a", "--sort", "best"]);
    assert!(
        books
            .fails(2, &["listing", "search"])
            .contains("needs a word")
    );
    assert!(
        books
            .fails(2, &["listing", "search", "a", "--limit", "0"])
            .contains("`limit`")
    );
}

/// A server on a port of its own.
struct Server {
    child: Child,
    address: String,
}

impl Server {
    fn start(data: &Path) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_counterfoil"))
            .args(["serve", "--listen", "127.0.0.1:0", "--no-auth", "--data"])
            .arg(data)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("it starts");
        let mut line = String::new();
        let stdout = child.stdout.take().expect("a pipe");
        BufReader::new(stdout).read_line(&mut line).expect("a line");
        let address = line.trim().rsplit_once("http://").expect("an address").1;
        let address = address.to_owned();
        Self { child, address }
    }

    /// The answer to one request; `None` where the server is gone.
    fn ask(&self, method: &str, path: &str, body: &str) -> Option<(u16, Value)> {
        ask(&self.address, method, path, body)
    }

    fn texts(&self, number: u64) -> String {
        let (status, shown) = self
            .ask("GET", &format!("/v1/listings/{number}"), "")
            .expect("an answer");
        assert_eq!(status, 200, "{shown}");
        shown["texts"].as_str().expect("a word").to_owned()
    }

    fn kill(mut self) {
        self.child.kill().expect("it can be killed");
        let status = self.child.wait().expect("it ended");
        assert_eq!(status.code(), None, "it ended before it was killed");
    }
}

impl Drop for Server {
    /// A test that fails leaves no server behind.
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn ask(address: &str, method: &str, path: &str, body: &str) -> Option<(u16, Value)> {
    let mut stream = TcpStream::connect(address).ok()?;
    let head = format!(
        "{method} {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\
         Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(head.as_bytes()).ok()?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).ok()?;
    let answer = String::from_utf8(answer).expect("text");
    let (head, body) = answer.split_once("\r\n\r\n")?;
    let status = head.get(9..12)?.parse().ok()?;
    Some((status, serde_json::from_str(body).ok()?))
}

/// Batches of three, one after the other, until the server is gone: those that were answered, and
/// the one of which nobody knows.
fn add(address: &str, first: u64) -> (Vec<(u64, Value)>, Vec<Value>) {
    let mut answered = Vec::new();
    for batch in 0.. {
        let ids = (0..3).map(|place| first + 3 * batch + place);
        let listings: Vec<Value> = ids.map(|id| listing(id, &format!("Lamp x{id}"))).collect();
        let body = Value::from(listings.clone()).to_string();
        let Some((200, outcomes)) = ask(address, "POST", "/v1/listings", &body) else {
            return (answered, listings);
        };
        for (listing, outcome) in listings.into_iter().zip(outcomes.as_array().expect("many")) {
            answered.push((outcome["listing"].as_u64().expect("a number"), listing));
        }
    }
    unreachable!("a server that is killed ends it")
}

#[test]
fn a_killed_server_keeps_the_texts_it_answered_for_and_is_repaired_by_asking_again() {
    let books = Books::new();
    let mut kept: Vec<(u64, Value)> = Vec::new();
    for round in 0..4 {
        let server = Server::start(&books.data());
        for (number, _) in kept.iter().rev().take(20) {
            assert_eq!(server.texts(*number), "agree");
        }
        let address = server.address.clone();
        let adding = thread::spawn(move || add(&address, 10_000 * (round + 1)));
        thread::sleep(Duration::from_millis(150 + 37 * round));
        server.kill();
        let (answered, unknown) = adding.join().expect("it ends");
        assert!(!answered.is_empty(), "round {round} added nothing");
        let server = Server::start(&books.data());
        for (number, listing) in &answered {
            let shown = server.ask("GET", &format!("/v1/listings/{number}"), "");
            let (_, shown) = shown.expect("an answer");
            assert_eq!(
                (&shown["title"], &shown["texts"]),
                (&listing["title"], &"agree".into())
            );
        }
        let again = server.ask("POST", "/v1/listings", &Value::from(unknown).to_string());
        let (status, outcomes) = again.expect("an answer");
        assert_eq!(status, 200, "{outcomes}");
        for outcome in outcomes.as_array().expect("many") {
            let number = outcome["listing"].as_u64().expect("a number");
            assert_eq!(server.texts(number), "agree");
        }
        kept.extend(answered);
        // Killed again: what was repaired was durable as well.
        server.kill();
    }
    let audit = books.json(&["audit"]);
    assert_eq!(audit["differences"], Value::Array(vec![]));
    let (_, last) = kept.last().expect("some were added");
    let word = last["title"]
        .as_str()
        .expect("text")
        .rsplit(' ')
        .next()
        .expect("a word");
    let found = books.json(&["listing", "search", word]);
    assert_eq!(found["listings"][0]["title"], last["title"]);
}

/// Killed between the command and the texts: as if it were so, since the moment is short.
#[test]
fn a_listing_without_texts_is_told_after_a_kill_and_repaired_by_the_same_request() {
    let books = Books::new();
    let server = Server::start(&books.data());
    let text = digest("Green lamp", "From one hand.");
    let command = json!({ "id": "70", "act": "listing_add", "seller": "21", "ledger": 978,
        "category": 1, "price": "12.50", "stock": 3,
        "text": format!("{:032x}", u128::from_be_bytes(text)) });
    let made = server.ask("POST", "/v1/commands", &command.to_string());
    assert_eq!(made.expect("an answer").0, 201);
    server.kill();
    let server = Server::start(&books.data());
    assert_eq!(server.texts(0), "missing");
    let wrong = listing(70, "Red lamp").to_string();
    let (status, problem) = server
        .ask("POST", "/v1/listings", &wrong)
        .expect("an answer");
    assert_eq!(
        (status, &problem["status_name"]),
        (409, &"exists_with_different_content".into())
    );
    let right = listing(70, "Green lamp").to_string();
    let (status, outcome) = server
        .ask("POST", "/v1/listings", &right)
        .expect("an answer");
    assert_eq!(
        (status, &outcome["status"], &outcome["listing"]),
        (200, &"exists".into(), &0.into())
    );
    server.kill();
    let server = Server::start(&books.data());
    assert_eq!(server.texts(0), "agree");
}
