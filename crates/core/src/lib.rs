//! What a key means: names, states, grants, profiles, and the one decision.
//!
//! This crate is pure. It reads no clock, draws no random number, does no I/O and knows no wire
//! format; time comes in as [`time::Timestamp`], randomness never. Everything that has a rule is a
//! type with one fallible way in, so that a value that exists is a value that holds.
//!
//! Read in this order: [`key`] (what is managed), [`grant`] (what it may), [`decide`] (the only
//! place that answers "may this key do this now?"), [`change`] (what the ledger records),
//! [`profile`] (one product's words, formats and limits as data).

pub mod actor;
pub mod change;
pub mod decide;
pub mod grant;
pub mod id;
pub mod invitation;
pub mod key;
pub mod management;
pub mod member;
pub mod network;
pub mod organization;
pub mod outlier;
pub mod permission;
pub mod portal;
pub mod profile;
pub mod rate_limit;
pub mod registered_resource;
pub mod resource;
pub mod signing_key;
pub mod text;
pub mod time;
