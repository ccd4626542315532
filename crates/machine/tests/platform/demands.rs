//! Demands for data: how they come in, who lets what leave, and when they are opened.

use machine::{Beyond, DemandEntry, DemandOpening, DocumentRefusal as Refusal, Release};
use model::document::{BudgetText, Document, EntryText, STEPS, StepText};
use model::object::{Demand, DemandState as At, Disclosure};
use sha2::{Digest, Sha256};

use crate::decisions::{AUTHORITY, COURT, OTHER, STAFF, entered, key, place, platform, signed_by};
use crate::harness::Platform;
use crate::text::moment;

const SECOND_STAFF: u128 = 45;
const SALT: [u8; 32] = [9; 32];
const WHY: &str = "What is asked is more than what the basis allows for: it names one person and \
                   one month, and so may no more than that leave.";

/// Its form is nobody's business here: the machine commits to whatever it is.
fn scope(name: &str) -> String {
    format!("counterfoil/demand/v1\nsubjects {name}\n")
}

fn sha256(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(bytes).into()
}

fn entry(serial: u64, opens: u64, scope: &str) -> EntryText {
    let mut entry = EntryText {
        serial,
        class: 1,
        basis: "Criminal Procedure Act, section 94".to_owned(),
        opens,
        commitment: [1; 32],
        reasons: "-".to_owned(),
    };
    entry.commitment = sha256(&entry.preimage(&SALT, scope));
    entry
}

fn asked_by(authority: u128, serial: u64, opens: u64) -> DemandEntry {
    let scope = scope("persons 7");
    DemandEntry {
        entry: entry(serial, opens, &scope),
        authority,
        subjects: 1,
        named: 1,
        salt: SALT,
        signature: signed_by(authority, &scope).signature,
        message: scope.clone(),
        scope,
    }
}

/// Everything but what is refused changes something.
fn unchanged<T>(
    platform: &mut Platform,
    act: impl FnOnce(&mut Platform) -> Result<T, Refusal>,
) -> Result<T, Refusal> {
    let before = platform.state.digest();
    let done = act(platform);
    if done.is_err() {
        assert_eq!(
            before,
            platform.state.digest(),
            "what is refused changes nothing"
        );
    }
    done
}

fn receive(platform: &mut Platform, new: &DemandEntry) -> Result<Demand, Refusal> {
    unchanged(platform, |platform| {
        platform.step(new.moments(), |state, _, time, sink| {
            state.enter_demand(time, new, sink)
        })
    })
}

fn open(platform: &mut Platform, opening: &DemandOpening) -> Result<Demand, Refusal> {
    unchanged(platform, |platform| {
        platform.step(opening.moments(), |state, _, time, sink| {
            state.open_demand(time, opening, sink)
        })
    })
}

fn leave(platform: &mut Platform, release: &Release) -> Result<Disclosure, Refusal> {
    unchanged(platform, |platform| {
        platform.step(Release::moments(), |state, _, time, sink| {
            state.release(time, release, sink)
        })
    })
}

fn opening(of: &DemandEntry) -> DemandOpening {
    DemandOpening {
        entry: of.entry.clone(),
        what: 0,
        salt: of.salt,
        scope: of.scope.clone(),
        message: Some((sha256(of.message.as_bytes()), of.signature)),
    }
}

fn step(by: u128, step: &str, commitment: Option<[u8; 32]>) -> StepText {
    StepText {
        by,
        demand: 1,
        step: place(STEPS, step),
        commitment: commitment.unwrap_or_default(),
        reasons: WHY.to_owned(),
        ..StepText::default()
    }
}

fn take(platform: &mut Platform, text: StepText) -> Result<(), Refusal> {
    entered(platform, &Document::Step(text)).map(drop)
}

fn extension(by: u128, until: u64) -> StepText {
    StepText {
        until,
        order: "Order 7 of the court".to_owned(),
        ..step(by, "extended", None)
    }
}

