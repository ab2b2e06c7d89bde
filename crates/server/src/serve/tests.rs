//! A server whose parts stop one by one. What it cannot know it does not answer, and what it can it
//! goes on answering.

use std::time::Duration;

use keyway_core::change::Change;
use keyway_core::decide::Cause;
use keyway_core::time::Timestamp;
use keyway_store::follow::FollowedEntry;
use keyway_store::ledger::Head;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::*;
use crate::config::ProfileChoice;

const ROOT: &str = "kw_mgmt_RootRootRootRootRootRootRootRootRootRoot";
/// So long that no test waits for its end.
const PATIENCE: Duration = Duration::from_mins(1);

/// It stands still.
#[derive(Debug)]
struct Standing;

impl Clock for Standing {
    fn now(&self) -> Timestamp {
        Timestamp::from_micros(1_767_323_045_000_000)
    }

    fn elapsed_seconds(&self) -> f64 {
        0.0
    }
}

struct Scene {
    running: Running,
    key: String,
    secret: String,
    _directory: TempDir,
}

struct Told {
    status: u16,
    head: String,
    body: Value,
}

impl Told {
    fn code(&self) -> &str {
        self.body["code"].as_str().unwrap_or_default()
    }
}

/// A server with a key, under a profile that would have its own words for everything.
async fn scene() -> Scene {
    let directory = tempfile::tempdir().unwrap();
    let default = first_start::default_profile().unwrap();
    let words = "\n[codes.undecided]\ncode = \"API_KEY_INVALID\"\nstatus = 401\n\
                 [codes.store_unavailable]\ncode = \"FINE\"\nstatus = 404\n";
    let config = Config {
        listen: SocketAddr::from(([127, 0, 0, 1], 0)),
        public_url: None,
        location: Location::Directory(directory.path().to_owned()),
        profile: Some(ProfileChoice {
            name: default.name,
            toml: default.toml + words,
        }),
        tls: None,
        is_behind_proxy: false,
        trusted_proxies: Vec::new(),
        root_key: Some(keyway_token::secret::Secret::new(ROOT.to_owned())),
        sealing_key: None,
        oidc: None,
        jwt_issuers: Vec::new(),
        log: Log {
            filter: "off".to_owned(),
            format: LogFormat::Text,
        },
    };
    let sources = Sources {
        clock: Box::new(Standing),
        ..Sources::system()
    };
    let running = start(config, OnOtherProfile::Refuse, sources)
        .await
        .unwrap();
    let mut scene = Scene {
        running,
        key: String::new(),
        secret: String::new(),
        _directory: directory,
    };
    scene
        .change("POST", "/v1/organizations", json!({"name": "Own"}))
        .await;
    let made = scene.change("POST", "/v1/keys", json!({"name": "a"})).await;
    assert_eq!(made.status, 201, "{}", made.body);
    scene.key = format!("/v1/keys/{}", made.body["key"]["id"].as_str().unwrap());
    made.body["secret"]
        .as_str()
        .unwrap()
        .clone_into(&mut scene.secret);
    scene
}

