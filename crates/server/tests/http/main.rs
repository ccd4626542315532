//! The server over real sockets, on real books.

mod bulk;
mod client;
mod events;
mod fetch;
mod json;
mod life;
mod listings;
mod log;
mod looks;
mod parties;
mod past;
mod public;
mod receipts;
mod refusals;
mod scopes;
mod statements;
mod verify;
mod webhooks;
mod witness;
mod witnesses;
