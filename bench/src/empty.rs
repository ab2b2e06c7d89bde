//! What an HTTP server costs that does nothing: the yardsticks, in a process of their own as the
//! product is.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::process::{Command, Stdio};

use anyhow::Result;
use axum::Json;
use axum::routing::post;
use bytes::Bytes;
use clap::ValueEnum;
use http_body_util::Empty;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use keyway_api::verify::VerifyKey;
use keyway_tests::programs::{self, Program};
use keyway_tests::{ports, wait};
use tokio::net::{TcpListener, TcpStream};

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Kind {
    /// Reads the JSON of a verify and answers with nothing.
    Axum,
    /// Answers with nothing.
    Hyper,
}

/// A running yardstick.
pub(crate) struct EmptyServer {
    pub authority: String,
    program: Program,
}

impl EmptyServer {
    pub(crate) async fn start(kind: Kind) -> Result<Self> {
        let authority = format!("127.0.0.1:{}", ports::free());
        let kind = kind.to_possible_value().map(|it| it.get_name().to_owned());
        let mut command: Command = programs::tied(std::env::current_exe()?);
        command
            .arg("--empty")
            .arg(kind.unwrap_or_default())
            .arg("--listen")
            .arg(&authority)
            .stdout(Stdio::null());
        let program = Program::start(&mut command);
        wait::until("an empty server", async || {
            TcpStream::connect(&authority).await.ok()
        })
        .await;
        Ok(Self { authority, program })
    }

    pub(crate) fn id(&self) -> u32 {
        self.program.id()
    }
}

/// Serves until it is killed.
pub(crate) async fn serve(kind: Kind, address: SocketAddr) -> Result<()> {
    let listener = TcpListener::bind(address).await?;
    match kind {
        Kind::Axum => {
            let read = post(async |Json(_): Json<VerifyKey>| ());
            let router = axum::Router::new().route("/v1/keys/verify", read);
            Ok(axum::serve(listener, router).await?)
        }
        Kind::Hyper => loop {
            let (stream, _) = listener.accept().await?;
            stream.set_nodelay(true)?;
            tokio::spawn(async {
                let answer = service_fn(async |_| {
                    Ok::<_, Infallible>(http::Response::new(Empty::<Bytes>::new()))
                });
                let connection =
                    http1::Builder::new().serve_connection(TokioIo::new(stream), answer);
                // A client that breaks off is no fault of ours.
                let _ended = connection.await;
            });
        },
    }
}
