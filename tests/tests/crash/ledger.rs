//! The audit log after a crash.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use keyway_tests::server::{Server, text};
use serde_json::Value;

pub(crate) fn count(counter: &Arc<AtomicUsize>) -> usize {
    counter.load(Ordering::SeqCst)
}

/// Answers with the present head. It must not be before the one noted earlier, and that one must
/// still be in the log.
pub(crate) async fn assert_whole_and_grown(server: &Server, before: i64) -> i64 {
    let verified = server.root().get("/v1/audit/verify").await.expect(200);
    assert_eq!(verified["is_whole"], true, "{verified}");
    assert_eq!(verified["broken_at"], Value::Null);
    let head = text(&verified, "/head");
    let (seq, _hash) = head.split_once(':').unwrap();
    let seq: i64 = seq.parse().unwrap();
    assert!(seq > before, "the log was at {before} and is at {seq}");
    seq
}
