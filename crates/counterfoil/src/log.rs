//! `log export`: the public log as a folder that any web server can serve.

use std::fs;
use std::path::{Path, PathBuf};

use clap::Subcommand;
use merkle::checkpoint::Checkpoint;
use merkle::note::Note;
use merkle::tile::{Bundle, new_bundles, new_tiles};
use serde_json::{Value, json};

use crate::client::Client;
use crate::failure::Failure;
use crate::output::{Output, say};

/// The public log: what everyone may see of the books, and nobody needs to believe.
#[derive(Subcommand)]
#[command(after_help = "\
Examples:
  counterfoil log export ./public
  counterfoil log export ./public --data ./books

The folder holds what the server has under /log (C2SP tlog-tiles, the register of demands). A second
export adds what is new; the checkpoint is written last.")]
pub enum Log {
    /// Writes the log into a folder.
    Export {
        /// The folder, new or from an earlier export.
        #[arg(value_name = "DIR")]
        out: PathBuf,
    },
}

/// `log`.
pub fn run(log: &Log, client: &mut Client, output: Output) -> Result<(), Failure> {
    let Log::Export { out } = log;
    // Before the checkpoint, so that it covers all of their receipts.
    let mut files = register(client, out)?;
    let (note, size) = checkpoint(&client.resource("/log/checkpoint")?.1)?;
    let old = match fs::read(out.join("checkpoint")) {
        Ok(there) => checkpoint(&there)?.1,
        Err(_) => 0,
    };
    if old > size {
        let what = format!("it has {old} batches, the log {size}: it is of another log");
        return Err(Failure::Check(format!("{}: {what}", out.display())));
    }
    let tiles = new_tiles(old, size).map(|tile| tile.path());
    let bundles = new_bundles(old, size).map(|bundle: Bundle| bundle.path());
    for path in tiles.chain(bundles) {
        let (_, bytes) = client.resource(&format!("/log/{path}"))?;
        write(&out.join(&path), &bytes)?;
        files += 1;
    }
    write(&out.join("checkpoint"), &note.to_bytes())?;
    let folder = out.display().to_string();
    match output {
        Output::Text => say!("{size} batches in {folder}, {files} new files"),
        Output::Json => say!(
            "{}",
            json!({ "size": size, "files": files, "folder": folder })
        ),
    }
    Ok(())
}

/// Writes the register of demands for data, page by page; gives how many.
fn register(client: &mut Client, out: &Path) -> Result<u64, Failure> {
    let mut files = 0;
    for of in ["demands", "disclosures"] {
        for page in 0.. {
            let path = format!("register/{of}/{page}");
            let (_, bytes) = client.resource(&format!("/log/{path}"))?;
            let view: Value = serde_json::from_slice(&bytes).map_err(Failure::input)?;
            if view["entries"].as_array().is_none_or(Vec::is_empty) {
                break;
            }
            write(&out.join(&path), &bytes)?;
            files += 1;
        }
    }
    Ok(files)
}

fn checkpoint(bytes: &[u8]) -> Result<(Note, u64), Failure> {
    let wrong = |why: &dyn std::fmt::Display| Failure::Input(format!("the checkpoint: {why}"));
    let note = Note::parse(bytes).map_err(|error| wrong(&error))?;
    let checkpoint = Checkpoint::parse(&note.text).map_err(|error| wrong(&error))?;
    Ok((note, checkpoint.head.size))
}

/// Writes a file so that it is there whole or not at all.
fn write(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    let failed = |error: std::io::Error| Failure::Input(format!("{}: {error}", path.display()));
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).map_err(failed)?;
    }
    let mut new = path.as_os_str().to_owned();
    new.push(".new");
    fs::write(&new, bytes).map_err(failed)?;
    fs::rename(&new, path).map_err(failed)
}
