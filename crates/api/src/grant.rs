//! What a key may do, and where.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::object::Object;

/// *What* (`permissions`, a `role`, or `inherit`) *where* (`resource` and everything below it).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(untagged, try_from = "Object<GrantFields>")]
pub enum Grant {
    /// Permissions by name.
    Permissions(PermissionsGrant),
    /// Whatever a role of the profile holds.
    Role(RoleGrant),
    /// Whatever its creator may do at the moment of asking.
    Inherit(InheritGrant),
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

/// Whatever its creator, a member, may do at the moment of asking, narrowed to permissions where some
/// are named.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct InheritGrant {
    /// Always true.
    pub inherit: bool,
    /// No more than these.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_items = 256, example = json!(["read"]))]
    pub permissions: Option<Vec<String>>,
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
    inherit: Option<bool>,
    resource: String,
}

impl TryFrom<Object<GrantFields>> for Grant {
    type Error = &'static str;

    fn try_from(Object(fields): Object<GrantFields>) -> Result<Self, Self::Error> {
        let GrantFields {
            permissions,
            role,
            inherit,
            resource,
        } = fields;
        match (permissions, role, inherit) {
            (Some(permissions), None, None) => Ok(Self::Permissions(PermissionsGrant {
                permissions,
                resource,
            })),
            (None, Some(role), None) => Ok(Self::Role(RoleGrant { role, resource })),
            (permissions, None, Some(true)) => Ok(Self::Inherit(InheritGrant {
                inherit: true,
                permissions,
                resource,
            })),
            (_, _, Some(false)) => Err("inherit is true or left out"),
            (_, Some(_), Some(true)) => Err("a grant names a role or inherits, not both"),
            (Some(_), Some(_), None) => Err("a grant names permissions or a role, not both"),
            (None, None, None) => Err("a grant names permissions or a role, or inherits"),
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
            r#"{"inherit":true,"resource":"*"}"#,
            r#"{"inherit":true,"permissions":["read"],"resource":"*"}"#,
        ] {
            let grant: Grant = serde_json::from_str(good).unwrap();
            assert_eq!(serde_json::to_string(&grant).unwrap(), good);
        }
        for (bad, message) in [
            (r#"{"permissions":["read"]}"#, "missing field `resource`"),
            (
                r#"{"resource":"*"}"#,
                "a grant names permissions or a role, or inherits",
            ),
            (r#"{"inherit":false,"resource":"*"}"#, "inherit is true"),
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
