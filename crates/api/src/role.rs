//! Roles: named sets of permissions, which the profile defines.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// `GET /v1/roles`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Role {
    /// The word by which it is given.
    pub name: String,
    /// For people.
    pub title: String,
    /// What a sentence says about it.
    pub description: String,
    /// The product's permissions and patterns that it holds and hands on.
    pub permissions: Vec<String>,
    /// What its members may do here.
    pub manage: Vec<String>,
    /// What of `keys.…` its members may do with keys that they made, beside that.
    pub manage_own: Vec<String>,
    /// `organization`, `project`.
    pub places: Vec<String>,
}
