//! Making a key for whoever asks with a system key. It is bounded as that one is: who took a key that ends
//! soon, or works from one place, gains none that lasts or works elsewhere.

use axum::response::Response;
use http::StatusCode;
use keyway_core::grant::{Grant, Grants};
use keyway_core::id::ProjectId;
use keyway_core::key::KeyState;
use keyway_core::text::{Label, Metadata, Name};

use super::system_key::{Administration, SystemKey};
use super::wire;
use crate::answer::problem::Problem;
use crate::app::App;
use crate::cluster::Patience;
use crate::request::idempotency::Ticket;
use crate::routes::keys::create::store;
use crate::routes::keys::making::KeyDraft;

/// What differs between the keys that are made here.
pub(super) struct Wanted {
    pub name: Name,
    pub project: Option<ProjectId>,
    pub grant: Option<Grant>,
    pub managed_by: Option<Label>,
}

/// Makes the key, and answers with its secret.
pub(super) async fn make(
    app: &App,
    by: &SystemKey<Administration>,
    wanted: Wanted,
    patience: Patience,
    ticket: Ticket,
) -> Result<Response, Problem> {
    let in_force = app.profile_in_force()?;
    let profile = &in_force.profile;
    let grants = Grants::parse(wanted.grant.into_iter().collect());
    let draft = KeyDraft {
        organization: by.organization.clone(),
        project: wanted.project,
        environment: profile
            .key
            .environments
            .first()
            .cloned()
            .unwrap_or_default(),
        name: wanted.name,
        description: None,
        owner: None,
        grants: grants.map_err(|fault| Problem::internal(&fault))?,
        ip_rules: by.bounds.ip_rules.clone(),
        rate_limit: by.bounds.rate_limit.or(profile.limits.rate_limit),
        metadata: Metadata::empty(),
        managed_by: wanted.managed_by,
        state: KeyState::Active,
        lifetime: by.bounds.lifetime,
        created_at: app.clock.now(),
        created_by: by.origin().actor.to_text(),
    };
    let (done, secret) = store(app, &ticket, &draft, &in_force).await?;
    let settled = app.settle(done, patience).await?;
    Ok(settled.answer(StatusCode::OK, |key, _| {
        wire::made(&key, secret.expose(), &profile.roles)
    }))
}
