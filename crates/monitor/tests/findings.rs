//! Logs that break their word: every finding, each provoked.

mod log;

use std::fmt::Write;

use log::{Log, ORIGIN, START, key, kinds, next_leaf};
use merkle::checkpoint::Checkpoint;
use merkle::key::{KeyKind, SigningKey};
use merkle::note::Note;
use merkle::policy::Policy;
use merkle::{Head, leaf, verify_consistency};
use model::batch::OuterLeaf;
use monitor::{Kind, Limits, Monitor, Report, State};

/// The one finding of a report, by its kind and a part of its sentence.
#[track_caller]
fn assert_finds(report: &Report, kind: Kind, part: &str) {
    assert_eq!(kinds(report), [kind], "{:?}", report.findings);
    let what = &report.findings[0].what;
    assert!(what.contains(part), "{what}");
    assert_eq!(
        report.findings[0].to_string(),
        format!("{}: {what}", kind.code())
    );
}

/// The head of a note.
fn head(note: &[u8]) -> Head {
    Checkpoint::parse(&Note::parse(note).unwrap().text)
        .unwrap()
        .head
}

/// A log that is the same but for the inner root of one entry and what follows from it.
fn forked(entries: usize, at: usize) -> Log {
    let mut leaves: Vec<Vec<u8>> = Vec::new();
    for number in 0..entries {
        let mut leaf = next_leaf(&leaves);
        leaf.inner_root[0] ^= u8::from(number == at);
        leaves.push(leaf.to_bytes().to_vec());
    }
    Log::of_leaves(leaves)
}

/// The leaves of a log of that many entries, of which one is changed before the next is made.
fn with_leaf(entries: usize, at: usize, change: impl Fn(&mut OuterLeaf)) -> Log {
    let mut leaves: Vec<Vec<u8>> = Vec::new();
    for number in 0..entries {
        let mut leaf = next_leaf(&leaves);
        if number == at {
            change(&mut leaf);
        }
        leaves.push(leaf.to_bytes().to_vec());
    }
    Log::of_leaves(leaves)
}

#[test]
fn codes_are_distinct() {
    let codes: std::collections::BTreeSet<_> = Kind::ALL.map(Kind::code).into();
    assert_eq!(codes.len(), Kind::ALL.len());
}

#[test]
fn rollback() {
    let state = Log::of(300).follow(None);
    for size in [0, 299] {
        let smaller = Log::of(size);
        let monitor = smaller.monitor(Limits::default());
        let report = monitor.check(&mut smaller.folder(), Some(state.clone()), START + 300);
        assert_finds(
            &report,
            Kind::Rollback,
            &format!("of size {size}, but one of size 300"),
        );
        assert_eq!(report.state.as_ref(), Some(&state), "it is found again");
        let evidence = report.findings[0].evidence.as_ref().unwrap();
        assert_eq!((evidence.root, &evidence.known[..]), (None, state.note()));
        assert_eq!(head(&evidence.seen).size, size as u64);
    }
}

#[test]
fn fork_at_the_same_size() {
    let state = Log::of(300).follow(None);
    let other = forked(300, 7);
    let report = other.check(Some(state.clone()));
    assert_finds(&report, Kind::Fork, "two checkpoints of size 300");
    assert_eq!(report.state.as_ref(), Some(&state));
    let evidence = report.findings[0].evidence.as_ref().unwrap();
    assert_eq!(evidence.seen, other.read("checkpoint"));
    assert_eq!(evidence.known, state.note());
}

#[test]
fn fork_at_a_larger_size_is_shown_to_anybody() {
    for old in [1, 2, 255, 256, 300, 512, 700] {
        let state = Log::of(old).follow(None);
        let other = forked(900, old - 1);
        let report = other.check(Some(state.clone()));
        assert_finds(&report, Kind::Fork, &format!("its first {old} entries"));
        assert_eq!(report.state.as_ref(), Some(&state), "it is found again");
        let evidence = report.findings[0].evidence.as_ref().unwrap();
        let (known, seen) = (head(&evidence.known), head(&evidence.seen));
        assert_eq!((known.size, seen), (old as u64, other.head()));
        let root = evidence.root.unwrap();
        assert_ne!(root, known.root);
        let as_seen = Head { root, ..known };
        assert_eq!(verify_consistency(&as_seen, &seen, &evidence.path), Ok(()));
        assert!(verify_consistency(&known, &seen, &evidence.path).is_err());
    }
}

