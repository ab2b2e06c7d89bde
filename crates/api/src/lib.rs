//! What Keyway says over HTTP: the shapes of requests and answers, and the names of refusals.
//!
//! This crate is the contract and holds no behaviour. Servers and clients of any kind are written
//! against it; it knows nothing of how a key is stored or decided about, so that a new column or a new
//! rule cannot leak onto the wire by itself.
//!
//! - **Requests** refuse unknown fields: a misspelt `expires_at` must not become a key without an end.
//!   **Answers** may grow, so clients ignore what they do not know.
//! - **Absence never grants.** No grants are no rights; "everything" is spelled `*`.
//! - **An edit** tells an absent field (stays) from `null` (taken away); see [`edit`].
//! - **Times** are RFC 3339 in UTC. Spans of time are a number with a unit, such as `24h`.
//! - **Secrets** are [`keyway_token::secret::Secret`], which cannot print itself, on the wire too.
//! - **Refusals** all come from one table, [`code`], in one shape, [`problem`].

#![warn(missing_docs)]

pub mod audit;
pub mod change;
pub mod code;
pub mod edit;
pub mod follow;
pub mod grant;
pub mod import;
pub mod invitation;
pub mod key;
pub mod list;
pub mod management_key;
pub mod member;
pub mod object;
pub mod organization;
pub mod portal_session;
pub mod problem;
pub mod profile;
pub mod project;
pub mod rate_limit;
pub mod resource;
pub mod revoke_batch;
pub mod role;
pub mod secret_text;
pub mod sign_in_link;
pub mod signing_key;
pub mod token;
pub mod usage;
pub mod verify;
pub mod whoami;

/// The JSON object that a product keeps with a key or an organization, for itself.
pub type Metadata = serde_json::Map<String, serde_json::Value>;

/// One JSON value per line: import both ways, and the audit export.
pub const NDJSON: &str = "application/x-ndjson";
