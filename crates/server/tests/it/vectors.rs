//! `tests/vectors`: what the client packages do by themselves, held against the server, which they do
//! it like. The packages read the same files.

use std::path::Path;

use http::Method;
use keyway_api::code::Code;
use keyway_token::base62::checksum;
use serde_json::{Value, json};

use crate::server::Server;

const CREDENTIALS: &str = include_str!("../../../../tests/vectors/credentials.json");
const CHECKSUMS: &str = include_str!("../../../../tests/vectors/checksums.json");
const CODES: &str = include_str!("../../../../tests/vectors/codes.json");

#[tokio::test]
async fn s_bearer_06_a_credential_is_found_as_the_vectors_say() {
    let server = Server::start().await;
    let rows: Vec<Value> = serde_json::from_str(CREDENTIALS).unwrap();
    assert!(rows.len() > 20);
    for row in rows {
        let nobody = server.nobody();
        let mut call = nobody.call(Method::GET, "/v1/authorize");
        for header in row["headers"].as_array().unwrap() {
            call = call.header(header[0].as_str().unwrap(), header[1].as_str().unwrap());
        }
        // A token that was found is looked at, and none of these is a key.
        let expected = row["code"].as_str().unwrap_or("api_key_malformed");
        let answer = call.send().await;
        assert_eq!(answer.header("keyway-code"), expected, "{row}");
        assert_eq!(row["code"].is_null(), row["token"].is_string(), "{row}");
    }
}

#[test]
fn a_checksum_is_what_the_vectors_say() {
    let rows: Vec<Value> = serde_json::from_str(CHECKSUMS).unwrap();
    assert!(rows.len() > 3);
    for row in rows {
        let text = |name: &str| row[name].as_str().unwrap().to_owned();
        let secret = text("secret_character").repeat(40);
        let whole = format!("kw_{}_{}_{secret}", text("environment"), text("id"));
        assert_eq!(checksum(&whole), text("check").as_bytes(), "{row}");
    }
}

/// The packages' words for each code are generated from this file.
#[test]
fn the_vectors_hold_every_code_as_it_is() {
    let row = |code: &Code| {
        let page = code.page();
        json!({
            "code": code.name(),
            "status": code.status(),
            "title": code.title(),
            "happened": page.happened,
            "to_do": page.to_do,
        })
    };
    let rows: Vec<Value> = Code::ALL.iter().map(row).collect();
    if serde_json::from_str::<Vec<Value>>(CODES).ok().as_ref() != Some(&rows) {
        // Left beside the build's products, to be looked at and copied over the old one.
        let fresh = Path::new(env!("CARGO_TARGET_TMPDIR")).join("codes.json");
        std::fs::write(&fresh, text(&rows)).unwrap();
        panic!(
            "tests/vectors/codes.json is not the table of codes; {} is",
            fresh.display()
        );
    }
}

/// A line each, for reviews.
fn text(rows: &[Value]) -> String {
    let lines: Vec<String> = rows.iter().map(|row| format!("  {row}")).collect();
    format!("[\n{}\n]\n", lines.join(",\n"))
}
