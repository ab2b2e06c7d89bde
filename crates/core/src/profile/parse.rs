//! Reads a profile file. Every fault names the key it is about.

use std::collections::BTreeMap;

use keyway_token::shape::{InvalidShape, Shape};
use keyway_token::template::Template;
use keyway_token::template::grammar::client_id_chars;

use super::labels::Labels;
use super::tables::{
    CatalogueValue, CodeTable, DefaultValue, GrantTable, GrantsTable, KeyTable, LimitsTable,
    MembersTable, ProfileFile, RevocationTable, RoleTable,
};
use super::tokens::TokensTable;
use super::{
    Carrier, Catalogue, DefaultGrants, ExpiryRules, GrantRules, KeyFormat, Limits, MemberRules,
    Profile, ProjectRule, RenamedCode, Role, Roles,
};
use crate::grant::{Grant, Grants, Right, RoleName};
use crate::id::ProjectId;
use crate::management::ManagementPermission;
use crate::permission::{Permission, PermissionPattern, PermissionSet};
use crate::text::Name;
use crate::time::Span;

/// Largest profile file, in bytes.
pub const PROFILE_BYTES_MAX: usize = 65_536;
/// Shortest lease: a server that lost its database must find out well within it.
pub const LEASE_MIN: Span = Span::from_secs(4);
/// Longest wait that a refused user is told at least.
pub const RETRY_AFTER_MAX: Span = Span::from_secs(3_600);
/// Longest lease: what a node lost without goodbye holds the next change for.
pub const LEASE_MAX: Span = Span::from_secs(300);

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidProfile {
    #[error("a profile is at most {PROFILE_BYTES_MAX} bytes")]
    TooLarge,
    #[error("{0}")]
    Toml(String),
    #[error("{key}: {fault}")]
    Value { key: String, fault: String },
}

pub(super) fn fault(key: &str, fault: &(impl ToString + ?Sized)) -> InvalidProfile {
    InvalidProfile::Value {
        key: key.to_owned(),
        fault: fault.to_string(),
    }
}

impl Profile {
    /// Reads and checks a profile file.
    pub fn parse(toml: &str) -> Result<Self, InvalidProfile> {
        if toml.len() > PROFILE_BYTES_MAX {
            return Err(InvalidProfile::TooLarge);
        }
        let file: ProfileFile =
            toml::from_str(toml).map_err(|error| InvalidProfile::Toml(error.to_string()))?;
        let name: ProjectId = file.name.parse().map_err(|error| fault("name", &error))?;
        let key = key_format(file.key)?;
        let permissions = catalogue(file.permissions.catalogue)?;
        let roles = roles(&file.roles, &permissions)?;
        let grants = grant_rules(file.grants, &permissions, &roles)?;
        let title: Name = file.title.parse().map_err(|error| fault("title", &error))?;
        Ok(Self {
            name: name.as_str().to_owned(),
            title: title.as_str().to_owned(),
            is_default: file.default,
            dialect: file.dialect,
            key,
            permissions,
            labels: Labels::read(file.permissions.labels)?,
            roles,
            members: members(&file.members)?,
            grants,
            limits: limits(&file.limits)?,
            tokens: file.tokens.map(TokensTable::read).transpose()?,
            expiry: ExpiryRules {
                is_editable: file.expiry.editable,
            },
            carriers: carriers(&file.carriers)?,
            codes: codes(file.codes)?,
            lease: lease(&file.revocation)?,
            pages: file.pages.read(title.as_str())?,
        })
    }
}

fn members(table: &MembersTable) -> Result<MemberRules, InvalidProfile> {
    match table.keys_of_removed.as_str() {
        "stay" => Ok(MemberRules {
            keys_follow_creator: false,
        }),
        "stop" => Ok(MemberRules {
            keys_follow_creator: true,
        }),
        _ => Err(fault("members.keys_of_removed", "is \"stay\" or \"stop\"")),
    }
}

