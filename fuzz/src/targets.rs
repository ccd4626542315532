//! What is read, and what must hold of it.
//!
//! Where a format has checksums, the first byte of the input says what becomes of them: odd, they
//! are made to fit ([`crate::repair`]), so that the input reaches what stands behind them.

use std::sync::Arc;

use machine::{Recalled, Restore, SnapshotHeader, State};
use merkle::Frontier;
use merkle::checkpoint::Checkpoint;
use merkle::note::{Note, SignatureLine};
use merkle::policy::Policy;
use merkle::tlog_proof::TlogProof;
use merkle::witness::{self, AddCheckpoint, Verdict};
use model::batch::{OUTER_LEAF_BYTES, OuterLeaf};
use model::record::Record;
use model::{Account, AccountFilter, EventResult, QueryFilter, Transfer};
use server::wire::{self, Posted};
use store::frame::{self, Header};
use store::index::{Index, Options, Order, Tree};
use store::log::{self, Known, Recovered, TornEnd};
use store::snapshot::{Part, Snapshot};
use store::superblock::Superblock;
use vault::Fields;
use zerocopy::FromBytes;

use crate::memory::Memory;
use crate::repair;
use crate::signed;

/// Bytes of a segment here: small, so that little is tried for long.
pub const SEGMENT: usize = 64 << 10;

/// The path of the snapshot that is read.
pub const SNAPSHOT: &str = "snapshots/0000000000000000.snap";

/// That of `fixtures/v1`, so that its pending transfers are found in their shards.
const KEY: [u64; 2] = [0x0707_0707_0707_0707; 2];

/// Splits off the byte that says whether checksums are made to fit.
fn mode(data: &[u8]) -> (bool, Vec<u8>) {
    data.split_first()
        .map_or((false, Vec::new()), |(mode, rest)| {
            (mode % 2 == 1, rest.to_vec())
        })
}

/// A record: what decodes is the one encoding of itself.
pub fn record(data: &[u8]) {
    let Ok(record) = Record::decode(data) else {
        return;
    };
    let mut bytes = record.to_bytes();
    if let Record::Erased(_) = record {
        // Remains are filled up to the length of what stood there.
        bytes.resize(data.len(), 0xA5);
    }
    assert_eq!(bytes, data);
}

/// An outer leaf: what is read is the one encoding of itself.
pub fn leaf(data: &[u8]) {
    let Some(Ok(bytes)) = data.get(..OUTER_LEAF_BYTES).map(TryInto::try_into) else {
        return;
    };
    if let Some(leaf) = OuterLeaf::from_bytes(bytes) {
        assert_eq!(leaf.to_bytes(), *bytes);
    }
}

/// The header of a frame and the records behind it.
pub fn frame(data: &[u8]) {
    let (fits, mut bytes) = mode(data);
    if fits {
        bytes.resize(bytes.len().next_multiple_of(4096), 0xA5);
        repair::frames(&mut bytes);
    }
    if let Some(header) = Header::read(&bytes, 0) {
        assert!(header.frame_len % 4096 == 0 && header.body_len < header.frame_len);
    }
    let body = bytes.get(256..).unwrap_or_default();
    let mut end = 256;
    for entry in frame::records(body) {
        match entry {
            Ok(entry) => {
                assert_eq!(entry.at as usize, end);
                end += 6 + entry.bytes.len();
                record(entry.bytes);
            }
            Err(at) => assert_eq!(at as usize, end),
        }
    }
    let _ = frame::read_record(body);
}

/// A log: what recovery takes it takes again, after it has cut off a torn end; and what follows
/// from its records adds up, or is refused.
pub fn log(data: &[u8]) {
    let (fits, mut segment) = mode(data);
    segment.resize(SEGMENT, 0);
    if fits {
        repair::frames(&mut segment);
    }
    let disk = Memory::default();
    disk.put(&log::segment_path(0), segment.clone());
    disk.put(&log::segment_path(1), vec![0; SEGMENT]);
    let recover = |torn_end: TornEnd, restore: &mut Option<Restore>| -> Option<Recovered> {
        let mut visit = |header: &Header, body: &[u8]| {
            let first = header.leaf.first_record;
            for (index, entry) in (first..).zip(frame::records(body)) {
                let decoded = entry
                    .ok()
                    .and_then(|entry| Record::decode(entry.bytes).ok());
                let replayed = restore
                    .as_mut()
                    .zip(decoded)
                    .is_some_and(|(restore, record)| restore.replay(index, &record).is_ok());
                if !replayed {
                    *restore = None;
                }
            }
            Ok(())
        };
        log::recover(&disk, SEGMENT as u64, (0, torn_end), &mut visit).ok()
    };
    let left = recover(TornEnd::Leave, &mut None);
    assert_eq!(
        disk.get(&log::segment_path(0)).as_ref(),
        Some(&segment),
        "nothing changes"
    );
    let mut restore = Some(Restore::new(SnapshotHeader::genesis(), KEY));
    let cut = recover(TornEnd::Cut(Known::default()), &mut restore);
    assert_eq!(left.is_some(), cut.is_some());
    let Some(cut) = cut else {
        assert_eq!(
            disk.get(&log::segment_path(0)),
            Some(segment),
            "damage is left as it is"
        );
        return;
    };
    let again = recover(TornEnd::Cut(Known::default()), &mut None).expect("what was cut is whole");
    assert_eq!(
        (again.chain, again.cursor, again.torn),
        (cut.chain, cut.cursor, None)
    );
    if let Some(restore) = restore
        && let Ok(state) = restore.finish(cut.chain.first_record)
    {
        let _ = state.digest();
    }
}