#[test]
fn fork_of_entries_that_an_unfinished_check_has_seen() {
    let log = Log::of(1_000);
    log.remove("tile/entries/002");
    let state = log.check(None).state.unwrap();
    assert_eq!(state.checked(), 512);
    // The signed root of 1,000 entries is another: so is the one of 900 in a log of 1,100.
    let report = forked(1_100, 900).check(Some(state.clone()));
    assert_finds(&report, Kind::Fork, "its first 1000 entries");
    assert_eq!(report.state, Some(state));
}

#[test]
fn a_tile_with_a_wrong_byte_at_each_level() {
    let log = Log::of(66_000);
    let good = log.follow(None);
    for (path, bytes) in [
        ("tile/0/000", 8_192),
        ("tile/0/200", 8_192),
        ("tile/0/257.p/208", 208 * 32),
        ("tile/1/000", 8_192),
        ("tile/1/001.p/1", 32),
        ("tile/2/000.p/1", 32),
    ] {
        assert_eq!(log.read(path).len(), bytes);
        for at in [0, bytes / 2, bytes - 1] {
            log.flip(path, at);
            let report = log.check(None);
            assert_finds(&report, Kind::BadTile, path);
            assert!(report.state.is_none_or(|state| state.checked() < 66_000));
            log.flip(path, at);
        }
    }
    assert_eq!(log.follow(None), good);
}

#[test]
fn tiles_and_bundles_of_a_wrong_length() {
    let log = Log::of(300);
    for (path, kind) in [
        ("tile/0/000", Kind::BadTile),
        ("tile/0/001.p/44", Kind::BadTile),
        ("tile/entries/000", Kind::BadEntry),
        ("tile/entries/001.p/44", Kind::BadEntry),
        ("checkpoint", Kind::Malformed),
    ] {
        let bytes = log.read(path);
        let most = vec![b'a'; 1 << 20];
        for wrong in [
            &bytes[..bytes.len() - 1],
            &[&bytes[..], b"a"].concat(),
            b"",
            &most,
        ] {
            log.write(path, wrong);
            assert_finds(&log.check(None), kind, path);
        }
        log.write(path, &bytes);
    }
    log.follow(None);
}

#[test]
fn a_bad_tile_that_is_mended_is_forgotten() {
    let mut log = Log::of(300);
    let state = log.follow(None);
    log.grow(700);
    log.flip("tile/0/002", 100);
    let report = log.check(Some(state));
    assert_finds(&report, Kind::BadTile, "tile/0/002 hashes to");
    // The checkpoint was shown to continue the one before: now it is the one to compare with.
    let state = report.state.unwrap();
    assert_eq!(
        (state.checkpoint().head, state.checked()),
        (log.head(), 512)
    );
    let state = State::from_bytes(&state.to_bytes()).unwrap();
    assert_finds(&log.check(Some(state.clone())), Kind::BadTile, "tile/0/002");
    log.flip("tile/0/002", 100);
    assert_eq!(log.follow(Some(state)).checked(), 1_000);
}

#[test]
fn entries_that_are_altered() {
    let log = Log::of(300);
    for (path, at, entry) in [
        ("tile/entries/000", 170 * 100 + 2 + 40, "entry 100 "),
        ("tile/entries/001.p/44", 2, "entry 256 "),
        ("tile/entries/001.p/44", 170 * 44 - 1, "entry 299 "),
        ("tile/entries/000", 1, "tile/entries/000"),
    ] {
        log.flip(path, at);
        assert_finds(&log.check(None), Kind::BadEntry, entry);
        log.flip(path, at);
    }
}

#[test]
fn entries_that_were_checked_before_are_not_exchanged_beside_new_ones() {
    let mut log = Log::of(300);
    let state = log.follow(None);
    log.grow(100);
    log.flip("tile/entries/001.p/144", 50);
    assert_finds(&log.check(Some(state)), Kind::BadEntry, "entry 256 ");
}

#[test]
fn entries_that_are_no_outer_leaves() {
    let whole = Log::of(299);
    let good = next_leaf(&whole.leaves).to_bytes();
    let spoiled = |at: usize, byte: u8| {
        let mut bytes = good.to_vec();
        bytes[at] = byte;
        bytes
    };
    let empty = [&good[..24], &[0; 4], &good[28..]].concat();
    let crowded = [&good[..24], &16_385u32.to_le_bytes(), &good[28..]].concat();
    for (bytes, part) in [
        (spoiled(7, b'2'), "entry 299 is no canonical outer leaf"),
        (spoiled(28, 1), "entry 299 is no canonical outer leaf"),
        (spoiled(167, 1), "entry 299 is no canonical outer leaf"),
        (empty, "entry 299 is no canonical outer leaf"),
        (crowded, "entry 299 counts 16385 records"),
        (good[..167].to_vec(), "entry 299 has 167 bytes"),
        (Vec::new(), "entry 299 has 0 bytes"),
    ] {
        let leaves = whole.leaves.iter().cloned().chain([bytes]).collect();
        let report = Log::of_leaves(leaves).check(None);
        assert_finds(&report, Kind::BadEntry, part);
        assert_eq!(report.state.unwrap().checked(), 256);
    }
}

