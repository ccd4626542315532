//! `log export`: the public log as a folder that any web server can serve.

use std::fs;
use std::path::{Path, PathBuf};

use clap::Subcommand;
use merkle::checkpoint::Checkpoint;
use merkle::note::Note;
use merkle::tile::{Bundle, new_bundles, new_tiles};
use serde_json::json;

use crate::client::Client;
use crate::failure::Failure;
use crate::output::{Output, say};

/// The public log: what everyone may see of the books, and nobody needs to believe.
#[derive(Subcommand)]
#[command(after_help = "\
Examples:
  counterfoil log export ./public
  counterfoil log export ./public --data ./books

The folder holds what the server has under /log (C2SP tlog-tiles). A second export adds what is new;
the checkpoint is written last.")]
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
    let mut files = 0;
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
