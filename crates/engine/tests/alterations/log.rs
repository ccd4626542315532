//! Alterations of the log: records, frames, and forgeries of all that follows from them.

use model::{Record, Transfer};

use crate::Alteration;
use crate::books::{Files, LATE, LONE, PLAIN};
use crate::forge::{LOG, Log, bytes, flip, frames, put, record_at, set};

type Place = (usize, usize);

pub fn created(log: &Log, id: u128) -> Place {
    log.find(|record| matches!(record, Record::TransferCreated(transfer, _) if transfer.id == id))
}

/// Changes a transfer and nothing that rests on it but checksums.
fn transfer(files: &mut Files, id: u128, change: impl FnOnce(&mut Transfer)) {
    let mut log = Log::read(files);
    alter(&mut log, id, change);
    log.write(files);
}

fn alter(log: &mut Log, id: u128, change: impl FnOnce(&mut Transfer)) -> usize {
    let place = created(log, id);
    log.change(place, |record| {
        let Record::TransferCreated(transfer, _) = record else {
            unreachable!("it was looked for as one")
        };
        change(transfer);
    });
    place.0
}

/// Changes the log, and makes a checksum over it fit that is said to be `at` in its frame.
fn frame(files: &mut Files, batch: usize, change: impl FnOnce(&mut [u8])) {
    let at = frames(files)[batch];
    let frame = &mut bytes(files, LOG)[at..];
    change(frame);
    let body_len = u32::from_le_bytes(frame[16..20].try_into().expect("4 bytes")) as usize;
    let body = crc32c::crc32c(&frame[256..256 + body_len]);
    set(frame, 12, &body.to_le_bytes());
    let head = crc32c::crc32c(&frame[12..256]);
    set(frame, 8, &head.to_le_bytes());
}

fn batches(files: &mut Files, change: impl FnOnce(&mut Log)) {
    let mut log = Log::read(files);
    change(&mut log);
    log.write(files);
}

/// A well-made forgery: every hash and link up to the end fits, in the tree as well.
fn forged(files: &mut Files, change: impl FnOnce(&mut Log) -> usize) {
    let mut log = Log::read(files);
    let from = change(&mut log);
    log.reroot(from);
    log.relink(from);
    log.write_with_tree(files);
}

/// Records, and nothing that rests on them.
pub const RECORDS: &[Alteration] = &[
    Alteration("a bit of a record", &[LOG, "nothing behind it"], |files| {
        let at = record_at(files, 14, 50);
        flip(files, LOG, at + 20);
    }),
    Alteration(
        "the checksum of a record",
        &["batch 14", "the checksum of a record"],
        |files| {
            let at = record_at(files, 14, 50) - frames(files)[14];
            frame(files, 14, |frame| frame[at + 3] ^= 1);
        },
    ),
    Alteration(
        "the length of a record",
        &["batch 14", "the length or"],
        |files| {
            let at = record_at(files, 14, 50) - frames(files)[14];
            frame(files, 14, |frame| frame[at] ^= 1);
        },
    ),
    Alteration(
        "the amount of a transfer",
        &["batch 14", "record 1:", "account 2"],
        |files| {
            transfer(files, PLAIN + 301, |one| one.amount += 1);
        },
    ),
    Alteration(
        "a huge amount without history",
        &["batch 5", "the root over"],
        |files| {
            transfer(files, u128::MAX - 1, |one| one.amount += 1);
        },
    ),
    Alteration(
        "the receiver of a transfer",
        &["batch 14", "the root over"],
        |files| {
            transfer(files, PLAIN + 302, |one| one.credit_account_id = 4);
        },
    ),
    Alteration(
        "the user data of a transfer",
        &["batch 14", "the root over"],
        |files| {
            transfer(files, PLAIN + 301, |one| one.user_data_64 += 1);
        },
    ),
    Alteration(
        "the flags of a transfer",
        &["batch 14", "the root over"],
        |files| {
            transfer(files, PLAIN + 301, |one| {
                one.flags |= model::transfer_flags::LINKED;
            });
        },
    ),
    Alteration(
        "a plain transfer made pending",
        &["batch 14", "record 1:"],
        |files| {
            transfer(files, PLAIN + 301, |one| {
                one.flags |= model::transfer_flags::PENDING;
            });
        },
    ),
    Alteration(
        "a time, that of the one before",
        &["batch 14", "record 2: its time"],
        |files| {
            transfer(files, PLAIN + 302, |one| one.timestamp -= 1);
        },
    ),
    Alteration(
        "a time before its batch",
        &["record 0: its time"],
        |files| {
            transfer(files, LONE + 10, |one| one.timestamp -= 1);
        },
    ),
    Alteration(
        "a time behind its batch",
        &["record 0: its time"],
        |files| {
            transfer(files, LONE + 10, |one| one.timestamp += 1);
        },
    ),
    Alteration(
        "two records swapped",
        &["batch 14", "record 8: its time"],
        |files| {
            batches(files, |log| log.batches[14].records.swap(7, 8));
        },
    ),
    Alteration(
        "a record twice",
        &["batch 14", "record 8: its time"],
        |files| {
            batches(files, |log| {
                let again = log.batches[14].records[7].clone();
                log.batches[14].records.insert(8, again);
            });
        },
    ),
    Alteration("a record left out", &["batch 14"], |files| {
        batches(files, |log| drop(log.batches[14].records.remove(7)));
    }),
    Alteration(
        "an account opened twice",
        &["batch 14", "account 1 exists"],
        |files| {
            batches(files, |log| {
                let is_it = |record: &Record| matches!(record, Record::AccountCreated(account) if account.id == 1);
                let (batch, index) = log.find(is_it);
                let mut record = log.batches[batch].record(index);
                let Record::TransferCreated(other, _) = log.batches[14].record(3) else {
                    panic!("it is a transfer")
                };
                if let Record::AccountCreated(account) = &mut record {
                    account.timestamp = other.timestamp;
                }
                log.batches[14].records[3] = record.to_bytes();
            });
        },
    ),
];