#[test]
fn entries_out_of_order_though_all_hashes_agree() {
    type Change = fn(&mut OuterLeaf);
    let changes: [(Change, &str); 6] = [
        (|leaf| leaf.number += 1, "entry 270 says to be number 271"),
        (
            |leaf| leaf.first_record += 1,
            "entry 270 begins with record",
        ),
        (
            |leaf| leaf.first_record -= 1,
            "entry 270 begins with record",
        ),
        (
            |leaf| leaf.timestamp -= 1_000_000_000,
            "entry 270 is of time",
        ),
        (
            |leaf| leaf.timestamp = 0,
            "entry 270 is of time 0, not after",
        ),
        (|leaf| leaf.previous[31] ^= 1, "entry 270 names"),
    ];
    for (change, part) in changes {
        let log = with_leaf(300, 270, change);
        assert_finds(&log.check(None), Kind::OutOfOrder, part);
        // The one before it is known from the run before only.
        let state = Log::of(270).follow(None);
        let report = log.check(Some(state));
        assert_finds(&report, Kind::OutOfOrder, part);
        let state = report.state.unwrap();
        assert_eq!(
            (state.checked(), state.checkpoint().head),
            (270, log.head())
        );
        assert_finds(&log.check(Some(state)), Kind::OutOfOrder, part);
    }
    let first = with_leaf(3, 0, |leaf| leaf.previous = [1; 32]);
    assert_finds(&first.check(None), Kind::OutOfOrder, "entry 0 names 0101");
    let first = with_leaf(3, 0, |leaf| leaf.first_record = 1);
    assert_finds(
        &first.check(None),
        Kind::OutOfOrder,
        "entry 0 begins with record 1",
    );
    let mut swapped = Log::of(300).leaves;
    swapped.swap(100, 101);
    let report = Log::of_leaves(swapped).check(None);
    assert_finds(&report, Kind::OutOfOrder, "entry 100 says to be number 101");
}

#[test]
fn resources_that_are_not_there() {
    let log = Log::of(300);
    for path in [
        "checkpoint",
        "tile/0/000",
        "tile/0/001.p/44",
        "tile/1/000.p/1",
        "tile/entries/000",
        "tile/entries/001.p/44",
    ] {
        let bytes = log.read(path);
        log.remove(path);
        assert_finds(&log.check(None), Kind::Unavailable, path);
        log.write(path, &bytes);
    }
    let state = log.follow(None);
    log.remove("checkpoint");
    let report = log.check(Some(state.clone()));
    assert_finds(&report, Kind::Unavailable, "checkpoint is not there");
    assert_eq!((report.state, report.old_size), (Some(state), Some(300)));
}

#[test]
fn signatures() {
    let log = Log::of(300);
    let state = log.follow(None);
    let check = || {
        let report = log.check(Some(state.clone()));
        assert_eq!(report.state.as_ref(), Some(&state));
        assert_eq!((report.size, report.tiles_fetched), (None, 0));
        report
    };
    let text = log.checkpoint().text();
    let signed_by = |key: &SigningKey| log.checkpoint().sign(std::slice::from_ref(key)).unwrap();

    let mut note = log.note();
    note.text = text.replace("300", "301");
    log.write("checkpoint", &note.to_bytes());
    assert_finds(&check(), Kind::BadSignature, ORIGIN);

    log.write(
        "checkpoint",
        &signed_by(&key(ORIGIN, KeyKind::Ed25519, 9)).to_bytes(),
    );
    assert_finds(&check(), Kind::NotSigned, ORIGIN);

    let other = Checkpoint {
        origin: "example.com/other".into(),
        ..log.checkpoint()
    };
    let note = other
        .sign(&[key("example.com/other", KeyKind::Ed25519, 9)])
        .unwrap();
    log.write("checkpoint", &note.to_bytes());
    assert_finds(&check(), Kind::UnknownLog, "example.com/other");

    log.write("checkpoint", text.as_bytes());
    assert_finds(&check(), Kind::Malformed, "checkpoint is no signed note");

    let extended = format!("{text}extension\n");
    let signatures = vec![log.key.sign_note_text(&extended).unwrap()];
    let note = Note {
        text: extended,
        signatures,
    };
    log.write("checkpoint", &note.to_bytes());
    assert_finds(&check(), Kind::Malformed, "extension lines");
}

