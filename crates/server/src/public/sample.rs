//! A view in which everything is there, for tests: that of a town of people who enter markup.

use super::view::{
    AmountView, AssessmentView, CategoryView, CheckpointView, ComputationView, CoverView,
    DecisionView, DecisionsView, DemandCount, DemandRow, DemandsView, LedgerMarket, LedgerMoney,
    LogView, MarketView, MoneyView, PublicView, RoleMoney, RuleView, RulesView, ShareView,
    VersionView, WitnessView,
};
use crate::wire::{U64, U128};

pub(super) const ATTACK: &str = "<script>alert(\"x\")</script>' onload=\"y";

const DAY: u64 = 86_400_000_000_000;
/// 11 November 2026.
const NOW: u64 = 20_768 * DAY;

fn days(days: u64) -> U64 {
    U64(NOW + days * DAY)
}

fn ago(days: u64) -> U64 {
    U64(NOW - days * DAY)
}

fn euros(minor: u128) -> AmountView {
    AmountView {
        ledger: 978,
        currency: Some("EUR".to_owned()),
        amount: Some(model::money::format_amount(minor, 2)),
        amount_minor: U128(minor),
    }
}

fn digest(of: u8) -> String {
    crate::wire::digest_text(&[of; 32])
}

pub(super) fn view() -> PublicView {
    PublicView {
        as_of: U64(NOW),
        log: log(),
        rules: rules(),
        decisions: decisions(),
        demands: demands(),
        money: money(),
        market: market(),
    }
}

fn log() -> LogView {
    let checkpoint = |size| CheckpointView {
        size: U64(size),
        root: "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=".to_owned(),
        time: Some(ago(0)),
    };
    let witness = |name: &str, size: Option<u64>| WitnessView {
        name: name.to_owned(),
        key: format!("{name}+00000000+BA"),
        cosigned: size.map(U64),
        time: size.map(|_| U64(NOW / 1_000_000_000)),
    };
    LogView {
        origin: Some("books.example/log".to_owned()),
        keys: vec![
            "books.example/log+e78b5353+AVeffYyVlE1FSCAC60/kvdBlzfpMMldMQaLpR3E0SdBC".to_owned(),
        ],
        checkpoint: Some(checkpoint(48_211)),
        witnessed: Some(checkpoint(48_208)),
        witnesses: vec![
            witness("witness.one.example", Some(48_211)),
            witness("witness.two.example", Some(48_208)),
            witness("witness.three.example", None),
        ],
    }
}

fn rule(id: &str, state: &'static str, verified: bool) -> RuleView {
    RuleView {
        id: id.to_owned(),
        title: format!("A customer pays 500 euros a day, {id}"),
        jurisdiction: "EU".to_owned(),
        law: format!("Terms of business {ATTACK}"),
        article: "3".to_owned(),
        address: "https://law.example/terms?a=1&b=2".to_owned(),
        verified,
        state,
        from: (state != "draft").then_some(ago(300)),
        to: (state == "to_come").then_some(days(300)),
        then: "refuse",
        says: "Payments (pay, hold) in EUR, where the payer is of class customer: the sum per payer in \
               a day is at most 500.00 EUR. Otherwise the payment is refused. Days begin in \
               Europe/Berlin."
            .to_owned(),
    }
}

fn rules() -> RulesView {
    let version = |version, rules, authority: Option<u128>| VersionView {
        version,
        digest: digest(version as u8),
        begins: if version == 4 { ago(200) } else { days(60) },
        signed_by: if authority.is_some() {
            "authority"
        } else {
            "staff"
        },
        authority: authority.map(U128),
        rules,
        unchanged: if version == 4 { 0 } else { 2 },
        assessments: (version == 5).then(|| digest(8)).into_iter().collect(),
    };
    RulesView {
        in_force: Some(version(
            4,
            vec![
                rule("day-500", "in_force", true),
                rule("guess", "draft", false),
            ],
            None,
        )),
        to_come: vec![version(5, vec![rule("day-400", "to_come", true)], Some(42))],
        assessments: vec![AssessmentView {
            sha256: digest(8),
            draft: digest(5),
            title: Some(format!("Version 5 {ATTACK}")),
            signed_by: "authority",
            authority: Some(U128(42)),
            entered: ago(10),
            from: Some(ago(400)),
            to: Some(ago(30)),
            payments: U64(1_240_512),
            refused: U64(3_120),
            people: U64(411),
            sum: Some(euros(81_240_055)),
            comments_until: days(20),
            open: true,
            comments: U64(7),
            reasons: "Most of those who would be stopped pay rent.".to_owned(),
            reasons_left_out: U64(0),
        }],
        assessments_left_out: U64(2),
    }
}

fn decision(number: u64, kind: &'static str, state: &'static str) -> DecisionView {
    DecisionView {
        authority: U128(42),
        number: U64(number),
        kind,
        state,
        addressee: Some("institution"),
        law: "Anti-Monopoly Law".to_owned(),
        article: format!("47 {ATTACK}"),
        jurisdiction: "EU".to_owned(),
        product: None,
        measure: None,
        of: None,
        window: None,
        amount: None,
        computation: None,
        lifts: None,
        entered: ago(number * 7),
        begins: None,
        ends: None,
        due: None,
        kept: None,
        appeal: Some("none"),
        appeal_to: Some(U128(43)),
        appeal_until: Some(days(30)),
        reasons: Some(format!(
            "Merchants were made to choose. {ATTACK}\n\nFour percent are taken."
        )),
        reasons_left_out: U64(0),
        sha256: Some(digest(number as u8)),
    }
}

