//! Makes the corpus: small inputs that are whole, from `fixtures` and from nothing.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use demands::age::{Fresh, Identity, encrypt};
use fuzz::memory::Memory;
use fuzz::platform::Step;
use fuzz::proofs::{BALANCE, LINE, RECEIPT};
use fuzz::signed;
use merkle::inclusion;
use merkle::key::VerifierKey;
use merkle::policy::Policy;
use merkle::tile::{Bundle, Tile};
use merkle::tlog_proof::TlogProof;
use model::rule::bytes;
use model::{Account, Transfer, transfer_flags};
use monitor::{Limits, Monitor, Source, SourceError};
use rulebook::PACKS;
use store::frame;
use store::index::{Additions, IdHash, Index, Options, Tree};
use vault::Fields;
use zerocopy::IntoBytes;

// What scripts of commands are written in.
#[expect(
    dead_code,
    reason = "what transcripts are written in is not needed here"
)]
#[path = "../../../crates/machine/tests/platform/text.rs"]
mod text;

fn main() {
    let fixture = folder("../fixtures/v1/directory");
    let read = |name: &str| fs::read(fixture.join(name)).expect("the fixture");
    let log = read("log/0000000000000000.seg");
    for (number, frame) in log.chunks(4_096).enumerate() {
        write("frame", number, &[&[1], frame].concat());
        write("leaf", number, &frame[64..232]);
        let body =
            &frame[256..256 + u32::from_le_bytes(frame[16..20].try_into().expect("4")) as usize];
        for (entry, record) in frame::records(body).flatten().enumerate() {
            write("record", 100 * number + entry, record.bytes);
        }
    }
    write("log", 0, &[&[0], &log[..]].concat());
    write("log", 1, &[&[1], &log[..3 * 4_096]].concat());
    write("log", 2, &[&[0], &log[..4_096 + 512]].concat());
    write("superblock", 0, &[&[1], &read("books")[..]].concat());
    let snapshots = fs::read_dir(fixture.join("snapshots")).expect("the fixture");
    for (number, snapshot) in snapshots.enumerate() {
        let bytes = fs::read(snapshot.expect("an entry").path()).expect("the fixture");
        write("snapshot", number, &[&[1], &bytes[..]].concat());
    }
    for (number, entries) in [1, 40, 900].into_iter().enumerate() {
        let (manifest, run) = index_of(entries);
        write("index", 2 * number, &[&[1], &run[..]].concat());
        write("index", 2 * number + 1, &[&[0], &manifest[..]].concat());
    }
    for (number, text) in JSON.iter().enumerate() {
        write("json", number, &[&[0], text.as_bytes()].concat());
    }
    write("decide", 0, &bulk());
    write_fields();
    write_platform();
    write_signed();
    write_proofs();
    write_rules();
    write_demands();
}

/// The samples of messages, scopes, and a file of age.
fn write_demands() {
    let samples = folder("../crates/demands/tests/messages");
    let samples = fs::read_dir(samples).expect("the samples");
    let mut files: Vec<_> = samples.map(|file| file.expect("an entry").path()).collect();
    files.sort();
    for (number, file) in files.iter().enumerate() {
        write("auth001", number, &fs::read(file).expect("a sample"));
    }
    let other = Identity::of_ed25519(&[8; 32]).recipient();
    let file = encrypt(&other, Fresh::new(&[1; 64]), b"account,time,kind\r\n");
    let all = SCOPE.replace("persons 00000000000000000000000000000007", "all");
    write("scope", 0, SCOPE.as_bytes());
    write("scope", 1, all.as_bytes());
    write("scope", 2, &file);
}

const SCOPE: &str = "counterfoil/demand/v1
authority 000000000000000000000000000000aa
reference R 1
basis Act 7
purpose tracing
subjects persons 00000000000000000000000000000007
roles owner
fields account,time,kind,party,amount
kinds pay,withdraw
from 2026-01-01T00:00:00Z
to 2026-02-01T00:00:00Z
sealed 2027-01-01T00:00:00Z
";

