//! One line of an import: a key whose secret only its digest is known of.

use keyway_api::import::ImportLine;
use keyway_api::key::KeyStatus;
use keyway_core::key::{Key, KeyState, Lifetime, Revocation};
use keyway_core::management::Reach;
use keyway_core::text::Description;
use keyway_core::time::Timestamp;
use keyway_token::base62::draw_id;
use keyway_token::digest::Digest;

use crate::answer::problem::Problem;
use crate::answer::wire;
use crate::app::App;
use crate::auth::Permit;
use crate::auth::permissions::KeysImport;
use crate::first_start::ID_CHARS;
use crate::profile_in_force::ProfileInForce;
use crate::request::body;
use crate::request::fields::Faults;
use crate::routes::keys::making::{self, Identity, KeyDraft, Place};

/// Longest display prefix and suffix of a foreign key, in characters: more would show its secret.
const PREFIX_CHARS_MAX: usize = 64;
const SUFFIX_CHARS_MAX: usize = 16;

pub(super) fn read_line(
    app: &App,
    permit: &Permit<KeysImport>,
    in_force: &ProfileInForce,
    bytes: &[u8],
) -> Result<Key, Problem> {
    let line: ImportLine = body::parse(bytes)?;
    let organization = permit.organization(app, line.organization.as_deref())?;
    let profile = &in_force.profile;
    let now = app.clock.now();
    let mut faults = Faults::default();
    let (project, environment) = (line.project.as_deref(), line.environment.as_deref());
    let place = Place::read(
        app,
        &mut faults,
        &organization,
        project,
        environment,
        profile,
    )?;
    let identity = identity(app, permit.reach(), &mut faults, &line);
    let name = faults.parse("/name", Some(&line.name));
    let description = faults.parse("/description", line.description.as_deref());
    let owner = faults.parse("/owner", line.owner.as_deref());
    let managed_by = faults.parse("/managed_by", line.managed_by.as_deref());
    let project = place.project.as_ref();
    let by = permit.call().origin.actor.to_text();
    let named = line.grants.as_deref();
    let grants = making::grants(&mut faults, named, project, &by, profile);
    let ip_rules = wire::read::ip_rules(&mut faults, &line.ip_rules);
    let named = line.rate_limit.as_ref();
    let rate_limit = making::rate_limit(&mut faults, named, permit.reach(), profile);
    let metadata = wire::read::metadata(&mut faults, &line.metadata);
    let state = state(&mut faults, &line, &by, now);
    let lifetime = lifetime(&mut faults, &line, now);
    let parts = name
        .zip(grants)
        .zip(ip_rules.zip(metadata).zip(rate_limit))
        .zip(place.environment.zip(identity));
    let read = parts.map(
        |(((name, grants), ((ip_rules, metadata), rate_limit)), (environment, identity))| {
            let draft = KeyDraft {
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
                state,
                lifetime,
                created_at: line.created_at.map_or(now, wire::timestamp),
                created_by: by,
            };
            (draft, identity)
        },
    );
    let (draft, identity) = faults.done(read)?;
    permit.may_make(app, &draft)?;
    Ok(draft.with(identity))
}

fn identity(app: &App, reach: &Reach, faults: &mut Faults, line: &ImportLine) -> Option<Identity> {
    if line.id.is_some() && *reach != Reach::All {
        // Ids are one namespace: a taken one would tell of another organization's key.
        faults.add(
            "/id",
            "only a management key of all organizations chooses ids",
        );
    }
    let digest = faults.take("/sha256", Digest::parse_hex_or_base64(&line.sha256));
    let drawn = || format!("key_{}", draw_id(ID_CHARS, app.entropy.lock().as_mut()));
    let id = line.id.clone().unwrap_or_else(drawn);
    let id = faults.parse("/id", Some(&id));
    let display_prefix = shown(
        faults,
        "/display_prefix",
        &line.display_prefix,
        PREFIX_CHARS_MAX,
    );
    let suffix = line.suffix.as_deref().unwrap_or_default();
    let suffix = shown(faults, "/suffix", suffix, SUFFIX_CHARS_MAX);
    Some(Identity {
        id: id?,
        digest: digest?,
        display_prefix: display_prefix?,
        suffix: suffix?,
    })
}

fn shown(faults: &mut Faults, pointer: &str, text: &str, chars_max: usize) -> Option<String> {
    if text.chars().count() <= chars_max && text.chars().all(|it| it.is_ascii_graphic()) {
        return Some(text.to_owned());
    }
    faults.add(
        pointer,
        format!("at most {chars_max} visible ASCII characters"),
    );
    None
}

fn state(faults: &mut Faults, line: &ImportLine, by: &str, now: Timestamp) -> KeyState {
    let is_revoked = line.status == Some(KeyStatus::Revoked);
    if !is_revoked && (line.revoked_at.is_some() || line.revoked_reason.is_some()) {
        faults.add("/status", "a key with a revocation is of status revoked");
    }
    match line.status {
        // Expired follows from `expires_at`.
        None | Some(KeyStatus::Active | KeyStatus::Expired) => KeyState::Active,
        Some(KeyStatus::Inactive) => KeyState::Inactive { since: now },
        Some(KeyStatus::Revoked) => KeyState::Revoked(Revocation {
            at: line.revoked_at.map_or(now, wire::timestamp),
            by: by.to_owned(),
            reason: faults.parse::<Description>("/revoked_reason", line.revoked_reason.as_deref()),
            reason_code: None,
        }),
    }
}

/// Unlike a new key, an imported one may have ended already.
fn lifetime(faults: &mut Faults, line: &ImportLine, now: Timestamp) -> Lifetime {
    let lifetime = match line.expires_at {
        None => Lifetime::Forever,
        Some(end) => Lifetime::Until(wire::timestamp(end)),
    };
    if line.status == Some(KeyStatus::Expired) && !lifetime.has_ended(now) {
        faults.add("/expires_at", "an expired key has an end that has passed");
    }
    lifetime
}
