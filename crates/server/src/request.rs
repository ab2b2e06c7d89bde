//! Requests on their way in: where they come from, what they carry, and reading it so that every
//! fault is found at its field.

pub(crate) mod address;
pub(crate) mod body;
pub(crate) mod conditional;
pub(crate) mod context;
pub(crate) mod credential;
pub(crate) mod fields;
pub(crate) mod form;
pub(crate) mod idempotency;
pub(crate) mod query;
