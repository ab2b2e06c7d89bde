//! `POST /api/keys`: makes a key of the account, or of one workflow.

use axum::extract::State;
use axum::response::Response;
use http::StatusCode;
use keyway_api::code::Code;
use keyway_core::grant::{Grant, Grants, Right};
use keyway_core::key::{KeyState, Lifetime};
use keyway_core::network::IpRules;
use keyway_core::profile::Profile;
use keyway_core::resource::Resource;
use keyway_core::text::{Metadata, Name};

use super::account::Account;
use super::{wire, workflow};
use crate::answer::problem::Problem;
use crate::app::{App, AppState};
use crate::auth::permissions::KeysCreate;
use crate::cluster::Patience;
use crate::request::body::Json;
use crate::request::fields::Faults;
use crate::request::idempotency::{Idempotency, Ticket};
use crate::routes::keys::create::store;
use crate::routes::keys::making::KeyDraft;

const PERMISSIONS_FAULT: &str = "name some of the permissions, or leave it out for all of them";

pub(super) async fn create(
    State(app): State<AppState>,
    account: Account<KeysCreate>,
    idempotency: Idempotency,
    Json(body): Json<wire::NewKey>,
) -> Result<Response, Problem> {
    let patience = app.patience(None)?;
    idempotency
        .once(&app, account.permit.caller(), &body, patience, |ticket| {
            make(&app, &account, &body, patience, ticket)
        })
        .await
}

async fn make(
    app: &App,
    account: &Account<KeysCreate>,
    body: &wire::NewKey,
    patience: Patience,
    ticket: Ticket,
) -> Result<Response, Problem> {
    let in_force = app.profile_in_force()?;
    let draft = read(app, account, body, &in_force.profile).await?;
    account.permit.may_make(app, &draft)?;
    let (done, secret) = store(app, &ticket, &draft, &in_force).await?;
    let settled = app.settle(done, patience).await?;
    Ok(settled.answer(StatusCode::OK, |key, _| {
        wire::made(&key, secret.expose(), &in_force.profile)
    }))
}

async fn read(
    app: &App,
    account: &Account<KeysCreate>,
    body: &wire::NewKey,
    profile: &Profile,
) -> Result<KeyDraft, Problem> {
    let mut faults = Faults::default();
    let name = faults.parse::<Name>("/name", Some(&body.name));
    let name_chars_max = profile.pages.name_chars_max;
    if body.name.chars().count() > name_chars_max {
        faults.add("/name", format!("at most {name_chars_max} characters"));
    }
    let set = wire::read_permissions(body.permissions.as_deref(), profile);
    let set = faults.take("/permissions", set.ok_or(PERMISSIONS_FAULT));
    let (name, set) = faults.done(name.zip(set))?;
    // A key acts as its owner: never more than the owner may at the moment of asking.
    let right = Right::Inherit(Some(set));
    let resource = reached(app, account, body.workflow_id.as_deref()).await?;
    let grants = Grants::parse(vec![Grant { right, resource }]);
    let environment = profile.key.environments.first();
    Ok(KeyDraft {
        organization: account.member.organization.clone(),
        project: None,
        environment: environment.cloned().unwrap_or_default(),
        name,
        description: None,
        owner: None,
        grants: grants.map_err(|fault| Problem::internal(&fault))?,
        ip_rules: IpRules::default(),
        rate_limit: profile.limits.rate_limit,
        metadata: Metadata::empty(),
        managed_by: None,
        state: KeyState::Active,
        lifetime: Lifetime::Forever,
        created_at: app.clock.now(),
        created_by: account.creator(),
    })
}

/// All workflows, or one that the account has.
async fn reached(
    app: &App,
    account: &Account<KeysCreate>,
    workflow_id: Option<&str>,
) -> Result<Resource, Problem> {
    let Some(id) = workflow_id else {
        return Ok(Resource::All);
    };
    let not_found = || Problem::new(Code::ResourceNotFound).detail("there is no such workflow");
    let path = workflow(id).ok_or_else(not_found)?;
    let (reach, organization) = (account.permit.reach(), &account.member.organization);
    let found = app.store.find_resource(reach, organization, &path).await?;
    found
        .map(|it| Resource::Path(it.path))
        .ok_or_else(not_found)
}