fn rows(commitment: [u8; 32]) -> Release {
    Release {
        demand: 1,
        digest: [5; 32],
        bytes: 100,
        rows: 2,
        accounts: 1,
        scope: commitment,
        proven: 3,
        until: 10,
        ..Release::default()
    }
}

fn supervised() -> Platform {
    let mut platform = platform();
    platform.created("9045 party_open party=45 kind=staff");
    let key = key(SECOND_STAFF);
    let halves = key.verifier().public_key().as_chunks::<16>().0;
    let [first, second] = [0, 1].map(|half| u128::from_le_bytes(halves[half]));
    platform.created(&format!(
        "9145 party_key_set party=45 key={first} key_more={second}"
    ));
    platform
}

fn state(platform: &Platform) -> At {
    let demand = platform.state.demand(1).expect("it is there");
    let all = [
        At::Received,
        At::Examined,
        At::ApprovedOnce,
        At::Approved,
        At::Answered,
        At::Noticed,
        At::Closed,
        At::Refused,
        At::Withdrawn,
        At::Annulled,
    ];
    all[usize::from(demand.state)]
}

/// Both approve what was asked.
fn approved(platform: &mut Platform, new: &DemandEntry) {
    receive(platform, new).expect("it comes in");
    take(platform, step(STAFF, "examined", None)).expect("it is examined");
    for by in [STAFF, SECOND_STAFF] {
        let text = step(by, "approved", Some(new.entry.commitment));
        take(platform, text).expect("it is approved");
    }
}

#[test]
fn a_sealed_demand_is_answered_opened_noticed_and_closed() {
    let mut platform = supervised();
    let new = asked_by(AUTHORITY, 1, moment("2026-06-01"));
    approved(&mut platform, &new);
    assert_eq!(state(&platform), At::Approved);
    let given = leave(&mut platform, &rows(new.entry.commitment)).expect("it leaves");
    assert_eq!((given.number, given.demand, given.rows), (1, 1, 2));
    assert_eq!(state(&platform), At::Answered);
    let told = take(&mut platform, step(STAFF, "noticed", None));
    assert_eq!(
        told,
        Err(Refusal::Sealed),
        "nobody is told of what is sealed"
    );
    let opened = open(&mut platform, &opening(&new)).expect("it is opened");
    assert!(!opened.is_sealed());
    let again = open(&mut platform, &opening(&new)).expect("it is open");
    assert_eq!(again.opened, 1);
    take(&mut platform, step(STAFF, "noticed", None)).expect("they are told");
    take(&mut platform, step(SECOND_STAFF, "closed", None)).expect("it is closed");
    assert_eq!(state(&platform), At::Closed);
    let register = platform.state.register();
    assert_eq!(
        (register.demands, register.disclosures, register.overdue),
        (1, 1, 0)
    );
    let more = leave(&mut platform, &rows(new.entry.commitment));
    assert_eq!(more, Err(Refusal::DemandState(At::Closed as u8)));
}

#[test]
fn what_does_not_come_in() {
    let mut platform = supervised();
    let later = moment("2026-06-01");
    let good = asked_by(AUTHORITY, 1, later);
    let mut check = |new: DemandEntry, why: Refusal| {
        assert_eq!(receive(&mut platform, &new), Err(why));
    };
    check(asked_by(AUTHORITY, 2, later), Refusal::Serial(0));
    check(asked_by(STAFF, 1, later), Refusal::Asker);
    check(asked_by(99, 1, later), Refusal::Asker);
    check(asked_by(AUTHORITY, 1, moment("2020-01-01")), Refusal::Opens);
    let forged = DemandEntry {
        signature: signed_by(OTHER, &good.scope).signature,
        ..good.clone()
    };
    check(forged, Refusal::Signature);
    let wider = scope("persons 7,8");
    let exchanged = DemandEntry {
        scope: wider,
        ..good.clone()
    };
    check(exchanged, Refusal::Commitment);
    let other_date = DemandEntry {
        entry: EntryText {
            opens: moment("2030-01-01"),
            ..good.entry.clone()
        },
        ..good.clone()
    };
    check(other_date, Refusal::Commitment);
    receive(&mut platform, &good).expect("it comes in");
    assert_eq!(receive(&mut platform, &good), Err(Refusal::Serial(1)));
}

