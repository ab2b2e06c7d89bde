//! How often a key may be used, and what is left of that.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// So many uses in each window, spread as the user likes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RateLimit {
    /// How many.
    #[schema(minimum = 1, maximum = 1_000_000, example = 100)]
    pub limit: u32,
    /// In how long: a number with a unit, from `1s` to `24h`.
    #[schema(example = "1m")]
    pub window: String,
}

/// What is left to a key after this use.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Quota {
    /// How many uses a window has.
    #[schema(example = 100)]
    pub limit: u32,
    /// How long it is.
    #[schema(example = 60)]
    pub window_seconds: u32,
    /// How many uses are left now.
    #[schema(example = 42)]
    pub remaining: u32,
    /// How long until more is left; rounded up.
    #[schema(example = 1)]
    pub more_in_seconds: u64,
}