/// Commands of every act: all in a row, and request by request.
fn write_platform() {
    let script = fs::read_to_string(folder("../crates/engine/tests/scenario/platform.txt"));
    let script = script.expect("the script");
    let step = |line: &str| match line.strip_prefix("wait ") {
        Some(span) => Step::Wait(text::duration(span) / text::SECOND),
        None => Step::Ask(text::parse(line)),
    };
    let of_lines = |lines: &str| -> Vec<u8> {
        let lines = lines.lines().filter(|line| !line.is_empty());
        lines.flat_map(|line| step(line).to_bytes()).collect()
    };
    write("act", 0, &of_lines(&script));
    for (number, request) in script.split("\n\n").enumerate().skip(1) {
        write("act", number, &of_lines(request));
    }
    for (number, text) in COMMANDS.iter().enumerate() {
        write("command", number, text.as_bytes());
    }
    for (number, kind) in DOCUMENTS.iter().enumerate() {
        let path = folder("../crates/model/tests/documents").join(format!("{kind}.txt"));
        write("document", number, &fs::read(path).expect("an example"));
    }
    let fixture = folder("../fixtures/v3/directory");
    write_records(&fixture, 20_000, 3);
    let snapshots = fs::read_dir(fixture.join("snapshots")).expect("the fixture");
    for (number, snapshot) in snapshots.enumerate() {
        let bytes = fs::read(snapshot.expect("an entry").path()).expect("the fixture");
        write("snapshot", 10 + number, &[&[1], &bytes[..]].concat());
    }
}

/// The rule books that come with the program, and the one of the docs: as bytes and as files.
fn write_rules() {
    let page = fs::read_to_string(folder("../docs/rules.md")).expect("the page");
    let (_, file) = page.split_once("```toml\n").expect("a file in it");
    let (file, _) = file.split_once("```\n").expect("its end");
    let packs = PACKS.iter().map(|pack| pack.text);
    for (number, text) in packs.chain([file]).enumerate() {
        let book = rulebook::read(text).expect("it is sound").book;
        write("rule_book", number, &bytes::encode(&book));
        write("rule_file", number, text.as_bytes());
    }
}

/// Persons of whom nothing, little and much is kept.
fn write_fields() {
    let mut fields = Fields::new();
    write("fields", 0, &fields.to_bytes());
    fields.set("name", "Зоя 李 👩‍👧 שרה").expect("a name");
    fields.set("email", "z@example.org").expect("an address");
    write("fields", 1, &fields.to_bytes());
    for number in 0..30 {
        let name = format!("x_{number}");
        fields.set(&name, &name.repeat(60)).expect("there is room");
    }
    write("fields", 2, &fields.to_bytes());
}

/// The proofs of `fixtures/v2`, and what stands in it beside the log.
fn write_proofs() {
    let fixture = folder("../fixtures/v2/directory");
    for (number, file) in [RECEIPT, BALANCE, LINE].into_iter().enumerate() {
        write("proof", number, file);
    }
    let receipt = TlogProof::parse(RECEIPT).expect("a receipt");
    write("proof", 3, &receipt.extra.expect("an opening"));
    write_records(&fixture, 10_000, usize::MAX);
    let erased = fs::read_dir(fixture.join("erased")).expect("the fixture");
    for (number, file) in erased.enumerate() {
        let bytes = fs::read(file.expect("an entry").path()).expect("the fixture");
        write("erased", number, &[&[1], &bytes[..]].concat());
    }
    let mut log = Public(fixture);
    let paths = ["tile/0/000.p/2", "tile/entries/000.p/2"];
    for (number, path) in paths.into_iter().enumerate() {
        let bytes = log.get(path, 1 << 20).expect("read").expect("there");
        write("tile", number, &[path.as_bytes(), b"\n", &bytes].concat());
    }
    let key = fs::read_to_string(folder("../fixtures/v2/log.vkey")).expect("the fixture");
    let policy = Policy::of_log(VerifierKey::parse(key.trim_end()).expect("a key"));
    let report = Monitor::new(policy, Limits::default()).check(&mut log, None, 1 << 40);
    write(
        "seen",
        0,
        &report.state.expect("a log to follow").to_bytes(),
    );
}

