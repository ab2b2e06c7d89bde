//! One socket: open for a key until the key ends. From that moment every call is answered with an error,
//! those that wait and those that still come; a moment later the namespace is closed. (Closing it at once
//! would leave a call that is on its way without an answer; closing the connection alone would make
//! clients come back and try again.)

use std::sync::Arc;

use engineioxide::{DisconnectReason, Socket};
use keyway_api::verify::Principal;
use keyway_client::watch::WatchedKey;
use keyway_token::secret::Secret;
use parking_lot::Mutex;
use serde_json::{Value, json};
use tokio::sync::Notify;

use crate::packet;

/// Calls of one socket that wait for an answer.
const PENDING_MAX: usize = 32;
const ENDED: &str = "the key has ended";

pub type Wire = Arc<Socket<Live>>;

/// What lies with each socket.
#[derive(Debug, Default)]
pub struct Live {
    phase: Mutex<Phase>,
    /// Something happened that may end the key.
    pub nudge: Notify,
}

#[derive(Debug, Default)]
enum Phase {
    /// Has not said who it is.
    #[default]
    New,
    /// Has said it, and Keyway is asked.
    Asking,
    Open(Box<Open>),
    /// Was refused, or its key has ended.
    Ended,
}

#[derive(Debug)]
struct Open {
    session: Arc<Session>,
    /// By the id that the client gave each, which may be one and the same.
    pending: Vec<String>,
}

/// Whom a socket is open for.
#[derive(Debug)]
pub struct Session {
    pub secret: Secret,
    pub account: String,
    pub key: WatchedKey,
}

impl Session {
    pub fn of(secret: Secret, principal: &Principal) -> Self {
        Self {
            secret,
            account: principal.organization.clone(),
            key: WatchedKey {
                id: principal.id.clone(),
                organization: principal.organization.clone(),
            },
        }
    }
}

/// Whether this is the first time that a socket says who it is; a second one finds nothing to open.
pub fn introduce(socket: &Wire) -> bool {
    let mut phase = socket.data.phase.lock();
    let is_first = matches!(*phase, Phase::New);
    if is_first {
        *phase = Phase::Asking;
    }
    is_first
}

/// Opens a socket that waits for it; not one that went away meanwhile.
pub fn open(socket: &Wire, session: Arc<Session>) {
    let mut phase = socket.data.phase.lock();
    if matches!(*phase, Phase::Asking) {
        let pending = Vec::new();
        *phase = Phase::Open(Box::new(Open { session, pending }));
        say(socket, packet::accepted(&socket.id.to_string()));
    }
}

/// Refuses a socket that has not been open.
pub fn refuse(socket: &Wire, message: &str, code: &str) {
    *socket.data.phase.lock() = Phase::Ended;
    say(socket, packet::refused(message, code));
}

/// Whether nobody is known behind it.
pub fn is_nobodys(socket: &Wire) -> bool {
    matches!(*socket.data.phase.lock(), Phase::New | Phase::Asking)
}

pub fn session(socket: &Wire) -> Option<Arc<Session>> {
    match &*socket.data.phase.lock() {
        Phase::Open(open) => Some(Arc::clone(&open.session)),
        Phase::New | Phase::Asking | Phase::Ended => None,
    }
}

/// Lets a call in; None answers it with an error, if it can be answered.
pub fn begin(socket: &Wire, request_id: &str) -> Option<Arc<Session>> {
    let mut phase = socket.data.phase.lock();
    let fault = match &mut *phase {
        Phase::Open(open) if open.pending.len() < PENDING_MAX => {
            open.pending.push(request_id.to_owned());
            return Some(Arc::clone(&open.session));
        }
        Phase::Open(_) => "too many calls at once",
        Phase::Ended => ENDED,
        Phase::New | Phase::Asking => "connect first",
    };
    say(socket, response(request_id, Err(fault)));
    None
}

/// Answers a call, unless the key ended meanwhile and it was answered then.
pub fn answer(
    socket: &Wire,
    request_id: &str,
    outcome: Result<&Value, &str>,
    pushes: &[(&'static str, Value)],
) {
    let mut phase = socket.data.phase.lock();
    let Phase::Open(open) = &mut *phase else {
        return;
    };
    if let Some(at) = open.pending.iter().position(|it| it == request_id) {
        open.pending.swap_remove(at);
        say(socket, response(request_id, outcome));
        for (name, payload) in pushes {
            say(socket, packet::event(name, payload));
        }
    }
}

/// The key has ended: whoever waits is told so, and so is whoever calls from now on.
pub fn end(socket: &Wire) {
    let mut phase = socket.data.phase.lock();
    if let Phase::Open(open) = std::mem::replace(&mut *phase, Phase::Ended) {
        for request_id in &open.pending {
            say(socket, response(request_id, Err(ENDED)));
        }
    }
}

/// Closes the namespace, so that the client does not come back by itself.
pub fn cut(socket: &Wire) {
    say(socket, packet::DISCONNECT.to_owned());
}

fn response(request_id: &str, outcome: Result<&Value, &str>) -> String {
    let payload = match outcome {
        Ok(data) => json!({"request_id": request_id, "data": data}),
        Err(error) => json!({"request_id": request_id, "error": error}),
    };
    packet::event("response", &payload)
}

/// A client that does not read what it is told is not waited for.
fn say(socket: &Wire, text: String) {
    if socket.emit(text).is_err() {
        let socket = Arc::clone(socket);
        // By a task of its own: closing looks at the phase, whose lock whoever says this may hold.
        tokio::spawn(async move { socket.close(DisconnectReason::TransportError) });
    }
}
