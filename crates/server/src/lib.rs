//! The server: it authenticates who calls, asks `core` or the store, and shapes the answer.
//!
//! Two roads lead through it and do not touch. A **question about a key** goes from
//! `authorize` or `routes/keys/verify.rs` into `verify` and the index, and comes back from
//! memory. A **change** goes from a handler with a permit into the store, and is answered by
//! `cluster` once every index has applied it.

mod address;
mod app;
mod auth;
mod authorize;
mod body;
pub mod clock;
mod cluster;
mod conditional;
pub mod config;
mod credential;
mod cursor;
mod dashboard;
pub mod dev;
pub mod entropy;
mod fields;
pub mod first_start;
mod idempotency;
mod jobs;
mod one_time_link;
mod openapi;
mod paging;
mod problem;
mod profile_in_force;
mod query;
mod request;
mod routes;
pub mod serve;
pub mod telemetry;
mod verify;
mod wire;