fn key_format(table: KeyTable) -> Result<KeyFormat, InvalidProfile> {
    let client_id_chars = match &table.id {
        Some(text) => Some(client_id_chars(text).map_err(|error| fault("key.id", &error))?),
        None => None,
    };
    let template = match client_id_chars {
        Some(_) => Template::client_secret(&table.template),
        None => table.template.parse(),
    };
    let template = template.map_err(|error| fault("key.template", &error))?;
    if table.environments.is_empty() {
        return Err(fault("key.environments", "name at least one environment"));
    }
    for environment in &table.environments {
        let is_word = (1..=16).contains(&environment.len())
            && environment
                .bytes()
                .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit());
        if !is_word {
            return Err(fault(
                "key.environments",
                "an environment is 1 to 16 of a-z and 0-9",
            ));
        }
    }
    Shape::new(template.clone(), table.environments.clone(), &table.legacy)
        .map_err(|error| fault(key_at_fault(&error), &error))?;
    let project = match table.project.as_str() {
        "never" => ProjectRule::Never,
        "optional" => ProjectRule::Optional,
        "required" => ProjectRule::Required,
        "required-of-people" => ProjectRule::RequiredOfPeople,
        _ => {
            let rule = "is \"never\", \"optional\", \"required\" or \"required-of-people\"";
            return Err(fault("key.project", rule));
        }
    };
    Ok(KeyFormat {
        template,
        client_id_chars,
        environments: table.environments,
        legacy: table.legacy,
        display_secret_chars: table.display_secret_chars,
        has_suffix: table.suffix,
        project,
    })
}

fn key_at_fault(error: &InvalidShape) -> &'static str {
    match error {
        InvalidShape::NoEnvironment
        | InvalidShape::Environment(_)
        | InvalidShape::RepeatedEnvironment(_) => "key.environments",
        InvalidShape::ManagementPrefix => "key.template",
        InvalidShape::Legacy(_) => "key.legacy",
    }
}

fn catalogue(value: CatalogueValue) -> Result<Catalogue, InvalidProfile> {
    let key = "permissions.catalogue";
    match value {
        CatalogueValue::Word(word) if word == "open" => Ok(Catalogue::Open),
        CatalogueValue::Word(_) => Err(fault(key, "is \"open\" or a list of permissions")),
        CatalogueValue::List(words) => {
            let words: Result<Vec<Permission>, _> = words.iter().map(|word| word.parse()).collect();
            words
                .map(Catalogue::Words)
                .map_err(|error| fault(key, &error))
        }
    }
}

/// A word that a closed catalogue does not have is a slip, and would never be granted.
fn is_listed(pattern: &PermissionPattern, catalogue: &Catalogue) -> bool {
    match pattern {
        PermissionPattern::Word(word) => catalogue.contains(word),
        PermissionPattern::All
        | PermissionPattern::BeginsWith(_)
        | PermissionPattern::EndsWith(_) => true,
    }
}

fn roles(
    tables: &BTreeMap<String, RoleTable>,
    catalogue: &Catalogue,
) -> Result<Roles, InvalidProfile> {
    let mut roles = BTreeMap::new();
    for (name, table) in tables {
        let key = format!("roles.{name}");
        let role_name: RoleName = name.parse().map_err(|error| fault(&key, &error))?;
        roles.insert(role_name, role(&key, name, table, tables, catalogue)?);
    }
    Ok(Roles::of(roles))
}

fn role(
    key: &str,
    name: &str,
    table: &RoleTable,
    tables: &BTreeMap<String, RoleTable>,
    catalogue: &Catalogue,
) -> Result<Role, InvalidProfile> {
    let inner = contained(tables, table, key)?;
    let permissions = table.permissions.iter();
    let permissions = patterns(
        key,
        permissions.chain(inner.iter().flat_map(|it| &it.permissions)),
    )?;
    if let Some(word) = permissions
        .iter()
        .find(|pattern| !is_listed(pattern, catalogue))
    {
        return Err(fault(key, &format!("{word} is not in the catalogue")));
    }
    let with_inner = |own: fn(&RoleTable) -> &Vec<String>| {
        let tables = std::iter::once(table).chain(inner.iter().copied());
        patterns(key, tables.flat_map(own))
    };
    let manage = with_inner(|it| &it.manage)?;
    if let Some(word) = manage.iter().find(|pattern| !is_management(pattern)) {
        let rule = format!("{word} is nothing that a member can do here");
        return Err(fault(key, &rule));
    }
    let manage_own = with_inner(|it| &it.manage_own)?;
    if let Some(word) = manage_own.iter().find(|pattern| !is_about_keys(pattern)) {
        let rule = format!("{word} is nothing that is done with one's own keys");
        return Err(fault(key, &rule));
    }
    let is_for = |place: &str| table.places.iter().any(|it| it == place);
    if let Some(other) = table
        .places
        .iter()
        .find(|it| !matches!(it.as_str(), "organization" | "project"))
    {
        return Err(fault(
            key,
            &format!("{other} is no place: organization or project"),
        ));
    }
    Ok(Role {
        title: table.title.clone().unwrap_or_else(|| name.to_owned()),
        description: table.description.clone().unwrap_or_default(),
        permissions,
        manage,
        manage_own,
        is_for_organization: is_for("organization"),
        is_for_project: is_for("project"),
    })
}

