//! How a person wants the pages in this browser: cookies that hold a word and nothing secret, so that
//! the page comes out right at once and without a script.

use axum::Form;
use axum::response::Response;
use http::{HeaderMap, HeaderValue, header};
use serde::Deserialize;

use super::visitor::Visitor;

const THEME: &str = "keyway-theme";
const SHORTCUTS: &str = "keyway-shortcuts";
const OFF: &str = "off";
const THEMES: [&str; 2] = ["light", "dark"];
const YEAR_SECONDS: u32 = 365 * 24 * 60 * 60;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Preferences {
    /// None follows the system.
    pub theme: Option<&'static str>,
    /// Single letters do nothing.
    pub is_without_shortcuts: bool,
}

impl Preferences {
    pub(crate) fn read(headers: &HeaderMap) -> Self {
        let fields = headers
            .get_all(header::COOKIE)
            .iter()
            .filter_map(|value| value.to_str().ok());
        let mut read = Self::default();
        for (name, value) in fields
            .flat_map(|field| field.split(';'))
            .filter_map(|it| it.trim().split_once('='))
        {
            match name {
                THEME => read.theme = THEMES.into_iter().find(|theme| *theme == value),
                SHORTCUTS => read.is_without_shortcuts = value == OFF,
                _ => {}
            }
        }
        read
    }
}

#[derive(Debug, Deserialize)]
pub(crate) struct PreferencesForm {
    #[serde(default)]
    theme: String,
    /// A switch that is off sends nothing.
    #[serde(default)]
    shortcuts: String,
}

/// `POST /settings/preferences`
pub(crate) async fn save(visitor: Visitor, Form(form): Form<PreferencesForm>) -> Response {
    let theme = THEMES.into_iter().find(|theme| *theme == form.theme);
    let shortcuts = form.shortcuts.is_empty().then_some(OFF);
    let mut response = visitor.said("/settings", "Saved for this browser.", "");
    for (name, value) in [(THEME, theme), (SHORTCUTS, shortcuts)] {
        response
            .headers_mut()
            .append(header::SET_COOKIE, cookie(name, value));
    }
    response
}

fn cookie(name: &str, value: Option<&str>) -> HeaderValue {
    let (value, age) = value.map_or(("", 0), |value| (value, YEAR_SECONDS));
    let text = format!("{name}={value}; Path=/; SameSite=Lax; HttpOnly; Max-Age={age}");
    HeaderValue::from_str(&text).unwrap_or(HeaderValue::from_static(""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cookie_that_holds_another_word_says_nothing() {
        let read = |text: &'static str| {
            let headers = HeaderMap::from_iter([(header::COOKIE, HeaderValue::from_static(text))]);
            Preferences::read(&headers)
        };
        assert_eq!(read("keyway-theme=dark").theme, Some("dark"));
        assert_eq!(read("keyway-theme=\"><b>").theme, None);
        assert!(read("a=b; keyway-shortcuts=off").is_without_shortcuts);
        assert_eq!(read("a=b"), Preferences::default());
    }
}
