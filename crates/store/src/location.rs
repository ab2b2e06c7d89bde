//! Where the data lies, and how a store is opened.

use std::fmt;
use std::path::PathBuf;

use keyway_token::entropy::Entropy;

/// A directory of our own, or a server.
#[derive(Clone, PartialEq, Eq)]
pub enum Location {
    /// The embedded database: `keyway.db` in this directory, which is made when missing.
    Directory(PathBuf),
    /// `postgres://…`
    Url(String),
}

/// The URL may hold a password.
impl fmt::Debug for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Directory(path) => f.debug_tuple("Directory").field(path).finish(),
            Self::Url(_) => f.write_str("Url(…)"),
        }
    }
}

/// How to open a store.
pub struct OpenOptions {
    pub location: Location,
    /// Refuse to open what another server has open, and keep others out.
    pub is_exclusive: bool,
    /// Salts of the ledger's commitments.
    pub entropy: Box<dyn Entropy>,
}

impl fmt::Debug for OpenOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OpenOptions")
            .field("location", &self.location)
            .field("is_exclusive", &self.is_exclusive)
            .finish_non_exhaustive()
    }
}

/// Why a store could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    #[error("another server has {place} open; one process at a time may use it")]
    InUse { place: String },
    #[error("the data directory {path} cannot be used: {cause}")]
    Directory { path: String, cause: std::io::Error },
    #[error("the database URL is not one that can be used: {fault}")]
    Url { fault: String },
    #[error(
        "the database was written by a newer version: it has migration {found}, this program knows {known}"
    )]
    Newer { found: i64, known: i64 },
    #[error("the database could not be opened: {0}")]
    Sql(#[from] sqlx::Error),
    #[error(transparent)]
    Store(#[from] crate::error::StoreError),
}
