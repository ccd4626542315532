//! Workloads, the naive reference model, and faults: what the tests drive the books with.

pub mod platform;
pub mod reference;
pub mod rules;
pub mod workload;
