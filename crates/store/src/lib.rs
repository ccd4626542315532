//! The durable log, its indexes and its snapshots, in one directory.

pub mod disk;
