//! Sealed demands open to what was sealed, and to nothing else.

use demands::seal::{Class, SealError, Sealed};
use demands::{Scope, ScopeError};
use expect_test::expect;
use sha2::{Digest, Sha256};

const TEXT: &str = "counterfoil/demand/v1
authority 000000000000000000000000000000aa
reference R
basis Criminal Procedure Act, section 94
purpose P
subjects persons 00000000000000000000000000000007
roles any
fields account,time,kind,party
kinds any
from 2026-01-01T00:00:00Z
to 2026-02-01T00:00:00Z
sealed 2027-01-01T00:00:00Z
";

const SALT: [u8; 32] = [9; 32];

fn sealed() -> Sealed {
    let scope = Scope::parse(TEXT).expect("whole");
    Sealed::new(42, Class::Police, &scope, &SALT).expect("confidential")
}

#[test]
fn what_is_public_of_a_seal() {
    expect![[r"
        counterfoil/sealed/v1
        serial 42
        class police
        basis Criminal Procedure Act, section 94
        opens 2027-01-01T00:00:00Z
        commitment 16172beeef0153dd665799c1bd89755cb59f312f218257006b50d559c8012859
    "]]
    .assert_eq(&sealed().to_string());
    assert_eq!(Sealed::parse(&sealed().to_string()), Ok(sealed()));
    let opens = 1_798_761_600;
    assert_eq!(sealed().opens, opens);
    assert!(sealed().is_overdue(opens) && !sealed().is_overdue(opens - 1));
}

#[test]
fn a_seal_opens_to_what_was_sealed() {
    let scope = Scope::parse(TEXT).expect("whole");
    assert_eq!(sealed().open(&SALT, TEXT), Ok(scope));
    let exchanged = TEXT.replace("0000007", "0000008");
    assert_eq!(sealed().open(&SALT, &exchanged), Err(SealError::Commitment));
    assert_eq!(sealed().open(&[8; 32], TEXT), Err(SealError::Commitment));
}

/// Whoever alters the public part, such as the latest opening, alters what was committed to.
#[test]
fn no_public_line_can_be_altered() {
    for (stands, instead) in [
        ("serial 42", "serial 43"),
        ("class police", "class court"),
        ("section 94", "section 95"),
        ("opens 2027", "opens 2028"),
    ] {
        let text = sealed().to_string();
        assert!(text.contains(stands));
        let altered = Sealed::parse(&text.replace(stands, instead)).expect(instead);
        assert_eq!(altered.open(&SALT, TEXT), Err(SealError::Commitment));
    }
}

/// The commitment in other words: each part behind its length, in eight bytes.
fn commitment(salt: &[u8], public: &str, scope: &str) -> [u8; 32] {
    let mut bytes = Vec::new();
    let purpose = b"counterfoil/sealed/v1";
    for part in [purpose, salt, public.as_bytes(), scope.as_bytes()] {
        bytes.extend((part.len() as u64).to_be_bytes());
        bytes.extend(part);
    }
    Sha256::digest(&bytes).into()
}

/// Whoever commits to a scope that contradicts its own public part cannot open it either.
#[test]
fn what_is_committed_to_must_be_the_scope_of_the_public_part() {
    let text = sealed().to_string();
    let end = text.find("commitment ").expect("its line");
    let public = &text[..end];
    assert_eq!(sealed().commitment, commitment(&SALT, public, TEXT));
    let open = |scope: &str| {
        let commitment = commitment(&SALT, public, scope);
        Sealed {
            commitment,
            ..sealed()
        }
        .open(&SALT, scope)
    };
    assert!(open(TEXT).is_ok());
    assert_eq!(
        open(&TEXT.replace("section 94", "section 95")),
        Err(SealError::Basis)
    );
    assert_eq!(
        open(&TEXT.replace("sealed 2027", "sealed 2028")),
        Err(SealError::Opens)
    );
    let unsealed = TEXT.replace("sealed 2027-01-01T00:00:00Z", "sealed no");
    assert_eq!(open(&unsealed), Err(SealError::Opens));
    assert!(matches!(open("no scope"), Err(SealError::Scope(_))));
    let unsealed = Scope::parse(&unsealed).expect("whole");
    let refused = Sealed::new(42, Class::Police, &unsealed, &SALT);
    assert_eq!(refused, Err(SealError::Open));
}

#[test]
fn what_is_wrong_is_named() {
    for (stands, instead, number) in [
        ("/v1", "/v2", 1),
        ("serial 42", "serial 042", 2),
        ("serial 42", "serial -1", 2),
        ("class police", "class spies", 3),
        ("basis C", "basis  C", 4),
        ("opens 2027-01-01T00:00:00Z", "opens later", 5),
        ("commitment ", "commitment 0", 6),
        ("class police\n", "", 3),
    ] {
        let text = sealed().to_string();
        assert!(text.contains(stands));
        let error = Sealed::parse(&text.replace(stands, instead));
        assert_eq!(error, Err(SealError::Line { number }), "{instead}");
    }
    let text = sealed().to_string();
    for trailing in [format!("{text}\n"), text.trim_end().to_owned()] {
        assert_eq!(Sealed::parse(&trailing), Err(SealError::Line { number: 7 }));
    }
    let error = SealError::Scope(ScopeError::Authority);
    assert_eq!(error.to_string(), ScopeError::Authority.to_string());
}
