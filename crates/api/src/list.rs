//! The envelope of every list.

use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// One page, newest first.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct List<T> {
    /// The rows of this page.
    pub data: Vec<T>,
    /// Give it as `cursor` for the next page; null on the last one. Opaque.
    pub next_cursor: Option<String>,
}

/// Which page of a list, where a list has no other filter.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, IntoParams, ToSchema)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct PageQuery {
    /// Most rows to answer with.
    #[param(minimum = 1, maximum = 200)]
    pub limit: Option<u32>,
    /// The `next_cursor` of the page before.
    pub cursor: Option<String>,
}
