//! The server in process, called over HTTP by everyone who may call it. One file per route; what all
//! routes have in common (idempotency, conditions, pages, problems) has files of its own.
//!
//! Clock and randomness are injected, so answers are stated exactly. A test whose name begins like
//! `s_idemp_03_` proves the check of that name. Every answer of the whole suite is held against what
//! every answer must be, in `caller.rs`.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test stops at what it did not expect"
)]
#![expect(
    clippy::needless_pass_by_value,
    reason = "a body is written where it is sent: json!({…}) and not &json!({…})"
)]

mod audit;
mod authorize;
mod browser;
mod caller;
mod server;
mod sources;
mod whoami;

mod client_credentials;
mod conditional;
mod docs;
mod follow;
mod foreign_entries;
mod idempotency;
mod import;
mod inherited_keys;
mod jwt;
mod keys_create;
mod keys_edit;
mod keys_list;
mod keys_revoke;
mod keys_rotate;
mod keys_verify;
mod management_keys;
mod metrics;
mod nobl9;
mod organizations;
mod paging;
mod profile;
mod projects;
mod rate_limits;
mod resources;
mod revoke_batch;
mod sign_in;
mod signing_keys;
mod strangers;
mod tokens;
mod vectors;
