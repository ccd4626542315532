//! Looks of the staff into personal data: what they enter, and who may.

use machine::{LOOK_MOMENTS, Look, LookRefusal};
use model::form::text_to_integer;
use model::object::Lookup;
use model::{Object, Record};

use crate::harness::Platform;

fn look() -> Look {
    let text = |text| text_to_integer(text).expect("it is short");
    Look {
        party: 11,
        staff: 41,
        role: text("support"),
        pseudonym: 0xABCD,
        purpose: 0,
        reference: text("C-1042"),
    }
}

/// With 41 and 42 of the staff, of whom 42 is frozen, and 12 whose data were erased.
fn platform() -> Platform {
    let mut platform = Platform::new();
    for line in [
        "1 party_open party=41 kind=staff",
        "2 party_open party=42 kind=staff",
        "3 party_state party=42 state=frozen reason=risk",
        "4 party_vault party=12 digest=11111111111111111111111111111111",
        "5 party_erase party=12",
    ] {
        platform.created(line);
    }
    platform
}

fn enter(platform: &mut Platform, look: &Look) -> Result<Lookup, LookRefusal> {
    let before = platform.state.digest();
    let looked = platform.step(LOOK_MOMENTS, |state, _, time, sink| {
        state.look(time, look, sink)
    });
    if looked.is_err() {
        let kept = before == platform.state.digest();
        assert!(kept, "what is refused changes nothing");
    }
    looked
}

#[test]
fn each_look_is_a_record_with_the_next_number() {
    let mut platform = platform();
    assert_eq!(platform.state.register().lookups, 0);
    for number in 1..=40 {
        let party = 11 + u128::from(number % 2) * 2;
        let asked = Look { party, ..look() };
        let first = platform.records.len();
        let looked = enter(&mut platform, &asked).expect("it may");
        let Lookup {
            role,
            pseudonym,
            purpose,
            reference,
            ..
        } = looked;
        assert_eq!((looked.party, looked.number), (party, number));
        assert_eq!(
            (role, pseudonym, purpose, reference),
            (asked.role, 0xABCD, 0, asked.reference)
        );
        let [
            Record::Object(lookup),
            Record::Object(Object::Register(register)),
        ] = &platform.records[first..]
        else {
            panic!("a look and the register: {:?}", &platform.records[first..]);
        };
        assert_eq!(lookup, &Object::Lookup(looked));
        assert_eq!((register.id, register.lookups), (1, number));
        // The harness goes on from copies of its state meanwhile.
        assert_eq!(platform.state.register(), *register);
        // Nobody can tell from the record who it was.
        assert!(!lookup.values().contains(&41), "{lookup:?}");
    }
}

#[test]
fn who_may_not_look_and_what_says_nothing() {
    let mut platform = platform();
    let other = |change: &dyn Fn(&mut Look)| {
        let mut look = look();
        change(&mut look);
        look
    };
    for (look, refusal) in [
        (other(&|look| look.staff = 0), LookRefusal::Staff),
        (other(&|look| look.staff = 11), LookRefusal::Staff),
        (other(&|look| look.staff = 42), LookRefusal::Staff),
        (other(&|look| look.staff = 99), LookRefusal::Staff),
        (other(&|look| look.role = 0), LookRefusal::Role),
        (other(&|look| look.role = 0x4100), LookRefusal::Role),
        (other(&|look| look.purpose = 7), LookRefusal::Purpose),
        (other(&|look| look.reference = 0), LookRefusal::Reference),
        (other(&|look| look.reference = 0x20), LookRefusal::Reference),
        (other(&|look| look.reference = 0xFF), LookRefusal::Reference),
        (other(&|look| look.party = 99), LookRefusal::Party),
        (other(&|look| look.party = 12), LookRefusal::Erased),
    ] {
        assert_eq!(enter(&mut platform, &look), Err(refusal), "{look:?}");
    }
    assert_eq!(platform.state.register().lookups, 0);
    assert_eq!(enter(&mut platform, &look()).map(|look| look.number), Ok(1));
}
