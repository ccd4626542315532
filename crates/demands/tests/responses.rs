//! Messages that answer: as they stand, built as published, and valid where the schema is there.

use std::path::{Path, PathBuf};
use std::process::Command;

use demands::answer::Counts;
use demands::auth001::{self, Demand};
use demands::auth002::{Outcome, Response, ResponseError, Status, write};
use expect_test::expect;

const ACCOUNT: &str = include_str!("messages/v1-account.xml");
const CUSTOMER: &str = include_str!("messages/v1-customer-prefixed.xml");
const CARD: &str = include_str!("messages/v2-card.xml");
const TRANSACTIONS: &str = include_str!("messages/v2-transactions.xml");

fn read(text: &str) -> Demand {
    auth001::read(text.as_bytes(), 0).expect("the message is whole")
}

fn counts() -> Counts {
    Counts {
        digest: [0xab; 32],
        bytes: 4_096,
        rows: 17,
        accounts: 1,
    }
}

/// An answer to each sample, with every kind of outcome among them.
fn answers() -> Vec<(&'static str, String)> {
    let answer = |text, status, outcomes: &[Outcome], note: Option<&str>| {
        let demand = read(text);
        let response = Response {
            id: "CF-1 & <1>".to_owned(),
            status,
            outcomes: outcomes.to_vec(),
            period: (status == Status::Part).then_some(demand.period),
            note: note.map(str::to_owned),
        };
        write(&demand, &response).expect("an answer")
    };
    let file = Outcome::File(counts());
    vec![
        (
            "v1-account",
            answer(
                ACCOUNT,
                Status::Part,
                &[file, Outcome::NotApplicable],
                Some("narrowed: orders are not needed"),
            ),
        ),
        (
            "v1-customer",
            answer(CUSTOMER, Status::Complete, &[file, Outcome::Found], None),
        ),
        (
            "v2-card",
            answer(CARD, Status::Nothing, &[Outcome::NotFound], None),
        ),
        (
            "v2-transactions",
            answer(TRANSACTIONS, Status::Complete, &[file], None),
        ),
    ]
}

