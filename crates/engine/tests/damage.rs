//! Bytes on the disk that are not what was written: a torn end is cut off and said; everything
//! else stops the start, which names the place and overwrites nothing.

mod scenario;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use engine::{Books, Recovery};
use model::{Account, Transfer};
use scenario::{
    ACCOUNTS, SECOND, SEGMENT, Step, account, block_on, contents, every_kind, make, open, options,
    place, play, play_all, transfer, write_contents,
};

type Files = BTreeMap<PathBuf, (u64, Vec<u8>)>;

const FIRST: &str = "log/0000000000000000.seg";
const SECOND_SEGMENT: &str = "log/0000000000000001.seg";
const BLOCK: usize = 4_096;
const SECTOR: usize = 512;

/// Books as a killed process leaves them, the balances in them, and those before the last step.
struct Killed {
    files: Files,
    held: Vec<Account>,
    before: Vec<Account>,
}

fn balances(books: &Books) -> Vec<Account> {
    block_on(books.lookup_accounts(ACCOUNTS.to_vec())).expect("found")
}

/// Copies the directory while the books are open: nothing is under way, and nothing was closed.
fn killed(secret: u8) -> Killed {
    let data = place();
    make(data.path(), secret);
    let books = open(data.path());
    play_all(&books, &every_kind());
    let before = balances(&books);
    let last = (1..=40)
        .map(|n| transfer(1_000 + n, (1, 2), n, 0))
        .collect();
    block_on(play(&books, &Step::Transfers(last))).expect("taken");
    let (files, held) = (copied(data.path()), balances(&books));
    block_on(books.close()).expect("closed");
    Killed {
        files,
        held,
        before,
    }
}

/// The directory of books that are open. The segment that is being prepared beside them is whole
/// in the copy, so that a start has nothing to tidy up.
fn copied(data: &Path) -> Files {
    let mut files = contents(data);
    files.retain(|name, _| name.extension().is_none_or(|extension| extension != "new"));
    files
        .entry(SECOND_SEGMENT.into())
        .or_insert((SEGMENT, Vec::new()));
    files
}

impl Killed {
    fn log(&mut self) -> &mut Vec<u8> {
        &mut self
            .files
            .get_mut(Path::new(FIRST))
            .expect("the log is there")
            .1
    }

    /// Where the frames begin, and where the last ends.
    fn frames(&mut self) -> Vec<usize> {
        let log = self.log();
        let end = log.len();
        let mut starts: Vec<usize> = (0..end)
            .step_by(BLOCK)
            .filter(|&at| log[at..].starts_with(b"cf-frame"))
            .collect();
        starts.push(end);
        starts
    }

    /// The directory with some bytes of the first segment changed.
    fn with(&self, change: impl FnOnce(&mut Vec<u8>)) -> Files {
        let mut files = self.files.clone();
        change(&mut files.get_mut(Path::new(FIRST)).expect("the log is there").1);
        files
    }
}

/// Opens these files; what the start found and the balances, or the refusal.
fn start(files: &Files) -> (tempfile::TempDir, Result<(Recovery, Vec<Account>), String>) {
    let data = place();
    write_contents(data.path(), files);
    let opened = Books::open(&options(data.path()))
        .map_err(|error| error.to_string())
        .map(|books| {
            let found = (books.recovery().clone(), balances(&books));
            block_on(books.close()).expect("closed");
            found
        });
    (data, opened)
}

