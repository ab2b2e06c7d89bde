//! What is not even HTTP, or stops in the middle of it.

use keyway_tests::raw::{self, Wire};

use crate::Scene;

#[tokio::test]
async fn what_is_not_http_is_refused_or_hung_up_on() {
    let scene = Scene::set().await;
    let head = scene.head().await;
    for request in [
        &b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"[..],
        b"GET / HTTP/9.9\r\n\r\n",
        b"GET /\x01 HTTP/1.1\r\nHost: a\r\n\r\n",
        b"GET /healthz HTTP/1.1\r\nHo st: a\r\n\r\n",
        b"GET /healthz HTTP/1.1\r\nx: \x00\r\n\r\n",
        b"\x00\x00\x00\x00\r\n\r\n",
        b"POST /v1/keys HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n",
        b"POST /v1/keys HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
        b"POST /v1/keys HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
    ] {
        let mut wire = Wire::to(scene.server.authority()).await;
        wire.say(request).await;
        wire.fall_silent().await;
        let answer = raw::parse(&wire.hear().await);
        let status = answer.map_or(400, |answer| answer.status);
        let shown = request.escape_ascii();
        assert!([400, 401, 505].contains(&status), "{shown}: {status}");
    }
    scene.assert_untouched_since(&head).await;
}

#[tokio::test]
async fn half_a_request_changes_nothing() {
    let scene = Scene::set().await;
    let head = scene.head().await;
    let body = format!(
        r#"{{"organization":"{}","name":"half"}}"#,
        scene.organization
    );
    let whole = format!(
        "POST /v1/keys HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {}\r\n\
         Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        scene.server.root_key(),
        body.len() + 10,
    );
    // Cut anywhere, also after a body that would be whole if less had been announced.
    for length in (0..whole.len()).step_by(29).chain([whole.len()]) {
        let mut wire = Wire::to(scene.server.authority()).await;
        wire.say(&whole.as_bytes()[..length]).await;
        wire.fall_silent().await;
        if let Some(answer) = raw::parse(&wire.hear().await) {
            assert_eq!(answer.status, 400, "{length}: {}", answer.text());
        }
    }
    scene.assert_untouched_since(&head).await;
}

/// Neither may it stay for ever, nor may it keep others waiting.
#[tokio::test]
async fn a_slow_client_is_sent_away_and_holds_nobody_up() {
    let scene = Scene::set().await;
    let head = scene.head().await;
    let root_key = scene.server.root_key();
    let head_only = "GET /v1/keys HTTP/1.1\r\nHost: a\r\nx-drip: ".to_owned();
    let half_a_body = format!(
        "POST /v1/organizations HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {root_key}\r\n\
         Content-Type: application/json\r\nContent-Length: 60000\r\n\r\n{{"
    );
    let slow = [
        (head_only, Some(b'x')),
        (half_a_body, Some(b' ')),
        (String::new(), None),
    ];
    let slow = slow.map(|(beginning, letter)| {
        let authority = scene.server.authority().to_owned();
        tokio::spawn(async move {
            let mut wire = Wire::to(&authority).await;
            wire.say(beginning.as_bytes()).await;
            wire.drip(letter).await
        })
    });
    assert_eq!(scene.server.verdict(&scene.secret).await, "valid");
    for slow in slow {
        let answer = raw::parse(&slow.await.unwrap());
        let status = answer.map_or(408, |answer| answer.status);
        assert_eq!(status, 408);
    }
    scene.assert_untouched_since(&head).await;
}
