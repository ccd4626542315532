//! What is done with demands for data, or why it is not.

use model::document::{BudgetText, Step, StepText};
use model::object::{Budget, Demand, DemandFile, DemandState as At, Party};

use super::{AUTHORITY, Beyond, DocumentRefusal as Refusal, STAFF, is_active};
use crate::State;
use crate::acts::decision::LODGED;
use crate::demand::halves;

/// Places in [`model::object::APPEALS`].
const UPHELD: u8 = 2;
const ANNULLED: u8 = 3;
const _: () = assert!(model::object::APPEALS.len() == 4);

/// States in which nothing has left yet, and something may.
const UNANSWERED: &[At] = &[At::Received, At::Examined, At::ApprovedOnce, At::Approved];

impl State {
    /// How a demand and its file stand behind a step.
    pub(super) fn step(
        &self,
        time: u64,
        text: &StepText,
        is_reasoned: bool,
    ) -> Result<(Demand, DemandFile), Refusal> {
        let demand = self.demand(text.demand).ok_or(Refusal::NoDemand)?;
        let file = self.demand_file(text.demand).ok_or(Refusal::NoDemand)?;
        let step = text.step();
        self.check_stepper(text.by, step, (&demand, &file), time)?;
        if needs_reasons(step) && !is_reasoned {
            return Err(Refusal::Unreasoned);
        }
        let at = |states: &[At]| {
            if demand.is(states) {
                Ok(())
            } else {
                Err(Refusal::DemandState(demand.state))
            }
        };
        let stands = |state: At| Demand {
            state: state as u8,
            ..demand
        };
        match step {
            Step::Examined => {
                at(&[At::Received])?;
                let examiner = text.by;
                Ok((stands(At::Examined), DemandFile { examiner, ..file }))
            }
            Step::Narrowed => {
                at(&[At::Examined, At::ApprovedOnce, At::Approved])?;
                Ok(narrowed(&demand, &file, &text.commitment))
            }
            Step::Approved => self.approve(text, (demand, file), time),
            Step::Refused => {
                at(UNANSWERED)?;
                Ok((stands(At::Refused), file))
            }
            Step::Noticed => {
                at(&[At::Answered])?;
                if demand.is_sealed() {
                    return Err(Refusal::Sealed);
                }
                Ok((stands(At::Noticed), file))
            }
            Step::Closed => {
                // Nobody is told of what was said of nobody.
                let told = demand.subjects != 0;
                at(if told {
                    &[At::Noticed]
                } else {
                    &[At::Answered, At::Noticed]
                })?;
                Ok((stands(At::Closed), file))
            }
            Step::Withdrawn => {
                at(UNANSWERED)?;
                Ok((stands(At::Withdrawn), file))
            }
            Step::Extended => extended(&demand, text.until).map(|demand| (demand, file)),
            Step::Appealed => {
                at(UNANSWERED)?;
                lodged(&demand, &file, text.by)
            }
            Step::Upheld | Step::Annulled => heard(&demand, step).map(|demand| (demand, file)),
        }
    }

    /// Whether somebody may take such a step.
    fn check_stepper(
        &self,
        by: u128,
        step: Step,
        (demand, file): (&Demand, &DemandFile),
        time: u64,
    ) -> Result<(), Refusal> {
        let party: Option<&Party> = self.books.business.open((by, 0));
        let party = party.ok_or(Refusal::Signer)?;
        let is_staff = is_active(party) && party.kind == STAFF;
        let may = match step {
            Step::Withdrawn => by == file.authority,
            Step::Extended | Step::Upheld | Step::Annulled => {
                return self.check_court(by, file, time);
            }
            // Whoever knows of it may ask a court; of what is sealed that is the institution.
            Step::Appealed => is_staff || demand.opened == 1 && party.kind != AUTHORITY,
            _ => is_staff,
        };
        if may { Ok(()) } else { Err(Refusal::NotTheirs) }
    }

