//! What every change has in common.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// A changed object, and the moment from which the change holds everywhere.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Effective<T> {
    /// The object as it is now.
    #[serde(flatten)]
    pub object: T,
    /// From this moment on no server answers by the state before.
    pub effective_everywhere_at: Timestamp,
}

/// The answer to a change that leaves nothing to show.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Done {
    /// From this moment on no server answers by the state before.
    pub effective_everywhere_at: Timestamp,
}

/// How long a change may wait until it holds everywhere.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, IntoParams, ToSchema)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct WaitQuery {
    /// A number with a unit, such as `30s`.
    #[param(example = "30s")]
    pub wait: Option<String>,
}
