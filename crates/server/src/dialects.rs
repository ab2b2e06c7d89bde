//! Dialects: the wires of other products, spoken to their own unmodified clients. The profile in force
//! names the one that is spoken; without one, none of these routes exists. A dialect translates, and
//! decides nothing: it uses the permits, the store and the settling of the native routes.

mod detail;
mod newest_keys;
mod nobl9;
mod noclick;
mod noukai;
mod noxus;
mod refusal;

use std::sync::Arc;

use axum::Router;
use axum::extract::Request;
use axum::response::Response;
use tower::ServiceExt as _;

use crate::answer::problem::Problem;
use crate::app::{App, AppState};
use crate::routes::nothing_here;

type Routes = fn() -> Router<AppState>;

/// The list: what profiles may name, and the routes of each.
const DIALECTS: &[(&str, Routes)] = &[
    ("nobl9", nobl9::routes),
    ("noclick", noclick::routes),
    ("noukai", noukai::routes),
    ("noxus", noxus::routes),
];

/// Whether a profile may name this one.
pub(crate) fn is_spoken(name: &str) -> bool {
    DIALECTS.iter().any(|(known, _)| *known == name)
}

/// The routers of all dialects, made once.
#[derive(Clone, Debug)]
pub(crate) struct Dialects(Arc<[(&'static str, Router)]>);

impl Dialects {
    pub(crate) fn new(app: &AppState) -> Self {
        let router = |routes: Routes| routes().fallback(nothing_here).with_state(Arc::clone(app));
        Self(
            DIALECTS
                .iter()
                .map(|(name, it)| (*name, router(*it)))
                .collect(),
        )
    }

    /// Answers what no native route does.
    pub(crate) async fn answer(&self, app: &App, request: Request) -> Result<Response, Problem> {
        let Some(router) = self.spoken(app)? else {
            return Err(nothing_here().await);
        };
        let Ok(response) = router.oneshot(request).await;
        Ok(response)
    }

    fn spoken(&self, app: &App) -> Result<Option<Router>, Problem> {
        let in_force = app.profile_in_force()?;
        let named = in_force.profile.dialect.as_deref();
        let found = self.0.iter().find(|(name, _)| Some(*name) == named);
        Ok(found.map(|(_, router)| router.clone()))
    }
}
