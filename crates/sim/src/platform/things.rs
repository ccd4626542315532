//! All objects that ever were, as each stood last.

use std::collections::BTreeMap;

use model::Object;
use model::object as o;
use model::object::Life;

type Key = (u8, (u128, u128));

/// An object that the model keeps.
pub(super) trait Thing: Life + Into<Object> {
    fn of(object: &Object) -> Option<Self>;
    fn with_deadline(self, deadline: u64) -> Self;
}

macro_rules! things {
    ($($name:ident $($deadline:ident)?,)*) => {
        $(impl Thing for o::$name {
            fn of(object: &Object) -> Option<Self> {
                match object {
                    Object::$name(object) => Some(*object),
                    _ => None,
                }
            }

            fn with_deadline(self, _deadline: u64) -> Self {
                Self { $($deadline: _deadline,)? ..self }
            }
        })*

        impl Things {
            /// Sets another deadline.
            pub(super) fn put_off(&mut self, object: &Object, deadline: u64) {
                match *object {
                    $(Object::$name(object) => self.put(object.with_deadline(deadline)),)*
                }
            }
        }
    };
}

things! {
    ChartLine, Party, Fee, FeeTier, Calendar, Holiday, Day, Hold deadline, Payment deadline,
    PaymentRequest deadline, Schedule deadline, Chargeback deadline, Listing,
    OrderLine deadline, Reserve deadline, Gift deadline, GiftSeed, GiftClaim,
    RuleVersion, Finding, Figure, PartyKey, DocumentHead, Mandate, Decision, Register, Demand,
    DemandFile, Disclosure, Budget, Question, Lookup, Assessment,
}

#[derive(Clone, Copy, Debug)]
struct Kept {
    object: Object,
    /// Counts the changes of all objects.
    age: u64,
    /// Where it is open, and has one.
    deadline: Option<u64>,
}

/// See the module.
#[derive(Clone, Debug, Default)]
pub(super) struct Things {
    kept: BTreeMap<Key, Kept>,
    age: u64,
}

impl Things {
    pub(super) fn get(&self, kind: u8, key: (u128, u128)) -> Option<&Object> {
        self.kept.get(&(kind, key)).map(|kept| &kept.object)
    }

    /// All objects of one kind, by key.
    pub(super) fn all<T: Thing>(&self) -> Vec<T> {
        let range = (T::KIND, (0, 0))..=(T::KIND, (u128::MAX, u128::MAX));
        let kept = self.kept.range(range).map(|(_, kept)| &kept.object);
        kept.filter_map(T::of).collect()
    }

    pub(super) fn put<T: Thing>(&mut self, mut thing: T) {
        thing.stamp(0, 0);
        self.age += 1;
        let deadline = thing.deadline().filter(|_| thing.is_open());
        let kept = Kept {
            object: thing.into(),
            age: self.age,
            deadline,
        };
        self.kept.insert((T::KIND, thing.key()), kept);
    }

    /// The open object whose deadline is the earliest; of several the one that changed first.
    pub(super) fn next(&self) -> Option<(u64, Object)> {
        let with = self.kept.values().filter_map(|kept| {
            let deadline = kept.deadline?;
            Some((deadline, kept.age, kept.object))
        });
        let first = with.min_by_key(|(deadline, age, _)| (*deadline, *age));
        first.map(|(deadline, _, object)| (deadline, object))
    }
}
