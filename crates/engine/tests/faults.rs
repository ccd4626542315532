//! The disk fails at every call in turn, in every way it can: whatever was acknowledged is there
//! after the next start, and nothing is there by half.

mod scenario;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::channel;
use std::thread;
use std::time::Duration;

use engine::{Books, Options, Signing, audit};
use merkle::key::{KeyKind, SigningKey};
use model::{Transfer, transfer_flags};
use scenario::{
    ACCOUNTS, CREATED, SEGMENT, Step, account, block_on, contents, every_kind, make, open, options,
    place, play, play_all, transfer, write_contents,
};
use store::disk::Local;
use store::faulty::{Call, Fault, Faulty, Plan, Site, Then};

/// Whoever takes longer hangs.
const PATIENCE: Duration = Duration::from_mins(1);

/// By account: the four sums and the flags.
type Sums = BTreeMap<u128, ([u128; 4], u16)>;

/// Books that stand, what is played on them, and what they must hold after each step.
struct Course {
    template: BTreeMap<PathBuf, (u64, Vec<u8>)>,
    accounts: Vec<u128>,
    steps: Vec<Step>,
    after: Vec<Sums>,
    /// How the books are opened on the disk that fails.
    options: fn(&Path) -> Options,
}

/// What became of a run on a failing disk.
struct Ran {
    struck: bool,
    acknowledged: usize,
    refusal: Option<String>,
}

impl Course {
    /// Plays `before` and closes; then notes what `steps` do on a healthy disk.
    fn new(before: &dyn Fn(&Books), accounts: &[u128], steps: Vec<Step>) -> Self {
        let data = place();
        make(data.path(), 7);
        let books = open(data.path());
        before(&books);
        block_on(books.close()).expect("closed");
        drop(books);
        let template = contents(data.path());
        let accounts = accounts.to_vec();
        let books = open(data.path());
        let mut after = vec![sums(&books, &accounts)];
        for step in &steps {
            block_on(play(&books, step)).expect("taken");
            after.push(sums(&books, &accounts));
        }
        block_on(books.close()).expect("closed");
        Self {
            template,
            accounts,
            steps,
            after,
            options,
        }
    }

    /// Where this course calls the disk: all calls, or the first and last and some between where
    /// there are many alike.
    fn sites(&self) -> Vec<Site> {
        let data = place();
        write_contents(data.path(), &self.template);
        let disk = Faulty::new(Arc::new(Local::new(data.path())), None);
        let ran = self.run(data.path(), &disk);
        assert_eq!((ran.acknowledged, ran.refusal), (self.steps.len(), None));
        let site = |((call, path), count): ((Call, String), u64)| {
            let chosen = move |nth: &u64| {
                let step = if count < 40 { 1 } else { 61 };
                *nth < 4 || *nth + 3 > count || nth.is_multiple_of(step)
            };
            (0..count).filter(chosen).map(move |nth| Site {
                call,
                path: path.clone(),
                nth,
            })
        };
        disk.calls().into_iter().flat_map(site).collect()
    }

    /// Opens, plays and closes on this disk, as far as it goes.
    fn run(&self, data: &Path, disk: &Faulty) -> Ran {
        let mut ran = Ran {
            struck: false,
            acknowledged: 0,
            refusal: None,
        };
        match Books::open_on(Arc::new(disk.clone()), &(self.options)(data)) {
            Err(error) => ran.refusal = Some(error.to_string()),
            Ok(books) => {
                for step in &self.steps {
                    match block_on(play(&books, step)) {
                        Ok(_) => ran.acknowledged += 1,
                        Err(why) => {
                            ran.refusal = Some(why.to_string());
                            break;
                        }
                    }
                }
                if let Err(why) = block_on(books.close()) {
                    ran.refusal.get_or_insert(why.to_string());
                }
            }
        }
        ran.struck = disk.struck();
        ran
    }

    /// One fault at one site, and the start after it.
    fn suffer(&self, plan: &Plan) -> bool {
        let data = place();
        write_contents(data.path(), &self.template);
        let disk = Faulty::new(Arc::new(Local::new(data.path())), Some(plan.clone()));
        let ran = self.run(data.path(), &disk);
        drop(disk);
        if let Some(why) = &ran.refusal {
            let file = plan.site.path.trim_end_matches(".new");
            assert!(ran.struck, "{plan:?}: {why}");
            // Where all fails after it, whoever comes first speaks.
            let named = plan.then != Then::Well || why.contains(file);
            assert!(named, "{plan:?}: the refusal does not name it: {why}");
        } else {
            assert_eq!(ran.acknowledged, self.steps.len(), "{plan:?}");
        }
        self.check_recovery(data.path(), ran.acknowledged, &format!("{plan:?}"));
        ran.struck
    }

