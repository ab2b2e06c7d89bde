//! A product whose applications talk over Socket.IO, each with a key. Keyway is asked about every event,
//! and tells when a key ends, so that what is open for it ends too.
//!
//! `KEYWAY_URL`, `KEYWAY_TOKEN`: where Keyway is, and the management key; `PRODUCT_PORT`;
//! `BACKOFFICE_TOKEN`: who is staff.

mod backoffice;
mod events;
mod gate;
mod live;
mod packet;
mod product;
mod sockets;

use std::net::Ipv4Addr;
use std::sync::Arc;

use anyhow::Context as _;
use engineioxide::TransportType;
use engineioxide::config::EngineIoConfig;
use engineioxide::service::EngineIoService;
use keyway_client::client::ClientBuilder;
use keyway_client::error::ClientError;
use keyway_client::watch::{Watch, WatchEvent};
use keyway_token::digest::Digest;
use keyway_token::secret::Secret;
use tokio::net::TcpListener;

use crate::backoffice::Backoffice;
use crate::gate::Gate;
use crate::product::Product;
use crate::sockets::Sockets;

/// Largest frame, as the server tells its clients.
const FRAME_BYTES_MAX: u64 = 1_000_000;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let variable = |name: &str| std::env::var(name).with_context(|| format!("{name} is not set"));
    let client = ClientBuilder {
        url: variable("KEYWAY_URL")?,
        token: Secret::new(variable("KEYWAY_TOKEN")?),
        timeout: None,
    }
    .build()?;
    let product = Arc::new(Product::new());
    let gate = Gate::new(client.clone());
    let sockets = Arc::new(Sockets::new(gate, Arc::clone(&product)));
    let watching = listen(client.watch(), Arc::clone(&sockets));
    let staff = Backoffice {
        client,
        product,
        token: Digest::of(&variable("BACKOFFICE_TOKEN")?),
    };
    let config = EngineIoConfig::builder()
        .req_path("/socket.io")
        .transports([TransportType::Websocket])
        .max_payload(FRAME_BYTES_MAX)
        .ws_max_message_size(FRAME_BYTES_MAX as usize)
        .ws_max_frame_size(FRAME_BYTES_MAX as usize)
        .build();
    let routes =
        backoffice::routes(staff).fallback_service(EngineIoService::with_config(sockets, config));
    let port: u16 = variable("PRODUCT_PORT")?.parse()?;
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await?;
    tokio::select! {
        served = axum::serve(listener, routes) => served.map_err(Into::into),
        // Without the watch, sockets would outlive their keys.
        watched = watching => watched.map_err(Into::into),
    }
}

/// Asks again about the keys that a change bears on; about all of them when changes may have been missed.
async fn listen(mut watch: Watch, sockets: Arc<Sockets>) -> Result<(), ClientError> {
    loop {
        match watch.next().await? {
            WatchEvent::Changed(change) => sockets.nudge(|it| it.key.is_touched_by(&change)),
            WatchEvent::Watching | WatchEvent::Lost => sockets.nudge(|_| true),
            WatchEvent::Interrupted => {}
        }
    }
}
