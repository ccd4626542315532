//! Alterations of what was erased, and erasing that was never entered.

use merkle::{Seed, salted_leaf};
use model::Record;
use model::record::{Moved, Remains};

use crate::Alteration;
use crate::books::{Files, PLAIN};
use crate::forge::{LOG, Log, bytes, forge, frames, put, seal, set, whole};
use crate::log::created;

/// The file of the batch with the erased transfer, and of one that nobody touched.
const FILE: &str = "erased/0000000000000010";
const OTHER: &str = "erased/000000000000000e";

/// The batch of [`FILE`], and the index of its erased record.
const BATCH: usize = 16;
const INDEX: usize = 5;

/// The openings of a batch from which one record was erased.
fn openings(log: &Log, batch: usize, index: usize) -> Vec<u8> {
    let one = &log.batches[batch];
    let seed = Seed::from_bytes(one.seed);
    let mut bytes = b"cf-erase".to_vec();
    bytes.extend((batch as u64).to_le_bytes());
    bytes.extend((one.records.len() as u32).to_le_bytes());
    bytes.extend(1_u32.to_le_bytes());
    bytes.extend((index as u32).to_le_bytes());
    bytes.extend(salted_leaf(seed.salt(index as u64), &one.records[index]).to_bytes());
    let others = (0..one.records.len()).filter(|other| *other != index);
    bytes.extend(others.flat_map(|other| seed.salt(other as u64).to_bytes()));
    bytes.extend([0; 4]);
    seal(&mut bytes);
    bytes
}

/// Erases a transfer as the program does, and enters nothing.
fn blank(log: &mut Log, batch: usize, index: usize) {
    let Record::TransferCreated(transfer, extras) = log.batches[batch].record(index) else {
        panic!("it is a transfer")
    };
    let record = &mut log.batches[batch].records[index];
    let remains = Remains::of_transfer(&transfer, &extras);
    remains.write_over(record).expect("it fits");
    log.batches[batch].erased = true;
    log.batches[batch].seed = [0; 32];
}

/// Changes what remains of the erased transfer.
fn remains(files: &mut Files, change: impl FnOnce(&mut Moved)) {
    let mut log = Log::read(files);
    let Record::Erased(Remains::Transfer(mut moved)) = log.batches[BATCH].record(INDEX) else {
        panic!("it was erased")
    };
    change(&mut moved);
    let record = &mut log.batches[BATCH].records[INDEX];
    Remains::Transfer(moved)
        .write_over(record)
        .expect("it fits");
    log.write(files);
}

/// The frame of a batch as a journal that the next start takes.
fn journal(files: &mut Files, batch: usize, frame: &[u8]) {
    let at = frames(files)[batch] as u64;
    let mut copy = b"cf-redo1".to_vec();
    copy.extend(at.to_le_bytes());
    copy.extend(frame);
    copy.extend([0; 4]);
    seal(&mut copy);
    put(files, "erased/frame", copy);
}

fn frame(files: &mut Files, batch: usize) -> Vec<u8> {
    let starts = frames(files);
    bytes(files, LOG)[starts[batch]..starts[batch + 1]].to_vec()
}

/// Lines in the log, and all that rests on them.
pub const IN_LOG: &[Alteration] = &[
    Alteration(
        "blanked, nothing entered",
        &["batch 14: record 7", "no record"],
        |files| {
            let mut log = Log::read(files);
            put(files, OTHER, openings(&log, 14, 7));
            blank(&mut log, 14, 7);
            log.write(files);
        },
    ),
    Alteration(
        "entered of another record",
        &["batch 16: record 9", "still there"],
        |files| {
            let mut log = Log::read(files);
            let is_it = |record: &Record| matches!(record, Record::RecordErased(erasure) if erasure.batch == BATCH as u64);
            let place = log.find(is_it);
            log.change(place, |record| {
                if let Record::RecordErased(erasure) = record {
                    erasure.index = 9;
                }
            });
            log.reroot(place.0);
            log.relink(place.0);
            log.write_with_tree(files);
        },
    ),
    Alteration(
        "the amount that remains",
        &["batch 16: record", "account 2"],
        |files| {
            remains(files, |moved| moved.amount += 1);
        },
    ),
    Alteration(
        "the receiver that remains, by its erasure",
        &["batch 16: record 5", "not what its erasure says"],
        |files| {
            remains(files, |moved| moved.credit_account_id = 6);
        },
    ),
    // What was signed of the balances since then tells as well.
    Alteration(
        "the receiver that remains",
        &["statement 1 in the log", "root"],
        |files| {
            remains(files, |moved| moved.credit_account_id = 6);
        },
    ),
    Alteration(
        "the receiver that remains, again",
        &["snapshots/", "account 3"],
        |files| {
            remains(files, |moved| moved.credit_account_id = 6);
        },
    ),
    Alteration(
        "the filler behind remains",
        &["batch 16: record 5"],
        |files| {
            let mut log = Log::read(files);
            let record = &mut log.batches[BATCH].records[INDEX];
            *record.last_mut().expect("it is not empty") ^= 1;
            log.write(files);
        },
    ),
    Alteration(
        "a mark without openings",
        &["erased/000000000000000e", "missing"],
        |files| {
            let mut log = Log::read(files);
            log.batches[14].erased = true;
            log.batches[14].seed = [0; 32];
            log.write(files);
        },
    ),
    Alteration(
        "a seed behind the mark",
        &[LOG, "no whole frame"],
        |files| {
            let mut log = Log::read(files);
            log.batches[BATCH].seed = [1; 32];
            log.write(files);
        },
    ),
    Alteration(
        "the mark taken away",
        &["batch 16", "the root over"],
        |files| {
            let mut log = Log::read(files);
            log.batches[BATCH].erased = false;
            log.write(files);
        },
    ),
];

