//! What is kept, and what is changed by hand.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::time::Duration;

use hooks::{HookError, Id, Secret, State, VerifyError};

use crate::receiver::{Books, Place, Receiver, Reply, fast, now, reply, settle, to, until};
use crate::{FIVE, check};

#[test]
fn a_restart_goes_on_without_a_gap() {
    let receiver = Receiver::new(|number, _| reply(if number == 20 { 500 } else { 200 }));
    let slow = || hooks::Options {
        retries: vec![Duration::from_mins(5)],
        ..fast()
    };
    let place = Place::new(slow());
    let id = place.subscribe(to(receiver.url())).subscription.id;
    let books = Books::with(50);
    let running = place.hooks.start(books.clone(), now).expect("started");
    receiver.wait(21);
    until("the failure is kept", || place.only().tries == 1);
    running.close();
    // The failed try and its wait outlive the process.
    let place = place.again(slow());
    let told = place.only();
    assert_eq!((told.next, told.tries), (191, 1));
    assert!(told.due > now());
    let running = place.hooks.start(books, now).expect("started");
    settle();
    assert_eq!(receiver.requests().len(), 21);
    place.hooks.resume(id).expect("known");
    receiver.wait(51);
    running.close();
    let mut expected: Vec<u64> = (0..50).map(|n| n * 10).collect();
    expected.insert(20, 200);
    assert_eq!(receiver.positions(), expected);
    assert_eq!(place.again(fast()).only().next, 491);
}

/// What a killed process leaves: the files as they were some deliveries ago.
#[test]
fn a_crash_repeats_and_never_leaves_out() {
    let receiver = Receiver::new(|_, _| reply(200));
    let place = Place::new(fast());
    let id = place.subscribe(to(receiver.url())).subscription.id;
    let running = place.hooks.start(Books::with(300), now).expect("started");
    receiver.wait(300);
    let copy = tempfile::tempdir().expect("a directory");
    fs::create_dir(copy.path().join("hooks")).expect("made");
    let name = format!("hooks/{id}.json");
    fs::copy(place.dir.path().join(&name), copy.path().join(&name)).expect("copied");
    fs::write(copy.path().join(format!("{name}.new")), "torn").expect("written");
    fs::write(copy.path().join("hooks/00000000000000ff.dead"), "torn").expect("written");
    running.close();

    let crashed = hooks::Hooks::open(copy.path(), fast()).expect("opened");
    let next = crashed.get(id).expect("kept").next;
    assert!(
        (431..=2_991).contains(&next),
        "at most 256 are not kept: {next}"
    );
    let files = fs::read_dir(copy.path().join("hooks"))
        .expect("there")
        .count();
    assert_eq!(
        files, 2,
        "unfinished files and letters of nobody are removed"
    );
    let _running = crashed.start(Books::with(301), now).expect("started");
    until("the last", || receiver.positions().last() == Some(&3_000));
    let again = receiver.positions()[300..].to_vec();
    let expected: Vec<u64> = (0..=300).map(|n| n * 10).filter(|at| *at >= next).collect();
    assert_eq!(again, expected);
}

#[test]
fn secrets_are_rotated() {
    let receiver = Receiver::new(|_, _| reply(200));
    let place = Place::new(fast());
    let made = place.subscribe(to(receiver.url()));
    let id = made.subscription.id;
    let books = Books::with(1);
    let running = place.hooks.start(books.clone(), now).expect("started");
    receiver.wait(1);
    let second = place.hooks.rotate(id, now(), FIVE).expect("rotated");
    books.add("order.paid", &[], 0);
    let both = receiver.wait(2).remove(1);
    assert_eq!(both.header("webhook-signature").split(' ').count(), 2);
    assert_eq!(
        (check(&made.secret, &both), check(&second, &both)),
        (Ok(()), Ok(()))
    );

    running.close();
    let place = place.again(fast());
    let third = place
        .hooks
        .rotate(id, now(), Duration::ZERO)
        .expect("rotated");
    let _running = place.hooks.start(books.clone(), now).expect("started");
    books.add("order.paid", &[], 0);
    let last = receiver.wait(3).remove(2);
    assert_eq!(check(&third, &last), Ok(()));
    assert_eq!(check(&second, &last), Err(VerifyError::Signature));
    assert_eq!(check(&made.secret, &last), Err(VerifyError::Signature));
}

