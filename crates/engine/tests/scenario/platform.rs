//! Commands of every act, which leave objects of every kind.

use engine::Books;
use model::CommandStatus;

use super::{MORNING, Step, block_on, play, text};

/// What the books hold before the first command: two ledgers.
fn ledgers() -> [Step; 3] {
    [
        Step::Clock(MORNING),
        Step::Ledger(978, "EUR", 2),
        Step::Ledger(392, "JPY", 0),
    ]
}

/// Code, class, role and flags of the lines of the chart.
const CHART: [(u16, &str, &str, u16); 21] = [
    (1000, "asset", "safe", 0),
    (1010, "asset", "own", 0),
    (1020, "asset", "scheme_receivable", 0),
    (1030, "asset", "seller_receivable", 0),
    (1040, "asset", "dispute", 0),
    (1050, "asset", "suspense", 8),
    (2000, "liability", "wallet", 2),
    (2010, "liability", "escrow", 2),
    (2020, "liability", "seller", 2 + 8),
    (2030, "liability", "reserve", 2),
    (2040, "liability", "gift", 2),
    (2050, "liability", "sharing", 2),
    (2060, "liability", "unallocated", 0),
    (2070, "liability", "exchange", 0),
    (3000, "equity", "none", 0),
    (4000, "income", "commission", 0),
    (4010, "income", "fee_income", 0),
    (5000, "expense", "acquiring", 0),
    (5010, "expense", "dispute_fee", 0),
    (5020, "expense", "credit_loss", 0),
    (5030, "expense", "bank_fee", 0),
];

/// Customers 11 to 14, merchants 21 and 22. An empty line ends a request, `wait` moves the clock.
const SCRIPT: &str = "
    1 party_open party=11 kind=customer tier=3
    2 party_open party=12 kind=customer
    3 party_open party=13 kind=customer
    4 party_open party=14 kind=customer
    5 party_open party=21 kind=merchant commission=5%
    6 party_open party=22 kind=merchant commission=2%
    7 party_open party=31 kind=bank
    8 party_tier party=12 tier=2
    9 party_terms party=21 commission=5% reserve=10% reserve_days=90
    10 party_vault party=14 digest=81985529216486895
    11 party_erase party=14
    12 party_state party=31 state=frozen reason=court_order
    13 account_open ledger=978 code=3000
    14 account_open party=13 ledger=392 code=2000
    15 account_close party=13 ledger=392 code=2000
    16 party_state party=31 state=active reason=resolved

    20 fee_set fee=7 ledger=978 flat=10 rate=3% bearer=payee
    21 fee_tier_add fee=7 ledger=978 above=100.00 flat=1.00 rate=2%
    22 calendar_set offset=90000 weekend=saturday+sunday
    23 holiday_set day=2026-01-06
    24 holiday_set day=2026-01-14
    25 holiday_set day=2026-01-14 state=gone
    26 fund ledger=978 amount=1000.00
    27 sweep ledger=978 amount=100.00
    28 journal_post ledger=978 amount=7.00 debit_code=5030 credit_code=1010 value_time=1767500000000000000

    30 top_up party=11 ledger=978 amount=2000.00 funding=card
    31 top_up party=12 ledger=978 amount=500.00 funding=bank
    32 withdraw party=12 ledger=978 amount=20.00 fee=7
    33 pay payer=11 payee=21 ledger=978 amount=150.00 fee=7
    34 refund payment=33 ledger=978 amount=50.00
    35 pay payer=12 payee=13 ledger=978 amount=5.00
    36 pay_split payer=11 ledger=978 | party=12 amount=10.00 | party=21 amount=20.00
    37 pay_shared payer=11 payee=21 ledger=978 amount=100.00 share_limit=50%
    38 share payment=37 ledger=978 | party=12 amount=10.00 | party=22 amount=29.50
    39 share_finish payment=37
    40 pay_shared payer=11 payee=22 ledger=978 amount=10.00
    41 hold payer=11 payee=21 ledger=978 amount=80.00
    42 capture hold=41 ledger=978 amount=30.00
    43 release hold=41
    44 hold payer=11 payee=12 ledger=978 amount=8.00 seconds=3600
    45 hold payer=11 payee=12 ledger=978 amount=9.00
    46 request payee=21 ledger=978 amount=30.00
    47 request_pay request=46 payer=11
    48 request payee=12 payer=11 ledger=978 amount=20.00 seconds=3600
    49 request payee=12 payer=11 ledger=978 amount=20.00
    50 request_cancel request=49
    51 schedule payer=11 payee=12 ledger=978 amount=1.00 rule=months every=1 first_day=2026-01-31 runs_most=2
    52 schedule payer=11 payee=12 ledger=978 amount=1.00 rule=once first_day=2026-01-06
    53 schedule payer=11 payee=12 ledger=978 amount=1.00 rule=days every=3 first_day=2026-03-01
    54 schedule_cancel schedule=53
    55 exchange party=11 ledger=978 amount=100.00 to_ledger=392 rate=16250 scale=2 rounding=half_even
    56 payout party=21 ledger=978 amount=60.00
    57 payout_batch ledger=978 | party=21 amount=2.00 | party=22 amount=3.00
    58 scheme_settle ledger=978 amount=100.00 cost=2.00

    60 listing_add seller=21 ledger=978 category=7 price=2.50 stock=10 text=1234567890123456789
    61 listing_add seller=22 ledger=978 price=1.00 stock=100
    62 listing_set listing=1 ledger=978 price=1.00 stock=99
    70 order_place buyer=11 ledger=978 pay=now | party=21 amount=5.00 listing=1 quantity=2 | party=22 amount=3.00 listing=2 quantity=3
    71 order_place buyer=12 ledger=978 pay=now delivery=express | party=21 amount=40.00
    72 order_place buyer=12 ledger=978 | party=22 amount=9.00
    73 order_place buyer=12 ledger=978 seconds=3600 | party=22 amount=1.00 listing=2 quantity=1
    74 order_pay order=72 ledger=978 amount=9.00 funding=card
    75 order_ship order=70 line=1 delivery=express
    76 order_confirm order=70 line=1
    77 order_cancel order=70 line=2
    78 order_ship order=72 delivery=virtual
    79 claim_open order=71 line=1 ledger=978 amount=15.00 evidence=77
    80 claim_decide order=71 line=1 ledger=978 amount=15.00
    81 order_confirm order=72
    82 order_refund order=72 line=1 ledger=978 amount=2.00
    83 order_place buyer=12 ledger=978 delivery=surface | party=22 amount=4.00
    84 order_pay order=83 ledger=978 amount=4.00 funding=card

    90 gift_send sender=11 ledger=978 amount=20.00 kind=random parts=3 seed=1234567890123456789
    91 gift_claim gift=90 party=12
    92 gift_claim gift=90 party=13
    93 gift_claim gift=90 party=22
    94 gift_send sender=12 ledger=978 amount=10.00 parts=4 seconds=3600 seed=9876543210987654321
    95 gift_claim gift=94 party=11
    96 gift_send sender=12 ledger=978 amount=10.00 kind=random parts=4 seconds=2592000 seed=5
    97 gift_claim gift=96 party=11

    100 chargeback_open ledger=978 amount=7.00 fee=1.00 order=72 line=1
    101 chargeback_recover chargeback=100
    102 chargeback_lost chargeback=100
    103 pay payer=11 payee=22 ledger=978 amount=60.00 funding=card
    104 chargeback_open ledger=978 amount=25.00 payment=103
    105 chargeback_won chargeback=104
    wait 3h
    wait 12d
    110 day_close day=2026-01-05
    111 pay payer=11 payee=12 ledger=978 amount=1.00
    wait 30d
    112 party_state party=31 state=closed
