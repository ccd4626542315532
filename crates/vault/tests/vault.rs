//! Keeping, finding, erasing and opening again, with real files.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use proptest::prelude::*;
use tempfile::TempDir;
use vault::{Erased, Fields, Vault, VaultError};

const ADA: u128 = 7 << 100;
const BO: u128 = 8;

fn named(name: &str) -> Fields {
    let mut fields = Fields::new();
    fields.set("name", name).unwrap();
    fields
}

fn open(dir: &TempDir) -> Vault {
    Vault::open(&dir.path().join(vault::DIR)).unwrap()
}

#[test]
fn names_of_every_script_come_back_as_they_were_given() {
    let dir = TempDir::new().unwrap();
    let names = [
        "Ada Lovelace",
        "Zoë Ångström",
        "Zoe\u{308} A\u{30a}ngstro\u{308}m",
        "Юрий Ёлкин",
        "فاطمة بنت محمد",
        "\u{202b}שלמה המלך\u{202c}",
        "李明 𠮷田花子",
        "ชื่อ ที่ดี",
        "राधा गुप्ता",
        "👩‍👩‍👧‍👦 🏳️‍🌈",
        "Z̷̢̛a̸͜͝l̶̰̈g̵̡͝o̷̥͘",
    ];
    let vault = open(&dir);
    for (party, name) in (1..).zip(names) {
        vault.put(party, &named(name)).unwrap();
    }
    drop(vault);
    let vault = open(&dir);
    assert_eq!(vault.len(), names.len());
    for (party, name) in (1..).zip(names) {
        let fields = vault.get(party).unwrap().unwrap();
        assert_eq!(fields.get("name"), Some(name));
    }
}

#[test]
fn the_newest_counts_and_the_erased_stay_so() {
    let dir = TempDir::new().unwrap();
    let vault = open(&dir);
    assert!(vault.is_empty());
    assert_eq!(vault.get(ADA).unwrap(), None);
    vault.put(ADA, &named("Ada")).unwrap();
    vault.put(BO, &named("Bo")).unwrap();
    vault.put(ADA, &named("Ada King")).unwrap();
    vault.put(BO, &Fields::new()).unwrap();
    assert_eq!(vault.get(ADA).unwrap(), Some(named("Ada King")));
    assert_eq!(vault.get(BO).unwrap(), Some(Fields::new()));
    assert_eq!(vault.erase(ADA).unwrap(), Erased::Now);
    assert_eq!(vault.erase(3).unwrap(), Erased::Unknown);
    vault.put(3, &named("Cy")).unwrap();

    let check = |vault: &Vault| {
        assert_eq!(vault.erase(ADA).unwrap(), Erased::Before);
        assert!(vault.is_erased(ADA) && !vault.is_erased(BO) && !vault.is_erased(4));
        assert_eq!(vault.get(ADA).unwrap(), None);
        assert_eq!(vault.digest(ADA).unwrap(), None);
        let refused = vault.put(ADA, &named("Ada")).unwrap_err();
        assert!(matches!(refused, VaultError::Erased));
        assert_eq!(vault.get(BO).unwrap(), Some(Fields::new()));
        assert_eq!(vault.get(3).unwrap(), Some(named("Cy")));
        assert_eq!(vault.len(), 2);
    };
    check(&vault);
    drop(vault);
    check(&open(&dir));
}

#[test]
fn a_digest_is_of_one_persons_content() {
    let dir = TempDir::new().unwrap();
    let vault = open(&dir);
    vault.put(ADA, &named("Ada")).unwrap();
    vault.put(BO, &named("Ada")).unwrap();
    let first = vault.digest(ADA).unwrap().unwrap();
    assert_ne!(vault.digest(BO).unwrap().unwrap(), first);
    vault.put(ADA, &named("Ada King")).unwrap();
    assert_ne!(vault.digest(ADA).unwrap().unwrap(), first);
    vault.put(ADA, &named("Ada")).unwrap();
    drop(vault);
    assert_eq!(open(&dir).digest(ADA).unwrap(), Some(first));
}

