//! Grants as JSON text: `[{"permissions":["read"],"resource":"*"}]`, `"permissions":"*"` for all,
//! `"role"` in their place for a role,
//! `"inherit":true` beside them or alone for what is the creator's.

use std::collections::HashMap;

use keyway_core::grant::{Grant, Grants, Right};
use keyway_core::permission::{Permission, PermissionSet};
use serde::{Deserialize, Serialize};

/// Different texts remembered while reading one page after another.
const REMEMBERED_MAX: usize = 1_024;

#[derive(Serialize, Deserialize)]
struct Stored<'a> {
    #[serde(skip_serializing_if = "Option::is_none", borrow, default)]
    permissions: Option<Permissions<'a>>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    role: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    inherit: Option<bool>,
    resource: &'a str,
}

#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum Permissions<'a> {
    /// `*`
    All(&'a str),
    #[serde(borrow)]
    Words(Vec<&'a str>),
}

pub(crate) fn to_json(grants: &Grants) -> Result<String, serde_json::Error> {
    if grants.is_empty() {
        return Ok("[]".to_owned());
    }
    let stored: Vec<Stored<'_>> = grants.as_slice().iter().map(Stored::of).collect();
    serde_json::to_string(&stored)
}

fn from_json(json: &str) -> Result<Grants, String> {
    let stored: Vec<Stored<'_>> = serde_json::from_str(json).map_err(|it| it.to_string())?;
    let grants: Result<Vec<Grant>, String> = stored.into_iter().map(Stored::grant).collect();
    Grants::parse(grants?).map_err(|it| it.to_string())
}

impl<'a> Stored<'a> {
    fn of(grant: &'a Grant) -> Self {
        let (permissions, role, inherit) = match &grant.right {
            Right::Permissions(set) => (Some(Permissions::of(set)), None, None),
            Right::Role(name) => (None, Some(name.as_str()), None),
            Right::Inherit(narrowed) => (narrowed.as_ref().map(Permissions::of), None, Some(true)),
        };
        Self {
            permissions,
            role,
            inherit,
            resource: grant.resource.as_str(),
        }
    }

    fn grant(self) -> Result<Grant, String> {
        let right = match (self.permissions, self.role, self.inherit) {
            (Some(permissions), None, None) => Right::Permissions(permissions.set()?),
            (None, Some(role), None) => {
                Right::Role(role.parse().map_err(|_| "no role name".to_owned())?)
            }
            (None, None, Some(true)) => Right::Inherit(None),
            (Some(permissions), None, Some(true)) => Right::Inherit(Some(permissions.set()?)),
            _ => return Err("a grant is permissions, a role or inherited".to_owned()),
        };
        let resource = self
            .resource
            .parse()
            .map_err(|_| "no resource".to_owned())?;
        Ok(Grant { right, resource })
    }
}

impl<'a> Permissions<'a> {
    fn of(set: &'a PermissionSet) -> Self {
        match set {
            PermissionSet::All => Self::All("*"),
            PermissionSet::Words(words) => {
                Self::Words(words.iter().map(Permission::as_str).collect())
            }
        }
    }

    fn set(self) -> Result<PermissionSet, String> {
        match self {
            Self::All("*") => Ok(PermissionSet::All),
            Self::All(_) => Err("one word is a list of one".to_owned()),
            Self::Words(words) => {
                let words: Result<Vec<Permission>, _> =
                    words.into_iter().map(str::parse::<Permission>).collect();
                words.map(PermissionSet::of).map_err(|it| it.to_string())
            }
        }
    }
}

/// Parses grants and remembers the texts it has seen.
#[derive(Debug, Default)]
pub(crate) struct GrantsReader {
    seen: HashMap<String, Grants>,
}

impl GrantsReader {
    pub(crate) fn read(&mut self, json: &str) -> Result<Grants, String> {
        if json == "[]" {
            return Ok(Grants::none());
        }
        if let Some(grants) = self.seen.get(json) {
            return Ok(grants.clone());
        }
        let grants = from_json(json)?;
        if self.seen.len() < REMEMBERED_MAX {
            self.seen.insert(json.to_owned(), grants.clone());
        }
        Ok(grants)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn grants_read_back_as_they_were_written() {
        let permissions = |words: &[&str]| {
            let words = words.iter().map(|word| word.parse().unwrap()).collect();
            Right::Permissions(PermissionSet::of(words))
        };
        let grants = Grants::parse(vec![
            Grant {
                right: permissions(&["write", "read"]),
                resource: "*".parse().unwrap(),
            },
            Grant {
                right: Right::Permissions(PermissionSet::All),
                resource: "project/a/workflow/w".parse().unwrap(),
            },
            Grant {
                right: Right::Role("editor".parse().unwrap()),
                resource: "project/a".parse().unwrap(),
            },
            Grant {
                right: permissions(&[]),
                resource: "*".parse().unwrap(),
            },
            Grant {
                right: Right::Inherit(None),
                resource: "*".parse().unwrap(),
            },
            Grant {
                right: Right::Inherit(Some(PermissionSet::of(vec!["read".parse().unwrap()]))),
                resource: "*".parse().unwrap(),
            },
        ])
        .unwrap();
        let json = to_json(&grants).unwrap();
        assert_eq!(
            json,
            r#"[{"permissions":["read","write"],"resource":"*"},{"permissions":"*","resource":"project/a/workflow/w"},{"role":"editor","resource":"project/a"},{"permissions":[],"resource":"*"},{"inherit":true,"resource":"*"},{"permissions":["read"],"inherit":true,"resource":"*"}]"#
        );
        assert_eq!(GrantsReader::default().read(&json), Ok(grants));
        assert!(from_json(r#"[{"resource":"*"}]"#).is_err());
        assert!(from_json(r#"[{"permissions":"x","resource":"*"}]"#).is_err());
    }
}
