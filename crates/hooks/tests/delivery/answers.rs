//! What receivers answer, where they stand, and what follows from it.

use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::thread;
use std::time::Duration;

use hooks::{HookError, Reach, State, UrlRefusal};

use crate::receiver::{Books, Place, Receiver, Reply, fast, now, reply, settle, to, until};

#[test]
fn gone_disables_until_it_is_resumed() {
    let receiver = Receiver::new(|number, _| reply(if number == 1 { 410 } else { 200 }));
    let place = Place::new(fast());
    let id = place.subscribe(to(receiver.url())).subscription.id;
    let _running = place.hooks.start(Books::with(3), now).expect("started");
    until("gone", || place.only().state == State::Gone);
    settle();
    assert_eq!(receiver.positions(), [0, 10]);
    place.hooks.resume(id).expect("known");
    receiver.wait(4);
    assert_eq!(receiver.positions(), [0, 10, 10, 20]);
}

#[test]
fn too_many_dead_letters_disable() {
    let receiver = Receiver::new(|_, _| reply(400));
    let place = Place::new(hooks::Options {
        retries: vec![],
        disable_after: 3,
        ..fast()
    });
    place.subscribe(to(receiver.url()));
    let running = place.hooks.start(Books::with(9), now).expect("started");
    until("failing", || place.only().state == State::Failing);
    running.close();
    let place = place.again(fast());
    let told = place.only();
    assert_eq!((told.state, told.dead, told.next), (State::Failing, 3, 21));
}

#[test]
fn dead_letters_with_deliveries_between_do_not_disable() {
    let receiver = Receiver::new(|number, _| reply(if number % 2 == 0 { 400 } else { 200 }));
    let place = Place::new(hooks::Options {
        retries: vec![],
        disable_after: 2,
        ..fast()
    });
    place.subscribe(to(receiver.url()));
    let _running = place.hooks.start(Books::with(8), now).expect("started");
    until("all tried", || place.only().next == 71);
    assert_eq!((place.only().state, place.only().dead), (State::Active, 4));
}

#[test]
fn redirects_are_not_followed() {
    let target = Receiver::new(|_, _| reply(200));
    let location = format!("location: {}\r\n", target.url());
    let receiver = Receiver::new(move |number, _| {
        let status = [301, 302, 307][number.min(2)];
        Reply {
            extra: location.clone(),
            ..reply(status)
        }
    });
    let place = Place::new(fast());
    let id = place.subscribe(to(receiver.url())).subscription.id;
    let _running = place.hooks.start(Books::with(1), now).expect("started");
    until("dead", || place.only().dead == 1);
    let reason = place
        .hooks
        .dead(id)
        .expect("known")
        .letters
        .remove(0)
        .reason;
    assert_eq!(reason, "the answer is 307; redirects are not followed");
    assert_eq!((receiver.requests().len(), target.connections()), (3, 0));
}

#[test]
fn addresses_inside_are_refused() {
    let place = Place::new(fast());
    for (url, why) in [
        ("https://10.0.0.1/", UrlRefusal::Address),
        ("https://192.168.0.1/", UrlRefusal::Address),
        ("https://169.254.169.254/latest", UrlRefusal::Address),
        ("https://[fd00::1]/", UrlRefusal::Address),
        ("http://example.com/", UrlRefusal::Plain),
    ] {
        let refused = place.hooks.subscribe(to(url.to_owned()));
        assert!(
            matches!(refused, Err(HookError::Url(other)) if other == why),
            "{url}"
        );
    }
    assert!(place.hooks.list().is_empty());
}

