//! `examples/axum.rs` lets through whom it should, and fails closed.

#![expect(clippy::unwrap_used, reason = "a test stops at what it did not expect")]

use keyway_client::client::{Client, ClientBuilder};
use keyway_token::secret::Secret;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

#[expect(dead_code, reason = "its main is for people")]
#[path = "../examples/axum.rs"]
mod example;

const VALID: &str = r#"{"valid":true,"code":"valid","http_status":200,"key":{"id":"k",
    "organization":"org_1","organization_external_id":null,"project":null,"environment":"live",
    "name":"Key","suffix":"xxxx","owner":null,"permissions":["read"],"metadata":{},
    "expires_at":null}}"#;
const LACKS: &str = r#"{"valid":false,"code":"insufficient_permissions","http_status":403,
    "missing_permissions":["read"]}"#;
const REVOKED_CALLER: &str = r#"{"type":"","title":"T","status":401,"code":"credential_revoked"}"#;

/// A Keyway that gives one answer, or none.
async fn a_keyway(answer: Option<(u16, &'static str)>) -> Client {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        let (mut socket, _) = listener.accept().await.unwrap();
        let length = socket.read(&mut [0; 4_096]).await.unwrap();
        assert!(length > 0, "a question comes");
        if let Some((status, body)) = answer {
            let head = format!("HTTP/1.1 {status} X\r\nconnection: close\r\n\r\n");
            socket.write_all((head + body).as_bytes()).await.unwrap();
        }
    });
    ClientBuilder {
        url: format!("http://{address}"),
        token: Secret::new("kw_mgmt_hidden".to_owned()),
        timeout: None,
    }
    .build()
    .unwrap()
}

/// Status and body of one call to the example.
async fn call(keyway: Client, headers: &str) -> (u16, String) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let mut socket = TcpStream::connect(listener.local_addr().unwrap())
        .await
        .unwrap();
    let serving = tokio::spawn(example::serve(listener, keyway));
    let request = format!("GET /orders HTTP/1.1\r\nhost: x\r\nconnection: close\r\n{headers}\r\n");
    socket.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    socket.read_to_string(&mut answer).await.unwrap();
    serving.abort();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    let status = head.split(' ').nth(1).unwrap();
    (status.parse().unwrap(), body.to_owned())
}

const BEARER: &str = "authorization: Bearer k\r\n";

#[tokio::test]
async fn a_key_that_may_passes() {
    let keyway = a_keyway(Some((200, VALID))).await;
    let answer = call(keyway, BEARER).await;
    assert_eq!(answer, (200, "orders of org_1".to_owned()));
}

#[tokio::test]
async fn a_key_that_may_not_is_told_why() {
    let (status, body) = call(a_keyway(Some((200, LACKS))).await, BEARER).await;
    assert_eq!(status, 403);
    assert!(body.contains(r#""detail":"it needs read""#), "{body}");
}

#[tokio::test]
async fn without_one_credential_nothing_is_asked() {
    let (status, body) = call(a_keyway(None).await, "").await;
    assert_eq!(status, 401);
    assert!(body.contains("api_key_missing"), "{body}");
    let (status, body) = call(a_keyway(None).await, &BEARER.repeat(2)).await;
    assert_eq!(status, 400);
    assert!(body.contains("duplicate_credentials"), "{body}");
}

#[tokio::test]
async fn without_an_answer_nobody_passes_and_no_key_is_called_bad() {
    for answer in [None, Some((401, REVOKED_CALLER)), Some((200, "{}"))] {
        let (status, body) = call(a_keyway(answer).await, BEARER).await;
        assert_eq!(status, 503);
        assert!(body.contains("undecided"), "{body}");
    }
}
