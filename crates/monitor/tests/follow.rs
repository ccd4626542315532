//! Logs that keep their word: followed from the first entry, as they grow, and in pieces.

mod log;

use std::collections::BTreeSet;

use log::{Log, kinds};
use merkle::tile::{new_bundles, new_tiles};
use monitor::{Folder, Kind, Limits, Source, SourceError, State, StateError};
use proptest::prelude::*;

/// A folder that tells what was asked of it, and breaks after some answers.
struct Watched {
    folder: Folder,
    asked: Vec<String>,
    patience: usize,
}

impl Watched {
    fn of(log: &Log) -> Watched {
        Watched {
            folder: log.folder(),
            asked: Vec::new(),
            patience: usize::MAX,
        }
    }
}

impl Source for Watched {
    fn get(&mut self, path: &str, max_bytes: usize) -> Result<Option<Vec<u8>>, SourceError> {
        if self.asked.len() == self.patience {
            return Err(SourceError::Failed("the line is cut".into()));
        }
        self.asked.push(path.to_owned());
        self.folder.get(path, max_bytes)
    }
}

#[test]
fn a_whole_log_is_checked_once() {
    for entries in [0, 1, 2, 255, 256, 257, 600, 65_536, 65_537, 66_000] {
        let log = Log::of(entries);
        let report = log.check(None);
        assert_eq!(report.findings, [], "{entries}");
        let size = entries as u64;
        assert_eq!((report.size, report.old_size), (Some(size), None));
        assert_eq!(report.root, Some(log.head().root));
        assert_eq!(report.origin.as_deref(), Some(log::ORIGIN));
        assert_eq!(report.entries_checked, size);
        let promised = new_tiles(0, size).count() + new_bundles(0, size).count();
        assert_eq!(report.tiles_fetched, promised as u64, "{entries}");
        let state = report.state.unwrap();
        assert_eq!((state.checked(), state.first_seen()), (size, log.now()));
        assert_eq!(state.last().map_or(0, |last| last.number + 1), size);
    }
}

#[test]
fn nothing_is_fetched_of_a_log_that_stands_still() {
    let log = Log::of(300);
    let state = log.follow(None);
    let mut source = Watched::of(&log);
    let monitor = log.monitor(Limits::default());
    let report = monitor.check(&mut source, Some(state.clone()), log.now() + 50);
    assert_eq!(source.asked, ["checkpoint"]);
    assert_eq!(report.state, Some(state), "the head was first seen before");
    assert_eq!((report.entries_checked, report.tiles_fetched), (0, 0));
}

#[test]
fn only_what_is_new_is_fetched_and_nothing_twice() {
    let mut log = Log::of(65_500);
    let state = log.follow(None);
    log.grow(600);
    let mut source = Watched::of(&log);
    let monitor = log.monitor(Limits::default());
    let report = monitor.check(&mut source, Some(state), log.now());
    assert_eq!((report.findings.len(), report.entries_checked), (0, 600));
    let asked: BTreeSet<_> = source.asked.iter().cloned().collect();
    assert_eq!(asked.len(), source.asked.len());
    let new = new_tiles(65_500, 66_100).map(|tile| tile.path());
    let new = new.chain(new_bundles(65_500, 66_100).map(|bundle| bundle.path()));
    let new: BTreeSet<_> = new.chain(["checkpoint".to_owned()]).collect();
    assert_eq!(asked, new);
    let bytes: usize = asked.iter().map(|path| log.read(path).len()).sum();
    assert_eq!(report.bytes_fetched, bytes as u64);
}

#[test]
fn full_tiles_stand_in_for_partial_ones() {
    let mut log = Log::of(300);
    let old = log.read("checkpoint");
    log.grow(300);
    // The checkpoint is of the time before, as a cache may serve it, and its partial tiles went.
    log.write("checkpoint", &old);
    for partial in ["tile/0/001.p/44", "tile/entries/001.p/44"] {
        log.remove(partial);
    }
    let report = log.check(None);
    assert_eq!(report.findings, []);
    assert_eq!(report.entries_checked, 300);
    let state = report.state.unwrap();
    log.publish();
    assert_eq!(log.follow(Some(state)).checked(), 600);
}

#[test]
fn a_check_that_dies_goes_on_where_it_was() {
    let mut log = Log::of(1_000);
    let monitor = log.monitor(Limits::default());
    let mut source = Watched::of(&log);
    // The checkpoint, two tiles at the edge, the first tile and its bundle, and one tile more.
    source.patience = 6;
    let mut kept = Vec::new();
    let report = monitor.check_with(&mut source, None, log.now(), &mut |progress| {
        assert_eq!((progress.checked, progress.size), (256, 1_000));
        kept.push(progress.state.to_bytes());
    });
    assert_eq!(kinds(&report), [Kind::Unavailable]);
    assert!(report.findings[0].what.contains("tile/entries/001"));
    assert_eq!(report.entries_checked, 256);
    let state = report.state.unwrap();
    assert_eq!(kept, [state.to_bytes()]);
    assert_eq!(
        (state.checked(), state.checkpoint().head.size),
        (256, 1_000)
    );

    log.grow(1_000);
    let state = State::from_bytes(&kept[0]).unwrap();
    let mut source = Watched::of(&log);
    let report = monitor.check(&mut source, Some(state), log.now());
    assert_eq!((report.findings.len(), report.entries_checked), (0, 1_744));
    assert!(!source.asked.contains(&"tile/entries/000".to_owned()));
    assert_eq!(report.old_size, Some(1_000));
}

