//! The issuers whose tokens stand for members (`[[jwt.issuer]]`). The operator named them, and in which
//! organizations their word counts; there it counts like a proof of the address.

use std::sync::Arc;

use keyway_core::id::OrganizationId;
use keyway_core::member::Member;
use serde_json::Value;

use super::InvalidToken;
use super::claims::Claims;
use super::key::{Algorithm, ShortSecret, VerifyingKey};
use super::key_set::KeySet;
use super::remote_keys::{NoKeys, RemoteKeys};
use super::token::UnverifiedToken;
use crate::app::App;
use crate::config::jwt_issuer::{JwtIssuer, Organizations};
use crate::outgoing::{Outgoing, OutgoingError};

/// Access tokens (RFC 9068) and tokens that do not say what they are for. ID tokens of sign-in are of
/// the same kind; what keeps them out is the audience.
const KINDS: &[&str] = &["jwt", "at+jwt"];

/// The issuers cannot be set up.
#[derive(Debug, thiserror::Error)]
pub enum IssuerError {
    #[error(transparent)]
    Outgoing(#[from] OutgoingError),
    #[error("the secret of the issuer {0} is too short")]
    ShortSecret(String),
}

/// Why a token lets nobody in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Unwelcome {
    #[error(transparent)]
    Invalid(#[from] InvalidToken),
    #[error(transparent)]
    Undecided(#[from] NoKeys),
    #[error("the token's person is no member of an organization that its issuer speaks for")]
    NoMember,
    #[error("the token's person is a member of several organizations, and it names none of them")]
    SeveralMembers,
}

#[derive(Debug, Default)]
pub(crate) struct Issuers(Vec<Issuer>);

#[derive(Debug)]
struct Issuer {
    told: JwtIssuer,
    /// Of the shared secret; empty without one.
    shared: KeySet,
    remote: Option<RemoteKeys>,
}

impl Issuers {
    pub(crate) fn new(told: Vec<JwtIssuer>) -> Result<Self, IssuerError> {
        let issuers: Result<_, IssuerError> = told.into_iter().map(Issuer::new).collect();
        issuers.map(Self)
    }

    /// Those that are to be fetched every now and then.
    pub(crate) fn remote_keys(&self) -> impl Iterator<Item = &RemoteKeys> {
        self.0.iter().filter_map(|issuer| issuer.remote.as_ref())
    }

    /// The member whom a token stands for at this moment. The token is verified without any database;
    /// who its person is here comes from the index.
    pub(crate) async fn member_of(
        &self,
        app: &App,
        unverified: &str,
    ) -> Result<Arc<Member>, Unwelcome> {
        let token = UnverifiedToken::parse(unverified)?;
        let named = token.unverified_issuer();
        let issuer = self.0.iter().find(|it| named == Some(&it.told.issuer));
        let issuer = issuer.ok_or(InvalidToken::Issuer)?;
        let claims = issuer.prove(app, token).await?;
        claims.hold(&issuer.told.issuer, &issuer.told.audience, app.clock.now())?;
        issuer.member(app, &claims)
    }
}

impl Issuer {
    fn new(told: JwtIssuer) -> Result<Self, IssuerError> {
        let too_short = |_: ShortSecret| IssuerError::ShortSecret(told.issuer.clone());
        let shared = match &told.secret {
            Some(secret) => {
                let key = VerifyingKey::of_secret(secret.expose().as_bytes());
                KeySet::of_secret(key.map_err(too_short)?)
            }
            None => KeySet::default(),
        };
        let remote = match &told.jwks_url {
            Some(url) => {
                let outgoing = Outgoing::build(url.is_tls())?;
                Some(RemoteKeys::new(url.clone(), outgoing))
            }
            None => None,
        };
        Ok(Self {
            told,
            shared,
            remote,
        })
    }

    async fn prove(&self, app: &App, token: UnverifiedToken<'_>) -> Result<Claims, Unwelcome> {
        let claims = match &self.remote {
            Some(remote) if token.algorithm() != Algorithm::Hs256 => {
                let keys = remote.of_token(&token, app.clock.as_ref()).await?;
                token.prove(&keys, KINDS)
            }
            _ => token.prove(&self.shared, KINDS),
        };
        Ok(claims?)
    }

    fn member(&self, app: &App, claims: &Claims) -> Result<Arc<Member>, Unwelcome> {
        // Who registered with somebody else's address has proved nothing.
        if claims.find("email_verified") == Some(&Value::Bool(false)) {
            return Err(Unwelcome::NoMember);
        }
        let email = claims.find(&self.told.member_claim).and_then(Value::as_str);
        let email = email.ok_or(InvalidToken::Claim("of the member"))?;
        let mut members = app.index.members_of(&email.to_lowercase());
        members.retain(|it| self.told.organizations.contain(&it.organization));
        if let Some(path) = &self.told.organization_claim {
            let named = claims.find(path).and_then(Value::as_str);
            let named = named.ok_or(InvalidToken::Claim("of the organization"))?;
            members.retain(|it| is_named(app, &it.organization, named));
        }
        match members.as_slice() {
            [only] => Ok(Arc::clone(only)),
            [] => Err(Unwelcome::NoMember),
            [..] => Err(Unwelcome::SeveralMembers),
        }
    }
}

impl Organizations {
    fn contain(&self, id: &OrganizationId) -> bool {
        match self {
            Self::All => true,
            Self::Named(ids) => ids.contains(id),
        }
    }
}

/// By its id here, or by the product's own.
fn is_named(app: &App, id: &OrganizationId, named: &str) -> bool {
    let external = app.index.find_organization(id);
    let external = external.and_then(|it| it.external_id.clone());
    id.to_string() == named || external.is_some_and(|it| it.as_str() == named)
}
