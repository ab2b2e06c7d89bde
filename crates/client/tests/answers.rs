//! What the client makes of an answer, byte by byte: a socket that answers as it is told.

#![expect(clippy::unwrap_used, reason = "a test stops at what it did not expect")]

use keyway_api::code::Code;
use keyway_api::import::{ImportResult, ImportTotals};
use keyway_client::client::{Client, ClientBuilder};
use keyway_client::error::{BuildError, ClientError};
use keyway_token::secret::Secret;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

/// Answers one call with these pieces, each in its own packet, and hands back what was sent.
async fn a_server(pieces: &'static [&'static str]) -> (Client, JoinHandle<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let heard = tokio::spawn(async move {
        let (mut socket, _) = listener.accept().await.unwrap();
        socket.set_nodelay(true).unwrap();
        let mut heard = vec![0; 4_096];
        let length = socket.read(&mut heard).await.unwrap();
        heard.truncate(length);
        for piece in pieces {
            socket.write_all(piece.as_bytes()).await.unwrap();
            socket.flush().await.unwrap();
            tokio::task::yield_now().await;
        }
        String::from_utf8(heard).unwrap()
    });
    (a_client(&format!("http://{address}")).unwrap(), heard)
}

fn a_client(url: &str) -> Result<Client, BuildError> {
    let token = Secret::new("kw_mgmt_hidden".to_owned());
    ClientBuilder {
        url: url.to_owned(),
        token,
        timeout: None,
    }
    .build()
}

#[tokio::test]
async fn a_problem_comes_whole_and_an_id_cannot_change_the_path() {
    let (client, heard) = a_server(&[
        "HTTP/1.1 404 Not Found\r\nconnection: close\r\n\r\n",
        r#"{"type":"/problems/key_not_found","title":"There is no such key","#,
        r#""status":404,"code":"key_not_found","request_id":"r1"}"#,
    ])
    .await;
    let error = client.load_key("../a?b").await.unwrap_err();
    assert_eq!(error.code(), Some(Code::KeyNotFound));
    assert_eq!(error.to_string(), "There is no such key");
    let heard = heard.await.unwrap();
    assert!(
        heard.starts_with("GET /v1/keys/..%2Fa%3Fb HTTP/1.1\r\n"),
        "{heard}"
    );
    assert!(
        heard.contains("authorization: Bearer kw_mgmt_hidden\r\n"),
        "{heard}"
    );
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let (client, _) = a_server(&[
        "HTTP/1.1 302 Found\r\nlocation: http://127.0.0.1:1/\r\ncontent-length: 0\r\n\r\n",
    ])
    .await;
    let error = client.load_key("k").await.unwrap_err();
    assert!(
        matches!(error, ClientError::Foreign { status: 302 }),
        "{error:?}"
    );
}

#[tokio::test]
async fn an_import_answer_is_read_line_by_line_however_it_is_cut() {
    let (client, _) = a_server(&[
        "HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n{\"line\":2,\"code\":\"inva",
        "lid_request\",\"detail\":\"d\"}\n\n{\"line\":3,\"code\":\"x\",\"detail\":\"e\"}\n{\"impor",
        "ted\":1,\"refused\":2}",
    ])
    .await;
    let lines = futures_util::stream::iter([Ok(bytes::Bytes::from_static(b"{}\n"))]);
    let mut answer = client.import_keys(lines).await.unwrap();
    let mut refused = Vec::new();
    while let Some(ImportResult::Refused(refusal)) = answer.next().await.unwrap() {
        refused.push(refusal.line);
        if refused.len() == 2 {
            break;
        }
    }
    assert_eq!(refused, [2, 3]);
    let totals = ImportResult::Totals(ImportTotals {
        imported: 1,
        refused: 2,
    });
    assert_eq!(answer.next().await.unwrap(), Some(totals));
    assert_eq!(answer.next().await.unwrap(), None);
}

#[tokio::test]
async fn nobody_there_is_said_without_the_credential() {
    let error = a_client("http://127.0.0.1:1")
        .unwrap()
        .load_whoami()
        .await
        .unwrap_err();
    assert_eq!(
        error.to_string(),
        "the server at http://127.0.0.1:1 cannot be reached"
    );
    assert!(!format!("{error:?}").contains("hidden"));
}

#[test]
fn only_a_web_address_makes_a_client() {
    for url in ["", "localhost:7878", "ftp://a", "http://user@a", "unix:/x"] {
        assert!(
            matches!(a_client(url), Err(BuildError::Url { .. })),
            "{url:?}"
        );
    }
    assert_eq!(
        a_client("http://a:7878/prefix").unwrap().url(),
        "http://a:7878/prefix"
    );
    assert!(!format!("{:?}", a_client("http://a").unwrap()).contains("hidden"));
}
