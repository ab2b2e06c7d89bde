//! One server to a database, until several can share one.
//!
//! A directory is held by an operating-system lock on a file in it, which ends with the process
//! however the process ends. A database server is held by a session lock on a connection of its
//! own; when that session is lost, so is the lock, and the watch says so until it is taken again.

use std::fs::{File, TryLockError};
use std::path::Path;
use std::time::Duration;

use sqlx::{AnyConnection, Connection as _};
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::engine::Address;
use crate::location::OpenError;

/// Pause between looks at the session that holds the lock.
const LOOK_EVERY: Duration = Duration::from_millis(500);
/// Longest time for an answer of that session before it counts as lost.
const LOOK_TIMEOUT: Duration = Duration::from_secs(2);
/// Longest time from the last proof that the lock was held until its loss is told.
pub const LOSS_TOLD_WITHIN: Duration = Duration::from_millis(2_500);
/// Longest time in which a server that is just ending may still hold the lock.
const TAKE_FOR: Duration = Duration::from_secs(3);

/// Held for as long as it lives.
#[derive(Debug)]
pub(crate) struct ServerLock {
    held: watch::Receiver<bool>,
    /// Never read: closing the file ends the lock.
    _file: Option<File>,
    watcher: Option<JoinHandle<()>>,
    /// Keeps `held` open where nobody watches.
    _held: Option<watch::Sender<bool>>,
}

impl Drop for ServerLock {
    fn drop(&mut self) {
        if let Some(watcher) = &self.watcher {
            watcher.abort();
        }
    }
}

impl ServerLock {
    /// For a store that shares its database.
    pub(crate) fn shared() -> Self {
        Self::of_process(None)
    }

    /// Whether whoever held the lock before cannot be alive any more.
    pub(crate) fn ends_with_process(&self) -> bool {
        self.watcher.is_none()
    }

    fn of_process(file: Option<File>) -> Self {
        let (sender, held) = watch::channel(true);
        Self {
            held,
            _file: file,
            watcher: None,
            _held: Some(sender),
        }
    }

    pub(crate) fn of_directory(directory: &Path) -> Result<Self, OpenError> {
        let path = directory.join("keyway.lock");
        let place = directory.display().to_string();
        let file = File::create(&path).map_err(|cause| OpenError::Directory {
            path: place.clone(),
            cause,
        })?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(OpenError::InUse { place }),
            Err(TryLockError::Error(cause)) => {
                return Err(OpenError::Directory { path: place, cause });
            }
        }
        Ok(Self::of_process(Some(file)))
    }

    pub(crate) async fn of_server(address: &Address) -> Result<Self, OpenError> {
        let mut connection = address.connect().await?;
        let mut tries = TAKE_FOR.as_millis() / LOOK_EVERY.as_millis();
        while !address.engine.try_server_lock(&mut connection).await? {
            if tries == 0 {
                return Err(OpenError::InUse {
                    place: "the database".to_owned(),
                });
            }
            tries -= 1;
            tokio::time::sleep(LOOK_EVERY).await;
        }
        let (sender, held) = watch::channel(true);
        let watcher = tokio::spawn(watch_session(address.clone(), connection, sender));
        Ok(Self {
            held,
            _file: None,
            watcher: Some(watcher),
            _held: None,
        })
    }

    pub(crate) fn watch(&self) -> watch::Receiver<bool> {
        self.held.clone()
    }
}

async fn watch_session(address: Address, mut connection: AnyConnection, held: watch::Sender<bool>) {
    loop {
        tokio::time::sleep(LOOK_EVERY).await;
        let look = tokio::time::timeout(LOOK_TIMEOUT, connection.ping()).await;
        if matches!(look, Ok(Ok(()))) {
            continue;
        }
        held.send_replace(false);
        tracing::error!("the session that holds the server lock was lost");
        connection = take_again(&address).await;
        held.send_replace(true);
        tracing::info!("the server lock is held again");
    }
}

async fn take_again(address: &Address) -> AnyConnection {
    loop {
        tokio::time::sleep(LOOK_EVERY).await;
        let Ok(Ok(mut connection)) = tokio::time::timeout(LOOK_TIMEOUT, address.connect()).await
        else {
            continue;
        };
        let taken = address.engine.try_server_lock(&mut connection);
        if matches!(
            tokio::time::timeout(LOOK_TIMEOUT, taken).await,
            Ok(Ok(true))
        ) {
            return connection;
        }
    }
}
