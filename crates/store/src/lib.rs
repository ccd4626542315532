//! The durable log, its indexes and its snapshots, in one directory.
//!
//! - [`check`]: checksums of records;
//! - [`disk`]: the one door to the disk, which tests replace by a faulty one;
//! - `faulty`: that faulty one (feature `faulty`);
//! - [`superblock`]: what the directory is;
//! - [`frame`]: one committed batch as it stands on the disk;
//! - [`log`]: segments of frames: append, recover, read;
//! - [`snapshot`]: the state at some time, so that a start need not read the whole log;
//! - [`priority`]: background threads give way;
//! - [`tree`]: the outer tree as files, from which tiles are served;
//! - [`erased`]: what stands in for the seed of a batch from which records were erased;
//! - [`index`]: where in the log a transfer stands.

pub mod check;
pub mod disk;
pub mod erased;
mod error;
#[cfg(feature = "faulty")]
pub mod faulty;
pub mod frame;
pub mod index;
pub mod log;
pub mod priority;
pub mod snapshot;
pub mod superblock;
pub mod tree;

pub use error::StoreError;
