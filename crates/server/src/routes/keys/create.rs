//! `POST /v1/keys`: makes a key and shows its secret, this once.

use axum::extract::State;
use axum::response::Response;
use http::StatusCode;
use keyway_api::change::WaitQuery;
use keyway_api::key::{CreateKey, IssuedKey};
use keyway_core::id::OrganizationId;
use keyway_core::key::{Key, KeyState};
use keyway_core::profile::Profile;
use keyway_store::error::{ChangeError, Refusal};
use keyway_store::ledger::Committed;
use keyway_token::secret::Secret;

use super::making::{self, DRAWS_MAX, KeyDraft, Place};
use crate::answer::problem::Problem;
use crate::answer::wire;
use crate::app::{App, AppState};
use crate::auth::Permit;
use crate::auth::permissions::KeysCreate;
use crate::cluster::{Patience, Settled};
use crate::profile_in_force::ProfileInForce;
use crate::request::body::Json;
use crate::request::conditional::{key_tag, tagged};
use crate::request::fields::Faults;
use crate::request::idempotency::{Idempotency, Ticket};
use crate::request::query::Query;

/// Makes a key. The answer holds its secret, which is shown nowhere else.
#[utoipa::path(post, path = "/v1/keys", tag = "keys", params(WaitQuery), request_body = CreateKey,
    responses((status = 201, body = IssuedKey)))]
pub(crate) async fn create(
    State(app): State<AppState>,
    permit: Permit<KeysCreate>,
    Query(query): Query<WaitQuery>,
    idempotency: Idempotency,
    Json(body): Json<CreateKey>,
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
    permit: &Permit<KeysCreate>,
    body: &CreateKey,
    patience: Patience,
    ticket: Ticket,
) -> Result<Response, Problem> {
    let (done, secret) = made(app, permit, body, &ticket).await?;
    Ok(issued(
        app,
        app.settle(done, patience).await?,
        secret,
        StatusCode::CREATED,
    ))
}

/// Makes the key that is asked for, if the caller may make one like it.
pub(crate) async fn made(
    app: &App,
    permit: &Permit<KeysCreate>,
    body: &CreateKey,
    ticket: &Ticket,
) -> Result<(Result<Committed<Key>, ChangeError>, Secret), Problem> {
    let organization = permit.organization(app, body.organization.as_deref())?;
    let in_force = app.profile_in_force()?;
    let draft = read(app, permit, organization, body, &in_force.profile)?;
    permit.may_make(app, &draft)?;
    store(app, ticket, &draft, &in_force).await
}

/// Stores the key under a freshly drawn identity, and under another one if that was taken.
pub(crate) async fn store(
    app: &App,
    ticket: &Ticket,
    draft: &KeyDraft,
    in_force: &ProfileInForce,
) -> Result<(Result<Committed<Key>, ChangeError>, Secret), Problem> {
    let mut draws = 1;
    loop {
        let (identity, secret) = making::draw(app, &in_force.profile, &draft.environment)?;
        let by = ticket.answered_once(identity.id.as_str());
        let key = draft.with(identity);
        let done = app
            .store
            .create_key(&by, key, in_force.token(), app.clock.now())
            .await;
        let is_taken = matches!(
            &done,
            Err(ChangeError::Refused {
                refusal: Refusal::IdTaken,
                ..
            })
        );
        if !is_taken || draws == DRAWS_MAX {
            return Ok((done, secret));
        }
        draws += 1;
    }
}

/// The answer that shows a secret.
pub(crate) fn issued(
    app: &App,
    settled: Settled<Key>,
    secret: Secret,
    status: StatusCode,
) -> Response {
    let key = wire::key(&settled.value, app.clock.now());
    let tag = key_tag(&key);
    let answer = settled.answer(status, |_, effective_everywhere_at| IssuedKey {
        key,
        secret,
        effective_everywhere_at,
    });
    tagged(answer, &tag)
}

fn read(
    app: &App,
    permit: &Permit<KeysCreate>,
    organization: OrganizationId,
    body: &CreateKey,
    profile: &Profile,
) -> Result<KeyDraft, Problem> {
    let now = app.clock.now();
    let created_by = permit.call().origin.actor.to_text();
    let mut faults = Faults::default();
    let (project, environment) = (body.project.as_deref(), body.environment.as_deref());
    let place = Place::read(
        app,
        &mut faults,
        &organization,
        project,
        environment,
        profile,
    )?;
    let name = faults.parse("/name", Some(&body.name));
    let description = faults.parse("/description", body.description.as_deref());
    let owner = faults.parse("/owner", body.owner.as_deref());
    let managed_by = faults.parse("/managed_by", body.managed_by.as_deref());
    let project = place.project.as_ref();
    let grants = making::grants(
        &mut faults,
        body.grants.as_deref(),
        project,
        &created_by,
        profile,
    );
    let ip_rules = wire::read::ip_rules(&mut faults, &body.ip_rules);
    let named = body.rate_limit.as_ref();
    let rate_limit = making::rate_limit(&mut faults, named, permit.reach(), profile);
    let metadata = wire::read::metadata(&mut faults, &body.metadata);
    let lifetime = wire::read::lifetime(&mut faults, body.expires_at, now);
    let parts = name
        .zip(grants)
        .zip(ip_rules.zip(metadata))
        .zip(place.environment.zip(rate_limit));
    let draft = parts.map(
        |(((name, grants), (ip_rules, metadata)), (environment, rate_limit))| KeyDraft {
            organization,
            project: place.project,
            environment,
            name,
            description,
            owner,
            grants,
            ip_rules,
            rate_limit,
            metadata,
            managed_by,
            state: KeyState::Active,
            lifetime,
            created_at: now,
            created_by,
        },
    );
    faults.done(draft)
}
