//! Workloads, the naive reference model, and faults: what the tests drive the books with.

pub mod reference;
pub mod workload;
pub mod platform;
