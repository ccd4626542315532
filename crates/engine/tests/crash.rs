//! A process under load is killed at any moment, again and again, on the same directory.
//!
//! The test starts itself as a child, which recovers the books, looks for all that was
//! acknowledged before, and then pays from three threads until it is killed. What it got an
//! answer for it writes to a pipe, which outlives it.
//!
//! `COUNTERFOIL_CRASH_ROUNDS` says how often (200), `COUNTERFOIL_CRASH_SEED` when.

mod scenario;

use std::fmt::Write as _;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::Duration;

use engine::{Books, Options, audit};
use model::limits::BATCH_EVENTS;
use model::{Transfer, transfer_flags};
use scenario::{CREATED, SEGMENT, account, block_on, ending, place, transfer};
use sim::workload::Random;

const TEST: &str = "what_was_acknowledged_survives_being_killed";
const CHILD: &str = "COUNTERFOIL_CRASH_CHILD";
const ROUND: &str = "COUNTERFOIL_CRASH_ROUND";
const ACCOUNTS: u128 = 8;
/// The pending transfer has expired.
const EXPIRED: u32 = 35;

#[test]
fn what_was_acknowledged_survives_being_killed() {
    if let Some(data) = std::env::var_os(CHILD) {
        return pay(Path::new(&data));
    }
    let rounds = number("COUNTERFOIL_CRASH_ROUNDS", 200);
    let seed = number("COUNTERFOIL_CRASH_SEED", 1);
    let data = place();
    let init = engine::Init {
        segment_bytes: Some(SEGMENT),
        secret: Some([9; 32]),
    };
    engine::init(data.path(), &init).expect("books are made");
    let mut random = Random::new(seed);
    let mut expected = Expected::default();
    for round in 0..rounds {
        let when = format!("round {round} of seed {seed}");
        kill_once(data.path(), round, &mut random, &mut expected, &when);
        if round % 20 == 19 {
            // Closed in good order, so that later starts begin with a snapshot.
            let books = start(data.path());
            expected.check(&books);
            block_on(books.close()).expect("closed");
        }
    }
    let books = start(data.path());
    expected.check(&books);
    assert_eq!(books.failure(), None);
    block_on(books.close()).expect("closed");
    let found = audit(data.path(), &|_| ()).expect("it can be audited");
    assert_eq!(found.differences, [""; 0]);
    println!(
        "{} transfers were acknowledged in {rounds} rounds",
        expected.acknowledged
    );
    assert!(
        expected.acknowledged > 10 * rounds,
        "hardly anything was paid"
    );
}

fn number(name: &str, otherwise: u64) -> u64 {
    std::env::var(name).map_or(otherwise, |text| text.parse().expect("a number"))
}

fn start(data: &Path) -> Books {
    let options = Options {
        data: data.to_owned(),
        manual_clock: false,
        signing: None,
    };
    Books::open(&options).unwrap_or_else(|e| panic!("the books do not open: {e}"))
}

/// What the next start must find.
#[derive(Default)]
struct Expected {
    /// Ranges of ids that are all there: the first and how many.
    ranges: Vec<(u128, u128)>,
    /// Ranges of ids of which all are there, or none.
    chains: Vec<(u128, u128)>,
    acknowledged: u64,
}

impl Expected {
    /// Notes a line of a child: `paid FIRST COUNT`.
    fn hear(&mut self, line: &str) {
        let mut words = line.split(' ');
        if words.next() == Some("paid") {
            let mut word = || {
                words
                    .next()
                    .and_then(|word| word.parse().ok())
                    .expect("a number")
            };
            let range: (u128, u128) = (word(), word());
            self.ranges.push(range);
            self.acknowledged += range.1 as u64;
        }
    }

