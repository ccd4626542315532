//! Drives all targets on stable Rust for `FUZZ_SECONDS` (60) with mutations of their corpus.
//!
//! ```text
//! cargo run --release --bin smoke                    all targets, seed FUZZ_SEED (1)
//! cargo run --release --bin smoke -- log             one target
//! cargo run --release --bin smoke -- log FILE        one input again
//! ```
//!
//! Inputs follow from the seed alone; only how many are tried depends on the machine. An input that
//! fails is kept under `artifacts/`.

use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use fuzz::{TARGETS, Target};
use sim::workload::Random;

/// An input may take so long; targets are made for microseconds.
const PATIENCE: Duration = Duration::from_secs(20);
const INPUT_MAX: usize = 96 << 10;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let [name, file] = &arguments[..] {
        return again(name, Path::new(file));
    }
    let number = |name: &str, otherwise: u64| {
        std::env::var(name).map_or(otherwise, |text| text.parse().expect("a number"))
    };
    let (seconds, seed) = (number("FUZZ_SECONDS", 60), number("FUZZ_SEED", 1));
    let asked =
        |target: &Target| arguments.is_empty() || arguments.iter().any(|one| one == target.0);
    let targets: Vec<Target> = TARGETS.into_iter().filter(asked).collect();
    if targets.is_empty() {
        eprintln!("no target is named {}", arguments.join(", "));
        return ExitCode::FAILURE;
    }
    let share = Duration::from_secs(seconds) / targets.len() as u32;
    thread::spawn(watch);
    for target in targets {
        if let Err(file) = drive(target, seed, share) {
            eprintln!(
                "{} fails: cargo run --release --bin smoke -- {0} {}",
                target.0,
                file.display()
            );
            return ExitCode::FAILURE;
        }
    }
    ExitCode::SUCCESS
}

fn again(name: &str, file: &Path) -> ExitCode {
    let Some((_, target)) = TARGETS.iter().find(|(one, _)| *one == name) else {
        eprintln!("no target is named {name}");
        return ExitCode::FAILURE;
    };
    target(&fs::read(file).expect("the input"));
    println!("{name} takes it");
    ExitCode::SUCCESS
}

fn folder(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

fn corpus(name: &str) -> Vec<Vec<u8>> {
    let entries = fs::read_dir(folder("corpus").join(name)).expect("a corpus");
    let mut files: Vec<_> = entries
        .map(|entry| entry.expect("an entry").path())
        .collect();
    files.sort();
    files
        .iter()
        .map(|file| fs::read(file).expect("a seed"))
        .collect()
}

/// Tries the corpus, and then mutations of it until the time is over.
fn drive((name, target): Target, seed: u64, share: Duration) -> Result<(), PathBuf> {
    let corpus = corpus(name);
    assert!(!corpus.is_empty(), "{name} has a corpus");
    let mut random = Random::new(seed);
    #[allow(clippy::disallowed_methods)] // How long is all that time decides here.
    let begun = Instant::now();
    let mut tried = 0u64;
    while begun.elapsed() < share || tried < corpus.len() as u64 {
        let seed = corpus.get(tried as usize).cloned();
        let input = seed.unwrap_or_else(|| mutated(&corpus, &mut random));
        tried += 1;
        if !survives(tried, (name, target), &input) {
            return Err(keep(name, &input));
        }
    }
    println!("{name}: {tried} inputs");
    Ok(())
}

fn keep(name: &str, input: &[u8]) -> PathBuf {
    let sum = crc32c::crc32c(input);
    let file = folder("artifacts").join(format!("{name}-{sum:08x}"));
    fs::create_dir_all(folder("artifacts")).expect("a folder");
    fs::write(&file, input).expect("written");
    file
}

/// The input that is being tried, for whoever watches that it ends: how many came before, the
/// target and the bytes.
static RUNNING: Mutex<Option<(u64, &str, Vec<u8>)>> = Mutex::new(None);

/// Ends the process where one input takes longer than anybody's patience.
fn watch() {
    let mut last = None;
    loop {
        thread::sleep(PATIENCE);
        let running = RUNNING.lock().unwrap_or_else(PoisonError::into_inner);
        let now = running.as_ref().map(|(tried, name, _)| (*tried, *name));
        if let Some((_, name, input)) = &*running
            && now == last
        {
            eprintln!("{name} hangs: {}", keep(name, input).display());
            std::process::exit(2);
        }
        last = now;
    }
}

/// Whether the target ends without a panic.
fn survives(tried: u64, (name, target): Target, input: &[u8]) -> bool {
    let tell = |running| *RUNNING.lock().unwrap_or_else(PoisonError::into_inner) = running;
    tell(Some((tried, name, input.to_vec())));
    let survived = catch_unwind(AssertUnwindSafe(|| target(input))).is_ok();
    tell(None);
    survived
}

/// One seed with one to eight changes.
fn mutated(corpus: &[Vec<u8>], random: &mut Random) -> Vec<u8> {
    let pick = |random: &mut Random| random.below(corpus.len() as u64) as usize;
    let mut input = corpus[pick(random)].clone();
    for _ in 0..=random.below(8) {
        let other = pick(random);
        change(&mut input, &corpus[other], random);
    }
    input.truncate(INPUT_MAX);
    input
}

fn place(len: usize, random: &mut Random) -> usize {
    random.below(len as u64 + 1) as usize
}

fn change(input: &mut Vec<u8>, other: &[u8], random: &mut Random) {
    /// Lengths and counts that code is wrong about most often.
    const NUMBERS: [u64; 12] = [
        0,
        1,
        127,
        128,
        255,
        256,
        4_096,
        65_535,
        1 << 31,
        1 << 32,
        1 << 63,
        u64::MAX,
    ];
    let at = place(input.len(), random);
    let most = 1 << random.below(9);
    let len = 1 + random.below(most) as usize;
    let end = input.len().min(at + len);
    match random.below(9) {
        0 if at < input.len() => input[at] ^= 1 << random.below(8),
        1 if at < input.len() => input[at] = random.bits() as u8,
        2 => {
            let number = NUMBERS[random.below(12) as usize]
                .wrapping_add(random.below(3))
                .to_le_bytes();
            let width = 1 << random.below(4);
            let end = input.len().min(at + width);
            input[at..end].copy_from_slice(&number[..end - at]);
        }
        3 => drop(input.drain(at..end)),
        4 => drop(input.splice(at..at, (0..len).map(|_| random.bits() as u8))),
        5 => input[at..end].fill(0),
        6 => {
            let from = place(input.len() - (end - at), random);
            input.copy_within(at..end, from);
        }
        7 => {
            let from = place(other.len(), random);
            let to = other.len().min(from + len);
            drop(input.splice(at..end, other[from..to].iter().copied()));
        }
        _ => input.truncate(at.max(input.len() / 2)),
    }
}
