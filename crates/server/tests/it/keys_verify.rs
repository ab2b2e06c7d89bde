//! `POST /v1/keys/verify`, `POST /v1/keys/verify-batch`

use http::Method;
use serde_json::{Value, json};

use crate::server::{Made, Server};

#[tokio::test]
async fn a_valid_key_is_shown_with_what_it_may() {
    let server = Server::start().await;
    let body = json!({"name": "Own", "external_id": "acme"});
    let own = server
        .root()
        .post("/v1/organizations", body)
        .await
        .expect(201);
    let own = own["id"].as_str().unwrap();
    server.project(own, "alpha").await;
    let fields = json!({
        "name": "CI", "project": "alpha", "environment": "test", "owner": "u_1",
        "metadata": {"plan": "pro"}, "expires_at": server.clock.text_in(60),
        "grants": [
            {"permissions": ["write", "read"], "resource": "project/alpha"},
            {"permissions": ["purge"], "resource": "project/alpha/workflow/w"},
        ],
    });
    let key = server.key(own, fields).await;
    let verdict = server
        .ask(json!({"secret": key.secret, "permissions": ["read"]}))
        .await;
    let mut shown = json!({
        "id": key.id,
        "organization": own,
        "organization_external_id": "acme",
        "project": "alpha",
        "environment": "test",
        "name": "CI",
        "suffix": key.key["suffix"],
        "owner": "u_1",
        "permissions": ["read", "write"],
        "metadata": {"plan": "pro"},
        "expires_at": server.clock.text_in(60),
    });
    let expected = json!({"valid": true, "code": "valid", "http_status": 200, "key": shown});
    assert_eq!(verdict, expected);
    // What it may is told of the resource that was asked about.
    let question = json!({"secret": key.secret, "resource": "project/alpha/workflow/w"});
    shown["permissions"] = json!(["purge", "read", "write"]);
    assert_eq!(server.ask(question).await["key"], shown);
}

#[tokio::test]
async fn a_string_that_opens_nothing_is_told_apart_from_no_key_at_all() {
    let server = Server::start().await;
    server.organization("Own").await;
    let bare = |code: &str| json!({"valid": false, "code": code, "http_status": 401});
    for secret in [
        "",
        "x",
        &"k".repeat(60_000),
        "kw_live_ключ",
        crate::server::ROOT,
    ] {
        let verdict = server.ask(json!({"secret": secret})).await;
        assert_eq!(verdict, bare("api_key_malformed"), "{}", secret.len());
    }
    let unknown = Server::forge("live", "NobodyNobody");
    assert_eq!(
        server.ask(json!({"secret": unknown})).await,
        bare("api_key_invalid")
    );
    let mut typo = unknown;
    typo.replace_range(
        25..26,
        if typo.as_bytes()[25] == b'a' {
            "b"
        } else {
            "a"
        },
    );
    assert_eq!(
        server.ask(json!({"secret": typo})).await,
        bare("api_key_malformed")
    );
}

/// The code of the verdict on a secret under this question.
async fn code(server: &Server, question: &Value, secret: &str) -> String {
    let mut question = question.clone();
    question["secret"] = json!(secret);
    server.ask(question).await["code"]
        .as_str()
        .unwrap()
        .to_owned()
}

/// A key with everything wrong, and a question that asks for none of what it has.
async fn a_key(server: &Server, own: &str) -> Made {
    let fields = json!({
        "ip_rules": ["203.0.113.0/24"],
        "expires_at": server.clock.text_in(10),
        "grants": [{"permissions": ["read"], "resource": "project/a"}],
    });
    server.key(own, fields).await
}

fn nothing_of_it() -> Value {
    json!({
        "ip": "198.51.100.1", "environment": "test", "organization": "org_nobody",
        "resource": "project/b", "permissions": ["write", "read", "purge"],
    })
}