/// Frames and segments.
pub const FRAMES: &[Alteration] = &[
    Alteration(
        "the seed of a batch",
        &["batch 14", "the root over"],
        |files| {
            frame(files, 14, |frame| frame[40] ^= 1);
        },
    ),
    Alteration(
        "the number of a batch",
        &[LOG, "number of the batch"],
        |files| {
            frame(files, 14, |frame| frame[64 + 8] ^= 1);
        },
    ),
    Alteration(
        "the index of a batch's records",
        &["batch 14", "first record"],
        |files| {
            frame(files, 14, |frame| frame[64 + 16] ^= 1);
        },
    ),
    Alteration(
        "the count of a batch's records",
        &["batch 14", "count of records"],
        |files| {
            frame(files, 14, |frame| frame[64 + 24] ^= 1);
        },
    ),
    Alteration(
        "the clock moved back",
        &["batch 14", "the time of the batch"],
        |files| {
            batches(files, |log| {
                log.batches[14].leaf.timestamp = log.batches[13].leaf.timestamp;
            });
        },
    ),
    Alteration(
        "the clock moved on",
        &["batch 14", "hash of the batch before"],
        |files| {
            batches(files, |log| log.batches[13].leaf.timestamp += 1);
        },
    ),
    Alteration(
        "a rule book out of nowhere",
        &["batch 14", "rule book"],
        |files| {
            batches(files, |log| {
                log.batches[14].leaf.rule_book = [1; 32];
                log.relink(14);
            });
        },
    ),
    Alteration(
        "demands out of nowhere",
        &["batch 14", "counts other demands"],
        |files| {
            batches(files, |log| {
                log.batches[14].leaf.register.demands = 1;
                log.relink(14);
            });
        },
    ),
    Alteration(
        "the end of an outer leaf",
        &[LOG, "no whole frame"],
        |files| {
            frame(files, 14, |frame| frame[64 + 164] = 1);
        },
    ),
    Alteration("the end of a header", &[LOG, "no whole frame"], |files| {
        frame(files, 14, |frame| frame[240] = 1);
    }),
    Alteration(
        "the padding of a frame",
        &[LOG, "no whole frame"],
        |files| {
            let at = frames(files)[15] - 3;
            flip(files, LOG, at);
        },
    ),
    Alteration(
        "two frames swapped",
        &["batch 15", "not the next one"],
        |files| {
            batches(files, |log| log.batches.swap(14, 15));
        },
    ),
    Alteration(
        "a frame twice",
        &["batch 14", "not the next one"],
        |files| {
            batches(files, |log| {
                let again = log.batches[14].clone();
                log.batches.insert(15, again);
            });
        },
    ),
    Alteration(
        "a frame left out",
        &["batch 15", "not the next one"],
        |files| {
            batches(files, |log| drop(log.batches.remove(14)));
        },
    ),
    Alteration("a frame blanked", &[LOG, "batch 15 follows"], |files| {
        let starts = frames(files);
        bytes(files, LOG)[starts[14]..starts[15]].fill(0);
    }),
    Alteration(
        "the last frames cut off",
        &["checkpoint:", "were signed"],
        |files| {
            batches(files, |log| log.batches.truncate(log.batches.len() - 3));
        },
    ),
    Alteration(
        "the log cut off before its snapshot",
        &["snapshots/", "knows more"],
        |files| {
            batches(files, |log| log.batches.truncate(100));
        },
    ),
    Alteration(
        "the log cut off before its key",
        &["salt:", "not in the log"],
        |files| {
            batches(files, |log| log.batches.truncate(100));
        },
    ),
    Alteration("an empty log", &["checkpoint:", "the log has 0"], |files| {
        bytes(files, LOG).clear();
    }),
    Alteration(
        "a signed frame torn",
        &["checkpoint:", "were signed"],
        |files| {
            let starts = frames(files);
            let [.., last, _] = starts[..] else {
                panic!("there are frames")
            };
            bytes(files, LOG).truncate(last + 512);
        },
    ),
    Alteration(
        "a file in the log that is none",
        &["log/0000000000000002"],
        |files| {
            put(files, "log/0000000000000002", vec![1]);
        },
    ),
    Alteration(
        "a segment cut short",
        &["log/0000000000000001.seg"],
        |files| {
            put(files, "log/0000000000000001.seg", vec![0; 4_096]);
        },
    ),
    Alteration(
        "a segment missing",
        &["log/0000000000000000.seg"],
        |files| {
            files.remove(std::path::Path::new(LOG));
        },
    ),
];

