//! In force everywhere: the follower that brings changes into the index, and the wait that a change
//! is answered after.
//!
//! A handler gets a `Committed` from the store and can make an answer of it only through
//! [`App::settle`]. With one node, "everywhere" is this node's index; the answer waits until the
//! follower has applied the entry, and until no other server can answer by an older state ([`sole`]).

pub(crate) mod feed;
pub(crate) mod follow;
pub(crate) mod sole;

use std::time::Duration;

use axum::response::{IntoResponse, Response};
use http::StatusCode;
use keyway_core::time::{InvalidSpan, Span, Timestamp};
use keyway_store::error::ChangeError;
use keyway_store::ledger::{Committed, Head};
use serde::Serialize;
use tokio::sync::watch;

use crate::answer::problem::Problem;
use crate::answer::wire;
use crate::app::App;
use crate::cluster::feed::Feed;

/// Longest `?wait=`.
const WAIT_MAX: Span = Span::from_secs(300);
/// Added to the lease for the default patience.
const PATIENCE_EXTRA: Duration = Duration::from_secs(1);

/// What this node has applied.
#[derive(Debug)]
pub(crate) struct Cluster {
    applied: watch::Sender<Head>,
    /// Whether no other server answers by an older state.
    confirmed: watch::Sender<bool>,
    /// What followers are told.
    pub(crate) feed: Feed,
}

/// How long a caller waits for a change to be in force everywhere.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Patience(Duration);

/// A change that was made, and how far it has come.
#[derive(Clone, Debug)]
pub(crate) struct Settled<T> {
    pub value: T,
    /// From then on; in the future when patience ended first.
    pub effective_everywhere_at: Timestamp,
    pub is_everywhere: bool,
}

impl Cluster {
    pub(crate) fn new() -> Self {
        Self {
            applied: watch::channel(Head::GENESIS).0,
            confirmed: watch::channel(false).0,
            feed: Feed::new(),
        }
    }

    pub(crate) fn applied(&self) -> Head {
        *self.applied.borrow()
    }

    /// Tells whoever waits that the index holds everything up to `head`.
    pub(crate) fn set_applied(&self, head: Head) {
        self.applied.send_replace(head);
    }

    /// Returns when the index holds everything up to `head`.
    pub(crate) async fn reach(&self, head: Head) {
        let mut applied = self.applied.subscribe();
        // The sender lives as long as this.
        let _reached = applied.wait_for(|applied| applied.seq >= head.seq).await;
    }

    /// Tells whether this is known to be the only server that answers.
    pub(crate) fn set_confirmed(&self, is_confirmed: bool) {
        self.confirmed.send_replace(is_confirmed);
    }

    async fn wait_for(&self, head: Head, patience: Patience) -> bool {
        let everywhere = async {
            self.reach(head).await;
            let mut confirmed = self.confirmed.subscribe();
            // The sender lives as long as this.
            let _confirmed = confirmed.wait_for(|confirmed| *confirmed).await;
        };
        tokio::time::timeout(patience.0, everywhere).await.is_ok()
    }
}

impl Default for Cluster {
    fn default() -> Self {
        Self::new()
    }
}

impl App {
    /// The patience that a caller asked for, or a lease and a little more.
    pub(crate) fn patience(&self, wait: Option<&str>) -> Result<Patience, Problem> {
        let Some(wait) = wait else {
            let profile = self.profile_in_force()?;
            return Ok(Patience(
                profile.profile.lease.to_duration() + PATIENCE_EXTRA,
            ));
        };
        let span: Span = wait
            .parse()
            .map_err(|fault: InvalidSpan| Problem::field("wait", fault.to_string()))?;
        if span > WAIT_MAX {
            return Err(Problem::field("wait", "at most 300s"));
        }
        Ok(Patience(span.to_duration()))
    }

    /// Waits until a change, or what a refusal was read at, is in force everywhere.
    pub(crate) async fn settle<T>(
        &self,
        done: Result<Committed<T>, ChangeError>,
        patience: Patience,
    ) -> Result<Settled<T>, Problem> {
        match done {
            Ok(committed) => {
                let (value, head) = committed.into_parts();
                Ok(self.settle_at(value, head, patience).await)
            }
            Err(ChangeError::Refused { refusal, head }) => {
                // What the refusal tells must hold everywhere too: "there is no such key" means that
                // none is let through.
                if self.cluster.wait_for(head, patience).await {
                    Err(refusal.into())
                } else {
                    Err(Problem::undecided())
                }
            }
            Err(ChangeError::Store(error)) => Err(error.into()),
        }
    }

    /// A refusal for what was just read, once that is in force everywhere.
    pub(crate) async fn settle_refusal(&self, refusal: Problem, patience: Patience) -> Problem {
        match self.store.read_head().await {
            Ok(head) if self.cluster.wait_for(head, patience).await => refusal,
            Ok(_) => Problem::undecided(),
            Err(error) => error.into(),
        }
    }

    pub(crate) async fn settle_at<T>(
        &self,
        value: T,
        head: Head,
        patience: Patience,
    ) -> Settled<T> {
        let began = self.clock.elapsed_seconds();
        let is_everywhere = self.cluster.wait_for(head, patience).await;
        self.telemetry.settled(self.clock.elapsed_seconds() - began);
        let now = self.clock.now();
        let lease = self.profile.load().as_ref().map(|it| it.profile.lease);
        let effective_everywhere_at = if is_everywhere {
            now
        } else {
            now.plus(lease.unwrap_or(WAIT_MAX))
        };
        Settled {
            value,
            effective_everywhere_at,
            is_everywhere,
        }
    }
}

impl<T> Settled<T> {
    /// The answer: `status` when the change is in force everywhere, else 202.
    pub(crate) fn answer<W: Serialize>(
        self,
        status: StatusCode,
        shape: impl FnOnce(T, jiff::Timestamp) -> W,
    ) -> Response {
        let status = if self.is_everywhere {
            status
        } else {
            StatusCode::ACCEPTED
        };
        let body = shape(self.value, wire::moment(self.effective_everywhere_at));
        (status, axum::Json(body)).into_response()
    }
}
