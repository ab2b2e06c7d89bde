//! Session cookies: what they are called, how they are set, and whom they stand for.
//!
//! The cookie holds 256 random bits; the store knows their digest. A session covers the memberships that
//! were proved in it. It ends when it was idle for too long, when it is too old, when its person signs
//! out, and when none of its memberships is left.

use std::sync::Arc;

use http::{HeaderMap, HeaderValue};
use keyway_core::id::{MemberId, PortalSessionId};
use keyway_core::management::Reach;
use keyway_core::member::Member;
use keyway_core::portal::PortalSession;
use keyway_core::time::{Span, Timestamp};
use keyway_store::sessions::{Earlier, Holder, Opening, Session};
use keyway_token::base62::draw_id;
use keyway_token::digest::Digest;

use super::caller::Who;
use super::cookie::CookieName;
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

const COOKIE: CookieName = CookieName {
    secure: "__Host-keyway",
    plain: "keyway-session",
};

/// What the session cookie holds; unverified.
pub(crate) fn cookie(headers: &HeaderMap, app: &App) -> Option<String> {
    COOKIE.read(headers, app)
}

/// The session of a cookie, unless it is over.
pub(crate) async fn load(app: &App, unverified: &str) -> Result<Option<Session>, Problem> {
    let Some(session) = app.store.find_session(&Digest::of(unverified)).await? else {
        return Ok(None);
    };
    let now = app.clock.now();
    if now >= session.expires_at || now >= session.seen_at.plus(IDLE) {
        app.store.end_session(&session.digest).await?;
        return Ok(None);
    }
    Ok(Some(session))
}

/// Whom a cookie stands for at this moment.
pub(crate) async fn find(app: &App, unverified: &str) -> Result<Option<Who>, Problem> {
    if let Some(cause) = app.index.doubt() {
        return Err(cause.into());
    }
    let Some(session) = load(app, unverified).await? else {
        return Ok(None);
    };
    let now = app.clock.now();
    if now >= session.seen_at.plus(TOUCH_AFTER) {
        app.store.touch_session(&session.digest, now).await?;
    }
    match &session.holder {
        Holder::Person { here, .. } => Ok(person(app, &session, here)),
        Holder::Portal(id) => portal(app, &session.digest, id, now).await,
    }
}

/// A person's session, and the memberships of it that stand; the one as which they are here is among
/// them.
#[derive(Debug)]
pub(crate) struct SignedIn {
    pub session: Session,
    pub memberships: Vec<Arc<Member>>,
}

/// The memberships that a session has proved and that still stand, the oldest first.
pub(crate) fn memberships(app: &App, session: &Session) -> Vec<Arc<Member>> {
    let Holder::Person { members, .. } = &session.holder else {
        return Vec::new();
    };
    let found = members.iter().filter_map(|id| app.index.find_member(id));
    let mut standing: Vec<Arc<Member>> = found.filter(|it| it.is_active()).collect();
    standing.sort_by(|a, b| (a.created_at, &a.id).cmp(&(b.created_at, &b.id)));
    standing
}

/// The membership as which the person is here, or another of the session's if that ended.
fn person(app: &App, session: &Session, here: &MemberId) -> Option<Who> {
    let memberships = memberships(app, session);
    let present = memberships.iter().find(|it| it.id == *here);
    let member = Arc::clone(present.or_else(|| memberships.first())?);
    Some(Who::Member {
        member,
        session: Some(Arc::new(SignedIn {
            session: session.clone(),
            memberships,
        })),
    })
}

async fn portal(
    app: &App,
    session: &Digest,
    id: &PortalSessionId,
    now: Timestamp,
) -> Result<Option<Who>, Problem> {
    let found = app.store.find_portal_session(&Reach::All, id).await?;
    let portal = found.filter(|portal| portal.stands(now));
    Ok(portal.map(|portal| Who::Portal {
        portal: Box::new(portal),
        session: *session,
    }))
}

/// A fresh session and the cookie's value; a sign-in never keeps an older one.
#[derive(Debug)]
pub(crate) struct Fresh {
    pub opening: Opening,
    secret: String,
}

impl Fresh {
    /// For these memberships and no others; the person comes in as the first.
    pub(crate) fn of_members(
        app: &App,
        here: &Member,
        members: &[Arc<Member>],
        earlier: Option<&Session>,
    ) -> Self {
        let holder = Holder::Person {
            here: here.id.clone(),
            members: members.iter().map(|it| it.id.clone()).collect(),
        };
        let expires_at = app.clock.now().plus(ABSOLUTE);
        let earlier = earlier.map_or(Earlier::Nothing, |it| Earlier::Ends(it.digest));
        Self::draw(app, holder, expires_at, earlier)
    }

    /// For a membership, beside those of the same address that the browser's session has proved.
    pub(crate) fn joining(app: &App, member: &Member, earlier: Option<&Session>) -> Self {
        let holder = Holder::Person {
            here: member.id.clone(),
            members: vec![member.id.clone()],
        };
        let expires_at = app.clock.now().plus(ABSOLUTE);
        let email = member.email.folded();
        let is_beside = |it: &Arc<Member>| it.id != member.id && it.email.folded() == email;
        match earlier {
            // No link makes an older proof last longer than it would have.
            Some(it) if memberships(app, it).iter().any(is_beside) => {
                let end = expires_at.min(it.expires_at);
                Self::draw(app, holder, end, Earlier::GoesOn(it.digest))
            }
            Some(it) => Self::draw(app, holder, expires_at, Earlier::Ends(it.digest)),
            None => Self::draw(app, holder, expires_at, Earlier::Nothing),
        }
    }

    /// In the place of a person's session, for all that it has proved and for as long: nothing was
    /// proved again.
    pub(crate) fn renewing(app: &App, member: &Member, earlier: &Session) -> Self {
        let holder = Holder::Person {
            here: member.id.clone(),
            members: vec![member.id.clone()],
        };
        let goes_on = Earlier::GoesOn(earlier.digest);
        Self::draw(app, holder, earlier.expires_at, goes_on)
    }

    pub(crate) fn of_portal(app: &App, portal: &PortalSession, earlier: Option<&Session>) -> Self {
        let holder = Holder::Portal(portal.id.clone());
        let earlier = earlier.map_or(Earlier::Nothing, |it| Earlier::Ends(it.digest));
        Self::draw(app, holder, portal.expires_at, earlier)
    }

    fn draw(app: &App, holder: Holder, expires_at: Timestamp, earlier: Earlier) -> Self {
        let secret = draw_id(SECRET_CHARS, app.entropy.lock().as_mut());
        let now = app.clock.now();
        let session = Session {
            digest: Digest::of(&secret),
            holder,
            created_at: now,
            seen_at: now,
            expires_at,
        };
        Self {
            opening: Opening { session, earlier },
            secret,
        }
    }

    /// `Set-Cookie`.
    pub(crate) fn cookie(&self, app: &App) -> HeaderValue {
        COOKIE.set(app, &self.secret, "")
    }
}

/// `Set-Cookie` that takes the cookie away.
pub(crate) fn no_cookie(app: &App) -> HeaderValue {
    COOKIE.set(app, "", "; Max-Age=0")
}
