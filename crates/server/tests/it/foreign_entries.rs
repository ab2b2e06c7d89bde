//! Ledger entries that another program wrote and this server cannot read.

use std::process::Command;
use std::time::Duration;

use serde_json::json;

use crate::server::Server;

/// Appends an entry as a newer program would, or takes it back.
const WRITE: &str = "import sqlite3, sys
db = sqlite3.connect(sys.argv[1], isolation_level=None, timeout=10)
seq, head = db.execute('SELECT seq, hash FROM ledger_head').fetchone()
db.execute('BEGIN IMMEDIATE')
if sys.argv[2] == 'append':
    db.execute('INSERT INTO ledger SELECT seq + 1, at, organization, actor, ?, target, detail, '
               'request_id, 99, personal, hash, ? FROM ledger WHERE seq = ?',
               ('key.teleported', bytes(32), seq))
    db.execute('UPDATE ledger_head SET seq = ?, hash = ?', (seq + 1, bytes(32)))
elif sys.argv[2] == 'mend':
    db.execute('UPDATE ledger SET action = ?, min_reader = 1 WHERE seq = ?',
               (sys.argv[3], seq))
else:
    before = db.execute('SELECT prev_hash FROM ledger WHERE seq = ?', (seq,)).fetchone()[0]
    db.execute('DELETE FROM ledger WHERE seq = ?', (seq,))
    db.execute('UPDATE ledger_head SET seq = ?, hash = ?', (seq - 1, before))
db.execute('COMMIT')";

fn write(server: &Server, words: &[&str]) {
    let written = Command::new("python3")
        .args(["-c", WRITE])
        .arg(server.directory.path().join("keyway.db"))
        .args(words)
        .status();
    assert!(written.unwrap().success());
}

/// Asks until the answer has this status.
async fn becomes(server: &Server, status: u16) {
    let asking = async {
        while server.nobody().get("/readyz").await.status != status {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    let asked = tokio::time::timeout(Duration::from_secs(30), asking).await;
    asked.unwrap_or_else(|_| panic!("never {status}"));
}

#[tokio::test]
async fn an_entry_that_cannot_be_read_leaves_all_undecided_until_it_can_be_or_is_gone() {
    let server = Server::start().await;
    let own = server.organization("Own").await;
    let key = server.key(&own, json!({})).await;
    let question = json!({"secret": key.secret});
    server.organization("Another").await;
    for way_out in [["take", ""], ["mend", "organization.created"]] {
        write(&server, &["append"]);
        becomes(&server, 503).await;
        let undecided = server
            .root()
            .post("/v1/keys/verify", question.clone())
            .await;
        undecided.refuses(503, "undecided");
        write(&server, &way_out);
        becomes(&server, 200).await;
        assert_eq!(server.verdict(&key.secret).await, "valid");
    }
    let metrics = server.root().get("/metrics").await.text();
    let looks = metrics
        .lines()
        .find_map(|line| line.strip_prefix("keyway_ledger_not_understood_total "));
    assert!(looks.unwrap().parse::<u64>().unwrap() >= 2, "{metrics}");
    // What was mended is applied, and what comes after it too.
    let revoke = format!("{}/revoke", key.path());
    server.root().post(&revoke, json!({})).await.expect(200);
    assert_eq!(server.verdict(&key.secret).await, "api_key_revoked");
}
