//! The project that a person picked for the pages that follow it, where a profile has them pick one: a
//! cookie that holds its id, and the bar above every page that says which it is.

use axum::response::Response;
use http::{HeaderMap, HeaderValue, header};
use keyway_core::id::ProjectId;
use keyway_core::organization::Project;
use keyway_core::profile::pages::KeysOf;
use keyway_store::page::PAGE_ROWS_MAX;

use super::visitor::Visitor;
use crate::answer::problem::Problem;
use crate::auth::permissions::KeysRead;

const COOKIE: &str = "keyway-project";
const YEAR_SECONDS: u32 = 365 * 24 * 60 * 60;

/// What stands above a page.
#[derive(Clone, Debug)]
pub(crate) struct Bar {
    pub label: String,
    pub projects: Vec<Choice>,
    /// Of the project that is picked, where it has one.
    pub environment: Option<String>,
}

#[derive(Clone, Debug)]
pub(crate) struct Choice {
    pub id: String,
    pub name: String,
    pub is_picked: bool,
}

/// The project that the cookie names, whether there is such a one or not.
pub(crate) fn named(headers: &HeaderMap) -> Option<ProjectId> {
    let fields = headers.get_all(header::COOKIE).iter();
    let fields = fields.filter_map(|value| value.to_str().ok());
    let mut pairs = fields
        .flat_map(|field| field.split(';'))
        .filter_map(|it| it.trim().split_once('='));
    let (_, value) = pairs.find(|(name, _)| *name == COOKIE)?;
    value.parse().ok()
}

/// The answer, which has the browser remember a project, or forget the one it remembered.
pub(crate) fn remembered(mut response: Response, project: Option<&ProjectId>) -> Response {
    let (value, age) = project.map_or(("", 0), |it| (it.as_str(), YEAR_SECONDS));
    let text = format!("{COOKIE}={value}; Path=/; SameSite=Lax; HttpOnly; Max-Age={age}");
    if let Ok(cookie) = HeaderValue::from_str(&text) {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    response
}

/// None where nothing is picked here, or by this visitor.
pub(crate) async fn bar(
    visitor: &Visitor,
    picked: Option<&ProjectId>,
) -> Result<Option<Bar>, Problem> {
    let profile = &visitor.profile.profile;
    if profile.pages.keys_of != KeysOf::PickedProject {
        return Ok(None);
    }
    let Ok(permit) = visitor.holds::<KeysRead>() else {
        return Ok(None);
    };
    let store = &visitor.app.store;
    let found = store
        .list_projects(permit.reach(), None, None, PAGE_ROWS_MAX)
        .await?;
    let is_picked = |it: &Project| picked == Some(&it.id);
    let environment = found.rows.iter().find(|it| is_picked(it));
    Ok(Some(Bar {
        label: profile.pages.words.project.clone(),
        environment: environment.and_then(|it| it.environment.clone()),
        projects: found
            .rows
            .iter()
            .map(|it| Choice {
                id: it.id.to_string(),
                name: it.name.as_str().to_owned(),
                is_picked: is_picked(it),
            })
            .collect(),
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_id_is_read_out_of_the_cookie() {
        let read = |text: &'static str| {
            let headers = HeaderMap::from_iter([(header::COOKIE, HeaderValue::from_static(text))]);
            named(&headers).map(|it| it.to_string())
        };
        assert_eq!(read("a=b; keyway-project=live"), Some("live".to_owned()));
        assert_eq!(read("keyway-project=\"><b>"), None);
        assert_eq!(read("a=b"), None);
    }
}
