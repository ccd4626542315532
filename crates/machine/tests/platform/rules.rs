//! Rules: what is refused, held and flagged, and what of it stays in the books.

use expect_test::expect;
use machine::{RuleBookEntry, RuleBookRefusal};
use merkle::key::{KeyKind, SigningKey};
use model::money::CurrencyCode;
use model::object::{Role, RuleVersion};
use model::rule::bytes::encode;
use model::rule::{
    Condition, Consequence, Lines, Measure, Offset, Per, Relation, Rule, RuleBook, Scope, Source,
    Tally, Term, Window, Zone,
};
use model::{
    Account, ActFacts, CommandStatus as Status, CreateTransferStatus as Sent, EventResult,
    Transfer, transfer_flags,
};

use crate::harness::{Platform, check_refusals};
use crate::text::moment;

/// The member of the staff that signs.
const SIGNER: u128 = 41;

fn key() -> SigningKey {
    SigningKey::generate("rules", KeyKind::Ed25519, [7; 32]).expect("a name and a seed")
}

fn kind(act: &str) -> u16 {
    ActFacts::named(act).expect("an act").number
}

fn wallets() -> Lines {
    Lines {
        roles: vec![Role::Wallet as u8],
        codes: Vec::new(),
    }
}

fn tally(measure: Measure, per: Per, window: Window) -> Term {
    Term::Tally(Tally {
        measure,
        per,
        window,
    })
}

/// Of payments from wallets in euros: `left` is at most `most`.
fn rule(id: &str, act: &str, (left, most): (Term, Term), then: Consequence) -> Rule {
    Rule {
        id: id.to_owned(),
        title: id.to_owned(),
        jurisdiction: "CN".to_owned(),
        source: Source {
            law: "a law".to_owned(),
            ..Source::default()
        },
        from: 0,
        to: 0,
        zone: 0,
        scope: Scope {
            kinds: vec![kind(act)],
            currency: CurrencyCode::new("EUR").map(|code| (code, 2)),
            payer: wallets(),
            ..Scope::default()
        },
        require: Condition::Compare(left, Relation::AtMost, most),
        unless: None,
        then,
    }
}

pub fn book(rules: Vec<Rule>) -> RuleBook {
    let ahead = Offset::ZERO + 8 * 60;
    RuleBook {
        zones: vec![Zone {
            name: "+08:00".to_owned(),
            offsets: vec![Offset { from: 0, ahead }],
        }],
        rules,
    }
}

fn entry(book: &RuleBook, version: u32, begins: u64) -> RuleBookEntry {
    let mut entry = RuleBookEntry {
        bytes: encode(book),
        version,
        begins,
        party: SIGNER,
        signature: [0; 64],
    };
    let signature = key().sign_note_text(&entry.note_text());
    let bytes = signature.expect("a note").bytes;
    entry.signature = bytes.try_into().expect("64 bytes");
    entry
}

pub fn enter(
    platform: &mut Platform,
    entry: &RuleBookEntry,
) -> Result<RuleVersion, RuleBookRefusal> {
    platform.step(entry.moments(), |state, _, time, sink| {
        state.enter_rule_book(time, entry, sink)
    })
}

/// Books in which the signer has a key and customer 11 has money.
fn platform() -> Platform {
    let mut platform = Platform::new();
    let key = key();
    let halves = key.verifier().public_key().as_chunks::<16>().0;
    let [first, second] = [0, 1].map(|half| u128::from_le_bytes(halves[half]));
    platform.created("9001 party_open party=41 kind=staff");
    platform.created(&format!(
        "9002 party_key_set party=41 key={first} key_more={second}"
    ));
    platform.created("9003 top_up party=11 ledger=978 amount=5000.00 funding=bank");
    platform
}

pub fn daily(act: &str, most: u128, then: Consequence) -> Rule {
    let sum = tally(Measure::Sum, Per::Party, Window::Day);
    rule("daily", act, (sum, Term::Money(most)), then)
}

