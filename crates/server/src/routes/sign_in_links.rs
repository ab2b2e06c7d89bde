//! `POST /v1/sign-in-links`: a link by which a member signs in once.

use axum::extract::State;
use axum::response::Response;
use http::StatusCode;
use keyway_api::change::WaitQuery;
use keyway_api::code::Code;
use keyway_api::sign_in_link::{CreateSignInLink, SignInLink};
use keyway_core::id::MemberId;
use keyway_store::links::LinkKind;

use super::members::may_give;
use crate::answer::problem::Problem;
use crate::answer::wire;
use crate::app::{App, AppState};
use crate::auth::Permit;
use crate::auth::permissions::SignInLinksCreate;
use crate::cluster::Patience;
use crate::one_time_link::{Fresh, SIGN_IN_SPAN};
use crate::request::body::Json;
use crate::request::idempotency::{Idempotency, Ticket};
use crate::request::query::Query;

/// Makes a link by which a member signs in once, soon. Whoever gets it is that member, in that
/// organization and no other.
#[utoipa::path(post, path = "/v1/sign-in-links", tag = "members", params(WaitQuery),
    request_body = CreateSignInLink, responses((status = 201, body = SignInLink)))]
pub(crate) async fn create(
    State(app): State<AppState>,
    permit: Permit<SignInLinksCreate>,
    Query(query): Query<WaitQuery>,
    idempotency: Idempotency,
    Json(body): Json<CreateSignInLink>,
) -> Result<Response, Problem> {
    let patience = app.patience(query.wait.as_deref())?;
    idempotency
        .once(&app, permit.caller(), &body, patience, |ticket| {
            make(&app, &permit, &body, patience, ticket)
        })
        .await
}

async fn make(
    app: &App,
    permit: &Permit<SignInLinksCreate>,
    body: &CreateSignInLink,
    patience: Patience,
    ticket: Ticket,
) -> Result<Response, Problem> {
    let not_found = || Problem::new(Code::MemberNotFound);
    let id: MemberId = body.member.parse().map_err(|_| not_found())?;
    let found = app.store.find_member(permit.reach(), &id).await?;
    let Some(member) = found else {
        return Err(app.settle_refusal(not_found(), patience).await);
    };
    may_give(app, permit.caller(), &member.bindings)?;
    let now = app.clock.now();
    let expires_at = now.plus(SIGN_IN_SPAN);
    let fresh = Fresh::draw(app, LinkKind::SignIn, member.id.as_str(), expires_at);
    let by = ticket.answered_once(member.id.as_str());
    let done = app
        .store
        .create_sign_in_link(&by, &member, fresh.link, now)
        .await;
    let settled = app.settle(done, patience).await?;
    Ok(settled.answer(StatusCode::CREATED, |(), _| SignInLink {
        url: fresh.url,
        expires_at: wire::moment(expires_at),
    }))
}
