//! The ledger: audit log, replication feed and source of notifications at once.
//!
//! Every change is one row, written in the transaction that makes it. Rows are numbered without a
//! gap in the order in which they commit, and each holds the hash of the one before it, so that a
//! row edited, taken out or moved breaks the chain at its number. What could name a person (an
//! address, a label, a name) is kept beside the ledger and enters the hash as a salted commitment:
//! erasing it leaves the chain whole.

pub(crate) mod detail;
pub mod entry;
pub(crate) mod hash;
pub mod verify;

/// The end of the ledger, or a place in it.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Head {
    pub seq: i64,
    pub hash: [u8; 32],
}

impl Head {
    /// Before the first entry.
    pub const GENESIS: Self = Self {
        seq: 0,
        hash: [0; 32],
    };

    /// The hash in lower-case hex.
    pub fn hash_hex(&self) -> String {
        use std::fmt::Write as _;
        let mut hex = String::with_capacity(64);
        for byte in self.hash {
            // Writing to a String cannot fail.
            let _written = write!(hex, "{byte:02x}");
        }
        hex
    }
}

impl std::fmt::Debug for Head {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "Head({}, {})",
            self.seq,
            self.hash_hex().get(..8).unwrap_or_default()
        )
    }
}

/// Proof that a change was committed, or that nothing had to be: the value that holds, and the
/// place in the ledger that every index must reach before anyone is told.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use = "a change is answered only after the indexes reached its head"]
pub struct Committed<T> {
    value: T,
    head: Head,
}

impl<T> Committed<T> {
    pub(crate) fn new(value: T, head: Head) -> Self {
        Self { value, head }
    }

    pub fn head(&self) -> Head {
        self.head
    }

    pub fn value(&self) -> &T {
        &self.value
    }

    pub fn into_parts(self) -> (T, Head) {
        (self.value, self.head)
    }

    pub fn map<U>(self, f: impl FnOnce(T) -> U) -> Committed<U> {
        Committed {
            value: f(self.value),
            head: self.head,
        }
    }
}