    fn check(&self, books: &Books) {
        let ids: Vec<u128> = self
            .ranges
            .iter()
            .flat_map(|&(first, count)| first..first + count)
            .collect();
        for ids in ids.chunks(BATCH_EVENTS) {
            let found = block_on(books.lookup_transfers(ids.to_vec())).expect("found");
            let found: Vec<u128> = found.iter().map(|transfer| transfer.id).collect();
            assert!(
                found == ids,
                "of {} acknowledged {} are there",
                ids.len(),
                found.len()
            );
        }
        for &(first, count) in &self.chains {
            let chain = (first..first + count).collect();
            let found = block_on(books.lookup_transfers(chain))
                .expect("found")
                .len() as u128;
            assert!(
                found == 0 || found == count,
                "{found} of the {count} from {first} are there"
            );
        }
        let accounts = block_on(books.lookup_accounts((1..=ACCOUNTS).collect())).expect("found");
        let mut sums = [0u128; 4];
        for account in accounts {
            sums[0] += account.debits_posted;
            sums[1] += account.credits_posted;
            sums[2] += account.debits_pending;
            sums[3] += account.credits_pending;
        }
        assert_eq!((sums[0], sums[2]), (sums[1], sums[3]), "the books balance");
    }
}

/// Starts a child, lets it pay for a while, and kills it.
fn kill_once(data: &Path, round: u64, random: &mut Random, expected: &mut Expected, when: &str) {
    let mut child = spawn(data, round, expected);
    let lines = listen(&mut child);
    let mut heard = Vec::new();
    // One child in eight is killed while it starts, the others after it has looked for all.
    let early = round % 8 == 7;
    if early {
        thread::sleep(Duration::from_micros(random.below(60_000)));
    } else {
        let started = lines.recv_timeout(Duration::from_mins(1));
        assert_eq!(
            started.as_deref(),
            Ok("found"),
            "{when}: {}",
            failure(&mut child)
        );
        thread::sleep(Duration::from_micros(random.below(90_000)));
    }
    child.kill().expect("it can be killed");
    let status = child.wait().expect("it ended");
    heard.extend(lines);
    assert_eq!(
        status.code(),
        None,
        "{when}: it ended by itself: {}",
        failure(&mut child)
    );
    let found_all = !early || heard.iter().any(|line| line == "found");
    if found_all {
        *expected = Expected {
            acknowledged: expected.acknowledged,
            ..Expected::default()
        };
    }
    for line in &heard {
        expected.hear(line);
    }
    let next = expected
        .ranges
        .iter()
        .filter(|(first, _)| first >> 64 == u128::from(round) && first >> 48 & 0xFFFF == 1)
        .map(|(first, _)| (first & 0xFFFF_FFFF) / 8 + 1)
        .max();
    let next = next.unwrap_or(0);
    expected
        .chains
        .extend((next..next + 3).map(|number| chain_ids(round, number)));
}

fn spawn(data: &Path, round: u64, expected: &Expected) -> Child {
    let mut child = Command::new(std::env::current_exe().expect("a path"))
        .args(["--exact", TEST, "--nocapture"])
        .env(CHILD, data)
        .env(ROUND, round.to_string())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("a child");
    let mut text = String::new();
    for (word, ranges) in [("range", &expected.ranges), ("chain", &expected.chains)] {
        for (first, count) in ranges {
            writeln!(text, "{word} {first} {count}").expect("text takes all");
        }
    }
    let mut stdin = child.stdin.take().expect("a pipe");
    stdin.write_all(text.as_bytes()).expect("it listens");
    child
}

/// The lines of a child that mean something.
fn listen(child: &mut Child) -> Receiver<String> {
    let (sender, lines) = channel();
    let stdout = BufReader::new(child.stdout.take().expect("a pipe"));
    thread::spawn(move || {
        for line in stdout.lines().map_while(Result::ok) {
            // The first lines are of the test harness. Each line is one write, which a pipe takes
            // whole.
            if line == "found" || line.starts_with("paid") {
                let _ = sender.send(line);
            }
        }
    });
    lines
}

