//! The transfers of a bench: the same for the same settings, whichever connection sends them.
//!
//! Filling a transfer costs a few nanoseconds, because the server has to share the machine with
//! it.

use clap::ValueEnum;
use model::{AMOUNT_ALL, Account, Transfer, transfer_flags};
use sim::workload::{Random, mix};

/// The bench keeps to a ledger of its own, so that it can run beside other books.
pub const LEDGER: u32 = 999_999;

/// Its accounts follow upon this id, short of 2^53, where JSON numbers stay exact.
const FIRST_ACCOUNT: u128 = 7_411_000_000_000_000;

/// How the ids of transfers follow each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Ids {
    /// Each one above the last.
    Sequential,
    /// Spread over all 128 bits.
    Random,
}

/// What the transfers are like.
#[derive(Clone, Copy, Debug)]
pub struct Mix {
    /// How many accounts; at least 2.
    pub accounts: u32,
    /// Percent of the transfers that touch the first account.
    pub hot_share: u8,
    /// Percent of the transfers that are one half of a hold and its posting.
    pub two_phase_share: u8,
    pub ids: Ids,
    pub seed: u64,
    /// Sets the ids of this run apart from those of other runs.
    pub run: u64,
}

impl Mix {
    /// The id of the account `index`, from 0.
    pub fn account_id(index: u32) -> u128 {
        FIRST_ACCOUNT + u128::from(index)
    }

    /// The accounts `first` and following.
    pub fn accounts(first: u32, count: u32) -> Vec<Account> {
        (first..first + count)
            .map(|index| Account {
                id: Self::account_id(index),
                ledger: LEDGER,
                code: 1,
                ..Account::default()
            })
            .collect()
    }

    /// The id of the transfer `index`, from 0.
    #[inline]
    pub fn transfer_id(&self, index: u64) -> u128 {
        match self.ids {
            Ids::Sequential => u128::from(self.run) << 64 | u128::from(index + 1),
            Ids::Random => {
                let high = mix(self.seed ^ mix(index));
                u128::from(high) << 64 | u128::from(mix(index ^ self.run))
            }
        }
    }

    /// Fills `batch` with the transfers `first` and following.
    pub fn fill(&self, first: u64, batch: &mut [Transfer]) {
        let mut random = Random::new(self.seed ^ mix(first + 1));
        let mut place = 0;
        while place < batch.len() {
            let index = first + place as u64;
            let choice = random.bits();
            batch[place] = self.single(index, random.bits(), choice);
            let two_phase = chosen(choice >> 32 & 0xffff, self.two_phase_share);
            if two_phase && place + 1 < batch.len() {
                batch[place].flags = transfer_flags::PENDING;
                batch[place + 1] = self.posting(index + 1, batch[place].id);
                place += 1;
            }
            place += 1;
        }
    }

    #[inline]
    fn single(&self, index: u64, parties: u64, choice: u64) -> Transfer {
        let hot = chosen(choice >> 48, self.hot_share);
        let debit = if hot {
            0
        } else {
            scale(parties as u32, self.accounts)
        };
        // One of the others, so that the two always differ.
        let other = scale((parties >> 32) as u32, self.accounts - 1);
        let credit = other + u32::from(other >= debit);
        // A hot account pays as often as it is paid.
        let (debit, credit) = if choice >> 31 & 1 == 1 {
            (credit, debit)
        } else {
            (debit, credit)
        };
        Transfer {
            id: self.transfer_id(index),
            debit_account_id: Self::account_id(debit),
            credit_account_id: Self::account_id(credit),
            amount: u128::from(choice & 0xffff) + 1,
            ledger: LEDGER,
            code: 1,
            ..Transfer::default()
        }
    }

    #[inline]
    fn posting(&self, index: u64, pending_id: u128) -> Transfer {
        Transfer {
            id: self.transfer_id(index),
            pending_id,
            amount: AMOUNT_ALL,
            flags: transfer_flags::POST_PENDING,
            ..Transfer::default()
        }
    }
}

/// Whether 16 random bits fall within `percent`.
#[inline]
fn chosen(bits: u64, percent: u8) -> bool {
    (bits & 0xffff) * 100 < u64::from(percent) << 16
}

/// 32 random bits to a number below `bound`.
#[inline]
fn scale(bits: u32, bound: u32) -> u32 {
    ((u64::from(bits) * u64::from(bound)) >> 32) as u32
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use model::{Transfer, transfer_flags};

    use super::{Ids, Mix};

    fn mix(ids: Ids, hot_share: u8, two_phase_share: u8) -> Mix {
        Mix {
            accounts: 5,
            hot_share,
            two_phase_share,
            ids,
            seed: 42,
            run: 7,
        }
    }

    fn filled(mix: &Mix) -> Vec<Transfer> {
        let mut batch = vec![Transfer::default(); 10_001];
        mix.fill(0, &mut batch);
        batch
    }

    #[test]
    fn transfers_are_sound_and_their_ids_differ() {
        for ids in [Ids::Sequential, Ids::Random] {
            let batch = filled(&mix(ids, 0, 0));
            let unique: BTreeSet<u128> = batch.iter().map(|one| one.id).collect();
            assert_eq!(unique.len(), batch.len());
            let touched: BTreeSet<u128> = batch.iter().map(|one| one.debit_account_id).collect();
            assert_eq!(touched.len(), 5);
            for one in &batch {
                assert_ne!(one.debit_account_id, one.credit_account_id);
                assert!(one.amount > 0 && one.flags == 0);
            }
        }
    }

    #[test]
    fn shares_are_kept() {
        let hot = Mix::account_id(0);
        let touching = |mix: &Mix| {
            let batch = filled(mix);
            let touches =
                |one: &&Transfer| [one.debit_account_id, one.credit_account_id].contains(&hot);
            batch.iter().filter(touches).count()
        };
        assert_eq!(touching(&mix(Ids::Sequential, 100, 0)), 10_001);
        // Two of five without any preference; half of the rest with it.
        assert!((3_800..4_200).contains(&touching(&mix(Ids::Sequential, 0, 0))));
        assert!((6_800..7_200).contains(&touching(&mix(Ids::Sequential, 50, 0))));
        let batch = filled(&mix(Ids::Random, 0, 100));
        for pair in batch.chunks_exact(2) {
            assert_eq!(pair[0].flags, transfer_flags::PENDING);
            assert_eq!(pair[1].flags, transfer_flags::POST_PENDING);
            assert_eq!(pair[1].pending_id, pair[0].id);
        }
        // The last of an odd batch has no partner.
        assert_eq!(batch[10_000].flags, 0);
        let halves = filled(&mix(Ids::Random, 0, 50));
        let posts = halves.iter().filter(|one| one.pending_id != 0).count();
        assert!((3_100..3_500).contains(&posts), "{posts}");
    }

    #[test]
    fn a_batch_is_the_same_again() {
        assert_eq!(
            filled(&mix(Ids::Random, 10, 10)),
            filled(&mix(Ids::Random, 10, 10))
        );
    }
}
