//! What goes over the wire, letter by letter.

#![expect(clippy::unwrap_used, reason = "a test stops at what it did not expect")]

use keyway_api::change::Effective;
use keyway_api::code::Code;
use keyway_api::import::ImportResult;
use keyway_api::key::{CreateKey, EditKey, IssuedKey, Key};
use keyway_api::list::List;
use keyway_api::organization::{EditOrganization, Organization};
use keyway_api::problem::Problem;
use keyway_api::revoke_batch::RevokeBatch;
use keyway_api::verify::{VerifyAnswer, VerifyBatch, VerifyKey};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

fn passes_unchanged<T: Serialize + DeserializeOwned>(value: &Value) {
    let typed: T = serde_json::from_value(value.clone()).unwrap();
    assert_eq!(&serde_json::to_value(typed).unwrap(), value);
}

fn refusal<T: DeserializeOwned>(value: Value) -> String {
    match serde_json::from_value::<T>(value) {
        Ok(_) => String::new(),
        Err(error) => error.to_string(),
    }
}

fn a_key() -> Value {
    json!({
        "id": "k1", "organization": "o1", "project": null, "environment": "live",
        "name": "CI", "description": null, "owner": "ann", "display_prefix": "kw_live_k1",
        "suffix": "x9Zq", "status": "active",
        "grants": [
            {"permissions": ["read"], "resource": "*"},
            {"role": "editor", "resource": "project/a"},
        ],
        "ip_rules": ["203.0.113.0/24"], "rate_limit": {"limit": 100, "window": "1m"},
        "metadata": {"team": 7}, "managed_by": null,
        "created_at": "2026-01-02T03:04:05Z", "created_by": "management_key/m1",
        "expires_at": null, "revoked_at": null, "revoked_by": null, "revoked_reason": null,
        "revoked_reason_code": null, "successor": null, "version": 1,
    })
}

#[test]
fn answers_read_as_they_were_written() {
    passes_unchanged::<Key>(&a_key());
    passes_unchanged::<List<Key>>(&json!({"data": [a_key()], "next_cursor": "c"}));
    passes_unchanged::<IssuedKey>(&json!({
        "key": a_key(), "secret": "kw_live_k1_s", "effective_everywhere_at": "2026-01-02T03:04:05.5Z",
    }));
    passes_unchanged::<Effective<Organization>>(&json!({
        "id": "o1", "name": "Acme", "external_id": null, "metadata": {}, "status": "active",
        "suspended_at": null, "created_at": "2026-01-02T03:04:05Z", "version": 1,
        "effective_everywhere_at": "2026-01-02T03:04:05Z",
    }));
    passes_unchanged::<VerifyAnswer>(&json!({
        "valid": false, "code": "api_key_revoked", "http_status": 401,
    }));
    passes_unchanged::<ImportResult>(&json!({"imported": 2, "refused": 1}));
    passes_unchanged::<ImportResult>(&json!({
        "line": 3, "code": "invalid_request", "detail": "a name is missing",
        "errors": [{"pointer": "/name", "detail": "missing"}],
    }));
}

#[test]
fn an_answer_may_grow() {
    let mut key = a_key();
    key["a_later_field"] = json!(true);
    assert_eq!(refusal::<Key>(key), "");
}

#[test]
fn requests_refuse_what_they_do_not_know() {
    let misspelt = json!({"name": "a", "expire_at": "2026-01-02T03:04:05Z"});
    assert!(refusal::<CreateKey>(misspelt).contains("unknown field `expire_at`"));
    let deeper = json!({"items": [{"secret": "s", "scope": "x"}]});
    assert!(refusal::<VerifyBatch>(deeper).contains("unknown field `scope`"));
    let wrong = json!({"filter": {"everything": true}});
    assert!(refusal::<RevokeBatch>(wrong).contains("unknown field `everything`"));
}

#[test]
fn an_edit_tells_absent_from_null() {
    let edit: EditKey = serde_json::from_value(json!({"owner": null, "name": "b"})).unwrap();
    assert_eq!(edit.owner, Some(None));
    assert_eq!(edit.description, None);
    assert_eq!(edit.name.as_deref(), Some("b"));
    passes_unchanged::<EditKey>(&json!({"expires_at": null}));
    passes_unchanged::<EditKey>(&json!({"expires_at": "2026-01-02T03:04:05Z"}));
    passes_unchanged::<EditOrganization>(&json!({"external_id": null}));
}

#[test]
fn an_edit_cannot_null_what_cannot_be_absent() {
    assert_ne!(refusal::<EditKey>(json!({"name": null})), "");
    assert_ne!(refusal::<EditKey>(json!({"grants": null})), "");
    assert_ne!(refusal::<EditOrganization>(json!({"metadata": null})), "");
}

#[test]
fn a_wire_type_with_a_secret_cannot_print_it() {
    let verify: VerifyKey = serde_json::from_value(json!({"secret": "kw_live_hidden"})).unwrap();
    assert!(!format!("{verify:?}").contains("hidden"));
    let batch: RevokeBatch =
        serde_json::from_value(json!({"secrets": ["kw_live_hidden"]})).unwrap();
    assert!(!format!("{batch:?}").contains("hidden"));
    assert_eq!(
        serde_json::to_value(&batch).unwrap(),
        json!({"secrets": ["kw_live_hidden"]})
    );
}

#[test]
fn a_problem_is_what_its_code_says() {
    let problem = Problem::new(Code::KeyNotFound);
    let wire = json!({
        "type": "/problems/key_not_found", "title": "There is no such key", "status": 404,
        "code": "key_not_found",
    });
    assert_eq!(serde_json::to_value(&problem).unwrap(), wire);
    passes_unchanged::<Problem>(&wire);
}