fn patterns<'a>(
    key: &str,
    words: impl Iterator<Item = &'a String>,
) -> Result<Vec<PermissionPattern>, InvalidProfile> {
    let mut patterns = Vec::new();
    for word in words {
        let pattern = word.parse().map_err(|error| fault(key, &error))?;
        if !patterns.contains(&pattern) {
            patterns.push(pattern);
        }
    }
    Ok(patterns)
}

/// A word that is no management permission is a slip.
fn is_management(pattern: &PermissionPattern) -> bool {
    let is_known = |word: &Permission| {
        ManagementPermission::ALL
            .iter()
            .any(|it| it.as_str() == word.as_str())
    };
    match pattern {
        PermissionPattern::Word(word) => is_known(word),
        PermissionPattern::All
        | PermissionPattern::BeginsWith(_)
        | PermissionPattern::EndsWith(_) => true,
    }
}

/// Whether it is done with keys, and with them alone.
fn is_about_keys(pattern: &PermissionPattern) -> bool {
    match pattern {
        PermissionPattern::Word(word) => {
            is_management(pattern) && word.as_str().starts_with("keys.")
        }
        PermissionPattern::BeginsWith(start) => &**start == "keys.",
        PermissionPattern::All | PermissionPattern::EndsWith(_) => false,
    }
}

/// The roles that a role contains. One level: a contained role contains none.
fn contained<'a>(
    tables: &'a BTreeMap<String, RoleTable>,
    table: &RoleTable,
    key: &str,
) -> Result<Vec<&'a RoleTable>, InvalidProfile> {
    let mut inner = Vec::new();
    for name in &table.contains {
        let found = tables
            .get(name)
            .ok_or_else(|| fault(key, &format!("contains no role {name}")))?;
        if !found.contains.is_empty() {
            return Err(fault(
                key,
                &format!("contains {name}, which contains roles itself"),
            ));
        }
        inner.push(found);
    }
    Ok(inner)
}

fn grant_rules(
    table: GrantsTable,
    catalogue: &Catalogue,
    roles: &Roles,
) -> Result<GrantRules, InvalidProfile> {
    let key = "grants.default";
    let default = match table.default {
        DefaultValue::Word(word) if word == "nothing" => DefaultGrants::Nothing,
        DefaultValue::Word(word) if word == "all-of-own" => DefaultGrants::AllOfOwn,
        DefaultValue::Word(word) if word == "inherit" => DefaultGrants::Inherit,
        DefaultValue::Word(_) => {
            return Err(fault(
                key,
                "is \"nothing\", \"all-of-own\", \"inherit\" or a list of grants",
            ));
        }
        DefaultValue::List(tables) => {
            let grants: Result<Vec<Grant>, _> = tables
                .into_iter()
                .map(|table| grant(table, catalogue, roles))
                .collect();
            let grants = Grants::parse(grants?).map_err(|error| fault(key, &error))?;
            DefaultGrants::These(grants)
        }
    };
    Ok(GrantRules {
        default,
        is_choosable: table.choosable,
        has_one_role_per_place: table.one_role_per_place,
        members_inherit: table.members_inherit,
    })
}

