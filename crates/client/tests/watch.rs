//! A watch over connections that come and go: a socket that answers as it is told.

#![expect(clippy::unwrap_used, reason = "a test stops at what it did not expect")]

use keyway_api::code::Code;
use keyway_client::client::{Client, ClientBuilder};
use keyway_client::watch::{WatchEvent, WatchedKey};
use keyway_token::secret::Secret;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

const GOOD: &str =
    "HTTP/1.1 200 OK\r\ncontent-type: application/x-ndjson\r\nconnection: close\r\n\r\n";

fn position(seq: i64) -> String {
    format!("{{\"type\":\"position\",\"seq\":{seq}}}\n")
}

fn change(seq: i64, key: &str) -> String {
    format!(
        "{{\"type\":\"change\",\"seq\":{seq},\"action\":\"key.revoked\",\"touches\":\"keys\",\
         \"organization\":\"org_1\",\"keys\":[\"{key}\"]}}\n"
    )
}

fn problem(status: u16, code: &str) -> String {
    let body =
        format!("{{\"type\":\"/p\",\"title\":\"No\",\"status\":{status},\"code\":\"{code}\"}}");
    format!(
        "HTTP/1.1 {status} No\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    )
}

/// Gives each connection its answer and closes it; hands back the first line of each request.
async fn a_server(answers: Vec<String>) -> (Client, JoinHandle<Vec<String>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let heard = tokio::spawn(async move {
        let mut lines = Vec::new();
        for answer in answers {
            let (mut socket, _) = listener.accept().await.unwrap();
            let mut heard = vec![0; 4_096];
            let length = socket.read(&mut heard).await.unwrap();
            heard.truncate(length);
            let text = String::from_utf8(heard).unwrap();
            lines.push(text.lines().next().unwrap().to_owned());
            socket.write_all(answer.as_bytes()).await.unwrap();
        }
        lines
    });
    let token = Secret::new("kw_mgmt_hidden".to_owned());
    let client = ClientBuilder {
        url,
        token,
        timeout: None,
    };
    (client.build().unwrap(), heard)
}

/// The seq of a change, or what else it is.
fn told(event: &WatchEvent) -> String {
    match event {
        WatchEvent::Changed(change) => change.seq.to_string(),
        other => format!("{other:?}"),
    }
}

#[tokio::test]
async fn a_watch_goes_on_behind_the_last_line_when_its_connection_ends() {
    let first = [GOOD, &position(5), &change(6, "k1")].concat();
    let second = [GOOD, &position(6), "{\"type\":\"heartbeat\",\"seq\":9}\n"].concat();
    let third = [GOOD, &position(9), &change(11, "k2")].concat();
    let (client, heard) = a_server(vec![first, second, third]).await;
    let mut watch = client.watch();
    let mut events = Vec::new();
    for _ in 0..7 {
        events.push(told(&watch.next().await.unwrap()));
    }
    assert_eq!(
        events,
        [
            "Watching",
            "6",
            "Interrupted",
            "Watching",
            "Interrupted",
            "Watching",
            "11"
        ]
    );
    assert_eq!(
        heard.await.unwrap(),
        [
            "GET /v1/follow HTTP/1.1",
            "GET /v1/follow?after=6 HTTP/1.1",
            "GET /v1/follow?after=9 HTTP/1.1"
        ]
    );
}

#[tokio::test]
async fn a_watch_of_one_key_leaves_out_what_bears_on_others() {
    let suspended = "{\"type\":\"change\",\"seq\":8,\"action\":\"organization.suspended\",\
                     \"touches\":\"organization\",\"organization\":\"org_1\",\"keys\":[]}\n";
    let elsewhere = suspended.replace("org_1", "org_2");
    let answer = [
        GOOD,
        &position(5),
        &change(6, "k2"),
        &change(7, "k1"),
        &elsewhere,
        suspended,
    ]
    .concat();
    let (client, _heard) = a_server(vec![answer]).await;
    let mut watch = client.watch_key(WatchedKey {
        id: "k1".to_owned(),
        organization: "org_1".to_owned(),
    });
    let mut events = Vec::new();
    for _ in 0..4 {
        events.push(told(&watch.next().await.unwrap()));
    }
    assert_eq!(events, ["Watching", "7", "8", "Interrupted"]);
}

#[tokio::test]
async fn lost_changes_are_told_and_followed_anew() {
    let lost = "{\"type\":\"end\",\"reason\":\"lost\",\"detail\":\"…\"}\n";
    let first = [GOOD, &position(5), lost].concat();
    let second = [GOOD, &position(2)].concat();
    let unknown = problem(409, "position_unknown");
    let fourth = [GOOD, &position(1)].concat();
    let (client, heard) = a_server(vec![first, second, unknown, fourth]).await;
    let mut watch = client.watch();
    let mut events = Vec::new();
    for _ in 0..6 {
        events.push(told(&watch.next().await.unwrap()));
    }
    assert_eq!(
        events,
        [
            "Watching",
            "Lost",
            "Watching",
            "Interrupted",
            "Lost",
            "Watching"
        ]
    );
    assert_eq!(
        heard.await.unwrap(),
        [
            "GET /v1/follow HTTP/1.1",
            "GET /v1/follow HTTP/1.1",
            "GET /v1/follow?after=2 HTTP/1.1",
            "GET /v1/follow HTTP/1.1"
        ]
    );
}

#[tokio::test]
async fn a_refusal_for_good_ends_a_watch_and_a_passing_one_does_not() {
    let passing = problem(503, "undecided");
    let good = problem(401, "credential_revoked");
    let (client, _heard) = a_server(vec![passing, good]).await;
    let mut watch = client.watch();
    assert_eq!(watch.next().await.unwrap(), WatchEvent::Interrupted);
    let error = watch.next().await.unwrap_err();
    assert_eq!(error.code(), Some(Code::CredentialRevoked));
}
