//! The main job, through real proxies with the very files of `docs/proxies/`: a key is made, the
//! proxy lets it through to a real product, the key is revoked, the very next request is refused.
//!
//! Every test here runs once behind nginx and once behind Caddy.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test stops at what it did not expect"
)]

mod gateway;
mod identity;
mod outage;
mod paths;
mod refusals;

use gateway::{Proxy, Scene};
use serde_json::json;

/// Each name is a function of this program that takes a proxy.
macro_rules! behind_each_proxy {
    ($($module:ident :: $name:ident)*) => {
        mod behind_nginx {$(
            #[tokio::test]
            async fn $name() {
                crate::$module::$name(crate::gateway::Proxy::Nginx).await;
            }
        )*}

        mod behind_caddy {$(
            #[tokio::test]
            async fn $name() {
                crate::$module::$name(crate::gateway::Proxy::Caddy).await;
            }
        )*}
    };
}

behind_each_proxy! {
    main_job::a_key_passes_until_it_is_revoked_and_not_once_more
    main_job::a_change_of_grants_or_state_holds_for_the_next_request
    main_job::what_the_client_sends_reaches_the_product_whole
    identity::the_product_learns_who_calls
    identity::the_longest_identity_passes
    identity::the_product_never_sees_the_key
    identity::forged_identity_does_not_survive
    refusals::a_refused_request_gets_its_reason_and_does_not_reach_the_product
    refusals::a_key_that_may_read_does_not_write
    refusals::two_credentials_are_never_let_through
    refusals::address_rules_are_about_the_client_and_not_about_the_proxy
    paths::a_path_is_asked_about_as_the_product_will_read_it
    outage::nothing_passes_while_keyway_is_away
    outage::what_keyway_cannot_decide_is_neither_yes_nor_no
    outage::an_error_of_the_product_stays_its_own
}

mod main_job {
    use super::{Proxy, Scene, json};

    /// Often enough for a cache or a race to show.
    const ROUNDS: usize = 20;

    pub(crate) async fn a_key_passes_until_it_is_revoked_and_not_once_more(proxy: Proxy) {
        let scene = Scene::set(proxy).await;
        for round in 0..ROUNDS {
            let (id, secret) = scene.key(json!({})).await;
            let customer = scene.customer(&secret);
            assert_eq!(customer.get("/").await.status, 200);
            assert_eq!(scene.product.arrived().len(), round + 1);

            let path = format!("/v1/keys/{id}/revoke");
            let revoked = scene.server.root().post(&path, &json!({})).await;
            assert_eq!(revoked.expect(200)["key"]["status"], "revoked");
            let refused = customer.get("/").await;
            assert_eq!(refused.status, 401);
            assert_eq!(refused.header("keyway-code"), "api_key_revoked");
            assert_eq!(scene.product.arrived().len(), round + 1);
        }
    }

    pub(crate) async fn a_change_of_grants_or_state_holds_for_the_next_request(proxy: Proxy) {
        let scene = Scene::set(proxy).await;
        let (id, secret) = scene.key(json!({})).await;
        let customer = scene.customer(&secret);
        let root = scene.server.root();
        let key = format!("/v1/keys/{id}");
        assert_eq!(customer.get("/").await.status, 200);

        root.patch(&key, &json!({"grants": []})).await.expect(200);
        assert_eq!(customer.get("/").await.status, 403);
        let everything = json!([{"permissions": ["read"], "resource": "*"}]);
        root.patch(&key, &json!({"grants": everything}))
            .await
            .expect(200);
        assert_eq!(customer.get("/").await.status, 200);

        let off = format!("{key}/deactivate");
        root.post(&off, &json!({})).await.expect(200);
        assert_eq!(customer.get("/").await.status, 401);
        let on = format!("{key}/activate");
        root.post(&on, &json!({})).await.expect(200);
        assert_eq!(customer.get("/").await.status, 200);

        let suspend = format!("/v1/organizations/{}/suspend", scene.organization);
        root.post(&suspend, &json!({})).await.expect(200);
        assert_eq!(customer.get("/").await.status, 401);
        let resume = format!("/v1/organizations/{}/resume", scene.organization);
        root.post(&resume, &json!({})).await.expect(200);
        assert_eq!(customer.get("/").await.status, 200);

        assert_eq!(root.delete(&key).await.status, 200);
        assert_eq!(customer.get("/").await.status, 401);
    }

    pub(crate) async fn what_the_client_sends_reaches_the_product_whole(proxy: Proxy) {
        let scene = Scene::set(proxy).await;
        let grants = json!([{"permissions": ["read", "write"], "resource": "*"}]);
        let (_, secret) = scene.key(json!({"grants": grants})).await;
        let body = "x".repeat(10_000);
        let customer = scene.customer(&secret);
        let call = customer.call(http::Method::PUT, "/a/b?c=%20d&c=e");
        let answer = call
            .header("x-of-the-client", "kept")
            .body("text/plain", body.clone())
            .send()
            .await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        let arrived = scene.product.last();
        assert_eq!(arrived.method, "PUT");
        assert_eq!(arrived.target, "/a/b?c=%20d&c=e");
        assert_eq!(arrived.header("x-of-the-client").as_deref(), Some("kept"));
        assert_eq!(arrived.body, body);
    }
}
