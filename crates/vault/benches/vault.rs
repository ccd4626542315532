//! What keeping, finding and erasing a person costs, and opening the vault.
//!
//! ```text
//! cargo bench -p vault --bench vault [-- PERSONS]
//! ```
//!
//! PERSONS (10,000 where none are given) are kept one after the other by one thread, with three
//! fields each; the means count. Files go below `TMPDIR`.

#![allow(clippy::disallowed_methods, reason = "a benchmark measures time")]

use std::hint::black_box;
use std::time::{Duration, Instant};
use vault::{Fields, Vault};

fn main() {
    let given = std::env::args().skip(1).find_map(|arg| arg.parse().ok());
    let persons: u32 = given.unwrap_or(10_000);
    let dir = tempfile::tempdir().expect("a directory");
    let path = dir.path().join(vault::DIR);
    let open = || Vault::open(&path).expect("open");
    let vault = open();
    println!("{persons} persons");
    report("put, the first of a person", persons, || {
        for party in 0..persons {
            vault.put(party.into(), &fields(party)).expect("put");
        }
    });
    let some = persons.min(1_000);
    report("put, a later one", some, || {
        for party in 0..some {
            vault.put(party.into(), &fields(party + 1)).expect("put");
        }
    });
    report("get", persons, || {
        for party in 0..persons {
            black_box(vault.get(party.into()).expect("get"));
        }
    });
    report("erase", some, || {
        for party in 0..some {
            vault.erase(party.into()).expect("erase");
        }
    });
    drop(vault);
    report("open, a person", persons, || drop(open()));
}

fn fields(number: u32) -> Fields {
    let mut fields = Fields::new();
    let values = [
        ("name", format!("Ada Лавлейс {number}")),
        ("email", format!("ada{number}@example.org")),
        ("bank_account", format!("DE0212030000{number:010}")),
    ];
    for (name, value) in values {
        fields.set(name, &value).expect("a field");
    }
    fields
}

fn report(what: &str, count: u32, run: impl FnOnce()) {
    let begin = Instant::now();
    run();
    let each: Duration = begin.elapsed() / count.max(1);
    println!("{what:30} {:10.1} us", each.as_secs_f64() * 1e6);
}
