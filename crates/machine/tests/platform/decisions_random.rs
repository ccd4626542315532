//! Stops and caps at random, against a list of all decisions and payments that is gone through each
//! time.

use model::CommandStatus as Status;
use model::document::{DecisionText, Document};
use model::object::{SIDES, WINDOWS_OF_CAPS};
use proptest::prelude::*;

use crate::decisions::{COURT, STAFF, appeal, cap, entered, lifting, place, platform, restriction};
use crate::harness::Platform;
use crate::text::{SECOND, moment};

const HOUR: u64 = 3_600 * SECOND;

/// What is done.
#[derive(Clone, Debug)]
enum Step {
    /// Stops payments of nobody in particular, or of a party.
    Stop(Option<u128>, Option<u64>),
    /// Caps them: of whom, of which side, in a month or a day, at so much.
    Cap(Option<u128>, u8, bool, u128),
    /// Lifts one of the decisions.
    Lift(usize),
    /// Has one of them annulled.
    Annul(usize),
    Wait(u64),
    Pay(u128, u128, u128),
}

fn step() -> impl Strategy<Value = Step> {
    let party = || 11..14u128;
    let who = || proptest::option::weighted(0.7, 11..14u128);
    let pay = (party(), 1..3u128, 1..60u128)
        .prop_map(|(payer, after, amount)| Step::Pay(payer, 11 + (payer - 11 + after) % 3, amount));
    prop_oneof![
        1 => (who(), proptest::option::of(1..40u64)).prop_map(|(who, hours)| Step::Stop(who, hours)),
        3 => (who(), 1..4u8, any::<bool>(), 20..200u128)
            .prop_map(|(who, of, month, amount)| Step::Cap(who, of, month, amount)),
        2 => any::<usize>().prop_map(Step::Lift),
        1 => any::<usize>().prop_map(Step::Annul),
        2 => (1..30u64).prop_map(Step::Wait),
        12 => pay,
    ]
}

/// A decision as the list has it.
struct Standing {
    text: DecisionText,
    /// From which payment on its sums count.
    counts_from: usize,
    holds: bool,
}

impl Standing {
    /// What it adds up is the same as of another one.
    fn adds_up_as(&self, other: &DecisionText) -> bool {
        let of = |text: &DecisionText| (text.measure, text.addressee, text.of, text.window);
        self.holds && of(&self.text) == of(other)
    }
}

/// A payment that was made.
#[derive(Clone, Copy)]
struct Paid {
    payer: u128,
    payee: u128,
    amount: u128,
    time: u64,
}

#[derive(Default)]
struct List {
    decisions: Vec<Standing>,
    paid: Vec<Paid>,
}

impl List {
    fn enter(&mut self, text: &DecisionText) {
        let same = self.decisions.iter().find(|one| one.adds_up_as(text));
        let counts_from = same.map_or(self.paid.len(), |same| same.counts_from);
        self.decisions.push(Standing {
            text: text.clone(),
            counts_from,
            holds: true,
        });
    }

    /// Ends what is over.
    fn wait(&mut self, now: u64) {
        for one in &mut self.decisions {
            one.holds &= one.text.to == 0 || now < one.text.to;
        }
    }

    fn forbids(&self, asked: Paid) -> bool {
        let holding = self.decisions.iter().filter(|one| one.holds);
        holding.into_iter().any(|one| {
            let who = one.text.addressee;
            if one.text.of == 0 {
                return who == 0 || [asked.payer, asked.payee].contains(&who);
            }
            let side = |paid: &Paid| match SIDES[usize::from(one.text.of)] {
                "payer" => paid.payer,
                "payee" => paid.payee,
                _ => 0,
            };
            let window = |paid: &Paid| window_of(one.text.window, paid.time);
            let is_alike =
                |paid: &&Paid| side(paid) == side(&asked) && window(paid) == window(&asked);
            let before = self.paid[one.counts_from..].iter().filter(is_alike);
            let sum: u128 = before.map(|paid| paid.amount).sum();
            (who == 0 || who == side(&asked)) && sum + asked.amount > one.text.amount
        })
    }
}

