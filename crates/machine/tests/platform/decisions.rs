//! Decisions of authorities: what they stop, freeze and cap, and how they end.

use std::fmt::Write as _;

use expect_test::{Expect, expect};
use machine::{DocumentRefusal as Refusal, SignedDocument};
use merkle::key::{KeyKind, SigningKey};
use model::document::{AppealText, DecisionText, Document, FulfilmentText, MandateText};
use model::fine::METHODS;
use model::form::text_to_integer;
use model::object::{
    DECISION_KINDS, DocumentHead, MEASURES, OUTCOMES_OF_APPEALS, SIDES, WINDOWS_OF_CAPS,
};
use model::product::PRODUCTS;
use model::rule::Offset;

use crate::harness::Platform;
use crate::text::moment;

pub const STAFF: u128 = 41;
pub const AUTHORITY: u128 = 42;
pub const COURT: u128 = 43;
/// An authority without a mandate.
pub const OTHER: u128 = 44;

const REASONS: &str = "The products of the addressee grew faster than its own funds, and its \
                       customers bear what it does not.";

pub fn key(party: u128) -> SigningKey {
    SigningKey::generate("party", KeyKind::Ed25519, [party as u8; 32]).expect("a name and a seed")
}

pub fn signed_by(party: u128, text: &str) -> SignedDocument {
    let signature = key(party).sign_note_text(text).expect("a note");
    SignedDocument {
        text: text.to_owned(),
        signature: signature.bytes.try_into().expect("64 bytes"),
    }
}

pub fn signed(document: &Document) -> SignedDocument {
    signed_by(document.signer(), &document.to_text())
}

pub fn enter(platform: &mut Platform, signed: &SignedDocument) -> Result<DocumentHead, Refusal> {
    let before = platform.state.digest();
    let entered = platform.step(signed.moments(), |state, _, time, sink| {
        state.enter_document(time, signed, sink)
    });
    if entered.is_err() {
        let kept = before == platform.state.digest();
        assert!(kept, "what is refused changes nothing");
    }
    entered
}

pub fn entered(platform: &mut Platform, document: &Document) -> Result<DocumentHead, Refusal> {
    enter(platform, &signed(document))
}

/// The place of a name.
pub fn place(names: &[&str], name: &str) -> u8 {
    let place = names.iter().position(|known| *known == name);
    place.expect("it is a name") as u8
}

pub fn jurisdiction(name: &str) -> u128 {
    text_to_integer(name).expect("it is short")
}

pub fn mandate(authority: u128, number: u32) -> MandateText {
    MandateText {
        authority,
        number,
        by: STAFF,
        law: "Law on the People's Bank".to_owned(),
        jurisdiction: jurisdiction("CN"),
        court: u8::from(authority == COURT),
        decides: if authority == COURT { 0 } else { 0b111_1111 },
        products: 0b111_1110,
        bulk: vec!["Anti-Money Laundering Law 25".to_owned()],
        reasons: "Entered as the law asks.".to_owned(),
        ..MandateText::default()
    }
}

/// A decision on everybody, that can be appealed where it is a burden.
pub fn decision(number: u64, kind: &str) -> DecisionText {
    let mut text = DecisionText {
        authority: AUTHORITY,
        number,
        kind: place(DECISION_KINDS, kind),
        law: "Anti-Monopoly Law".to_owned(),
        article: "47".to_owned(),
        jurisdiction: jurisdiction("CN"),
        reasons: REASONS.to_owned(),
        ..DecisionText::default()
    };
    if ["veto", "restriction", "fine"].contains(&kind) {
        text.appeal_until = moment("2026-03-01");
        text.appeal_to = COURT;
    }
    text
}

pub fn restriction(number: u64, measure: &str, product: &str) -> DecisionText {
    DecisionText {
        measure: place(MEASURES, measure),
        product: place(PRODUCTS, product),
        ..decision(number, "restriction")
    }
}

