//! The one provider that is configured, and what was last learned about it.

use std::sync::Arc;

use keyway_core::text::Email;
use parking_lot::RwLock;
use tokio::sync::{Mutex, Semaphore};

use super::Failure;
use super::attempt::Attempt;
use super::discovery::Discovered;
use crate::clock::Clock;
use crate::config::oidc::Oidc;
use crate::config::remote_url::RemoteUrl;
use crate::outgoing::{Outgoing, OutgoingError};

/// How long a discovery is good for. A key that the provider took away is gone here after that.
const DISCOVERED_SECONDS: f64 = 60.0 * 60.0;
/// Least time between two discoveries.
const RETRY_SECONDS: f64 = 5.0;
/// Sign-ins for which the provider is asked at once.
const AT_ONCE: usize = 16;

#[derive(Debug)]
pub(crate) struct Provider {
    pub(super) told: Oidc,
    /// Where the provider sends browsers back to.
    pub(super) redirect_uri: String,
    pub(super) outgoing: Outgoing,
    places: Semaphore,
    known: RwLock<Known>,
    /// Held by the one discovery that is under way.
    discovering: Mutex<()>,
}

/// Times are seconds on the clock that only goes forward.
#[derive(Clone, Debug, Default)]
struct Known {
    discovered: Option<(Arc<Discovered>, f64)>,
    tried_at: Option<f64>,
}

impl Provider {
    pub(crate) fn new(told: Oidc, public_url: &str) -> Result<Self, OutgoingError> {
        Ok(Self {
            outgoing: Outgoing::build(told.issuer_url.is_tls())?,
            redirect_uri: format!("{public_url}/sign-in/oidc/callback"),
            told,
            places: Semaphore::new(AT_ONCE),
            known: RwLock::default(),
            discovering: Mutex::default(),
        })
    }

    /// What its button says.
    pub(crate) fn label(&self) -> &str {
        &self.told.label
    }

    pub(crate) fn issuer(&self) -> &str {
        &self.told.issuer
    }

    /// Where to send a browser.
    pub(crate) async fn address(
        &self,
        attempt: &Attempt,
        clock: &dyn Clock,
    ) -> Result<String, Failure> {
        let discovered = self.discovered(clock).await?;
        let mut url = discovered.authorization.as_url().clone();
        url.query_pairs_mut()
            .append_pair("response_type", "code")
            .append_pair("client_id", &self.told.client_id)
            .append_pair("redirect_uri", &self.redirect_uri)
            .append_pair("scope", &self.told.scopes.join(" "))
            .append_pair("state", &attempt.state())
            .append_pair("nonce", &attempt.nonce())
            .append_pair("code_challenge", &attempt.challenge())
            .append_pair("code_challenge_method", "S256");
        Ok(url.into())
    }

    /// The address that the provider vouches for, for the code that a browser came back with.
    pub(crate) async fn verified_email(
        &self,
        attempt: &Attempt,
        code: &str,
        clock: &dyn Clock,
    ) -> Result<Email, Failure> {
        let _place = self.places.try_acquire().map_err(|_| Failure::Busy)?;
        let discovered = self.discovered(clock).await?;
        let tokens = self.exchange(&discovered, attempt, code).await?;
        self.identify(&discovered, attempt, &tokens, clock).await
    }

    async fn discovered(&self, clock: &dyn Clock) -> Result<Arc<Discovered>, Failure> {
        if let Some(fresh) = self.fresh(clock) {
            return Ok(fresh);
        }
        let _only_one = self.discovering.lock().await;
        if let Some(fresh) = self.fresh(clock) {
            return Ok(fresh);
        }
        let Known {
            discovered,
            tried_at,
        } = self.known.read().clone();
        let now = clock.elapsed_seconds();
        let before = discovered.map(|(discovered, _)| discovered);
        if tried_at.is_some_and(|it| now < it + RETRY_SECONDS) {
            return before.ok_or(Failure::Busy);
        }
        self.known.write().tried_at = Some(now);
        match (self.discover().await, before) {
            (Ok(discovered), _) => {
                let discovered = Arc::new(discovered);
                self.known.write().discovered = Some((Arc::clone(&discovered), now));
                Ok(discovered)
            }
            (Err(_), Some(before)) => Ok(before),
            (Err(failure), None) => Err(failure),
        }
    }

    fn fresh(&self, clock: &dyn Clock) -> Option<Arc<Discovered>> {
        let known = self.known.read();
        let (discovered, at) = known.discovered.as_ref()?;
        let is_fresh = clock.elapsed_seconds() < at + DISCOVERED_SECONDS;
        is_fresh.then(|| Arc::clone(discovered))
    }

    async fn discover(&self) -> Result<Discovered, Failure> {
        let issuer = &self.told.issuer;
        let address = format!(
            "{}/.well-known/openid-configuration",
            issuer.trim_end_matches('/')
        );
        let address: RemoteUrl = address
            .parse()
            .map_err(|_| Failure::Document("the issuer's address"))?;
        let document = self.outgoing.fetch(&address, None).await?;
        Discovered::parse(&document, issuer, address.is_tls(), &self.outgoing)
    }
}
