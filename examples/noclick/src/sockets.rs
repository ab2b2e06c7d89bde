//! Sockets come, send events and go. Each event is asked about; each open socket is watched over by a
//! task of its own, which asks again whenever something may have ended its key.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use engineioxide::handler::EngineIoHandler;
use engineioxide::socket::Sid;
use engineioxide::{DisconnectReason, Socket, Str};
use jiff::Timestamp;
use keyway_token::secret::Secret;
use parking_lot::Mutex;
use serde_json::Value;

use crate::events;
use crate::gate::{self, Denied, Gate};
use crate::live::{self, Live, Session, Wire};
use crate::packet::{self, Incoming};
use crate::product::{self, Product, text};

/// How long a socket may take to say who it is.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// Longer than any key.
const KEY_CHARS_MAX: usize = 256;
/// Pause before a key that could not be judged is asked about again.
const UNDECIDED_PAUSE: Duration = Duration::from_millis(500);
/// Longest sleep before a key's end; a later end is slept towards again.
const SLEEP_MAX: Duration = Duration::from_hours(24);
/// Between a key's end and the cut, for calls that are on their way.
const CUT_AFTER: Duration = Duration::from_millis(200);
/// Shortest sleep before a key's end: two clocks need not agree about the moment.
const SLEEP_MIN: Duration = Duration::from_millis(20);
/// How long a closed namespace may keep its connection.
const LINGER: Duration = Duration::from_secs(1);

#[derive(Debug)]
pub struct Sockets {
    pub gate: Gate,
    pub product: Arc<Product>,
    open: Mutex<HashMap<Sid, Wire>>,
}

impl EngineIoHandler for Sockets {
    type Data = Live;

    fn on_connect(self: Arc<Self>, socket: Arc<Socket<Live>>) {
        tokio::spawn(async move {
            tokio::time::sleep(CONNECT_TIMEOUT).await;
            if live::is_nobodys(&socket) {
                socket.close(DisconnectReason::TransportClose);
            }
        });
    }

    fn on_disconnect(&self, socket: Arc<Socket<Live>>, _reason: DisconnectReason) {
        live::end(&socket);
        socket.data.nudge.notify_one();
    }

    fn on_message(self: &Arc<Self>, message: Str, socket: Arc<Socket<Live>>) {
        let sockets = Arc::clone(self);
        match packet::parse(&message) {
            Some(Incoming::Connect(auth)) if live::introduce(&socket) => {
                tokio::spawn(async move { sockets.connect(socket, &auth).await });
            }
            Some(Incoming::Event { name, payload }) => {
                let request_id = text(&payload, "request_id").to_owned();
                // Here and not in the task: calls are let in in the order in which they came.
                if let Some(session) = live::begin(&socket, &request_id) {
                    tokio::spawn(async move {
                        let call = Call {
                            name,
                            payload,
                            request_id,
                        };
                        sockets.call(&socket, &session, call).await;
                    });
                }
            }
            Some(Incoming::Connect(_) | Incoming::Disconnect) | None => {
                socket.close(DisconnectReason::TransportClose);
            }
        }
    }

    fn on_binary(self: &Arc<Self>, _data: Bytes, socket: Arc<Socket<Live>>) {
        socket.close(DisconnectReason::PacketParsingError);
    }
}

struct Call {
    name: String,
    payload: Value,
    request_id: String,
}

impl Sockets {
    pub fn new(gate: Gate, product: Arc<Product>) -> Self {
        Self {
            gate,
            product,
            open: Mutex::default(),
        }
    }

    /// A socket's whole life, from saying who it is.
    async fn connect(&self, socket: Wire, auth: &Value) {
        // Known to the watch before it is asked about, so that no change falls between.
        self.open.lock().insert(socket.id, Arc::clone(&socket));
        match self.introduced(auth).await {
            Ok((session, ends)) => {
                let session = Arc::new(session);
                live::open(&socket, Arc::clone(&session));
                self.watch_over(&socket, &session, ends).await;
            }
            Err(denied) => live::refuse(&socket, &denied.words(), denied.code()),
        }
        self.open.lock().remove(&socket.id);
        tokio::time::sleep(LINGER).await;
        socket.close(DisconnectReason::TransportClose);
    }