#[test]
fn two_different_people_approve_the_same_scope() {
    let mut platform = supervised();
    let new = asked_by(AUTHORITY, 1, 0);
    let asked = Some(new.entry.commitment);
    let received = receive(&mut platform, &new).expect("it comes in");
    assert_eq!(received.opened, 1, "it is not sealed");
    let early = take(&mut platform, step(STAFF, "approved", asked));
    assert_eq!(early, Err(Refusal::DemandState(At::Received as u8)));
    let own = take(&mut platform, step(AUTHORITY, "examined", None));
    assert_eq!(own, Err(Refusal::NotTheirs));
    take(&mut platform, step(STAFF, "examined", None)).expect("it is examined");
    let other = take(&mut platform, step(STAFF, "approved", Some([7; 32])));
    assert_eq!(other, Err(Refusal::Commitment));
    take(&mut platform, step(STAFF, "approved", asked)).expect("it is approved");
    let text = StepText {
        reasons: "Once more, in other words.".to_owned(),
        ..step(STAFF, "approved", asked)
    };
    assert_eq!(take(&mut platform, text), Err(Refusal::SamePerson));
    let outsider = take(&mut platform, step(AUTHORITY, "approved", asked));
    assert_eq!(outsider, Err(Refusal::NotTheirs));
    let once = leave(&mut platform, &rows(new.entry.commitment));
    assert_eq!(once, Err(Refusal::DemandState(At::ApprovedOnce as u8)));
    // Less is another scope: whoever approved has to look again.
    let less = sha256(&new.entry.preimage(&[8; 32], &scope("persons 7")));
    take(&mut platform, step(STAFF, "narrowed", Some(less))).expect("it is narrowed");
    assert_eq!(state(&platform), At::Examined);
    let old = take(&mut platform, step(SECOND_STAFF, "approved", asked));
    assert_eq!(old, Err(Refusal::Commitment));
    for by in [STAFF, SECOND_STAFF] {
        take(&mut platform, step(by, "approved", Some(less))).expect("it is approved");
    }
    let wide = leave(&mut platform, &rows(new.entry.commitment));
    assert_eq!(
        wide,
        Err(Refusal::Commitment),
        "the scope that was approved"
    );
    leave(&mut platform, &rows(less)).expect("it leaves");
}

#[test]
fn a_demand_needs_a_mandate_that_holds() {
    let mut platform = supervised();
    let new = asked_by(OTHER, 1, 0);
    receive(&mut platform, &new).expect("it has a serial, whoever asks");
    take(&mut platform, step(STAFF, "examined", None)).expect("it is examined");
    let text = step(STAFF, "approved", Some(new.entry.commitment));
    assert_eq!(take(&mut platform, text), Err(Refusal::NoMandate));
    let mut curt = step(STAFF, "refused", None);
    "No.".clone_into(&mut curt.reasons);
    assert_eq!(take(&mut platform, curt), Err(Refusal::Unreasoned));
    take(&mut platform, step(STAFF, "refused", None)).expect("it is refused");
    let late = take(&mut platform, step(OTHER, "withdrawn", None));
    assert_eq!(late, Err(Refusal::DemandState(At::Refused as u8)));
    assert_eq!(platform.state.register().demands, 1, "refused ones count");
}

