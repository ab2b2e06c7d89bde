//! Reads a profile file. Every fault names the key it is about.

use std::collections::BTreeMap;

use keyway_token::shape::{InvalidShape, Shape};
use keyway_token::template::Template;

use super::labels::Labels;
use super::tables::{
    CatalogueValue, CodeTable, DefaultValue, GrantTable, GrantsTable, KeyTable, LimitsTable,
    MembersTable, ProfileFile, RevocationTable, RoleTable,
};
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
            key,
            permissions,
            labels: Labels::read(file.permissions.labels)?,
            roles,
            members: members(&file.members)?,
            grants,
            limits: limits(&file.limits)?,
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
    let template: Template = table
        .template
        .parse()
        .map_err(|error| fault("key.template", &error))?;
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
        "optional" => ProjectRule::Optional,
        "required" => ProjectRule::Required,
        _ => return Err(fault("key.project", "is \"optional\" or \"required\"")),
    };
    Ok(KeyFormat {
        template,
        environments: table.environments,
        legacy: table.legacy,
        display_secret_chars: table.display_secret_chars,
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
    let manage = table.manage.iter();
    let manage = patterns(key, manage.chain(inner.iter().flat_map(|it| &it.manage)))?;
    if let Some(word) = manage.iter().find(|pattern| !is_management(pattern)) {
        return Err(fault(
            key,
            &format!("{word} is nothing that a member can do here"),
        ));
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
        DefaultValue::Word(_) => {
            return Err(fault(
                key,
                "is \"nothing\", \"all-of-own\" or a list of grants",
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
    let active_keys_per_project = table.active_keys_per_project;
    if active_keys_per_project.is_some_and(|limit| limit < 1) {
        let key = "limits.active_keys_per_project";
        return Err(fault(key, "a limit is at least 1"));
    }
    Ok(Limits {
        active_keys_per_project,
    })
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
mod tests {
    use super::*;
    use crate::profile::DefaultGrants;

    const KEYWAY: &str = include_str!("../../../../profiles/keyway.toml");
    const NOUKAI: &str = include_str!("../../../../profiles/noukai.toml");

    /// A closed catalogue and one of everything that a profile may hold.
    const SMALL: &str = r#"
name = "small"
title = "Small"
carriers = ["header:X-Small-Key", "bearer"]

[key]
template = "sm_{env}_{secret:base62:22}"
environments = ["prod", "dev"]
legacy = ["old-[0-9]{6}"]
display_secret_chars = 3
project = "optional"

[permissions]
catalogue = ["read", "orders.write"]

[roles.reader]
permissions = ["read"]

[roles.writer]
permissions = ["orders.*", "read"]
contains = ["reader"]

[grants]
choosable = true
default = [{ role = "reader", resource = "*" }, { permissions = ["read"], resource = "project/a" }]

[limits]
active_keys_per_project = 1

[expiry]
editable = true

[revocation]
lease = "4s"

[codes.key_limit_reached]
code = "TooMany"
status = 499
"#;

    /// The fault of the small profile with one piece replaced.
    fn fault_of(piece: &str, by: &str) -> String {
        assert_eq!(SMALL.matches(piece).count(), 1, "{piece}");
        let changed = SMALL.replace(piece, by);
        Profile::parse(&changed).unwrap_err().to_string()
    }

    fn words(profile: &Profile, role: &str) -> Vec<String> {
        profile.roles.words(&role.parse().unwrap())
    }

    #[test]
    fn a_profile_is_read_whole() {
        let profile = Profile::parse(SMALL).unwrap();
        assert_eq!((&*profile.name, &*profile.title), ("small", "Small"));
        assert!(!profile.is_default);
        assert_eq!(profile.key.template.as_str(), "sm_{env}_{secret:base62:22}");
        assert_eq!(profile.key.environments, ["prod", "dev"]);
        assert_eq!(profile.key.legacy, ["old-[0-9]{6}"]);
        assert_eq!(profile.key.display_secret_chars, 3);
        assert_eq!(profile.key.project, ProjectRule::Optional);
        let has = |word: &str| profile.permissions.contains(&word.parse().unwrap());
        assert!(has("read") && has("orders.write") && !has("orders.read"));
        assert_eq!(words(&profile, "writer"), ["orders.*", "read"]);
        assert!(profile.grants.is_choosable);
        let DefaultGrants::These(grants) = &profile.grants.default else {
            panic!("{:?}", profile.grants.default);
        };
        let places: Vec<&str> = grants
            .as_slice()
            .iter()
            .map(|it| it.resource.as_str())
            .collect();
        assert_eq!(places, ["*", "project/a"]);
        assert_eq!(profile.limits.active_keys_per_project, Some(1));
        let header = Carrier::Header("x-small-key".to_owned());
        assert_eq!(profile.carriers, [header, Carrier::Bearer]);
        let renamed = RenamedCode {
            code: "TooMany".to_owned(),
            status: 499,
        };
        assert_eq!(profile.codes.get("key_limit_reached"), Some(&renamed));
        assert_eq!(profile.lease, LEASE_MIN);
    }

    #[test]
    fn the_default_profile_is_open_and_grants_nothing_by_itself() {
        let profile = Profile::parse(KEYWAY).unwrap();
        assert_eq!((&*profile.name, profile.is_default), ("keyway", true));
        assert_eq!(
            profile.key.template.as_str(),
            "kw_{env}_{id:12}_{secret:base62:40}{check:6}"
        );
        assert_eq!(profile.key.environments, ["live", "test"]);
        assert_eq!(profile.key.project, ProjectRule::Optional);
        assert_eq!(profile.permissions, Catalogue::Open);
        let api_key = Carrier::Header("x-api-key".to_owned());
        assert_eq!(profile.carriers, [Carrier::Bearer, api_key]);
        let names: Vec<&str> = profile
            .roles
            .iter()
            .map(|(name, _)| name.as_str())
            .collect();
        assert_eq!(names, ["admin", "developer", "owner", "viewer"]);
        assert_eq!(words(&profile, "admin"), ["*"]);
        assert_eq!(words(&profile, "viewer"), ["read", "*.read"]);
        assert_eq!(profile.grants.default, DefaultGrants::Nothing);
        assert!(profile.grants.is_choosable && profile.expiry.is_editable);
        assert_eq!(profile.limits.active_keys_per_project, None);
        assert_eq!(profile.lease, Span::from_secs(30));
        assert!(profile.codes.is_empty());
    }

    #[test]
    fn the_noukai_profile_gives_a_key_its_project_and_ten_to_a_project() {
        let profile = Profile::parse(NOUKAI).unwrap();
        assert_eq!((&*profile.name, profile.is_default), ("noukai", false));
        assert_eq!(
            profile.key.template.as_str(),
            "nk_{env}_{id:8}_{secret:base62:32}"
        );
        assert_eq!(profile.key.environments, ["live", "test"]);
        assert_eq!(profile.key.project, ProjectRule::Required);
        assert_eq!(profile.carriers, [Carrier::Bearer]);
        assert_eq!(profile.grants.default, DefaultGrants::AllOfOwn);
        assert!(!profile.grants.is_choosable && !profile.expiry.is_editable);
        assert_eq!(profile.limits.active_keys_per_project, Some(10));
        assert_eq!(profile.lease, Span::from_secs(20));
        let renamed: Vec<(&str, &str, u16)> = profile
            .codes
            .iter()
            .map(|(name, to)| (&**name, &*to.code, to.status))
            .collect();
        assert_eq!(
            renamed,
            [
                ("api_key_expired", "API_KEY_EXPIRED", 401),
                ("api_key_inactive", "API_KEY_INVALID", 401),
                ("api_key_invalid", "API_KEY_INVALID", 401),
                ("api_key_malformed", "API_KEY_INVALID", 401),
                ("api_key_missing", "AUTH_REQUIRED", 401),
                ("api_key_revoked", "API_KEY_REVOKED", 401),
                ("insufficient_permissions", "ROLE_FORBIDDEN", 403),
                ("invalid_request", "INVALID_REQUEST", 422),
                ("key_limit_reached", "KEY_LIMIT_REACHED", 429),
                ("out_of_scope", "PROJECT_FORBIDDEN", 403),
            ]
        );
    }

    /// A piece of the small profile, what stands in its place, and how the fault begins.
    const FAULTS: &[(&str, &str, &str)] = &[
        ("name = \"small\"", "name = \"a/b\"", "name: "),
        ("title = \"Small\"", "title = \"\"", "title: "),
        (
            "[\"header:X-Small-Key\", \"bearer\"]",
            "[]",
            "carriers: name at least one carrier",
        ),
        ("\"bearer\"", "\"cookie\"", "carriers: a carrier is"),
        ("\"bearer\"", "\"header:Cookie\"", "carriers: a carrier is"),
        ("\"bearer\"", "\"header:\"", "carriers: a carrier is"),
        ("\"bearer\"", "\"header:a b\"", "carriers: a carrier is"),
        (
            "\"bearer\"",
            "\"header:x-small-key\"",
            "carriers: header:x-small-key is listed twice",
        ),
        ("sm_{env}", "s{env}", "key.template: a template begins with"),
        (
            "sm_{env}",
            "kw_mgmt_{env}",
            "key.template: keys of this template could begin",
        ),
        (
            "[\"prod\", \"dev\"]",
            "[]",
            "key.environments: name at least one",
        ),
        ("\"dev\"", "\"Dev\"", "key.environments: an environment is"),
        ("\"dev\"", "\"\"", "key.environments: an environment is"),
        (
            "\"dev\"",
            "\"abcdefghijklmnopq\"",
            "key.environments: an environment is",
        ),
        (
            "\"dev\"",
            "\"prod\"",
            "key.environments: the environment `prod` is listed twice",
        ),
        (
            "old-[0-9]{6}",
            "old-[0-9",
            "key.legacy: the pattern `old-[0-9`",
        ),
        (
            "\"optional\"",
            "\"maybe\"",
            "key.project: is \"optional\" or",
        ),
        (
            "\"orders.write\"",
            "\"Orders\"",
            "permissions.catalogue: a permission is",
        ),
        (
            "[\"read\", \"orders.write\"]",
            "\"closed\"",
            "permissions.catalogue: is \"open\"",
        ),
        (
            "[\"orders.*\", \"read\"]",
            "[\"o*\"]",
            "roles.writer: a permission is",
        ),
        (
            "[\"orders.*\", \"read\"]",
            "[\"wrong\"]",
            "roles.writer: wrong is not in",
        ),
        (
            "[\"reader\"]",
            "[\"nobody\"]",
            "roles.writer: contains no role nobody",
        ),
        (
            "[\"reader\"]",
            "[\"writer\"]",
            "roles.writer: contains writer, which contains",
        ),
        (
            "role = \"reader\"",
            "role = \"nobody\"",
            "grants.default: there is no role nobody",
        ),
        (
            "{ permissions = [\"read\"]",
            "{ permissions = [\"x\"]",
            "grants.default: x is not",
        ),
        ("\"project/a\"", "\"a\"", "grants.default: a resource is"),
        (
            "role = \"reader\",",
            "role = \"reader\", permissions = [],",
            "grants.default: a grant has either",
        ),
        (
            "active_keys_per_project = 1",
            "active_keys_per_project = 0",
            "limits.active_keys",
        ),
        (
            "lease = \"4s\"",
            "lease = \"3s\"",
            "revocation.lease: a lease is from 4s to 5m",
        ),
        (
            "lease = \"4s\"",
            "lease = \"301s\"",
            "revocation.lease: a lease is from 4s to 5m",
        ),
        (
            "lease = \"4s\"",
            "lease = \"soon\"",
            "revocation.lease: a span is",
        ),
        (
            "codes.key_limit_reached",
            "codes.KeyLimit",
            "codes.KeyLimit: a code that is",
        ),
        (
            "\"TooMany\"",
            "\"Too many\"",
            "codes.key_limit_reached: a code is",
        ),
        (
            "status = 499",
            "status = 500",
            "codes.key_limit_reached: a status is",
        ),
        (
            "status = 499",
            "status = 399",
            "codes.key_limit_reached: a status is",
        ),
    ];

    #[test]
    fn each_fault_names_its_key() {
        for (piece, by, wanted) in FAULTS {
            let fault = fault_of(piece, by);
            assert!(fault.starts_with(wanted), "{by}: {fault}");
        }
    }

    #[test]
    fn an_unknown_or_missing_key_is_an_error_in_every_table() {
        let tables = [
            ("title = \"Small\"", ""),
            ("display_secret_chars = 3", "key"),
            ("catalogue = ", "permissions"),
            ("contains = [\"reader\"]", "roles.writer"),
            ("choosable = true", "grants"),
            ("active_keys_per_project = 1", "limits"),
            ("editable = true", "expiry"),
            ("lease = \"4s\"", "revocation"),
            ("status = 499", "codes.key_limit_reached"),
        ];
        for (line, table) in tables {
            let fault = fault_of(line, &format!("misspelt = 1\n{line}"));
            assert!(
                fault.contains("unknown field `misspelt`"),
                "{table}: {fault}"
            );
        }
        let fault = fault_of("[expiry]", "[unheard_of]\n[expiry]");
        assert!(fault.contains("unknown field `unheard_of`"), "{fault}");
        for key in [
            "carriers = ",
            "template = ",
            "catalogue = ",
            "choosable = ",
            "lease = ",
        ] {
            let line = SMALL.lines().find(|line| line.starts_with(key)).unwrap();
            let fault = fault_of(line, "");
            let name = key.trim_end_matches(" = ");
            assert!(
                fault.contains(&format!("missing field `{name}`")),
                "{fault}"
            );
        }
    }

    #[test]
    fn a_value_of_another_kind_is_told_by_line_and_by_what_belongs_there() {
        let cases = [
            (
                "[\"read\", \"orders.write\"]",
                "7",
                "permissions.catalogue is \"open\" or a list",
            ),
            (
                "role = \"reader\"",
                "roles = \"reader\"",
                "grants.default is \"nothing\",",
            ),
            (
                "editable = true",
                "editable = \"yes\"",
                "expected a boolean",
            ),
            (
                "display_secret_chars = 3",
                "display_secret_chars = -1",
                "expected usize",
            ),
            ("status = 499", "status = 70000", "expected u16"),
        ];
        for (piece, by, wanted) in cases {
            let fault = fault_of(piece, by);
            assert!(fault.contains(wanted), "{fault}");
            assert!(fault.starts_with("TOML parse error at line"), "{fault}");
        }
    }

    /// S-ASVS-07: a plain SHA-256 is enough only for what nobody can guess.
    #[test]
    fn a_template_that_draws_too_little_is_refused_with_its_bits() {
        let table = [
            ("base62:18", Some(107)),
            ("base62:19", Some(113)),
            ("base62:21", Some(125)),
            ("base62:22", None),
            ("hex:28", Some(112)),
            ("hex:31", Some(124)),
            ("hex:32", None),
        ];
        for (secret, weak) in table {
            let changed = SMALL.replace("base62:22", secret);
            let refused = Profile::parse(&changed).err().map(|it| it.to_string());
            let wanted =
                weak.map(|bits| format!("key.template: the secret has {bits} bits and needs 128"));
            assert_eq!(refused, wanted, "{secret}");
        }
    }

    #[test]
    fn whatever_a_profile_shows_of_a_secret_112_bits_stay_hidden() {
        struct Zeros;
        impl keyway_token::entropy::Entropy for Zeros {
            fn fill(&mut self, bytes: &mut [u8]) {
                bytes.fill(0);
            }
        }
        let greedy = SMALL.replace("display_secret_chars = 3", "display_secret_chars = 22");
        let key = Profile::parse(&greedy).unwrap().key;
        let minted = key.template.mint("prod", None, &mut Zeros);
        let raw = minted.secret.expose();
        let shown = key
            .template
            .display_prefix(raw, key.display_secret_chars)
            .len()
            + key.template.suffix(raw).len();
        let hidden_millibits = (raw.len() - shown) * 5_954;
        assert!(hidden_millibits >= 112_000, "{hidden_millibits}");
    }

    #[test]
    fn a_profile_that_is_too_large_is_not_read() {
        let large = format!("{SMALL}#{}", "x".repeat(PROFILE_BYTES_MAX));
        assert_eq!(
            Profile::parse(&large).unwrap_err(),
            InvalidProfile::TooLarge
        );
    }
}