/// The start is refused with `place` named, and the directory is as it was.
fn check_refused(what: &str, files: &Files, place: &str) -> String {
    let (data, opened) = start(files);
    let why = opened.err().unwrap_or_else(|| panic!("{what}: it opened"));
    assert!(why.starts_with(place), "{what}: not {place}: {why}");
    let after = contents(data.path());
    let changed = |name: &&PathBuf| {
        let stripped = |(len, bytes): &(u64, Vec<u8>)| {
            let end = bytes
                .iter()
                .rposition(|&byte| byte != 0)
                .map_or(0, |last| last + 1);
            (*len, bytes[..end].to_vec())
        };
        files.get(*name).map(stripped) != after.get(*name).map(stripped)
    };
    // The tiles follow the log as far as it was read.
    let kept = |name: &&PathBuf| !name.starts_with("tree");
    let changed: Vec<_> = files
        .keys()
        .chain(after.keys())
        .filter(kept)
        .filter(changed)
        .collect();
    assert!(changed.is_empty(), "{what}: {changed:?} changed");
    why
}

fn at(byte: usize) -> String {
    format!("{FIRST}, byte {byte}:")
}

#[test]
fn what_a_killed_process_leaves_opens_whole() {
    let killed = killed(7);
    let (_, opened) = start(&killed.files);
    let (recovery, held) = opened.expect("it opens");
    assert!(
        recovery.torn.is_none() && held == killed.held,
        "{recovery:?}"
    );
}

#[test]
fn a_torn_end_is_cut_off_and_said() {
    let mut killed = killed(7);
    let frames = killed.frames();
    let [.., last, end] = frames[..] else {
        panic!("there are frames")
    };
    let sectors = (end - last) / SECTOR;
    assert!(sectors >= 8, "the last frame has {sectors} sectors");
    for written in 0..=sectors {
        // The sectors before, those from there on, and all but one of them.
        let boundary = last + written * SECTOR;
        let torn = [
            ("the end", killed.with(|log| log[boundary..].fill(0))),
            (
                "the beginning",
                killed.with(|log| log[last..boundary].fill(0)),
            ),
            (
                "one sector",
                killed.with(|log| log[boundary..end.min(boundary + SECTOR)].fill(0)),
            ),
        ];
        for (what, files) in torn {
            let (_, opened) = start(&files);
            let (recovery, held) = opened.unwrap_or_else(|e| panic!("{what} of {written}: {e}"));
            if files == killed.files {
                assert!(recovery.torn.is_none(), "{what} of {written}");
                assert_eq!(held, killed.held);
                continue;
            }
            // Where no sector was written, nothing is there to be cut off.
            let log = &files[Path::new(FIRST)].1;
            if log[last..end].iter().any(|&byte| byte != 0) {
                let torn = recovery
                    .torn
                    .unwrap_or_else(|| panic!("{what} of {written}: said"));
                assert_eq!((torn.file.as_str(), torn.at), (FIRST, last as u64));
            }
            assert_eq!(held, killed.before, "{what} of {written}");
        }
    }
}

#[test]
fn damage_in_the_last_frame_stops_the_start() {
    let mut killed = killed(7);
    let frames = killed.frames();
    let last = frames[frames.len() - 2];
    for offset in (0..256)
        .step_by(9)
        .chain([256, 300, 511, 512, 900, 1_200, 4_095])
    {
        let files = killed.with(|log| log[last + offset] ^= 0x10);
        check_refused(
            &format!("byte {offset} of the last frame"),
            &files,
            &at(last),
        );
    }
    let behind = killed.with(|log| log.push(1));
    check_refused(
        "a byte behind the last frame",
        &behind,
        &at(frames[frames.len() - 1]),
    );
}

#[test]
fn damage_in_an_earlier_frame_stops_the_start() {
    let mut killed = killed(7);
    let frames = killed.frames();
    for number in [0, 1, frames.len() / 2, frames.len() - 3] {
        let (start, end) = (frames[number], frames[number + 1]);
        let cases = [
            (
                "a bit of the header",
                killed.with(|log| log[start + 40] ^= 1),
            ),
            (
                "a bit of the body",
                killed.with(|log| log[start + 270] ^= 1),
            ),
            (
                "no header",
                killed.with(|log| log[start..start + SECTOR].fill(0)),
            ),
            ("nothing", killed.with(|log| log[start..end].fill(0))),
            ("nothing from here on but the last", {
                let last = frames[frames.len() - 2];
                killed.with(|log| log[start..last].fill(0))
            }),
        ];
        for (what, files) in cases {
            check_refused(&format!("{what} in frame {number}"), &files, &at(start));
        }
    }
}

