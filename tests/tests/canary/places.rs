//! Where a secret could lie.

use std::fs;
use std::path::Path;

use http::Method;
use keyway_tests::server::Server;
use sha2::{Digest as _, Sha256};

pub(crate) struct Place {
    pub(crate) name: String,
    pub(crate) content: Vec<u8>,
}

impl Place {
    fn new(name: impl Into<String>, content: impl Into<Vec<u8>>) -> Self {
        Self {
            name: name.into(),
            content: content.into(),
        }
    }
}

/// Everything the server says: its log, its metrics, its audit log, and every answer so far but
/// those few that are there to show a secret.
pub(crate) async fn said(server: &Server) -> Vec<Place> {
    let root = server.root();
    let export = root.call(Method::GET, "/v1/audit");
    let export = export.header("accept", "application/x-ndjson").send().await;
    assert_eq!(export.status, 200, "{}", export.text());
    let metrics = root.get("/metrics").await;
    assert_eq!(metrics.status, 200, "{}", metrics.text());
    let log = server.log_text();
    assert!(log.contains(" DEBUG "), "the log says less than it can");
    let mut places = vec![
        Place::new("the log", log),
        Place::new("the audit export", export.body),
        Place::new("the metrics", metrics.body),
    ];
    let answers = server.witness().answers();
    let refusals = answers.iter().filter(|seen| seen.status >= 400).count();
    assert!(refusals >= crate::FEWEST_REFUSALS, "{refusals} refusals");
    for seen in answers {
        places.push(Place::new(
            format!("headers of {}", seen.call),
            seen.headers,
        ));
        if !seen.is_issue {
            places.push(Place::new(
                format!("{} {}", seen.call, seen.status),
                seen.body,
            ));
        }
    }
    places
}

/// All files below a folder.
pub(crate) fn files_in(folder: &Path) -> Vec<Place> {
    let mut places = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            places.extend(files_in(&path));
        } else if let Ok(content) = fs::read(&path) {
            // (A socket cannot be read; a file of a running server may be gone by now.)
            places.push(Place::new(path.display().to_string(), content));
        }
    }
    places
}

/// The search finds what is there: the digest of an issued secret is in the database's files.
pub(crate) fn assert_issued_keys_are_found(files: &[Place], server: &Server) {
    let secrets = server.witness().secrets();
    let issued = secrets.iter().find(|secret| secret.starts_with("kw_live_"));
    let digest = Sha256::digest(issued.unwrap().as_bytes());
    let is_there = files.iter().any(|file| {
        file.content
            .windows(digest.len())
            .any(|part| part == &digest[..])
    });
    assert!(is_there, "this is not where the data is");
}
