//! Signing in at an OIDC provider: the code flow with PKCE, state and nonce (OIDC Core,
//! RFC 7636, RFC 9700).
//!
//! What comes out is an e-mail address that the provider says it has verified, and nothing else: whose
//! memberships it opens is for the sign-in page to say. The provider is found by discovery, at first use
//! and every hour; a start never waits for it.

pub(crate) mod attempt;
pub(crate) mod discovery;
mod exchange;
pub(crate) mod identity;
pub(crate) mod provider;

use crate::jwt::InvalidToken;
use crate::jwt::remote_keys::NoKeys;
use crate::outgoing::CallError;

/// Why a sign-in at the provider came to nothing. The log learns it; the page has fewer words.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    #[error("the provider cannot be asked now: {0}")]
    Unreachable(#[from] CallError),
    #[error("the provider could not be asked a moment ago, or too many sign-ins are under way")]
    Busy,
    #[error(transparent)]
    NoKeys(#[from] NoKeys),
    #[error("{0} is not as OpenID Connect has it")]
    Document(&'static str),
    #[error("the token endpoint refused the code with status {0}")]
    CodeRefused(u16),
    #[error("the ID token was not taken: {0}")]
    IdToken(#[from] InvalidToken),
    #[error("the ID token is of another sign-in")]
    OtherNonce,
    #[error("the user info is of somebody else than the ID token")]
    OtherSubject,
    #[error("the provider gives no e-mail address that it has verified")]
    NotVerified,
}
