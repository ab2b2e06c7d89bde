//! Members: people in an organization.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::edit;

/// A person in one organization.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Member {
    /// Given by Keyway.
    pub id: String,
    /// Where the person is a member.
    pub organization: String,
    /// Unique among the organization's members, whatever its case.
    pub email: String,
    /// For people.
    pub name: String,
    /// A role of the profile, in the whole organization.
    pub role: String,
    /// Project to role; these add to the role in the organization.
    pub project_roles: BTreeMap<String, String>,
    /// When the person became a member.
    pub created_at: Timestamp,
    /// Who made the person one.
    pub created_by: String,
    /// Grows by one with each change; the `ETag` is made of it.
    pub version: i64,
}

/// `POST /v1/members`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateMember {
    /// May be left out by a caller who sees exactly one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub organization: Option<String>,
    /// The address that the person signs in with.
    #[schema(max_length = 254, example = "ann@example.com")]
    pub email: String,
    /// For people.
    #[schema(min_length = 1, max_length = 253, example = "Ann")]
    pub name: String,
    /// A role of the profile; never more than its giver holds.
    #[schema(example = "developer")]
    pub role: String,
    /// Project to role.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub project_roles: BTreeMap<String, String>,
}

/// `PATCH /v1/members/{id}`: absent stays.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EditMember {
    /// For people.
    #[serde(
        default,
        deserialize_with = "edit::value",
        skip_serializing_if = "Option::is_none"
    )]
    #[schema(value_type = String, required = false, min_length = 1, max_length = 253)]
    pub name: Option<String>,
    /// A role of the profile.
    #[serde(
        default,
        deserialize_with = "edit::value",
        skip_serializing_if = "Option::is_none"
    )]
    #[schema(value_type = String, required = false)]
    pub role: Option<String>,
    /// Replaces all roles in projects.
    #[serde(
        default,
        deserialize_with = "edit::value",
        skip_serializing_if = "Option::is_none"
    )]
    #[schema(value_type = BTreeMap<String, String>, required = false)]
    pub project_roles: Option<BTreeMap<String, String>>,
}

/// `GET /v1/members`, `GET /v1/invitations`, `GET /v1/portal-sessions`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, IntoParams, ToSchema)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct OrganizationQuery {
    /// Only this organization's.
    pub organization: Option<String>,
    /// Most rows to answer with.
    #[param(minimum = 1, maximum = 200)]
    pub limit: Option<u32>,
    /// The `next_cursor` of the page before.
    pub cursor: Option<String>,
}
