//! Orders in bulk: one result a line, and the same orders as one by one.

use std::fmt::Write as _;

use expect_test::{Expect, expect};
use machine::LINE_MOMENTS;
use model::order_flags::{LINKED, PAY};
use model::{Command, CommandResult, CommandStatus, Leg, OrderEvent, OrderPlace};

use crate::harness::Platform;
use crate::text::{answer, status};

const EUR: u32 = 978;

/// A line of order `order` of 10.00 from party 21 to `buyer`.
fn line(order: u128, buyer: u128, flags: u16) -> OrderEvent {
    OrderEvent {
        order,
        buyer,
        seller: 21,
        amount: 1_000,
        ledger: EUR,
        flags,
        ..OrderEvent::default()
    }
}

fn place(platform: &mut Platform, events: &[OrderEvent]) -> Vec<CommandResult> {
    let mut results = Vec::new();
    let moments = events.len() * LINE_MOMENTS;
    platform.step(moments, |state, past, time, sink| {
        state.create_orders(past, time, events, sink, &mut results);
    });
    assert_eq!(results.len(), events.len(), "one result a line");
    results
}

/// Places orders on books where buyers 11 and 12 have 100.00, and compares what becomes of them.
fn check(batches: &[&[OrderEvent]], expect: &Expect) {
    let mut platform = Platform::new();
    platform.created("1 top_up party=11 ledger=978 amount=100.00 funding=bank");
    platform.created("2 top_up party=12 ledger=978 amount=100.00 funding=bank");
    let mut out = String::new();
    for events in batches {
        let results = place(&mut platform, events);
        for (event, result) in events.iter().zip(&results) {
            let _ = writeln!(out, "{} {}", show(event.order), told(result));
        }
        out += "--\n";
    }
    expect.assert_eq(&(out + &platform.line("balances ")));
}

fn show(order: u128) -> String {
    if order == u128::MAX {
        return "max".to_owned();
    }
    order.to_string()
}

/// The answer in words, and how many transfers a line made.
fn told(result: &CommandResult) -> String {
    let command = Command {
        id: 1,
        act: OrderPlace::default().into(),
        legs: Vec::new(),
    };
    match status(result) {
        CommandStatus::Created if result.first_transfer > 0 => "created, paid".to_owned(),
        _ => answer(&command, result),
    }
}

