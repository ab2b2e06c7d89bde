//! Background loops; one file each.

pub(crate) mod claims;
pub(crate) mod issuer_keys;
pub(crate) mod refusals;
pub(crate) mod usage;
