//! A change of one step: the path says what it is about, and the body says nothing.

use axum::extract::{FromRequest, FromRequestParts as _, Request};
use axum::response::Response;
use http::StatusCode;
use keyway_api::change::{Done, WaitQuery};
use keyway_core::id::KeyId;
use keyway_core::time::Timestamp;
use keyway_store::call::Call;
use keyway_store::error::ChangeError;
use keyway_store::keys::change::KeyAt;
use keyway_store::ledger::Committed;

use super::path::{Named, PathId};
use crate::answer::problem::Problem;
use crate::app::AppState;
use crate::auth::Permit;
use crate::auth::permissions::Needed;
use crate::cluster::{Patience, Settled};
use crate::request::body::{Json, Nothing};
use crate::request::conditional::IfMatch;
use crate::request::query::Query;

/// Who takes the step, with what, and how long they wait until it is in force everywhere.
#[derive(Debug)]
pub(crate) struct Step<P, T> {
    pub app: AppState,
    pub permit: Permit<P>,
    pub id: T,
    /// Looked at by steps that may name a version; what only ever narrows needs none.
    if_match: Result<IfMatch, Problem>,
    patience: Patience,
}

impl<P: Needed, T: Named + Send> FromRequest<AppState> for Step<P, T> {
    type Rejection = Problem;

    async fn from_request(request: Request, app: &AppState) -> Result<Self, Problem> {
        let (mut parts, body) = request.into_parts();
        let permit = Permit::from_request_parts(&mut parts, app).await?;
        let PathId(id) = PathId::from_request_parts(&mut parts, app).await?;
        let Query(query) = Query::<WaitQuery>::from_request_parts(&mut parts, app).await?;
        let if_match = IfMatch::from_request_parts(&mut parts, app).await;
        let request = Request::from_parts(parts, body);
        let Json(Nothing {}) = Json::<Nothing>::from_request(request, app).await?;
        Ok(Self {
            app: AppState::clone(app),
            permit,
            id,
            if_match,
            patience: app.patience(query.wait.as_deref())?,
        })
    }
}

impl<P, T> Step<P, T> {
    pub(crate) fn by(&self) -> Call {
        self.permit.call()
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.app.clock.now()
    }

    /// The version that the caller has seen, if it names one.
    pub(crate) fn expected(&self) -> Result<Option<i64>, Problem> {
        let IfMatch(expected) = self.if_match.clone()?;
        Ok(expected)
    }

    pub(crate) async fn settle<V>(
        &self,
        done: Result<Committed<V>, ChangeError>,
    ) -> Result<Settled<V>, Problem> {
        self.app.settle(done, self.patience).await
    }

    /// The answer to a step after which there is nothing to show.
    pub(crate) async fn done<V>(
        &self,
        done: Result<Committed<V>, ChangeError>,
    ) -> Result<Response, Problem> {
        let settled = self.settle(done).await?;
        let answer = settled.answer(StatusCode::OK, |_, effective_everywhere_at| Done {
            effective_everywhere_at,
        });
        Ok(answer)
    }
}

impl<P> Step<P, KeyId> {
    pub(crate) fn key(&self) -> Result<KeyAt<'_>, Problem> {
        Ok(KeyAt {
            reach: self.permit.reach(),
            id: &self.id,
            expected: self.expected()?,
        })
    }
}