fn grant(table: GrantTable, catalogue: &Catalogue, roles: &Roles) -> Result<Grant, InvalidProfile> {
    let key = "grants.default";
    let resource = table.resource.parse().map_err(|error| fault(key, &error))?;
    let right = match (table.permissions, table.role) {
        (Some(words), None) if words == ["*"] => Right::Permissions(PermissionSet::All),
        (Some(words), None) => {
            let words: Result<Vec<Permission>, _> = words.iter().map(|word| word.parse()).collect();
            let words = words.map_err(|error| fault(key, &error))?;
            if let Some(word) = words.iter().find(|word| !catalogue.contains(word)) {
                return Err(fault(key, &format!("{word} is not in the catalogue")));
            }
            Right::Permissions(PermissionSet::of(words))
        }
        (None, Some(role)) => {
            let role: RoleName = role.parse().map_err(|error| fault(key, &error))?;
            if !roles.exists(&role) {
                return Err(fault(key, &format!("there is no role {}", role.as_str())));
            }
            Right::Role(role)
        }
        (None, None) | (Some(_), Some(_)) => {
            return Err(fault(key, "a grant has either permissions or a role"));
        }
    };
    Ok(Grant { right, resource })
}

fn carriers(words: &[String]) -> Result<Vec<Carrier>, InvalidProfile> {
    let key = "carriers";
    if words.is_empty() {
        return Err(fault(key, "name at least one carrier"));
    }
    let mut carriers = Vec::with_capacity(words.len());
    for word in words {
        let carrier = match (word.as_str(), word.strip_prefix("header:")) {
            ("bearer", _) => Carrier::Bearer,
            (_, Some(name)) if is_header_name(name) => Carrier::Header(name.to_ascii_lowercase()),
            _ => return Err(fault(key, "a carrier is \"bearer\" or \"header:NAME\"")),
        };
        // One credential would read as two, and two are refused.
        if carriers.contains(&carrier) {
            return Err(fault(key, &format!("{word} is listed twice")));
        }
        carriers.push(carrier);
    }
    Ok(carriers)
}

fn is_header_name(name: &str) -> bool {
    let is_word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
    let is_reserved = ["authorization", "cookie", "host", "content-length"]
        .iter()
        .any(|reserved| name.eq_ignore_ascii_case(reserved));
    (1..=64).contains(&name.len()) && name.bytes().all(is_word) && !is_reserved
}

fn limits(table: &LimitsTable) -> Result<Limits, InvalidProfile> {
    let named = [
        ("active_keys_per_project", table.active_keys_per_project),
        ("keys_per_organization", table.keys_per_organization),
    ];
    for (name, limit) in named {
        if limit.is_some_and(|limit| limit < 1) {
            return Err(fault(&format!("limits.{name}"), "a limit is at least 1"));
        }
    }
    let rate_limit = table.rate_limit.as_deref().map(str::parse).transpose();
    Ok(Limits {
        active_keys_per_project: table.active_keys_per_project,
        keys_per_organization: table.keys_per_organization,
        rate_limit: rate_limit.map_err(|error| fault("limits.rate_limit", &error))?,
        retry_after: retry_after(table)?,
    })
}

fn retry_after(table: &LimitsTable) -> Result<Span, InvalidProfile> {
    let key = "limits.retry_after";
    let Some(text) = &table.retry_after else {
        return Ok(Span::ZERO);
    };
    let wait: Span = text.parse().map_err(|error| fault(key, &error))?;
    if wait <= RETRY_AFTER_MAX {
        Ok(wait)
    } else {
        Err(fault(key, "a wait is at most 1h"))
    }
}

fn lease(table: &RevocationTable) -> Result<Span, InvalidProfile> {
    let key = "revocation.lease";
    let lease: Span = table.lease.parse().map_err(|error| fault(key, &error))?;
    if (LEASE_MIN..=LEASE_MAX).contains(&lease) {
        Ok(lease)
    } else {
        Err(fault(key, "a lease is from 4s to 5m"))
    }
}

fn codes(
    tables: BTreeMap<String, CodeTable>,
) -> Result<BTreeMap<String, RenamedCode>, InvalidProfile> {
    let mut codes = BTreeMap::new();
    for (name, table) in tables {
        let key = format!("codes.{name}");
        let is_core = name
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte == b'_');
        if !is_core {
            return Err(fault(&key, "a code that is renamed is of a-z and _"));
        }
        let is_code = (1..=64).contains(&table.code.len())
            && table
                .code
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
        if !is_code {
            return Err(fault(&key, "a code is 1 to 64 of A-Z a-z 0-9 _"));
        }
        if !(400..=499).contains(&table.status) {
            return Err(fault(&key, "a status is from 400 to 499"));
        }
        codes.insert(
            name,
            RenamedCode {
                code: table.code,
                status: table.status,
            },
        );
    }
    Ok(codes)
}

#[cfg(test)]
mod tests;
