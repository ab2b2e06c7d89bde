//! SIGTERM: requests end, what was counted is written, the exit is clean.

use keyway_tests::server::Server;
use serde_json::json;

#[tokio::test]
async fn what_was_counted_before_sigterm_is_there_afterwards() {
    let mut server = Server::start().await;
    let organization = server.organization("Acme").await;
    let (id, secret) = server.key(&organization, json!({})).await;
    for _ in 0..3 {
        assert_eq!(server.verdict(&secret).await, "valid");
    }
    let status = server.terminate();
    assert_eq!(status.code(), Some(0), "{}", server.log_text());
    server.start_again().await;
    let usage = server
        .root()
        .get(&format!("/v1/keys/{id}/usage"))
        .await
        .expect(200);
    assert_eq!(usage["hours"][0]["allowed"], 3, "{usage}");
    assert!(usage["last_used_at"].is_string(), "{usage}");
    assert_eq!(server.verdict(&secret).await, "valid");
}