fn failure(child: &mut Child) -> String {
    let _ = child.kill();
    let mut said = String::new();
    if let Some(stderr) = &mut child.stderr {
        let _ = stderr.read_to_string(&mut said);
    }
    said
}

/// The child: recovers, looks, pays until it is killed.
fn pay(data: &Path) {
    let mut expected = Expected::default();
    for line in std::io::stdin().lines() {
        let line = line.expect("a line");
        let words: Vec<&str> = line.split(' ').collect();
        let range = (
            words[1].parse().expect("an id"),
            words[2].parse().expect("a count"),
        );
        match words[0] {
            "range" => expected.ranges.push(range),
            _ => expected.chains.push(range),
        }
    }
    let books = start(data);
    let accounts = (1..=ACCOUNTS)
        .map(|id| account(id, (id % 2) as u16 * 8))
        .collect();
    block_on(books.create_accounts(accounts)).expect("taken");
    expected.check(&books);
    tell("found");
    let round = number(ROUND, 0);
    let works: [fn(&Books, u64, u128); 3] = [pay_plain, pay_chain, pay_in_two_phases];
    let threads = works.map(|work| {
        let books = books.clone();
        thread::spawn(move || {
            for number in 0.. {
                work(&books, round, number);
            }
        })
    });
    for thread in threads {
        thread.join().expect("it pays");
    }
}

/// One line in one write, so that the pipe holds whole lines.
fn tell(line: &str) {
    let mut out = std::io::stdout().lock();
    out.write_all(format!("{line}\n").as_bytes())
        .and_then(|()| out.flush())
        .expect("told");
}

/// Ids of a round and a thread do not meet those of another.
fn first_id(round: u64, thread: u128, number: u128) -> u128 {
    u128::from(round) << 64 | thread << 48 | number
}

fn chain_ids(round: u64, number: u128) -> (u128, u128) {
    (first_id(round, 1, 8 * number + 1), 2 + number % 4)
}

/// A transfer whose accounts and amount follow from its id.
fn one(id: u128, flags: u16) -> Transfer {
    let (debit, credit) = (id % ACCOUNTS + 1, (id + 1 + id / 8 % 7) % ACCOUNTS + 1);
    transfer(id, (debit, credit), id % 1_000, flags)
}

fn send(books: &Books, events: Vec<Transfer>, also: u32) {
    let (first, count) = (events[0].id, events.len());
    let results = block_on(books.create_transfers(events)).expect("taken");
    let status = |wanted: u32| results.iter().all(|result| result.status == wanted);
    if status(CREATED) {
        tell(&format!("paid {first} {count}"));
    } else {
        assert!(status(also), "{results:?}");
    }
}

fn pay_plain(books: &Books, round: u64, number: u128) {
    let first = first_id(round, 0, 256 * number + 1);
    let count = [1, 2, 17, 60][(number % 4) as usize];
    send(
        books,
        (first..first + count).map(|id| one(id, 0)).collect(),
        CREATED,
    );
}

fn pay_chain(books: &Books, round: u64, number: u128) {
    let (first, count) = chain_ids(round, number);
    let last = first + count - 1;
    let linked = (first..last).map(|id| one(id, transfer_flags::LINKED));
    send(books, linked.chain([one(last, 0)]).collect(), CREATED);
}

fn pay_in_two_phases(books: &Books, round: u64, number: u128) {
    let id = first_id(round, 2, 4 * number + 1);
    let timeout = number.is_multiple_of(3).into();
    send(
        books,
        vec![Transfer {
            timeout,
            ..one(id, transfer_flags::PENDING)
        }],
        CREATED,
    );
    match number % 4 {
        0 => {}
        1 => send(
            books,
            vec![ending(id + 1, id, 0, transfer_flags::VOID_PENDING)],
            EXPIRED,
        ),
        _ => send(
            books,
            vec![ending(id + 1, id, u128::MAX, transfer_flags::POST_PENDING)],
            EXPIRED,
        ),
    }
}