#[test]
fn whole_frames_in_other_places_stop_the_start() {
    let mut killed = killed(7);
    let frames = killed.frames();
    let other = self::killed(8);
    let foreign = &other.files[Path::new(FIRST)].1;
    let last = frames[frames.len() - 2];
    let swapped = killed.with(|log| {
        let (front, back) = log.split_at_mut(frames[3]);
        front[frames[2]..].swap_with_slice(&mut back[..BLOCK]);
    });
    assert_eq!(
        frames[4] - frames[2],
        2 * BLOCK,
        "the frames are alike in length"
    );
    check_refused("two swapped", &swapped, &at(frames[2]));
    let again = killed.with(|log| log.extend_from_within(last..));
    check_refused("the last one twice", &again, &at(frames[frames.len() - 1]));
    for number in [0, 3, frames.len() - 2] {
        let (start, end) = (frames[number], frames[number + 1]);
        let files = killed.with(|log| log[start..end].copy_from_slice(&foreign[start..end]));
        // Batch 0 has none before it: the one after it does not follow.
        let place = if number == 0 { frames[1] } else { start };
        check_refused(
            &format!("frame {number} of other books"),
            &files,
            &at(place),
        );
    }
    let gone = killed.with(|log| drop(log.drain(frames[2]..frames[3])));
    check_refused("one cut out", &gone, &at(frames[2]));
}

#[test]
fn damage_beside_the_log_stops_the_start_or_is_passed_over() {
    let killed = killed(7);
    for (name, len) in [("books", 72), ("salt", 52)] {
        for byte in (0..len).step_by(3) {
            let mut files = killed.files.clone();
            let (length, bytes) = files.get_mut(Path::new(name)).expect("it is there");
            bytes.resize(*length as usize, 0);
            bytes[byte] ^= 4;
            check_refused(&format!("byte {byte} of {name}"), &files, name);
        }
        let mut files = killed.files.clone();
        files.remove(Path::new(name));
        check_refused(&format!("no {name}"), &files, name);
    }
    let mut files = killed.files.clone();
    files.remove(Path::new(FIRST));
    check_refused("no first segment", &files, SECOND_SEGMENT);
    for len in [SEGMENT - 4_096, SEGMENT + 4_096] {
        let mut files = killed.files.clone();
        files.get_mut(Path::new(FIRST)).expect("it is there").0 = len;
        check_refused("a segment of another length", &files, FIRST);
    }
    let mut files = killed.files.clone();
    files.insert(
        "index/manifest".into(),
        (30, b"COUNTMAN and no more than that".to_vec()),
    );
    let (_, opened) = start(&files);
    let (recovery, held) = opened.expect("it opens");
    assert!(recovery.index_rebuilt.is_some() && held == killed.held);
}

#[test]
fn a_damaged_snapshot_is_passed_over() {
    let data = place();
    make(data.path(), 7);
    let books = open(data.path());
    play_all(&books, &every_kind());
    let held = balances(&books);
    block_on(books.close()).expect("closed");
    let files = contents(data.path());
    let name = files
        .keys()
        .find(|name| name.starts_with("snapshots"))
        .expect("a snapshot");
    let len = files[name].0 as usize;
    for byte in (0..len).step_by(97) {
        let mut cut = files.clone();
        cut.get_mut(name).expect("it is there").0 = byte as u64;
        let mut flipped = files.clone();
        let bytes = &mut flipped.get_mut(name).expect("it is there").1;
        bytes.resize(len, 0);
        bytes[byte] ^= 2;
        for (what, files) in [("cut at", cut), ("flipped at", flipped)] {
            let (_, opened) = start(&files);
            let (recovery, found) = opened.unwrap_or_else(|e| panic!("{what} {byte}: {e}"));
            assert_eq!(recovery.passed_over.len(), 1, "{what} {byte}: {recovery:?}");
            assert_eq!(found, held, "{what} {byte}");
        }
    }
}

