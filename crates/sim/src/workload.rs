//! Made-up business, the same for the same seed: no clock, no randomness from outside.

use std::collections::BTreeMap;

use model::{Account, CreateTransferStatus, Transfer, account_flags, transfer_flags};

/// A small generator of random numbers: `SplitMix64` (Steele, Lea, Flood 2014). Not for secrets.
#[derive(Clone, Debug)]
pub struct Random {
    state: u64,
}

impl Random {
    /// The sequence of this seed.
    pub const fn new(seed: u64) -> Self {
        Self { state: seed }
    }

    /// The next 64 bits.
    #[inline]
    pub const fn bits(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        mix(self.state)
    }

    /// A number below `bound`, which is not 0. Lemire's multiplication without its rejection: the
    /// bias is below `bound` / 2^64.
    #[inline]
    pub const fn below(&mut self, bound: u64) -> u64 {
        assert!(bound > 0, "nothing is below 0");
        ((self.bits() as u128 * bound as u128) >> 64) as u64
    }

    /// True `percent` times of a hundred.
    #[inline]
    pub const fn percent(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }

    /// Puts the items in a random order.
    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        for last in (1..items.len()).rev() {
            let other = self.below(last as u64 + 1) as usize;
            items.swap(last, other);
        }
    }
}

/// Spreads the bits of a number over all 64: a bijection.
#[inline]
pub const fn mix(bits: u64) -> u64 {
    let bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    bits ^ (bits >> 31)
}

/// The ledger of [`Market`]: the euro, two decimal places.
pub const EURO: u32 = 978;

/// What an account of a market is for; the number is its code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// The market's money at a bank.
    Bank = 1,
    /// What buyers paid and sellers have not yet earned.
    Escrow = 2,
    /// What the market earned.
    Commission = 3,
    /// A seller's earnings.
    Seller = 10,
    /// A buyer's wallet.
    Buyer = 20,
}

/// What a transfer of a market is for; the number is its code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// A buyer brings money.
    TopUp = 1,
    /// An order: held, then posted when the seller accepts, or voided.
    Order = 2,
    /// The goods arrived: escrow pays the seller.
    Release = 3,
    /// The market's share of a release.
    Commission = 4,
    /// A buyer's money back.
    Refund = 5,
    /// A seller's money to their bank: held, then posted when the bank confirms.
    Payout = 6,
}

/// A transfer and what must become of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Event {
    /// To be posted, in this order.
    pub transfer: Transfer,
    /// Its status.
    pub expected: CreateTransferStatus,
}

/// Orders in one stage, and what they are worth together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Open {
    /// How many.
    pub count: u64,
    /// In minor units.
    pub amount: u128,
}

/// A day of a marketplace with a wallet: the same for the same seed.
///
/// Buyers top up and order; an order is a hold on the wallet until the seller accepts it, then
/// stands in escrow until the goods arrive, and is then shared between seller and market. Some are
/// declined, delivered in part, or paid back; some buyers try without money. Sellers are paid out.
#[derive(Clone, Debug)]
pub struct Market {
    /// To be created first; as they must stand at the end of the day, sums included.
    pub accounts: Vec<Account>,
    /// The day. A linked chain stands together.
    pub events: Vec<Event>,
    /// Orders held on wallets at the end of the day.
    pub held: Open,
    /// Orders in escrow at the end of the day.
    pub paid: Open,
    /// Payouts under way at the end of the day.
    pub leaving: Open,
}

const BANK: u128 = 1;
const ESCROW: u128 = 2;
const COMMISSION: u128 = 3;
const FIRST_SELLER: u128 = 101;
const FIRST_BUYER: u128 = 1001;
const SELLERS: u64 = 8;
const BUYERS: u64 = 40;

/// 5 January 2026, midnight UTC, in nanoseconds since 1970.
const MORNING: u64 = 1_767_571_200_000_000_000;
const DAY: u64 = 86_400_000_000_000;

#[derive(Clone, Copy)]
struct Order {
    number: u128,
    hold: u128,
    buyer: u128,
    seller: u128,
    amount: u128,
}

