//! Session cookies: what they are called, how they are set, and whom they stand for.
//!
//! The cookie holds 256 random bits; the store knows their digest. A session ends when it was idle for
//! too long, when it is too old, when its person signs out, changes the password or is removed.

use http::{HeaderMap, HeaderValue, header};
use keyway_core::id::OrganizationId;
use keyway_core::management::Reach;
use keyway_core::text::Email;
use keyway_core::time::{Span, Timestamp};
use keyway_store::sessions::{Session, SessionKind};
use keyway_token::base62::draw_id;
use keyway_token::digest::Digest;

use super::caller::Who;
use crate::answer::problem::Problem;
use crate::app::App;

/// A session that was not used for this long is over.
pub(crate) const IDLE: Span = Span::from_secs(12 * 60 * 60);
/// Every session is over after this long.
pub(crate) const ABSOLUTE: Span = Span::from_secs(7 * 24 * 60 * 60);
/// How often use is noted.
const TOUCH_AFTER: Span = Span::from_secs(60);
/// 43 base62 characters are 256 bits.
const SECRET_CHARS: usize = 43;

/// Sent over TLS only, to this host only, for every path.
const NAME: &str = "__Host-keyway";
/// Where there is no TLS, which only this machine's own addresses allow.
const PLAIN_NAME: &str = "keyway-session";

fn name(app: &App) -> &'static str {
    if app.is_secure() { NAME } else { PLAIN_NAME }
}

/// What the session cookie holds; unverified. Two of the name are none.
pub(crate) fn cookie(headers: &HeaderMap, app: &App) -> Option<String> {
    let name = name(app);
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

/// Whom a cookie stands for at this moment.
pub(crate) async fn find(app: &App, unverified: &str) -> Result<Option<Who>, Problem> {
    if let Some(cause) = app.index.doubt() {
        return Err(cause.into());
    }
    let Some(session) = app.store.find_session(&Digest::of(unverified)).await? else {
        return Ok(None);
    };
    let now = app.clock.now();
    if now >= session.expires_at || now >= session.seen_at.plus(IDLE) {
        app.store.end_session(&session.digest).await?;
        return Ok(None);
    }
    if now >= session.seen_at.plus(TOUCH_AFTER) {
        app.store.touch_session(&session.digest, now).await?;
    }
    match session.kind {
        SessionKind::Person => Ok(person(app, &session)),
        SessionKind::Portal => portal(app, &session, now).await,
    }
}

/// The membership in the organization where the person is, or another one if that ended.
fn person(app: &App, session: &Session) -> Option<Who> {
    let members = app.index.members_of(&session.subject);
    let here = members
        .iter()
        .find(|member| member.organization == session.organization);
    let member = here.or_else(|| members.first())?.clone();
    Some(Who::Member {
        member,
        session: Some(session.digest),
    })
}

async fn portal(app: &App, session: &Session, now: Timestamp) -> Result<Option<Who>, Problem> {
    let Ok(id) = session.subject.parse() else {
        return Ok(None);
    };
    let found = app.store.find_portal_session(&Reach::All, &id).await?;
    let portal = found.filter(|portal| portal.stands(now));
    Ok(portal.map(|portal| Who::Portal {
        portal: Box::new(portal),
        session: session.digest,
    }))
}

/// A fresh session and the cookie's value; a sign-in never keeps an older one.
#[derive(Debug)]
pub(crate) struct Fresh {
    pub session: Session,
    secret: String,
}

impl Fresh {
    pub(crate) fn of_person(app: &App, email: &Email, organization: &OrganizationId) -> Self {
        let expires_at = app.clock.now().plus(ABSOLUTE);
        Self::draw(
            app,
            SessionKind::Person,
            email.folded(),
            organization,
            expires_at,
        )
    }

    pub(crate) fn of_portal(app: &App, portal: &keyway_core::portal::PortalSession) -> Self {
        let subject = portal.id.to_string();
        Self::draw(
            app,
            SessionKind::Portal,
            subject,
            &portal.organization,
            portal.expires_at,
        )
    }

    fn draw(
        app: &App,
        kind: SessionKind,
        subject: String,
        organization: &OrganizationId,
        expires_at: Timestamp,
    ) -> Self {
        let secret = draw_id(SECRET_CHARS, app.entropy.lock().as_mut());
        let now = app.clock.now();
        let session = Session {
            digest: Digest::of(&secret),
            kind,
            subject,
            organization: organization.clone(),
            created_at: now,
            seen_at: now,
            expires_at,
        };
        Self { session, secret }
    }

    /// `Set-Cookie`.
    pub(crate) fn cookie(&self, app: &App) -> HeaderValue {
        set_cookie(app, &self.secret, "")
    }
}

/// `Set-Cookie` that takes the cookie away.
pub(crate) fn no_cookie(app: &App) -> HeaderValue {
    set_cookie(app, "", "; Max-Age=0")
}

fn set_cookie(app: &App, value: &str, more: &str) -> HeaderValue {
    let secure = if app.is_secure() { "; Secure" } else { "" };
    let text = format!(
        "{}={value}; Path=/; HttpOnly; SameSite=Lax{secure}{more}",
        name(app)
    );
    let mut value = HeaderValue::from_str(&text).unwrap_or(HeaderValue::from_static(""));
    value.set_sensitive(true);
    value
}
