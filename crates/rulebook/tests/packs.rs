//! The packs: what they say is so, by the compiled rules and by the naive ones.

use machine::rules::Found;
use model::rule::RuleBook;
use rulebook::examples::{self, Judge};
use rulebook::{Asked, Example, File, PACKS, Person, pack, read, to_toml};
use sim::rules::{Balance, Books, Payment, Rules, Said, Side};

fn files() -> Vec<(&'static str, File)> {
    let read = |pack: &rulebook::Pack| match read(pack.text) {
        Ok(file) => (pack.name, file),
        Err(error) => panic!("{}.toml: {error}", pack.name),
    };
    PACKS.iter().map(read).collect()
}

fn assert_all_so(name: &str, tried: &[examples::Tried]) {
    let wrong: Vec<_> = tried
        .iter()
        .filter_map(|tried| {
            let wrong = tried.wrong.as_ref()?;
            let (rule, example, line) = (&tried.rule, &tried.name, tried.line);
            Some(format!("{name}.toml:{line}: {rule}, {example}: {wrong}"))
        })
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn examples_are_so() {
    for (name, file) in files() {
        assert_all_so(name, &examples::run(&file));
    }
}

#[test]
fn examples_are_so_by_the_naive_rules() {
    for (name, file) in files() {
        assert_all_so(name, &examples::run_by(&file, Naive::new));
    }
}

/// Each rule is shown kept and broken; what was not looked up says so.
#[test]
fn each_rule_is_shown_and_says_what_it_rests_on() {
    for (name, file) in files() {
        for rule in &file.book.rules {
            let of = |broken: bool| {
                let of = |example: &&Example| {
                    example.rule == rule.id && example.then.then.is_some() == broken
                };
                file.examples.iter().filter(of).count()
            };
            assert!(of(false) >= 1 && of(true) >= 1, "{name}: {}", rule.id);
            assert!(of(false) + of(true) >= 3, "{name}: {}", rule.id);
            assert!(!rule.source.article.is_empty(), "{name}: {}", rule.id);
            let says = |text: &str| text.contains("not looked up") || text.contains("not known");
            let says = says(&rule.title) && says(&rule.source.article);
            assert_eq!(says, !rule.source.verified, "{name}: {}", rule.id);
        }
    }
}

/// The example in the empty pack is one as soon as its marks are taken away.
#[test]
fn the_commented_rule_is_a_rule() {
    let pack = pack("own").expect("it comes with the program");
    assert!(read(pack.text).expect("it is sound").book.rules.is_empty());
    let start = pack.text.find("# [[rule]]").expect("a commented rule");
    let (head, rule) = pack.text.split_at(start);
    let rule = rule.lines().map(|line| line.trim_start_matches(['#', ' ']));
    let rule = rule.collect::<Vec<_>>().join("\n");
    let file = read(&format!("{head}{rule}")).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(file.examples.len(), 1);
    assert_all_so("own", &examples::run(&file));
}

/// All of them fit into one rule book.
#[test]
fn packs_go_together_and_are_written_as_they_are_read() {
    let mut all = RuleBook::default();
    for (name, file) in files() {
        let text = to_toml(&file.book).expect("it is sound");
        let again = read(&text).unwrap_or_else(|error| panic!("{name}: {error}\n{text}"));
        assert_eq!(again.book, file.book, "{name}");
        for mut rule in file.book.rules {
            let zone = &file.book.zones[usize::from(rule.zone)];
            let place = all.zones.iter().position(|known| known == zone);
            rule.zone = place.unwrap_or(all.zones.len()) as u8;
            if place.is_none() {
                all.zones.push(zone.clone());
            }
            all.rules.push(rule);
        }
    }
    assert_eq!(all.check(), Ok(()));
}

/// The rules of `sim`, asked about the payments that were made so far.
struct Naive<'a> {
    book: RuleBook,
    rules: Rules,
    example: &'a Example,
    books: Books,
}

impl<'a> Naive<'a> {
    fn new(book: &RuleBook, example: &'a Example) -> Self {
        let rule = book.rules.iter().find(|rule| rule.id == example.rule);
        let currency = rule.expect("it stands at its rule").scope.currency;
        let balance = |balance: &rulebook::Balance| Balance {
            currency: currency.expect("balances have one"),
            code: balance.code,
            role: balance.role,
            debits: balance.debits,
            credits: balance.credits,
        };
        let mut rules = Rules::default();
        rules.enter(book.clone());
        Self {
            book: book.clone(),
            rules,
            example,
            books: Books {
                figures: example.figures.clone(),
                balances: example.balances.iter().map(balance).collect(),
            },
        }
    }

    fn payment(&self, asked: &Asked) -> Payment {
        let mut rules = self.book.rules.iter();
        let rule = rules.find(|rule| rule.id == self.example.rule);
        let side = |person: &Person| Side {
            party: person.party,
            account: person.account,
            code: person.code,
            role: person.role,
            known: (person.party != 0).then_some((person.kind, person.tier)),
        };
        Payment {
            time: asked.time,
            kind: asked.kind,
            currency: rule.expect("it stands at its rule").scope.currency,
            amount: asked.amount,
            channel: asked.channel,
            payer: side(&asked.payer),
            payee: side(&asked.payee),
            parts: asked.parts.clone(),
            is_none: false,
        }
    }
}

impl Judge for Naive<'_> {
    fn judge(&mut self, asked: &Asked) -> Vec<Found> {
        let payment = self.payment(asked);
        let said = self.rules.judge(&self.books, &payment);
        let found = |(place, said): (usize, Said)| match said {
            Said::Broken { used, limit, again } => Some(Found {
                rule: place as u16,
                then: self.book.rules[place].then,
                used,
                limit,
                again,
            }),
            _ => None,
        };
        said.into_iter().enumerate().filter_map(found).collect()
    }

    fn make(&mut self, asked: &Asked) {
        self.rules.make(self.payment(asked));
    }
}