/// The day as it is made up.
struct Day {
    random: Random,
    accounts: BTreeMap<u128, Account>,
    events: Vec<Event>,
    length: u64,
    orders: u128,
    held: Vec<Order>,
    paid: Vec<Order>,
    released: Vec<Order>,
    leaving: Vec<Order>,
}

impl Market {
    /// A day of about `events` transfers.
    pub fn new(seed: u64, events: u32) -> Self {
        let mut day = Day {
            random: Random::new(seed),
            accounts: cast().map(|account| (account.id, account)).collect(),
            events: Vec::new(),
            length: u64::from(events.max(1)),
            orders: 0,
            held: Vec::new(),
            paid: Vec::new(),
            released: Vec::new(),
            leaving: Vec::new(),
        };
        while (day.events.len() as u64) < day.length {
            day.step();
        }
        Self {
            accounts: day.accounts.into_values().collect(),
            events: day.events,
            held: open(&day.held),
            paid: open(&day.paid),
            leaving: open(&day.leaving),
        }
    }

    /// The accounts as they are created: without their sums.
    pub fn new_accounts(&self) -> Vec<Account> {
        let bare = |account: &Account| Account {
            debits_pending: 0,
            debits_posted: 0,
            credits_pending: 0,
            credits_posted: 0,
            ..*account
        };
        self.accounts.iter().map(bare).collect()
    }

    /// The events in batches of about `size`, no chain torn apart.
    pub fn batches(&self, size: usize) -> impl Iterator<Item = &[Event]> {
        let mut rest = self.events.as_slice();
        std::iter::from_fn(move || {
            let mut end = size.min(rest.len());
            while end > 0 && rest[end - 1].transfer.has(transfer_flags::LINKED) {
                end += 1;
            }
            let (batch, after) = rest.split_at(end);
            rest = after;
            (!batch.is_empty()).then_some(batch)
        })
    }
}

fn cast() -> impl Iterator<Item = Account> {
    let account = |id, role: Role, flags| Account {
        id,
        ledger: EURO,
        code: role as u16,
        flags: flags | account_flags::HISTORY,
        ..Account::default()
    };
    let covered = account_flags::DEBITS_MUST_NOT_EXCEED_CREDITS;
    let house = [
        account(
            BANK,
            Role::Bank,
            account_flags::CREDITS_MUST_NOT_EXCEED_DEBITS,
        ),
        account(ESCROW, Role::Escrow, covered),
        account(COMMISSION, Role::Commission, covered),
    ];
    let sellers =
        (0..SELLERS).map(move |n| account(FIRST_SELLER + u128::from(n), Role::Seller, covered));
    let buyers =
        (0..BUYERS).map(move |n| account(FIRST_BUYER + u128::from(n), Role::Buyer, covered));
    house.into_iter().chain(sellers).chain(buyers)
}

fn open(orders: &[Order]) -> Open {
    Open {
        count: orders.len() as u64,
        amount: orders.iter().map(|order| order.amount).sum(),
    }
}

impl Day {
    fn step(&mut self) {
        match self.random.below(100) {
            0..34 => self.answer(),
            34..61 => self.release(),
            61..64 => self.refund_unreleased(),
            64..66 => self.refund_released(),
            66..70 => self.ask_payout(),
            70..74 => self.confirm_payout(),
            _ => self.order(),
        }
    }

    /// What an account can spend.
    fn available(&self, id: u128) -> u128 {
        let account = &self.accounts[&id];
        account.credits_posted - account.debits_posted - account.debits_pending
    }

    fn pick(random: &mut Random, orders: &mut Vec<Order>) -> Option<Order> {
        if orders.is_empty() {
            return None;
        }
        let index = random.below(orders.len() as u64) as usize;
        Some(orders.swap_remove(index))
    }

    /// Notes a transfer that must succeed, and what it does.
    fn post(&mut self, kind: Kind, order: u128, transfer: Transfer) -> u128 {
        let transfer = self.note(kind, order, transfer, CreateTransferStatus::Created);
        let (pending, posted) = if transfer.has(transfer_flags::PENDING) {
            (transfer.amount, 0)
        } else {
            (0, transfer.amount)
        };
        if transfer.pending_id == 0 {
            self.add(transfer.debit_account_id, |account| {
                account.debits_pending += pending;
                account.debits_posted += posted;
            });
            self.add(transfer.credit_account_id, |account| {
                account.credits_pending += pending;
                account.credits_posted += posted;
            });
        }
        transfer.id
    }

