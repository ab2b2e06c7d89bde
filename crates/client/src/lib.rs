//! A typed client of the native API.
//!
//! One method per route, in the wire types of `keyway_api`. The client reads nothing from its
//! surroundings: the address and the credential are given to [`client::ClientBuilder`]. It follows no
//! redirect, because a credential must not travel to where nobody sent it, and it repeats no call by
//! itself: whether a change may be made twice is the caller's to say, with an idempotency key in
//! [`change::Terms`].
//!
//! A refusal is [`error::ClientError::Problem`] with the whole problem in it; branch on its code.

#![warn(missing_docs)]

pub mod audit;
pub mod change;
pub mod client;
pub mod error;
pub mod follow;
pub mod import;
pub mod keys;
mod lines;
pub mod management_keys;
pub mod members;
pub mod organizations;
pub mod profile;
pub mod projects;
mod resources;
pub mod server;
pub mod signing_keys;
pub mod verify;
pub mod watch;
