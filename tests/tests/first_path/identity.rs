//! What the product hears about the caller: from Keyway, and from nobody else.

use http::Method;
use percent_encoding::percent_decode_str;
use serde_json::json;

use crate::gateway::{Proxy, Scene};

const IDENTITY: [&str; 7] = [
    "keyway-key-id",
    "keyway-key-name",
    "keyway-organization",
    "keyway-project",
    "keyway-environment",
    "keyway-owner",
    "keyway-permissions",
];

/// S-PROXY-06
pub(crate) async fn the_product_learns_who_calls(proxy: Proxy) {
    let scene = Scene::set(proxy).await;
    let body = json!({"organization": scene.organization, "id": "alpha", "name": "Alpha"});
    let root = scene.server.root();
    root.post("/v1/projects", &body).await.expect(201);
    let name = "Clé d’Ann, 100% ✓";
    let fields = json!({
        "name": name,
        "owner": "ann",
        "project": "alpha",
        "environment": "test",
        "grants": [{"permissions": ["read", "list"], "resource": "project/alpha"}],
    });
    let (id, secret) = scene.key(fields).await;

    let answer = scene.customer(&secret).get("/projects/alpha").await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    let arrived = scene.product.last();
    let heard = IDENTITY.map(|header| {
        let value = arrived.header(header).unwrap_or_default();
        let value = percent_decode_str(&value).decode_utf8().unwrap();
        value.into_owned()
    });
    let mut permissions: Vec<&str> = heard[6].split(',').map(str::trim).collect();
    permissions.sort_unstable();
    assert_eq!(permissions, ["list", "read"]);
    let organization = scene.organization.as_str();
    assert_eq!(
        &heard[..6],
        [id.as_str(), name, organization, "alpha", "test", "ann"]
    );
}

/// The longest headers that Keyway sends pass whole, and a longer list does not come at all.
pub(crate) async fn the_longest_identity_passes(proxy: Proxy) {
    let scene = Scene::set(proxy).await;
    let long = "😀".repeat(253);
    let words: Vec<String> = (0..97).map(|it| format!("p{it:040}")).collect();
    let mut permissions = vec!["read".to_owned()];
    permissions.extend(words);
    let heard = async |permissions: &[String]| {
        let grants = json!([{"permissions": permissions, "resource": "*"}]);
        let fields = json!({"name": long, "owner": long, "grants": grants});
        let (_, secret) = scene.key(fields).await;
        let answer = scene.customer(&secret).get("/").await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        let arrived = scene.product.last();
        for header in ["keyway-key-name", "keyway-owner"] {
            let value = arrived.header(header).unwrap();
            let value = percent_decode_str(&value).decode_utf8().unwrap();
            assert_eq!(value, long);
        }
        arrived.header("keyway-permissions").unwrap()
    };
    let list = heard(&permissions).await;
    assert_eq!(list.split(',').count(), 98);
    assert!((4_000..=4_096).contains(&list.len()), "{}", list.len());
    permissions.extend((0..100).map(|it| format!("q{it:040}")));
    assert_eq!(heard(&permissions).await, "!omitted");
}

/// S-PROXY-13, through both places where a key may stand.
pub(crate) async fn the_product_never_sees_the_key(proxy: Proxy) {
    let scene = Scene::set(proxy).await;
    let (_, secret) = scene.key(json!({})).await;
    for header in ["authorization", "x-api-key"] {
        let value = match header {
            "authorization" => format!("Bearer {secret}"),
            _ => secret.clone(),
        };
        let stranger = scene.stranger();
        let call = stranger.call(Method::GET, "/").header(header, &value);
        assert_eq!(call.send().await.status, 200, "{header}");
        let arrived = format!("{:?}", scene.product.last());
        assert!(!arrived.contains(&secret), "{arrived}");
    }
    assert_eq!(scene.product.arrived().len(), 2);
}

/// S-PROXY-08, S-PROXY-13: not where Keyway has something to say, and not where it has nothing.
pub(crate) async fn forged_identity_does_not_survive(proxy: Proxy) {
    let scene = Scene::set(proxy).await;
    // It has no owner and no project.
    let (id, secret) = scene.key(json!({"name": "plain"})).await;
    let customer = scene.customer(&secret);
    let mut call = customer.call(Method::GET, "/");
    for header in IDENTITY {
        call = call
            .header(header, "forged")
            .header(&header.to_uppercase(), "forged")
            .header(&header.replace('-', "_"), "forged");
    }
    assert_eq!(call.send().await.status, 200);
    let arrived = scene.product.last();
    assert!(!format!("{arrived:?}").contains("forged"), "{arrived:?}");
    assert_eq!(arrived.header("keyway-key-id"), Some(id));
    assert_eq!(arrived.header("keyway-key-name").as_deref(), Some("plain"));
    assert_eq!(arrived.header("keyway-owner").unwrap_or_default(), "");
    assert_eq!(arrived.header("keyway-project").unwrap_or_default(), "");
}
