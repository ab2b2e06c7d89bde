//! Refusals that are kept under an idempotency key, and given again.

use keyway_api::code::Code;
use keyway_api::problem::FieldProblem;
use serde::{Deserialize, Serialize};

use super::Ticket;
use crate::answer::problem::Problem;
use crate::app::App;

/// What a problem is made of again.
#[derive(Debug, Serialize, Deserialize)]
struct Kept {
    code: String,
    detail: Option<String>,
    errors: Vec<FieldProblem>,
}

/// Keeps a refusal, if it is final. The text in it may be the caller's own, so keys are taken out.
pub(super) async fn keep(app: &App, ticket: &Ticket, problem: &Problem) -> Result<(), Problem> {
    let code = problem.code();
    if !is_final(code) {
        return Ok(());
    }
    let kept = Kept {
        code: code.name().to_owned(),
        detail: problem.as_detail().map(str::to_owned),
        errors: problem.errors().to_vec(),
    };
    let text = serde_json::to_string(&kept).map_err(|error| Problem::internal(&error))?;
    let in_force = app.profile_in_force()?;
    let body = in_force.redactor.redact(&text).into_owned();
    if let Some(claim) = ticket.claim(code.status(), body) {
        app.store.keep_refusal(&claim, app.clock.now()).await?;
    }
    Ok(())
}

/// Whether the same call would be refused for as long as it is repeated. Conflicts and limits pass, and
/// 401 and 403 are about the caller of this moment.
fn is_final(code: Code) -> bool {
    matches!(code.status(), 400 | 404 | 410 | 412 | 422 | 428)
}

pub(super) fn replay(body: &str) -> Result<Problem, Problem> {
    let kept: Kept = serde_json::from_str(body).map_err(|error| Problem::internal(&error))?;
    // A code that this version does not have any more.
    let code = Code::from_name(&kept.code).unwrap_or(Code::InvalidRequest);
    let problem = Problem::new(code).errors_of(kept.errors);
    Ok(match kept.detail {
        Some(detail) => problem.detail(detail),
        None => problem,
    })
}
