//! A cookie of this server's, under one name over TLS and another without.

use http::{HeaderMap, HeaderValue, header};

use crate::app::App;

#[derive(Clone, Copy, Debug)]
pub(crate) struct CookieName {
    /// `__Host-…`: sent over TLS only, to this host only, for every path.
    pub secure: &'static str,
    /// Where there is no TLS, which only this machine's own addresses allow.
    pub plain: &'static str,
}

impl CookieName {
    fn of(self, app: &App) -> &'static str {
        if app.is_secure() {
            self.secure
        } else {
            self.plain
        }
    }

    /// What the cookie holds; unverified. Two of the name are none.
    pub(crate) fn read(self, headers: &HeaderMap, app: &App) -> Option<String> {
        let name = self.of(app);
        let fields = headers
            .get_all(header::COOKIE)
            .iter()
            .filter_map(|value| value.to_str().ok());
        let pairs = fields
            .flat_map(|field| field.split(';'))
            .filter_map(|it| it.trim().split_once('='));
        let mut values = pairs.filter(|(it, _)| *it == name).map(|(_, value)| value);
        match (values.next(), values.next()) {
            (Some(value), None) if !value.is_empty() => Some(value.to_owned()),
            _ => None,
        }
    }

    /// `Set-Cookie`; `more` are attributes, such as `; Max-Age=0`.
    pub(crate) fn set(self, app: &App, value: &str, more: &str) -> HeaderValue {
        let name = self.of(app);
        let secure = if app.is_secure() { "; Secure" } else { "" };
        let text = format!("{name}={value}; Path=/; HttpOnly; SameSite=Lax{secure}{more}");
        let mut value = HeaderValue::from_str(&text).unwrap_or(HeaderValue::from_static(""));
        value.set_sensitive(true);
        value
    }
}