#[tokio::test]
async fn the_state_of_a_key_comes_before_what_is_asked_of_it() {
    let server = Server::start().await;
    let own = server.organization("Own").await;
    let (revoked, expired) = (a_key(&server, &own).await, a_key(&server, &own).await);
    for (key, changes) in [
        (&expired, &["deactivate"][..]),
        (&revoked, &["deactivate", "revoke"]),
    ] {
        for change in changes {
            let path = format!("{}/{change}", key.path());
            server.root().post(&path, json!({})).await.expect(200);
        }
    }
    server.clock.advance(10);
    let inactive = a_key(&server, &own).await;
    let suspend = format!("/v1/organizations/{own}/suspend");
    server.root().post(&suspend, json!({})).await.expect(200);
    for (secret, expected) in [
        ("x", "api_key_malformed"),
        (&*Server::forge("live", &inactive.id), "api_key_invalid"),
        (&*revoked.secret, "api_key_revoked"),
        (&*expired.secret, "api_key_expired"),
        (&*inactive.secret, "api_key_inactive"),
    ] {
        assert_eq!(code(&server, &nothing_of_it(), secret).await, expected);
    }
}

/// Each cure uncovers the next reason.
#[tokio::test]
async fn the_reasons_come_in_their_order() {
    let server = Server::start().await;
    let own = server.organization("Own").await;
    let key = a_key(&server, &own).await;
    let mut question = nothing_of_it();
    for (cure, expected) in [
        (json!({}), "ip_not_allowed"),
        (json!({"ip": "203.0.113.7"}), "environment_mismatch"),
        (json!({"environment": "live"}), "out_of_scope"),
        (json!({"organization": own}), "out_of_scope"),
        (json!({"resource": "project/a"}), "insufficient_permissions"),
        (json!({"permissions": ["read"]}), "valid"),
    ] {
        let cure = cure.as_object().unwrap().clone();
        question.as_object_mut().unwrap().extend(cure);
        assert_eq!(
            code(&server, &question, &key.secret).await,
            expected,
            "{question}"
        );
    }
}

#[tokio::test]
async fn what_a_rule_needs_and_nobody_said_denies() {
    let server = Server::start().await;
    let own = server.organization("Own").await;
    let fields = json!({
        "ip_rules": ["203.0.113.0/24"],
        "grants": [{"permissions": ["read"], "resource": "project/a"}],
    });
    let key = server.key(&own, fields).await;
    let without_address = server.ask(json!({"secret": key.secret})).await;
    assert_eq!(without_address["code"], "ip_not_allowed");
    let without_resource =
        json!({"secret": key.secret, "ip": "203.0.113.7", "permissions": ["read"]});
    assert_eq!(server.ask(without_resource).await["code"], "out_of_scope");
}

#[tokio::test]
async fn a_place_covers_all_below_it_and_a_project_is_a_ceiling() {
    let server = Server::start().await;
    let own = server.organization("Own").await;
    server.project(&own, "a").await;
    let grants = |resource: &str| json!([{"permissions": ["read"], "resource": resource}]);
    let wide = server.key(&own, json!({"grants": grants("*")})).await;
    let deep = server
        .key(&own, json!({"grants": grants("project/a/workflow/w")}))
        .await;
    let ceiling = server
        .key(&own, json!({"project": "a", "grants": grants("*")}))
        .await;
    let outside = server
        .key(&own, json!({"project": "a", "grants": grants("project/b")}))
        .await;
    for (key, resource, code) in [
        (&wide, None, "valid"),
        (&wide, Some("*"), "valid"),
        (&wide, Some("project/anything/at/all"), "valid"),
        (&deep, Some("project/a/workflow/w"), "valid"),
        (&deep, Some("project/a/workflow/w/step/1"), "valid"),
        (&deep, Some("project/a/workflow/wx"), "out_of_scope"),
        (&deep, Some("project/a"), "out_of_scope"),
        (&deep, Some("*"), "out_of_scope"),
        (&ceiling, None, "valid"),
        (&ceiling, Some("project/a/workflow/w"), "valid"),
        (&ceiling, Some("project/b"), "out_of_scope"),
        (&ceiling, Some("*"), "out_of_scope"),
        (&outside, None, "out_of_scope"),
        (&outside, Some("project/b"), "out_of_scope"),
    ] {
        for permissions in [json!([]), json!(["read"])] {
            if permissions == json!([]) && resource.is_none() {
                continue;
            }
            let mut question = json!({"secret": key.secret, "permissions": permissions});
            if let Some(resource) = resource {
                question["resource"] = json!(resource);
            }
            assert_eq!(
                server.ask(question.clone()).await["code"],
                code,
                "{question}"
            );
        }
    }
    // Without permissions and place it is a question of state alone.
    assert_eq!(server.verdict(&outside.secret).await, "valid");
}

