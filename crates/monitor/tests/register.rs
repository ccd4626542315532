//! The register of demands for data: held against the counts of the log, or found out.

mod log;

use std::collections::BTreeMap;

use log::{Log, ORIGIN, START, kinds, next_leaf};
use merkle::checkpoint::Checkpoint;
use merkle::key::KeyKind;
use merkle::policy::Policy;
use merkle::{Hash, Salt, leaf, node, salted_leaf};
use model::Record;
use model::batch::Counts;
use model::document::{Document, EntryText};
use model::object::{Demand, DemandState, Disclosure};
use monitor::{Folder, Kind, Limits, Monitor, Report, Source, SourceError, State};
use proofs::receipt::{Opening, Receipt};
use serde_json::{Value, json};

const SECOND: u64 = 1_000_000_000;
const SALT: [u8; 16] = [9; 16];

/// A log of records, one a batch, and the register of what they say.
struct Books {
    log: Log,
    records: Vec<Vec<u8>>,
    counts: Counts,
    /// Where the newest record of each demand, and of each disclosure, stands.
    demands: BTreeMap<u64, usize>,
    disclosures: BTreeMap<u64, usize>,
    texts: BTreeMap<u64, String>,
}

impl Books {
    fn new() -> Books {
        Books {
            log: Log::new(),
            records: Vec::new(),
            counts: Counts::default(),
            demands: BTreeMap::new(),
            disclosures: BTreeMap::new(),
            texts: BTreeMap::new(),
        }
    }

    /// A log with three demands, of which the first was answered twice and the last is sealed for
    /// a thousand seconds.
    fn story() -> Books {
        let mut books = Books::new();
        books.demand(demand(1, 0));
        books.demand(demand(2, 0));
        books.demand(demand(3, (START + 1_000) * SECOND));
        books.disclose(disclosure(1, 1));
        books.disclose(disclosure(2, 1));
        books.demand(Demand {
            state: DemandState::Answered as u8,
            disclosures: 2,
            ..demand(1, 0)
        });
        books.serve();
        books
    }

    fn enter(&mut self, record: &Record) -> usize {
        let record = record.to_bytes();
        let mut outer = next_leaf(&self.log.leaves);
        outer.records = 1;
        outer.inner_root = salted_leaf(Salt::from_bytes(SALT), &record).to_bytes();
        outer.register = self.counts;
        self.log.append(outer.to_bytes().to_vec());
        self.records.push(record);
        self.records.len() - 1
    }

    fn demand(&mut self, demand: Demand) {
        self.counts.demands = self.counts.demands.max(demand.serial);
        let at = self.enter(&Record::Object(demand.into()));
        self.demands.insert(demand.serial, at);
        let text = text(demand.serial, demand.opens);
        self.texts.entry(demand.serial).or_insert(text);
    }

    fn disclose(&mut self, disclosure: Disclosure) {
        self.counts.disclosures = disclosure.number;
        let at = self.enter(&Record::Object(disclosure.into()));
        self.disclosures.insert(disclosure.number, at);
    }

    /// The receipt of the record of a batch, by the newest checkpoint.
    fn receipt(&self, batch: usize) -> String {
        let outer = next_leaf(&self.log.leaves[..batch]);
        let bytes = self.log.leaves[batch][..].try_into().unwrap();
        let outer = model::batch::OuterLeaf {
            register: model::batch::OuterLeaf::from_bytes(bytes).unwrap().register,
            records: 1,
            ..outer
        };
        let hashes: Vec<Hash> = self.log.leaves.iter().map(|bytes| leaf(bytes)).collect();
        let receipt = Receipt {
            batch: batch as u64,
            opening: Opening {
                first_record: outer.first_record,
                records: 1,
                timestamp: outer.timestamp,
                previous: outer.previous,
                rule_book: outer.rule_book,
                register: outer.register,
                index: 0,
                salt: Salt::from_bytes(SALT),
                path: Vec::new(),
                record: self.records[batch].clone(),
            },
            path: path(batch, &hashes),
            note: self.log.note(),
        };
        String::from_utf8(receipt.to_bytes()).unwrap()
    }