#[test]
fn a_second_one_is_refused() {
    let dir = TempDir::new().unwrap();
    let path = dir.path().join(vault::DIR);
    let vault = open(&dir);
    assert!(matches!(Vault::open(&path), Err(VaultError::Locked)));
    drop(vault);
    open(&dir);
}

#[test]
fn the_master_key_may_lie_elsewhere() {
    let dir = TempDir::new().unwrap();
    let path = dir.path().join(vault::DIR);
    let master = dir.path().join("stick");
    let vault = Vault::open_with(&path, &master).unwrap();
    vault.put(ADA, &named("Ada")).unwrap();
    drop(vault);
    assert!(!path.join("master").exists());
    let key = fs::read(&master).unwrap();

    fs::write(&master, [5; 32]).unwrap();
    let error = Vault::open_with(&path, &master).unwrap_err();
    assert!(matches!(error, VaultError::WrongMaster { .. }));
    fs::write(&master, &key[1..]).unwrap();
    let error = Vault::open_with(&path, &master).unwrap_err();
    assert!(error.to_string().ends_with("a master key has 32 bytes"));
    assert!(matches!(
        Vault::open(&path),
        Err(VaultError::NoMaster { .. })
    ));
    assert!(!path.join("master").exists());

    fs::write(&master, &key).unwrap();
    let vault = Vault::open_with(&path, &master).unwrap();
    assert_eq!(vault.get(ADA).unwrap(), Some(named("Ada")));
}

#[test]
fn files_are_their_owners_alone() {
    let dir = TempDir::new().unwrap();
    let vault = open(&dir);
    vault.put(ADA, &named("Ada")).unwrap();
    vault.erase(ADA).unwrap();
    drop(vault);
    open(&dir);
    let path = dir.path().join(vault::DIR);
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&path), 0o700);
    let mut names = Vec::new();
    for file in fs::read_dir(&path).unwrap() {
        let file = file.unwrap();
        assert_eq!(mode(&file.path()), 0o600);
        names.push(file.file_name().into_string().unwrap());
    }
    names.sort();
    assert_eq!(names, ["data", "keys", "lock", "master"]);
}

#[test]
fn what_is_dead_is_left_behind_at_a_start() {
    let dir = TempDir::new().unwrap();
    let data = dir.path().join(vault::DIR).join("data");
    let len = || fs::metadata(&data).unwrap().len();
    let vault = open(&dir);
    vault.put(BO, &named("Bo")).unwrap();
    let one = len() - 32;
    for i in 0..4 {
        vault.put(ADA, &named(&format!("Ada {i}"))).unwrap();
        vault.put(3, &named(&format!("Cy {i}"))).unwrap();
    }
    vault.erase(3).unwrap();
    vault.put(BO, &named("Bo Diddley")).unwrap();
    drop(vault);
    assert_eq!(len(), 32 + 10 * one);

    let vault = open(&dir);
    assert_eq!(len(), 32 + 2 * one);
    assert_eq!(vault.get(ADA).unwrap(), Some(named("Ada 3")));
    assert_eq!(vault.get(BO).unwrap(), Some(named("Bo Diddley")));
    assert!(vault.is_erased(3));
    vault.put(ADA, &named("Ada 4")).unwrap();
    vault.put(BO, &named("Bo")).unwrap();
    drop(vault);
    let vault = open(&dir);
    assert_eq!(len(), 32 + 4 * one, "half is not more than half");
    assert_eq!(vault.get(ADA).unwrap(), Some(named("Ada 4")));
    assert_eq!(vault.get(BO).unwrap(), Some(named("Bo")));
}

#[test]
fn after_a_write_failed_nothing_more_is_written() {
    let dir = TempDir::new().unwrap();
    let vault = open(&dir);
    vault.put(ADA, &named("Ada")).unwrap();
    vault.put(BO, &named("Bo")).unwrap();
    fs::remove_dir_all(dir.path().join(vault::DIR)).unwrap();
    let error = vault.erase(ADA).unwrap_err();
    assert!(matches!(error, VaultError::Io { .. }), "{error}");
    assert!(matches!(
        vault.put(BO, &named("B")),
        Err(VaultError::Stopped)
    ));
    assert!(matches!(vault.erase(BO), Err(VaultError::Stopped)));
    assert_eq!(vault.get(BO).unwrap(), Some(named("Bo")));
}

