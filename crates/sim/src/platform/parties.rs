//! Parties: opened, agreed with, frozen, closed.

use model::object::Party;
use model::{Act, Command, CommandStatus as Status};

use super::{Platform, Verdict, require};

impl Platform {
    pub(super) fn parties(&mut self, command: &Command) -> Verdict {
        let party = match &command.act {
            Act::PartyOpen(act) => {
                let is_new = self.party(act.party).is_err();
                let party = Party {
                    id: act.party,
                    kind: act.kind,
                    tier: act.tier,
                    commission: act.commission,
                    reserve: act.reserve,
                    reserve_days: act.reserve_days,
                    ..Party::default()
                };
                check(&party)?;
                require(is_new, Status::PartyExists)?;
                party
            }
            Act::PartyTerms(act) => Party {
                commission: act.commission,
                reserve: act.reserve,
                reserve_days: act.reserve_days,
                ..self.unclosed(act.party)?
            },
            Act::PartyState(act) => Party {
                state: act.state,
                reason: act.reason,
                ..self.unclosed(act.party)?
            },
            other => panic!("{} is not about a party", other.facts().name),
        };
        check(&party)?;
        if party.state == 2 {
            let mut own = self.sides.iter().filter(|(place, _)| place.1 == party.id);
            let zero = own.all(|(_, sides)| sides.is_zero());
            require(zero, Status::PartyHasBalances)?;
        }
        self.put(party);
        Ok(())
    }
}

fn check(party: &Party) -> Verdict {
    let shares = u64::from(party.commission) + u64::from(party.reserve);
    let holds = party.kind < 5 && party.state < 3 && party.reason < 11 && party.tier <= 3;
    require(holds && shares <= 1_000_000, Status::ValueOutOfRange)
}