    /// The books of `data` hold what was acknowledged, and at most the next step besides, and go
    /// on from there to the same end.
    fn check_recovery(&self, data: &Path, acknowledged: usize, when: &str) {
        let books = Books::open(&options(data)).unwrap_or_else(|e| panic!("{when}: {e}"));
        let held = sums(&books, &self.accounts);
        let end = self.steps.len().min(acknowledged + 1);
        assert!(
            self.after[acknowledged..=end].contains(&held),
            "{when}: after {acknowledged} steps: {held:?}\n{:?}",
            self.after[acknowledged]
        );
        check_chains(&books, &self.steps, when);
        for step in &self.steps[acknowledged..] {
            block_on(play(&books, step)).unwrap_or_else(|e| panic!("{when}: {e}"));
        }
        let held = sums(&books, &self.accounts);
        assert_eq!(held, self.after[self.steps.len()], "{when}: at the end");
        block_on(books.close()).unwrap_or_else(|e| panic!("{when}: {e}"));
        if self
            .template
            .values()
            .any(|(_, bytes)| bytes.len() > 1 << 20)
        {
            // Adding up a long log again each time would take longer than all the rest.
            return;
        }
        let found = audit(data, &|_| ()).unwrap_or_else(|e| panic!("{when}: {e}"));
        assert_eq!(found.differences, [""; 0], "{when}");
    }
}

fn sums(books: &Books, accounts: &[u128]) -> Sums {
    let found = block_on(books.lookup_accounts(accounts.to_vec())).expect("found");
    let sums = |a: &model::Account| {
        let sums = [
            a.debits_pending,
            a.debits_posted,
            a.credits_pending,
            a.credits_posted,
        ];
        (a.id, (sums, a.flags))
    };
    found.iter().map(sums).collect()
}

/// Of every chain all transfers are there, or none.
fn check_chains(books: &Books, steps: &[Step], when: &str) {
    for step in steps {
        let Step::Transfers(events) = step else {
            continue;
        };
        for chain in events.split_inclusive(|event| !event.has(transfer_flags::LINKED)) {
            let ids: Vec<u128> = chain.iter().map(|event| event.id).collect();
            let found = block_on(books.lookup_transfers(ids.clone())).expect("found");
            let whole = found.is_empty() || found.len() == ids.len();
            assert!(whole, "{when}: of {ids:?} only {} are there", found.len());
        }
    }
}

/// Runs `work` on a thread and gives up where it hangs.
fn within<T: Send + 'static>(what: &str, work: impl FnOnce() -> T + Send + 'static) -> T {
    let (done, wait) = channel();
    let thread = thread::spawn(move || {
        // Where nobody waits any more, the test has failed.
        let _ = done.send(work());
    });
    match wait.recv_timeout(PATIENCE) {
        Ok(value) => value,
        Err(std::sync::mpsc::RecvTimeoutError::Timeout) => panic!("{what} hangs"),
        Err(std::sync::mpsc::RecvTimeoutError::Disconnected) => {
            std::panic::resume_unwind(thread.join().expect_err("it panicked"))
        }
    }
}

/// Every `faults` at every site that `chosen` lets through.
fn suffer_all(course: Course, faults: &[(Fault, Then)], chosen: impl Fn(&Site) -> bool) {
    let course = Arc::new(course);
    let sites = {
        let course = Arc::clone(&course);
        within("the healthy run", move || course.sites())
    };
    let mut struck = 0;
    for site in sites.into_iter().filter(chosen) {
        for &(fault, then) in faults.iter().filter(|(fault, _)| fault.applies(site.call)) {
            let plan = Plan {
                site: site.clone(),
                fault,
                then,
            };
            let (course, what) = (Arc::clone(&course), format!("{plan:?}"));
            struck += usize::from(within(&what, move || course.suffer(&plan)));
        }
    }
    println!("{struck} faults");
    assert!(struck > 15, "only {struck} faults came to pass");
}

