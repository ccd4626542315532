//! `key`: the keys that sign logs and cosign checkpoints.

use std::path::PathBuf;

use clap::{Subcommand, ValueEnum};
use merkle::key::{KeyKind, SigningKey, VerifierKey};
use serde_json::json;

use crate::config::{self, Config};
use crate::failure::Failure;
use crate::output::{Output, say};

/// Makes and shows the keys that sign logs and cosign checkpoints.
#[derive(Subcommand)]
#[command(after_help = "\
Examples:
  counterfoil key new --name books.example/log --out log.key
  counterfoil key new --name witness.example/w1 --kind witness --out w1.key
  counterfoil key show log.key
  counterfoil key show --data ./books

To change the key of a log: make a new one with the same name, put both into keys of config.toml,
tell the public key to those who verify, and take the old one out when they have it.")]
pub enum Key {
    /// Makes a private key and shows its public key.
    New {
        /// Its name: of a log its origin, an address without scheme as books.example/log.
        #[arg(long)]
        name: String,
        /// What it is for.
        #[arg(long, value_enum, default_value_t = Kind::Log)]
        kind: Kind,
        /// The file for the private key, not there yet; nobody else can read it.
        #[arg(long, value_name = "FILE")]
        out: PathBuf,
    },
    /// Shows the public key of a private one, or those of the log in a directory of books.
    Show {
        /// The file with the private key.
        #[arg(
            value_name = "FILE",
            required_unless_present = "data",
            conflicts_with = "data"
        )]
        key: Option<PathBuf>,
        /// The directory.
        #[arg(long, value_name = "DIR")]
        data: Option<PathBuf>,
    },
}

/// What a key is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Kind {
    /// Signs the checkpoints of a log (Ed25519).
    Log,
    /// Cosigns checkpoints (Ed25519, cosignature/v1).
    Witness,
    /// Cosigns checkpoints (ML-DSA-44, safe from quantum computers).
    WitnessMlDsa,
}

impl From<Kind> for KeyKind {
    fn from(kind: Kind) -> Self {
        match kind {
            Kind::Log => Self::Ed25519,
            Kind::Witness => Self::CosignatureV1,
            Kind::WitnessMlDsa => Self::MlDsa44,
        }
    }
}

/// `key`.
pub fn run(key: &Key, output: Output) -> Result<(), Failure> {
    match key {
        Key::New { name, kind, out } => {
            let key = config::new_key(name, (*kind).into())?;
            config::write_key(out, &key)?;
            show(&[key.verifier()], output);
        }
        Key::Show { key: Some(key), .. } => {
            show(&[config::read_key(key)?.verifier()], output);
        }
        Key::Show { data, .. } => {
            let data = data.clone().unwrap_or_default();
            let signing = Config::read(&data)?.signing(&data)?.ok_or_else(|| {
                let what = "no key signs this log: name one in config.toml";
                Failure::Input(format!("{}: {what}", data.display()))
            })?;
            let keys: Vec<_> = signing.keys().iter().map(SigningKey::verifier).collect();
            show(&keys, output);
        }
    }
    Ok(())
}

fn show(keys: &[&VerifierKey], output: Output) {
    match output {
        Output::Text => keys.iter().for_each(|key| say!("{key}")),
        Output::Json => {
            let keys: Vec<_> = keys
                .iter()
                .map(|key| json!({ "name": key.name(), "key": key.to_string() }))
                .collect();
            say!("{}", json!(keys));
        }
    }
}
