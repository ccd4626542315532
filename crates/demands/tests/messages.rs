//! Messages that ask, whole and wrong.

use demands::auth001::{self, AccountName, ById, Criterion, Demand, DemandError, Directory};
use demands::auth001::{PersonName, Terms};
use demands::{Roles, XmlError};
use expect_test::{Expect, expect};

const ACCOUNT: &str = include_str!("messages/v1-account.xml");
const CUSTOMER: &str = include_str!("messages/v1-customer-prefixed.xml");
const CARD: &str = include_str!("messages/v2-card.xml");
const TRANSACTIONS: &str = include_str!("messages/v2-transactions.xml");

/// 2027-01-01.
const OPENS: u64 = 1_798_761_600;

/// Knows one card beside the ids.
struct Cards;

impl Directory for Cards {
    fn account(&self, name: &AccountName) -> Option<u128> {
        ById.account(name)
    }

    fn party(&self, name: &PersonName) -> Option<u128> {
        ById.party(name)
    }

    fn card(&self, number: &str) -> Option<u128> {
        (number == "4111111111111111").then_some(0xca)
    }

    fn transfer(&self, number: &str) -> Option<u128> {
        ById.transfer(number)
    }
}

fn read(text: &str) -> Demand {
    auth001::read(text.as_bytes(), 0).expect("the message is whole")
}

fn terms(demand: &Demand) -> Terms {
    Terms {
        authority: 0xaa,
        purpose: None,
        sealed: demand.is_confidential.then_some(OPENS),
    }
}

fn check(text: &str, expected: &Expect) {
    let demand = read(text);
    let scope = demand.scope(&terms(&demand), &Cards);
    expected.assert_eq(&scope.expect("it is a scope").to_string());
}

