//! The edge: what happens to every request before a handler sees it, and to every answer after.
//!
//! It gives the request its id and its client address, keeps heads under their limit, turns a panic
//! into a problem, writes problems out (only here are path, id and the profile's words known), and
//! puts the headers on that every answer has. `/v1/authorize` branches off here.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::panic::AssertUnwindSafe;
use std::pin::Pin;
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::response::IntoResponse as _;
use bytes::Bytes;
use futures_util::FutureExt as _;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Response, header};
use hyper::body::Incoming;
use hyper::service::Service;
use keyway_api::code::Code;
use tower::ServiceExt as _;

use crate::answer::problem::{Problem, finish};
use crate::app::App;
use crate::request::address::client_address;
use crate::request::context::RequestContext;
use crate::serve::accept::takes_json;
use crate::{authorize, routes};

/// Most bytes of header names and values.
pub(super) const HEADER_BYTES_MAX: usize = 8 * 1_024;
/// Most bytes of path and query.
pub(super) const URI_BYTES_MAX: usize = 8 * 1_024;

/// Headers that every answer has.
const HEADERS_PUT_MAX: usize = 7;
const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
const CONTENT_POLICY: &str = "default-src 'none'; frame-ancestors 'none'";
const HSTS: &str = "max-age=31536000";

/// Makes a service for each connection.
#[derive(Clone, Debug)]
pub(super) struct Edge {
    app: Arc<App>,
    router: Router,
}

/// One connection's service.
#[derive(Clone, Debug)]
pub(super) struct PeerEdge {
    edge: Edge,
    peer: SocketAddr,
}

impl Edge {
    pub(super) fn new(app: Arc<App>) -> Self {
        let router = routes::router(Arc::clone(&app));
        Self { app, router }
    }

    pub(super) fn for_peer(self, peer: SocketAddr) -> PeerEdge {
        PeerEdge { edge: self, peer }
    }

    async fn answer(self, request: Request<Incoming>, peer: SocketAddr) -> Response<Body> {
        let app = &*self.app;
        let context = RequestContext {
            id: app.request_ids.draw(),
            address: client_address(peer.ip(), request.headers(), &app.trusted_proxies),
        };
        let path = request.uri().path().to_owned();
        let guarded = AssertUnwindSafe(dispatch(app, self.router, request, context.clone()));
        let mut response = guarded.catch_unwind().await.unwrap_or_else(|_| {
            tracing::error!(request_id = %context.id, "a handler panicked");
            write_out(app, &Problem::new(Code::Internal), &context, &path)
        });
        if let Some(problem) = response.extensions_mut().remove::<Problem>() {
            let allow = response.headers_mut().remove(header::ALLOW);
            response = write_out(app, &problem, &context, &path);
            response
                .headers_mut()
                .extend(allow.map(|allow| (header::ALLOW, allow)));
        }
        put_headers(response.headers_mut(), &context, app.is_tls);
        response
    }
}

impl Service<Request<Incoming>> for PeerEdge {
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Infallible>> + Send>>;

    fn call(&self, request: Request<Incoming>) -> Self::Future {
        let answer = self.edge.clone().answer(request, self.peer);
        Box::pin(async move { Ok(answer.await) })
    }
}

async fn dispatch(
    app: &App,
    router: Router,
    mut request: Request<Incoming>,
    context: RequestContext,
) -> Response<Body> {
    let fits = head_fits(&request);
    if request.uri().path() == authorize::PATH {
        return match authorize::authorize(app, &context, &request, fits) {
            Ok(response) => response.map(Body::from),
            Err(problem) => problem.into_response(),
        };
    }
    if let Err(problem) = fits {
        return problem.into_response();
    }
    if request.uri().path().starts_with("/v1/") && !takes_json(request.headers()) {
        return Problem::new(Code::NotAcceptable).into_response();
    }
    if *request.method() == Method::CONNECT {
        return Problem::new(Code::RouteNotFound).into_response();
    }
    request.extensions_mut().insert(context);
    let Ok(response) = router.oneshot(request.map(Body::new)).await;
    response
}

fn head_fits<B>(request: &Request<B>) -> Result<(), Problem> {
    let bytes: usize = request
        .headers()
        .iter()
        .map(|(name, value)| name.as_str().len() + value.len())
        .sum();
    if bytes > HEADER_BYTES_MAX {
        return Err(Problem::new(Code::HeadersTooLarge));
    }
    let uri = request.uri();
    if uri.path().len() + uri.query().map_or(0, str::len) > URI_BYTES_MAX {
        return Err(Problem::new(Code::UriTooLong));
    }
    Ok(())
}

fn write_out(app: &App, problem: &Problem, it: &RequestContext, path: &str) -> Response<Body> {
    let code = problem.code();
    app.telemetry.problem(code);
    tracing::debug!(request_id = %it.id, code = code.name(), "a call was refused");
    let in_force = app.profile.load();
    let in_force = in_force.as_deref();
    let response: Response<Bytes> = finish(problem, &it.id, path, &app.public_url, in_force);
    response.map(Body::from)
}

/// A page of our own may have set policies that let its style in and its forms out; everything else
/// gets the strict ones.
fn put_headers(headers: &mut HeaderMap, context: &RequestContext, is_tls: bool) {
    // At once: growing on the way would hash every header again.
    headers.reserve(HEADERS_PUT_MAX);
    if let Ok(id) = HeaderValue::from_str(&context.id) {
        headers.insert(REQUEST_ID, id);
    }
    headers.insert(
        header::X_CONTENT_TYPE_OPTIONS,
        HeaderValue::from_static("nosniff"),
    );
    let defaults = [
        (header::REFERRER_POLICY, "no-referrer"),
        (header::CACHE_CONTROL, "no-store"),
        (header::CONTENT_SECURITY_POLICY, CONTENT_POLICY),
        (header::X_FRAME_OPTIONS, "DENY"),
    ];
    for (name, value) in defaults {
        headers
            .entry(name)
            .or_insert(HeaderValue::from_static(value));
    }
    if is_tls {
        headers.insert(
            header::STRICT_TRANSPORT_SECURITY,
            HeaderValue::from_static(HSTS),
        );
    }
}
