//! Lists: `limit`, `cursor`, `next_cursor` and `Link`.

use std::collections::HashSet;

use serde_json::{Value, json};

use crate::caller::Caller;
use crate::server::Server;

/// Everything a list shows, page by page; `between` runs after each page.
async fn walk(caller: &Caller, path: &str, mut between: impl AsyncFnMut(usize)) -> Vec<String> {
    let mut ids = Vec::new();
    let mut next = path.to_owned();
    for page in 0.. {
        let answer = caller.get(&next).await;
        let body = answer.expect(200);
        let rows = body["data"].as_array().unwrap();
        let id = |it: &Value| {
            it["id"]
                .as_str()
                .map_or_else(|| it["seq"].to_string(), str::to_owned)
        };
        ids.extend(rows.iter().map(id));
        let Some(cursor) = body["next_cursor"].as_str() else {
            assert_eq!(answer.header("link"), "");
            return ids;
        };
        let separator = if path.contains('?') { '&' } else { '?' };
        next = format!("{path}{separator}cursor={cursor}");
        let link = format!("<https://keys.example{next}>; rel=\"next\"");
        assert_eq!(answer.header("link"), link);
        between(page).await;
    }
    unreachable!()
}

#[tokio::test]
async fn s_cond_08_nothing_is_skipped_or_doubled_while_keys_are_made() {
    let server = Server::start().await;
    let own = server.organization("Own").await;
    let mut before = HashSet::new();
    for number in 0..25 {
        // Several of one moment: the id decides.
        if number % 4 == 0 {
            server.clock.advance(1);
        }
        before.insert(server.key(&own, json!({})).await.id);
    }
    let path = format!("/v1/keys?limit=4&organization={own}");
    let walked = walk(&server.root(), &path, async |_| {
        server.clock.advance(1);
        server.key(&own, json!({})).await;
    })
    .await;
    let unique: HashSet<String> = walked.iter().cloned().collect();
    assert_eq!(unique.len(), walked.len(), "one stands there twice");
    assert_eq!(unique, before);
}

#[tokio::test]
async fn every_list_is_walked_to_its_end() {
    let server = Server::start().await;
    for number in 0..7 {
        let own = server.organization(&format!("Own {number}")).await;
        server.project(&own, "alpha").await;
        server.manager(&own, "admin").await;
        server.key(&own, json!({})).await;
    }
    for (path, expected) in [
        ("/v1/organizations", 7),
        ("/v1/projects", 7),
        ("/v1/keys", 7),
        ("/v1/management-keys", 8),
        ("/v1/audit", 30),
    ] {
        let whole = walk(&server.root(), path, async |_| ()).await;
        assert_eq!(whole.len(), expected, "{path}");
        for limit in [1, 3, expected, 200] {
            let path = format!("{path}?limit={limit}");
            assert_eq!(
                walk(&server.root(), &path, async |_| ()).await,
                whole,
                "{path}"
            );
        }
    }
}

#[tokio::test]
async fn s_cond_08_a_foreign_or_edited_cursor_is_refused() {
    let mut server = Server::start().await;
    let own = server.organization("Own").await;
    let other = server.organization("Other").await;
    for _ in 0..3 {
        server.key(&own, json!({"owner": "u_1"})).await;
        server.key(&other, json!({"owner": "u_1"})).await;
    }
    let root = server.root();
    let list = root.get("/v1/keys?limit=1&owner=u_1").await.expect(200);
    let cursor = list["next_cursor"].as_str().unwrap();
    let good = format!("/v1/keys?limit=2&owner=u_1&cursor={cursor}");
    root.get(&good).await.expect(200);
    let flipped = if cursor.ends_with('A') { "B" } else { "A" };
    let edited = format!("{}{flipped}", &cursor[..cursor.len() - 1]);
    for query in [
        format!("limit=2&cursor={cursor}"),
        format!("owner=u_2&cursor={cursor}"),
        format!("owner=u_1&organization={own}&cursor={cursor}"),
        format!("owner=u_1&cursor={edited}"),
        format!("owner=u_1&cursor={cursor}AAAA"),
        "owner=u_1&cursor=".to_owned(),
        "owner=u_1&cursor=AAAA".to_owned(),
        "owner=u_1&cursor=%00".to_owned(),
    ] {
        let refused = root.get(&format!("/v1/keys?{query}")).await;
        assert_eq!(refused.status, 400, "{query}: {}", refused.text());
        let code = refused.code();
        assert!(
            matches!(&*code, "cursor_invalid" | "malformed_request"),
            "{query}: {code}"
        );
    }
    for list in [
        "/v1/organizations",
        "/v1/projects",
        "/v1/management-keys",
        "/v1/audit",
    ] {
        let refused = root.get(&format!("{list}?cursor={cursor}")).await;
        refused.refuses(400, "cursor_invalid");
    }
    let admin = server.manager(&own, "admin").await;
    let query = format!("/v1/keys?owner=u_1&cursor={cursor}");
    admin
        .caller
        .get(&query)
        .await
        .refuses(400, "cursor_invalid");
    server.restart().await;
    server.root().get(&good).await.expect(200);
}
