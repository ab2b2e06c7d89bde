//! S-PROXY-04: the resource that is asked about is the one that the product will serve, however the
//! path is written.

use keyway_tests::raw;
use percent_encoding::percent_decode_str;
use serde_json::json;

use crate::gateway::{Proxy, Scene};

/// What a key that may read `project/alpha` gets.
const PATHS: &[(&str, u16)] = &[
    ("/projects/alpha", 200),
    ("/projects/alpha/", 200),
    ("/projects/alpha?page=2", 200),
    (
        "/projects/alpha/files/a%20b?next=/projects/beta//../x%2f",
        200,
    ),
    // Another project, or none: everything.
    ("/projects/beta", 403),
    ("/projects/alphabet", 403),
    ("/projects/ALPHA", 403),
    ("/Projects/alpha", 403),
    ("/projects/", 403),
    ("/projects?/alpha", 403),
    ("/", 403),
    // The same to some programs, another one to others.
    ("/projects/%61lpha", 403),
    ("/projects/alpha%20", 403),
    ("//projects/alpha", 400),
    ("/projects//alpha", 400),
    ("/projects/alpha//../beta", 400),
    ("/projects/alpha/../beta", 400),
    ("/projects/alpha/..", 400),
    ("/projects/alpha/./x", 400),
    ("/projects/alpha/%2e%2e/beta", 400),
    ("/projects/alpha/.%2E/beta", 400),
    ("/projects/alpha%2f..%2fbeta", 400),
    ("/projects/alpha/..%2Fbeta", 400),
    ("/projects/alpha/..;/beta", 400),
    ("/projects/alpha/%252e%252e/beta", 400),
    ("/projects/alpha%5c..%5cbeta", 400),
    ("/projects/alpha\\..\\beta", 400),
    ("/projects/alpha%00", 400),
    ("/projects/alpha/x#/../../beta", 400),
];

pub(crate) async fn a_path_is_asked_about_as_the_product_will_read_it(proxy: Proxy) {
    let scene = Scene::set(proxy).await;
    let grants = json!([{"permissions": ["read"], "resource": "project/alpha"}]);
    let (_, secret) = scene.key(json!({"grants": grants})).await;
    let mut passed = 0;
    for (path, expected) in PATHS {
        let status = answered(&scene, path, &secret).await;
        assert_eq!(status, *expected, "{path}");
        passed += usize::from(status == 200);
        assert_eq!(scene.product.arrived().len(), passed, "{path}");
        if status == 200 {
            let target = scene.product.last().target;
            assert_eq!(target, *path);
            assert!(is_in_alpha(&target), "{target}");
        }
    }
}

/// As it stands on the wire: a client library would tidy it up.
async fn answered(scene: &Scene, path: &str, secret: &str) -> u16 {
    let request = format!(
        "GET {path} HTTP/1.1\r\nHost: product.example\r\nAuthorization: Bearer {secret}\r\n\
         Connection: close\r\n\r\n"
    );
    let authority = scene.gateway.authority();
    let answer = raw::exchange(authority, request.as_bytes()).await;
    answer.expect(path).status
}

/// Whether every way to read a path leads to the same project.
fn is_in_alpha(target: &str) -> bool {
    let path = target.split('?').next().unwrap_or_default();
    let decoded = percent_decode_str(path).decode_utf8_lossy().into_owned();
    [path.to_owned(), decoded].iter().all(|path| {
        let mut walked: Vec<&str> = Vec::new();
        for segment in path.split(['/', '\\']) {
            match segment {
                "" | "." => {}
                ".." => drop(walked.pop()),
                name => walked.push(name),
            }
        }
        walked.starts_with(&["projects", "alpha"])
    })
}