impl Scene {
    async fn send(&self, method: &str, path: &str, token: &str, body: &str) -> Told {
        let mut stream = TcpStream::connect(self.running.address()).await.unwrap();
        let request = format!(
            "{method} {path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\nAuthorization: Bearer {token}\r\n\
             Content-Length: {}\r\n\r\n{body}",
            body.len()
        );
        let mut answer = Vec::new();
        let exchange = async {
            stream.write_all(request.as_bytes()).await.unwrap();
            stream.read_to_end(&mut answer).await.unwrap();
        };
        tokio::time::timeout(PATIENCE, exchange)
            .await
            .expect("an answer");
        let answer = String::from_utf8(answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        Told {
            status: head[9..12].parse().unwrap(),
            head: head.to_lowercase(),
            body: serde_json::from_str(body).unwrap_or_default(),
        }
    }

    async fn change(&self, method: &str, path: &str, body: Value) -> Told {
        self.send(method, path, ROOT, &body.to_string()).await
    }

    async fn get(&self, path: &str) -> Told {
        self.send("GET", path, ROOT, "").await
    }

    /// Lists and objects come from the store alone.
    async fn assert_unreadable(&self) {
        let lists = [
            "/v1/keys",
            "/v1/audit",
            "/v1/organizations",
            "/v1/management-keys",
        ];
        for path in lists.into_iter().chain([self.key.as_str()]) {
            let refused = self.get(path).await;
            assert_eq!(
                (refused.status, refused.code()),
                (503, "store_unavailable"),
                "{path}"
            );
        }
    }

    async fn verify(&self) -> Told {
        self.change("POST", "/v1/keys/verify", json!({"secret": self.secret}))
            .await
    }

    async fn authorize(&self, query: &str) -> Told {
        self.send("GET", &format!("/v1/authorize?{query}"), &self.secret, "")
            .await
    }
}

#[tokio::test]
async fn s_problem_08_without_its_store_a_server_answers_from_memory_and_changes_nothing() {
    let scene = scene().await;
    scene.running.app.store.close().await;
    for _ in 0..2 {
        assert_eq!(scene.verify().await.code(), "valid");
        assert_eq!(scene.authorize("").await.status, 200);
        let items = json!({"items": [{"secret": scene.secret}, {"secret": "x"}]});
        let batch = scene.change("POST", "/v1/keys/verify-batch", items).await;
        assert_eq!(batch.body["data"][0]["code"], "valid");
        assert_eq!(
            scene
                .send("GET", "/v1/whoami", &scene.secret, "")
                .await
                .status,
            200
        );
        let key = &scene.key;
        for (method, path, body) in [
            ("POST", "/v1/organizations", json!({"name": "a"})),
            ("POST", "/v1/projects", json!({"name": "a"})),
            ("POST", "/v1/keys", json!({"name": "a"})),
            ("PATCH", key, json!({"name": "b"})),
            ("DELETE", key, json!({})),
            ("POST", &format!("{key}/revoke"), json!({})),
            ("POST", &format!("{key}/rotate"), json!({})),
            ("POST", &format!("{key}/deactivate"), json!({})),
            (
                "POST",
                "/v1/keys/revoke-batch",
                json!({"secrets": [scene.secret]}),
            ),
            (
                "POST",
                "/v1/keys/revoke-batch",
                json!({"filter": {"owner": "a"}}),
            ),
            (
                "POST",
                "/v1/management-keys",
                json!({"name": "a", "preset": "admin"}),
            ),
        ] {
            let refused = scene.change(method, path, body).await;
            assert_eq!(
                (refused.status, refused.code()),
                (503, "store_unavailable"),
                "{method} {path}"
            );
            assert!(refused.head.contains("retry-after: "), "{}", refused.head);
            assert!(
                !refused.body.to_string().contains("sql"),
                "{}",
                refused.body
            );
        }
        scene.assert_unreadable().await;
    }
    assert_eq!(scene.verify().await.code(), "valid");
    assert_eq!(scene.get("/healthz").await.status, 200);
    let metrics = scene.get("/metrics").await;
    assert_eq!(metrics.status, 200);
}

#[tokio::test]
async fn in_doubt_a_server_says_neither_yes_nor_no() {
    let scene = scene().await;
    for cause in [
        Cause::Loading,
        Cause::Diverged,
        Cause::NotConfirmed,
        Cause::NotUnderstood,
        Cause::NoProfile,
    ] {
        scene.running.app.index.raise_doubt(cause);
        let items = json!({"items": [{"secret": "x"}]});
        let unknown = format!("kw_mgmt_{}", "x".repeat(48));
        let revoke = format!("{}/revoke", scene.key);
        for told in [
            scene.verify().await,
            scene.authorize("").await,
            scene.authorize("proxy=nginx").await,
            scene.send("GET", "/v1/authorize", "unknown", "").await,
            scene.change("POST", "/v1/keys/verify-batch", items).await,
            scene.send("GET", "/v1/whoami", &scene.secret, "").await,
            scene
                .send("POST", "/v1/whoami/revoke", &scene.secret, "")
                .await,
            scene.send("GET", "/v1/keys", &unknown, "").await,
            scene.change("POST", &revoke, json!({})).await,
            scene.get("/readyz").await,
        ] {
            assert_eq!((told.status, told.code()), (503, "undecided"), "{cause:?}");
            assert_eq!(told.body.get("valid"), None);
            assert!(told.head.contains("retry-after: "), "{}", told.head);
        }
        assert_eq!(scene.get("/healthz").await.status, 200);
        scene.running.app.index.settle_doubt(cause);
        assert_eq!(scene.verify().await.code(), "valid");
        assert_eq!(scene.get("/readyz").await.status, 200);
    }
}

#[tokio::test]
async fn a_change_that_is_not_in_force_yet_is_202_and_says_from_when_on_it_will_be() {
    let mut scene = scene().await;
    let clock = Standing;
    // Nothing follows the ledger any more.
    scene.running.tasks.shutdown().await;
    let latest =
        crate::answer::wire::moment(clock.now().plus(keyway_core::time::Span::from_secs(30)));
    let latest = json!(latest);
    let made = scene
        .change("POST", "/v1/keys?wait=0s", json!({"name": "late"}))
        .await;
    assert_eq!(
        (made.status, &made.body["effective_everywhere_at"]),
        (202, &latest)
    );
    let late = made.body["secret"].as_str().unwrap();
    let unknown = scene
        .change("POST", "/v1/keys/verify", json!({"secret": late}))
        .await;
    assert_eq!(unknown.code(), "api_key_invalid");

    let revoke = format!("{}/revoke?wait=0s", scene.key);
    for _ in 0..2 {
        // Again waits for what the first one did, though there is nothing left to do.
        let revoked = scene.change("POST", &revoke, json!({})).await;
        assert_eq!(
            (revoked.status, &revoked.body["effective_everywhere_at"]),
            (202, &latest)
        );
        assert_eq!(revoked.body["key"]["status"], "revoked");
    }
    let batch = json!({"secrets": [scene.secret]});
    let revoked = scene
        .change("POST", "/v1/keys/revoke-batch?wait=0s", batch)
        .await;
    assert_eq!(
        (revoked.status, &revoked.body["effective_everywhere_at"]),
        (202, &latest)
    );
    // A refusal rests on what is not in force everywhere either.
    for (method, path) in [
        ("POST", format!("{}/rotate?wait=0s", scene.key)),
        ("POST", "/v1/keys/nobody/rotate?wait=0s".to_owned()),
        ("POST", "/v1/keys/nobody/revoke?wait=0s".to_owned()),
        ("DELETE", "/v1/keys/nobody?wait=0s".to_owned()),
    ] {
        let refused = scene.change(method, &path, json!({})).await;
        assert_eq!(
            (refused.status, refused.code()),
            (503, "undecided"),
            "{path}"
        );
    }

    let app = Arc::clone(&scene.running.app);
    let head = app.cluster.applied();
    scene
        .running
        .tasks
        .spawn(follow::follow(Arc::clone(&app), head));
    let revoked = scene
        .change("POST", &revoke.replace("0s", "60s"), json!({}))
        .await;
    assert_eq!(revoked.status, 200);
    assert_eq!(scene.verify().await.code(), "api_key_revoked");
}

#[tokio::test]
async fn while_it_loads_again_nothing_counts_as_applied() {
    let mut scene = scene().await;
    scene.running.tasks.shutdown().await;
    let app = Arc::clone(&scene.running.app);
    // As after a restore: the ledger is shorter than the one that was followed.
    let lost = Head {
        seq: 1_000,
        hash: [7; 32],
    };
    app.cluster.set_applied(lost);
    let mut loading = Box::pin(follow::load(&app));
    // Polled once.
    tokio::select! {
        biased;
        _ = &mut loading => panic!("it read nothing"),
        () = std::future::ready(()) => {}
    }
    assert_eq!(app.cluster.applied().seq, 0);
    assert_eq!(app.index.doubt(), Some(Cause::Loading));
    let head = loading.await.unwrap();
    assert_eq!(app.cluster.applied(), head);
    assert_eq!(scene.verify().await.code(), "valid");
}

/// More at once than is kept for anybody.
const CHANGES: i64 = 2_000;

#[tokio::test]
async fn a_follower_that_falls_behind_is_told_so_and_nothing_more() {
    let scene = scene().await;
    let mut stream = TcpStream::connect(scene.running.address()).await.unwrap();
    let request = format!(
        "GET /v1/follow HTTP/1.1\r\nHost: a\r\nConnection: close\r\nAuthorization: Bearer {ROOT}\r\n\r\n"
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut heard = Vec::new();
    // From then on it hears what the index applies, and reads nothing of the ledger.
    while !String::from_utf8_lossy(&heard).contains("heartbeat") {
        let read = stream.read_buf(&mut heard);
        assert_ne!(
            tokio::time::timeout(PATIENCE, read).await.unwrap().unwrap(),
            0
        );
    }
    let app = &scene.running.app;
    let head = app.cluster.applied();
    for number in 1..=CHANGES {
        let change = Change::OrganizationUpdated {
            id: "org_1".parse().unwrap(),
        };
        let seq = head.seq + number;
        let head = Head { seq, ..head };
        app.cluster.feed.tell(&[FollowedEntry { head, change }]);
    }
    heard.clear();
    let rest = stream.read_to_end(&mut heard);
    tokio::time::timeout(PATIENCE, rest).await.unwrap().unwrap();
    let heard = String::from_utf8_lossy(&heard);
    assert!(heard.contains("\"reason\":\"too_slow\""), "{heard}");
    assert!(!heard.contains("organization.updated"), "{heard}");
}
