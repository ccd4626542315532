//! Sales by category and time come out of the log.

mod scenario;

use engine::{Books, SalesLine};
use model::CommandStatus as Status;
use model::sales::Sold;
use scenario::{MORNING, SECOND, Step, block_on, make, open, play_all, text};

const DAY: u64 = 86_400 * SECOND;

const FIRST_DAY: &str = "
    9001 party_open party=11 kind=customer
    9002 party_open party=21 kind=merchant commission=5%
    9003 top_up party=11 ledger=978 amount=500.00 funding=bank
    9004 listing_add seller=21 ledger=978 category=7 price=2.50 stock=10 text=1
    9005 listing_add seller=21 ledger=978 category=8 price=1.00 stock=10 text=2
    70 order_place buyer=11 ledger=978 pay=now | party=21 amount=5.00 listing=1 quantity=2 | party=21 amount=3.00 listing=2 quantity=3
    71 order_place buyer=11 ledger=978 pay=now | party=21 amount=40.00
    72 order_place buyer=11 ledger=978 pay=now | party=21 amount=2.50 listing=1 quantity=1
    80 order_ship order=70 delivery=express
    81 order_ship order=71 delivery=express
    82 order_confirm order=70
    83 order_confirm order=71
";

const SECOND_DAY: &str = "
    90 order_refund order=70 line=1 ledger=978 amount=2.00
    91 order_refund order=70 line=2 ledger=978 amount=3.00
    92 order_ship order=72 delivery=express
    93 order_confirm order=72
";

fn ask(books: &Books, script: &str) {
    let lines = script.lines().map(str::trim);
    for line in lines.filter(|line| !line.is_empty()) {
        let commands = vec![text::parse(line)];
        let results = block_on(books.commands(commands)).expect("taken");
        assert_eq!(results[0].status, Status::Created.code(), "{line}");
    }
}

fn line(category: u32, sales: u128, returned: u128, lines: u64) -> SalesLine {
    SalesLine {
        ledger: 978,
        category,
        sold: Sold {
            sales,
            returned,
            lines,
        },
    }
}

#[test]
fn sales_by_category_and_day() {
    let folder = tempfile::tempdir().expect("a folder");
    make(folder.path(), 7);
    let books = open(folder.path());
    play_all(&books, &[Step::Clock(MORNING), Step::Ledger(978, "EUR", 2)]);
    let chart = include_str!("scenario/platform.txt").split_once("\n\n");
    ask(&books, chart.expect("it is the first block").0);
    ask(&books, FIRST_DAY);
    play_all(&books, &[Step::Clock(MORNING + DAY + SECOND)]);
    ask(&books, SECOND_DAY);
    let sales = |from, to| block_on(books.sales(from, to)).expect("added up");
    let first = sales(MORNING, MORNING + DAY);
    assert_eq!(
        first,
        [line(0, 4_000, 0, 1), line(7, 500, 0, 1), line(8, 300, 0, 1)]
    );
    let second = sales(MORNING + DAY, MORNING + 2 * DAY);
    assert_eq!(second, [line(7, 250, 200, 1), line(8, 0, 300, 0)]);
    assert_eq!(sales(0, MORNING), []);
    let days = [MORNING, MORNING + DAY, MORNING + 2 * DAY];
    let days = block_on(books.sales_between(&days)).expect("added up");
    assert_eq!(days, [first, second], "the log is read once");
    block_on(books.close()).expect("they close");
}
