//! Connections: accepted up to a limit, TLS where configured, slow and silent clients dropped, and
//! drained when the server stops.

use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;

use crate::app::App;
use crate::config::{Config, Tls};
use crate::serve::edge::Edge;

/// Connections that are open at once; one more waits in the system's queue.
pub(super) const CONNECTIONS_MAX: usize = 10_000;
/// Longest time for a request's head, and for silence between two requests.
pub(super) const HEAD_TIMEOUT: Duration = Duration::from_secs(15);
/// Longest time for a TLS handshake.
const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(10);
/// What is read of a head at the most; between this and the edge's own limit a problem is answered.
const HEAD_BUFFER_BYTES: usize = 32 * 1_024;
/// Pause after the system refused a connection for want of something (files, memory).
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

#[derive(Debug, thiserror::Error)]
pub enum ListenError {
    #[error("cannot listen on {address}: {cause}")]
    Bind {
        address: SocketAddr,
        cause: io::Error,
    },
    #[error("{path} cannot be read as PEM: {fault}")]
    Pem { path: PathBuf, fault: String },
    #[error("the certificate and its key cannot be used: {0}")]
    Tls(#[from] rustls::Error),
}

/// An address that is taken, before anything is answered on it, and afterwards the task that accepts.
#[derive(Debug)]
pub(super) struct Listener {
    address: SocketAddr,
    is_tls: bool,
    stage: Stage,
}

enum Stage {
    Bound {
        socket: TcpListener,
        tls: Option<TlsAcceptor>,
    },
    Accepting {
        stop: oneshot::Sender<()>,
        ended: JoinHandle<GracefulShutdown>,
    },
    Drained,
}

impl std::fmt::Debug for Stage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Bound { .. } => "Bound",
            Self::Accepting { .. } => "Accepting",
            Self::Drained => "Drained",
        })
    }
}

impl Listener {
    pub(super) async fn bind(config: &Config) -> Result<Self, ListenError> {
        let tls = config.tls.as_ref().map(tls_acceptor).transpose()?;
        let bind = |cause| ListenError::Bind {
            address: config.listen,
            cause,
        };
        let socket = TcpListener::bind(config.listen).await.map_err(bind)?;
        let address = socket.local_addr().map_err(bind)?;
        Ok(Self {
            address,
            is_tls: tls.is_some(),
            stage: Stage::Bound { socket, tls },
        })
    }

    pub(super) fn address(&self) -> SocketAddr {
        self.address
    }

    pub(super) fn url(&self) -> String {
        let scheme = if self.is_tls { "https" } else { "http" };
        format!("{scheme}://{}", self.address)
    }

    /// Begins to answer.
    #[must_use]
    pub(super) fn accept(self, app: &Arc<App>) -> Self {
        let Stage::Bound { socket, tls } = self.stage else {
            return self;
        };
        let edge = Edge::new(Arc::clone(app));
        let (stop, stopped) = oneshot::channel();
        let ended = tokio::spawn(accept_all(socket, tls, edge, stopped));
        Self {
            stage: Stage::Accepting { stop, ended },
            ..self
        }
    }

    /// Takes no more connections and waits for the open ones to end, at most `timeout`.
    pub(super) async fn drain(&mut self, timeout: Duration) {
        let Stage::Accepting { stop, ended } = std::mem::replace(&mut self.stage, Stage::Drained)
        else {
            return;
        };
        // The task may have ended by itself.
        let _sent = stop.send(());
        let Ok(connections) = ended.await else { return };
        if tokio::time::timeout(timeout, connections.shutdown())
            .await
            .is_err()
        {
            tracing::warn!("some requests did not end in time");
        }
    }
}

async fn accept_all(
    socket: TcpListener,
    tls: Option<TlsAcceptor>,
    edge: Edge,
    mut stopped: oneshot::Receiver<()>,
) -> GracefulShutdown {
    let connections = GracefulShutdown::new();
    let places = Arc::new(Semaphore::new(CONNECTIONS_MAX));
    loop {
        let accepted = tokio::select! {
            _ = &mut stopped => return connections,
            accepted = accept_one(&socket, &places) => accepted,
        };
        let (stream, peer, place) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                tracing::warn!(%error, "a connection could not be accepted");
                tokio::time::sleep(ACCEPT_PAUSE).await;
                continue;
            }
        };
        let watcher = connections.watcher();
        let (tls, edge) = (tls.clone(), edge.clone());
        tokio::spawn(async move {
            match tls {
                None => {
                    let service = edge.for_peer(peer);
                    let connection = http().serve_connection(TokioIo::new(stream), service);
                    // A client that breaks off is no fault of ours.
                    let _ended = watcher.watch(connection).await;
                }
                Some(tls) => {
                    let handshake = tokio::time::timeout(HANDSHAKE_TIMEOUT, tls.accept(stream));
                    let Ok(Ok(stream)) = handshake.await else {
                        return;
                    };
                    let service = edge.for_peer(peer);
                    let connection = http().serve_connection(TokioIo::new(stream), service);
                    let _ended = watcher.watch(connection).await;
                }
            }
            drop(place);
        });
    }
}

async fn accept_one(
    socket: &TcpListener,
    places: &Arc<Semaphore>,
) -> io::Result<(TcpStream, SocketAddr, OwnedSemaphorePermit)> {
    let place = Arc::clone(places)
        .acquire_owned()
        .await
        .map_err(io::Error::other)?;
    let (stream, peer) = socket.accept().await?;
    stream.set_nodelay(true)?;
    Ok((stream, peer, place))
}

fn http() -> http1::Builder {
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new());
    http.header_read_timeout(HEAD_TIMEOUT);
    http.max_buf_size(HEAD_BUFFER_BYTES);
    http
}

fn tls_acceptor(tls: &Tls) -> Result<TlsAcceptor, ListenError> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let chain: Vec<CertificateDer<'static>> = CertificateDer::pem_file_iter(&tls.cert)
        .and_then(Iterator::collect)
        .map_err(|fault| pem(&tls.cert, &fault))?;
    let key = PrivateKeyDer::from_pem_file(&tls.key).map_err(|fault| pem(&tls.key, &fault))?;
    let mut config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(chain, key)?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(TlsAcceptor::from(Arc::new(config)))
}

fn pem(path: &Path, fault: &rustls::pki_types::pem::Error) -> ListenError {
    ListenError::Pem {
        path: path.to_owned(),
        fault: fault.to_string(),
    }
}
