//! What an index must do, seen from outside: through the ledger of a real store, through any order
//! of rows, from many threads.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "what is not as a test expects it fails the test"
)]

mod counting;
mod doubts;
mod keys;
mod ledger;
mod model;
mod rate_limits;
mod readers;
mod replay;
mod replay_any_history;
mod sample;
mod tokens;
