//! A server of the bench's own, as a process of its own.

use std::io::{BufRead, BufReader};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};

use crate::stopwatch::Stopwatch;

/// A running `counterfoil serve`, killed when this goes out of scope.
pub struct Spawned {
    child: Child,
    url: String,
    /// Kept open: the server may write to it.
    stdout: BufReader<ChildStdout>,
}

impl Spawned {
    /// Starts a server on `data` and waits until it is ready; how long that took in seconds.
    pub fn start(data: &Path) -> Result<(Self, f64), String> {
        let program = std::env::current_exe().map_err(|error| error.to_string())?;
        let stopwatch = Stopwatch::start();
        let mut child = Command::new(program)
            .args(["serve", "--no-auth", "--json", "--listen", "127.0.0.1:0"])
            .arg("--data")
            .arg(data)
            .env("COUNTERFOIL_TRACE", "warn")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|error| format!("the server does not start: {error}"))?;
        let stdout = child.stdout.take().ok_or("the server has no stdout")?;
        let mut spawned = Self {
            child,
            url: String::new(),
            stdout: BufReader::new(stdout),
        };
        let mut line = String::new();
        spawned
            .stdout
            .read_line(&mut line)
            .map_err(|error| format!("the server does not start: {error}"))?;
        let ready: Option<serde_json::Value> = serde_json::from_str(&line).ok();
        spawned.url = ready
            .and_then(|ready| Some(ready.get("address")?.as_str()?.to_owned()))
            .ok_or("the server did not become ready")?;
        Ok((spawned, stopwatch.seconds()))
    }

    /// Where it listens.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Bytes in memory, now and at the most.
    pub fn memory(&self) -> Option<(u64, u64)> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).ok()?;
        Some((kibibytes(&status, "VmRSS:")?, kibibytes(&status, "VmHWM:")?))
    }

    /// Ends it as a power cut would: nothing is written any more.
    pub fn kill(mut self) {
        self.end();
    }

    fn end(&mut self) {
        // Both fail only where it has ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Drop for Spawned {
    fn drop(&mut self) {
        self.end();
    }
}

fn kibibytes(status: &str, name: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix(name))?;
    let kibibytes: u64 = line.trim().strip_suffix(" kB")?.parse().ok()?;
    Some(kibibytes * 1024)
}

/// Bytes that the files of a directory take on the disk.
pub fn allocated(path: &Path) -> Result<u64, std::io::Error> {
    let mut total = 0;
    for entry in std::fs::read_dir(path)? {
        let entry = entry?;
        let metadata = entry.metadata()?;
        total += metadata.blocks() * 512;
        if metadata.is_dir() {
            total += allocated(&entry.path())?;
        }
    }
    Ok(total)
}

/// A fresh directory, removed when this goes out of scope.
pub struct Fresh(PathBuf);

impl Fresh {
    pub fn under(parent: &Path) -> Result<Self, String> {
        let path = parent.join(format!("counterfoil-bench-{}", std::process::id()));
        if path.exists() {
            return Err(format!("{} is in the way", path.display()));
        }
        Ok(Self(path))
    }

    pub fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Fresh {
    fn drop(&mut self) {
        // What stays behind is named so that anyone knows it.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

#[cfg(test)]
mod tests {
    use super::kibibytes;

    #[test]
    fn memory_is_read() {
        let status = "Name:\tx\nVmHWM:\t  2048 kB\nVmRSS:\t  1024 kB\n";
        assert_eq!(kibibytes(status, "VmRSS:"), Some(1_048_576));
        assert_eq!(kibibytes(status, "VmHWM:"), Some(2_097_152));
        assert_eq!(kibibytes(status, "VmSwap:"), None);
    }
}