/// The snapshot and the key of closed books know the last batch: what looks like a torn end cannot
/// be one, and stays as it is.
#[test]
fn a_torn_end_that_was_known_stops_the_start() {
    let data = place();
    make(data.path(), 7);
    let books = open(data.path());
    play_all(&books, &every_kind());
    block_on(books.close()).expect("closed");
    let mut files = contents(data.path());
    let log = &mut files.get_mut(Path::new(FIRST)).expect("the log is there").1;
    let last = (log.len() - 1) / BLOCK * BLOCK;
    log[last..last + SECTOR].fill(0);
    // Whoever is named, the frame or what knows it: the frame is not touched.
    let why = check_refused("a batch that the snapshot knows", &files, "");
    assert!(
        why.starts_with("log/") || why.starts_with("snapshots/"),
        "{why}"
    );
    files.retain(|name, _| !name.starts_with("snapshots"));
    let why = check_refused("a batch that the key knows", &files, "");
    assert!(why.starts_with("log/") || why.starts_with("salt"), "{why}");
}

#[test]
fn damage_in_an_older_segment_stops_the_start() {
    let data = place();
    make(data.path(), 7);
    let books = open(data.path());
    let accounts = [1, 2]
        .map(|id| account(id, model::account_flags::HISTORY))
        .to_vec();
    block_on(play(&books, &Step::Accounts(accounts))).expect("taken");
    let wide = |id: u128| Transfer {
        user_data_128: u128::MAX - id,
        ..transfer(id, (1, 2), 1 << 99, 0)
    };
    let mut next = 1;
    while books.stats().log_bytes < SEGMENT + 40_000 {
        let events = (next..next + 8_000).map(wide).collect();
        block_on(play(&books, &Step::Transfers(events))).expect("taken");
        next += 8_000;
    }
    block_on(play(&books, &Step::Clock(scenario::MORNING + SECOND))).expect("taken");
    let files = copied(data.path());
    block_on(books.close()).expect("closed");
    let length = files[Path::new(FIRST)].1.len();
    let changed = |change: &dyn Fn(&mut Vec<u8>)| {
        let mut files = files.clone();
        change(&mut files.get_mut(Path::new(FIRST)).expect("it is there").1);
        files
    };
    let frame = |byte: usize| {
        let log = &files[Path::new(FIRST)].1;
        let starts = (0..=byte)
            .step_by(BLOCK)
            .filter(|&at| log[at..].starts_with(b"cf-frame"));
        starts.last().expect("one is before it")
    };
    let middle = length / 2;
    check_refused(
        "a bit",
        &changed(&|log| log[middle] ^= 1),
        &at(frame(middle)),
    );
    let ended = frame(length - 1);
    let end = length.next_multiple_of(BLOCK);
    // The rest of a segment may be empty: then it is the next one that does not follow.
    let next = format!("{SECOND_SEGMENT}, byte 0:");
    check_refused("no last frame", &changed(&|log| log.truncate(ended)), &next);
    check_refused(
        "half of it",
        &changed(&|log| log.truncate(ended + 8_192)),
        &at(ended),
    );
    check_refused(
        "a byte behind it",
        &changed(&|log| log.resize(end + 700, 3)),
        &at(end),
    );
    let mut gone = files.clone();
    let second = gone
        .get_mut(Path::new(SECOND_SEGMENT))
        .expect("it is there");
    second.1[..SECTOR].fill(0);
    // The second segment has one frame: without its first sector it is a torn end.
    let (_, opened) = start(&gone);
    opened.expect("it opens");
}
