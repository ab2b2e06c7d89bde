//! What a key may do, and where.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::object::Object;

/// *What* (either `permissions` or a `role`) *where* (`resource` and everything below it).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(untagged, try_from = "Object<GrantFields>")]
pub enum Grant {
    /// Permissions by name.
    Permissions(PermissionsGrant),
    /// Whatever a role of the profile holds.
    Role(RoleGrant),
}

/// Permissions by name; `*` is all of them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PermissionsGrant {
    /// Words of the profile's catalogue, or `*` alone.
    #[schema(max_items = 256, example = json!(["read"]))]
    pub permissions: Vec<String>,
    /// `*`, `project/ID`, or a deeper path such as `project/ID/workflow/wf_9`.
    #[schema(example = "project/alpha")]
    pub resource: String,
}

/// A role of the profile.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RoleGrant {
    /// The role's name in the profile.
    pub role: String,
    /// `*`, `project/ID`, or a deeper path.
    #[schema(example = "*")]
    pub resource: String,
}

/// How a grant is read. An untagged enum would answer every mistake with "matched no variant"; this
/// names the field that is wrong.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct GrantFields {
    permissions: Option<Vec<String>>,
    role: Option<String>,
    resource: String,
}

impl TryFrom<Object<GrantFields>> for Grant {
    type Error = &'static str;

    fn try_from(Object(fields): Object<GrantFields>) -> Result<Self, Self::Error> {
        let GrantFields {
            permissions,
            role,
            resource,
        } = fields;
        match (permissions, role) {
            (Some(permissions), None) => Ok(Self::Permissions(PermissionsGrant {
                permissions,
                resource,
            })),
            (None, Some(role)) => Ok(Self::Role(RoleGrant { role, resource })),
            (Some(_), Some(_)) => Err("a grant names permissions or a role, not both"),
            (None, None) => Err("a grant names permissions or a role"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_grant_names_permissions_or_a_role_and_says_what_is_wrong() {
        for good in [
            r#"{"permissions":["read"],"resource":"*"}"#,
            r#"{"role":"editor","resource":"project/a"}"#,
        ] {
            let grant: Grant = serde_json::from_str(good).unwrap();
            assert_eq!(serde_json::to_string(&grant).unwrap(), good);
        }
        for (bad, message) in [
            (r#"{"permissions":["read"]}"#, "missing field `resource`"),
            (r#"{"resource":"*"}"#, "a grant names permissions or a role"),
            (
                r#"{"permissions":[],"role":"a","resource":"*"}"#,
                "not both",
            ),
            (r#"[["read"],null,"*"]"#, "expected an object"),
            (
                r#"{"permissions":["read"],"resource":"*","x":1}"#,
                "unknown field `x`",
            ),
        ] {
            let error = serde_json::from_str::<Grant>(bad).unwrap_err().to_string();
            assert!(error.contains(message), "{error}");
        }
    }
}