#[test]
fn nothing_shows_a_key() {
    let dir = TempDir::new().unwrap();
    let vault = open(&dir);
    let shown = format!("{vault:?}");
    let path = dir.path().join(vault::DIR);
    assert_eq!(shown, format!("Vault {{ folder: {path:?}, .. }}"));
}

#[test]
fn threads_see_whole_contents_and_nothing_after_an_erasure() {
    let dir = TempDir::new().unwrap();
    let vault = open(&dir);
    vault.put(BO, &named("0 0")).unwrap();
    std::thread::scope(|scope| {
        for thread in 1..4_u128 {
            let vault = &vault;
            scope.spawn(move || {
                for round in 0..12_u128 {
                    let own = thread * 100 + round;
                    vault.put(own, &named(&format!("{own}"))).unwrap();
                    vault.put(BO, &named(&format!("{thread} {round}"))).unwrap();
                    if round % 3 == 0 {
                        assert_eq!(vault.erase(own).unwrap(), Erased::Now);
                        assert_eq!(vault.get(own).unwrap(), None);
                    }
                }
            });
        }
        scope.spawn(|| {
            for round in 0..2_000_u128 {
                let both = vault.get(BO).unwrap().unwrap();
                assert!(both.get("name").unwrap().contains(' '));
                let own = (round % 3 + 1) * 100 + round % 12;
                if let Some(fields) = vault.get(own).unwrap() {
                    assert_eq!(fields, named(&format!("{own}")));
                }
            }
        });
    });
    let last = vault.get(BO).unwrap();
    drop(vault);
    let vault = open(&dir);
    assert_eq!(vault.get(BO).unwrap(), last);
    assert_eq!(vault.len(), 1 + 3 * 8);
    for own in (1..4).flat_map(|thread| (0..12).map(move |round| thread * 100 + round)) {
        assert_eq!(vault.is_erased(own), own % 100 % 3 == 0);
    }
}

#[derive(Clone, Debug)]
enum Step {
    Put(u128, BTreeMap<String, String>),
    Erase(u128),
    Reopen,
}

fn step() -> impl Strategy<Value = Step> {
    let fields = proptest::collection::btree_map("x_[a-z]{1,3}", r"\PC{1,300}", 0..4);
    prop_oneof![
        6 => (0..5_u128, fields).prop_map(|(party, fields)| Step::Put(party, fields)),
        1 => (0..5_u128).prop_map(Step::Erase),
        1 => Just(Step::Reopen),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn it_is_a_map_from_which_the_erased_are_gone(
        steps in proptest::collection::vec(step(), 1..24),
    ) {
        let dir = TempDir::new().unwrap();
        let mut vault = Some(open(&dir));
        let mut map: BTreeMap<u128, Option<Fields>> = BTreeMap::new();
        for step in steps {
            let now = vault.as_ref().unwrap();
            match step {
                Step::Put(party, values) => {
                    let mut fields = Fields::new();
                    for (name, value) in &values {
                        fields.set(name, value).unwrap();
                    }
                    let put = now.put(party, &fields);
                    if map.get(&party) == Some(&None) {
                        prop_assert!(matches!(put, Err(VaultError::Erased)));
                    } else {
                        put.unwrap();
                        map.insert(party, Some(fields));
                    }
                }
                Step::Erase(party) => {
                    let expected = match map.get_mut(&party) {
                        Some(Some(_)) => Erased::Now,
                        Some(None) => Erased::Before,
                        None => Erased::Unknown,
                    };
                    map.entry(party).and_modify(|fields| *fields = None);
                    prop_assert_eq!(now.erase(party).unwrap(), expected);
                }
                Step::Reopen => {
                    vault = None;
                    vault.replace(open(&dir));
                }
            }
            let now = vault.as_ref().unwrap();
            prop_assert_eq!(now.len(), map.values().flatten().count());
            for party in 0..5 {
                prop_assert_eq!(now.get(party).unwrap(), map.get(&party).cloned().flatten());
                prop_assert_eq!(now.is_erased(party), map.get(&party) == Some(&None));
            }
        }
    }
}
