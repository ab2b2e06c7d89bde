//! `keyway dev`: a server for one's own machine, with something in it to play with.
//!
//! It prints what it mints, which no other mode does. What an earlier start minted is revoked first.

mod owner;

use std::sync::Arc;

use keyway_core::grant::{Grant, Grants, Right};
use keyway_core::id::{OrganizationId, ProjectId};
use keyway_core::key::{KeyState, Lifetime, Revocation};
use keyway_core::management::{ManagementKey, ManagementKeyState, Preset, Reach};
use keyway_core::organization::{Organization, OrganizationState, Project};
use keyway_core::permission::PermissionSet;
use keyway_core::resource::{Resource, ResourcePath};
use keyway_core::text::{InvalidEmail, InvalidLabel, InvalidName, Metadata};
use keyway_core::time::Timestamp;
use keyway_store::call::Call;
use keyway_store::error::ChangeError;
use keyway_store::keys::change::KeyAt;
use keyway_store::keys::list::KeyFilter;
use keyway_store::page::PAGE_ROWS_MAX;
use keyway_token::management::mint_management;
use keyway_token::secret::Secret;

use crate::answer::problem::Problem;
use crate::app::App;
use crate::config::Config;
use crate::first_start::{self, OnOtherProfile, system};
use crate::one_time_link::SIGN_IN_SPAN;
use crate::routes::keys::making::{self, KeyDraft};
use crate::serve::{ServeError, Sources, set_up_log, start};

/// Marks what a start minted, so that the next one finds it.
const DEMO: &str = "keyway-dev";
const ORGANIZATION: &str = "org_demo";
const PROJECT: &str = "demo";

/// What a start of `keyway dev` minted.
#[derive(Debug)]
pub struct Demo {
    pub management_secret: Secret,
    pub key_id: String,
    pub key_secret: Secret,
    /// Signs the demo's owner in, once.
    pub sign_in_link: Option<String>,
}

