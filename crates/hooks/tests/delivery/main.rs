//! Events over real sockets: what arrives, in which order, and what becomes of what does not.

mod answers;
mod keeping;
mod receiver;

use std::io::Write as _;
use std::process::{Command, Stdio};
use std::sync::atomic::Ordering;
use std::time::Duration;

use hooks::{Headers, HookError, Secret, VerifyError, verify};
use receiver::{Books, Place, Receiver, Request, fast, now, reply, settle, to, until, wanting};

const FIVE: Duration = Duration::from_mins(5);

fn check(secret: &Secret, request: &Request) -> Result<(), VerifyError> {
    let headers = Headers {
        id: request.header("webhook-id"),
        timestamp: request.header("webhook-timestamp"),
        signature: request.header("webhook-signature"),
    };
    verify(secret, headers, &request.body, now(), FIVE)
}

/// The signature by Python's standard library, which shares nothing with ours.
fn by_python(secret: &str, request: &Request) -> Option<String> {
    let code = "import base64,hashlib,hmac,sys\n\
                key=base64.b64decode(sys.argv[1].removeprefix('whsec_'))\n\
                content=f'{sys.argv[2]}.{sys.argv[3]}.'.encode()+sys.stdin.buffer.read()\n\
                print('v1,'+base64.b64encode(hmac.digest(key,content,'sha256')).decode())";
    let (id, timestamp) = (
        request.header("webhook-id"),
        request.header("webhook-timestamp"),
    );
    let mut python = Command::new("python3");
    python
        .args(["-c", code, secret, id, timestamp])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped());
    let mut child = python.spawn().ok()?;
    child.stdin.take()?.write_all(&request.body).ok()?;
    let output = child
        .wait_with_output()
        .ok()
        .filter(|output| output.status.success())?;
    Some(String::from_utf8(output.stdout).ok()?.trim().to_owned())
}

#[test]
fn signed_in_order_and_over_one_connection() {
    let receiver = Receiver::new(|_, _| reply(202));
    let place = Place::new(fast());
    let made = place.subscribe(to(receiver.url()));
    let books = Books::with(200);
    let running = place.hooks.start(books.clone(), now).expect("started");
    let requests = receiver.wait(200);
    assert_eq!(
        receiver.positions(),
        (0..200).map(|n| n * 10).collect::<Vec<_>>()
    );
    assert_eq!(receiver.connections(), 1);
    for request in &requests {
        assert_eq!(check(&made.secret, request), Ok(()));
    }
    let first = &requests[0];
    assert_eq!(first.line, "POST /hook HTTP/1.1");
    assert_eq!(first.header("content-type"), "application/json");
    assert_eq!(
        first.header("webhook-id"),
        format!("msg_{}_0", made.subscription.id)
    );
    if let Some(signature) = by_python(&made.secret.text(), first) {
        assert_eq!(first.header("webhook-signature"), signature);
    }
    books.add("order.paid", &[], 0);
    running.wake();
    assert_eq!(receiver.wait(201)[200].position(), 2_000);
    until("told", || place.only().next == 2_001);
    running.close();
    let told = place.only();
    assert_eq!(
        (told.delivered, told.failure, told.fault),
        (201, None, None)
    );
}

#[test]
fn a_failure_is_retried_with_the_same_id_and_holds_back_the_next() {
    let receiver = Receiver::new(|number, _| reply(if number < 2 { 500 } else { 200 }));
    let place = Place::new(fast());
    let made = place.subscribe(to(receiver.url()));
    let _running = place.hooks.start(Books::with(2), now).expect("started");
    let requests = receiver.wait(4);
    assert_eq!(receiver.positions(), [0, 0, 0, 10]);
    let ids: Vec<_> = requests
        .iter()
        .map(|request| request.header("webhook-id"))
        .collect();
    assert!(
        ids[0] == ids[1] && ids[1] == ids[2] && ids[2] != ids[3],
        "{ids:?}"
    );
    assert!(
        requests
            .iter()
            .all(|request| check(&made.secret, request).is_ok())
    );
    until("told", || place.only().next == 11);
    assert!(
        place
            .hooks
            .dead(made.subscription.id)
            .expect("known")
            .letters
            .is_empty()
    );
}

