//! Start and end of a server: open, load, listen; drain, flush, close.

mod accept;
mod edge;
pub mod listener;
#[cfg(test)]
mod tests;

use std::io::IsTerminal as _;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwapOption;
use keyway_core::management::Reach;
use keyway_index::index::Index;
use keyway_store::Store;
use keyway_store::error::StoreError;
use keyway_store::ledger::Head;
use keyway_store::ledger::entry::{EntryFilter, Walk};
use keyway_store::location::{Location, OpenError, OpenOptions};
use keyway_token::base62::draw_id;
use keyway_token::entropy::Entropy;
use parking_lot::Mutex;
use tokio::task::JoinSet;
use tracing_subscriber::EnvFilter;

use crate::answer::cursor::CursorSeal;
use crate::app::App;
use crate::auth::passwords::Passwords;
use crate::auth::refusals::Refusals;
use crate::auth::throttle::Throttle;
use crate::clock::{Clock, SystemClock};
use crate::cluster::{Cluster, follow, sole};
use crate::config::{Config, Log, LogFormat};
use crate::entropy::SystemEntropy;
use crate::first_start::{self, FirstStartError, OnOtherProfile};
use crate::jobs::{claims, issuer_keys, refusals, usage};
use crate::jwt::issuer::{IssuerError, Issuers};
use crate::oidc::provider::Provider;
use crate::outgoing::OutgoingError;
use crate::request::context::RequestIds;
use crate::request::idempotency::InFlight;
use crate::serve::listener::{ListenError, Listener};
use crate::telemetry::{Telemetry, TelemetryError};
use crate::tokens::key_ring::KeyRing;
use crate::tokens::making::{self, SigningKeyError};
use crate::tokens::sealing_key::SealingKey;

/// Longest time for requests to end after the signal to stop.
const DRAIN_TIMEOUT: Duration = Duration::from_secs(15);
const SERVER_NAME_CHARS: usize = 20;

