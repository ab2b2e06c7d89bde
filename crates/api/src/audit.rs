//! The audit log.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::{IntoParams, ToSchema};

/// One thing that was done.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Entry {
    /// Its place; entries are counted from 1 without gaps.
    pub seq: i64,
    /// When.
    pub at: Timestamp,
    /// Whose log it is in; null: the whole deployment's.
    pub organization: Option<String>,
    /// Who did it, such as `management_key/mk_1`.
    pub actor: String,
    /// What, such as `key.revoked`.
    pub action: String,
    /// To what: an id. The action says of which kind.
    pub target: String,
    /// What else is to be known.
    #[schema(value_type = Object)]
    pub detail: Map<String, Value>,
    /// The same as in the problem and in the server's log.
    pub request_id: String,
    /// Names and addresses; null once they were erased.
    #[schema(value_type = Option<Object>)]
    pub personal: Option<Map<String, Value>>,
    /// The hash of the entry before it, in hex.
    pub prev_hash: String,
    /// Over everything above, in hex.
    pub hash: String,
}

/// `GET /v1/audit`, newest first. With `Accept: application/x-ndjson` all of it, one entry per line,
/// oldest first.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, IntoParams, ToSchema)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct AuditQuery {
    /// Only this organization's.
    pub organization: Option<String>,
    /// Only by this actor.
    pub actor: Option<String>,
    /// Only this action.
    pub action: Option<String>,
    /// Only about this target.
    pub target: Option<String>,
    /// Only from this moment on.
    pub from: Option<Timestamp>,
    /// Only before this moment.
    pub before: Option<Timestamp>,
    /// Most rows to answer with; no meaning in an export.
    #[param(minimum = 1, maximum = 200)]
    pub limit: Option<u32>,
    /// The `next_cursor` of the page before; no meaning in an export.
    pub cursor: Option<String>,
}

/// `GET /v1/audit/verify`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, IntoParams, ToSchema)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct AuditVerifyQuery {
    /// A head noted earlier, outside, as `seq:hash`: without one, a log cut short together with its
    /// head cannot be told from one that never was longer.
    pub head: Option<String>,
}

/// What reading the whole log again found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AuditVerified {
    /// Whether every entry is what was written.
    pub is_whole: bool,
    /// The last entry as `seq:hash`, to note outside; null when the log is not whole.
    pub head: Option<String>,
    /// The first entry that is not what was written.
    pub broken_at: Option<i64>,
    /// What is wrong with it, for people.
    pub fault: Option<String>,
}
