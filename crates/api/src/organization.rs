//! Organizations: who everything belongs to.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::Metadata;
use crate::edit;

/// The owner of keys and projects.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Organization {
    /// Given by Keyway.
    pub id: String,
    /// For people.
    pub name: String,
    /// The product's own id for it; unique.
    pub external_id: Option<String>,
    /// The product's own notes.
    #[schema(value_type = Object)]
    pub metadata: Metadata,
    /// Suspended: none of its keys works.
    pub status: OrganizationStatus,
    /// When it was suspended.
    pub suspended_at: Option<Timestamp>,
    /// When it was created.
    pub created_at: Timestamp,
    /// Grows by one with each change.
    pub version: i64,
}

/// Whether an organization's keys work.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum OrganizationStatus {
    /// They do.
    Active,
    /// None does.
    Suspended,
}

/// `POST /v1/organizations`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateOrganization {
    /// For people.
    #[schema(min_length = 1, max_length = 253, example = "Acme")]
    pub name: String,
    /// The product's own id for it; unique.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(min_length = 1, max_length = 253)]
    pub external_id: Option<String>,
    /// At most 4 KiB.
    #[serde(default, skip_serializing_if = "Metadata::is_empty")]
    #[schema(value_type = Object)]
    pub metadata: Metadata,
}

/// `PATCH /v1/organizations/{id}`: absent stays, null takes away.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EditOrganization {
    /// For people.
    #[serde(
        default,
        deserialize_with = "edit::value",
        skip_serializing_if = "Option::is_none"
    )]
    #[schema(value_type = String, required = false, min_length = 1, max_length = 253)]
    pub name: Option<String>,
    /// The product's own id for it.
    #[serde(
        default,
        deserialize_with = "edit::given",
        skip_serializing_if = "Option::is_none"
    )]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 253)]
    pub external_id: Option<Option<String>>,
    /// Replaces the whole object.
    #[serde(
        default,
        deserialize_with = "edit::value",
        skip_serializing_if = "Option::is_none"
    )]
    #[schema(value_type = Object, required = false)]
    pub metadata: Option<Metadata>,
}
