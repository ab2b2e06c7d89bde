//! Everything that a running server is made of, built once.

use std::sync::Arc;

use arc_swap::ArcSwapOption;
use ipnet::IpNet;
use keyway_index::index::Index;
use keyway_store::Store;
use keyway_token::entropy::Entropy;
use parking_lot::Mutex;

use crate::answer::cursor::CursorSeal;
use crate::answer::problem::Problem;
use crate::auth::passwords::Passwords;
use crate::auth::refusals::Refusals;
use crate::auth::throttle::Throttle;
use crate::clock::Clock;
use crate::cluster::Cluster;
use crate::jwt::issuer::Issuers;
use crate::oidc::provider::Provider;
use crate::profile_in_force::ProfileInForce;
use crate::request::context::RequestIds;
use crate::request::idempotency::InFlight;
use crate::telemetry::Telemetry;
use crate::tokens::key_ring::KeyRing;
use crate::tokens::sealing_key::SealingKey;

/// Shared by every request.
pub(crate) type AppState = Arc<App>;

pub(crate) struct App {
    pub store: Store,
    pub index: Arc<Index>,
    pub clock: Box<dyn Clock>,
    pub entropy: Mutex<Box<dyn Entropy>>,
    pub cluster: Cluster,
    pub profile: ArcSwapOption<ProfileInForce>,
    pub telemetry: Telemetry,
    pub cursors: CursorSeal,
    pub in_flight: InFlight,
    pub request_ids: RequestIds,
    /// Tells this run of a server from every other.
    pub server_name: String,
    pub passwords: Passwords,
    /// Whose signed tokens stand for members.
    pub issuers: Issuers,
    /// Where people may sign in besides.
    pub provider: Option<Provider>,
    pub refusals: Refusals,
    /// Of the doors at which a key asks about itself.
    pub strangers: Throttle,
    /// Of the door at which keys are exchanged for tokens.
    pub exchanges: Throttle,
    /// What tokens are signed with.
    pub key_ring: KeyRing,
    pub sealing_key: SealingKey,
    /// Where clients find this server, without a slash at the end.
    pub public_url: String,
    pub trusted_proxies: Vec<IpNet>,
    /// Whether answers say that only TLS is to be used.
    pub is_tls: bool,
}

impl std::fmt::Debug for App {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("App")
            .field("public_url", &self.public_url)
            .finish_non_exhaustive()
    }
}

impl App {
    /// Whether browsers reach this server over TLS, here or at the proxy in front.
    pub(crate) fn is_secure(&self) -> bool {
        self.is_tls || self.public_url.starts_with("https://")
    }

    /// The profile that decides about this call, from its beginning to its end.
    pub(crate) fn profile_in_force(&self) -> Result<Arc<ProfileInForce>, Problem> {
        self.profile.load_full().ok_or_else(Problem::undecided)
    }
}