/// The records of the first segment of a log, at most so many of each kind.
fn write_records(fixture: &Path, first: usize, most: usize) {
    let mut kinds = [0; 256];
    let log = fs::read(fixture.join("log/0000000000000000.seg")).expect("the fixture");
    let mut at = 0;
    while log[at..].starts_with(b"cf-frame") {
        let word = |from: usize| u32::from_le_bytes(log[from..from + 4].try_into().expect("4"));
        let (body, frame) = (word(at + 16) as usize, word(at + 20) as usize);
        let records = frame::records(&log[at + 256..at + 256 + body]).flatten();
        for (entry, record) in records.enumerate() {
            let count = &mut kinds[usize::from(record.bytes[0])];
            *count += 1;
            if *count > most {
                continue;
            }
            write("record", first + 100 * (at / 4_096) + entry, record.bytes);
        }
        at += frame;
    }
}

/// The public log of a directory of books.
struct Public(PathBuf);

impl Source for Public {
    fn get(&mut self, path: &str, _: usize) -> Result<Option<Vec<u8>>, SourceError> {
        let read = |name: &str| {
            let bytes = fs::read(self.0.join(name));
            bytes.map_err(|error| SourceError::Failed(error.to_string()))
        };
        let part = |bytes: Vec<u8>, index: u64, width: u16, each: usize| {
            let first = index as usize * 256 * each;
            bytes
                .get(first..first + usize::from(width) * each)
                .map(<[u8]>::to_vec)
        };
        if let Some(Tile {
            level,
            index,
            width,
        }) = Tile::parse_path(path)
        {
            let bytes = read(&format!("tree/{level}"))?;
            return Ok(part(bytes, index, width, 32));
        }
        match Bundle::parse_path(path) {
            Some(Bundle { index, width }) => Ok(part(read("tree/entries")?, index, width, 170)),
            None => read(path).map(Some),
        }
    }
}

/// Notes, policies, proofs and requests with good signatures.
fn write_signed() {
    let note = signed::note();
    write("note", 0, &note.to_bytes());
    let mut short = note.clone();
    short.signatures.truncate(2);
    write("note", 1, &short.to_bytes());
    let lines = note.signatures.iter().take(2).map(ToString::to_string);
    write("note", 2, lines.collect::<String>().as_bytes());
    write("policy", 0, signed::policy_text().as_bytes());
    let alone = Policy::of_log(signed::log().verifier().clone());
    write("policy", 1, &alone.to_bytes());
    for (number, extra) in [None, Some(b"extra".to_vec())].into_iter().enumerate() {
        let leaves = signed::leaves(signed::SIZE);
        let (index, note) = (3, short.clone());
        let path = inclusion(&leaves, index).expect("it is there");
        let proof = TlogProof {
            extra,
            index,
            path,
            note,
        };
        write("tlog_proof", number, &proof.to_bytes());
    }
    let mut request = signed::request();
    request.note = short;
    write("add_checkpoint", 0, &request.to_bytes());
    (request.old, request.proof) = (0, Vec::new());
    write("add_checkpoint", 1, &request.to_bytes());
}

