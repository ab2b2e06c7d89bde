//! What creation, rotation and import have in common: a key before it has an identity, and drawing
//! one.

use keyway_api::code::Code;
use keyway_api::object::Object;
use keyway_api::rate_limit::RateLimit as WireRateLimit;
use keyway_core::grant::{Grant, Grants, Right};
use keyway_core::id::{KeyId, MemberId, OrganizationId, ProjectId};
use keyway_core::key::{Key, KeyState, Lifetime};
use keyway_core::management::Reach;
use keyway_core::network::IpRules;
use keyway_core::permission::PermissionSet;
use keyway_core::profile::{DefaultGrants, Profile, ProjectRule};
use keyway_core::rate_limit::RateLimit;
use keyway_core::resource::{Resource, ResourcePath};
use keyway_core::text::{Description, Label, Metadata, Name};
use keyway_core::time::Timestamp;
use keyway_token::base62::draw_id;
use keyway_token::digest::Digest;
use keyway_token::secret::Secret;

use crate::answer::problem::Problem;
use crate::answer::wire;
use crate::app::App;
use crate::auth::giving::NAME_A_PROJECT;
use crate::first_start::ID_CHARS;
use crate::request::fields::Faults;

/// How often an id is drawn again that belongs to another key.
pub(crate) const DRAWS_MAX: usize = 5;

/// A key that has everything but what its secret brings.
#[derive(Clone, Debug)]
pub(crate) struct KeyDraft {
    pub organization: OrganizationId,
    pub project: Option<ProjectId>,
    pub environment: String,
    pub name: Name,
    pub description: Option<Description>,
    pub owner: Option<Label>,
    pub grants: Grants,
    pub ip_rules: IpRules,
    pub rate_limit: Option<RateLimit>,
    pub metadata: Metadata,
    pub managed_by: Option<Label>,
    pub state: KeyState,
    pub lifetime: Lifetime,
    pub created_at: Timestamp,
    pub created_by: String,
}

/// What a secret brings.
#[derive(Clone, Debug)]
pub(crate) struct Identity {
    pub id: KeyId,
    pub digest: Digest,
    pub display_prefix: String,
    pub suffix: String,
}

impl KeyDraft {
    pub(crate) fn with(&self, identity: Identity) -> Key {
        let it = self.clone();
        Key {
            id: identity.id,
            organization: it.organization,
            project: it.project,
            environment: it.environment,
            name: it.name,
            description: it.description,
            owner: it.owner,
            display_prefix: identity.display_prefix,
            suffix: identity.suffix,
            digest: identity.digest,
            grants: it.grants,
            ip_rules: it.ip_rules,
            rate_limit: it.rate_limit,
            metadata: it.metadata,
            managed_by: it.managed_by,
            state: it.state,
            lifetime: it.lifetime,
            successor: None,
            created_at: it.created_at,
            created_by: it.created_by,
            version: 1,
        }
    }
}

/// Draws a secret of the profile's template, and the identity that goes with it. What is shown of a
/// client secret is the client id, by which its owner knows it.
pub(crate) fn draw(
    app: &App,
    profile: &Profile,
    environment: &str,
) -> Result<(Identity, Secret), Problem> {
    let template = &profile.key.template;
    let mut entropy = app.entropy.lock();
    let minted = template.mint(environment, None, entropy.as_mut());
    let client_id = profile.key.client_id_chars;
    let client_id = client_id.map(|chars| draw_id(chars, entropy.as_mut()));
    let id = client_id
        .clone()
        .or(minted.id)
        .unwrap_or_else(|| format!("key_{}", draw_id(ID_CHARS, entropy.as_mut())));
    drop(entropy);
    let raw = minted.secret.expose();
    let shown = || template.display_prefix(raw, profile.key.display_secret_chars);
    let identity = Identity {
        id: id.parse().map_err(|error| Problem::internal(&error))?,
        digest: minted.secret.digest(),
        display_prefix: client_id.unwrap_or_else(shown),
        suffix: if profile.key.has_suffix {
            template.suffix(raw)
        } else {
            String::new()
        },
    };
    Ok((identity, minted.secret))
}