/// Forgeries of what follows from a record as well.
pub const FORGERIES: &[Alteration] = &[
    Alteration(
        "the root of a batch recomputed",
        &["batch 15", "hash of the batch"],
        |files| {
            let mut log = Log::read(files);
            let batch = alter(&mut log, PLAIN + 301, |one| one.user_data_64 += 1);
            log.reroot(batch);
            log.write(files);
        },
    ),
    Alteration(
        "the chain recomputed",
        &["tree/entries", "entry 14"],
        |files| {
            let mut log = Log::read(files);
            let batch = alter(&mut log, PLAIN + 301, |one| one.user_data_64 += 1);
            log.reroot(batch);
            log.relink(batch);
            log.write(files);
        },
    ),
    Alteration(
        "all recomputed",
        &["witnessed:", "not those that were signed"],
        |files| {
            forged(files, |log| {
                alter(log, PLAIN + 301, |one| one.user_data_64 += 1)
            });
        },
    ),
    Alteration(
        "all recomputed, snapshots",
        &["snapshots/", "beginning"],
        |files| {
            forged(files, |log| {
                alter(log, PLAIN + 301, |one| one.user_data_64 += 1)
            });
        },
    ),
    Alteration(
        "another receiver, all recomputed",
        &["snapshots/", "account 4"],
        |files| {
            forged(files, |log| {
                alter(log, LONE + 2, |one| one.credit_account_id = 4)
            });
        },
    ),
    Alteration(
        "the newest batch recomputed",
        &["checkpoint:", "not those"],
        |files| {
            forged(files, |log| {
                alter(log, LATE + 8, |one| one.user_data_64 += 1)
            });
        },
    ),
    Alteration(
        "a seed of its own, all recomputed",
        &["salt:", "the seed of batch"],
        |files| {
            forged(files, |log| {
                let (batch, _) = created(log, LATE + 3);
                log.batches[batch].seed[0] ^= 1;
                batch
            });
        },
    ),
    Alteration(
        "two contents swapped, all recomputed",
        &["witnessed:", "not those"],
        |files| {
            forged(files, |log| {
                let mut datas = [0; 2];
                alter(log, PLAIN + 301, |one| datas[0] = one.user_data_64);
                alter(log, PLAIN + 303, |one| datas[1] = one.user_data_64);
                alter(log, PLAIN + 301, |one| one.user_data_64 = datas[1]);
                alter(log, PLAIN + 303, |one| one.user_data_64 = datas[0])
            });
        },
    ),
    Alteration(
        "a batch left out, all recomputed",
        &["salt:", "the seed of batch 280"],
        |files| {
            forged(files, |log| {
                let (batch, _) = created(log, LATE + 5);
                log.batches.remove(batch);
                batch
            });
        },
    ),
    Alteration(
        "a time moved, all recomputed",
        &["checkpoint:", "not those"],
        |files| {
            forged(files, |log| {
                let batch = alter(log, LATE, |one| one.timestamp -= 1_000);
                log.batches[batch].leaf.timestamp -= 1_000;
                batch
            });
        },
    ),
];
