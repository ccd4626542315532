//! Webhooks and streams from a real server, while orders live: who is told what, in which order,
//! and what a killed server and a failing receiver change about it, which is nothing.

mod books;
mod receiver;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use books::{BUYER, Market, SELLERS, Server};
use model::{CommandResult, OrderEvent, order_flags};
use receiver::{Hook, Receiver, position};
use serde_json::{Value, json};
use zerocopy::{FromBytes, IntoBytes};

const CREATED: u32 = u32::MAX;

/// An order of two sellers is paid, shipped, confirmed and paid back in part; another is paid
/// later and cancelled.
fn live(server: &Server) {
    let legs = json!([{"party":SELLERS[0],"amount":"20.00"},{"party":SELLERS[1],"amount":"5.00"}]);
    server.act(&json!([
        {"id":"100","act":"order_place","buyer":BUYER,"ledger":978,"pay":"now","legs":legs},
        {"id":"101","act":"order_place","buyer":BUYER,"ledger":978,"pay":"later","legs":legs},
        {"id":"1001","act":"order_ship","order":"100","delivery":"express"},
        {"id":"1002","act":"order_pay","order":"101","ledger":978,"amount":"25.00"},
    ]));
    server.act(&json!([
        {"id":"1003","act":"order_confirm","order":"100"},
        {"id":"1004","act":"order_cancel","order":"101"},
        {"id":"1005","act":"order_refund","order":"100","line":1,"ledger":978,"amount":"3.00"},
        {"id":"1006","act":"payout","party":SELLERS[0],"ledger":978,"amount":"10.00"},
    ]));
}

/// Orders of two lines by the bulk form, paid at once.
fn buy(server: &Server, first: u128, count: u128) {
    let line = |order: u128, line: u128| OrderEvent {
        order,
        buyer: 11,
        seller: 21 + line,
        amount: 7,
        ledger: 978,
        flags: [order_flags::PAY | order_flags::LINKED, order_flags::PAY][line as usize],
        ..OrderEvent::default()
    };
    let lines = (first..first + count).flat_map(|order| [line(order, 0), line(order, 1)]);
    let lines: Vec<OrderEvent> = lines.collect();
    let results = server.bulk(lines.as_bytes());
    assert_eq!(results.len(), lines.len() * 32);
    for result in results.chunks_exact(32) {
        let result = CommandResult::read_from_bytes(result).expect("whole");
        assert_eq!(result.status, CREATED, "{result:?}");
    }
}

/// Waits until `path` has taken as many events as there are, and holds them against them.
fn all_came(receiver: &Receiver, (path, secret): (&str, &str), expected: &[Value]) {
    for _ in 0..500 {
        if receiver.count(path) >= expected.len() {
            break;
        }
        thread::sleep(Duration::from_millis(20));
    }
    let taken = receiver.taken(path, secret);
    let places = |events: &[Value]| events.iter().map(position).collect::<Vec<_>>();
    assert_eq!(places(&taken), places(expected), "{path}");
    assert_eq!(taken, expected, "{path}");
}

fn kinds(events: &[Value]) -> Vec<&str> {
    let kinds = events.iter().map(|event| event["kind"].as_str());
    kinds.map(|kind| kind.expect("a kind")).collect()
}

/// Each is told what it asked for, once and in order, although each third event is refused at
/// first; the pages and the streams tell the same.
#[test]
fn an_orders_life_is_told_to_each_who_asked() {
    let receiver = Receiver::open(|_, position, before| {
        if position % 3 == 0 && before == 0 {
            500
        } else {
            200
        }
    });
    let market = Market::open();
    let server = market.serve();
    server.open_parties();
    let from = server.end();
    let asked = [
        ("/all", json!({}), ""),
        (
            "/lines",
            json!({"kinds":["order_line.*"]}),
            "&kind=order_line.*",
        ),
        ("/seller", json!({"parties":[SELLERS[1]]}), "&party=22"),
        ("/order", json!({"order":"100"}), "&order=100"),
        (
            "/both",
            json!({"kinds":["transfer.created","deed.payout"],"parties":[SELLERS[0]]}),
            "&kind=transfer.created&kind=deed.payout&party=21",
        ),
        ("/bulk", json!({"order":"201"}), "&order=201"),
    ];
    let subscribed = asked.map(|(path, body, filter)| {
        let (_, secret) = server.subscribe(&receiver.url(path), body);
        (path, secret, filter)
    });
    live(&server);
    buy(&server, 200, 20);
    for (path, secret, filter) in &subscribed {
        let expected = server.events(from, filter);
        all_came(&receiver, (path, secret), &expected);
        let got = receiver.got(path);
        // Once taken, never sent again; refused, sent again before any other.
        assert_eq!(
            got.iter().filter(|hook| hook.status == 200).count(),
            expected.len()
        );
        let refused = |pair: &&[Hook]| pair[0].status == 500;
        let mut refused = got.windows(2).filter(refused);
        assert!(refused.all(|pair| pair[0].id == pair[1].id && pair[1].status == 200));
        // The stream tells the same, broken off and resumed behind the last event.
        let (first, rest) = expected.split_at(expected.len() / 2);
        assert_eq!(server.stream(from - 1, filter, first.len()), first);
        let last = first.last().map_or(from - 1, position);
        assert_eq!(server.stream(last, filter, rest.len()), rest);
    }
    assert!(receiver.got("/all").iter().any(|hook| hook.status == 500));
    each_order_has_its_own(&server, from);
}