/// Where a key belongs.
#[derive(Clone, Debug)]
pub(crate) struct Place {
    pub project: Option<ProjectId>,
    /// None when there is a fault.
    pub environment: Option<String>,
}

impl Place {
    /// The project that is named, whether there is one being told under the store's lock; and the
    /// environment that is named, else the project's, else the profile's first.
    pub(crate) fn read(
        app: &App,
        faults: &mut Faults,
        organization: &OrganizationId,
        project: Option<&str>,
        environment: Option<&str>,
        profile: &Profile,
    ) -> Result<Self, Problem> {
        let project: Option<ProjectId> = match project {
            Some(named) => Some(
                named
                    .parse()
                    .map_err(|_| Problem::new(Code::ProjectNotFound))?,
            ),
            None => None,
        };
        if project.is_none() && profile.key.project == ProjectRule::Required {
            faults.add("/project", NAME_A_PROJECT);
        }
        if project.is_some() && profile.key.project == ProjectRule::Never {
            faults.add("/project", "the profile's keys belong to no project");
        }
        let fixed = project
            .as_ref()
            .and_then(|it| app.index.project_environment(organization, it));
        let environment = match (environment, fixed.as_deref()) {
            (Some(named), Some(fixed)) if named != fixed => {
                faults.add(
                    "/environment",
                    format!("keys of this project are of {fixed}"),
                );
                None
            }
            (Some(named), _) if !profile.key.environments.iter().any(|it| it == named) => {
                faults.add("/environment", "the profile has no such environment");
                None
            }
            (Some(named), _) => Some(named.to_owned()),
            (None, Some(fixed)) => Some(fixed.to_owned()),
            (None, None) => profile.key.environments.first().cloned(),
        };
        Ok(Self {
            project,
            environment,
        })
    }
}

/// The grants that are named, where the profile lets a creator choose, else its default. Who is no
/// member has no role to inherit.
pub(crate) fn grants(
    faults: &mut Faults,
    named: Option<&[keyway_api::grant::Grant]>,
    project: Option<&ProjectId>,
    created_by: &str,
    profile: &Profile,
) -> Option<Grants> {
    let is_member = MemberId::of_actor(created_by).is_some();
    match named {
        Some(_) if !profile.grants.is_choosable => {
            faults.add(
                "/grants",
                "the profile says what keys may do; leave this out",
            );
            None
        }
        Some(named) => wire::read::grants(faults, named, profile),
        None => Some(match &profile.grants.default {
            DefaultGrants::Nothing => Grants::none(),
            DefaultGrants::These(grants) => grants.clone(),
            DefaultGrants::AllOfOwn => all_of_own(Right::Permissions(PermissionSet::All), project),
            DefaultGrants::Inherit if !is_member => Grants::none(),
            DefaultGrants::Inherit => all_of_own(Right::Inherit(None), project),
        }),
    }
}

/// The rate limit that is named, else the profile's.
#[expect(clippy::option_option, reason = "a fault is told from no limit")]
pub(crate) fn rate_limit(
    faults: &mut Faults,
    named: Option<&Option<Object<WireRateLimit>>>,
    reach: &Reach,
    profile: &Profile,
) -> Option<Option<RateLimit>> {
    match named {
        None => Some(profile.limits.rate_limit),
        Some(named) => {
            let named = named.as_ref().map(|it| &it.0);
            wire::read::rate_limit(faults, named, reach, profile)
        }
    }
}

fn all_of_own(right: Right, project: Option<&ProjectId>) -> Grants {
    let own = project.map_or(Resource::All, |it| {
        Resource::Path(ResourcePath::of_project(it))
    });
    let all = Grant {
        right,
        resource: own,
    };
    Grants::parse(vec![all]).unwrap_or_default()
}