/// The superblock.
pub fn superblock(data: &[u8]) {
    let (fits, mut bytes) = mode(data);
    if fits && bytes.len() >= 72 {
        bytes.truncate(72);
        let sum = crc32c::crc32c(&bytes[..68]);
        bytes[68..].copy_from_slice(&sum.to_le_bytes());
    }
    let disk = Memory::default();
    disk.put("books", bytes.clone());
    if let Ok(superblock) = Superblock::read(&disk) {
        let other = Memory::default();
        superblock.create(&other).expect("it can be written");
        assert_eq!(other.get("books"), Some(bytes));
    }
}

/// A snapshot: read to its end, and the state put together from it.
pub fn snapshot(data: &[u8]) {
    let (fits, mut bytes) = mode(data);
    if fits {
        repair::snapshot(&mut bytes);
    }
    let disk = Memory::default();
    disk.put(SNAPSHOT, bytes);
    let Ok(mut snapshot) = Snapshot::open(&disk, SNAPSHOT) else {
        return;
    };
    let meta = snapshot.meta().clone();
    if let Ok(frontier) = Frontier::from_bytes(&meta.frontier) {
        assert_eq!(frontier.to_bytes(), meta.frontier);
        let _ = frontier.root();
    }
    let Ok(header) = SnapshotHeader::from_bytes(&meta.header) else {
        return;
    };
    // Headers of older versions are only read: state is written as the newest.
    if meta.header.starts_with(b"cf-snap4") || meta.header.starts_with(b"cf-snap3") {
        assert_eq!(header.to_bytes(), meta.header);
    }
    // Room is made for all accounts at once: more than a few thousand would only take time.
    if header.chunks() > 2 * 256 + 3 {
        return;
    }
    let mut restore = Restore::new(header, KEY);
    loop {
        match snapshot.next_part() {
            Ok(Part::Chunk(number, stamp, bytes)) => {
                if restore.load(number, stamp, &bytes).is_err() {
                    return;
                }
            }
            Ok(Part::End(records)) => {
                if let Ok(state) = restore.finish(records) {
                    let _ = state.digest();
                }
                return;
            }
            Err(_) => return,
        }
    }
}

/// A run of the index: opened, read in order, searched.
pub fn index(data: &[u8]) {
    let (fits, mut bytes) = mode(data);
    let disk = Memory::default();
    if fits {
        let Some(manifest) = repair::run(&mut bytes) else {
            return;
        };
        disk.put("index/manifest", manifest);
        disk.put("index/run-0000000000000001", bytes);
    } else {
        disk.put("index/manifest", bytes);
    }
    let options = Options {
        log_start: 0,
        filter_bytes: 1 << 20,
    };
    let Ok(runs) = Index::inspect(&disk, options) else {
        return;
    };
    for run in &runs {
        for tree in Tree::ALL {
            // An error ends it; what is there is in order.
            let entries = run.entries(tree).map_while(Result::ok);
            assert!(entries.is_sorted(), "{tree:?} is out of order");
        }
    }
    let Ok(index) = Index::open(Arc::new(disk), options) else {
        return;
    };
    for key in [0, 1, 77, u64::MAX] {
        let mut found = Vec::new();
        let _ = index.probe(&[(u128::from(key), key)], &mut found);
        for tree in Tree::ALL {
            for order in [Order::Oldest, Order::Newest] {
                let _ = index.find(tree, key, 0..=u64::MAX, order, 10);
            }
        }
        let _ = (index.frame_at(key), index.frame_after(key));
    }
    let _ = index.close();
}

/// The bodies of JSON requests.
pub fn json(data: &[u8]) {
    let (_, body) = mode(data);
    let currencies = wire::Currencies::new();
    match wire::parse_accounts(&body) {
        Ok(Posted::One(account)) => _ = account.to_model(),
        Ok(Posted::Many(accounts)) => {
            for account in accounts {
                let _ = account.to_model();
            }
        }
        Err(_) => {}
    }
    match wire::parse_transfers(&body) {
        Ok(Posted::One(transfer)) => _ = transfer.to_model(&currencies),
        Ok(Posted::Many(transfers)) => {
            for transfer in transfers {
                let _ = transfer.to_model(&currencies);
            }
        }
        Err(_) => {}
    }
    let _ = wire::parse_ids(&body);
    let _ = wire::parse_account_filter(&body);
    let _ = wire::parse_query_filter(&body);
    let _ = wire::parse_ledger(&body);
    let _ = wire::parse_clock(&body);
    if let Ok(text) = core::str::from_utf8(&body) {
        let _ = wire::parse_u128(text);
        let _ = model::money::parse_amount(text, 2);
    }
}