#[test]
fn another_log_that_is_known_does_not_take_the_place_of_this_one() {
    let log = Log::of(5);
    let other = key("example.com/other", KeyKind::Ed25519, 9);
    let mut policy = String::new();
    for key in [log.key.verifier(), other.verifier()] {
        writeln!(policy, "log {key}").unwrap();
    }
    let policy = Policy::parse(format!("{policy}quorum none\n").as_bytes()).unwrap();
    let monitor = Monitor::new(policy, Limits::default());
    let state = log.follow(None);
    let swapped = Checkpoint {
        origin: "example.com/other".into(),
        ..log.checkpoint()
    };
    log.write("checkpoint", &swapped.sign(&[other]).unwrap().to_bytes());
    let report = monitor.check(&mut log.folder(), Some(state.clone()), log.now());
    assert_finds(
        &report,
        Kind::UnknownLog,
        "the one that was followed is example.com/books",
    );
    assert_eq!(report.state, Some(state));
}

#[test]
fn an_empty_log_has_the_empty_root() {
    let log = Log::new();
    let mut checkpoint = log.checkpoint();
    checkpoint.head.root = leaf(b"");
    let note = checkpoint.sign(std::slice::from_ref(&log.key)).unwrap();
    log.write("checkpoint", &note.to_bytes());
    assert_finds(&log.check(None), Kind::Malformed, "size 0");
}

/// A log with two witnesses, of which one must cosign.
struct Witnessed {
    log: Log,
    witnesses: [SigningKey; 2],
}

impl Witnessed {
    fn of(entries: usize) -> Witnessed {
        let witnesses = [
            key("example.com/w1", KeyKind::CosignatureV1, 2),
            key("example.com/w2", KeyKind::MlDsa44, 3),
        ];
        let log = Log::of(entries);
        Witnessed { log, witnesses }
    }

    /// The checkpoint as it is now, cosigned by those witnesses at those times.
    fn cosigned(&self, times: &[(usize, u64)]) -> Vec<u8> {
        let mut note = self.log.note();
        for (witness, time) in times {
            let line = self.witnesses[*witness].cosign(&note.text, *time).unwrap();
            note.append([line]).unwrap();
        }
        note.to_bytes()
    }

    fn check(&self, limits: Limits, state: Option<State>, now: u64) -> Report {
        let [one, two] = self.witnesses.each_ref().map(SigningKey::verifier);
        let log = self.log.key.verifier();
        let policy = format!(
            "log {log}\nwitness one {one}\nwitness two {two}\ngroup g any one two\nquorum g\n"
        );
        let policy = Policy::parse(policy.as_bytes()).unwrap();
        Monitor::new(policy, limits).check(&mut self.log.folder(), state, now)
    }

    fn check_now(&self, state: Option<State>) -> Report {
        self.check(Limits::default(), state, self.log.now())
    }
}

#[test]
fn quorum() {
    let mut it = Witnessed::of(300);
    assert_finds(
        &it.check_now(None),
        Kind::Quorum,
        "of size 300 has 0 cosignatures",
    );

    let now = it.log.now();
    it.log
        .write("checkpoint", &it.cosigned(&[(1, now - 5), (0, now - 3)]));
    let report = it.check_now(None);
    assert_eq!(report.findings, []);
    let named: Vec<_> = report
        .witnesses
        .iter()
        .map(|w| (w.name.as_str(), w.time))
        .collect();
    assert_eq!(named, [("two", now - 5), ("one", now - 3)]);
    let state = report.state.unwrap();

    // The newest checkpoint waits for its witnesses: the one that has them counts.
    let witnessed = it.log.read("checkpoint");
    it.log.grow(100);
    assert_finds(
        &it.check_now(Some(state.clone())),
        Kind::Quorum,
        "witnessed is not there",
    );
    it.log.write("witnessed", &witnessed);
    let report = it.check_now(Some(state.clone()));
    assert_eq!((report.findings, report.size), (vec![], Some(300)));
    it.log.write("witnessed", &it.log.read("checkpoint"));
    assert_finds(
        &it.check_now(Some(state.clone())),
        Kind::Quorum,
        "witnessed: 0 known",
    );
    it.log.write("witnessed", &it.cosigned(&[(0, now)]));
    let report = it.check_now(Some(state));
    assert_eq!((report.findings, report.size), (vec![], Some(400)));
}

