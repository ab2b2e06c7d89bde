//! The complete set of keys in memory, ready to decide about.
//!
//! An index is not a cache: it holds every key, so an unknown digest is an answer and not a question
//! to a database. It is fed by the ledger ([`Index::apply_key`](index::Index::apply_key) and its
//! neighbours, in the order policies, organizations, keys) and asked by
//! [`Index::verify`](verify::Presented), from any number of threads.
//!
//! **Layout.** Keys are spread over `SHARDS` shards by a hash that is seeded per
//! process, since whoever imports keys chooses digests. A shard is a table of slots and an arena that
//! grows by small chunks: growing copies no record and reads none, so that a reader never waits long
//! for a writer. What many keys have in common (project, environment, grants, address rules) is held once
//! in an [`Access`](access::Access) and shared; an organization is an entry of its own that is looked
//! up when deciding, so that suspending it is one change and not one per key.
//!
//! **Counting** happens in the record with atomics; [`Index::drain_usage`](index::Index::drain_usage)
//! takes what was counted since the last time.
//!
//! No I/O, no clock, no random source: time and the seed come in.

pub mod access;
mod ids;
pub mod index;
mod members;
pub mod organizations;
pub mod policy;
pub mod projects;
mod record;
mod shard;
mod table;
pub mod texts;
pub mod usage;
pub mod verify;
