use std::io;
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use zerocopy::IntoBytes;

use super::{DIR, segment_path};
use crate::disk::{BLOCK, Block, Disk, File, Mode, write_all_at};
use crate::error::StoreError;
use crate::priority;

const FILL_BYTES: usize = 1 << 20;

/// Bytes written before the page cache is asked to hold them.
const WARM_BYTES: u64 = 4 << 20;

/// Makes the log of new books: its first segment.
pub fn create(disk: &dyn Disk, segment_bytes: u64) -> Result<(), StoreError> {
    disk.create_dir(DIR)
        .map_err(|e| StoreError::io("create", DIR, e))?;
    prepare(disk, 0, segment_bytes)
}

/// Writes frames at the end of the log, and syncs each before it returns.
pub struct Appender {
    disk: Arc<dyn Disk>,
    segment_bytes: u64,
    open: Option<(u64, Arc<dyn File>)>,
    /// Byte of the open segment up to which the page cache was asked to hold it.
    warmed: u64,
    ahead: Option<(u64, JoinHandle<Result<(), StoreError>>)>,
}

impl Appender {
    /// An appender; the places of the frames are given to it.
    pub fn new(disk: Arc<dyn Disk>, segment_bytes: u64) -> Self {
        Self {
            disk,
            segment_bytes,
            open: None,
            warmed: 0,
            ahead: None,
        }
    }

    /// Writes a sealed frame at its position and makes it durable.
    ///
    /// If we die before the write has ended, recovery finds a torn frame and cuts it off; nobody
    /// was told of it. If we die after the sync, it is there.
    pub fn append(&mut self, at: u64, frame: &[u8]) -> Result<(), StoreError> {
        let number = at / self.segment_bytes;
        let failed = |what, e| StoreError::io(what, &segment_path(number), e);
        let file = self.segment(number)?;
        write_all_at(&*file, frame, at % self.segment_bytes).map_err(|e| failed("write", e))?;
        file.sync().map_err(|e| failed("sync", e))?;
        let end = at % self.segment_bytes + frame.len() as u64;
        if end - self.warmed >= WARM_BYTES {
            self.warm(&*file, end);
        }
        Ok(())
    }

    /// What was written past the page cache is likely to be asked for soon.
    fn warm(&mut self, file: &dyn File, end: u64) {
        file.warm(self.warmed, end - self.warmed);
        self.warmed = end;
    }

    fn segment(&mut self, number: u64) -> Result<Arc<dyn File>, StoreError> {
        if let Some((open, file)) = &self.open
            && *open == number
        {
            return Ok(Arc::clone(file));
        }
        self.wait_for(number)?;
        let path = segment_path(number);
        let open = |mode| {
            self.disk
                .open(&path, mode)
                .map_err(|e| StoreError::io("open", &path, e))
        };
        let file = open(Mode::Direct)?;
        if let Some((_, sealed)) = self.open.take() {
            self.warm(&*sealed, self.segment_bytes);
        }
        self.warmed = 0;
        self.open = Some((number, Arc::clone(&file)));
        self.prepare_ahead(number + 1);
        Ok(file)
    }

    /// Returns once segment `number` is there: nearly always it is already.
    fn wait_for(&mut self, number: u64) -> Result<(), StoreError> {
        match self.ahead.take() {
            Some((ahead, thread)) if ahead == number => thread.join().unwrap_or_else(|_| {
                let error = io::Error::other("the thread that prepares segments panicked");
                Err(StoreError::io("prepare", &segment_path(number), error))
            }),
            _ => prepare(&*self.disk, number, self.segment_bytes),
        }
    }

    fn prepare_ahead(&mut self, number: u64) {
        let (disk, segment_bytes) = (Arc::clone(&self.disk), self.segment_bytes);
        let work = move || {
            priority::give_way();
            prepare(&*disk, number, segment_bytes)
        };
        // Without a thread it is prepared when it is needed.
        if let Ok(thread) = thread::Builder::new()
            .name("segment".to_owned())
            .spawn(work)
        {
            self.ahead = Some((number, thread));
        }
    }
}

impl Drop for Appender {
    fn drop(&mut self) {
        if let Some((_, thread)) = self.ahead.take() {
            // What it could not prepare will be asked for again at the next start.
            let _ = thread.join();
        }
    }
}

/// Asks the page cache to hold the newest `bytes` of a log that ends at `end`.
pub fn warm(disk: &dyn Disk, segment_bytes: u64, end: u64, bytes: u64) {
    let first = end.saturating_sub(bytes) / segment_bytes;
    for number in (first..end.div_ceil(segment_bytes)).rev() {
        // A wish: where it cannot be granted, the first reads are slower.
        if let Ok(file) = disk.open(&segment_path(number), Mode::Read) {
            file.warm(0, segment_bytes.min(end - number * segment_bytes));
        }
    }
}

/// Makes segment `number`, all zeros and durable, unless it is there.
fn prepare(disk: &dyn Disk, number: u64, segment_bytes: u64) -> Result<(), StoreError> {
    let path = segment_path(number);
    fill(disk, &path, segment_bytes).map_err(|e| StoreError::io("prepare", &path, e))
}

fn fill(disk: &dyn Disk, path: &str, segment_bytes: u64) -> io::Result<()> {
    let name = path
        .strip_prefix(DIR)
        .unwrap_or(path)
        .trim_start_matches('/');
    if disk.list(DIR)?.iter().any(|there| there == name) {
        return Ok(());
    }
    let new = format!("{path}.new");
    disk.open(&new, Mode::Create)?;
    let file = disk.open(&new, Mode::Direct)?;
    let zeros = vec![Block::ZERO; FILL_BYTES / BLOCK];
    for at in (0..segment_bytes).step_by(FILL_BYTES) {
        write_all_at(&*file, zeros.as_bytes(), at)?;
        // Leaves the disk to the frames that are being written meanwhile.
        thread::sleep(Duration::from_micros(500));
    }
    file.sync()?;
    disk.rename(&new, path)?;
    disk.sync_dir(DIR)
}
