//! `GET /v1/follow`: every change that bears on keys, a line each, from a place in the ledger on and
//! then as it comes. A line is sent when the index of this server holds the change, never before.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use bytes::Bytes;
use futures_util::stream::unfold;
use http::header;
use keyway_api::NDJSON;
use keyway_api::code::Code;
use keyway_api::follow::{
    FollowEnd, FollowEndReason, FollowLine, FollowPosition, FollowQuery, FollowedChange,
};
use keyway_core::management::{ManagementKey, Reach};
use keyway_store::ledger::entry::{ENTRIES_MAX, EntryFilter, Walk};
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::{OwnedSemaphorePermit, broadcast, watch};

use crate::answer::problem::Problem;
use crate::app::AppState;
use crate::auth::Permit;
use crate::auth::caller::Who;
use crate::auth::permissions::KeysFollow;
use crate::cluster::feed::{Applied, Told, followed};
use crate::request::query::Query;

/// Longest silence of an answer.
const HEARTBEAT: Duration = Duration::from_secs(2);

/// Follows changes. The answer has no end but the server's own, whose last line says why.
#[utoipa::path(get, path = "/v1/follow", tag = "follow", params(FollowQuery),
    responses((status = 200, content_type = "application/x-ndjson", body = FollowLine)))]
pub(crate) async fn follow(
    State(app): State<AppState>,
    permit: Permit<KeysFollow>,
    Query(query): Query<FollowQuery>,
) -> Result<Response, Problem> {
    let Who::ManagementKey(key) = &permit.caller().who else {
        return Err(Problem::new(Code::PermissionDenied).detail("it needs a management key"));
    };
    let place = app.cluster.feed.take_place();
    let place = place.ok_or_else(|| Problem::new(Code::TooManyFollowers))?;
    let head = app.cluster.applied().seq;
    let after = query.after.map(i64::try_from).transpose();
    let after = after.ok().filter(|after| after.is_none_or(|it| it <= head));
    let Some(after) = after else {
        return Err(Problem::new(Code::PositionUnknown));
    };
    let following = Following {
        key: Arc::clone(key),
        reach: permit.reach().clone(),
        told: None,
        stopping: app.cluster.feed.stopping(),
        last: after.unwrap_or(head),
        is_new: true,
        is_over: false,
        _place: place,
        app,
    };
    let lines = unfold(following, |mut following| async {
        let lines = following.next().await?;
        Some((Ok::<_, serde_json::Error>(lines), following))
    });
    let headers = [(header::CONTENT_TYPE, NDJSON)];
    Ok((headers, Body::from_stream(lines)).into_response())
}

/// One follower and how far it has been told.
struct Following {
    app: AppState,
    key: Arc<ManagementKey>,
    reach: Reach,
    /// None while older changes are read from the ledger.
    told: Option<broadcast::Receiver<Told>>,
    stopping: watch::Receiver<bool>,
    last: i64,
    is_new: bool,
    is_over: bool,
    _place: OwnedSemaphorePermit,
}

impl Following {
    /// The next lines; None behind the last.
    async fn next(&mut self) -> Option<Bytes> {
        if self.is_over {
            return None;
        }
        let lines = if std::mem::take(&mut self.is_new) {
            Ok(vec![FollowLine::Position(self.position())])
        } else {
            self.lines().await
        };
        let lines = lines.unwrap_or_else(|reason| {
            self.is_over = true;
            vec![FollowLine::End(end(reason))]
        });
        Some(written(&lines))
    }

    fn position(&self) -> FollowPosition {
        FollowPosition { seq: self.last }
    }

    async fn lines(&mut self) -> Result<Vec<FollowLine>, FollowEndReason> {
        loop {
            let changes = if self.told.is_some() {
                self.heard().await?
            } else {
                self.older().await?
            };
            // The key may have ended by what was just heard.
            self.stands()?;
            if *self.stopping.borrow() {
                return Err(FollowEndReason::Stopping);
            }
            let Some(changes) = changes else {
                return Ok(vec![FollowLine::Heartbeat(self.position())]);
            };
            if !changes.is_empty() {
                return Ok(changes.into_iter().map(FollowLine::Change).collect());
            }
        }
    }

