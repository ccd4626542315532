//! The stream of events: all that is told, in order, from anywhere on, and only once.

mod scenario;

use engine::{Books, Event, EventFilter, Events, KindFilter, Refused};
use model::form::text_to_integer;
use model::object::Role;
use model::{ChartLineSet, Command, JournalPost, PartyOpen, Record};
use scenario::{MORNING, block_on, every_kind, made_of, make, open, place, play, play_all};

fn read(books: &Books, from: u64, limit: usize, filter: &EventFilter) -> Events {
    block_on(books.events(from, limit, filter)).expect("read")
}

/// All of them, `limit` at a time.
fn all(books: &Books, limit: usize, filter: &EventFilter) -> Vec<Event> {
    let end = *books.watch_durable().borrow();
    let (mut events, mut next) = (Vec::new(), 0);
    while next < end {
        let stretch = read(books, next, limit, filter);
        assert!(stretch.next > next, "it goes on");
        assert!(stretch.events.len() <= limit);
        next = stretch.next;
        events.extend(stretch.events);
    }
    assert_eq!(next, end);
    events
}

fn of_kinds(kinds: &[&str]) -> EventFilter {
    let kinds = kinds
        .iter()
        .map(|kind| KindFilter::parse(kind).expect("one"));
    EventFilter {
        kinds: kinds.collect(),
        ..EventFilter::default()
    }
}

#[test]
fn every_record_is_told_once_whatever_the_pages_are() {
    let folder = place();
    made_of(folder.path(), &every_kind());
    let books = open(folder.path());
    let whole = all(&books, 1_000, &EventFilter::default());
    let positions: Vec<u64> = whole.iter().map(|event| event.position).collect();
    let records = books.stats().records;
    assert_eq!(positions, (0..records).collect::<Vec<_>>());
    for limit in [1, 7, 64] {
        assert_eq!(all(&books, limit, &EventFilter::default()), whole);
    }
    let kinds = ["transfer.failed", "transfer.expired", "account.*"];
    let some = all(&books, 3, &of_kinds(&kinds));
    let expected: Vec<Event> = whole
        .iter()
        .filter(|event| {
            let kind = event.kind.to_string();
            event.kind.noun == "account" || kinds.contains(&&*kind)
        })
        .cloned()
        .collect();
    assert_eq!(some, expected);
    for kind in kinds {
        let filter = KindFilter::parse(kind).expect("one");
        assert!(some.iter().any(|event| filter.passes(event.kind)), "{kind}");
    }
    let behind = block_on(books.events(records + 1, 1, &EventFilter::default()));
    assert!(matches!(behind, Err(Refused::Invalid(_))), "{behind:?}");
    let end = read(&books, records, 1, &EventFilter::default());
    assert_eq!((end.events, end.next), (Vec::new(), records));
    block_on(books.close()).expect("closed");
}

fn commands() -> Vec<Command> {
    let line = |code, class, role: Role, name: &str| ChartLineSet {
        code,
        class,
        role: role as u8,
        name: text_to_integer(name).expect("short"),
        ..ChartLineSet::default()
    };
    let party = |party| PartyOpen {
        party,
        tier: 3,
        ..PartyOpen::default()
    };
    let gift = |credit_party| JournalPost {
        ledger: 978,
        amount: 500,
        debit_code: 10,
        credit_code: 20,
        credit_party,
        ..JournalPost::default()
    };
    let acts = [
        line(10, 0, Role::Own, "Own money").into(),
        line(20, 1, Role::Wallet, "Wallets").into(),
        party(7).into(),
        party(8).into(),
        gift(7).into(),
        gift(8).into(),
    ];
    let command = |(id, act)| Command {
        id,
        act,
        legs: Vec::new(),
    };
    (1..).zip(acts).map(command).collect()
}

#[test]
fn parties_are_those_of_objects_and_of_accounts_of_the_chart() {
    let folder = place();
    make(folder.path(), 7);
    let books = open(folder.path());
    play_all(
        &books,
        &[
            scenario::Step::Clock(MORNING),
            scenario::Step::Ledger(978, "EUR", 2),
        ],
    );
    let results = block_on(books.commands(commands())).expect("taken");
    assert!(
        results.iter().all(|result| result.status == u32::MAX),
        "{results:?}"
    );
    let of = |party| {
        let filter = EventFilter {
            party,
            ..EventFilter::default()
        };
        let kinds = all(&books, 2, &filter);
        kinds
            .iter()
            .map(|event| event.kind.to_string())
            .collect::<Vec<_>>()
    };
    let expected = ["party.party_open", "account.created", "transfer.created"];
    assert_eq!(of(7), expected);
    assert_eq!(of(8), expected);
    assert_eq!(of(9), [""; 0]);
    let moved = all(&books, 9, &of_kinds(&["transfer.created"]));
    assert_eq!(moved[0].parties, [7]);
    // They are about their commands, not about an order.
    assert!(moved.iter().all(|event| event.order == 0));
    let deeds = all(&books, 9, &of_kinds(&["deed.journal_post"]));
    assert!(
        matches!(deeds[..], [Event { record: Record::Deed(a), .. }, Event { .. }] if a.id == 5)
    );
    block_on(books.close()).expect("closed");
}

#[test]
fn who_follows_is_woken_and_gets_each_event_once_across_a_restart() {
    let folder = place();
    make(folder.path(), 7);
    let (mut told, mut next) = (Vec::new(), 0);
    for part in every_kind().chunks(4) {
        let books = open(folder.path());
        let mut durable = books.watch_durable();
        assert_eq!(
            *durable.borrow_and_update(),
            next,
            "what was read is all there was"
        );
        for step in part {
            block_on(play(&books, step)).expect("taken");
        }
        let records = books.stats().records;
        if records > next {
            block_on(durable.wait_for(|durable| *durable == records)).expect("they are open");
        }
        while next < records {
            let stretch = read(&books, next, 5, &EventFilter::default());
            told.extend(stretch.events.iter().map(|event| event.position));
            next = stretch.next;
        }
        block_on(books.close()).expect("closed");
    }
    assert_eq!(told, (0..next).collect::<Vec<_>>());
    assert!(next > 20);
}