#[test]
fn secrets_are_for_the_owner_and_never_told() {
    let place = Place::new(fast());
    let secret = Secret::generate().expect("random");
    let url = "http://127.0.0.1:9/who-knows-this-path".to_owned();
    let new = hooks::NewSubscription {
        secret: Some(secret.clone()),
        ..to(url)
    };
    let text = format!("{new:?}");
    let made = place.subscribe(new);
    let text = format!("{text} {made:?} {:?}", place.only());
    assert!(!text.contains(&secret.text()[6..]), "{text}");
    let dir = place.dir.path().join("hooks");
    for (path, expected) in [
        (dir.clone(), 0o700),
        (dir.join(format!("{}.json", made.subscription.id)), 0o600),
    ] {
        let mode = fs::metadata(path).expect("there").permissions().mode();
        assert_eq!(mode & 0o777, expected);
    }
    let second = hooks::Hooks::open(place.dir.path(), fast());
    assert!(matches!(second, Err(HookError::Locked)));
}

#[test]
fn replays_pauses_and_removals() {
    let receiver = Receiver::new(|_, _| reply(200));
    let place = Place::new(fast());
    let id = place.subscribe(to(receiver.url())).subscription.id;
    let books = Books::with(3);
    let running = place.hooks.start(books.clone(), now).expect("started");
    receiver.wait(3);
    until("told", || place.only().next == 21);
    assert!(matches!(
        place.hooks.replay(id, 22),
        Err(HookError::Ahead { next: 21 })
    ));
    place.hooks.replay(id, 10).expect("known");
    let requests = receiver.wait(5);
    assert_eq!(receiver.positions(), [0, 10, 20, 10, 20]);
    assert_eq!(
        requests[3].header("webhook-id"),
        requests[1].header("webhook-id")
    );

    place.hooks.pause(id).expect("known");
    books.add("order.paid", &[], 0);
    settle();
    assert_eq!(
        (receiver.requests().len(), place.only().state),
        (5, State::Paused)
    );
    place.hooks.resume(id).expect("known");
    receiver.wait(6);

    // One that comes while others are delivered to is delivered to as well.
    let late = Receiver::new(|_, _| reply(200));
    let from = hooks::Source::end(&*books);
    let made = place.subscribe(hooks::NewSubscription {
        from,
        ..to(late.url())
    });
    books.add("order.paid", &[], 0);
    assert_eq!(late.wait(1)[0].position(), 40);
    receiver.wait(7);
    place.hooks.remove(id).expect("known");
    books.add("order.paid", &[], 0);
    late.wait(2);
    settle();
    assert_eq!(
        (receiver.requests().len(), place.hooks.list().len()),
        (7, 1)
    );
    assert!(matches!(place.hooks.pause(id), Err(HookError::Unknown(_))));
    let place = {
        running.close();
        place.again(fast())
    };
    assert_eq!(place.only().id, made.subscription.id);
}

#[test]
fn closing_is_prompt_and_breaks_nothing_off_for_good() {
    let receiver = Receiver::new(|number, _| {
        let delay = Duration::from_secs(if number == 0 { 3 } else { 0 });
        Reply {
            delay,
            ..reply(200)
        }
    });
    let place = Place::new(fast());
    place.subscribe(to(receiver.url()));
    let books = Books::with(1);
    let running = place.hooks.start(books.clone(), now).expect("started");
    receiver.wait(1);
    let before = now();
    running.close();
    let took = Duration::from_nanos(now() - before);
    assert!(took < Duration::from_secs(1), "{took:?}");
    let told = place.only();
    assert_eq!(
        (told.next, told.tries),
        (0, 0),
        "it was not the receiver's failure"
    );
    let _running = place.hooks.start(books, now).expect("started");
    receiver.wait(2);
    assert_eq!(receiver.positions(), [0, 0]);
}

#[test]
fn no_more_than_there_may_be_and_no_other_files() {
    let place = Place::new(fast());
    for _ in 0..hooks::limits::SUBSCRIPTIONS {
        place.subscribe(to("http://127.0.0.1:9/".to_owned()));
    }
    let more = place.hooks.subscribe(to("http://127.0.0.1:9/".to_owned()));
    assert!(matches!(more, Err(HookError::Full)));
    assert!(matches!(
        place.hooks.get(Id(0)),
        Err(HookError::Unknown(Id(0)))
    ));
    let id = place.only().id;
    let Place { dir, hooks } = place;
    drop(hooks);
    let path = dir.path().join(format!("hooks/{id}.json"));
    let whole = fs::read(&path).expect("there");
    fs::write(&path, &whole[..whole.len() / 2]).expect("written");
    let damaged = hooks::Hooks::open(dir.path(), fast())
        .err()
        .expect("it is damaged");
    assert!(matches!(damaged, HookError::Damaged(..)));
    assert!(!damaged.to_string().contains("whsec_"));
}
