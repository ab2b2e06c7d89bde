//! What followers are told: each batch of changes that the index has applied, and only then. A follower
//! that does not read in time loses its place; nothing is kept for it beyond [`BATCHES_KEPT`].

use std::sync::Arc;

use keyway_api::follow::{FollowedChange, Touches};
use keyway_core::change::{Change, Touched};
use keyway_core::id::{KeyId, OrganizationId};
use keyway_store::follow::FollowedEntry;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, broadcast, watch};

/// Batches that a follower may be behind.
const BATCHES_KEPT: usize = 1_024;
/// Followers of one server.
const FOLLOWERS_MAX: usize = 1_024;

/// What is told at once.
#[derive(Clone, Debug)]
pub(crate) enum Told {
    Applied(Arc<Applied>),
    /// The ledger is not the one that was told of.
    Lost,
}

/// Changes that the index has applied.
#[derive(Debug)]
pub(crate) struct Applied {
    /// The last entry, whether it bears on keys or not.
    pub upto: i64,
    pub changes: Vec<FollowedChange>,
}

#[derive(Debug)]
pub(crate) struct Feed {
    told: broadcast::Sender<Told>,
    stopping: watch::Sender<bool>,
    places: Arc<Semaphore>,
}

impl Feed {
    pub(crate) fn new() -> Self {
        Self {
            told: broadcast::channel(BATCHES_KEPT).0,
            stopping: watch::channel(false).0,
            places: Arc::new(Semaphore::new(FOLLOWERS_MAX)),
        }
    }

    /// A place for one follower more; None when all are taken.
    pub(crate) fn take_place(&self) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.places).try_acquire_owned().ok()
    }

    pub(crate) fn listen(&self) -> broadcast::Receiver<Told> {
        self.told.subscribe()
    }

    /// True once the server stops.
    pub(crate) fn stopping(&self) -> watch::Receiver<bool> {
        self.stopping.subscribe()
    }

    /// Tells of entries; the index must hold them already.
    pub(crate) fn tell(&self, entries: &[FollowedEntry]) {
        let Some(last) = entries.last() else { return };
        let changes = entries
            .iter()
            .filter_map(|entry| followed(entry.head.seq, &entry.change))
            .collect();
        let upto = last.head.seq;
        self.send(Told::Applied(Arc::new(Applied { upto, changes })));
    }

    pub(crate) fn tell_lost(&self) {
        self.send(Told::Lost);
    }

    fn send(&self, told: Told) {
        // It fails when nobody follows.
        let _heard = self.told.send(told);
    }

    /// Ends every follower's answer.
    pub(crate) fn stop(&self) {
        self.stopping.send_replace(true);
    }
}

/// A change as followers read it; None where it bears on no key.
pub(crate) fn followed(seq: i64, change: &Change) -> Option<FollowedChange> {
    let (touches, keys) = match change.touched()? {
        Touched::Keys(ids) => (
            Touches::Keys,
            ids.into_iter().map(KeyId::to_string).collect(),
        ),
        Touched::Organization => (Touches::Organization, Vec::new()),
        Touched::Everything => (Touches::Everything, Vec::new()),
    };
    Some(FollowedChange {
        seq,
        action: change.action().to_owned(),
        touches,
        organization: change.organization().map(OrganizationId::to_string),
        keys,
    })
}