    /// Publishes the log and the pages of its register.
    fn serve(&mut self) {
        self.log.publish();
        for (name, all) in [
            ("demands", &self.demands),
            ("disclosures", &self.disclosures),
        ] {
            let all: Vec<_> = all.iter().collect();
            for (page, some) in all.chunks(64).enumerate() {
                let entries = some.iter().map(|(number, at)| {
                    let mut entry = json!({ "number": number, "receipt": self.receipt(**at) });
                    if name == "demands" {
                        entry["text"] = json!(self.texts[number]);
                    }
                    entry
                });
                let entries: Vec<Value> = entries.collect();
                let page_of = json!({
                    "format": "counterfoil/register/v1",
                    "first": 64 * page + 1,
                    "entries": entries,
                });
                let path = format!("register/{name}/{page}");
                self.log.write(&path, page_of.to_string().as_bytes());
            }
        }
    }

    /// Changes a page that is served.
    fn alter(&self, path: &str, change: impl FnOnce(&mut Value)) {
        let mut page = serde_json::from_slice(&self.log.read(path)).unwrap();
        change(&mut page);
        self.log.write(path, page.to_string().as_bytes());
    }
}

/// RFC 6962, section 2.1.1, by its recursion.
fn path(index: usize, hashes: &[Hash]) -> Vec<Hash> {
    if hashes.len() == 1 {
        return Vec::new();
    }
    let split = hashes.len().next_power_of_two() / 2;
    let (left, right) = hashes.split_at(split);
    let (mut path, other) = if index < split {
        (path(index, left), root(right))
    } else {
        (path(index - split, right), root(left))
    };
    path.push(other);
    path
}

fn root(hashes: &[Hash]) -> Hash {
    if let [hash] = hashes {
        return *hash;
    }
    let (left, right) = hashes.split_at(hashes.len().next_power_of_two() / 2);
    node(root(left), root(right))
}

fn demand(serial: u64, opens: u64) -> Demand {
    let half = u128::from_le_bytes([serial as u8; 16]);
    Demand {
        serial,
        class: 1,
        subjects: 1,
        named: 1,
        document: serial,
        asked: half,
        asked_more: half,
        scope: half,
        scope_more: half,
        opens,
        opened: u8::from(opens == 0),
        received: 1,
        timestamp: 1,
        ..Demand::default()
    }
}

fn disclosure(number: u64, demand: u64) -> Disclosure {
    let half = u128::from_le_bytes([demand as u8; 16]);
    Disclosure {
        number,
        demand,
        scope: half,
        scope_more: half,
        timestamp: 1,
        ..Disclosure::default()
    }
}

fn text(serial: u64, opens: u64) -> String {
    Document::Entry(EntryText {
        serial,
        class: 1,
        basis: "Criminal Procedure Act, section 94".to_owned(),
        opens,
        commitment: [serial as u8; 32],
        reasons: "-".to_owned(),
    })
    .to_text()
}

/// The one finding of a check from nothing.
#[track_caller]
fn assert_finds(books: &Books, kind: Kind, part: &str) -> Report {
    let report = books.log.check(None);
    assert_eq!(kinds(&report), [kind], "{:?}", report.findings);
    let what = &report.findings[0].what;
    assert!(what.contains(part), "{what}");
    report
}

/// A folder that tells what was asked of it.
struct Watched {
    folder: Folder,
    asked: Vec<String>,
}

impl Source for Watched {
    fn get(&mut self, path: &str, max_bytes: usize) -> Result<Option<Vec<u8>>, SourceError> {
        self.asked.push(path.to_owned());
        self.folder.get(path, max_bytes)
    }
}

/// A clean check, and what it asked of the register.
fn read(books: &Books, state: Option<State>) -> (State, Vec<String>) {
    let mut source = Watched {
        folder: books.log.folder(),
        asked: Vec::new(),
    };
    let monitor = books.log.monitor(Limits::default());
    let report = monitor.check(&mut source, state, books.log.now());
    assert_eq!(report.findings, []);
    source.asked.retain(|path| path.starts_with("register/"));
    let state = report.state.unwrap();
    let again = State::from_bytes(&state.to_bytes()).unwrap();
    assert_eq!(again, state);
    (state, source.asked)
}

