//! What the document at `/openapi.json` says of the wire types.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test stops at what it did not expect"
)]

use keyway_api::change::Effective;
use keyway_api::grant::Grant;
use keyway_api::key::{CreateKey, EditKey, IssuedKey, Key};
use keyway_api::list::List;
use keyway_api::organization::Organization;
use keyway_api::verify::VerifyKey;
use serde_json::{Value, json};
use utoipa::OpenApi;

#[derive(OpenApi)]
#[openapi(components(schemas(
    CreateKey,
    EditKey,
    Effective<Organization>,
    Grant,
    IssuedKey,
    List<Key>,
    VerifyKey
)))]
struct Document;

fn schemas() -> Value {
    serde_json::to_value(Document::openapi()).unwrap()["components"]["schemas"].take()
}

#[test]
fn a_request_names_what_it_requires_and_refuses_the_rest() {
    let create = &schemas()["CreateKey"];
    assert_eq!(create["required"], json!(["name"]));
    assert_eq!(create["additionalProperties"], json!(false));
    let edit = &schemas()["EditKey"];
    assert_eq!(edit.get("required"), None);
    assert_eq!(
        edit["properties"]["owner"]["type"],
        json!(["string", "null"])
    );
    assert_eq!(edit["properties"]["name"]["type"], json!("string"));
    let moment = &edit["properties"]["expires_at"];
    assert_eq!(
        (&moment["type"], &moment["format"]),
        (&json!(["string", "null"]), &json!("date-time"))
    );
}

#[test]
fn a_secret_is_a_string_and_a_grant_is_one_of_three() {
    let schemas = schemas();
    assert_eq!(
        schemas["VerifyKey"]["properties"]["secret"]["type"],
        json!("string")
    );
    assert_eq!(
        schemas["IssuedKey"]["properties"]["secret"]["type"],
        json!("string")
    );
    assert_eq!(schemas["Grant"]["oneOf"].as_array().map(Vec::len), Some(3));
}