/// Why a server did not start, or did not end well.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    #[error(transparent)]
    Open(#[from] OpenError),
    #[error(transparent)]
    FirstStart(#[from] FirstStartError),
    #[error("signing in at the provider cannot be set up: {0}")]
    Provider(OutgoingError),
    #[error(transparent)]
    Issuer(#[from] IssuerError),
    #[error(transparent)]
    SigningKey(#[from] SigningKeyError),
    #[error(transparent)]
    Listen(#[from] ListenError),
    #[error("the keys could not be loaded: {0}")]
    Load(StoreError),
    #[error(transparent)]
    Telemetry(#[from] TelemetryError),
    #[error("no shipped profile is the default; this program was built wrong")]
    NoDefaultProfile,
    #[error(transparent)]
    Demo(#[from] crate::dev::DemoError),
    #[error("the last usage counts could not be written: {0}")]
    Flush(StoreError),
    #[error("signals cannot be waited for: {0}")]
    Signal(std::io::Error),
}

/// Where a server gets time and randomness from. Nothing else in it reads a clock or draws.
pub struct Sources {
    pub clock: Box<dyn Clock>,
    /// Of secrets and ids.
    pub entropy: Box<dyn Entropy>,
    /// Of what the ledger's commitments are salted with.
    pub salts: Box<dyn Entropy>,
}

impl Sources {
    /// The machine's own.
    pub fn system() -> Self {
        Self {
            clock: Box::new(SystemClock::start()),
            entropy: Box::new(SystemEntropy),
            salts: Box::new(SystemEntropy),
        }
    }
}

impl std::fmt::Debug for Sources {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Sources")
            .field("clock", &self.clock)
            .finish_non_exhaustive()
    }
}

/// A server that answers, until it is stopped.
#[derive(Debug)]
pub struct Running {
    pub(crate) app: Arc<App>,
    listener: Listener,
    sweeper: Arc<tokio::sync::Mutex<usage::Sweeper>>,
    tasks: JoinSet<()>,
}

/// Runs until SIGTERM or SIGINT, then drains, writes usage counts and closes.
pub async fn serve(config: Config) -> Result<(), ServeError> {
    set_up_log(&config.log);
    let running = start(config, OnOtherProfile::Refuse, Sources::system()).await?;
    running.until_signal().await
}

/// Opens, loads and listens. When this returns, the server answers.
pub async fn start(
    config: Config,
    on_other: OnOtherProfile,
    sources: Sources,
) -> Result<Running, ServeError> {
    let Sources {
        clock,
        mut entropy,
        salts,
    } = sources;
    let listener = Listener::bind(&config).await?;
    let store = Store::open(OpenOptions {
        location: config.location.clone(),
        is_exclusive: true,
        entropy: salts,
    })
    .await?;
    prepare(&store, &config, on_other, entropy.as_mut(), clock.now()).await?;
    let seed = draw_seed(entropy.as_mut());
    let passwords = Passwords::new(entropy.as_mut());
    let request_ids = RequestIds::begin(entropy.as_mut());
    let server_name = draw_id(SERVER_NAME_CHARS, entropy.as_mut());
    let entropy = Mutex::new(entropy);
    let sealing_key = SealingKey {
        directory: directory(&config),
        given: config.sealing_key,
    };
    making::prepare(&store, &sealing_key, &entropy, clock.now()).await?;
    let public_url = config.public_url.clone().unwrap_or_else(|| listener.url());
    let provider = config.oidc.map(|told| Provider::new(told, &public_url));
    let provider = provider.transpose();
    let app = Arc::new(App {
        cursors: cursor_seal(&store).await.map_err(ServeError::Load)?,
        store,
        index: Arc::new(Index::new(seed)),
        clock,
        cluster: Cluster::new(),
        profile: ArcSwapOption::empty(),
        telemetry: Telemetry::new()?,
        in_flight: InFlight::default(),
        passwords,
        issuers: Issuers::new(config.jwt_issuers)?,
        provider: provider.map_err(ServeError::Provider)?,
        refusals: Refusals::default(),
        strangers: Throttle::default(),
        exchanges: Throttle::default(),
        key_ring: KeyRing::default(),
        sealing_key,
        request_ids,
        server_name,
        entropy,
        public_url,
        trusted_proxies: config.trusted_proxies.clone(),
        is_tls: config.tls.is_some(),
    });
    let address = listener.address();
    // Answers from now on: "not ready" until everything is loaded, which a probe can tell from silence.
    let listener = listener.accept(&app);
    let head = follow::load(&app).await.map_err(ServeError::Load)?;
    let sweeper = Arc::new(tokio::sync::Mutex::new(usage::Sweeper::default()));
    let tasks = background(&app, head, &sweeper);
    tracing::info!(%address, url = %app.public_url, keys = app.index.key_count(), "ready");
    Ok(Running {
        app,
        listener,
        sweeper,
        tasks,
    })
}

/// What goes on for as long as the server runs.
fn background(
    app: &Arc<App>,
    head: Head,
    sweeper: &Arc<tokio::sync::Mutex<usage::Sweeper>>,
) -> JoinSet<()> {
    let mut tasks = JoinSet::new();
    tasks.spawn(follow::follow(Arc::clone(app), head));
    tasks.spawn(sole::watch(Arc::clone(app)));
    tasks.spawn(claims::run(Arc::clone(app)));
    tasks.spawn(issuer_keys::run(Arc::clone(app)));
    tasks.spawn(refusals::run(Arc::clone(app)));
    tasks.spawn(usage::run(Arc::clone(app), Arc::clone(sweeper)));
    tasks
}

impl Running {
    /// Where it listens, also when the configuration left the port to the system.
    pub fn address(&self) -> SocketAddr {
        self.listener.address()
    }

    pub(crate) async fn until_signal(self) -> Result<(), ServeError> {
        wait_for_signal().await.map_err(ServeError::Signal)?;
        self.stop().await
    }

    /// Lets requests end, writes what was counted, closes the store.
    pub async fn stop(mut self) -> Result<(), ServeError> {
        tracing::info!("stopping");
        self.app.cluster.feed.stop();
        self.listener.drain(DRAIN_TIMEOUT).await;
        self.app.refusals.sweep();
        // Once this is held no sweep is under way, and the task may go.
        let mut sweeper = self.sweeper.lock().await;
        let swept = sweeper.sweep(&self.app).await;
        self.tasks.abort_all();
        // Nothing is answered any more, so the next server need not wait for this one.
        if let Err(error) = self.app.store.say_goodbye(&self.app.server_name).await {
            tracing::warn!(%error, "the next server will wait for a lease");
        }
        self.app.store.close().await;
        tracing::info!("stopped");
        swept.map_err(ServeError::Flush)
    }
}

async fn prepare(
    store: &Store,
    config: &Config,
    on_other: OnOtherProfile,
    entropy: &mut dyn Entropy,
    now: keyway_core::time::Timestamp,
) -> Result<(), ServeError> {
    let default = first_start::default_profile().ok_or(ServeError::NoDefaultProfile)?;
    let chosen = config.profile.as_ref();
    first_start::put_profile(store, chosen, &default, on_other, now).await?;
    let directory = directory(config);
    let root = config.root_key.as_ref();
    first_start::put_root_key(store, root, directory.as_deref(), entropy, now).await?;
    Ok(())
}

/// Where files of our own may be, if anywhere.
fn directory(config: &Config) -> Option<PathBuf> {
    match &config.location {
        Location::Directory(directory) => Some(directory.clone()),
        Location::Url(_) => None,
    }
}

/// From the first ledger entry, which every server of a deployment knows and which never changes.
async fn cursor_seal(store: &Store) -> Result<CursorSeal, StoreError> {
    let first = store
        .list_entries(&Reach::All, &EntryFilter::default(), Walk::After(0), 1)
        .await?;
    Ok(CursorSeal::new(
        first.first().map(|entry| entry.hash).unwrap_or_default(),
    ))
}

fn draw_seed(entropy: &mut dyn Entropy) -> (u64, u64) {
    let (mut first, mut second) = ([0; 8], [0; 8]);
    entropy.fill(&mut first);
    entropy.fill(&mut second);
    (u64::from_ne_bytes(first), u64::from_ne_bytes(second))
}

async fn wait_for_signal() -> std::io::Result<()> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    Ok(())
}

/// To stderr: stdout is for data.
pub(crate) fn set_up_log(log: &Log) {
    let filter = EnvFilter::try_new(&log.filter).unwrap_or_else(|_| EnvFilter::new("info"));
    let lines = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(std::io::stderr().is_terminal())
        .with_writer(std::io::stderr);
    // A second server in one process logs where the first one does.
    let _set = match log.format {
        LogFormat::Text => lines.try_init(),
        LogFormat::Json => lines.json().try_init(),
    };
}
