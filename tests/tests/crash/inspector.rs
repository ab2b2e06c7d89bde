//! Whether the tables, the index and what the writers were told are the same.

use std::collections::BTreeMap;

use keyway_tests::server::Server;
use serde_json::{Value, json};

use crate::writer::{Known, Writer};

/// As many as fit into one body.
const BATCH: usize = 400;

pub(crate) async fn assert_tables_and_index_agree(server: &Server, writers: &[Writer]) {
    let known: Vec<&Known> = writers.iter().flat_map(Writer::keys).collect();
    let listed = listed_keys(server).await;
    for key in &known {
        let row = listed.get(&key.id);
        let row = row.unwrap_or_else(|| panic!("{key:?} is gone"));
        let found = (row["status"].as_str(), row["name"].as_str());
        assert_eq!(found, (Some(key.status), Some(key.name.as_str())), "{row}");
    }
    for batch in known.chunks(BATCH) {
        assert_index_says_the_same(server, batch).await;
    }
}

async fn assert_index_says_the_same(server: &Server, keys: &[&Known]) {
    let items: Vec<Value> = keys
        .iter()
        .map(|key| json!({"secret": key.secret, "permissions": ["read"]}))
        .collect();
    let root = server.root();
    let body = json!({"items": items});
    let answer = root.post("/v1/keys/verify-batch", &body).await.expect(200);
    let verdicts = answer["data"].as_array().unwrap();
    assert_eq!(verdicts.len(), keys.len());
    for (key, verdict) in keys.iter().zip(verdicts) {
        let expected = match key.status {
            "active" => "valid",
            "inactive" => "api_key_inactive",
            _ => "api_key_revoked",
        };
        assert_eq!(verdict["code"], expected, "{key:?}");
        assert_eq!(verdict["valid"], key.status == "active", "{key:?}");
    }
}

/// Every key that the tables hold, by id.
async fn listed_keys(server: &Server) -> BTreeMap<String, Value> {
    let mut listed = BTreeMap::new();
    let mut path = "/v1/keys?limit=200".to_owned();
    loop {
        let page = server.root().get(&path).await.expect(200);
        for key in page["data"].as_array().unwrap() {
            let id = key["id"].as_str().unwrap().to_owned();
            let twice = listed.insert(id, key.clone());
            assert_eq!(twice, None, "a key is listed twice");
        }
        match page["next_cursor"].as_str() {
            Some(cursor) => path = format!("/v1/keys?limit=200&cursor={cursor}"),
            None => return listed,
        }
    }
}
