//! The open business of the platform: its objects, and their timers.

use std::collections::BTreeMap;

use model::Object;
use model::object::{
    Assessment, Budget, Calendar, Chargeback, ChartLine, Day, Decision, Demand, DemandFile,
    Disclosure, DocumentHead, Fee, FeeTier, Figure, Finding, Gift, GiftClaim, GiftSeed, Hold,
    Holiday, Life, Listing, Lookup, Mandate, Noun, OrderLine, Party, PartyKey, Payment,
    PaymentRequest, Question, ROLES, Register, Reserve, Role, RuleVersion, Schedule,
};

use crate::accounts::Accounts;
use crate::index::{Key, SHARDS, shard_of};
use crate::listings::{Listings, Offer};
use crate::table::{Table, hash_of};

/// Makes the tables and what is the same for all of them.
macro_rules! shelves {
    ($($field:ident: $name:ident,)*) => {
        /// All that is open, by kind.
        pub(crate) struct Business {
            key: Key,
            $(pub(crate) $field: Table<$name>,)*
            pub(crate) listings: Listings,
            /// Codes of the lines of the chart by role; 0 where there is none.
            roles: [u16; ROLES.len()],
            /// Deadline and age, and where the object is.
            timers: BTreeMap<(u64, u64), (u8, u32)>,
        }

        impl Business {
            pub(crate) fn new(key: Key) -> Self {
                Self {
                    key,
                    $($field: Table::new(),)*
                    listings: Listings::new(),
                    roles: [0; ROLES.len()],
                    timers: BTreeMap::new(),
                }
            }

            /// The objects of one shard, by kind and key.
            pub(crate) fn shard(&self, shard: usize) -> Vec<Object> {
                let mut all = Vec::new();
                $(all.extend(self.$field.shard(shard).into_iter().map(Object::from));)*
                all
            }

            /// Whether nothing was ever entered.
            pub(crate) fn is_empty(&self) -> bool {
                self.listings.len() == 0 $(&& self.$field.len() == 0)*
            }

            /// The open object of this kind and key.
            pub(crate) fn get(&self, kind: u8, key: (u128, u128)) -> Option<Object> {
                let hash = hash_of(self.key, key);
                match kind {
                    $($name::KIND => self.$field.get(hash, key).copied().map(Object::from),)*
                    _ => None,
                }
            }

            /// The open object at a place.
            fn at(&self, kind: u8, place: u32) -> Option<Object> {
                match kind {
                    $($name::KIND => Some(Object::from(*self.$field.at(place))),)*
                    _ => None,
                }
            }

            /// Makes an object stand so; listings aside. One that is not open is taken out.
            pub(crate) fn put(&mut self, object: &Object) {
                match object {
                    $(Object::$name(object) => self.put_in(object),)*
                    Object::Listing(_) => {}
                }
                match object {
                    Object::ChartLine(line) => {
                        self.roles[usize::from(line.role)] = line.code;
                    }
                    Object::Gift(gift) if !gift.is_open() => self.forget_claims(gift),
                    _ => {}
                }
            }

            /// Takes an object out, as if it had never been.
            pub(crate) fn take(&mut self, kind: u8, key: (u128, u128)) {
                match kind {
                    $($name::KIND => self.take_from::<$name>(key),)*
                    _ => {}
                }
            }
        }

        $(impl Shelf for $name {
            #[inline]
            fn table(business: &Business) -> &Table<Self> {
                &business.$field
            }

            #[inline]
            fn table_mut(business: &mut Business) -> &mut Table<Self> {
                &mut business.$field
            }

            fn of(object: &Object) -> Option<Self> {
                match object {
                    Object::$name(object) => Some(*object),
                    _ => None,
                }
            }
        })*
    };
}

/// Objects that stand in a table.
pub(crate) trait Shelf: Life + Into<Object> {
    fn table(business: &Business) -> &Table<Self>;
    fn table_mut(business: &mut Business) -> &mut Table<Self>;
    fn of(object: &Object) -> Option<Self>;
}