    fn stands(&self) -> Result<(), FollowEndReason> {
        let found = self.app.index.find_management_key(&self.key.digest);
        let stands = found.is_some_and(|key| key.stands(self.app.clock.now()));
        stands.then_some(()).ok_or(FollowEndReason::Denied)
    }

    /// Changes from the ledger, up to what the index holds; the last of them with the ear open.
    async fn older(&mut self) -> Result<Option<Vec<FollowedChange>>, FollowEndReason> {
        let told = self.app.cluster.feed.listen();
        let head = self.app.cluster.applied().seq;
        if self.last < head {
            return self.page(head).await.map(Some);
        }
        self.told = Some(told);
        if self.last > head {
            // The index was loaded again from a ledger that is shorter.
            return Err(FollowEndReason::Lost);
        }
        Ok(Some(Vec::new()))
    }

    async fn page(&mut self, head: i64) -> Result<Vec<FollowedChange>, FollowEndReason> {
        let (filter, walk) = (EntryFilter::default(), Walk::After(self.last));
        let page = self
            .app
            .store
            .list_entries(&Reach::All, &filter, walk, ENTRIES_MAX);
        let entries = page.await.map_err(|error| {
            tracing::warn!(%error, "a follower could not be told what happened before");
            FollowEndReason::TooSlow
        })?;
        let known = entries.into_iter().take_while(|entry| entry.seq <= head);
        let mut changes = Vec::new();
        for entry in known {
            self.last = entry.seq;
            let change = entry.change().ok_or(FollowEndReason::Lost)?;
            changes.extend(followed(entry.seq, &change).filter(|it| self.sees(it)));
        }
        Ok(changes)
    }

    /// Changes as they come; None when nothing comes for a while.
    async fn heard(&mut self) -> Result<Option<Vec<FollowedChange>>, FollowEndReason> {
        let Some(told) = &mut self.told else {
            return Ok(Some(Vec::new()));
        };
        let heard = tokio::select! {
            biased;
            heard = told.recv() => heard,
            _ = self.stopping.wait_for(|is_stopping| *is_stopping) => {
                return Err(FollowEndReason::Stopping);
            }
            () = tokio::time::sleep(HEARTBEAT) => return Ok(None),
        };
        match heard {
            Ok(Told::Applied(applied)) => Ok(Some(self.fresh(&applied))),
            Ok(Told::Lost) => Err(FollowEndReason::Lost),
            Err(RecvError::Lagged(_)) => Err(FollowEndReason::TooSlow),
            Err(RecvError::Closed) => Err(FollowEndReason::Stopping),
        }
    }

    /// What was not told yet; a batch may reach back behind what the ledger gave.
    fn fresh(&mut self, applied: &Applied) -> Vec<FollowedChange> {
        let last = self.last;
        self.last = last.max(applied.upto);
        let fresh = applied.changes.iter().filter(|it| it.seq > last);
        fresh.filter(|it| self.sees(it)).cloned().collect()
    }

    fn sees(&self, change: &FollowedChange) -> bool {
        let (own, theirs) = (self.reach.organization(), change.organization.as_deref());
        own.is_none_or(|own| theirs.is_none_or(|theirs| own.as_str() == theirs))
    }
}

fn end(reason: FollowEndReason) -> FollowEnd {
    let detail = match reason {
        FollowEndReason::TooSlow => {
            "more happened than was read; follow again behind the last line"
        }
        FollowEndReason::Stopping => "the server stops; follow again behind the last line",
        FollowEndReason::Denied => "the management key ended",
        FollowEndReason::Lost => "changes were lost; ask about every key again",
    };
    FollowEnd {
        reason,
        detail: detail.to_owned(),
    }
}

fn written(lines: &[FollowLine]) -> Bytes {
    let mut text = Vec::new();
    for line in lines {
        // Plain structs of text and numbers are always JSON.
        text.extend(serde_json::to_vec(line).unwrap_or_default());
        text.push(b'\n');
    }
    Bytes::from(text)
}