    /// Whether somebody is a court, and not the one who asks.
    fn check_court(&self, by: u128, file: &DemandFile, time: u64) -> Result<(), Refusal> {
        let party: Option<&Party> = self.books.business.open((by, 0));
        let is_authority = |party: &&Party| is_active(party) && party.kind == AUTHORITY;
        party.filter(is_authority).ok_or(Refusal::NotTheirs)?;
        if by == file.authority {
            return Err(Refusal::NotTheirs);
        }
        let mandate = self.mandate(by).ok_or(Refusal::NoMandate)?;
        if mandate.begins > time || mandate.ends != 0 && mandate.ends <= time {
            return Err(Refusal::UltraVires(Beyond::Time));
        }
        if mandate.court == 0 {
            return Err(Refusal::UltraVires(Beyond::Court));
        }
        Ok(())
    }

    /// One of two approvals. Both are of the same scope: a narrower one begins anew.
    fn approve(
        &self,
        text: &StepText,
        (demand, file): (Demand, DemandFile),
        time: u64,
    ) -> Result<(Demand, DemandFile), Refusal> {
        if !demand.is(&[At::Examined, At::ApprovedOnce]) {
            return Err(Refusal::DemandState(demand.state));
        }
        if demand.appeal == LODGED {
            return Err(Refusal::UnderAppeal);
        }
        if halves(&text.commitment) != (demand.scope, demand.scope_more) {
            return Err(Refusal::Commitment);
        }
        let mandate = self.mandate(file.authority).ok_or(Refusal::NoMandate)?;
        if mandate.begins > time || mandate.ends != 0 && mandate.ends <= time {
            return Err(Refusal::UltraVires(Beyond::Time));
        }
        if demand.is(&[At::Examined]) {
            let state = At::ApprovedOnce as u8;
            let first = text.by;
            return Ok((Demand { state, ..demand }, DemandFile { first, ..file }));
        }
        if file.first == text.by {
            return Err(Refusal::SamePerson);
        }
        let state = At::Approved as u8;
        let second = text.by;
        Ok((Demand { state, ..demand }, DemandFile { second, ..file }))
    }

    /// What an authority's questions may cost from now on.
    pub(super) fn grant(&self, text: &BudgetText) -> Result<Budget, Refusal> {
        self.authority(text.authority).ok_or(Refusal::Authority)?;
        if self.budget(text.authority).is_some() {
            return Err(Refusal::BudgetStands);
        }
        Ok(Budget {
            authority: text.authority,
            granted: text.thousandths,
            ..Budget::default()
        })
    }
}

const fn needs_reasons(step: Step) -> bool {
    matches!(
        step,
        Step::Narrowed
            | Step::Refused
            | Step::Extended
            | Step::Appealed
            | Step::Upheld
            | Step::Annulled
    )
}

/// Whoever approved it approved another scope.
fn narrowed(demand: &Demand, file: &DemandFile, commitment: &[u8; 32]) -> (Demand, DemandFile) {
    let (scope, scope_more) = halves(commitment);
    let demand = Demand {
        state: At::Examined as u8,
        scope,
        scope_more,
        ..*demand
    };
    let file = DemandFile {
        first: 0,
        second: 0,
        ..*file
    };
    (demand, file)
}

fn extended(demand: &Demand, until: u64) -> Result<Demand, Refusal> {
    if !demand.is_sealed() || demand.overdue == 1 {
        return Err(Refusal::NotSealed);
    }
    if until <= demand.opens {
        return Err(Refusal::Opens);
    }
    Ok(Demand {
        opens: until,
        extensions: demand.extensions.saturating_add(1),
        ..*demand
    })
}

fn lodged(
    demand: &Demand,
    file: &DemandFile,
    appellant: u128,
) -> Result<(Demand, DemandFile), Refusal> {
    if demand.appeal != 0 {
        return Err(Refusal::NoAppeal);
    }
    let appeal = LODGED;
    Ok((
        Demand { appeal, ..*demand },
        DemandFile { appellant, ..*file },
    ))
}

fn heard(demand: &Demand, step: Step) -> Result<Demand, Refusal> {
    if demand.appeal != LODGED {
        return Err(Refusal::NotLodged);
    }
    if step == Step::Upheld {
        let appeal = UPHELD;
        return Ok(Demand { appeal, ..*demand });
    }
    Ok(Demand {
        appeal: ANNULLED,
        state: At::Annulled as u8,
        ..*demand
    })
}
