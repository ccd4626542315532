//! `party data`: what is known of a party, in the vault beside the books.

use clap::Subcommand;
use clap::builder::PossibleValuesParser;
use model::object::PURPOSES;
use serde_json::{Map, Value};

use crate::ask::integer;
use crate::client::Client;
use crate::failure::Failure;
use crate::listing::escaped;
use crate::output::Output;
use crate::show;

/// What is asked about a party.
#[derive(Subcommand)]
pub enum Party {
    /// Keeps, shows and erases the personal data of a party.
    Data {
        #[command(subcommand)]
        action: Data,
    },
}

/// What is done with personal data.
#[derive(Subcommand)]
#[command(after_help = "\
Examples:
  counterfoil party data put 11 name='Zoe Novak' email=zoe@example.org
  counterfoil party data show 11 --purpose support --reference C-1042
  counterfoil party data erase 11")]
pub enum Data {
    /// Keeps these fields in place of all that was kept before.
    Put {
        /// The party, decimal or 0x hexadecimal.
        #[arg(value_parser = integer)]
        id: u128,
        /// name, email, phone, address, `bank_account`, document, or x_ and a word of yours.
        #[arg(value_name = "FIELD=VALUE", required = true)]
        fields: Vec<String>,
    },
    /// Shows what is kept: a look, of which the books and the party know. It takes a token that is
    /// bound to a member of the staff.
    Show {
        /// The party, decimal or 0x hexadecimal.
        #[arg(value_parser = integer)]
        id: u128,
        /// For what.
        #[arg(long, value_parser = PossibleValuesParser::new(PURPOSES))]
        purpose: String,
        /// The number of a case, up to 16 characters; never a name.
        #[arg(long, value_name = "NUMBER")]
        reference: String,
    },
    /// Erases what is kept, for good.
    Erase {
        /// The party, decimal or 0x hexadecimal.
        #[arg(value_parser = integer)]
        id: u128,
    },
}

/// `party`.
pub fn run(party: &Party, client: &mut Client, output: Output) -> Result<(), Failure> {
    let Party::Data { action } = party;
    let path = |id: &u128| format!("/v1/parties/{id}/data");
    let answer = match action {
        Data::Put { id, fields } => client.put(&path(id), &object(fields)?),
        Data::Show {
            id,
            purpose,
            reference,
        } => {
            let reference = escaped(reference);
            let why = format!("purpose={purpose}&reference={reference}");
            client.get(&format!("{}?{why}", path(id)))
        }
        Data::Erase { id } => client.delete(&path(id)),
    }?;
    show::print(&answer, output);
    Ok(())
}

fn object(fields: &[String]) -> Result<Value, Failure> {
    let mut object = Map::new();
    for (place, field) in fields.iter().enumerate() {
        // What is no pair may be a name of somebody: it is not repeated.
        let pair = field
            .split_once('=')
            .ok_or_else(|| Failure::Input(format!("field {} is no FIELD=VALUE", place + 1)))?;
        if object.insert(pair.0.to_owned(), pair.1.into()).is_some() {
            let says = format!("field {} was given before", place + 1);
            return Err(Failure::Input(says));
        }
    }
    Ok(Value::Object(object))
}
