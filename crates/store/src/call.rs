//! The call behind a change: who made it, and whether it may be repeated without being done twice.

use keyway_core::actor::Origin;

/// Who, from where, and under which idempotency key.
#[derive(Clone, Debug)]
pub struct Call {
    pub origin: Origin,
    pub idempotency: Option<Claim>,
}

impl From<Origin> for Call {
    fn from(origin: Origin) -> Self {
        Self {
            origin,
            idempotency: None,
        }
    }
}

/// An idempotency key, kept in the transaction of the change that it names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim {
    /// Caller and route: one caller's keys are nothing to another.
    pub scope: String,
    pub key: String,
    /// Of the request; the same key with another request is a mistake.
    pub fingerprint: Vec<u8>,
    /// The answer to give again; never with a secret in it.
    pub status: u16,
    pub body: Option<String>,
}