pub fn cap(number: u64, (of, window): (&str, &str), amount: u128) -> DecisionText {
    DecisionText {
        of: place(SIDES, of),
        window: place(WINDOWS_OF_CAPS, window),
        zone: Offset::ZERO + 8 * 60,
        ledger: 978,
        amount,
        ..restriction(number, "cap", "payment")
    }
}

/// Four percent of the sales of the year before.
pub fn fine(number: u64) -> DecisionText {
    DecisionText {
        ledger: 978,
        amount: 1_822_800_000_000,
        method: place(METHODS, "share_of_sales"),
        base: 45_571_200_000_000,
        share: 40,
        unit: 100_000_000,
        ..decision(number, "fine")
    }
}

pub fn lifting(number: u64, lifts: u64) -> DecisionText {
    DecisionText {
        lifts,
        ..decision(number, "lifting")
    }
}

pub fn appeal(by: u128, number: u64, outcome: &str) -> Document {
    Document::Appeal(AppealText {
        by,
        authority: AUTHORITY,
        number,
        outcome: place(OUTCOMES_OF_APPEALS, outcome),
        reasons: REASONS.to_owned(),
    })
}

pub fn fulfilment(by: u128, number: u64) -> Document {
    Document::Fulfilment(FulfilmentText {
        by,
        authority: AUTHORITY,
        number,
        sha256: [7; 32],
        reasons: "The report of the auditor is attached.".to_owned(),
    })
}

/// Books in which all have keys, the authority and the court a mandate, and customer 11 money.
pub fn platform() -> Platform {
    let mut platform = Platform::new();
    platform.created("9041 party_open party=41 kind=staff");
    for authority in [AUTHORITY, COURT, OTHER] {
        platform.created(&format!(
            "90{authority} party_open party={authority} kind=authority"
        ));
    }
    for party in [STAFF, AUTHORITY, COURT, OTHER, 11, 12, 13, 21] {
        let key = key(party);
        let halves = key.verifier().public_key().as_chunks::<16>().0;
        let [first, second] = [0, 1].map(|half| u128::from_le_bytes(halves[half]));
        platform.created(&format!(
            "91{party} party_key_set party={party} key={first} key_more={second}"
        ));
    }
    for authority in [AUTHORITY, COURT] {
        let mandate = Document::Mandate(mandate(authority, 1));
        entered(&mut platform, &mandate).expect("it is entered");
    }
    platform.created("9301 top_up party=11 ledger=978 amount=5000.00 funding=bank");
    platform.created("9302 top_up party=12 ledger=978 amount=5000.00 funding=bank");
    platform.story(0);
    platform
}