shelves! {
    chart: ChartLine,
    parties: Party,
    fees: Fee,
    tiers: FeeTier,
    calendars: Calendar,
    holidays: Holiday,
    days: Day,
    holds: Hold,
    payments: Payment,
    requests: PaymentRequest,
    schedules: Schedule,
    chargebacks: Chargeback,
    lines: OrderLine,
    reserves: Reserve,
    gifts: Gift,
    seeds: GiftSeed,
    claims: GiftClaim,
    versions: RuleVersion,
    findings: Finding,
    figures: Figure,
    keys: PartyKey,
    documents: DocumentHead,
    mandates: Mandate,
    decisions: Decision,
    register: Register,
    demands: Demand,
    files: DemandFile,
    disclosures: Disclosure,
    budgets: Budget,
    questions: Question,
    lookups: Lookup,
    assessments: Assessment,
}

impl Business {
    /// The hash by which objects with this key are found.
    #[inline]
    pub(crate) fn hash(&self, key: (u128, u128)) -> u64 {
        hash_of(self.key, key)
    }

    /// The shard in which the chunks of a snapshot have an object.
    pub(crate) fn shard_of(&self, key: (u128, u128)) -> usize {
        shard_of(self.hash(key))
    }

    /// The open object with this key.
    #[inline]
    pub(crate) fn open<T: Shelf>(&self, key: (u128, u128)) -> Option<&T> {
        T::table(self).get(self.hash(key), key)
    }

    #[inline]
    pub(crate) fn put_in<T: Shelf>(&mut self, object: &T) {
        let key = object.key();
        let hash = self.hash(key);
        let place = T::table(self).place(hash, key);
        if let Some(place) = place {
            let before = T::table(self).at(place);
            if let Some(deadline) = before.deadline() {
                let timer = (deadline, before.timestamp());
                self.timers.remove(&timer);
            }
        }
        if object.is_open() {
            let table = T::table_mut(self);
            let place = match place {
                Some(place) => {
                    table.replace(place, object);
                    place
                }
                None => table.insert(hash, object),
            };
            if let Some(deadline) = object.deadline() {
                let timer = (deadline, object.timestamp());
                self.timers.insert(timer, (T::KIND, place));
            }
        } else if let Some(place) = place {
            T::table_mut(self).remove(hash, place);
        }
    }

    /// Takes out the claims of a gift that has ended: who comes back to it is told so. They are in
    /// the shard of the gift, so that whatever part of a snapshot has the one has the others.
    fn forget_claims(&mut self, gift: &Gift) {
        let hash = self.hash(gift.key());
        self.claims.remove_all(hash, |claim| claim.gift == gift.id);
    }

    fn take_from<T: Shelf>(&mut self, key: (u128, u128)) {
        let hash = self.hash(key);
        let Some(place) = T::table(self).place(hash, key) else {
            return;
        };
        let object = T::table(self).at(place);
        if let Some(deadline) = object.deadline() {
            let timer = (deadline, object.timestamp());
            self.timers.remove(&timer);
        }
        T::table_mut(self).remove(hash, place);
    }

    /// The line of the chart that has a role.
    #[inline]
    pub(crate) fn line_of(&self, role: Role) -> Option<&ChartLine> {
        match self.roles[role as usize] {
            0 => None,
            code => self.open((code.into(), 0)),
        }
    }

    /// The finding of a command that `is` the one.
    pub(crate) fn finding(&self, command: u128, is: impl Fn(&Finding) -> bool) -> Option<Finding> {
        let hash = self.hash((command, 0));
        self.findings.find(hash, is).copied()
    }

    /// Code of the line with this role; 0 where there is none.
    #[inline]
    pub(crate) fn code_of(&self, role: u8) -> u16 {
        self.roles.get(usize::from(role)).copied().unwrap_or(0)
    }

    /// Whether a decision that holds has a party frozen. It looks at all decisions.
    pub(crate) fn has_frozen(&self, party: u128) -> bool {
        let mut decisions = (0..SHARDS).flat_map(|shard| self.decisions.shard(shard));
        decisions.any(|decision| decision.addressee == party && decision.freezes())
    }