#[test]
fn a_checkpoint_without_quorum_contradicts_all_the_same() {
    let it = Witnessed::of(300);
    let now = it.log.now();
    it.log.write("witnessed", &it.cosigned(&[(0, now)]));
    it.log
        .write("checkpoint", &forked(300, 3).read("checkpoint"));
    assert_finds(
        &it.check_now(None),
        Kind::Fork,
        "two checkpoints of size 300",
    );
    it.log.write("checkpoint", &it.log.note().to_bytes());
    let state = it.check_now(None).state.unwrap();
    it.log
        .write("checkpoint", &forked(300, 3).read("checkpoint"));
    assert_finds(
        &it.check_now(Some(state.clone())),
        Kind::Fork,
        "two checkpoints of size 300",
    );
    it.log.write("checkpoint", &Log::of(299).read("checkpoint"));
    assert_finds(
        &it.check_now(Some(state.clone())),
        Kind::Rollback,
        "of size 299",
    );
    it.log.write("checkpoint", &Log::of(301).read("checkpoint"));
    let smaller = Witnessed::of(200).cosigned(&[(0, now)]);
    it.log.write("witnessed", &smaller);
    assert_finds(&it.check_now(Some(state)), Kind::Rollback, "of size 200");
}

#[test]
fn late() {
    let limits = Limits {
        max_age: Some(100),
        tolerance: 60,
    };
    // Entry 299 is of second START + 299.
    let log = Log::of(300);
    let newest = START + 299;
    let monitor = log.monitor(limits);
    let check = |state, now| monitor.check(&mut log.folder(), state, now);
    assert_eq!(check(None, newest + 100).findings, []);
    let report = check(None, newest + 101);
    assert_finds(&report, Kind::Late, "at size 300, is 101 s old");
    let state = report.state.unwrap();
    assert_eq!(state.checked(), 300, "lateness contradicts nothing");
    assert_finds(
        &check(Some(state.clone()), newest + 500),
        Kind::Late,
        "is 500 s old",
    );
    // Nor does it go away with the log.
    log.remove("checkpoint");
    let report = check(Some(state), newest + 500);
    assert_eq!(kinds(&report), [Kind::Unavailable, Kind::Late]);
}

#[test]
fn an_empty_log_is_late_from_when_it_was_seen() {
    let limits = Limits {
        max_age: Some(100),
        ..Limits::default()
    };
    let log = Log::new();
    let monitor = log.monitor(limits);
    let report = monitor.check(&mut log.folder(), None, START);
    assert_eq!(report.findings, []);
    let state = report.state;
    let check = |now| monitor.check(&mut log.folder(), state.clone(), now);
    assert_eq!(check(START + 100).findings, []);
    assert_finds(&check(START + 101), Kind::Late, "at size 0");
}

#[test]
fn a_fresh_cosignature_is_a_sign_of_life() {
    let it = Witnessed::of(300);
    let limits = Limits {
        max_age: Some(100),
        tolerance: 60,
    };
    let newest = START + 299;
    it.log.write(
        "checkpoint",
        &it.cosigned(&[(0, newest + 1_000), (1, newest)]),
    );
    assert_eq!(it.check(limits, None, newest + 1_100).findings, []);
    let state = it.check(limits, None, newest + 940).state;
    assert_finds(
        &it.check(limits, state, newest + 1_101),
        Kind::Late,
        "is 101 s old",
    );
    let report = it.check(limits, None, newest + 900);
    assert_eq!(
        kinds(&report),
        [Kind::Future, Kind::Late],
        "{:?}",
        report.findings
    );
    assert!(report.findings[0].what.contains("witness one"));
}

#[test]
fn future() {
    let log = Log::of(300);
    let newest = START + 299;
    let limits = Limits {
        max_age: Some(100),
        tolerance: 60,
    };
    let monitor = log.monitor(limits);
    let check = |state, now| monitor.check(&mut log.folder(), state, now);
    assert_eq!(check(None, newest - 60).findings, []);
    let report = check(None, newest - 61);
    assert_finds(
        &report,
        Kind::Future,
        "entry 299 is of second 1790000299, 61 s after now",
    );
    let state = report.state.unwrap();
    assert_eq!(state.checked(), 300);
    // The head was seen before the newest entry claims to be: that counts, not the claim.
    assert_eq!(check(Some(state.clone()), newest + 39).findings, []);
    assert_finds(&check(Some(state), newest + 40), Kind::Late, "101 s old");
}