#[test]
fn what_goes_on_is_read_again_and_nothing_else() {
    let mut books = Books::new();
    for serial in 1..=130 {
        books.demand(demand(serial, 0));
    }
    books.serve();
    let demands = |pages: &[u64]| -> Vec<String> {
        let path = |page| format!("register/demands/{page}");
        pages.iter().map(path).collect()
    };
    let (state, asked) = read(&books, None);
    assert_eq!(asked, demands(&[0, 1, 2]));
    let (state, asked) = read(&books, Some(state));
    assert_eq!(asked, demands(&[]), "the log stands still");
    for serial in 1..=129 {
        books.demand(Demand {
            state: DemandState::Closed as u8,
            ..demand(serial, 0)
        });
    }
    for number in 1..=65 {
        books.disclose(disclosure(number, 130));
    }
    books.demand(Demand {
        state: DemandState::Answered as u8,
        disclosures: 65,
        ..demand(130, 0)
    });
    books.serve();
    let (state, asked) = read(&books, Some(state));
    let disclosures = ["register/disclosures/0", "register/disclosures/1"];
    assert_eq!(asked[..2], disclosures);
    assert_eq!(asked[2..], demands(&[0, 1, 2]));
    books.disclose(disclosure(66, 130));
    books.demand(Demand {
        state: DemandState::Closed as u8,
        disclosures: 66,
        ..demand(130, 0)
    });
    books.serve();
    let (state, asked) = read(&books, Some(state));
    assert_eq!(asked, ["register/disclosures/1", "register/demands/2"]);
    books.log.grow(300);
    books.log.remove("register/demands/0");
    let (_, asked) = read(&books, Some(state));
    assert_eq!(asked, demands(&[]), "all have ended");
}

#[test]
fn a_log_without_a_register_has_the_state_that_it_had() {
    let state = Log::of(3).follow(None);
    let text = String::from_utf8(state.to_bytes()).unwrap();
    assert!(!text.contains("register"), "{text}");
    let (state, _) = read(&Books::story(), None);
    let text = String::from_utf8(state.to_bytes()).unwrap();
    let opens = (START + 1_000) * SECOND;
    let lines = format!("\nregister 6 3 2 3\ndemand 1 2 0\ndemand 2 0 0\ndemand 3 0 {opens}\n");
    assert!(text.contains(&lines), "{text}");
}

#[test]
fn counts_that_fall() {
    for (before, after, what) in [
        ((2, 0, 0), (1, 9, 9), "1 demands"),
        ((0, 2, 0), (9, 1, 9), "1 disclosures"),
        ((0, 0, 2), (9, 9, 1), "1 looks"),
    ] {
        let counts = |(demands, disclosures, lookups)| Counts {
            demands,
            disclosures,
            lookups,
        };
        let mut leaves = Vec::new();
        for counted in [before, after] {
            let mut outer = next_leaf(&leaves);
            outer.register = counts(counted);
            leaves.push(outer.to_bytes().to_vec());
        }
        let report = Log::of_leaves(leaves).check(None);
        assert_eq!(kinds(&report), [Kind::CountsFall]);
        let found = &report.findings[0].what;
        assert!(found.contains(&format!("entry 1 counts {what}")), "{found}");
        assert_eq!(report.state.unwrap().checked(), 0);
    }
}

#[test]
fn a_register_that_is_not_served() {
    let books = Books::story();
    for path in ["register/disclosures/0", "register/demands/0"] {
        let bytes = books.log.read(path);
        books.log.remove(path);
        let report = assert_finds(&books, Kind::RegisterUnserved, "is not served");
        let state = report.state.unwrap();
        assert_eq!(state.checked(), 6, "the entries are right");
        let report = books.log.check(Some(state.clone()));
        assert_eq!(
            kinds(&report),
            [Kind::RegisterUnserved],
            "it is found again"
        );
        books.log.write(path, &bytes);
        books.log.follow(Some(state));
    }
    books.log.write("register/demands/0", b"{}");
    assert_finds(&books, Kind::RegisterUnserved, "is no page of a register");
    let books = Books::story();
    books.alter("register/demands/0", |page| page["format"] = json!("v2"));
    assert_finds(&books, Kind::RegisterUnserved, "not a page");
    let books = Books::story();
    books.alter("register/demands/0", |page| page["first"] = json!(2));
    assert_finds(&books, Kind::RegisterUnserved, "begins with demand 1");
    books
        .log
        .write("register/demands/0", &vec![b' '; (4 << 20) + 1]);
    assert_finds(&books, Kind::RegisterUnserved, "more than 4194304 bytes");
}