#[test]
fn the_state_survives_its_bytes_and_refuses_damage() {
    for entries in [0, 1, 300] {
        let bytes = Log::of(entries).follow(None).to_bytes();
        let state = State::from_bytes(&bytes).unwrap();
        assert_eq!(state.to_bytes(), bytes);
        for at in 0..bytes.len() {
            let mut damaged = bytes.clone();
            damaged[at] ^= 4;
            assert!(State::from_bytes(&damaged).is_err(), "byte {at}");
            assert!(State::from_bytes(&bytes[..at]).is_err(), "{at} bytes");
        }
        assert!(State::from_bytes(&[&bytes[..], b"\n"].concat()).is_err());
    }
    let huge = vec![b'a'; monitor::MAX_STATE + 1];
    assert_eq!(State::from_bytes(&huge), Err(StateError::TooLarge));
    assert_eq!(State::from_bytes(b"else"), Err(StateError::Version));
}

/// A state with another body, and the checksum of that.
fn rewritten(state: &State, change: impl Fn(&str) -> String) -> Result<State, StateError> {
    let text = String::from_utf8(state.to_bytes()).unwrap();
    let mut lines = text.splitn(3, '\n');
    let (version, body) = (lines.next().unwrap(), change(lines.nth(1).unwrap()));
    let checksum = merkle::note::encode_base64(merkle::leaf(body.as_bytes()).as_bytes());
    State::from_bytes(format!("{version}\nchecksum {checksum}\n{body}").as_bytes())
}

#[test]
fn a_state_whose_parts_do_not_match_is_refused() {
    let (state, other) = (Log::of(300).follow(None), Log::of(299).follow(None));
    assert_eq!(rewritten(&state, str::to_owned), Ok(state.clone()));
    let line = |state: &State, number: usize| {
        let text = String::from_utf8(state.to_bytes()).unwrap();
        text.split('\n').nth(number).unwrap().to_owned()
    };
    for (number, error) in [(3, StateError::Mismatch), (4, StateError::Mismatch)] {
        let (from, to) = (line(&state, number), line(&other, number));
        let refused = rewritten(&state, |body| body.replace(&from, &to));
        assert_eq!(refused, Err(error), "line {number}");
    }
    let none = rewritten(&state, |body| body.replace(&line(&state, 4), "leaf none"));
    assert_eq!(none, Err(StateError::Mismatch));
    let seen = line(&state, 2);
    for form in ["seen 01", "seen", "seen -1", "seen 1\nseen 1"] {
        let refused = rewritten(&state, |body| body.replace(&seen, form));
        assert_eq!(refused, Err(StateError::Form), "{form}");
    }
}

#[test]
fn a_state_with_the_entries_of_another_log_is_found_out() {
    let log = Log::of(1_000);
    log.remove("tile/entries/001");
    let state = log.check(None).state.unwrap();
    assert_eq!(state.checked(), 256);
    let text = String::from_utf8(state.to_bytes()).unwrap();
    let frontier = text.split('\n').nth(3).unwrap();
    // The first base64 digits stand for the size, the last ones for the hash.
    let other = frontier.replace(&frontier[40..44], "AAAA");
    let state = rewritten(&state, |body| body.replace(frontier, &other)).unwrap();
    let report = log.check(Some(state.clone()));
    assert_eq!(kinds(&report), [Kind::Fork]);
    assert!(report.findings[0].what.contains("the first 256 entries"));
    assert_eq!(report.state, Some(state));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn every_way_to_grow_is_clean(steps in prop::collection::vec((0usize..700, any::<bool>()), 1..9)) {
        let mut log = Log::new();
        let mut state = None;
        for (entries, checked) in steps {
            log.grow(entries);
            if checked {
                let report = log.check(state.take());
                prop_assert_eq!(&report.findings, &[]);
                let bytes = report.state.unwrap().to_bytes();
                state = Some(State::from_bytes(&bytes).unwrap());
            }
        }
        let state = log.follow(state);
        prop_assert_eq!(state.checked(), log.head().size);
        prop_assert_eq!(state.checkpoint().head, log.head());
    }

    #[test]
    fn every_flipped_byte_that_is_fetched_is_found(
        (old, new) in (0usize..600, 1usize..600),
        at in any::<prop::sample::Index>(),
        bit in 0u8..8,
        followed in any::<bool>(),
    ) {
        let mut log = Log::of(old);
        let state = followed.then(|| log.follow(None));
        log.grow(new);
        let mut source = Watched::of(&log);
        let monitor = log.monitor(Limits::default());
        monitor.check(&mut source, state.clone(), log.now());
        let lengths: Vec<_> = source.asked.iter().map(|path| log.read(path).len()).collect();
        let mut at = at.index(lengths.iter().sum());
        let file = lengths.iter().position(|length| {
            let here = at < *length;
            at -= if here { 0 } else { *length };
            here
        });
        let path = &source.asked[file.unwrap()];
        let mut bytes = log.read(path);
        bytes[at] ^= 1 << bit;
        log.write(path, &bytes);
        let report = log.check(state);
        prop_assert!(!report.is_clean(), "byte {} of {}", at, path);
        // What was found does not become what is known.
        let checked = report.state.map_or(0, |state| state.checked());
        prop_assert!(checked < log.head().size);
    }
}
