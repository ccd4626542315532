//! Orders in bulk.