#[test]
fn dead_letters_and_their_replay() {
    let receiver = Receiver::new(|number, request| {
        let dead = request.position() == 10 && number < 8;
        reply(if dead { 503 } else { 200 })
    });
    let place = Place::new(fast());
    let id = place.subscribe(to(receiver.url())).subscription.id;
    let running = place.hooks.start(Books::with(3), now).expect("started");
    receiver.wait(5);
    until("past the dead", || place.only().next == 21);
    assert_eq!(receiver.positions(), [0, 10, 10, 10, 20]);
    let dead = place.hooks.dead(id).expect("known");
    let letter = &dead.letters[0];
    assert_eq!((dead.letters.len(), dead.dropped), (1, 0));
    assert_eq!((letter.position, letter.tries), (10, 3));
    assert_eq!(
        (&letter.kind[..], &letter.reason[..]),
        ("order.paid", "the answer is 503")
    );

    // Requests 5, 6 and 7 fail and leave it dead; the eighth delivers it.
    for requests in 6..=8 {
        assert_eq!(place.hooks.replay_dead(id).expect("known"), 1);
        receiver.wait(requests);
        settle();
        assert_eq!(
            (receiver.requests().len(), place.only().dead),
            (requests, 1)
        );
    }
    // Asked for while nothing runs, and kept over the restart.
    running.close();
    place.hooks.replay_dead(id).expect("known");
    let place = place.again(fast());
    let _running = place.hooks.start(Books::with(3), now).expect("started");
    receiver.wait(9);
    until("no longer dead", || place.only().dead == 0);
    settle();
    let requests = receiver.requests();
    assert_eq!(receiver.positions()[5..], [10, 10, 10, 10]);
    assert_eq!(
        requests[8].header("webhook-id"),
        requests[1].header("webhook-id")
    );
}

#[test]
fn dead_letters_that_the_books_erased_are_let_go() {
    let receiver = Receiver::new(|_, _| reply(500));
    let place = Place::new(fast());
    let id = place.subscribe(to(receiver.url())).subscription.id;
    let books = Books::with(2);
    let _running = place.hooks.start(books.clone(), now).expect("started");
    until("both dead", || place.only().dead == 2);
    books.erase(0);
    place.hooks.replay_dead(id).expect("known");
    until("one is gone", || place.only().dead == 1);
    assert_eq!(receiver.wait(7)[6].position(), 10);
}

#[test]
fn each_gets_what_it_wants() {
    type Case = (
        &'static [&'static str],
        &'static [u128],
        u128,
        &'static [u64],
    );
    let books = Books::with(0);
    books.add("order.paid", &[1, 2], 7);
    books.add("order.sent", &[2], 7);
    books.add("payout.made", &[1], 0);
    (0..300).for_each(|_| books.add("noise.made", &[], 0));
    books.add("order.paid", &[3], 8);
    let table: [Case; 5] = [
        (&["order.paid"], &[], 0, &[0, 3_030]),
        (&["order.*"], &[], 0, &[0, 10, 3_030]),
        (&["order.*", "payout.*"], &[1], 0, &[0, 20]),
        (&[], &[], 7, &[0, 10]),
        (&[], &[3, 9], 0, &[3_030]),
    ];
    let place = Place::new(fast());
    let made: Vec<_> = table
        .iter()
        .map(|(kinds, parties, order, expected)| {
            let receiver = Receiver::new(|_, _| reply(200));
            place.subscribe(wanting(receiver.url(), kinds, parties, *order));
            (receiver, *expected)
        })
        .collect();
    let running = place.hooks.start(books, now).expect("started");
    until("all at the end", || {
        place.hooks.list().iter().all(|told| told.next == 3_031)
    });
    running.close();
    for (receiver, expected) in made {
        assert_eq!(receiver.positions(), expected);
    }
}

#[test]
fn books_that_fail_are_asked_again_and_long_bodies_are_not_sent() {
    let receiver = Receiver::new(|_, _| reply(200));
    let place = Place::new(fast());
    let id = place.subscribe(to(receiver.url())).subscription.id;
    let books = Books::with(3);
    books.body(10, vec![b' '; hooks::limits::BODY_BYTES + 1]);
    books.failing.store(true, Ordering::Release);
    let running = place.hooks.start(books.clone(), now).expect("started");
    assert!(matches!(
        place.hooks.start(books.clone(), now),
        Err(HookError::Started)
    ));
    settle();
    books.failing.store(false, Ordering::Release);
    receiver.wait(2);
    running.close();
    assert_eq!(receiver.positions(), [0, 20]);
    let letter = place.hooks.dead(id).expect("known").letters.remove(0);
    assert_eq!((letter.position, letter.tries), (10, 1));
}

/// Between two tries the books may erase an event: what they no longer have is not sent.
#[test]
fn what_was_erased_is_not_tried_again() {
    let books = Books::with(2);
    let erasing = books.clone();
    let receiver = Receiver::new(move |number, _| {
        if number == 0 {
            erasing.erase(0);
        }
        reply(if number == 0 { 500 } else { 200 })
    });
    let place = Place::new(fast());
    place.subscribe(to(receiver.url()));
    let running = place.hooks.start(books, now).expect("started");
    until("past it", || place.only().next == 11);
    running.close();
    assert_eq!(receiver.positions(), [0, 10]);
}