/// Single lines: each is judged by itself, after those before it.
#[test]
fn single_lines() {
    check(
        &[
            &[
                line(10, 11, PAY),
                line(11, 11, 0),
                line(10, 11, PAY),
                line(10, 12, PAY),
                OrderEvent {
                    amount: 8_001,
                    ..line(12, 11, PAY)
                },
                OrderEvent {
                    amount: 9_000,
                    delivery: 3,
                    ..line(12, 11, PAY)
                },
                line(13, 11, PAY),
                line(14, 13, PAY),
                line(1, 12, PAY),
            ],
            &[line(10, 11, PAY), line(13, 12, PAY), line(11, 11, PAY)],
        ],
        &expect![[r#"
            10 created, paid
            11 created
            10 exists
            10 exists_with_different_content
            12 created, paid
            12 exists_with_different_content
            13 insufficient_funds by transfer status 54
            14 insufficient_funds by transfer status 54
            1 exists_with_different_content
            --
            10 exists
            13 created, paid
            11 exists_with_different_content
            --
              safe 200.00 Dr
              wallet[11] 9.99 Cr
              wallet[12] 90.00 Cr
              escrow 100.01 Cr
        "#]],
    );
}

/// Linked lines are one order, all or none, and buyers without a wallet lose nothing by it.
#[test]
fn linked_lines() {
    check(
        &[
            &[
                line(20, 11, PAY | LINKED),
                OrderEvent {
                    seller: 22,
                    ..line(20, 11, PAY)
                },
                line(21, 11, PAY | LINKED),
                OrderEvent {
                    amount: 9_000,
                    ..line(21, 11, PAY | LINKED)
                },
                line(21, 11, PAY),
                line(22, 12, PAY),
                line(20, 11, PAY | LINKED),
                OrderEvent {
                    seller: 22,
                    ..line(20, 11, PAY)
                },
                line(23, 11, LINKED),
                line(23, 11, PAY),
                line(24, 11, LINKED),
                line(25, 11, LINKED),
                line(24, 12, 0),
                line(26, 12, LINKED),
                line(26, 12, LINKED),
            ],
            &[line(21, 12, LINKED), line(21, 12, 0)],
        ],
        &expect![[r#"
            20 created, paid
            20 created, paid
            21 linked_order_failed
            21 insufficient_funds by transfer status 54
            21 linked_order_failed
            22 created, paid
            20 exists
            20 exists
            23 linked_order_failed
            23 linked_order_differs
            24 linked_order_failed
            25 linked_order_differs
            24 linked_order_failed
            26 linked_order_failed
            26 linked_order_open
            --
            21 created
            21 created
            --
              safe 200.00 Dr
              wallet[11] 80.00 Cr
              wallet[12] 90.00 Cr
              escrow 30.00 Cr
        "#]],
    );
}

/// Every refusal that is of the bulk form alone, and some that name fields and parts.
#[test]
fn refused() {
    check(
        &[&[
            line(0, 11, PAY),
            line(u128::MAX, 11, PAY),
            line(30, 11, 1 << 2),
            OrderEvent {
                channel: 200,
                ..line(30, 11, 0)
            },
            OrderEvent {
                reserved: [0, 0, 0, 0, 1],
                ..line(30, 11, 0)
            },
            OrderEvent {
                delivery: 5,
                ..line(30, 11, 0)
            },
            OrderEvent {
                ledger: 1,
                ..line(30, 11, 0)
            },
            OrderEvent {
                seller: 11,
                ..line(30, 11, 0)
            },
            OrderEvent {
                listing: 1,
                quantity: 1,
                ..line(30, 11, 0)
            },
            line(31, 11, LINKED),
            OrderEvent {
                amount: 0,
                ..line(31, 11, 0)
            },
            line(30, 99, 0),
        ]],
        &expect![[r#"
            0 id_must_not_be_zero
            max id_must_not_be_int_max
            30 value_out_of_range (pay)
            30 value_out_of_range (channel)
            30 value_out_of_range (pay)
            30 value_out_of_range (delivery)
            30 ledger_not_declared (ledger)
            30 parties_must_be_different in part 1
            30 listing_not_found in part 1
            31 linked_order_failed
            31 amount_must_not_be_zero in part 2
            30 party_not_found (buyer)
            --
              safe 200.00 Dr
              wallet[11] 100.00 Cr
              wallet[12] 100.00 Cr
        "#]],
    );
}

/// An order has at most as many lines as a command has parts.
#[test]
fn too_many_lines() {
    let mut platform = Platform::new();
    let mut lines = vec![line(40, 11, LINKED); 257];
    lines[256].flags = 0;
    let results = place(&mut platform, &lines);
    assert_eq!(status(&results[0]), CommandStatus::LinkedOrderFailed);
    assert_eq!(status(&results[256]), CommandStatus::TooManyLegs);
    lines.remove(0);
    let results = place(&mut platform, &lines);
    assert_eq!(status(&results[255]), CommandStatus::Created);
}

/// The same orders, in bulk and as commands, get the same answers and come to the same balances.
#[test]
fn bulk_and_commands_agree() {
    let mut random = 7u64;
    let mut below = |bound: u64| {
        random = random
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        (random >> 33) % bound
    };
    let (mut bulk, mut single) = (Platform::new(), Platform::new());
    for platform in [&mut bulk, &mut single] {
        platform.created("1 top_up party=11 ledger=978 amount=50.00 funding=bank");
        platform.created("2 top_up party=12 ledger=978 amount=9.00 funding=bank");
        platform.created("3 party_state party=23 state=frozen");
        platform.created("4 listing_add seller=21 ledger=978 price=1.00 stock=20");
    }
    for _ in 0..25 {
        let mut events = Vec::new();
        for _ in 0..8 {
            let head = OrderPlace {
                channel: 0,
                buyer: 10 + u128::from(below(4)),
                ledger: EUR,
                pay: below(2) as u8,
                seconds: 0,
                delivery: below(3) as u8,
            };
            let legs: Vec<_> = (0..=below(3)).map(|_| leg(&mut below)).collect();
            let command = Command {
                id: 100 + u128::from(below(60)),
                act: head.into(),
                legs,
            };
            events.push(command);
        }
        let lines: Vec<_> = events.iter().flat_map(lines).collect();
        let mut results = place(&mut bulk, &lines).into_iter();
        for command in &events {
            let moments = machine::State::moments(command);
            let result = single.step(moments, |state, past, time, sink| {
                state.command(past, time, command, sink)
            });
            let of_lines: Vec<_> = results.by_ref().take(command.legs.len()).collect();
            let told = of_lines.iter().map(told_alike);
            let mut told = told.filter(|told| !told.0.starts_with("linked_order_failed"));
            assert_eq!(told.next(), Some(told_alike(&result)), "{command:?}");
        }
        assert_eq!(bulk.line("balances "), single.line("balances "));
    }
    let stock = |platform: &Platform| platform.state.object((40, (0, 0)));
    let without_time = |platform: &Platform| stock(platform).map(|object| object.value("stock"));
    assert_eq!(without_time(&bulk), without_time(&single));
}

/// What both forms say alike: the status, and what was wrong.
fn told_alike(result: &CommandResult) -> (String, u64) {
    (status(result).name().to_owned(), result.number)
}

fn leg(below: &mut impl FnMut(u64) -> u64) -> Leg {
    let of_listing = below(3) == 0;
    let quantity = 1 + below(3);
    Leg {
        party: if of_listing {
            21
        } else {
            20 + u128::from(below(4))
        },
        amount: u128::from(quantity) * 100,
        listing: u32::from(of_listing),
        quantity: if of_listing { quantity as u32 } else { 0 },
    }
}

/// The lines of a command in the bulk form.
fn lines(command: &Command) -> Vec<OrderEvent> {
    let model::Act::OrderPlace(act) = command.act else {
        panic!("it is an order")
    };
    let last = command.legs.len() - 1;
    let legs = command.legs.iter().enumerate();
    let line = |(index, leg): (usize, &Leg)| OrderEvent {
        order: command.id,
        buyer: act.buyer,
        seller: leg.party,
        amount: leg.amount,
        listing: leg.listing,
        quantity: leg.quantity,
        ledger: act.ledger,
        flags: if act.pay == 1 { PAY } else { 0 } | if index < last { LINKED } else { 0 },
        delivery: act.delivery,
        ..OrderEvent::default()
    };
    legs.map(line).collect()
}