";

/// Plays all of it on new books, as the same requests each time.
pub fn play_platform(books: &Books) {
    let start = ledgers();
    for step in &start {
        block_on(play(books, step)).expect("taken");
    }
    let mut lines: Vec<String> = chart();
    let mut time = MORNING;
    for line in SCRIPT.lines().map(str::trim).chain([""]) {
        if let Some(span) = line.strip_prefix("wait ") {
            carry_out(books, &mut lines);
            time += text::duration(span);
            block_on(play(books, &Step::Clock(time))).expect("taken");
        } else if line.is_empty() {
            carry_out(books, &mut lines);
        } else {
            lines.push(line.to_owned());
        }
    }
}

fn chart() -> Vec<String> {
    let line = |(code, class, role, flags): (u16, &str, &str, u16)| {
        let name = &role[..role.len().min(16)];
        format!(
            "{} chart_line_set code={code} class={class} role={role} flags={flags} name={name}",
            1_000_000 + u32::from(code)
        )
    };
    CHART.map(line).to_vec()
}

/// Asks for the commands of all lines in one request; each of them has to be carried out.
fn carry_out(books: &Books, lines: &mut Vec<String>) {
    if lines.is_empty() {
        return;
    }
    let commands: Vec<_> = lines.iter().map(|line| text::parse(line)).collect();
    let results = block_on(books.commands(commands.clone())).expect("taken");
    for ((line, command), result) in lines.iter().zip(&commands).zip(&results) {
        let created = result.status == CommandStatus::Created.code();
        assert!(created, "{}: {line}", text::answer(command, result));
    }
    lines.clear();
}
