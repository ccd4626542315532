//! Decisions that are not entered: what their signer may not decide, or not so, and attacks.

use machine::{Beyond, DocumentRefusal as Refusal, SignedDocument};
use model::CommandStatus as Status;
use model::document::{DecisionText, Document, MandateText};
use model::fine::FineError;
use model::object::DECISION_KINDS;

use crate::decisions::{
    AUTHORITY, COURT, OTHER, STAFF, appeal, cap, decision, enter, entered, fine, fulfilment,
    jurisdiction, lifting, mandate, place, platform, restriction, signed, signed_by,
};
use crate::harness::Platform;
use crate::text::moment;

/// What its signer may not decide, or not so.
#[test]
fn what_is_refused() {
    let mut platform = platform();
    let mut check = |change: &dyn Fn(&mut DecisionText), why: Refusal| {
        let mut text = restriction(1, "stop", "payment");
        change(&mut text);
        let result = entered(&mut platform, &Document::Decision(text));
        assert_eq!(result, Err(why));
    };
    check(&|d| d.number = 2, Refusal::Number(0));
    check(&|d| d.authority = 11, Refusal::Signer);
    check(&|d| d.authority = 99, Refusal::Signer);
    check(&|d| d.reasons = "Because.".to_owned(), Refusal::Unreasoned);
    check(&|d| d.addressee = 99, Refusal::Addressee);
    check(&|d| d.appeal_to = 11, Refusal::Court);
    check(&|d| d.to = moment("2026-01-05"), Refusal::Over);
    check(
        &|d| {
            *d = DecisionText {
                ledger: 999,
                ..cap(1, ("payer", "day"), 1)
            }
        },
        Refusal::Ledger,
    );
    check(
        &|d| {
            *d = DecisionText {
                amount: 1_822_848_000_000,
                ..fine(1)
            }
        },
        Refusal::ComesTo(1_822_800_000_000),
    );
    check(
        &|d| {
            *d = DecisionText {
                share: 101,
                ..fine(1)
            }
        },
        Refusal::Computation(FineError::Share),
    );
    let text = Document::Decision(restriction(1, "stop", "payment")).to_text();
    let wrong = enter(
        &mut platform,
        &signed_by(AUTHORITY, &text.replace("kind", "sort")),
    );
    assert!(matches!(wrong, Err(Refusal::Text(error)) if error.line == 4));
    let mut answer = |document: Document, why: Refusal| {
        assert_eq!(entered(&mut platform, &document), Err(why));
    };
    let second = |lifts| Document::Decision(lifting(2, lifts));
    answer(appeal(11, 1, "lodged"), Refusal::NoDecision);
    answer(fulfilment(11, 1), Refusal::NoDecision);
    entered(&mut platform, &Document::Decision(decision(1, "approval"))).expect("it is entered");
    let mut answer = |document: Document, why: Refusal| {
        assert_eq!(entered(&mut platform, &document), Err(why));
    };
    answer(appeal(STAFF, 1, "lodged"), Refusal::NoAppeal);
    answer(fulfilment(STAFF, 1), Refusal::NothingToFulfil);
    answer(appeal(12, 1, "lodged"), Refusal::NotTheirs);
    answer(appeal(COURT, 1, "upheld"), Refusal::NotTheirs);
    entered(&mut platform, &second(1)).expect("it is lifted");
    let third = Document::Decision(lifting(3, 2));
    assert_eq!(entered(&mut platform, &third), Err(Refusal::NotInForce));
    platform.run("until 2026-03-02");
    entered(&mut platform, &Document::Decision(decision(3, "veto"))).expect("it is entered");
    let late = entered(&mut platform, &appeal(STAFF, 3, "lodged"));
    assert_eq!(late, Err(Refusal::NoAppeal), "the time to appeal is over");
    let not = entered(&mut platform, &appeal(COURT, 3, "upheld"));
    assert_eq!(not, Err(Refusal::NotLodged));
}

