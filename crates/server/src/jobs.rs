//! Background loops; one file each.

pub(crate) mod claims;
pub(crate) mod usage;
