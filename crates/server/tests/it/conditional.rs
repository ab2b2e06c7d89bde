//! `ETag`, `If-Match`, `If-None-Match`, and `?wait=`.

use http::Method;
use serde_json::{Value, json};

use crate::server::{Server, WriteLock};

/// Paths of one object of each kind that is shown alone.
async fn shown(server: &Server) -> Vec<String> {
    let own = server.organization("Own").await;
    let key = server.key(&own, json!({})).await;
    let manager = server.manager(&own, "admin").await;
    vec![
        format!("/v1/organizations/{own}"),
        key.path(),
        format!("/v1/management-keys/{}", manager.id),
        "/v1/profile".to_owned(),
    ]
}

#[tokio::test]
async fn s_cond_01_06_what_is_shown_has_a_strong_tag_and_who_has_it_gets_no_body() {
    let server = Server::start().await;
    let root = server.root();
    for path in shown(&server).await {
        let first = root.get(&path).await;
        let tag = first.etag();
        assert!(tag.starts_with('"') && tag.ends_with('"'), "{path}: {tag}");
        for known in [
            tag.as_str(),
            "*",
            &format!("W/{tag}"),
            &format!("\"x\", {tag}"),
        ] {
            let again = root
                .call(Method::GET, &path)
                .header("if-none-match", known)
                .send()
                .await;
            assert_eq!(
                (again.status, again.text().as_str()),
                (304, ""),
                "{path} {known}"
            );
            assert_eq!(again.etag(), tag);
        }
        for unknown in ["\"x\"", "\"999\"", tag.trim_matches('"')] {
            let again = root
                .call(Method::GET, &path)
                .header("if-none-match", unknown)
                .send()
                .await;
            assert_eq!(again.text(), first.text(), "{path} {unknown}");
        }
        let head = root.call(Method::HEAD, &path).send().await;
        assert_eq!(
            (head.status, head.etag(), head.text()),
            (200, tag, String::new())
        );
    }
}

#[tokio::test]
async fn s_cond_01_a_tag_changes_when_a_key_expires_and_with_every_edit_and_not_otherwise() {
    let server = Server::start().await;
    let own = server.organization("Own").await;
    let key = server
        .key(&own, json!({"expires_at": server.clock.text_in(60)}))
        .await;
    let path = key.path();
    let root = server.root();
    let mut seen: Vec<(String, Value)> = Vec::new();
    for step in 0..40_i64 {
        match step % 8 {
            0 => drop(
                root.patch(&path, json!({"name": format!("name {step}")}))
                    .await,
            ),
            1 => drop(
                root.patch(&path, json!({"name": format!("name {}", step - 1)}))
                    .await,
            ),
            2 => drop(root.post(&format!("{path}/deactivate"), json!({})).await),
            3 => drop(server.verdict(&key.secret).await),
            4 => drop(root.post(&format!("{path}/activate"), json!({})).await),
            5 => server.clock.advance(13),
            6 => drop(
                root.patch(&path, json!({"owner": format!("u_{step}")}))
                    .await,
            ),
            _ => drop(root.patch(&path, json!({"owner": ""})).await),
        }
        let now = root.get(&path).await;
        let (tag, body) = (now.etag(), now.expect(200));
        for (earlier_tag, earlier) in &seen {
            assert_eq!(
                *earlier_tag == tag,
                *earlier == body,
                "step {step}: {tag} {body}"
            );
        }
        seen.push((tag, body));
    }
    assert!(
        seen.last().unwrap().0.ends_with("-expired\""),
        "{:?}",
        seen.last()
    );
    let expired = root
        .call(Method::PATCH, &path)
        .if_match(&seen.last().unwrap().0);
    expired
        .json(&json!({"name": "late"}))
        .send()
        .await
        .expect(200);
}

