//! Following: every change that bears on keys, a line each, as soon as it holds on the server asked.

use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// `GET /v1/follow`.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, IntoParams, ToSchema,
)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct FollowQuery {
    /// The `seq` of the last line that was read: changes behind it come first. Without it, only what
    /// happens from now on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[param(minimum = 0)]
    pub after: Option<u64>,
}

/// A line of the answer. Kinds may be added; read over those that are not known.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum FollowLine {
    /// The first line: everything behind this place comes.
    Position(FollowPosition),
    /// Something that bears on keys was changed, and holds.
    Change(FollowedChange),
    /// Nothing happened for a while; everything up to this place has been told.
    Heartbeat(FollowPosition),
    /// The last line, where the server ends the answer.
    End(FollowEnd),
}

/// A place in the order of changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct FollowPosition {
    /// Grows; may be given as `after`.
    pub seq: i64,
}

/// One change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct FollowedChange {
    /// Its place in the order of changes; may be given as `after`.
    pub seq: i64,
    /// As in the audit log, such as `key.revoked`.
    pub action: String,
    /// Which keys may be answered differently since then.
    pub touches: Touches,
    /// Whose keys; null where it is everybody's.
    pub organization: Option<String>,
    /// The ids of the keys, where it is single ones.
    pub keys: Vec<String>,
}

/// Which keys a change bears on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Touches {
    /// Those that are named.
    Keys,
    /// Any of the organization.
    Organization,
    /// Any.
    Everything,
}

/// Why the server ends the answer, and what to do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct FollowEnd {
    /// For programs.
    pub reason: FollowEndReason,
    /// For people.
    pub detail: String,
}

/// Why the server ends the answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum FollowEndReason {
    /// More happened than was read in time. Follow again behind the last line.
    TooSlow,
    /// The server stops. Follow again behind the last line.
    Stopping,
    /// The management key ended, or may not follow any more.
    Denied,
    /// Changes were lost; nothing that was told is certain. Ask about every key again.
    Lost,
}
