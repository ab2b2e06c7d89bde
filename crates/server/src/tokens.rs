//! Tokens that Keyway signs itself. A key is exchanged for one (`exchange`), and wherever a key string
//! is taken its token is taken too (`proof`).
//!
//! A token only names its key. What it stands for is what the key is when the token is looked at: who
//! asks here hears at once of a key that ended and of a role that changed. Whoever verifies a token
//! alone, with the published keys, hears of neither before the token's own end; that is why tokens are
//! short.
//!
//! The way of a signing key: drawn (`signing`), sealed (`seal`) with a key that is kept outside of
//! the database (`sealing_key`), stored as a change of the ledger, opened by the follower
//! (`key_ring`). Which of them signs and which are published follows from the clock
//! (`keyway_core::signing_key`).

pub(crate) mod basic;
pub(crate) mod claims;
pub(crate) mod exchange;
pub(crate) mod key_ring;
pub mod making;
pub mod opened;
pub(crate) mod proof;
pub(crate) mod seal;
pub mod sealing_key;
pub(crate) mod signing;

/// Longest time for which the published keys may be kept. A new key is published twice as long before
/// it signs (S-JWT-09).
pub(crate) const KEYS_MAX_AGE_SECONDS: u32 = 300;
/// The kind of our tokens (RFC 9068).
pub(crate) const KIND: &str = "at+jwt";
