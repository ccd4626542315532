//! Commands of every act, which leave objects of every kind.

use engine::Books;
use model::{Act, CommandStatus};

use super::{MORNING, Step, block_on, play, text};

/// What the books hold before the first command: two ledgers.
fn ledgers() -> [Step; 3] {
    [
        Step::Clock(MORNING),
        Step::Ledger(978, "EUR", 2),
        Step::Ledger(392, "JPY", 0),
    ]
}

/// The commands, as the transcripts of the machine's tests write them: an empty line ends a request,
/// `wait` moves the clock. Customers are 11 to 14, merchants 21 and 22.
const SCRIPT: &str = include_str!("platform.txt");

/// Plays all of it on new books, as the same requests each time.
pub fn play_platform(books: &Books) {
    // Those about rules need a rule book: `counterfoil/tests/rules.rs` has them.
    for act in Act::ALL.iter().filter(|act| act.number < 100) {
        assert!(SCRIPT.contains(&format!(" {} ", act.name)), "{}", act.name);
    }
    let start = ledgers();
    for step in &start {
        block_on(play(books, step)).expect("taken");
    }
    let mut lines = Vec::new();
    let mut time = MORNING;
    for line in SCRIPT.lines().chain([""]) {
        if let Some(span) = line.strip_prefix("wait ") {
            carry_out(books, &mut lines);
            time += text::duration(span);
            block_on(play(books, &Step::Clock(time))).expect("taken");
        } else if line.is_empty() {
            carry_out(books, &mut lines);
        } else {
            lines.push(line);
        }
    }
}

/// Asks for the commands of all lines in one request; each of them has to be carried out.
fn carry_out(books: &Books, lines: &mut Vec<&str>) {
    if lines.is_empty() {
        return;
    }
    let commands: Vec<_> = lines.iter().map(|line| text::parse(line)).collect();
    let results = block_on(books.commands(commands.clone())).expect("taken");
    for ((line, command), result) in lines.iter().zip(&commands).zip(&results) {
        let created = result.status == CommandStatus::Created.code();
        assert!(created, "{}: {line}", text::answer(command, result));
    }
    lines.clear();
}
