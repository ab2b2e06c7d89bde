//! Answers on their way out: refusals, pages of lists, and things as the wire shows them.

pub(crate) mod cursor;
pub(crate) mod paging;
pub(crate) mod problem;
pub(crate) mod wire;
