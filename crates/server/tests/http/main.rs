//! The server over real sockets, on real books.

mod bulk;
mod client;
mod json;
mod life;
mod refusals;
mod scopes;