/// Bulk bodies: whatever accounts and transfers they hold are decided, and the facts that follow
/// add up to the same state again.
pub fn decide(data: &[u8]) {
    let Some((&split, body)) = data.split_first() else {
        return;
    };
    let _ = AccountFilter::read_from_prefix(body).map(|(filter, _)| filter.is_valid());
    let _ = QueryFilter::read_from_prefix(body).map(|(filter, _)| filter.is_valid());
    let objects: Vec<&[u8]> = body.chunks_exact(128).take(64).collect();
    let (accounts, transfers) = objects.split_at(objects.len().min(usize::from(split % 16)));
    let accounts: Vec<Account> = accounts
        .iter()
        .map(|bytes| Account::read_from_bytes(bytes).expect("128 bytes"))
        .collect();
    let transfers: Vec<Transfer> = transfers
        .iter()
        .map(|bytes| Transfer::read_from_bytes(bytes).expect("128 bytes"))
        .collect();
    let (mut state, mut again) = (State::new(KEY), State::new(KEY));
    let (mut records, mut results) = (Vec::<Record>::new(), Vec::<EventResult>::new());
    let past = Recalled::default();
    let start = 1u64 << 60;
    if !accounts.is_empty() {
        state.create_accounts(&past, start, &accounts, &mut records, &mut results);
    }
    for (time, batch) in (1..).zip(transfers.chunks(1 + usize::from(split / 16))) {
        state.create_transfers(
            &past,
            start + 1_000 * time,
            batch,
            &mut records,
            &mut results,
        );
    }
    assert_eq!(results.len(), accounts.len() + transfers.len());
    let now = start + (1 << 59);
    let due = state.due(now, 1_000);
    state.expire(now, now, due, &mut records);
    for record in &records {
        self::record(&record.to_bytes());
        again
            .evolve(record)
            .unwrap_or_else(|error| panic!("{error}: {record:?}"));
    }
    assert_eq!(state.digest(), again.digest());
}

/// A signed note: what is read is written again, and what is trusted is what was signed.
pub fn note(data: &[u8]) {
    if let Ok(lines) = SignatureLine::parse_all(data) {
        let text: String = lines.iter().map(SignatureLine::to_string).collect();
        assert_eq!(text.as_bytes(), data);
    }
    let Ok(note) = Note::parse(data) else {
        return;
    };
    assert_eq!(note.to_bytes(), data);
    match Checkpoint::parse(&note.text) {
        Ok(checkpoint) => assert_eq!(checkpoint.text(), note.text),
        Err(_) => _ = Checkpoint::parse_lenient(&note.text),
    }
    match signed::POLICY.check(&note) {
        Ok(trusted) => {
            assert_eq!(note.text, *signed::TEXT);
            assert!(trusted.quorum && !trusted.witnesses.is_empty());
        }
        Err(distrust) => assert!(!distrust.code().is_empty()),
    }
}

/// A policy: it is written as the same policy, in a form that stays as it is.
pub fn policy(data: &[u8]) {
    let Ok(policy) = Policy::parse(data) else {
        return;
    };
    let plain = policy.to_bytes();
    let again = Policy::parse(&plain).expect("what is written is read");
    assert_eq!(again, policy);
    assert_eq!(again.to_bytes(), plain);
    // Whoever has all witnesses reaches what whoever has some reaches.
    assert!(policy.is_met(|_| true) || !policy.is_met(|index| index % 2 == 0));
    assert_eq!(policy.is_met(|_| false), policy.quorum().is_none());
}

/// A proof in one file: what is read is written again.
pub fn tlog_proof(data: &[u8]) {
    if let Ok(proof) = TlogProof::parse(data) {
        assert_eq!(proof.to_bytes(), data);
        assert_ne!(proof.extra.as_deref(), Some(&[][..]));
    }
}

/// A request to a witness: what is read is written again, and what is cosigned is what the log
/// signed.
pub fn add_checkpoint(data: &[u8]) {
    let Ok(request) = AddCheckpoint::parse(data) else {
        return;
    };
    assert_eq!(request.to_bytes(), data);
    let known = signed::POLICY.logs().iter().map(|log| log.key.clone());
    let known: Vec<_> = known.collect();
    for latest in [None, Some(signed::head(signed::OLD))] {
        let verdict = witness::judge(&known, latest, &request);
        assert_eq!(
            verdict.status() == 200,
            matches!(verdict, Verdict::Cosign(_))
        );
        if let Verdict::Cosign(checkpoint) = verdict {
            assert_eq!(request.note.text, *signed::TEXT);
            assert_eq!(checkpoint.head, signed::head(signed::SIZE));
        }
    }
}

/// The fields of a person: what is read is the one encoding of itself, and could have been set.
pub fn fields(data: &[u8]) {
    let Ok(fields) = Fields::from_bytes(data) else {
        return;
    };
    assert_eq!(fields.to_bytes()[..], *data);
    let mut again = Fields::new();
    for (name, value) in fields.iter() {
        again.set(name, value).expect("what is read may be set");
    }
    assert!(again == fields);
}
