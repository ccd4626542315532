//! What was added outlives the process, whatever it was doing; what is damaged is named.

use std::fs::{self, OpenOptions};
use std::os::unix::fs::FileExt;
use std::path::Path;

use catalogue::{Catalogue, Error, Last, Listing, Order, Query};

const NONE: [u32; 0] = [];

fn listing(number: u32, title: &str) -> Listing<'_> {
    Listing {
        number,
        seller: 1,
        category: 1,
        ledger: 1,
        price: 100,
        title,
        label: "",
        text: "",
    }
}

fn find(catalogue: &Catalogue, words: &str) -> Vec<u32> {
    let query = Query {
        words,
        last: Last::Whole,
        category: None,
        seller: None,
        prices: None,
        order: Order::Relevance,
        limit: 100,
        offset: 0,
    };
    catalogue.flush().expect("flushed");
    let mut numbers = catalogue.search(&query).expect("an answer").numbers;
    numbers.sort_unstable();
    numbers
}

fn title(catalogue: &Catalogue, number: u32) -> Option<String> {
    catalogue.get(number).expect("read").map(|text| text.title)
}

fn open(dir: &Path) -> Catalogue {
    Catalogue::open(dir).expect("open")
}

fn refused(dir: &Path) -> String {
    match Catalogue::open(dir) {
        Ok(_) => panic!("it opened"),
        Err(error) => error.to_string(),
    }
}

/// Listings 0, 1 and 2 are added, 0 gets another title, 1 is removed, 2 is removed and comes back.
fn fill(catalogue: &Catalogue) {
    let three = [
        listing(0, "old lamp"),
        listing(1, "lamp"),
        listing(2, "lamp"),
    ];
    catalogue.add(&three).expect("added");
    assert_eq!(find(catalogue, "lamp"), [0, 1, 2]);
    catalogue.add(&[listing(0, "new chair")]).expect("replaced");
    assert!(catalogue.remove(1).expect("removed"));
    assert!(catalogue.remove(2).expect("removed"));
    catalogue.add(&[listing(2, "lamp again")]).expect("added");
    assert!(!catalogue.remove(1).expect("nothing to remove"));
    assert!(!catalogue.remove(99).expect("nothing to remove"));
}

fn check(catalogue: &Catalogue) {
    assert_eq!(find(catalogue, "lamp"), [2]);
    assert_eq!(find(catalogue, "again"), [2]);
    assert_eq!(find(catalogue, "old"), NONE);
    assert_eq!(find(catalogue, "chair"), [0]);
    assert_eq!(title(catalogue, 0).as_deref(), Some("new chair"));
    assert_eq!(title(catalogue, 1), None);
    assert_eq!(title(catalogue, 2).as_deref(), Some("lamp again"));
    assert_eq!(title(catalogue, 99), None);
}

#[test]
fn a_new_title_replaces_the_old_and_what_is_removed_is_gone() {
    let dir = tempfile::tempdir().expect("a directory");
    let catalogue = open(dir.path());
    fill(&catalogue);
    check(&catalogue);
    catalogue.close().expect("closed");
    check(&open(dir.path()));
}

#[test]
fn a_number_twice_in_one_call_is_what_came_last() {
    let dir = tempfile::tempdir().expect("a directory");
    let catalogue = open(dir.path());
    catalogue
        .add(&[listing(0, "first"), listing(0, "second")])
        .expect("added");
    assert_eq!(find(&catalogue, "first"), NONE);
    assert_eq!(find(&catalogue, "second"), [0]);
    assert_eq!(title(&catalogue, 0).as_deref(), Some("second"));
}

#[test]
fn what_is_derived_is_made_again() {
    let dir = tempfile::tempdir().expect("a directory");
    let path = dir.path();
    fill(&open(path));
    for lost in [&["search"][..], &["offsets"], &["search", "offsets"]] {
        for name in lost {
            let gone = path.join(name);
            let removed = if gone.is_dir() {
                fs::remove_dir_all(gone)
            } else {
                fs::remove_file(gone)
            };
            removed.expect("removed");
        }
        check(&open(path));
    }
    for file in ["search/meta.json", "offsets"] {
        fs::write(path.join(file), "{}").expect("overwritten");
        check(&open(path));
    }
}