#[test]
fn serials_without_a_receipt_that_holds() {
    let gap = |change: fn(&mut Vec<Value>), part: &str| {
        let books = Books::story();
        books.alter("register/demands/0", |page| {
            change(page["entries"].as_array_mut().unwrap());
        });
        let report = assert_finds(&books, Kind::SerialGap, part);
        assert!(report.findings[0].what.starts_with("gap in serials: "));
    };
    gap(
        |all| drop(all.remove(1)),
        "demand 3 in the place of demand 2",
    );
    gap(|all| drop(all.pop()), "nothing in the place of demand 3");
    gap(|all| all.swap(0, 1), "demand 2 in the place of demand 1");
    gap(Vec::clear, "nothing in the place of demand 1");
    gap(
        |all| all[1]["receipt"] = json!(""),
        "demand 2 has no receipt that holds",
    );
    gap(
        |all| all[1]["receipt"] = all[0]["receipt"].clone(),
        "of another one",
    );
    let books = Books::story();
    books.alter("register/demands/0", |page| {
        page["entries"][1]["receipt"] = json!(books.receipt(3));
    });
    assert_finds(&books, Kind::SerialGap, "is of another record");
    let books = Books::story();
    books.alter("register/disclosures/0", |page| {
        page["entries"][1]["receipt"] = json!(books.receipt(3));
    });
    let report = books.log.check(None);
    let uncovered = [Kind::SerialGap, Kind::ReleaseUncovered];
    assert_eq!(kinds(&report), uncovered, "what it was to cover is bare");
    let what = &report.findings[0].what;
    assert!(what.contains("disclosure 2 has no receipt"), "{what}");
}

#[test]
fn a_receipt_of_another_log_that_the_same_key_signed() {
    let books = Books::story();
    let mut other = Books::new();
    other.demand(Demand {
        class: 2,
        ..demand(1, 0)
    });
    other.serve();
    books.alter("register/demands/0", |page| {
        page["entries"][0]["receipt"] = json!(other.receipt(0));
    });
    assert_finds(&books, Kind::SerialGap, "leads to another entry 0");
}

#[test]
fn receipts_need_no_witness_for_they_are_held_against_the_tree() {
    let books = Books::story();
    let witness = log::key("example.net/witness", KeyKind::CosignatureV1, 7);
    let (key, cosigner) = (books.log.key.verifier(), witness.verifier());
    let policy = format!("log {key}\nwitness one {cosigner}\nquorum one\n");
    let monitor = Monitor::new(Policy::parse(policy.as_bytes()).unwrap(), Limits::default());
    let mut note = books.log.note();
    let line = witness.cosign(&note.text, START).unwrap();
    note.signatures.push(line);
    assert_eq!(Checkpoint::parse(&note.text).unwrap().origin, ORIGIN);
    books.log.write("checkpoint", &note.to_bytes());
    let report = monitor.check(&mut books.log.folder(), None, books.log.now());
    assert_eq!(report.findings, []);
}