#[test]
fn an_account_of_version_1() {
    check(
        ACCOUNT,
        &expect![[r"
        counterfoil/demand/v1
        authority 000000000000000000000000000000aa
        reference INV-2026-0042
        basis Criminal Procedure Act s. 94
        purpose Tracing of a fraud & its proceeds
        subjects accounts 00000000000000000000000000000007
        roles any
        fields account,time,kind,transfer,counterparty_account,ledger,side,amount,balance,channel,order
        kinds any
        from 2026-01-01T00:00:00Z
        to 2026-02-01T00:00:00Z
        sealed 2027-01-01T00:00:00Z
    "]],
    );
    let demand = read(ACCOUNT);
    assert_eq!(
        demand.due,
        Some(1_773_619_200),
        "the midnight behind 2026-03-15"
    );
    assert_eq!(demand.due_note.as_deref(), Some("by noon"));
    assert_eq!(
        demand.disclaimer.as_deref(),
        Some("Tracing of a fraud & its proceeds")
    );
}

#[test]
fn a_customer_of_version_1_with_a_prefix() {
    let demand = read(CUSTOMER);
    assert_eq!(demand.reference, "TAX/7 <b>");
    let error = demand.scope(&terms(&demand), &ById);
    assert_eq!(error, Err(DemandError::Purpose));
    let purpose = Some("audit of the year 2025".to_owned());
    let scope = demand.scope(
        &Terms {
            purpose,
            ..terms(&demand)
        },
        &ById,
    );
    expect![[r"
        counterfoil/demand/v1
        authority 000000000000000000000000000000aa
        reference TAX/7 <b>
        basis Fiscal Code § 93
        purpose audit of the year 2025
        subjects persons 000000000000000000000000000000ff
        roles owner
        fields account,time,kind,transfer,party,counterparty_account,ledger,side,amount,balance
        kinds any
        from 2025-12-31T23:00:01Z
        to 2026-01-02T12:30:15Z
        sealed no
    "]]
    .assert_eq(&scope.expect("it is a scope").to_string());
    let Criterion::Customer(person, Roles::Owner) = demand.criterion else {
        panic!("a customer")
    };
    assert_eq!(person.name.as_deref(), Some("Someone"));
    assert_eq!(person.birth_date.as_deref(), Some("1970-05-05"));
}

#[test]
fn a_card_of_version_2() {
    check(
        CARD,
        &expect![[r"
        counterfoil/demand/v1
        authority 000000000000000000000000000000aa
        reference C-1
        basis Police Act 12
        purpose Theft of a card
        subjects accounts 000000000000000000000000000000ca
        roles owner
        fields account,time,kind,amount
        kinds any
        from 2026-02-27T23:00:00Z
        to 2026-02-28T23:00:00Z
        sealed no
    "]],
    );
    let demand = read(CARD);
    let error = demand
        .scope(&terms(&demand), &ById)
        .expect_err("it knows no cards");
    assert_eq!(
        error.to_string(),
        "SchCrit/PmtInstrm names nobody and nothing in the books"
    );
}

#[test]
fn transactions_of_version_2_with_a_prefix() {
    check(
        TRANSACTIONS,
        &expect![[r"
        counterfoil/demand/v1
        authority 000000000000000000000000000000aa
        reference FIU-9
        basis AML Act 30
        purpose Suspicious transactions
        subjects transfers 00000000000000000000000000000101,00000000000000000000000000000102
        roles owner
        fields account,time,kind,transfer,counterparty_account,ledger,side,amount
        kinds any
        from 2025-12-01T00:00:00Z
        to 2026-03-01T00:00:00Z
        sealed 2027-01-01T00:00:00Z
    "]],
    );
}

#[test]
fn days_without_a_zone_are_the_institutions() {
    let demand = auth001::read(ACCOUNT.as_bytes(), 8 * 3_600).expect("whole");
    let utc = read(ACCOUNT);
    assert_eq!(demand.period.from + 8 * 3_600, utc.period.from);
    assert_eq!(demand.period.to + 8 * 3_600, utc.period.to);
    let zoned = auth001::read(CARD.as_bytes(), 8 * 3_600).expect("whole");
    assert_eq!(zoned, read(CARD), "what has a zone keeps it");
}

/// What stands in the message, what stands there instead, what is said of it.
const WRONG: &[(&str, &str, &str)] = &[
    (
        "auth.001.001.01",
        "auth.001.001.03",
        "the message is no Document in the namespace of auth.001.001.01 or auth.001.001.02",
    ),
    (
        " xmlns=\"urn:iso:std:iso:20022:tech:xsd:auth.001.001.01\"",
        "",
        "the message is no Document in the namespace of auth.001.001.01 or auth.001.001.02",
    ),
    (
        "<InvstgtnId>INV-2026-0042</InvstgtnId>",
        "",
        "InvstgtnId is missing",
    ),
    (
        "<InvstgtnId>",
        "<InvstgtnId xmlns=\"\">",
        "InvstgtnId is missing",
    ),
    (
        "<InvstgtnId>",
        "<InvstgtnId>X</InvstgtnId><InvstgtnId>",
        "InvstgtnId stands there more than once",
    ),
    (
        "INV-2026-0042",
        "",
        "InvstgtnId is not a text on one line, of the length that the standard allows",
    ),
    (
        "INV-2026-0042",
        "123456789012345678901234567890123456",
        "InvstgtnId is not a text on one line, of the length that the standard allows",
    ),
    (
        "INV-2026-0042",
        "A\nauthority 0",
        "InvstgtnId is not a text on one line, of the length that the standard allows",
    ),
    (
        "INV-2026-0042",
        "A&#8238;B",
        "InvstgtnId is not a text on one line, of the length that the standard allows",
    ),
    (
        "<Prgrph>Criminal Procedure Act s. 94</Prgrph>",
        "",
        "LglMndtBsis/Prgrph is missing",
    ),
    (
        "<CnfdtltySts>true",
        "<CnfdtltySts>yes",
        "CnfdtltySts is not true or false",
    ),
    (
        "<FrDt>2026-01-01",
        "<FrDt>2026-02-01",
        "InvstgtnPrd is not a period that begins before it ends",
    ),
    (
        "<FrDt>2026-01-01",
        "<FrDt>2026-02-30",
        "InvstgtnPrd/Dt/FrDt is not a day after 1969",
    ),
    (
        "<FrDt>2026-01-01",
        "<FrDt>1969-12-31",
        "InvstgtnPrd/Dt/FrDt is not a day after 1969",
    ),
    (
        "<FrDt>2026-01-01",
        "<FrDt>20260101",
        "InvstgtnPrd/Dt/FrDt is not a day after 1969",
    ),
    (
        "<FrDt>2026-01-01</FrDt>",
        "",
        "InvstgtnPrd/Dt/FrDt is missing",
    ),
    (
        "</Dt>",
        "</Dt><DtTm><FrDtTm>2026-01-01T00:00:00</FrDtTm></DtTm>",
        "InvstgtnPrd is not one of Dt and DtTm",
    ),
    (
        "<DueDt>2026-03-15",
        "<DueDt>soon",
        "DueDt/DueDt is not a day",
    ),
    (
        "<Id>00000000000000000000000000000007</Id>",
        "",
        "SchCrit/Acct/Id/Id/Othr/Id is missing",
    ),
    (
        "<Othr>",
        "<IBAN>DE89370400440532013001</IBAN><Othr>",
        "SchCrit/Acct/Id/Id is not one of IBAN and Othr",
    ),
    (
        "<InvstgtdPties><Cd>ALLP</Cd></InvstgtdPties>",
        "",
        "SchCrit/Acct/InvstgtdPties is missing",
    ),
    (
        "<Cd>ALLP</Cd>",
        "<Prtry>everybody</Prtry>",
        "SchCrit/Acct/InvstgtdPties/Cd is missing",
    ),
    (
        "<Cd>ALLP",
        "<Cd>EVRY",
        "SchCrit/Acct/InvstgtdPties/Cd is not ALLP or OWNE",
    ),
    (
        "<MsgNmId>camt.053.001.08</MsgNmId>",
        "",
        "SchCrit/Acct/AuthrtyReqTp/MsgNmId is missing",
    ),
    (
        "camt.053.001.08",
        "pain.001.001.09",
        "AuthrtyReqTp 1 asks for nothing that is answered: MsgNmId is camt.052, camt.053 or camt.054 with a version, or counterfoil.fields.v1 with the fields in MsgNm",
    ),
    (
        "channel,order",
        "channel,order,diary",
        "AuthrtyReqTp 2 asks for nothing that is answered: MsgNmId is camt.052, camt.053 or camt.054 with a version, or counterfoil.fields.v1 with the fields in MsgNm",
    ),
    (
        "</SchCrit>",
        "</SchCrit><SchCrit/>",
        "SchCrit stands there more than once",
    ),
    (
        "<Acct>",
        "<OrgnlTxNb><Nb>1</Nb></OrgnlTxNb><Acct>",
        "SchCrit is not one of Acct, CstmrId, PmtInstrm and OrgnlTxNb",
    ),
    (
        "0000000000007<",
        "000000000000x<",
        "SchCrit/Acct names nobody and nothing in the books",
    ),
    (
        "0000000000007<",
        "0000000000000<",
        "subjects are 1 to 256 ids other than 0, or all",
    ),
    (
        "<InfReqOpng>",
        "<InfReqOpng>text",
        "an element has text beside its elements, behind byte",
    ),
    (
        "&amp;",
        "&fraud;",
        "the message refers to an entity behind byte",
    ),
    (
        "proceeds",
        "pro\u{1}ceeds",
        "the message is no well-formed XML behind byte",
    ),
    (
        "<Ccy>EUR</Ccy>",
        "<C&cy>EUR</C&cy>",
        "the message is no well-formed XML behind byte",
    ),
    (
        "&amp;",
        "&#1;",
        "the message refers to an entity behind byte",
    ),
    (
        "</InfReqOpng>",
        "",
        "the message is no well-formed XML behind byte",
    ),
    (
        "<Document",
        "<!DOCTYPE Document [<!ENTITY fraud SYSTEM \"file:///etc/passwd\">]><Document",
        "the message has a document type; messages have none",
    ),
    ("\"UTF-8\"", "\"ISO-8859-1\"", "the message is not UTF-8"),
    (
        "</Document>",
        "</Document><Document/>",
        "the message is not one element",
    ),
    (
        "<Document xmlns",
        "<y:Document xmlns",
        "the message is no well-formed XML behind byte",
    ),
];

#[test]
fn what_is_wrong_is_named() {
    for (stands, instead, said) in WRONG {
        assert!(ACCOUNT.contains(stands), "{stands}");
        let text = ACCOUNT.replacen(stands, instead, 1);
        let error = auth001::read(text.as_bytes(), 0)
            .and_then(|demand| demand.scope(&terms(&demand), &ById))
            .expect_err(instead);
        let error = error.to_string();
        assert!(error.starts_with(said), "{instead}: {error}");
    }
}

#[test]
fn what_is_too_large_or_too_deep_is_not_read() {
    let large = format!("{ACCOUNT}{}", " ".repeat(64 << 10));
    let error = auth001::read(large.as_bytes(), 0).expect_err("too large");
    assert_eq!(
        error,
        DemandError::Xml(XmlError::TooLarge { bytes: large.len() })
    );
    for name in ["Dsclmr", "x:Dsclmr xmlns:x=\"urn:x\""] {
        let tag = name.split(' ').next().expect("a name");
        let deep = format!("<{name}>").repeat(30) + &format!("</{tag}>").repeat(30);
        let text = ACCOUNT.replacen("<Dsclmr>", &format!("{deep}<Dsclmr>"), 1);
        let error = auth001::read(text.as_bytes(), 0).expect_err("too deep");
        assert_eq!(error, DemandError::Xml(XmlError::Deep));
    }
    let many = ACCOUNT.replacen("<SchCrit>", &("<X/>".repeat(2_048) + "<SchCrit>"), 1);
    let error = auth001::read(many.as_bytes(), 0).expect_err("too many");
    assert_eq!(error, DemandError::Xml(XmlError::Many));
    let error = auth001::read(b"<Document>\xff</Document>", 0).expect_err("no UTF-8");
    assert_eq!(error, DemandError::Xml(XmlError::Encoding));
}

#[test]
fn ibans_have_a_checksum() {
    let iban = |iban: &str| {
        let other = "<Othr>\n              <Id>00000000000000000000000000000007</Id>\n              <SchmeNm><Prtry>counterfoil</Prtry></SchmeNm>\n            </Othr>";
        assert!(ACCOUNT.contains(other));
        let text = ACCOUNT.replacen(other, &format!("<IBAN>{iban}</IBAN>"), 1);
        auth001::read(text.as_bytes(), 0).map(|demand| demand.criterion)
    };
    for good in [
        "DE89370400440532013000",
        "GB82WEST12345698765432",
        "NO9386011117947",
    ] {
        let name = AccountName::Iban(good.to_owned());
        assert_eq!(iban(good), Ok(Criterion::Account(name, Roles::Any)));
    }
    for bad in [
        "DE89370400440532013001",
        "GB82WEST12345698765423",
        "89DE370400440532013000",
        "DE89",
    ] {
        let error = iban(bad).expect_err(bad).to_string();
        assert_eq!(
            error,
            "SchCrit/Acct/Id/Id/IBAN is not an IBAN with a checksum that is right"
        );
    }
}

#[test]
fn a_demand_asks_in_one_role() {
    for (stands, instead) in [
        (
            "<a:AddtlInvstgtdPties><a:Cd>OWNE",
            "<a:AddtlInvstgtdPties><a:Cd>ALLP",
        ),
        ("<a:InvstgtdRoles><a:Cd>OWNE", "<a:InvstgtdRoles><a:Cd>ALLP"),
    ] {
        let text = CUSTOMER.replacen(stands, instead, 1);
        assert_ne!(text, CUSTOMER);
        assert_eq!(auth001::read(text.as_bytes(), 0), Err(DemandError::Roles));
    }
}

#[test]
fn a_seal_has_an_end_and_a_reason() {
    let secret = read(ACCOUNT);
    let endless = Terms {
        sealed: None,
        ..terms(&secret)
    };
    assert_eq!(secret.scope(&endless, &ById), Err(DemandError::Endless));
    let open = read(CARD);
    let sealed = Terms {
        sealed: Some(OPENS),
        ..terms(&open)
    };
    assert_eq!(open.scope(&sealed, &Cards), Err(DemandError::Open));
}

/// Nor does a demand that is printed for whoever looks for a fault.
#[test]
fn debug_carries_no_values() {
    for text in [ACCOUNT, CUSTOMER, CARD, TRANSACTIONS] {
        let demand = read(text);
        let printed = format!("{demand:?} {:?}", demand.criterion);
        let is_digit = |byte: u8| byte.is_ascii_digit();
        assert!(
            !printed
                .bytes()
                .filter(|byte| *byte != b'1' && *byte != b'2')
                .any(is_digit)
        );
        assert!(
            !printed.contains("Someone") && !printed.contains(&demand.reference),
            "{printed}"
        );
    }
}

/// No error of the wrong inputs carries what stood in the message: it may be about a person.
#[test]
fn errors_carry_no_values() {
    let text = CUSTOMER.replace("OWNE", "Someone");
    let error = auth001::read(text.as_bytes(), 0).expect_err("no role");
    assert!(!format!("{error} {error:?}").contains("Someone"));
    let text = CUSTOMER.replace("camt.054", "Someone!");
    let demand = read(&text);
    let purpose = Some("audit".to_owned());
    let error = demand
        .scope(
            &Terms {
                purpose,
                ..terms(&demand)
            },
            &ById,
        )
        .expect_err("no request");
    assert!(!format!("{error} {error:?}").contains("Someone"));
}