/// What the filter by order finds: placing, paying, what follows, and the money that moves with it.
fn each_order_has_its_own(server: &Server, from: u64) {
    let told = server.events(from, "&order=100");
    // Money into escrow line by line, and to the sellers, less commission, as each is confirmed.
    let (paid, moved) = (
        ["transfer.created", "order_line.order_place"],
        "transfer.created",
    );
    let shipped = ["order_line.order_ship"; 2];
    let confirmed = [moved, moved, "order_line.order_confirm"];
    let refunded = [moved, moved, moved, "order_line.order_refund"];
    let expected = [
        &paid[..],
        &paid,
        &shipped,
        &confirmed,
        &confirmed,
        &refunded,
    ];
    assert_eq!(kinds(&told), expected.concat());
    let told = server.events(from, "&order=101");
    let placed = ["order_line.order_place"; 2];
    let paid_later = [moved, "order_line.order_pay", "order_line.order_pay"];
    let cancelled = [moved, "order_line.order_cancel"];
    let expected = [&placed[..], &paid_later, &cancelled, &cancelled];
    assert_eq!(kinds(&told), expected.concat());
    let told = server.events(from, "&order=201");
    assert_eq!(kinds(&told), [paid, paid].concat());
}

/// The server is killed while it delivers, again and again: nothing is lost, nothing comes out of
/// order, and what comes twice has the id that it had.
#[test]
fn a_killed_server_loses_no_event() {
    let receiver = Receiver::open(|_, position, before| {
        thread::sleep(Duration::from_micros(500));
        if position % 10 == 0 && before == 0 {
            500
        } else {
            200
        }
    });
    let market = Market::open();
    let mut server = market.serve();
    server.open_parties();
    let from = server.end();
    let (all, all_secret) = server.subscribe(&receiver.url("/all"), json!({}));
    let only = json!({"kinds":["order_line.*"],"parties":[SELLERS[0]]});
    let (_, some_secret) = server.subscribe(&receiver.url("/some"), only);
    let (mut streamed, mut behind) = (Vec::new(), 0);
    for round in 0..4 {
        buy(&server, 1_000 * (round + 1), 60);
        let last = streamed.last().map_or(from - 1, position);
        streamed.extend(server.stream(last, "", 50));
        thread::sleep(Duration::from_millis(20));
        let stands = server.get(&format!("/v1/webhooks/{all}"));
        behind += usize::from(stands["next"] != server.end().to_string().as_str());
        server.kill();
        server = market.serve();
    }
    assert!(behind > 0, "it was never killed in the middle");
    live(&server);
    let expected = server.events(from, "");
    all_came(&receiver, ("/all", &all_secret), &expected);
    let some = server.events(from, "&kind=order_line.*&party=21");
    all_came(&receiver, ("/some", &some_secret), &some);
    let last = streamed.last().map_or(from - 1, position);
    streamed.extend(server.stream(last, "", expected.len() - streamed.len()));
    assert_eq!(streamed, expected);
}

/// What is refused to the last is a dead letter, also of a server that was killed since; the rest
/// goes on, and the letter is delivered when that is asked for.
#[test]
fn a_dead_letter_is_kept_and_delivered_when_asked() {
    let well = Arc::new(AtomicBool::new(false));
    let market = Market::open();
    let server = market.serve();
    server.open_parties();
    let dead = server.end() + 2;
    let script = Arc::clone(&well);
    let receiver = Receiver::open(move |_, position, _| {
        if position == dead && !script.load(Ordering::Relaxed) {
            503
        } else {
            200
        }
    });
    let from = server.end();
    let (id, secret) = server.subscribe(&receiver.url("/all"), json!({}));
    live(&server);
    server.stands(&id, |stands| stands["dead"] == 1);
    let mut expected = server.events(from, "");
    let late = expected.iter().position(|event| position(event) == dead);
    let late = expected.remove(late.expect("it happened"));
    all_came(&receiver, ("/all", &secret), &expected);
    server.kill();
    let server = market.serve();
    let letters = server.get(&format!("/v1/webhooks/{id}/dead"));
    let letter = &letters["letters"][0];
    assert_eq!(letter["position"], dead.to_string());
    assert_eq!(letter["kind"], late["kind"]);
    // At first, at once and a little later.
    assert_eq!(
        (&letter["tries"], &letters["dropped"]),
        (&3.into(), &"0".into())
    );
    well.store(true, Ordering::Relaxed);
    let replay = server.post(&format!("/v1/webhooks/{id}/replay-dead"), &Value::Null);
    assert_eq!(replay, json!({"letters":1}));
    server.stands(&id, |stands| stands["dead"] == 0);
    expected.push(late);
    all_came(&receiver, ("/all", &secret), &expected);
    let tries = receiver.got("/all");
    let tries: Vec<&Hook> = tries
        .iter()
        .filter(|hook| hook.position() == dead)
        .collect();
    let statuses: Vec<u16> = tries.iter().map(|hook| hook.status).collect();
    assert_eq!(statuses, [503, 503, 503, 200]);
    assert!(tries.iter().all(|hook| hook.id == tries[0].id));
    // All of it once more, as it was.
    let before = receiver.got("/all").len();
    server.post(
        &format!("/v1/webhooks/{id}/replay"),
        &json!({"from":from.to_string()}),
    );
    let end = server.end().to_string();
    server.stands(&id, |stands| stands["next"] == end.as_str());
    let again = receiver.got("/all").split_off(before);
    let places: Vec<u64> = again.iter().map(Hook::position).collect();
    assert!(
        places.is_sorted() && places.len() == expected.len(),
        "{places:?}"
    );
    assert_eq!(receiver.taken("/all", &secret), expected, "nothing is new");
}
