//! Resources: what a product lets keys reach, by path and name.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// A path inside a project, and what the product calls it. Menus show the name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Resource {
    /// As grants name it, `project/ID/workflow/wf_9`; unique in its organization.
    pub path: String,
    /// Whose it is.
    pub organization: String,
    /// For people.
    pub name: String,
    /// When the product told of it.
    pub created_at: Timestamp,
    /// Grows by one with each change.
    pub version: i64,
}

/// `PUT /v1/resources/{path}`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PutResource {
    /// For people.
    #[schema(min_length = 1, max_length = 253, example = "Send mail")]
    pub name: String,
}

/// Whose resource is meant.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, IntoParams, ToSchema)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ResourceQuery {
    /// May be left out by a caller who sees exactly one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub organization: Option<String>,
}

/// A change of one resource.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, IntoParams, ToSchema)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ChangeResourceQuery {
    /// May be left out by a caller who sees exactly one.
    pub organization: Option<String>,
    /// How long to wait until it holds everywhere: a number with a unit, such as `30s`.
    #[param(example = "30s")]
    pub wait: Option<String>,
}

/// `GET /v1/resources`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, IntoParams, ToSchema)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ResourcesQuery {
    /// Only this organization's.
    pub organization: Option<String>,
    /// Only this path and what lies below it, by whole segments.
    #[param(example = "project/alpha/workflow")]
    pub prefix: Option<String>,
    /// Most rows to answer with.
    #[param(minimum = 1, maximum = 200)]
    pub limit: Option<u32>,
    /// The `next_cursor` of the page before.
    pub cursor: Option<String>,
}