fn folder(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

fn write(target: &str, number: usize, bytes: &[u8]) {
    let corpus = folder("corpus").join(target);
    fs::create_dir_all(&corpus).expect("a folder");
    fs::write(corpus.join(format!("{number:04}")), bytes).expect("written");
}

/// A run over this many transfers, and its manifest.
fn index_of(transfers: u64) -> (Vec<u8>, Vec<u8>) {
    let disk = Memory::default();
    let options = Options {
        log_start: 0,
        filter_bytes: 1 << 20,
    };
    let index = Index::open(Arc::new(disk.clone()), options).expect("it opens");
    let hash = IdHash::new([3, 5]);
    let mut additions = Additions::default();
    additions.clear(0);
    for number in 0..transfers {
        let (id, at) = (u128::from(number) + 1, 60 * number);
        additions.push_id(id, hash.of(id), at);
        additions.push(Tree::Account, number % 5, at);
        additions.push(Tree::Account, number % 7 + 5, at);
        additions.push(Tree::UserData64, number / 3, at);
    }
    additions.push(Tree::Time, 1 << 60, 0);
    (additions.end, additions.records) = (60 * transfers, transfers as u32);
    index.append(&additions);
    index.seal();
    index.settle().expect("it is built");
    index.close().expect("closed");
    let run = (0..4).find_map(|number| disk.get(&format!("index/run-{number:016x}")));
    (
        disk.get("index/manifest").expect("a manifest"),
        run.expect("a run"),
    )
}

fn bulk() -> Vec<u8> {
    let account = |id, flags| Account {
        id,
        ledger: 1,
        code: 1,
        flags,
        ..Account::default()
    };
    let accounts = [
        account(1, 8),
        account(2, 0),
        account(3, 2),
        account(4, 1),
        account(5, 4),
    ];
    let one = |id, amount, flags| Transfer {
        id,
        debit_account_id: 1,
        credit_account_id: 2 + id % 2,
        amount,
        ledger: 1,
        code: 1,
        flags,
        ..Transfer::default()
    };
    let ends = |id, pending_id, flags| Transfer {
        id,
        pending_id,
        flags,
        ..Transfer::default()
    };
    let transfers = [
        one(1, 100, 0),
        one(2, 5, transfer_flags::PENDING),
        Transfer {
            timeout: 9,
            ..one(3, 6, transfer_flags::PENDING)
        },
        ends(4, 2, transfer_flags::VOID_PENDING),
        one(5, 1, transfer_flags::LINKED),
        one(6, 2, 0),
        one(
            7,
            3,
            transfer_flags::PENDING | transfer_flags::CLOSING_CREDIT,
        ),
        one(8, 1 << 127, transfer_flags::BALANCING_DEBIT),
        one(9, 1 << 127, 0),
    ];
    // The first byte: five accounts, batches of four.
    [&[5 + 3 * 16], accounts.as_bytes(), transfers.as_bytes()].concat()
}

const JSON: [&str; 8] = [
    r#"{"id":"1","ledger":978,"code":10,"flags":["history"],"user_data_128":"0xff"}"#,
    r#"[{"id":1,"ledger":978,"code":10},{"id":"2","ledger":978,"code":10,"user_data_64":"7"}]"#,
    r#"{"id":"1","debit_account_id":"1","credit_account_id":"2","amount":"12.50","ledger":978,"code":1}"#,
    r#"[{"id":"340282366920938463463374607431768211454","pending_id":"3","flags":["post_pending_transfer"],"amount":"all"}]"#,
    r#"["1","2",3,"0xff"]"#,
    r#"{"account_id":"1","limit":10,"flags":["debits","credits","reversed"],"timestamp_min":"1"}"#,
    r#"{"ledger":978,"code":"EUR","exponent":2}"#,
    r#"{"nanoseconds":"1767571200000000000"}"#,
];

/// The examples of documents.
const DOCUMENTS: [&str; 7] = [
    "mandate",
    "fine",
    "cap",
    "fulfilment",
    "appeal",
    "assessment",
    "comment",
];

const COMMANDS: [&str; 6] = [
    r#"{"id":"7","act":"pay","payer":"1","payee":2,"ledger":978,"amount":"12.50","funding":"card"}"#,
    r#"[{"id":"1","act":"chart_line_set","code":1000,"class":"asset","role":"safe","name":"Banks"},{"id":2,"act":"party_open","party":"0xff","kind":"merchant","commission":50000}]"#,
    r#"{"id":"9","act":"order_place","buyer":"11","ledger":392,"pay":"now","legs":[{"party":"21","amount":"20","listing":0,"quantity":2},{"party":"22","amount":7}]}"#,
    r#"{"id":"3","act":"calendar_set","offset":86400,"weekend":["saturday","sunday"]}"#,
    r#"{"id":"4","act":"party_vault","party":"1","digest":"00112233445566778899aabbccddeeff"}"#,
    r#"{"id":"5","act":"pay_split","payer":"1","ledger":978,"legs":[{"party":"2","amount":"1.00"}]}"#,
];
