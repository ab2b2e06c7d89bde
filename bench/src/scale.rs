//! How much is measured: enough to mean something, or just enough to see that it works.

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scale {
    Full,
    Quick,
}

impl Scale {
    /// Keys in the index, smallest first.
    pub(crate) fn indexed_keys(self) -> &'static [u64] {
        match self {
            Self::Full => &[1_000_000, 10_000_000],
            Self::Quick => &[10_000],
        }
    }

    /// Questions in one round in process.
    pub(crate) fn questions(self) -> u64 {
        match self {
            Self::Full => 1_000_000,
            Self::Quick => 10_000,
        }
    }

    /// Keys in a database.
    pub(crate) fn stored_keys(self) -> u64 {
        match self {
            Self::Full => 1_000_000,
            Self::Quick => 5_000,
        }
    }

    /// Of one run of wrk.
    pub(crate) fn seconds(self) -> u64 {
        match self {
            Self::Full => 5,
            Self::Quick => 1,
        }
    }

    /// Times that a yardstick and the product take turns.
    pub(crate) fn turns(self) -> usize {
        match self {
            Self::Full => 7,
            Self::Quick => 1,
        }
    }

    /// Of each list and search.
    pub(crate) fn calls(self) -> usize {
        match self {
            Self::Full => 200,
            Self::Quick => 5,
        }
    }
}
