//! The server: it authenticates who calls, asks `core` or the store, and shapes the answer.
//!
//! Two roads lead through it and do not touch. A **question about a key** goes from
//! `authorize` or `routes/keys/verify.rs` into `verify` and the index, and comes back from
//! memory. A **change** goes from a handler with a permit into the store, and is answered by
//! `cluster` once every index has applied it.

mod answer;
mod app;
mod auth;
mod authorize;
pub mod clock;
mod cluster;
pub mod config;
mod dashboard;
pub mod dev;
mod dialects;
pub mod entropy;
pub mod first_start;
mod jobs;
pub mod jwt;
mod oidc;
mod one_time_link;
mod openapi;
pub mod outgoing;
mod profile_in_force;
mod quota;
mod request;
mod routes;
pub mod serve;
pub mod telemetry;
pub mod tokens;
mod verify;
