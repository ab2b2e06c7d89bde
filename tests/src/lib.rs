//! What the end-to-end tests share: the real binary as a server, a client that holds every answer
//! against the contract, and the real programs around them.
//!
//! Nothing here knows a crate of the product. A test starts what it needs in a directory of its own,
//! on ports of its own, and everything ends with it. Whatever is missing fails; nothing is skipped.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test stops at what it did not expect"
)]

pub mod binary;
pub mod client;
pub mod contract;
pub mod issuer;
pub mod needles;
pub mod ports;
pub mod postgres;
pub mod product;
pub mod programs;
pub mod raw;
pub mod server;
pub mod tree;
pub mod wait;
pub mod witness;
