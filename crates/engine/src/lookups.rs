//! Looks of the staff into personal data: entering them, and showing them to whom they concern.

use machine::{Look, LookRefusal};
use model::object::Lookup;
use model::{Object, Record};

use crate::books::Books;
use crate::query::History;
use crate::receipts::ReceiptAnswer;
use crate::request::{Refused, Request};

impl Books {
    /// Enters a look. Once this has answered the look is durable, and what is looked at may be shown.
    pub async fn look(&self, look: Look) -> Result<Result<Lookup, LookRefusal>, Refused> {
        self.ask(|reply| Request::Look(Box::new(look), reply)).await
    }

    /// Looks at the data of a party, the newest first: at most `limit`, behind the one with the number
    /// `after` where that is given.
    pub async fn lookups_of(
        &self,
        party: u128,
        limit: usize,
        after: Option<u64>,
    ) -> Result<Vec<Lookup>, Refused> {
        self.read(move |history| {
            let older = |lookup: &Lookup| after.is_none_or(|after| lookup.number < after);
            let found = history.lookups(party, limit, older)?;
            Ok(found.into_iter().map(|(lookup, _)| lookup).collect())
        })
        .await
    }

    /// The receipt of a look at the data of this party; [`ReceiptAnswer::Unknown`] where no look at
    /// them has the number.
    pub async fn lookup_receipt(&self, party: u128, number: u64) -> Result<ReceiptAnswer, Refused> {
        let checkpoints = self.checkpoints_now();
        self.show(move |receipts| {
            let is_it = |lookup: &Lookup| lookup.number == number;
            let found = receipts.history.lookups(party, 1, is_it)?;
            match found.first() {
                None => Ok(ReceiptAnswer::Unknown),
                Some((_, at)) => receipts.of_position(*at, &checkpoints),
            }
        })
        .await
    }
}

impl History {
    /// Looks at the data of a party that pass, the newest first, at most `limit`: each with the
    /// position of its record.
    fn lookups(
        &self,
        party: u128,
        limit: usize,
        passes: impl Fn(&Lookup) -> bool,
    ) -> Result<Vec<(Lookup, u64)>, String> {
        let mut places = Vec::new();
        self.index
            .find_ids(&[(party, self.hash.of(party))], &mut places)
            .map_err(|e| e.to_string())?;
        places.sort_unstable();
        let mut found = Vec::new();
        for (_, at) in places.into_iter().rev() {
            if found.len() >= limit {
                break;
            }
            let record = self.reader.record(at).map_err(|e| e.to_string())?;
            if let Record::Object(Object::Lookup(lookup)) = record
                && lookup.party == party
                && passes(&lookup)
            {
                found.push((lookup, at));
            }
        }
        Ok(found)
    }
}