    /// Until when the last comment on a draft may come, where it is assessed. It looks at all
    /// assessments.
    pub(crate) fn comments_until(&self, draft: (u128, u128)) -> Option<u64> {
        let all = (0..SHARDS).flat_map(|shard| self.assessments.shard(shard));
        let of_draft = all.filter(|one| (one.draft, one.draft_more) == draft);
        of_draft.map(|one| one.comments_until).max()
    }

    /// The lines of the chart, by code.
    pub(crate) fn chart(&self) -> Vec<ChartLine> {
        let shards = (0..SHARDS).flat_map(|shard| self.chart.shard(shard));
        let mut all: Vec<_> = shards.collect();
        all.sort_unstable_by_key(|line| line.code);
        all
    }

    /// The business day behind the last that was closed; `None` while none was.
    pub(crate) fn open_day(&self) -> Option<Day> {
        let mut days = (0..SHARDS).flat_map(|shard| self.days.shard(shard));
        days.next()
    }

    /// All open objects, by kind and key, listings aside.
    pub(crate) fn all(&self) -> Vec<Object> {
        let shards = (0..SHARDS).flat_map(|shard| self.shard(shard));
        let mut all: Vec<_> = shards.collect();
        all.sort_unstable_by_key(|object| (object.kind(), object.key()));
        all
    }

    /// The listing with this number, as the state has it; its text is not known here.
    pub(crate) fn listing(&self, number: u32, accounts: &Accounts) -> Option<Listing> {
        let offer = self.listings.get(number)?;
        let account = accounts.at(offer.seller);
        Some(Listing {
            number,
            seller: account.user_data_128,
            ledger: account.ledger,
            category: offer.category,
            price: offer.price,
            stock: offer.stock,
            state: offer.state as u8,
            ..Listing::default()
        })
    }

    /// Makes a listing stand so; false where its seller's account, or a listing before it, is not
    /// there.
    pub(crate) fn put_listing(&mut self, listing: &Listing, seller: u32) -> bool {
        let offer = Offer {
            price: listing.price,
            seller,
            category: listing.category,
            stock: listing.stock,
            state: listing.state.into(),
        };
        self.listings.put(listing.number, &offer)
    }

    /// What a line of an order does to the stock of its listing: the line that is placed takes from
    /// it, the line that ends without having been shipped gives back.
    #[inline]
    pub(crate) fn move_stock(&mut self, line: &OrderLine) {
        let Some(number) = line.listing.checked_sub(1) else {
            return;
        };
        match stock_move(line) {
            StockMove::Take => self
                .listings
                .move_stock(number, |stock| stock.saturating_sub(line.quantity)),
            StockMove::Return => self
                .listings
                .move_stock(number, |stock| stock.saturating_add(line.quantity)),
            StockMove::Leave => {}
        }
    }

    /// The earliest deadline.
    pub(crate) fn next_deadline(&self) -> Option<u64> {
        self.timers.first_key_value().map(|((due, _), _)| *due)
    }

    /// The object whose deadline is the earliest.
    pub(crate) fn next(&self) -> Option<(u64, Object)> {
        let (&(due, _), &(kind, place)) = self.timers.first_key_value()?;
        Some((due, self.at(kind, place)?))
    }

    /// How many deadlines have come, `limit` at most.
    pub(crate) fn due(&self, now: u64, limit: usize) -> usize {
        self.timers.range(..=(now, u64::MAX)).take(limit).count()
    }
}

/// What a record of an order's line does to the stock.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum StockMove {
    Take,
    Return,
    Leave,
}

/// See [`StockMove`]: it follows from the record alone.
pub(crate) fn stock_move(line: &OrderLine) -> StockMove {
    use model::{ClaimDecide, OrderCancel, OrderPlace};
    let closed = line.state() == model::object::LineState::TradeClosed;
    match line.cause {
        OrderPlace::NUMBER => StockMove::Take,
        OrderCancel::NUMBER | 0 if closed => StockMove::Return,
        // Its claim was granted before it was shipped.
        ClaimDecide::NUMBER if closed && line.delivery == 0 => StockMove::Return,
        _ => StockMove::Leave,
    }
}
