//! The wires of other products, each under its profile. A test that proves a requirement of one begins
//! with its id.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test stops at what it did not expect"
)]

mod noclick;
mod noukai;
mod noxus;