#[tokio::test]
async fn an_organization_is_asked_for_by_id_or_external_id() {
    let server = Server::start().await;
    let body = json!({"name": "Own", "external_id": "acme"});
    let own = server
        .root()
        .post("/v1/organizations", body)
        .await
        .expect(201);
    let own = own["id"].as_str().unwrap();
    let other = server.organization("Other").await;
    let key = server.key(own, json!({})).await;
    for (organization, code) in [
        (own, "valid"),
        ("acme", "valid"),
        (&*other, "out_of_scope"),
        ("ACME", "out_of_scope"),
        ("org_nobody", "out_of_scope"),
    ] {
        let verdict = server
            .ask(json!({"secret": key.secret, "organization": organization}))
            .await;
        assert_eq!(verdict["code"], code, "{organization}");
    }
    // The external id that was taken away opens nothing any more.
    let path = format!("/v1/organizations/{own}");
    server
        .root()
        .patch(&path, json!({"external_id": null}))
        .await
        .expect(200);
    let verdict = server
        .ask(json!({"secret": key.secret, "organization": "acme"}))
        .await;
    assert_eq!(verdict["code"], "out_of_scope");
}

#[tokio::test]
async fn s_bearer_05_all_that_is_missing_is_named_at_once() {
    let server = Server::start().await;
    let own = server.organization("Own").await;
    let key = server
        .key(
            &own,
            json!({"grants": [{"permissions": ["b"], "resource": "*"}]}),
        )
        .await;
    let verdict = server
        .ask(json!({"secret": key.secret, "permissions": ["a", "b", "c"]}))
        .await;
    assert_eq!(verdict["missing_permissions"], json!(["a", "c"]));
    assert_eq!(
        (&verdict["valid"], &verdict["http_status"]),
        (&json!(false), &json!(403))
    );
    assert_eq!(verdict["key"]["permissions"], json!(["b"]));
}

#[tokio::test]
async fn s_problem_08_a_batch_says_of_each_what_it_would_be_told_alone() {
    let server = Server::start().await;
    let own = server.organization("Own").await;
    let grants = json!([{"permissions": ["read"], "resource": "project/a"}]);
    let key = server
        .key(&own, json!({"grants": grants, "ip_rules": ["::1"]}))
        .await;
    let revoked = server.key(&own, json!({})).await;
    server
        .root()
        .post(&format!("{}/revoke", revoked.path()), json!({}))
        .await
        .expect(200);
    let mut items = Vec::new();
    for secret in [
        &*key.secret,
        &*revoked.secret,
        "x",
        &Server::forge("test", "NobodyNobody"),
    ] {
        for ip in [None, Some("::1"), Some("::2")] {
            for resource in [None, Some("project/a"), Some("project/b")] {
                for permissions in [json!([]), json!(["read"]), json!(["read", "write"])] {
                    let mut item = json!({"secret": secret, "permissions": permissions});
                    item.as_object_mut()
                        .unwrap()
                        .extend(ip.map(|it| ("ip".to_owned(), json!(it))));
                    let resource = resource.map(|it| ("resource".to_owned(), json!(it)));
                    item.as_object_mut().unwrap().extend(resource);
                    items.push(item);
                }
            }
        }
    }
    let batch = server
        .root()
        .post("/v1/keys/verify-batch", json!({"items": items}))
        .await
        .expect(200);
    assert_eq!(batch["next_cursor"], Value::Null);
    let answers = batch["data"].as_array().unwrap();
    assert_eq!(answers.len(), items.len());
    for (item, answer) in items.into_iter().zip(answers) {
        assert_eq!(server.ask(item.clone()).await, *answer, "{item}");
    }
}

