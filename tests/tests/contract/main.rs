//! What the server promises in `/openapi.json`, held against what it does.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test stops at what it did not expect"
)]

mod agreement;
mod authorization;
mod callers;
mod refusals;
mod requests;
mod routes;
mod schemathesis;
