//! One product's words, formats, limits and promises, as data.
//!
//! A profile is one TOML file. Unknown keys are refused, so that a misspelt limit is an error and
//! not an absent limit. [`parse`] reads the file; the structs here are what the rest of Keyway sees.

pub mod download;
pub mod labels;
pub mod pages;
pub mod parse;
pub mod placing;
mod tables;
pub mod tokens;

use std::collections::BTreeMap;

use keyway_token::template::Template;

use crate::grant::{Grants, RoleName};
use crate::management::ManagementPermission;
use crate::permission::{Permission, PermissionPattern};
use crate::profile::labels::Labels;
use crate::profile::pages::Pages;
use crate::profile::tokens::TokenRules;
use crate::rate_limit::RateLimit;
use crate::time::Span;

#[derive(Clone, Debug)]
pub struct Profile {
    pub name: String,
    /// The product's name as people read it.
    pub title: String,
    /// Taken by an empty database that is started without a name.
    pub is_default: bool,
    /// The foreign wire that is spoken beside the native one; its name is the server's to know.
    pub dialect: Option<String>,
    pub key: KeyFormat,
    pub permissions: Catalogue,
    /// The product's words for what can be done here.
    pub labels: Labels,
    pub roles: Roles,
    pub members: MemberRules,
    pub grants: GrantRules,
    pub limits: Limits,
    /// The tokens that keys can be exchanged for; None: there are none.
    pub tokens: Option<TokenRules>,
    pub expiry: ExpiryRules,
    /// Where a key may be presented, in the order they are looked for.
    pub carriers: Vec<Carrier>,
    /// Core code to the product's own code and status.
    pub codes: BTreeMap<String, RenamedCode>,
    /// Longest time for which a server answers from memory without its database.
    pub lease: Span,
    pub pages: Pages,
}

#[derive(Clone, Debug)]
pub struct KeyFormat {
    /// Of the whole string, or of the client secret where a key is two fields.
    pub template: Template,
    /// Characters of the client id, where a key is two fields: it is then never presented as one
    /// string, but exchanged for a token.
    pub client_id_chars: Option<usize>,
    /// The first is the default.
    pub environments: Vec<String>,
    /// Anchored regular expressions of imported keys that a verify may look up.
    pub legacy: Vec<String>,
    /// Characters of the secret shown after the fixed prefix.
    pub display_secret_chars: usize,
    /// Whether the end of a secret is shown as well.
    pub has_suffix: bool,
    pub project: ProjectRule,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProjectRule {
    /// A key belongs to its organization alone.
    Never,
    Optional,
    /// A key belongs to exactly one project.
    Required,
    /// So does a key that a person makes; a program may make one for all of an organization.
    RequiredOfPeople,
}

/// Which permissions a grant may name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Catalogue {
    Open,
    Words(Vec<Permission>),
}

impl Catalogue {
    pub fn contains(&self, permission: &Permission) -> bool {
        match self {
            Self::Open => true,
            Self::Words(words) => words.contains(permission),
        }
    }
}

/// The profile's roles and what each holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Roles(BTreeMap<RoleName, Role>);

/// A named set of permissions, with those of the roles it contains.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Role {
    /// As people read it.
    pub title: String,
    /// What a sentence says about it.
    pub description: String,
    /// The product's permissions.
    pub permissions: Vec<PermissionPattern>,
    /// What its members may do here: `keys.create`, `members.*`, ….
    pub manage: Vec<PermissionPattern>,
    /// The same, of `keys.…`, with keys that they made themselves only.
    pub manage_own: Vec<PermissionPattern>,
    pub is_for_organization: bool,
    pub is_for_project: bool,
}

impl Roles {
    pub fn of(roles: BTreeMap<RoleName, Role>) -> Self {
        Self(roles)
    }

    pub fn exists(&self, name: &RoleName) -> bool {
        self.0.contains_key(name)
    }

    pub fn find(&self, name: &RoleName) -> Option<&Role> {
        self.0.get(name)
    }

    /// What a role holds; a role that the profile no longer has holds nothing.
    pub fn permissions(&self, name: &RoleName) -> &[PermissionPattern] {
        self.0
            .get(name)
            .map(|role| role.permissions.as_slice())
            .unwrap_or_default()
    }

    pub fn hold(&self, name: &RoleName, permission: &Permission) -> bool {
        self.permissions(name)
            .iter()
            .any(|pattern| pattern.matches(permission))
    }

    /// Whether a role lets its members do this here.
    pub fn manage(&self, name: &RoleName, permission: ManagementPermission) -> bool {
        self.0
            .get(name)
            .is_some_and(|role| permission.is_among(&role.manage))
    }

    /// Whether a role lets its members do this with keys of their own.
    pub fn manage_own(&self, name: &RoleName, permission: ManagementPermission) -> bool {
        self.0
            .get(name)
            .is_some_and(|role| permission.is_among(&role.manage_own))
    }

    pub fn words(&self, name: &RoleName) -> Vec<String> {
        self.permissions(name)
            .iter()
            .map(ToString::to_string)
            .collect()
    }

    pub fn iter(&self) -> impl Iterator<Item = (&RoleName, &Role)> {
        self.0.iter()
    }
}

/// What the profile says of members.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MemberRules {
    /// What becomes of the keys of a member who is removed: they stop with their creator, or they
    /// belong to the organization and stay.
    pub keys_follow_creator: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GrantRules {
    /// What a key gets when its creator names no grants.
    pub default: DefaultGrants,
    /// Whether a creator may name grants.
    pub is_choosable: bool,
    /// Whether a key has roles alone, each where it can be given, and one at each place.
    pub has_one_role_per_place: bool,
    /// Whether keys of members follow their creators' roles, and members give nothing else.
    pub members_inherit: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DefaultGrants {
    /// Nothing grants nothing.
    Nothing,
    /// Everything in the key's own project (or organization, for a key without one).
    AllOfOwn,
    /// What the creator may do at the moment of asking.
    Inherit,
    These(Grants),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Keys of one project that work: not revoked, expired, deleted or replaced by a successor.
    pub active_keys_per_project: Option<i64>,
    /// Keys of one organization, inactive and expired ones too: all but those that were revoked,
    /// deleted or replaced by a successor.
    pub keys_per_organization: Option<i64>,
    /// What a key gets whose creator names none, and the most that an organization gives its keys.
    pub rate_limit: Option<RateLimit>,
    /// The shortest time that a refused user is told to wait.
    pub retry_after: Span,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ExpiryRules {
    /// Whether the date can be changed after creation.
    pub is_editable: bool,
}

/// Where a credential is carried.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Carrier {
    /// `Authorization: Bearer …`
    Bearer,
    /// A header of its own, lower-case name.
    Header(String),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RenamedCode {
    pub code: String,
    pub status: u16,
}
