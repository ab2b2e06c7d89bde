//! What is known of a request before anybody looks into it.

use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use keyway_token::base62::draw_id;
use keyway_token::entropy::Entropy;

/// Characters of the part of a request id that tells one run of a server from another.
const RUN_CHARS: usize = 10;

/// Travels in the request's extensions.
#[derive(Clone, Debug)]
pub(crate) struct RequestContext {
    pub id: Arc<str>,
    /// The client, as far as trusted proxies say; None when that cannot be told.
    pub address: Option<IpAddr>,
}

/// Gives each request an id: `req_`, the run, a number. No two are equal, and making one costs
/// nothing.
#[derive(Debug)]
pub(crate) struct RequestIds {
    run: String,
    next: AtomicU64,
}

impl RequestIds {
    pub(crate) fn begin(entropy: &mut dyn Entropy) -> Self {
        Self {
            run: draw_id(RUN_CHARS, entropy),
            next: AtomicU64::new(1),
        }
    }

    pub(crate) fn draw(&self) -> Arc<str> {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        format!("req_{}{number:x}", self.run).into()
    }
}
