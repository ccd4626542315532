//! The `counterfoil` binary and its commands.
fn main() {}