    /// Posts `amount` of a hold and lets go of the rest, or of all of it.
    fn settle(&mut self, kind: Kind, (hold, credit): (Order, u128), amount: u128) {
        let flags = match amount {
            0 => transfer_flags::VOID_PENDING,
            _ => transfer_flags::POST_PENDING,
        };
        let transfer = Transfer {
            pending_id: hold.hold,
            amount,
            flags,
            ..Transfer::default()
        };
        self.post(kind, hold.number, transfer);
        let debit = if kind == Kind::Payout {
            hold.seller
        } else {
            hold.buyer
        };
        self.add(debit, |account| {
            account.debits_pending -= hold.amount;
            account.debits_posted += amount;
        });
        self.add(credit, |account| {
            account.credits_pending -= hold.amount;
            account.credits_posted += amount;
        });
    }

    fn add(&mut self, id: u128, change: impl FnOnce(&mut Account)) {
        change(self.accounts.get_mut(&id).expect("the cast is complete"));
    }

    /// A transfer gets its number, its time of day and its order.
    fn note(
        &mut self,
        kind: Kind,
        order: u128,
        transfer: Transfer,
        expected: CreateTransferStatus,
    ) -> Transfer {
        let number = self.events.len() as u64;
        let noted = Transfer {
            id: u128::from(number) + 1,
            user_data_128: order,
            user_data_64: MORNING + DAY / self.length * number.min(self.length - 1),
            ledger: EURO,
            code: kind as u16,
            ..transfer
        };
        self.events.push(Event {
            transfer: noted,
            expected,
        });
        noted
    }

    fn order(&mut self) {
        let buyer = FIRST_BUYER + u128::from(self.random.below(BUYERS));
        let seller = FIRST_SELLER + u128::from(self.random.below(SELLERS));
        // Many small orders, few large ones.
        let amount = u128::from(100 + self.random.below(150) * self.random.below(150));
        let mut missing = amount.saturating_sub(self.available(buyer));
        self.orders += 1;
        if missing > 0 && !self.random.percent(10) {
            let top_up = missing.next_multiple_of(5_000);
            self.post(Kind::TopUp, 0, pay(BANK, buyer, top_up));
            missing = 0;
        }
        let hold = Transfer {
            flags: transfer_flags::PENDING,
            ..pay(buyer, ESCROW, amount)
        };
        if missing > 0 {
            self.note(
                Kind::Order,
                self.orders,
                hold,
                CreateTransferStatus::ExceedsCredits,
            );
            return;
        }
        let id = self.post(Kind::Order, self.orders, hold);
        self.held.push(Order {
            number: self.orders,
            hold: id,
            buyer,
            seller,
            amount,
        });
    }

    /// A seller accepts an order, delivers a part of it, or declines it.
    fn answer(&mut self) {
        let Some(mut order) = Self::pick(&mut self.random, &mut self.held) else {
            return self.order();
        };
        let amount = match self.random.below(20) {
            0 | 1 => 0,
            2 => order.amount / 2,
            _ => order.amount,
        };
        self.settle(Kind::Order, (order, ESCROW), amount);
        order.amount = amount;
        if amount > 0 {
            self.paid.push(order);
        }
    }

    fn release(&mut self) {
        let Some(order) = Self::pick(&mut self.random, &mut self.paid) else {
            return self.order();
        };
        let share = commission(order.amount);
        self.chain([
            (
                Kind::Release,
                order.number,
                pay(ESCROW, order.seller, order.amount - share),
            ),
            (
                Kind::Commission,
                order.number,
                pay(ESCROW, COMMISSION, share),
            ),
        ]);
        self.released.push(order);
    }

    fn refund_unreleased(&mut self) {
        let Some(order) = Self::pick(&mut self.random, &mut self.paid) else {
            return self.order();
        };
        self.post(
            Kind::Refund,
            order.number,
            pay(ESCROW, order.buyer, order.amount),
        );
    }