/// A name that leads inside is refused behind its look-up. getaddrinfo reads `127.1` and `0xa.1` as
/// addresses, and no URL parser does: so they are names that lead to 127.0.0.1 and to 10.0.0.1.
#[test]
fn names_that_lead_inside_are_refused_when_connected() {
    let receiver = Receiver::new(|_, _| reply(200));
    let options = || hooks::Options {
        retries: vec![],
        ..fast()
    };
    let place = Place::new(options());
    let loopback = format!("https://127.1:{}/", receiver.port);
    for url in [&loopback[..], "https://0xa.1/", "https://0xa9.0xfe.0xa9fe/"] {
        place.subscribe(to(url.to_owned()));
    }
    let running = place.hooks.start(Books::with(1), now).expect("started");
    until("dead", || {
        place.hooks.list().iter().all(|told| told.dead == 1)
    });
    running.close();
    let mut reasons = Vec::new();
    for told in place.hooks.list() {
        reasons.push(
            place
                .hooks
                .dead(told.id)
                .expect("known")
                .letters
                .remove(0)
                .reason,
        );
    }
    reasons.sort();
    let expected = ["10.0.0.1", "127.0.0.1", "169.254.169.254"]
        .map(|address| format!("the name leads to {address}, where nothing is delivered to"));
    assert_eq!((reasons, receiver.connections()), (expected.to_vec(), 0));

    // The same receiver is reached where the options allow it.
    let place = Place::new(hooks::Options {
        reach: Reach::Private,
        ..options()
    });
    place.subscribe(to(format!("http://127.1:{}/", receiver.port)));
    let _running = place.hooks.start(Books::with(1), now).expect("started");
    receiver.wait(1);
}

#[test]
fn slow_receivers_time_out() {
    let receiver = Receiver::new(|number, _| {
        let delay = Duration::from_millis(if number == 0 { 600 } else { 0 });
        Reply {
            delay,
            ..reply(200)
        }
    });
    let place = Place::new(hooks::Options {
        timeout: Duration::from_millis(150),
        ..fast()
    });
    place.subscribe(to(receiver.url()));
    let _running = place.hooks.start(Books::with(1), now).expect("started");
    until("timed out", || {
        place.only().failure.as_deref() == Some("no answer in time")
    });
    receiver.wait(2);
    until("delivered", || place.only().delivered == 1);
}

#[test]
fn long_answers_do_not_matter() {
    let receiver = Receiver::new(|_, _| Reply {
        body: 4 << 20,
        ..reply(200)
    });
    let place = Place::new(fast());
    place.subscribe(to(receiver.url()));
    let _running = place.hooks.start(Books::with(3), now).expect("started");
    until("delivered", || place.only().delivered == 3);
    assert_eq!(receiver.positions(), [0, 10, 20]);
    assert_eq!(
        receiver.connections(),
        3,
        "what is not read costs the connection"
    );
}

#[test]
fn what_the_receiver_asks_to_wait_is_waited() {
    let receiver = Receiver::new(|number, _| match number {
        0 => Reply {
            extra: "retry-after: 3600\r\n".to_owned(),
            ..reply(429)
        },
        _ => reply(200),
    });
    let retries = vec![Duration::from_millis(1), Duration::from_hours(1)];
    let place = Place::new(hooks::Options { retries, ..fast() });
    place.subscribe(to(receiver.url()));
    let before = now();
    let _running = place.hooks.start(Books::with(1), now).expect("started");
    until("failed", || place.only().tries == 1);
    let wait = Duration::from_nanos(place.only().due - before);
    assert!((3_600..3_605).contains(&wait.as_secs()), "{wait:?}");
    settle();
    assert_eq!(receiver.requests().len(), 1);
}

/// The status has told all: the rest of an answer may never come.
#[test]
fn answers_without_an_end_do_not_matter() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("bound").port();
    let endless = thread::spawn(move || {
        let (mut stream, _) = listener.accept().expect("a stream");
        let head = "HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n";
        stream.write_all(head.as_bytes()).expect("sent");
        // Ends when the other side has had enough.
        stream.read_to_end(&mut Vec::new()).expect("closed")
    });
    let place = Place::new(fast());
    place.subscribe(to(format!("http://127.0.0.1:{port}/")));
    let before = now();
    let _running = place.hooks.start(Books::with(1), now).expect("started");
    until("delivered", || place.only().delivered == 1);
    let took = Duration::from_nanos(now() - before);
    assert!(took < Duration::from_millis(2_500), "{took:?}");
    endless.join().expect("it closed");
}