/// Imports, ledgers and accounts stand; two phases, chains, closings and expiries are played.
fn small() -> Course {
    let steps = every_kind();
    let (before, steps) = steps.split_at(7);
    let before = before.to_vec();
    let play = move |books: &Books| drop(play_all(books, &before));
    Course::new(&play, &ACCOUNTS, steps.to_vec())
}

#[test]
fn the_power_is_cut_at_any_call() {
    suffer_all(small(), &[(Fault::Refuse, Then::PowerCut)], |_| true);
}

#[test]
fn calls_that_fail_once() {
    suffer_all(
        small(),
        &[(Fault::Refuse, Then::Well), (Fault::Full, Then::Well)],
        |_| true,
    );
}

#[test]
fn writes_that_are_torn() {
    let faults = [
        (Fault::Short, Then::Killed),
        (Fault::Torn(1), Then::Killed),
        (Fault::Torn(2), Then::Killed),
        (Fault::Torn(3), Then::Well),
    ];
    suffer_all(small(), &faults, |_| true);
}

#[test]
fn syncs_that_fail_and_lose_what_was_written() {
    let faults = [(Fault::Lose, Then::Killed), (Fault::Lose, Then::Well)];
    suffer_all(small(), &faults, |_| true);
}

#[test]
fn bits_that_are_read_wrongly() {
    let faults = [1, 2, 3, 4].map(|number| (Fault::Flip(number), Then::Well));
    suffer_all(small(), &faults, |_| true);
}

/// The log stands just before the end of its first segment: frames go over into the second while
/// the third is being made.
#[test]
fn faults_where_a_segment_ends() {
    let accounts = [1, 2];
    let wide = |id: u128| Transfer {
        user_data_128: u128::MAX - id,
        user_data_64: u64::MAX,
        ..transfer(id, (1, 2), 1 << 100, 0)
    };
    let fill = move |books: &Books| {
        let history = model::account_flags::HISTORY;
        let all = accounts.iter().map(|&id| account(id, history)).collect();
        block_on(play(books, &Step::Accounts(all))).expect("taken");
        let mut next = 1;
        loop {
            let left = SEGMENT - books.stats().log_bytes;
            if left < 4 * 4_096 {
                return;
            }
            // Less than half of what is left, and some at least.
            let count = u128::from(left / 2 / 256).clamp(1, 8_000);
            let events = (next..next + count)
                .map(|id| wide((1 << 64) + id))
                .collect();
            let results = block_on(play(books, &Step::Transfers(events))).expect("taken");
            assert!(results.iter().all(|result| result.status == CREATED));
            next += count;
        }
    };
    let linked = |id| Transfer {
        flags: transfer_flags::LINKED,
        ..wide(id)
    };
    let step = |n: u128| {
        let (first, last) = (10 * n, 10 * n + 8);
        let events = (first..last).map(linked).chain([wide(last)]);
        Step::Transfers(events.collect())
    };
    let course = Course::new(&fill, &accounts, (1..=6).map(step).collect());
    let faults = [
        (Fault::Refuse, Then::PowerCut),
        (Fault::Refuse, Then::Well),
        (Fault::Torn(1), Then::Killed),
        (Fault::Short, Then::Killed),
        (Fault::Lose, Then::Killed),
    ];
    suffer_all(course, &faults, |site| {
        site.path.starts_with("log") && site.call != Call::Read
    });
}

/// A checkpoint is kept before anyone sees it, or the books stop.
#[test]
fn checkpoints_that_cannot_be_kept() {
    let signing = |data: &Path| {
        let key = SigningKey::generate("example.org/log", KeyKind::Ed25519, [5; 32]);
        let signing = Signing::new(vec![key.expect("a key")], None).expect("it signs");
        Options {
            signing: Some(Arc::new(signing)),
            ..options(data)
        }
    };
    let course = Course {
        options: signing,
        ..small()
    };
    let faults = [
        (Fault::Refuse, Then::PowerCut),
        (Fault::Refuse, Then::Well),
        (Fault::Full, Then::Well),
        (Fault::Short, Then::Killed),
        (Fault::Torn(1), Then::Killed),
        (Fault::Lose, Then::Killed),
        (Fault::Lose, Then::Well),
    ];
    suffer_all(course, &faults, |site| site.path.starts_with("checkpoint"));
}
