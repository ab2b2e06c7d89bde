//! One-time links: an address with 256 random bits in it, of which only the digest is kept.

use keyway_core::time::{Span, Timestamp};
use keyway_store::links::{Link, LinkKind};
use keyway_token::base62::draw_id;
use keyway_token::digest::Digest;

use crate::app::App;

/// How long a sign-in link works.
pub(crate) const SIGN_IN_SPAN: Span = Span::from_secs(15 * 60);
/// How long an invitation works.
pub(crate) const INVITATION_SPAN: Span = Span::from_secs(7 * 24 * 60 * 60);
/// How long a portal session lasts, its link included.
pub(crate) const PORTAL_SPAN: Span = Span::from_secs(60 * 60);
const SECRET_CHARS: usize = 43;

/// A link and the address that opens it, which is shown once.
#[derive(Debug)]
pub(crate) struct Fresh {
    pub link: Link,
    pub url: String,
}

impl Fresh {
    pub(crate) fn draw(app: &App, kind: LinkKind, subject: &str, expires_at: Timestamp) -> Self {
        let secret = draw_id(SECRET_CHARS, app.entropy.lock().as_mut());
        let link = Link {
            digest: Digest::of(&secret),
            kind,
            subject: subject.to_owned(),
            expires_at,
            is_spent: false,
        };
        let path = match kind {
            LinkKind::SignIn => "sign-in/link",
            LinkKind::Invitation => "invitation",
            LinkKind::Portal => "portal/open",
        };
        Self {
            link,
            url: format!("{}/{path}/{secret}", app.public_url),
        }
    }
}