    /// After the release, seller and market each give back their share.
    fn refund_released(&mut self) {
        let Some(order) = Self::pick(&mut self.random, &mut self.released) else {
            return self.order();
        };
        let share = commission(order.amount);
        if self.available(order.seller) < order.amount - share {
            return self.order();
        }
        self.chain([
            (
                Kind::Refund,
                order.number,
                pay(order.seller, order.buyer, order.amount - share),
            ),
            (
                Kind::Refund,
                order.number,
                pay(COMMISSION, order.buyer, share),
            ),
        ]);
    }

    fn chain(&mut self, [first, second]: [(Kind, u128, Transfer); 2]) {
        let (kind, order, mut transfer) = first;
        transfer.flags |= transfer_flags::LINKED;
        self.post(kind, order, transfer);
        let (kind, order, transfer) = second;
        self.post(kind, order, transfer);
    }

    fn ask_payout(&mut self) {
        let seller = FIRST_SELLER + u128::from(self.random.below(SELLERS));
        let amount = self.available(seller);
        if amount < 5_000 {
            return self.order();
        }
        let transfer = Transfer {
            flags: transfer_flags::PENDING,
            ..pay(seller, BANK, amount)
        };
        let id = self.post(Kind::Payout, 0, transfer);
        self.leaving.push(Order {
            number: 0,
            hold: id,
            buyer: 0,
            seller,
            amount,
        });
    }

    fn confirm_payout(&mut self) {
        let Some(payout) = Self::pick(&mut self.random, &mut self.leaving) else {
            return self.order();
        };
        self.settle(Kind::Payout, (payout, BANK), payout.amount);
    }
}

/// Five of a hundred, rounded down.
const fn commission(amount: u128) -> u128 {
    amount * 5 / 100
}

fn pay(debit_account_id: u128, credit_account_id: u128, amount: u128) -> Transfer {
    Transfer {
        debit_account_id,
        credit_account_id,
        amount,
        ..Transfer::default()
    }
}

#[cfg(test)]
mod tests {
    use model::CreateTransferStatus;

    use super::{ESCROW, Kind, Market, Role};

    #[test]
    fn the_same_seed_makes_the_same_day() {
        let (one, other) = (Market::new(7, 500), Market::new(7, 500));
        assert_eq!(one.events, other.events);
        assert_ne!(one.events, Market::new(8, 500).events);
    }

    #[test]
    fn the_books_of_a_day_balance() {
        for seed in 0..50 {
            let market = Market::new(seed, 1_000);
            let mut sums = [0; 4];
            for one in &market.accounts {
                sums[0] += one.debits_posted;
                sums[1] += one.credits_posted;
                sums[2] += one.debits_pending;
                sums[3] += one.credits_pending;
                if one.code != Role::Bank as u16 {
                    assert!(one.debits_posted + one.debits_pending <= one.credits_posted);
                }
            }
            assert_eq!((sums[0], sums[2]), (sums[1], sums[3]));
            let escrow = market
                .accounts
                .iter()
                .find(|one| one.id == ESCROW)
                .expect("it is there");
            assert_eq!(
                escrow.credits_posted - escrow.debits_posted,
                market.paid.amount
            );
            assert_eq!(escrow.credits_pending, market.held.amount);
        }
    }

    #[test]
    fn a_day_has_all_of_it() {
        let market = Market::new(42, 2_000);
        for kind in [
            Kind::TopUp,
            Kind::Order,
            Kind::Release,
            Kind::Commission,
            Kind::Refund,
            Kind::Payout,
        ] {
            assert!(
                market
                    .events
                    .iter()
                    .any(|one| one.transfer.code == kind as u16),
                "{kind:?}"
            );
        }
        let refused = CreateTransferStatus::ExceedsCredits;
        assert!(market.events.iter().any(|one| one.expected == refused));
        assert!(market.held.count > 0 && market.paid.count > 0);
    }

    #[test]
    fn batches_hold_all_and_tear_no_chain() {
        let market = Market::new(42, 2_000);
        for size in [1, 2, 7, 5_000] {
            let batches: Vec<_> = market.batches(size).collect();
            assert_eq!(batches.concat(), market.events);
            for batch in batches {
                let last = batch.last().expect("none is empty");
                assert!(!last.transfer.has(model::transfer_flags::LINKED));
            }
        }
    }
}
