//! How the richer fields are written on a command line.

use std::str::FromStr;

use keyway_api::Metadata;
use keyway_api::grant::{Grant, PermissionsGrant, RoleGrant};
use keyway_api::rate_limit::RateLimit;

/// `read,write@project/alpha`: permissions, then where.
pub(crate) fn parse_grant(raw: &str) -> Result<Grant, String> {
    let (words, resource) = split(
        raw,
        "PERMISSION,…@RESOURCE, such as read@* or read,write@project/a",
    )?;
    let permissions = words
        .split(',')
        .map(|word| word.trim().to_owned())
        .collect();
    Ok(Grant::Permissions(PermissionsGrant {
        permissions,
        resource,
    }))
}

/// `editor@project/alpha`: a role, then where.
pub(crate) fn parse_role(raw: &str) -> Result<Grant, String> {
    let (role, resource) = split(raw, "ROLE@RESOURCE, such as editor@project/a")?;
    Ok(Grant::Role(RoleGrant {
        role: role.to_owned(),
        resource,
    }))
}

fn split<'a>(raw: &'a str, shape: &str) -> Result<(&'a str, String), String> {
    match raw.split_once('@') {
        Some((what, resource)) if !what.is_empty() && !resource.is_empty() => {
            Ok((what, resource.to_owned()))
        }
        _ => Err(format!("expected {shape}; * as the resource is everything")),
    }
}

/// `alpha=viewer`: a project, then the role in it.
pub(crate) fn parse_project_role(raw: &str) -> Result<(String, String), String> {
    match raw.split_once('=') {
        Some((project, role)) if !project.is_empty() && !role.is_empty() => {
            Ok((project.to_owned(), role.to_owned()))
        }
        _ => Err("expected PROJECT=ROLE, such as alpha=viewer".to_owned()),
    }
}

/// `100/1m`: how often, and in how long.
pub(crate) fn parse_rate_limit(raw: &str) -> Result<RateLimit, String> {
    let shape = || "expected LIMIT/WINDOW, such as 100/1m".to_owned();
    let (limit, window) = raw.split_once('/').ok_or_else(shape)?;
    Ok(RateLimit {
        limit: limit.parse().map_err(|_| shape())?,
        window: window.to_owned(),
    })
}

pub(crate) fn rate_limit_text(it: Option<&RateLimit>) -> String {
    it.map(|it| format!("{}/{}", it.limit, it.window))
        .unwrap_or_default()
}

/// A field of which absent and taken away are two things.
#[expect(clippy::option_option, reason = "the wire tells absent from null")]
pub(crate) fn clearable<T>(value: Option<T>, is_cleared: bool) -> Option<Option<T>> {
    if is_cleared {
        Some(None)
    } else {
        value.map(Some)
    }
}

pub(crate) fn parse_metadata(raw: &str) -> Result<Metadata, String> {
    serde_json::from_str(raw).map_err(|error| format!("expected a JSON object: {error}"))
}

/// A moment in RFC 3339.
pub(crate) fn parse_moment(raw: &str) -> Result<jiff::Timestamp, String> {
    jiff::Timestamp::from_str(raw)
        .map_err(|_| "expected a moment such as 2027-01-31T00:00:00Z".to_owned())
}

/// Grants as they are written on a command line.
pub(crate) fn grants_text(grants: &[Grant]) -> String {
    let texts: Vec<String> = grants
        .iter()
        .map(|grant| match grant {
            Grant::Permissions(grant) => {
                format!("{}@{}", grant.permissions.join(","), grant.resource)
            }
            Grant::Role(grant) => format!("role {}@{}", grant.role, grant.resource),
            Grant::Inherit(grant) => match &grant.permissions {
                None => format!("what its creator may@{}", grant.resource),
                Some(words) => {
                    format!("{}, as its creator may@{}", words.join(","), grant.resource)
                }
            },
        })
        .collect();
    if texts.is_empty() {
        "none".to_owned()
    } else {
        texts.join("\n")
    }
}

/// Metadata on one line; nothing where there is none.
pub(crate) fn metadata_text(metadata: &Metadata) -> String {
    if metadata.is_empty() {
        return String::new();
    }
    serde_json::to_string(metadata).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_grant_is_read_and_written_the_same_way() {
        let grant = parse_grant("read,write@project/a").unwrap();
        assert_eq!(grants_text(&[grant]), "read,write@project/a");
        let role = parse_role("editor@*").unwrap();
        assert_eq!(grants_text(&[role]), "role editor@*");
    }

    #[test]
    fn a_grant_without_a_resource_is_no_grant_of_everything() {
        for raw in ["read", "read@", "@*", ""] {
            assert!(parse_grant(raw).is_err(), "{raw:?}");
            assert!(parse_role(raw).is_err(), "{raw:?}");
        }
        for raw in ["alpha", "=viewer", "alpha="] {
            assert!(parse_project_role(raw).is_err(), "{raw:?}");
        }
        assert!(parse_metadata("[]").is_err());
        assert!(parse_moment("tomorrow").is_err());
    }
}
