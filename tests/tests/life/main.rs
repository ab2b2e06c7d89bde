//! A server's life: how it starts, what it does while its database is away, and how it ends.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test stops at what it did not expect"
)]

mod ending;
mod outage;
mod root_key;
