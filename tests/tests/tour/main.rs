//! The first things that a person tries, typed as they stand there: the README's tour, and the lines
//! that `script/server` prints.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test stops at what it did not expect"
)]

mod checkout;
mod dev;
mod readme;
mod terminal;