fn decisions() -> DecisionsView {
    DecisionsView {
        total: U64(109),
        left_out: U64(104),
        complete: true,
        decisions: vec![
            DecisionView {
                addressee: None,
                measure: Some("freeze"),
                reasons: None,
                sha256: None,
                ..decision(5, "restriction", "in_force")
            },
            DecisionView {
                product: Some("payment"),
                measure: Some("cap"),
                of: Some("payer"),
                window: Some("day"),
                amount: Some(euros(100_000)),
                begins: Some(ago(4)),
                ends: Some(days(90)),
                ..decision(4, "restriction", "under_appeal")
            },
            DecisionView {
                due: Some(ago(1)),
                kept: Some("overdue"),
                appeal: None,
                appeal_to: None,
                appeal_until: None,
                addressee: Some("party"),
                sha256: None,
                ..decision(3, "undertaking", "overdue")
            },
            DecisionView {
                lifts: Some(U64(1)),
                reasons: Some("It is no longer needed. ".repeat(60)),
                reasons_left_out: U64(20_000),
                ..decision(2, "lifting", "ended")
            },
            DecisionView {
                amount: Some(euros(1_822_800_000_000)),
                computation: Some(ComputationView {
                    method: "share_of_sales",
                    base: Some(euros(45_571_200_000_000)),
                    share: Some(40),
                    years: None,
                    entry: None,
                    turnover: None,
                    unit: Some(euros(100_000_000)),
                }),
                due: Some(days(12)),
                kept: Some("open"),
                ..decision(1, "fine", "in_force")
            },
        ],
    }
}

pub(super) fn demands() -> DemandsView {
    let count = |authority: &str, kind: &str, outcome: &str, count| DemandCount {
        authority: authority.to_owned(),
        kind: kind.to_owned(),
        outcome: outcome.to_owned(),
        count: U64(count),
    };
    let open = DemandRow {
        serial: U64(3),
        authority: Some("42".to_owned()),
        class: "police".to_owned(),
        kind: Some("rows".to_owned()),
        basis: "Criminal Procedure Act, section 94".to_owned(),
        purpose: Some(format!("tracing of a fraud {ATTACK}")),
        state: "answered".to_owned(),
        received: Some(ago(20)),
        answered: Some(ago(12)),
        rows: Some(U64(1_734)),
        accounts: Some(U64(2)),
        ..DemandRow::default()
    };
    let sealed = DemandRow {
        serial: U64(2),
        authority: None,
        class: "court".to_owned(),
        kind: None,
        purpose: None,
        state: "answered".to_owned(),
        opens: Some(ago(2)),
        overdue: true,
        rows: None,
        accounts: None,
        sealed: true,
        ..open.clone()
    };
    let bulk = DemandRow {
        serial: U64(1),
        class: "supervision".to_owned(),
        purpose: Some("statistics".to_owned()),
        rows: Some(U64(1_000_000)),
        accounts: Some(U64(40_000)),
        bulk: true,
        ..open.clone()
    };
    DemandsView {
        total: U64(12),
        left_out: U64(9),
        counts: vec![
            count("42", "rows", "answered", 10),
            count("court", "sealed", "answered", 2),
        ],
        demands: vec![open, sealed, bulk],
    }
}

fn money() -> MoneyView {
    let role = |role, side, minor| RoleMoney {
        role,
        side,
        reversed: false,
        amount: euros(minor),
    };
    let cover = |number: u64, owed, safe| CoverView {
        statement: U64(number),
        time: ago(12 - number),
        client_money: euros(owed),
        safe: euros(safe),
    };
    MoneyView {
        as_of: U64(NOW),
        ledgers: vec![LedgerMoney {
            client_money: euros(123_456_789_012),
            safe: euros(123_450_000_000),
            covered: false,
            difference: euros(6_789_012),
            roles: vec![
                role("safe", "held", 123_450_000_000),
                role("wallet", "owed", 113_456_789_012),
                role("escrow", "owed", 10_000_000_000),
            ],
        }],
        left_out: 0,
        statements: vec![
            cover(1, 90_000_000_000, 90_000_000_000),
            cover(2, 95_000_000_000, 95_000_000_000),
            cover(3, 110_000_000_000, 105_000_000_000),
            cover(4, 100_000_000_000, 110_000_000_000),
            cover(5, 123_000_000_000, 123_000_000_000),
        ],
        statements_left_out: U64(31),
    }
}

fn market() -> MarketView {
    let share = |sales: u128, share| ShareView {
        sales: euros(sales),
        share,
    };
    let category = |category: &str, label: Option<&str>, part: u16| CategoryView {
        category: category.to_owned(),
        label: label.map(str::to_owned),
        total: share(u128::from(part) * 11_000, Some(part)),
        months: (0..12)
            .map(|month| match month {
                0 => share(0, None),
                _ => share(u128::from(part) * 1_000, Some(part)),
            })
            .collect(),
    };
    MarketView {
        as_of: Some(ago(0)),
        reading: false,
        problem: None,
        months: (12..24u32)
            .map(|month| match month {
                12 => "2025-12".to_owned(),
                month => format!("2026-{:02}", month - 12),
            })
            .collect(),
        ledgers: vec![LedgerMarket {
            total: euros(110_000_000),
            categories: vec![
                category("7", Some("Home/Lamps"), 3_333),
                category("8", Some(ATTACK), 2_500),
                category("9", None, 1_500),
                category("none", None, 1_000),
                category("11", Some("Books"), 700),
                category("12", Some("Garden/Tools"), 500),
                category("13", Some("Food/Tea"), 267),
                category("others", None, 200),
            ],
            left_out: 14,
        }],
        left_out: 0,
    }
}
