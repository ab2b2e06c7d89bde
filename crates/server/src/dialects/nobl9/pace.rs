//! One exchange every three seconds for each organization.

use std::collections::HashMap;

use http::{HeaderValue, header};
use keyway_api::code::Code;
use parking_lot::Mutex;

use crate::answer::problem::Problem;
use crate::clock::Clock;

const SECONDS_BETWEEN: f64 = 3.0;

/// When each organization was served last, by the clock that only goes forward. Those whose turn has
/// come again are forgotten, so that no more are remembered than were served in three seconds.
#[derive(Debug, Default)]
pub(super) struct Pace(Mutex<HashMap<String, f64>>);

impl Pace {
    pub(super) fn take_turn(&self, organization: &str, clock: &dyn Clock) -> Result<(), Problem> {
        let now = clock.elapsed_seconds();
        let mut served = self.0.lock();
        served.retain(|_, at| now < *at + SECONDS_BETWEEN);
        let Some(at) = served.get(organization) else {
            served.insert(organization.to_owned(), now);
            return Ok(());
        };
        let wait = (at + SECONDS_BETWEEN - now).ceil().to_string();
        let problem = Problem::new(Code::TooManyRequests);
        Err(match HeaderValue::from_str(&wait) {
            Ok(wait) => problem.header(header::RETRY_AFTER, wait),
            Err(_) => problem,
        })
    }
}