#[tokio::test]
async fn s_cond_03_a_stale_version_changes_nothing_and_the_present_one_does() {
    let server = Server::start().await;
    let own = server.organization("Own").await;
    let key = server.key(&own, json!({})).await;
    let root = server.root();
    let organization = format!("/v1/organizations/{own}");
    let (off, on) = (
        format!("{}/deactivate", key.path()),
        format!("{}/activate", key.path()),
    );
    for (method, path, shown, body) in [
        (
            Method::PATCH,
            &organization,
            &organization,
            Some(json!({"name": "renamed"})),
        ),
        (
            Method::PATCH,
            &key.path(),
            &key.path(),
            Some(json!({"name": "renamed"})),
        ),
        (Method::POST, &off, &key.path(), None),
        (Method::POST, &on, &key.path(), None),
        (Method::DELETE, &key.path(), &key.path(), None),
    ] {
        let before = root.get(shown).await;
        let send = async |tag: &str| {
            let mut call = root.call(method.clone(), path).if_match(tag);
            if let Some(body) = &body {
                call = call.json(body);
            }
            call.send().await
        };
        for stale in [
            "\"0\"",
            "\"99\"",
            "\"x\"",
            "3",
            "W/\"1\"",
            "\"1\", \"2\"",
            "",
        ] {
            let refused = send(stale).await;
            refused.refuses(412, "precondition_failed");
        }
        let after = root.get(shown).await;
        assert_eq!(
            (after.etag(), after.text()),
            (before.etag(), before.text()),
            "{method} {path}"
        );
        let done = send(&before.etag()).await;
        assert_eq!(done.status, 200, "{}", done.text());
        if method != Method::DELETE {
            assert_ne!(done.etag(), before.etag());
        }
    }
    root.get(&key.path()).await.refuses(404, "key_not_found");
}

#[tokio::test]
async fn s_cond_04_of_fifty_edits_of_one_version_exactly_one_wins() {
    let server = Server::start().await;
    let own = server.organization("Own").await;
    let key = server.key(&own, json!({})).await;
    for path in [key.path(), format!("/v1/organizations/{own}")] {
        let calls = (0..50).map(|number| {
            let (root, path) = (server.root(), path.clone());
            tokio::spawn(async move {
                let body = json!({"name": format!("edit {number}")});
                let edit = root
                    .call(Method::PATCH, &path)
                    .if_match("\"1\"")
                    .json(&body);
                (edit.send().await.status, number)
            })
        });
        let mut winner = None;
        for call in calls.collect::<Vec<_>>() {
            match call.await.unwrap() {
                (200, number) => assert_eq!(winner.replace(number), None, "two have won"),
                (status, _) => assert_eq!(status, 412),
            }
        }
        let shown = server.root().get(&path).await;
        assert_eq!(shown.etag(), "\"2\"");
        assert_eq!(shown.json()["name"], format!("edit {}", winner.unwrap()));
    }
}

#[tokio::test]
async fn edits_without_a_version_all_happen() {
    let server = Server::start().await;
    let own = server.organization("Own").await;
    let key = server.key(&own, json!({})).await;
    let fields = ["name", "description", "owner", "managed_by"];
    let calls = (0..40).map(|number: usize| {
        let (root, path) = (server.root(), key.path());
        let field = fields[number % 4];
        tokio::spawn(async move {
            let body = json!({field: format!("{field} {number}")});
            root.patch(&path, body).await.status
        })
    });
    for call in calls.collect::<Vec<_>>() {
        assert_eq!(call.await.unwrap(), 200);
    }
    let shown = server.root().get(&key.path()).await;
    assert_eq!(shown.etag(), "\"41\"");
    for field in fields {
        let value = shown.json()[field].as_str().unwrap().to_owned();
        assert!(value.starts_with(field), "{field} is {value}");
    }
}