/// Each way of deciding beyond a mandate.
#[test]
fn ultra_vires() {
    let mut platform = platform();
    let beyond = |platform: &mut Platform, text: DecisionText, how| {
        let result = entered(platform, &Document::Decision(text));
        assert_eq!(result, Err(Refusal::UltraVires(how)));
    };
    beyond(
        &mut platform,
        restriction(1, "stop", "payout"),
        Beyond::Product,
    );
    let abroad = DecisionText {
        jurisdiction: jurisdiction("EU"),
        ..restriction(1, "stop", "payment")
    };
    beyond(&mut platform, abroad, Beyond::Jurisdiction);
    let narrow = MandateText {
        decides: 1 << place(DECISION_KINDS, "restriction"),
        from: moment("2026-02-01"),
        to: moment("2026-03-01"),
        ..mandate(AUTHORITY, 2)
    };
    entered(&mut platform, &Document::Mandate(narrow)).expect("it is entered");
    let stop = restriction(1, "stop", "payment");
    beyond(&mut platform, stop.clone(), Beyond::Time);
    platform.run("until 2026-02-01");
    beyond(&mut platform, fine(1), Beyond::Kind);
    entered(&mut platform, &Document::Decision(stop)).expect("it is within");
    entered(&mut platform, &appeal(STAFF, 1, "lodged")).expect("it is lodged");
    let court = MandateText {
        court: 0,
        ..mandate(COURT, 2)
    };
    entered(&mut platform, &Document::Mandate(court)).expect("it is entered");
    let heard = entered(&mut platform, &appeal(COURT, 1, "annulled"));
    assert_eq!(heard, Err(Refusal::UltraVires(Beyond::Court)));
    platform.run("until 2026-03-01");
    beyond(
        &mut platform,
        restriction(2, "stop", "payment"),
        Beyond::Time,
    );
}

/// Forged mandates, signatures of others and of before, and those without power.
#[test]
fn attacks() {
    let mut platform = platform();
    let forged = Document::Mandate(mandate(OTHER, 1)).to_text();
    let by_itself = signed_by(OTHER, &forged);
    assert_eq!(enter(&mut platform, &by_itself), Err(Refusal::Signature));
    let own = MandateText {
        by: AUTHORITY,
        ..mandate(OTHER, 1)
    };
    let own = entered(&mut platform, &Document::Mandate(own));
    assert_eq!(own, Err(Refusal::Signer), "an authority is no staff");
    let customer = entered(&mut platform, &Document::Mandate(mandate(11, 1)));
    assert_eq!(customer, Err(Refusal::Authority));
    let again = entered(&mut platform, &Document::Mandate(mandate(AUTHORITY, 3)));
    assert_eq!(again, Err(Refusal::MandateNumber(1)));

    let wrong = DecisionText {
        authority: OTHER,
        ..restriction(1, "stop", "payment")
    };
    let wrong = entered(&mut platform, &Document::Decision(wrong));
    assert_eq!(
        wrong,
        Err(Refusal::NoMandate),
        "the decision of a wrong authority"
    );

    let stop = signed(&Document::Decision(restriction(1, "stop", "payment")));
    let unsigned = SignedDocument {
        signature: [0; 64],
        ..stop.clone()
    };
    assert_eq!(enter(&mut platform, &unsigned), Err(Refusal::Signature));
    let other_text = Document::Decision(restriction(1, "stop", "gift")).to_text();
    let moved = SignedDocument {
        text: other_text,
        ..stop.clone()
    };
    assert_eq!(enter(&mut platform, &moved), Err(Refusal::Signature));
    let head = enter(&mut platform, &stop).expect("it is entered");
    assert_eq!(head.number, 3, "after two mandates");
    let lifted = Document::Decision(lifting(2, 1));
    entered(&mut platform, &lifted).expect("it is lifted");
    assert_eq!(
        enter(&mut platform, &stop),
        Ok(head),
        "nothing follows of it again"
    );
    assert_eq!(platform.state.restrictions(), []);
    platform.created("1 pay payer=11 payee=12 ledger=978 amount=1.00");
    let same_number = Document::Decision(restriction(1, "stop", "exchange"));
    let same_number = entered(&mut platform, &same_number);
    assert_eq!(same_number, Err(Refusal::Number(2)));

    platform.created("2 party_state party=41 state=frozen reason=suspicion");
    let frozen = entered(&mut platform, &Document::Mandate(mandate(OTHER, 1)));
    assert_eq!(frozen, Err(Refusal::Signer));
    platform.created("3 party_open party=45 kind=authority");
    let keyless = DecisionText {
        authority: 45,
        ..restriction(1, "stop", "payment")
    };
    let keyless = signed_by(45, &Document::Decision(keyless).to_text());
    assert_eq!(enter(&mut platform, &keyless), Err(Refusal::Key));
}

/// So many stops and caps can hold at once.
#[test]
fn restrictions_are_bounded() {
    let mut platform = platform();
    for number in 1..=64 {
        let stop = DecisionText {
            addressee: 13,
            ..restriction(number, "stop", "gift")
        };
        entered(&mut platform, &Document::Decision(stop)).expect("it is entered");
    }
    let more = Document::Decision(restriction(65, "stop", "gift"));
    assert_eq!(entered(&mut platform, &more), Err(Refusal::TooMany));
    entered(&mut platform, &Document::Decision(lifting(65, 9))).expect("it is entered");
    let more = Document::Decision(restriction(66, "stop", "gift"));
    entered(&mut platform, &more).expect("there is room");
    let (_, result) = platform.command("1 pay payer=11 payee=12 ledger=978 amount=1.00");
    assert_eq!(result.status, Status::Created.code());
}