/// What is entered, and what is asked, one after the other.
#[allow(clippy::large_enum_variant, reason = "there are a few")]
enum Step {
    Enter(&'static str, Document),
    Run(&'static str),
}

use Step::{Enter, Run};

fn decided(says: &'static str, text: DecisionText) -> Step {
    Enter(says, Document::Decision(text))
}

/// Runs all steps; compares the transcript, heads of documents and mandates aside.
fn check(steps: &[Step], expect: &Expect) {
    let mut platform = platform();
    let mut out = String::new();
    for step in steps {
        match step {
            Run(script) => out += &platform.run(script),
            Enter(says, document) => {
                let first = platform.records.len();
                let result = entered(&mut platform, document);
                let _ = writeln!(out, "{says}");
                if let Err(refusal) = result {
                    let _ = writeln!(out, "  {refusal}");
                }
                let story = platform.story(first);
                let shown = |line: &&str| {
                    !line.starts_with("  document ") && !line.starts_with("  mandate ")
                };
                for line in story.lines().filter(shown) {
                    let _ = writeln!(out, "{line}");
                }
            }
        }
    }
    expect.assert_eq(&out);
}

/// From its beginning to its end, whenever time gets round to say so. What it does not name goes on.
#[test]
fn a_product_is_stopped_for_a_time() {
    let stop = DecisionText {
        from: moment("2026-01-05T12:00:00"),
        to: moment("2026-01-07T12:00:00"),
        ..restriction(1, "stop", "payment")
    };
    check(
        &[
            Run("
                9 calendar_set calendar=7
                1 schedule payer=11 payee=12 ledger=978 amount=1.00 rule=days every=1 first_day=2026-01-06 calendar=7
            "),
            decided("payments are stopped for two days, those of standing orders too", stop),
            Run("
                2 pay payer=11 payee=12 ledger=978 amount=1.00
                3 hold payer=11 payee=21 ledger=978 amount=9.00
                until 2026-01-05T12:00:00
                4 pay payer=11 payee=12 ledger=978 amount=1.00
                5 capture hold=3 ledger=978 amount=9.00
                6 withdraw party=11 ledger=978 amount=1.00
                until 2026-01-07T11:59:59
                4 pay payer=11 payee=12 ledger=978 amount=1.00
                until 2026-01-07T12:00:00
                4 pay payer=11 payee=12 ledger=978 amount=1.00
            "),
        ],
        &expect![[r#"
            9 calendar_set calendar=7
              created
              calendar 7:
            1 schedule payer=11 payee=12 ledger=978 amount=1.00 rule=days every=1 first_day=2026-01-06 calendar=7
              created
              schedule 1: payer=11 payee=12 ledger=978 amount=100 calendar=7 rule=days every=1 first_day=2026-01-06 deadline=2026-01-07T00:00:00
            payments are stopped for two days, those of standing orders too
              decision 42/1: kind=restriction document=3 product=payment measure=stop begins=2026-01-05T12:00:00 ends=2026-01-07T12:00:00 appeal_to=43 appeal_until=2026-03-01T00:00:00
            2 pay payer=11 payee=12 ledger=978 amount=1.00
              created
              Dr wallet[11] 1.00 / Cr wallet[12]
              payment 2: payer=11 payee=12 ledger=978 amount=100
            3 hold payer=11 payee=21 ledger=978 amount=9.00
              created
              hold Dr wallet[11] 9.00 / Cr seller[21]
              hold 3: payer=11 payee=21 ledger=978 amount=900 pending=own
            until 2026-01-05T12:00:00
              at 2026-01-05T12:00:00
              decision 42/1: state=in_force
            4 pay payer=11 payee=12 ledger=978 amount=1.00
              refused_by_rule, finding 1
              finding 4/1: party=11 kind=32 ledger=978 amount=100 again=2026-01-07T12:00:00 authority=42 decision=1
            5 capture hold=3 ledger=978 amount=9.00
              created
              post Dr wallet[11] 9.00 / Cr seller[21]
              hold 3: captured=900 state=captured pending=0
            6 withdraw party=11 ledger=978 amount=1.00
              created
              Dr wallet[11] 1.00 / Cr safe
            until 2026-01-07T11:59:59
              at 2026-01-07T00:00:00
              schedule 1: runs=1 failed=1 last_status=210 deadline=2026-01-08T00:00:00
              finding 1/2: party=11 kind=1 ledger=978 amount=100 again=2026-01-07T12:00:00 authority=42 decision=1
            4 pay payer=11 payee=12 ledger=978 amount=1.00
              refused_by_rule, finding 3
              finding 4/3: party=11 kind=32 ledger=978 amount=100 again=2026-01-07T12:00:00 authority=42 decision=1
            until 2026-01-07T12:00:00
              at 2026-01-07T12:00:00
              decision 42/1: state=ended
            4 pay payer=11 payee=12 ledger=978 amount=1.00
              created
              Dr wallet[11] 1.00 / Cr wallet[12]
              payment 4: payer=11 payee=12 ledger=978 amount=100
        "#]],
    );
}

/// A party is stopped on both sides, and others are not.
#[test]
fn a_product_is_stopped_for_a_party() {
    let stop = DecisionText {
        addressee: 12,
        ..restriction(1, "stop", "payment")
    };
    check(
        &[
            decided("payments of 12 are stopped", stop),
            Run("
                1 pay payer=11 payee=12 ledger=978 amount=1.00
                2 pay payer=12 payee=11 ledger=978 amount=1.00
                3 pay payer=11 payee=13 ledger=978 amount=1.00
            "),
            decided("that is lifted", lifting(2, 1)),
            Run("2 pay payer=12 payee=11 ledger=978 amount=1.00"),
            decided("and cannot be again", lifting(3, 1)),
        ],
        &expect![[r#"
            payments of 12 are stopped
              decision 42/1: kind=restriction state=in_force addressee=12 document=3 product=payment measure=stop begins=2026-01-05T00:00:00 appeal_to=43 appeal_until=2026-03-01T00:00:00
            1 pay payer=11 payee=12 ledger=978 amount=1.00
              refused_by_rule, finding 1
              finding 1/1: party=12 kind=32 ledger=978 amount=100 authority=42 decision=1
            2 pay payer=12 payee=11 ledger=978 amount=1.00
              refused_by_rule, finding 2
              finding 2/2: party=12 kind=32 ledger=978 amount=100 authority=42 decision=1
            3 pay payer=11 payee=13 ledger=978 amount=1.00
              created
              Dr wallet[11] 1.00 / Cr wallet[13]
              payment 3: payer=11 payee=13 ledger=978 amount=100
            that is lifted
              decision 42/2: kind=lifting state=ended document=4 lifts=1 begins=2026-01-05T00:00:00
              decision 42/1: state=lifted
            2 pay payer=12 payee=11 ledger=978 amount=1.00
              created
              Dr wallet[12] 1.00 / Cr wallet[11]
              payment 2: payer=12 payee=11 ledger=978 amount=100
            and cannot be again
              the decision does not hold any more
        "#]],
    );
}

/// Nobody lets go whom a decision has frozen; whoever was frozen for another reason stays so.
#[test]
fn parties_are_frozen() {
    let freeze = |number, addressee| DecisionText {
        addressee,
        ..restriction(number, "freeze", "none")
    };
    let later = DecisionText {
        to: moment("2026-01-07"),
        ..freeze(3, 11)
    };
    check(
        &[
            Run("1 party_state party=12 state=frozen reason=suspicion"),
            decided("11 is frozen", freeze(1, 11)),
            decided("12 is frozen", freeze(2, 12)),
            decided("11 is frozen again, for two days", later),
            Run("
                2 pay payer=11 payee=13 ledger=978 amount=1.00
                3 party_state party=11 state=active reason=resolved
                3 party_state party=11 state=closed reason=own_wish
            "),
            decided("1 is lifted", lifting(4, 1)),
            decided("2 is lifted", lifting(5, 2)),
            Run("
                3 party_state party=11 state=active reason=resolved
                until 2026-01-07
                4 pay payer=11 payee=13 ledger=978 amount=1.00
                5 party_state party=12 state=active reason=resolved
            "),
        ],
        &expect![[r#"
            1 party_state party=12 state=frozen reason=suspicion
              created
              party 12: state=frozen reason=suspicion
            11 is frozen
              decision 42/1: kind=restriction state=in_force addressee=11 document=3 measure=freeze begins=2026-01-05T00:00:00 appeal_to=43 appeal_until=2026-03-01T00:00:00
              party 11: state=frozen reason=authority_order
            12 is frozen
              decision 42/2: kind=restriction state=in_force addressee=12 document=4 measure=freeze begins=2026-01-05T00:00:00 appeal_to=43 appeal_until=2026-03-01T00:00:00
            11 is frozen again, for two days
              decision 42/3: kind=restriction state=in_force addressee=11 document=5 measure=freeze begins=2026-01-05T00:00:00 ends=2026-01-07T00:00:00 appeal_to=43 appeal_until=2026-03-01T00:00:00
            2 pay payer=11 payee=13 ledger=978 amount=1.00
              party_frozen (payer)
            3 party_state party=11 state=active reason=resolved
              party_frozen_by_decision (party)
            3 party_state party=11 state=closed reason=own_wish
              party_frozen_by_decision (party)
            1 is lifted
              decision 42/4: kind=lifting state=ended document=6 lifts=1 begins=2026-01-05T00:00:00
              decision 42/1: state=lifted
            2 is lifted
              decision 42/5: kind=lifting state=ended document=7 lifts=2 begins=2026-01-05T00:00:00
              decision 42/2: state=lifted
            3 party_state party=11 state=active reason=resolved
              party_frozen_by_decision (party)
            until 2026-01-07
              at 2026-01-07T00:00:00
              decision 42/3: state=ended
              party 11: state=active reason=resolved
            4 pay payer=11 payee=13 ledger=978 amount=1.00
              created
              Dr wallet[11] 1.00 / Cr wallet[13]
              payment 4: payer=11 payee=13 ledger=978 amount=100
            5 party_state party=12 state=active reason=resolved
              created
              party 12: state=active reason=resolved
        "#]],
    );
}

/// At it, above it, and again after midnight in its time zone; fees are not counted.
#[test]
fn volumes_are_capped() {
    check(
        &[
            Run("1 fee_set fee=7 ledger=978 flat=5.00 bearer=payer"),
            decided(
                "each pays 100 a day at most",
                cap(1, ("payer", "day"), 10_000),
            ),
            Run("
                2 pay payer=11 payee=12 ledger=978 amount=60.00 fee=7
                3 pay payer=11 payee=13 ledger=978 amount=40.01
                3 pay payer=11 payee=13 ledger=978 amount=40.00
                4 pay payer=12 payee=13 ledger=978 amount=100.00
            "),
            decided(
                "all together pay 250 a month",
                cap(2, ("everyone", "month"), 25_000),
            ),
            Run("
                until 2026-01-05T16:00:00
                5 pay payer=11 payee=21 ledger=978 amount=100.00
                6 pay payer=12 payee=21 ledger=978 amount=100.00
                until 2026-01-06T16:00:00
                7 pay payer=11 payee=21 ledger=978 amount=50.01
                7 pay payer=11 payee=21 ledger=978 amount=50.00
            "),
            decided("the month is lifted", lifting(3, 2)),
            decided(
                "21 is paid 20 a day at most",
                DecisionText {
                    addressee: 21,
                    ..cap(4, ("payee", "day"), 2_000)
                },
            ),
            Run("
                8 pay payer=11 payee=21 ledger=978 amount=20.00
                9 pay payer=12 payee=21 ledger=978 amount=0.01
                9 pay payer=12 payee=22 ledger=978 amount=0.01
            "),
        ],
        &expect![[r#"
            1 fee_set fee=7 ledger=978 flat=5.00 bearer=payer
              created
              fee 7: ledger=978 flat=500
            each pays 100 a day at most
              decision 42/1: kind=restriction state=in_force document=3 product=payment measure=cap of=payer window=day zone=1920 ledger=978 amount=10000 begins=2026-01-05T00:00:00 appeal_to=43 appeal_until=2026-03-01T00:00:00
            2 pay payer=11 payee=12 ledger=978 amount=60.00 fee=7
              created
              Dr wallet[11] 60.00 / Cr wallet[12]
              Dr wallet[11] 5.00 / Cr fee_income
              payment 2: payer=11 payee=12 ledger=978 amount=6000 fee=500
            3 pay payer=11 payee=13 ledger=978 amount=40.01
              refused_by_rule, finding 1
              finding 3/1: party=11 kind=32 ledger=978 amount=4001 used=6000 limit=10000 again=2026-01-05T16:00:00 authority=42 decision=1
            3 pay payer=11 payee=13 ledger=978 amount=40.00
              created
              Dr wallet[11] 40.00 / Cr wallet[13]
              payment 3: payer=11 payee=13 ledger=978 amount=4000
            4 pay payer=12 payee=13 ledger=978 amount=100.00
              created
              Dr wallet[12] 100.00 / Cr wallet[13]
              payment 4: payer=12 payee=13 ledger=978 amount=10000
            all together pay 250 a month
              decision 42/2: kind=restriction state=in_force document=4 product=payment measure=cap of=everyone window=month zone=1920 ledger=978 amount=25000 begins=2026-01-05T00:00:00 appeal_to=43 appeal_until=2026-03-01T00:00:00
            until 2026-01-05T16:00:00
            5 pay payer=11 payee=21 ledger=978 amount=100.00
              created
              Dr wallet[11] 100.00 / Cr seller[21]
              payment 5: payer=11 payee=21 ledger=978 amount=10000
            6 pay payer=12 payee=21 ledger=978 amount=100.00
              created
              Dr wallet[12] 100.00 / Cr seller[21]
              payment 6: payer=12 payee=21 ledger=978 amount=10000
            until 2026-01-06T16:00:00
            7 pay payer=11 payee=21 ledger=978 amount=50.01
              refused_by_rule, finding 2
              finding 7/2: party=11 kind=32 ledger=978 amount=5001 used=20000 limit=25000 again=2026-01-31T16:00:00 authority=42 decision=2
            7 pay payer=11 payee=21 ledger=978 amount=50.00
              created
              Dr wallet[11] 50.00 / Cr seller[21]
              payment 7: payer=11 payee=21 ledger=978 amount=5000
            the month is lifted
              decision 42/3: kind=lifting state=ended document=5 lifts=2 begins=2026-01-06T16:00:00
              decision 42/2: state=lifted
            21 is paid 20 a day at most
              decision 42/4: kind=restriction state=in_force addressee=21 document=6 product=payment measure=cap of=payee window=day zone=1920 ledger=978 amount=2000 begins=2026-01-06T16:00:00 appeal_to=43 appeal_until=2026-03-01T00:00:00
            8 pay payer=11 payee=21 ledger=978 amount=20.00
              created
              Dr wallet[11] 20.00 / Cr seller[21]
              payment 8: payer=11 payee=21 ledger=978 amount=2000
            9 pay payer=12 payee=21 ledger=978 amount=0.01
              refused_by_rule, finding 3
              finding 9/3: party=21 kind=32 ledger=978 amount=1 used=2000 limit=2000 again=2026-01-07T16:00:00 authority=42 decision=4
            9 pay payer=12 payee=22 ledger=978 amount=0.01
              created
              Dr wallet[12] 0.01 / Cr seller[22]
              payment 9: payer=12 payee=22 ledger=978 amount=1
        "#]],
    );
}

/// They move no money; what is not there in time is overdue, and fulfilled whenever it comes.
#[test]
fn fines_and_undertakings_fall_due() {
    let due = |text: DecisionText, due: &str| DecisionText {
        due: moment(due),
        ..text
    };
    let undertaking = DecisionText {
        addressee: 21,
        ..due(decision(2, "undertaking"), "2026-02-05")
    };
    check(
        &[
            decided("a fine of 4 % of sales", due(fine(1), "2026-01-20")),
            decided("21 undertakes", undertaking),
            Enter("another party says so", fulfilment(12, 2)),
            Enter("21 has done so", fulfilment(21, 2)),
            Enter("and says it twice", fulfilment(21, 2)),
            Enter("so does the authority", fulfilment(AUTHORITY, 2)),
            Run("until 2026-02-06"),
            Enter("the institution has paid", fulfilment(STAFF, 1)),
            Run("balances"),
        ],
        &expect![[r#"
            a fine of 4 % of sales
              decision 42/1: kind=fine state=in_force document=3 ledger=978 amount=1822800000000 begins=2026-01-05T00:00:00 due=2026-01-20T00:00:00 appeal_to=43 appeal_until=2026-03-01T00:00:00
            21 undertakes
              decision 42/2: kind=undertaking state=in_force addressee=21 document=4 begins=2026-01-05T00:00:00 due=2026-02-05T00:00:00
            another party says so
              the signer has no say in this
            21 has done so
              decision 42/2: state=fulfilled
            and says it twice
            so does the authority
              the decision does not hold any more
            until 2026-02-06
              at 2026-01-20T00:00:00
              decision 42/1: state=overdue
            the institution has paid
              decision 42/1: state=fulfilled
            balances
              safe 10000.00 Dr
              wallet[11] 5000.00 Cr
              wallet[12] 5000.00 Cr
        "#]],
    );
}

/// An appeal leaves a decision in force until the court has decided.
#[test]
fn appeals() {
    check(
        &[
            decided("gifts are stopped", restriction(1, "stop", "gift")),
            decided(
                "11 is frozen",
                DecisionText {
                    addressee: 11,
                    ..restriction(2, "freeze", "none")
                },
            ),
            Enter("11 has no say in gifts", appeal(11, 1, "lodged")),
            Enter("the court has not been asked", appeal(COURT, 1, "annulled")),
            Enter("the institution appeals", appeal(STAFF, 1, "lodged")),
            Enter("11 appeals, frozen as it is", appeal(11, 2, "lodged")),
            Run("1 gift_send sender=12 ledger=978 amount=1.00 parts=1 seed=1"),
            Enter("the authority is no court", appeal(AUTHORITY, 1, "upheld")),
            Enter("the court upholds", appeal(COURT, 1, "upheld")),
            Enter("the court annuls", appeal(COURT, 2, "annulled")),
            Enter("nobody appeals twice", appeal(11, 2, "lodged")),
            Run("2 pay payer=11 payee=12 ledger=978 amount=1.00"),
        ],
        &expect![[r#"
            gifts are stopped
              decision 42/1: kind=restriction state=in_force document=3 product=gift measure=stop begins=2026-01-05T00:00:00 appeal_to=43 appeal_until=2026-03-01T00:00:00
            11 is frozen
              decision 42/2: kind=restriction state=in_force addressee=11 document=4 measure=freeze begins=2026-01-05T00:00:00 appeal_to=43 appeal_until=2026-03-01T00:00:00
              party 11: state=frozen reason=authority_order
            11 has no say in gifts
              the signer has no say in this
            the court has not been asked
              no appeal is open
            the institution appeals
              decision 42/1: state=under_appeal appeal=lodged
            11 appeals, frozen as it is
              decision 42/2: state=under_appeal appeal=lodged
            1 gift_send sender=12 ledger=978 amount=1.00 parts=1 seed=1
              refused_by_rule, finding 1
              finding 1/1: party=12 kind=90 ledger=978 amount=100 authority=42 decision=1
            the authority is no court
              the signer has no say in this
            the court upholds
              decision 42/1: state=in_force appeal=upheld
            the court annuls
              decision 42/2: state=annulled appeal=annulled
              party 11: state=active reason=resolved
            nobody appeals twice
            2 pay payer=11 payee=12 ledger=978 amount=1.00
              created
              Dr wallet[11] 1.00 / Cr wallet[12]
              payment 2: payer=11 payee=12 ledger=978 amount=100
        "#]],
    );
}

/// Those that stop nothing: they stand in the books, and their term ends.
#[test]
fn licences_approvals_and_vetoes() {
    let licence = DecisionText {
        product: place(PRODUCTS, "exchange"),
        from: moment("2026-01-06"),
        to: moment("2026-02-01"),
        ..decision(1, "licence")
    };
    check(
        &[
            decided("a licence", licence),
            decided("an approval", decision(2, "approval")),
            decided("a veto", decision(3, "veto")),
            Run("until 2026-02-02"),
        ],
        &expect![[r#"
            a licence
              decision 42/1: document=3 product=exchange begins=2026-01-06T00:00:00 ends=2026-02-01T00:00:00
            an approval
              decision 42/2: kind=approval state=in_force document=4 begins=2026-01-05T00:00:00
            a veto
              decision 42/3: kind=veto state=in_force document=5 begins=2026-01-05T00:00:00 appeal_to=43 appeal_until=2026-03-01T00:00:00
            until 2026-02-02
              at 2026-01-06T00:00:00
              decision 42/1: state=in_force
              at 2026-02-01T00:00:00
              decision 42/1: state=ended
        "#]],
    );
}
