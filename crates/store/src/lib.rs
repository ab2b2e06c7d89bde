//! The store: SQL, the ledger, and the one writer.
//!
//! [`Store::open`] takes a directory or a database URL, brings the tables up to date and starts the
//! writer. From then on there are four kinds of call:
//!
//! - **changes**, one method per use case ([`Store::create_key`], `revoke_key`,
//!   `suspend_organization`, …): load inside the organization, let `core` make the transition, hand
//!   rows and ledger entry to the writer as one. They return [`Committed`], which holds the value
//!   and the head that every index must reach before anyone is told, or [`ChangeError`], whose
//!   refusals carry the head they were read at. There is no other way to write. A secret never
//!   comes here, only its digest;
//! - **reads**: `find_…` gives an `Option`, `list_…` a page, newest first. The organization is the
//!   first condition of every query on what an organization owns;
//! - **following** ([`follow`]): a snapshot, then batches of what changed, for the index;
//! - **bookkeeping** that is no change: usage, idempotency claims.
//!
//! Who changes something comes in as a [`Call`](call::Call), the time as the last argument.
//! Everything in which the two engines differ is in `engine`.

mod bindings;
pub mod call;
mod engine;
pub mod error;
pub mod follow;
pub mod idempotency;
pub mod invitations;
pub mod keys;
pub mod ledger;
pub mod links;
pub mod location;
pub mod lock;
pub mod management_keys;
pub mod members;
mod migrate;
pub mod organizations;
pub mod page;
pub mod passwords;
pub mod places;
pub mod portal_sessions;
pub mod profile;
pub mod projects;
pub mod resources;
pub mod sessions;
pub mod sign_ins;
pub mod signing_keys;
mod statement;
pub mod takeover;
pub mod usage;
mod writer;

use std::sync::Arc;

use sqlx::pool::PoolConnection;
use sqlx::{Any, AnyPool};
use tokio::sync::watch;

use crate::engine::Address;
use crate::error::{ChangeError, Refusal, StoreError};
use crate::ledger::{Committed, Head};
use crate::location::{Location, OpenError, OpenOptions};
use crate::lock::ServerLock;
use crate::writer::WriterHandle;
use crate::writer::proposal::Proposal;

/// How often a change of several objects is tried while others change them at the same time.
const TRIES: u32 = 16;

/// An open database. Cheap to clone; all clones share one writer.
#[derive(Clone, Debug)]
pub struct Store {
    address: Address,
    readers: AnyPool,
    writer: WriterHandle,
    committed: Arc<watch::Sender<i64>>,
    lock: Arc<ServerLock>,
}

impl Store {
    /// Opens a database and brings its tables up to date.
    pub async fn open(options: OpenOptions) -> Result<Self, OpenError> {
        sqlx::any::install_default_drivers();
        let (address, lock) = match &options.location {
            Location::Directory(directory) => {
                make_private(directory).map_err(|cause| OpenError::Directory {
                    path: directory.display().to_string(),
                    cause,
                })?;
                let lock = if options.is_exclusive {
                    ServerLock::of_directory(directory)?
                } else {
                    ServerLock::shared()
                };
                (Address::of_file(&directory.join("keyway.db"))?, lock)
            }
            Location::Url(url) => {
                let address = Address::of_url(url)?;
                let lock = if options.is_exclusive {
                    ServerLock::of_server(&address).await?
                } else {
                    ServerLock::shared()
                };
                (address, lock)
            }
        };
        let mut connection = address.connect().await?;
        migrate::migrate(address.engine, &mut connection).await?;
        drop(connection);
        let (committed, _) = watch::channel(0);
        let committed = Arc::new(committed);
        let writer = writer::start(address.clone(), options.entropy, Arc::clone(&committed));
        let readers = address.pool();
        Ok(Self {
            address,
            readers,
            writer,
            committed,
            lock: Arc::new(lock),
        })
    }

    /// Whether this is still the only server on its database; always true for a store that was not
    /// opened to be the only one. While false, a server must not answer.
    pub fn lock_is_held(&self) -> bool {
        *self.lock.watch().borrow()
    }

    /// The same, to be waited on.
    pub fn watch_lock(&self) -> watch::Receiver<bool> {
        self.lock.watch()
    }

    /// The last entry that this store wrote; moves at each commit.
    pub fn watch_committed(&self) -> watch::Receiver<i64> {
        self.committed.subscribe()
    }

    /// Whether the database answers.
    pub async fn ping(&self) -> Result<(), StoreError> {
        use sqlx::Connection as _;
        Ok(self.reader().await?.ping().await?)
    }

    /// Ends the writer when everything handed in is answered, and closes all connections.
    pub async fn close(&self) {
        self.writer.close().await;
        self.readers.close().await;
    }

    async fn reader(&self) -> Result<PoolConnection<Any>, StoreError> {
        Ok(self.readers.acquire().await?)
    }

    async fn commit(&self, proposal: Proposal) -> Result<Head, ChangeError> {
        Ok(self.writer.commit(proposal).await?.head)
    }

    /// A refusal for something that was just read: whatever was read is in the ledger by now.
    async fn refuse(&self, refusal: Refusal) -> ChangeError {
        match self.read_head().await {
            Ok(head) => ChangeError::Refused { refusal, head },
            Err(error) => error.into(),
        }
    }

    /// The answer where nothing had to be done.
    async fn unchanged<T>(&self, value: T) -> Result<Committed<T>, ChangeError> {
        Ok(Committed::new(value, self.read_head().await?))
    }
}

/// Counts how often a change met an object that had moved on.
struct Tries {
    left: u32,
}

impl Tries {
    fn begin() -> Self {
        Self { left: TRIES }
    }

    /// Ok when the object should be loaded again.
    fn again(&mut self, error: ChangeError) -> Result<(), ChangeError> {
        let has_moved = matches!(
            &error,
            ChangeError::Refused {
                refusal: Refusal::VersionMoved,
                ..
            }
        );
        if !has_moved || self.left == 0 {
            return Err(error);
        }
        self.left -= 1;
        Ok(())
    }
}

/// Makes a directory that only its owner may look into; one that exists stays as it is.
fn make_private(directory: &std::path::Path) -> std::io::Result<()> {
    use std::os::unix::fs::DirBuilderExt as _;
    std::fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(directory)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::make_private;

    #[test]
    fn only_its_owner_may_look_into_a_new_data_directory() {
        let parent = tempfile::tempdir().unwrap();
        let directory = parent.path().join("new/data");
        make_private(&directory).unwrap();
        let mode = directory.metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o700);
        make_private(&directory).unwrap();
    }
}
