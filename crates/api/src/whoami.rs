//! Who a credential is, asked by its holder.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::management_key::ManagementKey;
use crate::member::Member;
use crate::verify::Principal;

/// `GET /v1/whoami`: exactly one of them is there.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Whoami {
    /// The key itself, when one was presented.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<Principal>,
    /// The management key, when one was presented.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub management_key: Option<ManagementKey>,
    /// The member, when the call came with a session.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub member: Option<Member>,
}