/// The files beside the log.
pub const FILES: &[Alteration] = &[
    Alteration("a salt", &[FILE, "the root over"], |files| {
        forge(files, FILE, |file| file[24 + 36 + 3] ^= 1);
    }),
    Alteration(
        "the leaf hash of an erased record",
        &[FILE, "the root over"],
        |files| {
            forge(files, FILE, |file| file[24 + 4] ^= 1);
        },
    ),
    Alteration(
        "the index of an erased record",
        &[FILE, "records that stand"],
        |files| {
            forge(files, FILE, |file| file[24] += 1);
        },
    ),
    Alteration("a bit of the openings", &[FILE, "checksum"], |files| {
        bytes(files, FILE)[30] ^= 1;
    }),
    Alteration("the openings cut short", &[FILE, "checksum"], |files| {
        let mut file = whole(files, FILE);
        file.truncate(200);
        seal(&mut file);
        put(files, FILE, file);
    }),
    Alteration("the openings missing", &[FILE, "missing"], |files| {
        files.remove(std::path::Path::new(FILE));
    }),
    Alteration(
        "openings of a whole batch",
        &[OTHER, "nothing was erased"],
        |files| {
            let log = Log::read(files);
            put(files, OTHER, openings(&log, 14, 7));
        },
    ),
    // Its leaf stands for it, so it could say anything.
    Alteration(
        "a living record behind a leaf",
        &[FILE, "records that stand"],
        |files| {
            let mut log = Log::read(files);
            let (batch, index) = created(&log, PLAIN + 506);
            assert_eq!((batch, index), (BATCH, INDEX + 1));
            let mut file = whole(files, FILE);
            let end = 24 + 36;
            let salt: [u8; 16] = file[end + 16 * INDEX..][..16].try_into().expect("16 bytes");
            let leaf = salted_leaf(
                merkle::Salt::from_bytes(salt),
                &log.batches[batch].records[index],
            );
            set(&mut file, 20, &2_u32.to_le_bytes());
            file.drain(end + 16 * INDEX..end + 16 * (INDEX + 1));
            let entry = [&(index as u32).to_le_bytes()[..], leaf.as_bytes()].concat();
            file.splice(end..end, entry);
            seal(&mut file);
            put(files, FILE, file);
            log.change((batch, index), |record| {
                if let Record::TransferCreated(transfer, _) = record {
                    transfer.user_data_64 += 1;
                }
            });
            log.write(files);
        },
    ),
    Alteration("a file among them that is none", &["erased/f: "], |files| {
        put(files, "erased/f", vec![1]);
    }),
    Alteration(
        "a frame to be written that lies",
        &["erased/frame", "batch 16"],
        |files| {
            let mut log = Log::read(files);
            let whole = log.clone();
            log.change((BATCH, INDEX + 1), |record| {
                if let Record::TransferCreated(transfer, _) = record {
                    transfer.user_data_64 += 1;
                }
            });
            log.write(files);
            let forged = frame(files, BATCH);
            whole.write(files);
            journal(files, BATCH, &forged);
        },
    ),
    Alteration(
        "a frame of another batch to be written",
        &["erased/frame"],
        |files| {
            let frame = frame(files, 14);
            journal(files, BATCH, &frame);
        },
    ),
    Alteration(
        "a bit of a frame to be written",
        &["erased/frame", "not whole"],
        |files| {
            let frame = frame(files, BATCH);
            journal(files, BATCH, &frame);
            bytes(files, "erased/frame")[100] ^= 1;
        },
    ),
];