/// The demo could not be set up.
#[derive(Debug, thiserror::Error)]
pub enum DemoError {
    #[error(transparent)]
    Change(#[from] ChangeError),
    #[error(transparent)]
    Store(#[from] keyway_store::error::StoreError),
    #[error("a demo key cannot be made: {0}")]
    Refused(String),
    #[error(transparent)]
    Id(#[from] keyway_core::id::InvalidId),
    #[error(transparent)]
    Name(#[from] InvalidName),
    #[error(transparent)]
    Email(#[from] InvalidEmail),
    #[error(transparent)]
    Label(#[from] InvalidLabel),
}

fn refused(problem: &Problem) -> DemoError {
    DemoError::Refused(problem.code().title().to_owned())
}

/// Runs until SIGTERM or SIGINT; `print` gets the lines to paste.
pub async fn dev(config: Config, mut print: impl FnMut(&str)) -> Result<(), ServeError> {
    set_up_log(&config.log);
    let running = start(config, OnOtherProfile::Apply, Sources::system()).await?;
    let demo = set_up(&running.app).await?;
    print(&tour(&running.app, &demo));
    running.until_signal().await
}

/// Revokes what the last start minted, and mints anew.
async fn set_up(app: &Arc<App>) -> Result<Demo, DemoError> {
    let by = system();
    let now = app.clock.now();
    let organization: OrganizationId = ORGANIZATION.parse()?;
    let project: ProjectId = PROJECT.parse()?;
    put_place(app, &by, &organization, &project, now).await?;
    revoke_earlier(app, &by, &organization, now).await?;
    let sign_in_link = owner::sign_in_link(app, &by, &organization, now).await?;
    let (key_id, key_secret) = make_key(app, &by, organization, project, now).await?;
    let management_secret = make_management_key(app, &by, now).await?;
    Ok(Demo {
        management_secret,
        key_id,
        key_secret,
        sign_in_link,
    })
}

async fn put_place(
    app: &App,
    by: &Call,
    organization: &OrganizationId,
    project: &ProjectId,
    now: Timestamp,
) -> Result<(), DemoError> {
    let is_there = app
        .store
        .find_organization(&Reach::All, organization)
        .await?
        .is_some();
    if !is_there {
        let demo = Organization {
            id: organization.clone(),
            name: "Demo".parse()?,
            external_id: None,
            metadata: Metadata::empty(),
            state: OrganizationState::Active,
            created_at: now,
            version: 1,
        };
        let done = app.store.create_organization(by, demo, now).await?;
        app.cluster.reach(done.head()).await;
    }
    if app
        .store
        .find_project(organization, project)
        .await?
        .is_none()
    {
        let demo = Project {
            organization: organization.clone(),
            id: project.clone(),
            name: "Demo".parse()?,
            environment: None,
            created_at: now,
            version: 1,
        };
        let done = app.store.create_project(by, demo, now).await?;
        app.cluster.reach(done.head()).await;
    }
    Ok(())
}

async fn revoke_earlier(
    app: &App,
    by: &Call,
    organization: &OrganizationId,
    now: Timestamp,
) -> Result<(), DemoError> {
    let filter = KeyFilter {
        organization: Some(organization.clone()),
        managed_by: Some(DEMO.to_owned()),
        include_revoked: false,
        ..KeyFilter::default()
    };
    let keys = app
        .store
        .list_keys(&Reach::All, &filter, None, PAGE_ROWS_MAX, now)
        .await?;
    for key in keys.rows {
        let revocation = Revocation {
            at: now,
            by: by.origin.actor.to_text(),
            reason: None,
            reason_code: None,
        };
        let at = KeyAt {
            reach: &Reach::All,
            id: &key.id,
            expected: None,
        };
        let done = app.store.revoke_key(by, at, &revocation, now).await?;
        app.cluster.reach(done.head()).await;
    }
    let mut cursor = None;
    loop {
        let page = app
            .store
            .list_management_keys(&Reach::All, cursor.as_ref(), PAGE_ROWS_MAX)
            .await?;
        for key in page.rows {
            if key.name.as_str() == DEMO && key.state == ManagementKeyState::Active {
                let done = app
                    .store
                    .revoke_management_key(by, &Reach::All, &key.id, now)
                    .await?;
                app.cluster.reach(done.head()).await;
            }
        }
        cursor = page.next;
        if cursor.is_none() {
            return Ok(());
        }
    }
}

async fn make_key(
    app: &App,
    by: &Call,
    organization: OrganizationId,
    project: ProjectId,
    now: Timestamp,
) -> Result<(String, Secret), DemoError> {
    let in_force = app.profile_in_force().map_err(|it| refused(&it))?;
    let environment = in_force
        .profile
        .key
        .environments
        .first()
        .cloned()
        .unwrap_or_default();
    let resource = Resource::Path(ResourcePath::of_project(&project));
    let all = Grant {
        right: Right::Permissions(PermissionSet::All),
        resource,
    };
    let draft = KeyDraft {
        organization,
        project: Some(project),
        environment,
        name: "Demo key".parse()?,
        description: None,
        owner: None,
        grants: Grants::parse(vec![all]).unwrap_or_default(),
        ip_rules: keyway_core::network::IpRules::default(),
        rate_limit: in_force.profile.limits.rate_limit,
        metadata: Metadata::empty(),
        managed_by: Some(DEMO.parse()?),
        state: KeyState::Active,
        lifetime: Lifetime::Forever,
        created_at: now,
        created_by: by.origin.actor.to_text(),
    };
    let drawn = making::draw(app, &in_force.profile, &draft.environment);
    let (identity, secret) = drawn.map_err(|it| refused(&it))?;
    let key = draft.with(identity);
    let done = app.store.create_key(by, key, in_force.token(), now).await?;
    app.cluster.reach(done.head()).await;
    Ok((done.value().id.to_string(), secret))
}

async fn make_management_key(app: &App, by: &Call, now: Timestamp) -> Result<Secret, DemoError> {
    let (key, secret) = draw_management_key(app, by, now)?;
    let done = app.store.create_management_key(by, key, now).await?;
    app.cluster.reach(done.head()).await;
    Ok(secret)
}

fn draw_management_key(
    app: &App,
    by: &Call,
    now: Timestamp,
) -> Result<(ManagementKey, Secret), DemoError> {
    let (name, actor) = (DEMO.parse()?, by.origin.actor.to_text());
    let mut entropy = app.entropy.lock();
    let entropy = entropy.as_mut();
    let secret = mint_management(entropy);
    let (preset, reach) = (Preset::Admin, Reach::All);
    let made = first_start::management_key(name, preset, reach, &secret, &actor, entropy, now);
    let key = made.ok_or_else(|| DemoError::Refused("no id could be drawn".to_owned()))?;
    Ok((key, secret))
}

/// A key of two fields is no credential by itself: its token is.
fn verify_line(app: &App, id: &str) -> String {
    let in_force = app.profile.load();
    let is_client = in_force
        .as_ref()
        .is_some_and(|it| it.profile.key.client_id_chars.is_some());
    if is_client {
        return format!(
            r#"# Exchange the demo key for a token, which is taken wherever a key is:
curl -s -u "{id}:$KEYWAY_DEMO_KEY" -d grant_type=client_credentials "$KEYWAY_URL/v1/tokens""#
        );
    }
    r#"# Verify the demo key:
curl -s "$KEYWAY_URL/v1/keys/verify" -H "Authorization: Bearer $KEYWAY_TOKEN" --json "{\"secret\":\"$KEYWAY_DEMO_KEY\"}""#
        .to_owned()
}

/// Lines that work when pasted, in their order.
fn tour(app: &App, demo: &Demo) -> String {
    let url = &app.public_url;
    let (token, id) = (demo.management_secret.expose(), &demo.key_id);
    let secret = demo.key_secret.expose();
    let dashboard = demo.sign_in_link.as_ref().map_or_else(String::new, |link| {
        let minutes = SIGN_IN_SPAN.to_duration().as_secs() / 60;
        format!("\nOpen this link to look around; it works once, for {minutes} minutes:\n{link}\n")
    });
    let verify = verify_line(app, id);
    format!(
        r#"Keyway is running at {url} (API: {url}/docs)
{dashboard}
# These lines work when pasted; the keys are new at each start.
export KEYWAY_URL={url} KEYWAY_TOKEN={token}
export KEYWAY_DEMO_KEY={secret}

# Create a key in the demo project:
curl -s "$KEYWAY_URL/v1/keys" -H "Authorization: Bearer $KEYWAY_TOKEN" --json '{{"organization":"{ORGANIZATION}","project":"{PROJECT}","name":"My key"}}'

{verify}

# Revoke it; the next verify refuses it:
curl -s -X POST "$KEYWAY_URL/v1/keys/{id}/revoke" -H "Authorization: Bearer $KEYWAY_TOKEN"
"#
    )
}