#[tokio::test]
async fn a_question_with_a_fault_is_no_question() {
    let mut server = Server::start().await;
    let own = server.organization("Own").await;
    let key = server.key(&own, json!({})).await;
    for (fields, pointer) in [
        (json!({"permissions": ["Read"]}), "/permissions/0"),
        (json!({"permissions": vec!["a"; 257]}), "/permissions"),
        (json!({"permissions": "read"}), "/permissions"),
        (json!({"resource": "a"}), "/resource"),
        (json!({"resource": ""}), "/resource"),
        (json!({"organization": ""}), "/organization"),
        (json!({"organization": "x".repeat(254)}), "/organization"),
        (json!({"environment": ""}), "/environment"),
        (json!({"ip": "localhost"}), "/ip"),
        (json!({"ip": ""}), "/ip"),
        (json!({"permission": "read"}), "/permission"),
    ] {
        let mut question = json!({"secret": key.secret});
        question
            .as_object_mut()
            .unwrap()
            .extend(fields.as_object().unwrap().clone());
        let single = server
            .root()
            .post("/v1/keys/verify", question.clone())
            .await;
        assert_eq!(single.pointers(), [pointer], "{fields}");
        let items = json!({"items": [{"secret": key.secret}, question]});
        let batch = server.root().post("/v1/keys/verify-batch", items).await;
        assert_eq!(batch.pointers(), [format!("/items/1{pointer}")], "{fields}");
        assert!(!batch.text().contains(&key.secret));
    }
    let root = server.root();
    assert_eq!(
        root.post("/v1/keys/verify", json!({})).await.pointers(),
        ["/secret"]
    );
    let many = json!({"items": vec![json!({"secret": "x"}); 1_001]});
    assert_eq!(
        root.post("/v1/keys/verify-batch", many).await.pointers(),
        ["/items"]
    );
    let asked = root
        .call(Method::POST, "/v1/keys/verify?secret=x")
        .json(&json!({"secret": "x"}));
    assert_eq!(asked.send().await.pointers(), ["secret"]);
    server.restart().await;
    let usage = server
        .root()
        .get(&format!("{}/usage", key.path()))
        .await
        .expect(200);
    assert_eq!(
        usage["hours"],
        json!([]),
        "a refused question counts for nobody"
    );
}

#[tokio::test]
async fn a_thousand_real_keys_fit_in_one_call() {
    let server = Server::start().await;
    let own = server.organization("Own").await;
    let key = server.key(&own, json!({})).await;
    let item = json!({
        "secret": key.secret, "resource": "project/a/workflow/w", "ip": "2001:db8:85a3::8a2e:370:7334",
        "organization": own, "environment": "live",
    });
    let most = json!({"items": vec![item; 1_000]});
    let verdicts = server
        .root()
        .post("/v1/keys/verify-batch", most)
        .await
        .expect(200);
    assert_eq!(verdicts["data"].as_array().unwrap().len(), 1_000);
    let secrets = json!({"secrets": vec![&key.secret; 1_000]});
    let revoked = server
        .root()
        .post("/v1/keys/revoke-batch", secrets)
        .await
        .expect(200);
    assert_eq!(revoked["data"].as_array().unwrap().len(), 1_000);
    for path in [
        "/v1/keys/verify-batch",
        "/v1/keys/revoke-batch",
        "/v1/keys/verify",
    ] {
        let large = json!({"secret": "x".repeat(1_048_577)});
        server
            .root()
            .post(path, large)
            .await
            .refuses(413, "body_too_large");
    }
}

#[tokio::test]
async fn who_sees_one_organization_learns_nothing_of_a_key_of_another() {
    let server = Server::start().await;
    let (own, other) = (
        server.organization("Own").await,
        server.organization("Other").await,
    );
    let verifier = server.manager(&own, "verify-only").await.caller;
    let foreign = server.key(&other, json!({})).await;
    let revoked = server.key(&other, json!({})).await;
    server
        .root()
        .post(&format!("{}/revoke", revoked.path()), json!({}))
        .await
        .expect(200);
    let unknown = Server::forge("live", "NobodyNobody");
    let mut answers = Vec::new();
    for secret in [&foreign.secret, &revoked.secret, &unknown] {
        let question = json!({"secret": secret, "organization": other});
        answers.push(verifier.post("/v1/keys/verify", question).await.text());
    }
    assert_eq!(
        answers[0],
        r#"{"valid":false,"code":"api_key_invalid","http_status":401}"#
    );
    assert!(answers.iter().all(|it| *it == answers[0]), "{answers:?}");
}
