//! The durable log, its indexes and its snapshots, in one directory.
//!
//! - [`disk`]: the one door to the disk, which tests replace by a faulty one;
//! - [`superblock`]: what the directory is;
//! - [`frame`]: one committed batch as it stands on the disk;
//! - [`log`]: segments of frames: append, recover, read;
//! - [`snapshot`]: the state at some time, so that a start need not read the whole log;
//! - [`index`]: where in the log a transfer stands.

pub mod disk;
mod error;
pub mod frame;
pub mod index;
pub mod log;
pub mod snapshot;
pub mod superblock;

pub use error::StoreError;