#[test]
fn a_seal_is_put_off_by_a_court_alone_and_shows_when_it_is_overdue() {
    let mut platform = supervised();
    let new = asked_by(AUTHORITY, 1, moment("2026-06-01"));
    receive(&mut platform, &new).expect("it comes in");
    let later = moment("2026-09-01");
    for by in [STAFF, OTHER, AUTHORITY] {
        let why = if by == OTHER {
            Refusal::NoMandate
        } else {
            Refusal::NotTheirs
        };
        assert_eq!(take(&mut platform, extension(by, later)), Err(why));
    }
    let without = StepText {
        order: String::new(),
        ..extension(COURT, later)
    };
    let refused = take(&mut platform, without);
    assert!(matches!(refused, Err(Refusal::Text(_))), "without an order");
    let earlier = extension(COURT, moment("2026-05-01"));
    assert_eq!(take(&mut platform, earlier), Err(Refusal::Opens));
    take(&mut platform, extension(COURT, later)).expect("the court says so");
    let demand = platform.state.demand(1).expect("it is there");
    assert_eq!((demand.opens, demand.extensions), (later, 1));
    platform.wait(moment("2026-08-31"));
    assert_eq!(platform.state.register().overdue, 0);
    platform.wait(moment("2026-09-02"));
    let demand = platform.state.demand(1).expect("it is there");
    assert_eq!((demand.overdue, platform.state.register().overdue), (1, 1));
    let late = take(&mut platform, extension(COURT, moment("2027-01-01")));
    assert_eq!(late, Err(Refusal::NotSealed));
    let opened = open(&mut platform, &opening(&new)).expect("late is better than never");
    assert_eq!(
        (opened.opened, opened.overdue),
        (1, 1),
        "that it was late stays"
    );
}

#[test]
fn what_is_opened_is_what_was_sealed() {
    let mut platform = supervised();
    let new = asked_by(AUTHORITY, 1, moment("2026-06-01"));
    receive(&mut platform, &new).expect("it comes in");
    let mut check = |change: &dyn Fn(&mut DemandOpening), why: Refusal| {
        let mut other = opening(&new);
        change(&mut other);
        assert_eq!(open(&mut platform, &other), Err(why));
    };
    check(&|o| o.salt[0] ^= 1, Refusal::Commitment);
    check(&|o| o.scope = scope("persons 8"), Refusal::Commitment);
    check(
        &|o| o.entry.basis = "Another".to_owned(),
        Refusal::Commitment,
    );
    check(&|o| o.entry.opens += 1_000_000_000, Refusal::Commitment);
    check(&|o| o.entry.serial = 2, Refusal::NoDemand);
    check(&|o| o.what = 1, Refusal::Sealed);
    for kind in ["entry", "opening"] {
        let text = match kind {
            "entry" => Document::Entry(entry(2, 0, "scope\n")).to_text(),
            _ => format!(
                "counterfoil/opening/v1\nserial 1\nwhat narrowed\nsalt {}\nmessage -\n\
                 signature_a -\nsignature_b -\n\nscope\n",
                "07".repeat(32)
            ),
        };
        let by_hand = crate::decisions::enter(&mut platform, &signed_by(STAFF, &text));
        assert_eq!(by_hand, Err(Refusal::Signer), "the books alone write them");
    }
}

#[test]
fn a_court_hears_an_appeal_and_nothing_leaves_meanwhile() {
    let mut platform = supervised();
    let new = asked_by(AUTHORITY, 1, 0);
    approved(&mut platform, &new);
    let stranger = take(&mut platform, step(OTHER, "appealed", None));
    assert_eq!(stranger, Err(Refusal::NotTheirs));
    take(&mut platform, step(11, "appealed", None)).expect("a person appeals");
    let meanwhile = leave(&mut platform, &rows(new.entry.commitment));
    assert_eq!(meanwhile, Err(Refusal::UnderAppeal));
    let own = take(&mut platform, step(AUTHORITY, "upheld", None));
    assert_eq!(own, Err(Refusal::NotTheirs));
    take(&mut platform, step(COURT, "annulled", None)).expect("the court ends it");
    assert_eq!(state(&platform), At::Annulled);
    let over = leave(&mut platform, &rows(new.entry.commitment));
    assert_eq!(over, Err(Refusal::DemandState(At::Annulled as u8)));
    let late = take(&mut platform, step(COURT, "upheld", None));
    assert_eq!(late, Err(Refusal::NotLodged));
}