/// Days since the script began, or months, in the time zone of the caps; it begins in January.
fn window_of(window: u8, time: u64) -> u64 {
    let days = (time + 8 * HOUR - moment("2026-01-01")) / (24 * HOUR);
    if WINDOWS_OF_CAPS[usize::from(window)] == "day" {
        return days;
    }
    let ends = [31, 59, 90, 120];
    ends.iter().filter(|end| **end <= days).count() as u64
}

fn text_of(step: &Step, number: u64, hour: u64) -> Option<DecisionText> {
    let text = match step {
        Step::Stop(who, hours) => DecisionText {
            addressee: who.unwrap_or(0),
            to: hours.map_or(0, |hours| moment("2026-01-05") + (hour + hours) * HOUR),
            ..restriction(number, "stop", "payment")
        },
        Step::Cap(who, of, month, amount) => {
            let everyone = *of == place(SIDES, "everyone");
            let window = if *month { "month" } else { "day" };
            DecisionText {
                addressee: who.filter(|_| !everyone).unwrap_or(0),
                ..cap(number, (SIDES[usize::from(*of)], window), *amount)
            }
        }
        _ => return None,
    };
    Some(DecisionText {
        appeal_until: moment("2026-12-31"),
        ..text
    })
}

fn play(steps: &[Step]) {
    let mut platform = platform();
    platform.created("9303 top_up party=13 ledger=978 amount=5000.00 funding=bank");
    let mut list = List::default();
    // The number of each decision of the list.
    let mut numbers: Vec<u64> = Vec::new();
    let (mut last, mut hour) = (0, 0);
    for (id, step) in (10_000u64..).zip(steps) {
        match step {
            Step::Stop(..) | Step::Cap(..) => {
                let text = text_of(step, last + 1, hour).expect("it is a decision");
                list.enter(&text);
                decide(&mut platform, text);
                last += 1;
                numbers.push(last);
            }
            Step::Lift(which) if !numbers.is_empty() => {
                let place = which % numbers.len();
                if list.decisions[place].holds {
                    decide(&mut platform, lifting(last + 1, numbers[place]));
                    last += 1;
                    list.decisions[place].holds = false;
                }
            }
            Step::Annul(which) if !numbers.is_empty() => {
                let place = which % numbers.len();
                let one = &mut list.decisions[place];
                if one.holds {
                    let by = if one.text.addressee == 0 {
                        STAFF
                    } else {
                        one.text.addressee
                    };
                    for (by, outcome) in [(by, "lodged"), (COURT, "annulled")] {
                        let appeal = appeal(by, numbers[place], outcome);
                        entered(&mut platform, &appeal).expect("it is entered");
                    }
                    one.holds = false;
                }
            }
            Step::Lift(_) | Step::Annul(_) => {}
            Step::Wait(hours) => {
                hour += hours;
                let until = moment("2026-01-05") + hour * HOUR;
                platform.wait(until);
                list.wait(platform.time);
            }
            Step::Pay(payer, payee, amount) => {
                let paid = Paid {
                    payer: *payer,
                    payee: *payee,
                    amount: *amount,
                    time: platform.time,
                };
                let line =
                    format!("{id} pay payer={payer} payee={payee} ledger=978 amount={amount}");
                let (_, result) = platform.command(&line);
                let forbids = list.forbids(paid);
                let expected = if forbids {
                    Status::RefusedByRule
                } else {
                    Status::Created
                };
                assert_eq!(result.status, expected.code(), "{line}");
                if !forbids {
                    list.paid.push(paid);
                }
            }
        }
    }
}

fn decide(platform: &mut Platform, text: DecisionText) {
    entered(platform, &Document::Decision(text)).expect("it is entered");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn payments_are_judged_as_by_the_list(steps in proptest::collection::vec(step(), 1..60)) {
        play(&steps);
    }
}
