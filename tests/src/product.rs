//! A product behind a proxy: it answers with what it was sent, and remembers it.

use std::convert::Infallible;
use std::sync::{Arc, Mutex};

use http::{Request, Response};
use http_body_util::{BodyExt as _, Full};
use hyper::body::{Bytes, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;

/// A request as it arrived.
#[derive(Clone, Debug)]
pub struct Arrived {
    pub method: String,
    pub target: String,
    /// Names in lower case.
    pub headers: Vec<(String, String)>,
    pub body: String,
}

/// Answers every request until the test ends.
#[derive(Debug)]
pub struct Product {
    authority: String,
    arrived: Arc<Mutex<Vec<Arrived>>>,
}

impl Product {
    pub async fn start() -> Self {
        Self::answering(200).await
    }

    /// One whose every answer has this status.
    pub async fn answering(status: u16) -> Self {
        let authority = format!("127.0.0.1:{}", crate::ports::free());
        let listener = TcpListener::bind(&authority).await.unwrap();
        let arrived = Arc::default();
        tokio::spawn(serve(listener, status, Arc::clone(&arrived)));
        Self { authority, arrived }
    }

    /// Host and port.
    pub fn authority(&self) -> &str {
        &self.authority
    }

    /// All that has come through so far.
    pub fn arrived(&self) -> Vec<Arrived> {
        self.arrived.lock().unwrap().clone()
    }

    pub fn last(&self) -> Arrived {
        let last = self.arrived.lock().unwrap().last().cloned();
        last.expect("nothing came through")
    }
}

impl Arrived {
    /// All values under this name, in lower case; `Some("")` is a header that is there and empty.
    pub fn header(&self, name: &str) -> Option<String> {
        let values = self.headers.iter().filter(|(own, _)| own == name);
        let values: Vec<&str> = values.map(|(_, value)| value.as_str()).collect();
        (!values.is_empty()).then(|| values.join(","))
    }
}

async fn serve(listener: TcpListener, status: u16, arrived: Arc<Mutex<Vec<Arrived>>>) {
    loop {
        let (stream, _) = listener.accept().await.unwrap();
        let arrived = Arc::clone(&arrived);
        tokio::spawn(async move {
            let answer = service_fn(|request| answer(request, status, Arc::clone(&arrived)));
            let connection = http1::Builder::new().serve_connection(TokioIo::new(stream), answer);
            // A proxy may end a connection at any time.
            let _ended = connection.await;
        });
    }
}

async fn answer(
    request: Request<Incoming>,
    status: u16,
    arrived: Arc<Mutex<Vec<Arrived>>>,
) -> Result<Response<Full<Bytes>>, Infallible> {
    let (head, body) = request.into_parts();
    let body = body
        .collect()
        .await
        .map(http_body_util::Collected::to_bytes);
    let seen = Arrived {
        method: head.method.to_string(),
        target: head.uri.to_string(),
        headers: head
            .headers
            .iter()
            .map(|(name, value)| {
                let value = String::from_utf8_lossy(value.as_bytes());
                (name.as_str().to_owned(), value.into_owned())
            })
            .collect(),
        body: String::from_utf8_lossy(&body.unwrap_or_default()).into_owned(),
    };
    let echo = format!("{seen:?}");
    arrived.lock().unwrap().push(seen);
    let response = Response::builder().status(status);
    Ok(response.body(Full::new(echo.into())).unwrap())
}