#[tokio::test]
async fn a_change_may_say_how_long_it_waits() {
    let server = Server::start().await;
    let own = server.organization("Own").await;
    let key = server.key(&own, json!({})).await;
    let root = server.root();
    for wait in ["", "30", "-1s", "1w", "301s", "6m"] {
        let path = format!("{}/deactivate?wait={wait}", key.path());
        assert_eq!(
            root.post(&path, json!({})).await.pointers(),
            ["wait"],
            "{wait}"
        );
    }
    assert_eq!(server.verdict(&key.secret).await, "valid");
    let path = format!("{}/deactivate?wait=300s", key.path());
    root.post(&path, json!({})).await.expect(200);
    // Who does not wait is told either that it is so, or from when on at the latest.
    for _ in 0..20 {
        for change in ["activate", "deactivate"] {
            let path = format!("{}/{change}?wait=0s", key.path());
            let answer = root.post(&path, json!({})).await;
            let everywhere = match answer.status {
                200 => server.clock.text(),
                202 => server.clock.text_in(30),
                _ => panic!("{}", answer.text()),
            };
            assert_eq!(answer.json()["effective_everywhere_at"], everywhere);
            // Repeating the call waits for what the first one did.
            root.post(&format!("{}/{change}", key.path()), json!({}))
                .await
                .expect(200);
            let code = if change == "activate" {
                "valid"
            } else {
                "api_key_inactive"
            };
            assert_eq!(server.verdict(&key.secret).await, code);
        }
    }
    let hasty = root.post("/v1/keys?wait=0s", json!({"name": "a"})).await;
    assert!(
        hasty.json()["secret"].is_string(),
        "a 202 of a creation carries the secret too"
    );
}

#[tokio::test]
async fn s_problem_08_while_the_database_hangs_verdicts_go_on_and_changes_are_503() {
    let server = Server::start().await;
    let own = server.organization("Own").await;
    let key = server.key(&own, json!({})).await;
    let lock = WriteLock::hold(&server);
    let changing = {
        let (root, path) = (server.root(), format!("{}/revoke", key.path()));
        tokio::spawn(async move { root.post(&path, json!({})).await })
    };
    let mut asked = 0;
    while !changing.is_finished() {
        assert_eq!(server.verdict(&key.secret).await, "valid");
        asked += 1;
    }
    assert!(asked > 3, "verdicts waited for the database: {asked}");
    changing.await.unwrap().refuses(503, "store_unavailable");
    assert_eq!(
        server.verdict(&key.secret).await,
        "valid",
        "what was not done is not said to be"
    );
    lock.release();
    server
        .root()
        .post(&format!("{}/revoke", key.path()), json!({}))
        .await
        .expect(200);
    assert_eq!(server.verdict(&key.secret).await, "api_key_revoked");
}

#[tokio::test]
async fn a_revoked_management_key_commits_nothing_more() {
    let server = Server::start().await;
    let own = server.organization("Own").await;
    let manager = server.manager(&own, "admin").await;
    // Changes of that key wait for the database, and its revoke waits behind them.
    let lock = WriteLock::hold(&server);
    let calls: Vec<_> = (0..200)
        .map(|_| {
            let caller = manager.caller.clone();
            tokio::spawn(async move { caller.post("/v1/keys", json!({"name": "a"})).await.status })
        })
        .collect();
    let revoke = {
        let (root, path) = (
            server.root(),
            format!("/v1/management-keys/{}/revoke", manager.id),
        );
        tokio::spawn(async move { root.post(&path, json!({})).await.status })
    };
    lock.release();
    assert_eq!(revoke.await.unwrap(), 200);
    let entries = server.audit().await;
    for call in calls {
        assert!(matches!(call.await.unwrap(), 201 | 401));
    }
    assert_eq!(
        server.audit().await.len(),
        entries.len(),
        "something came after the answer"
    );
    let place = entries
        .iter()
        .position(|it| it["action"] == "management_key.revoked")
        .unwrap();
    let actor = format!("management_key/{}", manager.id);
    let late = entries[place..]
        .iter()
        .filter(|it| it["actor"] == *actor)
        .count();
    assert_eq!(late, 0, "something came after the revoke");
}

#[tokio::test]
async fn what_reads_does_not_wait_and_says_so() {
    let server = Server::start().await;
    let mut paths = shown(&server).await;
    for list in ["organizations", "keys", "management-keys", "audit", "roles"] {
        paths.push(format!("/v1/{list}"));
    }
    paths.push("/v1/whoami".to_owned());
    for path in paths {
        let refused = server.root().get(&format!("{path}?wait=1s")).await;
        assert_eq!(refused.pointers(), ["wait"], "{path}");
    }
}
