//! One contract, two engines: every test runs on the embedded database and on a private server.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

#[path = "conformance/engines.rs"]
mod engines;
#[path = "conformance/sample.rs"]
mod sample;

#[path = "conformance/administrators.rs"]
mod administrators;
#[path = "conformance/changes.rs"]
mod changes;
#[path = "conformance/counts.rs"]
mod counts;
#[path = "conformance/following.rs"]
mod following;
#[path = "conformance/invitations.rs"]
mod invitations;
#[path = "conformance/ledger.rs"]
mod ledger;
#[path = "conformance/lists.rs"]
mod lists;
#[path = "conformance/outcomes.rs"]
mod outcomes;
#[path = "conformance/parts.rs"]
mod parts;
#[path = "conformance/passwords.rs"]
mod passwords;
#[path = "conformance/people.rs"]
mod people;
#[path = "conformance/places.rs"]
mod places;
#[path = "conformance/portal.rs"]
mod portal;
#[path = "conformance/resources.rs"]
mod resources;
#[path = "conformance/rotations.rs"]
mod rotations;
#[path = "conformance/sessions.rs"]
mod sessions;
#[path = "conformance/signing_keys.rs"]
mod signing_keys;
#[path = "conformance/standing.rs"]
mod standing;
#[path = "conformance/takeovers.rs"]
mod takeovers;
#[path = "conformance/two_stores.rs"]
mod two_stores;

/// Each test once, as a test on either engine.
macro_rules! conformance {
    ($($(#[$attribute:meta])* $name:ident)*) => {
        mod embedded {
            $($(#[$attribute])* #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() {
                super::$name(&crate::engines::Place::embedded()).await;
            })*
        }
        mod server {
            $($(#[$attribute])* #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() {
                super::$name(&crate::engines::Place::server().await).await;
            })*
        }
    };
}
pub(crate) use conformance;