    /// Who it is, and until when.
    async fn introduced(&self, auth: &Value) -> Result<(Session, Option<Timestamp>), Denied> {
        let key = text(auth, "api_key");
        if key.len() > KEY_CHARS_MAX {
            return Err(Denied::Reason("api_key_malformed".to_owned()));
        }
        let secret = Secret::new(key.to_owned());
        let principal = self.gate.whose(&secret).await?;
        Ok((Session::of(secret, &principal), principal.expires_at))
    }

    /// Waits for the end of a key, and ends its socket with it; or for the socket to go.
    async fn watch_over(&self, socket: &Wire, session: &Session, mut ends: Option<Timestamp>) {
        loop {
            tokio::select! {
                () = socket.data.nudge.notified() => {}
                () = tokio::time::sleep(until(ends)) => {}
            }
            if live::session(socket).is_none() {
                return;
            }
            match self.gate.whose(&session.secret).await {
                Ok(principal) => ends = principal.expires_at,
                Err(Denied::Reason(_)) => {
                    live::end(socket);
                    tokio::time::sleep(CUT_AFTER).await;
                    return live::cut(socket);
                }
                Err(Denied::Undecided) => {
                    tokio::time::sleep(UNDECIDED_PAUSE).await;
                    socket.data.nudge.notify_one();
                }
            }
        }
    }

    /// Asks again about the key of every open socket that this is true of.
    pub fn nudge(&self, is_meant: impl Fn(&Session) -> bool) {
        for socket in self.open.lock().values() {
            // The answer about a socket that is not open yet may be older than the change.
            if live::session(socket).is_none_or(|session| is_meant(&session)) {
                socket.data.nudge.notify_one();
            }
        }
    }

    async fn call(&self, socket: &Wire, session: &Session, call: Call) {
        let done = match self.allowed(session, &call).await {
            Ok(()) => {
                tokio::time::sleep(product::duration(&call.name)).await;
                let (event, payload) = (&call.name, &call.payload);
                self.product.answer(&session.account, event, payload)
            }
            Err(denied) => Err(denied.words()),
        };
        match done {
            Ok((data, pushes)) => live::answer(socket, &call.request_id, Ok(&data), &pushes.0),
            Err(fault) => live::answer(socket, &call.request_id, Err(&fault), &[]),
        }
    }

    /// The permission of the event, in every workflow that the call names.
    async fn allowed(&self, session: &Session, call: &Call) -> Result<(), Denied> {
        let no = |reason: &str| Denied::Reason(reason.to_owned());
        let permission = events::permission(&call.name).ok_or_else(|| no("unknown event"))?;
        let mut places = Vec::new();
        let resource = text(&call.payload, "resource_id");
        if !resource.is_empty() {
            let owner = self.product.owner_of(&session.account, resource);
            let owner = owner.ok_or_else(|| no("unknown resource"))?;
            places.extend(gate::workflow(&owner));
        }
        let workflow = text(&call.payload, "workflow_id");
        if !workflow.is_empty() {
            places.push(gate::workflow(workflow).ok_or_else(|| no("unknown workflow"))?);
        }
        let everything = gate::EVERYTHING.to_owned();
        if !places.is_empty() {
            self.gate.allows(&session.secret, permission, &places).await
        } else if events::may_name_no_workflow(&call.name) {
            let own = self.product.workflow_ids(&session.account);
            places = own.iter().filter_map(|id| gate::workflow(id)).collect();
            places.push(everything);
            let asked = self
                .gate
                .allows_anywhere(&session.secret, permission, &places);
            asked.await
        } else {
            self.gate
                .allows(&session.secret, permission, &[everything])
                .await
        }
    }
}

/// How long to sleep until a key ends.
fn until(ends: Option<Timestamp>) -> Duration {
    let Some(ends) = ends else { return SLEEP_MAX };
    let left = ends.duration_since(Timestamp::now());
    Duration::try_from(left)
        .unwrap_or(SLEEP_MIN)
        .clamp(SLEEP_MIN, SLEEP_MAX)
}