#[test]
fn a_seal_past_its_date() {
    let mut books = Books::story();
    let at = |books: &Books, state: Option<State>, now| {
        let monitor = books.log.monitor(Limits::default());
        monitor.check(&mut books.log.folder(), state, now)
    };
    let report = at(&books, None, START + 999);
    assert_eq!(report.findings, []);
    let report = at(&books, report.state, START + 1_000);
    assert_eq!(
        kinds(&report),
        [Kind::SealOverdue],
        "nothing was fetched for it"
    );
    assert!(report.findings[0].what.starts_with("demand 3 is sealed"));
    let opens = (START + 1_000) * SECOND;
    books.demand(Demand {
        overdue: 1,
        ..demand(3, opens)
    });
    books.serve();
    let report = at(&books, report.state, START + 1_001);
    assert_eq!(
        kinds(&report),
        [Kind::SealOverdue],
        "that it says so helps nobody"
    );
    books.demand(Demand {
        overdue: 1,
        opened: 1,
        ..demand(3, opens)
    });
    books.serve();
    let report = at(&books, report.state, START + 1_002);
    assert_eq!(report.findings, []);
    books.demand(Demand {
        extensions: 1,
        ..demand(4, opens)
    });
    let later = (START + 2_000) * SECOND;
    books.demand(Demand {
        extensions: 1,
        ..demand(4, later)
    });
    books.serve();
    let report = at(&books, report.state, START + 1_003);
    assert_eq!(report.findings, [], "a court put it off");
}

#[test]
fn releases_that_no_record_covers() {
    for (said, part) in [
        (
            3,
            "a release that no record covers: demand 1 says 3 disclosures, and 2 name it",
        ),
        (1, "demand 1 says 1 disclosures, and 2 name it"),
    ] {
        let mut books = Books::story();
        books.demand(Demand {
            disclosures: said,
            ..demand(1, 0)
        });
        books.serve();
        assert_finds(&books, Kind::ReleaseUncovered, part);
    }
}

#[test]
fn disclosures_without_a_demand() {
    let with = |disclosure: Disclosure| {
        let mut books = Books::story();
        books.disclose(disclosure);
        books.serve();
        books
    };
    for demand in [0, 4] {
        let books = with(disclosure(3, demand));
        let part = format!("disclosure 3 is by demand {demand}, which does not exist");
        assert_finds(&books, Kind::DisclosureUnfounded, &part);
    }
    let mut books = with(Disclosure {
        scope: 5,
        ..disclosure(3, 2)
    });
    let answered = Demand {
        disclosures: 1,
        ..demand(2, 0)
    };
    books.demand(answered);
    books.serve();
    let part = "disclosure 3 lies within another scope than demand 2, which was never narrowed";
    assert_finds(&books, Kind::DisclosureUnfounded, part);
    books.demand(Demand {
        scope: 6,
        ..answered
    });
    books.serve();
    let (state, _) = read(&books, None);
    books.demand(Demand {
        state: DemandState::Refused as u8,
        ..answered
    });
    books.serve();
    let (state, _) = read(&books, Some(state));
    books.disclose(disclosure(4, 2));
    books.serve();
    let report = books.log.check(Some(state));
    assert_eq!(kinds(&report), [Kind::DisclosureUnfounded]);
    let what = &report.findings[0].what;
    assert!(
        what.contains("disclosure 4 is by demand 2, which had ended"),
        "{what}"
    );
}

#[test]
fn public_lines_that_are_not_those_of_the_record() {
    let differs = |text: Option<String>, part: &str| {
        let books = Books::story();
        books.alter("register/demands/0", |page| {
            page["entries"][1]["text"] = text.map_or(Value::Null, Value::from);
        });
        assert_finds(&books, Kind::EntryDiffers, part);
    };
    differs(None, "of demand 2 are not there");
    differs(
        Some("counterfoil/entry/v1\n".to_owned()),
        "not in their form",
    );
    differs(Some(text(1, 0)), "another serial or class");
    let right = text(2, 0);
    let other = right.replace("class police", "class tax");
    differs(Some(other), "another serial or class");
    differs(Some(right.replace("0202", "0203")), "another commitment");
    differs(Some(text(2, START * SECOND)), "another date of opening");
}

#[test]
fn each_entry_that_is_wrong_is_told_up_to_a_bound() {
    let mut books = Books::new();
    for serial in 1..=130 {
        books.demand(demand(serial, 0));
    }
    books.serve();
    for page in 0..3 {
        books.alter(&format!("register/demands/{page}"), |page| {
            for entry in page["entries"].as_array_mut().unwrap() {
                entry["text"] = Value::Null;
            }
        });
    }
    let report = books.log.check(None);
    assert_eq!(kinds(&report), [Kind::EntryDiffers; 64]);
    assert!(report.findings[63].what.contains("demand 64 "));
}