#[test]
fn an_answer_as_it_stands() {
    expect![[r#"
        <?xml version="1.0" encoding="UTF-8"?>
        <Document xmlns="urn:iso:std:iso:20022:tech:xsd:auth.002.001.01">
          <InfReqRspn>
            <RspnId>CF-1 &amp; &lt;1&gt;</RspnId>
            <InvstgtnId>INV-2026-0042</InvstgtnId>
            <RspnSts>PART</RspnSts>
            <SchCrit>
              <Acct>
                <Id>
                  <Id>
                    <Othr>
                      <Id>00000000000000000000000000000007</Id>
                      <SchmeNm>
                        <Prtry>counterfoil</Prtry>
                      </SchmeNm>
                    </Othr>
                  </Id>
                  <Ccy>EUR</Ccy>
                </Id>
                <InvstgtdPties>
                  <Cd>ALLP</Cd>
                </InvstgtdPties>
                <AuthrtyReqTp>
                  <MsgNmId>camt.053.001.08</MsgNmId>
                  <MsgNm>Statement</MsgNm>
                </AuthrtyReqTp>
                <AuthrtyReqTp>
                  <MsgNmId>counterfoil.fields.v1</MsgNmId>
                  <MsgNm>channel,order</MsgNm>
                </AuthrtyReqTp>
              </Acct>
            </SchCrit>
            <RtrInd>
              <RspnPrd>
                <DtTm>
                  <FrDtTm>2026-01-01T00:00:00Z</FrDtTm>
                  <ToDtTm>2026-02-01T00:00:00Z</ToDtTm>
                </DtTm>
              </RspnPrd>
              <AuthrtyReqTp>
                <MsgNmId>camt.053.001.08</MsgNmId>
                <MsgNm>Statement</MsgNm>
              </AuthrtyReqTp>
              <InvstgtnRslt>
                <Rslt>
                  <Answer xmlns="urn:counterfoil:answer:v1">
                    <Digest>abababababababababababababababababababababababababababababababab</Digest>
                    <Bytes>4096</Bytes>
                    <Rows>17</Rows>
                    <Accounts>1</Accounts>
                  </Answer>
                </Rslt>
              </InvstgtnRslt>
              <AddtlInf>narrowed: orders are not needed</AddtlInf>
            </RtrInd>
            <RtrInd>
              <RspnPrd>
                <DtTm>
                  <FrDtTm>2026-01-01T00:00:00Z</FrDtTm>
                  <ToDtTm>2026-02-01T00:00:00Z</ToDtTm>
                </DtTm>
              </RspnPrd>
              <AuthrtyReqTp>
                <MsgNmId>counterfoil.fields.v1</MsgNmId>
                <MsgNm>channel,order</MsgNm>
              </AuthrtyReqTp>
              <InvstgtnRslt>
                <InvstgtnSts>NOAP</InvstgtnSts>
              </InvstgtnRslt>
              <AddtlInf>narrowed: orders are not needed</AddtlInf>
            </RtrInd>
          </InfReqRspn>
        </Document>
    "#]].assert_eq(&answers()[0].1);
}

#[test]
fn what_does_not_fit_is_no_answer() {
    let demand = read(ACCOUNT);
    let whole = Response {
        id: "CF-1".to_owned(),
        status: Status::Complete,
        outcomes: vec![Outcome::Found, Outcome::NotFound],
        period: None,
        note: None,
    };
    assert!(write(&demand, &whole).is_ok());
    let refused = |response: Response, error| assert_eq!(write(&demand, &response), Err(error));
    refused(
        Response {
            id: "x".repeat(36),
            ..whole.clone()
        },
        ResponseError::Id,
    );
    refused(
        Response {
            id: String::new(),
            ..whole.clone()
        },
        ResponseError::Id,
    );
    refused(
        Response {
            note: Some("a\nb".to_owned()),
            ..whole.clone()
        },
        ResponseError::Note,
    );
    refused(
        Response {
            outcomes: vec![Outcome::Found],
            ..whole.clone()
        },
        ResponseError::Outcomes { wanted: 2 },
    );
    refused(
        Response {
            status: Status::Nothing,
            ..whole.clone()
        },
        ResponseError::Status,
    );
    let outcomes = vec![Outcome::NotApplicable; 2];
    refused(
        Response {
            outcomes,
            ..whole.clone()
        },
        ResponseError::Status,
    );
}

/// A name, how often it stands there at least, and at most.
type Child = (&'static str, usize, usize);

/// What an element may have within it, in order.
const STRUCTURE: &[(&str, &[Child])] = &[
    ("Document", &[("InfReqRspn", 1, 1)]),
    (
        "InfReqRspn",
        &[
            ("RspnId", 1, 1),
            ("InvstgtnId", 1, 1),
            ("RspnSts", 1, 1),
            ("SchCrit", 1, 1),
            ("RtrInd", 1, usize::MAX),
            ("SplmtryData", 0, usize::MAX),
        ],
    ),
    (
        "RtrInd",
        &[
            ("RspnPrd", 0, 1),
            ("AuthrtyReqTp", 1, 1),
            ("InvstgtnRslt", 1, 1),
            ("AddtlInf", 0, 1),
        ],
    ),
    ("RspnPrd", &[("Dt", 0, 1), ("DtTm", 0, 1)]),
    ("DtTm", &[("FrDtTm", 1, 1), ("ToDtTm", 1, 1)]),
    ("AuthrtyReqTp", &[("MsgNmId", 1, 1), ("MsgNm", 0, 1)]),
    ("InvstgtnRslt", &[("Rslt", 0, 1), ("InvstgtnSts", 0, 1)]),
    ("Rslt", &[("Answer", 1, 1)]),
    (
        "Answer",
        &[
            ("Digest", 1, 1),
            ("Bytes", 1, 1),
            ("Rows", 1, 1),
            ("Accounts", 1, 1),
        ],
    ),
    (
        "SchCrit",
        &[
            ("Acct", 0, 1),
            ("CstmrId", 0, 1),
            ("PmtInstrm", 0, 1),
            ("OrgnlTxNb", 0, usize::MAX),
        ],
    ),
    (
        "Acct",
        &[
            ("Id", 1, 1),
            ("InvstgtdPties", 1, 1),
            ("AuthrtyReqTp", 1, usize::MAX),
        ],
    ),
    ("CstmrId", &[("Pty", 1, 1), ("AuthrtyReq", 1, usize::MAX)]),
    (
        "AuthrtyReq",
        &[
            ("Tp", 1, 1),
            ("InvstgtdRoles", 1, 1),
            ("AddtlInvstgtdPties", 0, 1),
            ("AddtlInf", 0, 1),
        ],
    ),
    (
        "PmtInstrm",
        &[
            ("CardNb", 1, 1),
            ("AuthrtyReqTp", 1, usize::MAX),
            ("AddtlInf", 0, 1),
        ],
    ),
    (
        "OrgnlTxNb",
        &[("Nb", 1, 1), ("Tp", 1, usize::MAX), ("AddtlInf", 0, 1)],
    ),
];

/// Goes through lines of an element each, as answers are written, and holds them against the table.
fn structure(text: &str) -> Result<(), String> {
    let mut open: Vec<(String, Vec<String>)> = vec![(String::new(), Vec::new())];
    for line in text.lines().skip(1).map(str::trim) {
        let inner = line.strip_prefix('<').ok_or("no tag")?;
        if let Some(name) = inner.strip_prefix('/') {
            let (element, children) = open.pop().ok_or("nothing is open")?;
            if format!("{element}>") != name {
                return Err(format!("{element} ends as {name}"));
            }
            children_fit(&element, &children)?;
            continue;
        }
        let end = inner.find(['>', ' ']).ok_or("no end")?;
        let name = inner[..end].to_owned();
        open.last_mut()
            .ok_or("nothing is open")?
            .1
            .push(name.clone());
        if !inner.ends_with(&format!("</{name}>")) {
            open.push((name, Vec::new()));
        }
    }
    let is_whole = open.len() == 1 && open[0].1 == ["Document"];
    is_whole
        .then_some(())
        .ok_or_else(|| format!("left open: {open:?}"))
}

fn children_fit(element: &str, children: &[String]) -> Result<(), String> {
    let Some((_, allowed)) = STRUCTURE.iter().find(|(name, _)| *name == element) else {
        return Ok(());
    };
    let mut rest = children;
    for (name, least, most) in *allowed {
        let count = rest.iter().take_while(|child| child == name).count();
        if count < *least || count > *most {
            return Err(format!("{element} has {name} {count} times"));
        }
        rest = &rest[count..];
    }
    rest.is_empty()
        .then_some(())
        .ok_or_else(|| format!("{element} has {rest:?} at its end"))
}

#[test]
fn answers_are_built_as_published() {
    for (name, text) in answers() {
        assert_eq!(structure(&text), Ok(()), "{name}");
    }
    let whole = &answers()[0].1;
    for (stands, instead) in [
        ("    <RspnId>CF-1 &amp; &lt;1&gt;</RspnId>\n", ""),
        ("MsgNmId", "MsgNo"),
        (
            "<RspnSts>PART</RspnSts>",
            "<RspnSts>PART</RspnSts>\n<RspnSts>PART</RspnSts>",
        ),
    ] {
        assert!(whole.contains(stands), "{stands}");
        assert!(
            structure(&whole.replace(stands, instead)).is_err(),
            "{instead}"
        );
    }
}

/// Where the published schema of this name is, if it is anywhere.
fn schema(name: &str) -> Option<PathBuf> {
    let data = std::env::var_os("COUNTERFOIL_DATA").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data"),
        PathBuf::from,
    );
    [data.join("iso20022").join(name), data.join(name)]
        .into_iter()
        .find(|path| path.is_file())
}

fn validate(name: &str, message: &str, text: &str) {
    let Some(schema) = schema(&format!("{message}.xsd")) else {
        return eprintln!("{name}: skipped: no schema {message}.xsd");
    };
    let dir = tempfile::tempdir().expect("a folder");
    let file = dir.path().join("message.xml");
    std::fs::write(&file, text).expect("written");
    let mut xmllint = Command::new("xmllint");
    let xmllint = xmllint
        .arg("--noout")
        .arg("--nonet")
        .arg("--schema")
        .arg(schema)
        .arg(&file);
    let Ok(output) = xmllint.output() else {
        return eprintln!("{name}: skipped: no xmllint");
    };
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{name}: {said}");
}

#[test]
fn messages_validate_against_the_published_schema() {
    validate("v1-account", "auth.001.001.01", ACCOUNT);
    validate("v1-customer", "auth.001.001.01", &without_foreign(CUSTOMER));
    // What the samples of version 2 use is the same in version 1, so either schema judges them.
    let as_version_1 = |text: &str| text.replacen(".001.02\"", ".001.01\"", 1);
    for (name, text) in [("v2-card", CARD), ("v2-transactions", TRANSACTIONS)] {
        validate(name, "auth.001.001.02", text);
        validate(name, "auth.001.001.01", &as_version_1(text));
    }
    for (name, text) in answers() {
        if name.starts_with("v2") {
            validate(name, "auth.002.001.02", &text);
        }
        validate(name, "auth.002.001.01", &as_version_1(&text));
    }
}

/// The sample has an element of another namespace where the schema has no place for one.
fn without_foreign(text: &str) -> String {
    let foreign = "<x:InvstgtnId>not this one</x:InvstgtnId>";
    assert!(text.contains(foreign));
    text.replacen(foreign, "", 1)
}
