//! Decides commands and folds records into state: deterministic, without I/O.
