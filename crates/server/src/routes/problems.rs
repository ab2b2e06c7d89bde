//! `GET /problems`, `GET /problems/{code}`: one page per problem code, where every `type` points.

use axum::extract::Path;
use axum::response::Response;
use keyway_api::code::Code;

use super::docs::{escape, page as html};
use crate::answer::problem::Problem;

/// Every code, with what it means.
#[utoipa::path(get, path = "/problems", tag = "server",
    responses((status = 200, content_type = "text/html", body = String)))]
pub(crate) async fn list() -> Response {
    let rows: String = Code::ALL.iter().map(|code| row(*code)).collect();
    html(
        "Problems",
        &format!(
            "<h1>Problems</h1><p>Every refusal has one of these codes. Branch on the code; it never \
             changes.</p><table><thead><tr><th>Status<th>Code<th>Meaning</tr></thead>{rows}</table>"
        ),
    )
}

fn row(code: Code) -> String {
    let (name, title) = (code.name(), escape(code.title()));
    format!(
        "<tr><td>{}<td><a href=\"/problems/{name}\"><code>{name}</code></a><td>{title}</tr>",
        code.status()
    )
}

/// What happened, and what to do.
#[utoipa::path(get, path = "/problems/{code}", tag = "server", params(("code" = String, Path)),
    responses((status = 200, content_type = "text/html", body = String)))]
pub(crate) async fn page(Path(name): Path<String>) -> Result<Response, Problem> {
    let code = Code::from_name(&name).ok_or_else(|| Problem::new(Code::ProblemNotFound))?;
    let page = code.page();
    let body = format!(
        "<p><a href=\"/problems\">All problems</a></p><h1>{title}</h1>\
         <p><code>{name}</code>, HTTP {status}</p>\
         <h2>What happened</h2><p>{happened}</p><h2>What to do</h2><p>{to_do}</p>",
        title = escape(code.title()),
        status = code.status(),
        happened = escape(page.happened),
        to_do = escape(page.to_do),
    );
    Ok(html(code.title(), &body))
}