/// A limit of a day: at it, above it, again under the same id after midnight of its time zone, which
/// is 16:00 here. What is paid back in full counts all the same; what was held and let go does not.
#[test]
fn a_limit_of_a_day() {
    let mut platform = platform();
    let rules = vec![
        daily("pay", 50_000, Consequence::Refuse),
        daily("hold", 50_000, Consequence::Refuse),
    ];
    let mut rules = book(rules);
    rules.rules[1].id = "holds".to_owned();
    enter(&mut platform, &entry(&rules, 1, 0)).expect("it is entered");
    let transcript = platform.run(
        "
        1 pay payer=11 payee=12 ledger=978 amount=370.00
        2 pay payer=11 payee=12 ledger=978 amount=130.01
        3 pay payer=11 payee=12 ledger=978 amount=130.00
        4 pay payer=11 payee=12 ledger=978 amount=0.01
        2 pay payer=11 payee=12 ledger=978 amount=130.01
        until 2026-01-05T15:59:59
        4 pay payer=11 payee=12 ledger=978 amount=0.01
        until 2026-01-05T16:00:00
        2 pay payer=11 payee=12 ledger=978 amount=130.01
        5 hold payer=11 payee=21 ledger=978 amount=400.00
        6 hold payer=11 payee=21 ledger=978 amount=200.00
        7 release hold=5
        6 hold payer=11 payee=21 ledger=978 amount=200.00
        8 capture hold=6 ledger=978 amount=50.00
        9 hold payer=11 payee=21 ledger=978 amount=300.01
        10 hold payer=11 payee=21 ledger=978 amount=300.00
        ",
    );
    expect![[r#"
        1 pay payer=11 payee=12 ledger=978 amount=370.00
          created
          Dr wallet[11] 370.00 / Cr wallet[12]
          payment 1: payer=11 payee=12 ledger=978 amount=37000
        2 pay payer=11 payee=12 ledger=978 amount=130.01
          refused_by_rule, finding 1
          finding 2/1: version=1 party=11 kind=32 ledger=978 amount=13001 used=37000 limit=50000 again=2026-01-05T16:00:00
        3 pay payer=11 payee=12 ledger=978 amount=130.00
          created
          Dr wallet[11] 130.00 / Cr wallet[12]
          payment 3: payer=11 payee=12 ledger=978 amount=13000
        4 pay payer=11 payee=12 ledger=978 amount=0.01
          refused_by_rule, finding 2
          finding 4/2: version=1 party=11 kind=32 ledger=978 amount=1 used=50000 limit=50000 again=2026-01-05T16:00:00
        2 pay payer=11 payee=12 ledger=978 amount=130.01
          refused_by_rule, finding 3
          finding 2/3: version=1 party=11 kind=32 ledger=978 amount=13001 used=50000 limit=50000 again=2026-01-05T16:00:00
        until 2026-01-05T15:59:59
        4 pay payer=11 payee=12 ledger=978 amount=0.01
          refused_by_rule, finding 4
          finding 4/4: version=1 party=11 kind=32 ledger=978 amount=1 used=50000 limit=50000 again=2026-01-05T16:00:00
        until 2026-01-05T16:00:00
        2 pay payer=11 payee=12 ledger=978 amount=130.01
          created
          Dr wallet[11] 130.01 / Cr wallet[12]
          payment 2: payer=11 payee=12 ledger=978 amount=13001
        5 hold payer=11 payee=21 ledger=978 amount=400.00
          created
          hold Dr wallet[11] 400.00 / Cr seller[21]
          hold 5: payer=11 payee=21 ledger=978 amount=40000 pending=own
        6 hold payer=11 payee=21 ledger=978 amount=200.00
          refused_by_rule, finding 5
          finding 6/5: version=1 rule=1 party=11 kind=38 ledger=978 amount=20000 used=40000 limit=50000 again=2026-01-06T16:00:00
        7 release hold=5
          created
          void Dr wallet[11] 400.00 / Cr seller[21]
          hold 5: state=released pending=0
        6 hold payer=11 payee=21 ledger=978 amount=200.00
          created
          hold Dr wallet[11] 200.00 / Cr seller[21]
          hold 6: payer=11 payee=21 ledger=978 amount=20000 pending=own
        8 capture hold=6 ledger=978 amount=50.00
          created
          post Dr wallet[11] 50.00 / Cr seller[21]
          hold Dr wallet[11] 150.00 / Cr seller[21]
          hold 6: captured=5000 pending=own
        9 hold payer=11 payee=21 ledger=978 amount=300.01
          refused_by_rule, finding 6
          finding 9/6: version=1 rule=1 party=11 kind=38 ledger=978 amount=30001 used=20000 limit=50000 again=2026-01-06T16:00:00
        10 hold payer=11 payee=21 ledger=978 amount=300.00
          created
          hold Dr wallet[11] 300.00 / Cr seller[21]
          hold 10: payer=11 payee=21 ledger=978 amount=30000 pending=own
    "#]].assert_eq(&transcript);
}

/// What is held for review is made once it is allowed, and not before; what is flagged is made.
#[test]
fn review_and_flags() {
    let mut platform = platform();
    let pair = tally(Measure::Count, Per::Pair, Window::Day);
    let rules = vec![
        rule(
            "big",
            "withdraw",
            (Term::Amount, Term::Money(100_000)),
            Consequence::Hold,
        ),
        rule("often", "pay", (pair, Term::Number(2)), Consequence::Flag),
    ];
    enter(&mut platform, &entry(&book(rules), 1, 0)).expect("it is entered");
    let transcript = platform.run(
        "
        1 withdraw party=11 ledger=978 amount=1000.00
        2 withdraw party=11 ledger=978 amount=1000.01
        2 withdraw party=11 ledger=978 amount=1000.01
        3 finding_review command=2 number=9 outcome=allow
        3 finding_review command=2 number=1 outcome=allow
        2 withdraw party=11 ledger=978 amount=1000.01
        2 withdraw party=11 ledger=978 amount=1000.01
        4 withdraw party=11 ledger=978 amount=1000.02
        5 finding_review command=4 number=2 outcome=decline
        6 finding_review command=4 number=2 outcome=allow
        10 pay payer=11 payee=12 ledger=978 amount=1.00
        11 pay payer=11 payee=12 ledger=978 amount=1.00
        12 pay payer=11 payee=13 ledger=978 amount=1.00
        13 pay payer=11 payee=12 ledger=978 amount=1.00
        ",
    );
    expect![[r#"
        1 withdraw party=11 ledger=978 amount=1000.00
          created
          Dr wallet[11] 1000.00 / Cr safe
        2 withdraw party=11 ledger=978 amount=1000.01
          held_for_review, finding 1
          finding 2/1: version=1 then=hold state=open party=11 kind=31 ledger=978 amount=100001 used=100001 limit=100000
        2 withdraw party=11 ledger=978 amount=1000.01
          held_for_review, finding 1
        3 finding_review command=2 number=9 outcome=allow
          finding_not_found (number)
        3 finding_review command=2 number=1 outcome=allow
          created
          finding 2/1: state=allowed
        2 withdraw party=11 ledger=978 amount=1000.01
          created
          Dr wallet[11] 1000.01 / Cr safe
          finding 2/1: state=used
        2 withdraw party=11 ledger=978 amount=1000.01
          exists
        4 withdraw party=11 ledger=978 amount=1000.02
          held_for_review, finding 2
          finding 4/2: version=1 then=hold state=open party=11 kind=31 ledger=978 amount=100002 used=100002 limit=100000
        5 finding_review command=4 number=2 outcome=decline
          created
          finding 4/2: state=declined
        6 finding_review command=4 number=2 outcome=allow
          finding_not_found (number)
        10 pay payer=11 payee=12 ledger=978 amount=1.00
          created
          Dr wallet[11] 1.00 / Cr wallet[12]
          payment 10: payer=11 payee=12 ledger=978 amount=100
        11 pay payer=11 payee=12 ledger=978 amount=1.00
          created
          Dr wallet[11] 1.00 / Cr wallet[12]
          payment 11: payer=11 payee=12 ledger=978 amount=100
        12 pay payer=11 payee=13 ledger=978 amount=1.00
          created
          Dr wallet[11] 1.00 / Cr wallet[13]
          payment 12: payer=11 payee=13 ledger=978 amount=100
        13 pay payer=11 payee=12 ledger=978 amount=1.00
          created
          Dr wallet[11] 1.00 / Cr wallet[12]
          payment 13: payer=11 payee=12 ledger=978 amount=100
          finding 13/3: version=1 rule=1 then=flag party=11 kind=32 ledger=978 amount=100 used=2 limit=2 again=2026-01-05T16:00:00
    "#]].assert_eq(&transcript);
}

/// A version is in force from its moment on, and what was counted before it was counts on.
#[test]
fn versions_follow_each_other() {
    let mut platform = platform();
    let first = book(vec![daily("pay", 10_000, Consequence::Refuse)]);
    let second = book(vec![daily("pay", 20_000, Consequence::Refuse)]);
    enter(&mut platform, &entry(&first, 1, 0)).expect("it is entered");
    let noon = moment("2026-01-05T12:00:00");
    enter(&mut platform, &entry(&second, 2, noon)).expect("it is entered");
    let transcript = platform.run(
        "
        1 pay payer=11 payee=12 ledger=978 amount=100.00
        2 pay payer=11 payee=12 ledger=978 amount=100.00
        until 2026-01-05T12:00:00
        2 pay payer=11 payee=12 ledger=978 amount=100.00
        3 pay payer=11 payee=12 ledger=978 amount=0.01
        ",
    );
    expect![[r#"
        1 pay payer=11 payee=12 ledger=978 amount=100.00
          created
          Dr wallet[11] 100.00 / Cr wallet[12]
          payment 1: payer=11 payee=12 ledger=978 amount=10000
        2 pay payer=11 payee=12 ledger=978 amount=100.00
          refused_by_rule, finding 1
          finding 2/1: version=1 party=11 kind=32 ledger=978 amount=10000 used=10000 limit=10000 again=2026-01-05T16:00:00
        until 2026-01-05T12:00:00
        2 pay payer=11 payee=12 ledger=978 amount=100.00
          created
          Dr wallet[11] 100.00 / Cr wallet[12]
          payment 2: payer=11 payee=12 ledger=978 amount=10000
        3 pay payer=11 payee=12 ledger=978 amount=0.01
          refused_by_rule, finding 2
          finding 3/2: version=2 party=11 kind=32 ledger=978 amount=1 used=20000 limit=20000 again=2026-01-05T16:00:00
    "#]].assert_eq(&transcript);
    let in_force = platform
        .state
        .rule_book_at(noon - 1)
        .map(|(head, _)| head.version);
    assert_eq!(in_force, Some(1));
    let none = book(Vec::new());
    enter(&mut platform, &entry(&none, 3, 0)).expect("it is entered");
    assert_eq!(
        platform.state.tallies(),
        1,
        "version 2 counts until 3 is followed"
    );
    enter(&mut platform, &entry(&none, 4, 0)).expect("it is entered");
    assert_eq!(platform.state.tallies(), 0, "nobody counts any more");
    platform.created("4 pay payer=11 payee=12 ledger=978 amount=500.00");
}

/// Client money has to be covered: what wallets are owed and sellers are.
#[test]
fn sums_of_classes() {
    let mut platform = platform();
    let lines = |roles: &[Role]| Lines {
        roles: roles.iter().map(|role| *role as u8).collect(),
        codes: Vec::new(),
    };
    let owed = Term::Owed(lines(&[Role::Wallet, Role::Seller]));
    let held = Term::Held(lines(&[Role::Safe]));
    let mut reserve = rule("reserve", "pay", (owed, held), Consequence::Refuse);
    reserve.scope.payer = Lines::default();
    enter(&mut platform, &entry(&book(vec![reserve]), 1, 0)).expect("it is entered");
    let transcript = platform.run(
        "
        1 pay payer=11 payee=12 ledger=978 amount=1.00
        2 journal_post ledger=978 amount=0.01 debit_code=1010 credit_code=1000
        3 pay payer=11 payee=12 ledger=978 amount=1.00
        4 journal_post ledger=978 amount=0.01 debit_code=1000 credit_code=1010
        3 pay payer=11 payee=12 ledger=978 amount=1.00
        ",
    );
    expect![[r#"
        1 pay payer=11 payee=12 ledger=978 amount=1.00
          created
          Dr wallet[11] 1.00 / Cr wallet[12]
          payment 1: payer=11 payee=12 ledger=978 amount=100
        2 journal_post ledger=978 amount=0.01 debit_code=1010 credit_code=1000
          created
          Dr own 0.01 / Cr safe
        3 pay payer=11 payee=12 ledger=978 amount=1.00
          refused_by_rule, finding 1
          finding 3/1: version=1 party=11 kind=32 ledger=978 amount=100 used=500000 limit=499999
        4 journal_post ledger=978 amount=0.01 debit_code=1000 credit_code=1010
          created
          Dr safe 0.01 / Cr own
        3 pay payer=11 payee=12 ledger=978 amount=1.00
          created
          Dr wallet[11] 1.00 / Cr wallet[12]
          payment 3: payer=11 payee=12 ledger=978 amount=100
    "#]]
    .assert_eq(&transcript);
}

/// Who is not known, has no key, or signs something else enters nothing; nor does the past.
#[test]
fn what_is_not_entered() {
    let mut platform = platform();
    let rules = book(vec![daily("pay", 1, Consequence::Refuse)]);
    let good = entry(&rules, 1, 0);
    let mut check = |entry: RuleBookEntry, why: RuleBookRefusal| {
        let before = platform.state.digest();
        assert_eq!(enter(&mut platform, &entry), Err(why));
        assert_eq!(platform.state.digest(), before, "nothing is changed");
    };
    let entered = |change: &dyn Fn(&mut RuleBookEntry)| {
        let mut entry = good.clone();
        change(&mut entry);
        entry
    };
    check(entered(&|e| e.party = 11), RuleBookRefusal::Signer);
    check(entered(&|e| e.party = 99), RuleBookRefusal::Signer);
    check(entered(&|e| e.version = 2), RuleBookRefusal::Version(0));
    check(entered(&|e| e.begins = 1), RuleBookRefusal::Begins);
    check(
        entered(&|e| e.begins = u64::MAX),
        RuleBookRefusal::Signature,
    );
    check(
        entered(&|e| e.signature[9] ^= 1),
        RuleBookRefusal::Signature,
    );
    let other = encode(&book(Vec::new()));
    check(
        entered(&|e| e.bytes.clone_from(&other)),
        RuleBookRefusal::Signature,
    );
    platform.created("1 party_open party=42 kind=authority");
    let before = platform.state.digest();
    let mut unkeyed = good.clone();
    unkeyed.party = 42;
    assert_eq!(enter(&mut platform, &unkeyed), Err(RuleBookRefusal::Key));
    assert_eq!(platform.state.digest(), before);
    let there = enter(&mut platform, &good).expect("it is entered");
    assert_eq!(enter(&mut platform, &good), Ok(there), "the same again");
    platform.created("2 party_state party=41 state=frozen reason=suspicion");
    let next = entry(&rules, 2, 0);
    assert_eq!(enter(&mut platform, &next), Err(RuleBookRefusal::Signer));
}

#[test]
fn reviews_figures_and_keys_refused() {
    check_refusals(
        "
        1 finding_review command=1 number=1 outcome=allow
        1 figure_set value=1 day=2026-01-01
        1 party_key_set party=99 key=1
        1 party_key_set party=11
        ",
        &[Status::FindingNotFound],
        &expect![[r#"
            213 finding_not_found (number): 1 finding_review command=1 number=1 outcome=allow
            20  value_out_of_range (name): 1 figure_set value=1 day=2026-01-01
            30  party_not_found (party): 1 party_key_set party=99 key=1
            20  value_out_of_range (key): 1 party_key_set party=11
        "#]],
    );
}

/// Raw transfers are judged by their accounts: what a rule refuses does not use up the id, breaks
/// its chain, and what is flagged beyond what a batch takes is not let through.
#[test]
fn raw_transfers() {
    const LIMITED: u16 = 700;
    const FLAGGED: u16 = 701;
    const HELD: u16 = 702;
    let mut platform = platform();
    let account = tally(Measure::Sum, Per::Account, Window::Month);
    let any = |id: &str, code, (left, most), then| {
        let mut rule = rule(id, "pay", (left, most), then);
        rule.scope.kinds = vec![code];
        rule.scope.payer = Lines::default();
        rule
    };
    let one = || (Term::Amount, Term::Money(0));
    let rules = vec![
        any(
            "month",
            LIMITED,
            (account, Term::Money(100)),
            Consequence::Refuse,
        ),
        any("all", FLAGGED, one(), Consequence::Report),
        any("each", HELD, one(), Consequence::Hold),
    ];
    enter(&mut platform, &entry(&book(rules), 1, 0)).expect("it is entered");
    let accounts = [1, 2].map(|id| Account {
        id,
        ledger: 978,
        code: 10,
        ..Account::default()
    });
    let mut results = Vec::new();
    platform.step(2, |state, past, time, sink| {
        state.create_accounts(past, time, &accounts, sink, &mut results);
    });
    let transfer = |id, amount, code| Transfer {
        id,
        debit_account_id: 1,
        credit_account_id: 2,
        amount,
        ledger: 978,
        code,
        ..Transfer::default()
    };
    let linked = |transfer: Transfer| Transfer {
        flags: transfer_flags::LINKED,
        ..transfer
    };
    let send = |platform: &mut Platform, events: &[Transfer]| {
        let mut results = Vec::new();
        platform.step(events.len(), |state, past, time, sink| {
            state.create_transfers(past, time, events, sink, &mut results);
        });
        let name = |code| Sent::from_code(code).expect("a status").name();
        let told = |result: &EventResult| (name(result.status), result.reserved);
        results.iter().map(told).collect::<Vec<_>>()
    };
    let first = [
        linked(transfer(11, 60, LIMITED)),
        transfer(12, 41, LIMITED),
        transfer(11, 60, LIMITED),
        transfer(12, 41, LIMITED),
        transfer(12, 40, LIMITED),
    ];
    assert_eq!(
        send(&mut platform, &first),
        [
            ("linked_event_failed", 0),
            ("refused_by_rule", 1),
            ("created", 0),
            ("refused_by_rule", 2),
            ("created", 0),
        ]
    );
    let held = [transfer(20, 1, HELD), transfer(20, 1, HELD)];
    let told = send(&mut platform, &held);
    assert_eq!(told, [("held_for_review", 3); 2]);
    platform.created("9100 finding_review command=20 number=3 outcome=allow");
    // What was allowed is this payment and no other under its id.
    let more = [transfer(20, 2, HELD)];
    assert_eq!(send(&mut platform, &more), [("held_for_review", 4)]);
    platform.created("9101 finding_review command=20 number=4 outcome=decline");
    assert_eq!(send(&mut platform, &more), [("refused_by_rule", 4)]);
    assert_eq!(send(&mut platform, &held[..1]), [("created", 0)]);
    let flagged: Vec<_> = (0..1_030)
        .map(|n| transfer(1_000 + n, 1, FLAGGED))
        .collect();
    let told = send(&mut platform, &flagged);
    assert!(told[..1_024].iter().all(|told| *told == ("created", 0)));
    assert!(told[1_024..].iter().all(|told| told.0 == "findings_full"));
}
