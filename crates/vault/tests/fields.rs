//! What fields may be, and their one encoding.

use proptest::prelude::*;
use vault::{FIELDS_BYTES_MAX, FIELDS_MAX, FieldError, Fields, VALUE_BYTES_MAX};

fn set(name: &str, value: &str) -> Result<Fields, FieldError> {
    let mut fields = Fields::new();
    fields.set(name, value)?;
    Ok(fields)
}

#[test]
fn names_are_known_or_free() {
    let longest = format!("x_{}", "z".repeat(30));
    for name in [
        "name",
        "email",
        "phone",
        "address",
        "bank_account",
        "document",
        "x_1",
        &longest,
    ] {
        assert!(set(name, "v").is_ok(), "{name}");
    }
    let longer = format!("{longest}z");
    for name in [
        "", "Name", "names", "x_", "x", "x_A", "x_é", "x_a-b", "name ", &longer,
    ] {
        assert_eq!(set(name, "v"), Err(FieldError::Name), "{name}");
    }
}

#[test]
fn values_are_bounded_texts_without_control_characters() {
    let most = "é".repeat(VALUE_BYTES_MAX / 2);
    assert_eq!(set("name", &most).unwrap().get("name"), Some(&*most));
    let name = || "name".to_owned();
    assert_eq!(
        set("name", &format!("{most}a")),
        Err(FieldError::Long(name()))
    );
    assert_eq!(set("name", ""), Err(FieldError::Empty(name())));
    for value in ["a\nb", "\t", "a\0", "\u{7f}", "\u{85}", "\u{9b}1m"] {
        assert_eq!(
            set("name", value),
            Err(FieldError::Control(name())),
            "{value:?}"
        );
    }
}

#[test]
fn there_are_at_most_so_many_fields_of_so_many_bytes() {
    let mut many = Fields::new();
    for i in 0..FIELDS_MAX {
        many.set(&format!("x_{i:02}"), "v").unwrap();
    }
    let before = many.clone();
    assert_eq!(many.set("name", "v"), Err(FieldError::Many));
    assert_eq!(many, before);
    many.set("x_00", "another").unwrap();
    assert!(many.remove("x_01") && !many.remove("x_01"));
    many.set("name", "v").unwrap();

    let mut long = Fields::new();
    let value = "v".repeat(VALUE_BYTES_MAX);
    for i in 0..7 {
        long.set(&format!("x_{i}"), &value).unwrap();
    }
    assert_eq!(long.set("x_7", &value), Err(FieldError::Total));
    let room = FIELDS_BYTES_MAX - long.to_bytes().len() - 6;
    assert_eq!(long.set("x_7", &value[..=room]), Err(FieldError::Total));
    long.set("x_7", &value[..room]).unwrap();
    assert_eq!(long.to_bytes().len(), FIELDS_BYTES_MAX);
    long.set("x_7", &value[1..=room]).unwrap();
    assert_eq!(Fields::from_bytes(&long.to_bytes()).unwrap(), long);
}

#[test]
fn other_encodings_are_refused() {
    let good = b"\x02\x04name\x03\x00Ada\x05phone\x01\x007";
    let fields = Fields::from_bytes(good).unwrap();
    assert_eq!(
        fields.iter().collect::<Vec<_>>(),
        [("name", "Ada"), ("phone", "7")]
    );
    let refused = |bytes: &[u8]| Fields::from_bytes(bytes).unwrap_err().to_string();
    for (bytes, says) in [
        (&b""[..], "byte 0: the bytes end within a field"),
        (
            b"\x00\x00",
            "byte 1: the fields have ended, and bytes go on",
        ),
        (b"\x21", "a person has at most 32 fields"),
        (
            b"\x02\x05phone\x01\x007\x04name\x03\x00Ada",
            "byte 10: the names do not rise",
        ),
        (
            b"\x02\x04name\x01\x00A\x04name\x01\x00B",
            "byte 9: the names do not rise",
        ),
        (b"\x01\x04name\x01\x00\xff", "byte 8: this is not UTF-8"),
        (
            b"\x01\x04name\x00\x00",
            "name is empty; leave the field out instead",
        ),
    ] {
        assert_eq!(refused(bytes), says);
    }
    assert_eq!(
        Fields::from_bytes(&[0; FIELDS_BYTES_MAX + 1]),
        Err(FieldError::Total)
    );
}

#[test]
fn nothing_shows_a_value() {
    let fields = set("email", "ada@example.org").unwrap();
    assert_eq!(format!("{fields:?}"), r#"Fields {"email"}"#);
    let error = set("email", "ada@\nexample.org").unwrap_err();
    assert!(!format!("{error} {error:?}").contains("ada"));
}

proptest! {
    #[test]
    fn what_is_read_is_the_one_encoding(bytes in proptest::collection::vec(any::<u8>(), 0..64)) {
        if let Ok(fields) = Fields::from_bytes(&bytes) {
            prop_assert_eq!(&fields.to_bytes()[..], &bytes[..]);
        }
    }

    #[test]
    fn a_changed_encoding_is_refused_or_the_one_of_something_else(
        values in proptest::collection::btree_map("x_[a-z0-9_]{1,30}", r"\PC{1,40}", 0..6),
        at in any::<prop::sample::Index>(),
        byte in any::<u8>(),
    ) {
        let mut fields = Fields::new();
        for (name, value) in &values {
            fields.set(name, value).unwrap();
        }
        let mut bytes = fields.to_bytes().to_vec();
        prop_assert_eq!(&Fields::from_bytes(&bytes).unwrap(), &fields);
        let at = at.index(bytes.len());
        bytes[at] = byte;
        if let Ok(other) = Fields::from_bytes(&bytes) {
            prop_assert_eq!(&other.to_bytes()[..], &bytes[..]);
        }
    }
}