#[test]
fn what_the_index_had_not_seen_it_sees_at_the_next_start() {
    let dir = tempfile::tempdir().expect("a directory");
    let path = dir.path();
    let kept = path.join("kept");
    let live = path.join("live");
    let catalogue = open(&live);
    catalogue.add(&[listing(0, "old lamp")]).expect("added");
    catalogue.flush().expect("flushed");
    copy(&live, &kept);
    fill(&catalogue);
    drop(catalogue);
    // The index and the offsets of a process that was killed before it came to tell them.
    fs::copy(live.join("texts"), kept.join("texts")).expect("copied");
    check(&open(&kept));
}

#[test]
fn a_call_that_was_cut_short_is_there_whole_or_not_at_all() {
    let dir = tempfile::tempdir().expect("a directory");
    let path = dir.path();
    let start = path.join("start");
    let catalogue = open(&start);
    catalogue.add(&[listing(0, "lamp")]).expect("added");
    catalogue.close().expect("closed");
    let before = fs::metadata(start.join("texts")).expect("there").len();
    let catalogue = open(&start);
    let derived = path.join("derived");
    copy(&start, &derived);
    catalogue
        .add(&[listing(1, "first lamp"), listing(0, "second lamp")])
        .expect("added");
    drop(catalogue);
    let texts = fs::read(start.join("texts")).expect("read");
    let at = path.join("at");
    let mut lens: Vec<_> = (before as usize..texts.len()).collect();
    lens.retain(|len| len % 7 == 0 || *len < before as usize + 3 || len + 3 > texts.len());
    for len in lens {
        copy(&derived, &at);
        // Some of it was written, or its place was made and holds zeros.
        for zeros in [0, texts.len() - len] {
            let mut torn = texts[..len].to_vec();
            torn.extend(vec![0; zeros]);
            if torn == texts {
                continue;
            }
            fs::write(at.join("texts"), &torn).expect("written");
            let catalogue = open(&at);
            assert_eq!(catalogue.torn(), torn.len() as u64 - before, "at {len}");
            assert_eq!(title(&catalogue, 0).as_deref(), Some("lamp"));
            assert_eq!(title(&catalogue, 1), None);
            assert_eq!(fs::metadata(at.join("texts")).expect("there").len(), before);
        }
        fs::remove_dir_all(&at).expect("removed");
    }
    copy(&derived, &at);
    fs::write(at.join("texts"), &texts).expect("written");
    assert_eq!(find(&open(&at), "lamp"), [0, 1]);
}

#[test]
fn damage_is_named_and_nothing_is_cut_off() {
    let dir = tempfile::tempdir().expect("a directory");
    let path = dir.path();
    let catalogue = open(path);
    catalogue.add(&[listing(0, "lamp")]).expect("added");
    let second = fs::metadata(path.join("texts")).expect("there").len();
    catalogue.add(&[listing(1, "chair")]).expect("added");
    let third = fs::metadata(path.join("texts")).expect("there").len();
    catalogue.add(&[listing(2, "desk")]).expect("added");
    catalogue.close().expect("closed");
    let whole = fs::read(path.join("texts")).expect("read");

    let file = OpenOptions::new()
        .write(true)
        .open(path.join("texts"))
        .expect("open");
    file.write_all_at(b"!", third - 1).expect("damaged");
    let catalogue = open(path);
    assert_eq!(title(&catalogue, 0).as_deref(), Some("lamp"));
    let error = catalogue.get(1).expect_err("damaged").to_string();
    let entry = second + 16;
    assert_eq!(
        error,
        format!("texts, byte {entry}: the entry here is not what was written")
    );
    drop(catalogue);

    // Whoever makes the offsets again reads all of it.
    fs::remove_file(path.join("offsets")).expect("removed");
    let broken = "the frame here is not what was written, and it was durable once";
    assert_eq!(refused(path), format!("texts, byte {second}: {broken}"));
    assert_eq!(
        fs::metadata(path.join("texts")).expect("there").len(),
        whole.len() as u64
    );

    fs::write(path.join("texts"), &whole).expect("mended");
    drop(open(path));
    fs::write(path.join("texts"), &whole[..second as usize]).expect("shortened");
    assert!(refused(path).starts_with(&format!("texts, byte {second}: the file ends here")));
    fs::write(path.join("texts"), "something else").expect("overwritten");
    assert_eq!(refused(path), "texts, byte 0: this is no file of texts");
}

#[test]
fn a_second_process_is_kept_out() {
    let dir = tempfile::tempdir().expect("a directory");
    let _first = open(dir.path());
    assert!(matches!(Catalogue::open(dir.path()), Err(Error::Open)));
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("created");
    for entry in fs::read_dir(from).expect("a folder") {
        let entry = entry.expect("an entry");
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).expect("copied");
        }
    }
}
