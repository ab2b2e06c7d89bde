//! What a key was used for.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// `GET /v1/keys/{id}/usage`, and `usage` in list rows. At most some seconds behind.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Usage {
    /// When it was last let through.
    pub last_used_at: Option<Timestamp>,
    /// When and why it was last refused.
    pub last_refusal: Option<Refusal>,
    /// Totals per hour, oldest first; hours without use are absent.
    pub hours: Vec<UsageHour>,
}

/// A refused use.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Refusal {
    /// When.
    pub at: Timestamp,
    /// Why, as in a verdict.
    pub reason: String,
    /// Where it came from, when that is known.
    pub address: Option<String>,
}

/// What happened in one hour.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct UsageHour {
    /// When the hour began.
    pub hour: Timestamp,
    /// How often it was let through.
    pub allowed: i64,
    /// How often it was refused, by reason.
    pub refused: BTreeMap<String, i64>,
}

/// `GET /v1/keys/{id}/usage`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, IntoParams, ToSchema)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct UsageQuery {
    /// From the hour of this moment on; absent: the last 24 hours.
    pub from: Option<Timestamp>,
}