#[test]
fn questions_about_everybody_are_paid_for_once() {
    let mut platform = supervised();
    let new = DemandEntry {
        subjects: 0,
        named: 0,
        ..asked_by(AUTHORITY, 1, 0)
    };
    approved(&mut platform, &new);
    let question = |name: u8, cost| Release {
        release: 1,
        question: [name; 32],
        cost,
        ..rows(new.entry.commitment)
    };
    let unpaid = leave(&mut platform, &question(1, 400));
    assert_eq!(unpaid, Err(Refusal::NoBudget));
    let budget = |by, thousandths| {
        Document::Budget(BudgetText {
            by,
            authority: AUTHORITY,
            thousandths,
            reasons: "So much by the order of the board.".to_owned(),
        })
    };
    let own = entered(&mut platform, &budget(COURT, 9_000));
    assert_eq!(own, Err(Refusal::Signer));
    entered(&mut platform, &budget(STAFF, 1_000)).expect("it is granted");
    let more = entered(&mut platform, &budget(SECOND_STAFF, 9_000));
    assert_eq!(more, Err(Refusal::BudgetStands));
    let first = leave(&mut platform, &question(1, 400)).expect("it is paid");
    let again = leave(&mut platform, &question(1, 400)).expect("it was paid");
    assert_eq!((first.cost, again.cost), (400, 0), "the same costs nothing");
    let dear = leave(&mut platform, &question(2, 601));
    assert_eq!(dear, Err(Refusal::Budget(600)));
    assert_eq!(
        leave(&mut platform, &question(3, 0)),
        Err(Refusal::Budget(600))
    );
    leave(&mut platform, &question(2, 600)).expect("it is paid");
    let spent = leave(&mut platform, &question(4, 1));
    assert_eq!(spent, Err(Refusal::Budget(0)));
    take(&mut platform, step(STAFF, "closed", None)).expect("there is nobody to be told");
}

#[test]
fn rows_about_everybody_need_a_law_in_the_mandate() {
    let mut platform = supervised();
    let bulk = |authority| DemandEntry {
        subjects: 0,
        named: 0,
        ..asked_by(authority, 1, 0)
    };
    let mut lawless = crate::decisions::mandate(OTHER, 1);
    lawless.bulk.clear();
    entered(&mut platform, &Document::Mandate(lawless)).expect("it is entered");
    let new = bulk(OTHER);
    approved(&mut platform, &new);
    let refused = leave(&mut platform, &rows(new.entry.commitment));
    assert_eq!(refused, Err(Refusal::Bulk));
}

#[test]
fn a_mandate_that_ended_approves_nothing() {
    let mut platform = supervised();
    let mut short = crate::decisions::mandate(AUTHORITY, 2);
    short.to = moment("2026-02-01");
    entered(&mut platform, &Document::Mandate(short)).expect("it is entered");
    let new = asked_by(AUTHORITY, 1, 0);
    receive(&mut platform, &new).expect("it comes in");
    take(&mut platform, step(STAFF, "examined", None)).expect("it is examined");
    platform.wait(moment("2026-02-02"));
    let text = step(STAFF, "approved", Some(new.entry.commitment));
    let late = take(&mut platform, text);
    assert_eq!(late, Err(Refusal::UltraVires(Beyond::Time)));
    take(&mut platform, step(AUTHORITY, "withdrawn", None)).expect("they take it back");
    assert_eq!(state(&platform), At::Withdrawn);
}
