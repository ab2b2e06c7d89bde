//! Keys at an address. They are fetched by a job every few minutes; a token that names a key which is
//! not there may fetch them once more, so that a new key works at once. However many such tokens come,
//! that happens once per interval, and for all of them together. When a fetch fails, the keys of before
//! go on, for a day; whether a key that is not among them exists is then unknown.

use std::sync::Arc;

use parking_lot::RwLock;
use tokio::sync::Mutex;

use super::key_set::{KeySet, NoKeySet};
use super::token::UnverifiedToken;
use crate::clock::Clock;
use crate::config::remote_url::RemoteUrl;
use crate::outgoing::{CallError, Outgoing};

/// Least time between two fetches that tokens ask for.
const REFETCH_SECONDS: f64 = 10.0;
/// How long keys are used that could not be fetched again.
const KEPT_SECONDS: f64 = 24.0 * 60.0 * 60.0;

/// There are no keys to decide with: this is neither yes nor no.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the keys of the token's issuer could not be fetched")]
pub(crate) struct NoKeys;

#[derive(Debug, thiserror::Error)]
enum FetchError {
    #[error(transparent)]
    Call(#[from] CallError),
    #[error(transparent)]
    Document(#[from] NoKeySet),
}

#[derive(Debug)]
pub(crate) struct RemoteKeys {
    url: RemoteUrl,
    outgoing: Outgoing,
    known: RwLock<Known>,
    /// Held by the one fetch that is under way.
    fetching: Mutex<()>,
}

/// Times are seconds on the clock that only goes forward.
#[derive(Clone, Debug, Default)]
struct Known {
    keys: Option<(Arc<KeySet>, f64)>,
    tried_at: Option<f64>,
    /// Whether the last fetch brought no keys.
    has_failed: bool,
}

impl RemoteKeys {
    pub(crate) fn new(url: RemoteUrl, outgoing: Outgoing) -> Self {
        Self {
            url,
            outgoing,
            known: RwLock::default(),
            fetching: Mutex::default(),
        }
    }

    /// The keys that a token is to be proved with. Its own may still not be among them, and then it is
    /// none of the issuer's.
    pub(crate) async fn of_token(
        &self,
        token: &UnverifiedToken<'_>,
        clock: &dyn Clock,
    ) -> Result<Arc<KeySet>, NoKeys> {
        if let Some(keys) = self.kept(clock)
            && token.is_signed_by_one_of(&keys)
        {
            return Ok(keys);
        }
        let _only_one = self.fetching.lock().await;
        let tried_at = self.known.read().tried_at;
        if tried_at.is_none_or(|it| clock.elapsed_seconds() >= it + REFETCH_SECONDS) {
            self.fetch(clock).await;
        }
        let keys = self.kept(clock).ok_or(NoKeys)?;
        if self.known.read().has_failed && !token.is_signed_by_one_of(&keys) {
            return Err(NoKeys);
        }
        Ok(keys)
    }

    /// Fetches the keys, whenever that was done before.
    pub(crate) async fn refresh(&self, clock: &dyn Clock) {
        let _only_one = self.fetching.lock().await;
        self.fetch(clock).await;
    }

    async fn fetch(&self, clock: &dyn Clock) {
        self.known.write().tried_at = Some(clock.elapsed_seconds());
        match self.read().await {
            Ok(keys) => {
                let mut known = self.known.write();
                known.keys = Some((Arc::new(keys), clock.elapsed_seconds()));
                known.has_failed = false;
            }
            Err(cause) => {
                self.known.write().has_failed = true;
                tracing::warn!(url = %self.url, %cause, "an issuer's keys could not be fetched");
            }
        }
    }

    async fn read(&self) -> Result<KeySet, FetchError> {
        let document = self.outgoing.fetch(&self.url, None).await?;
        Ok(KeySet::parse(&document)?)
    }

    fn kept(&self, clock: &dyn Clock) -> Option<Arc<KeySet>> {
        let known = self.known.read();
        let (keys, fetched_at) = known.keys.as_ref()?;
        let is_kept = clock.elapsed_seconds() < fetched_at + KEPT_SECONDS;
        is_kept.then(|| Arc::clone(keys))
    }
}
