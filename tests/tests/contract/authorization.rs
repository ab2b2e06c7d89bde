//! Every route of the document, called by everybody: what each gets stands in
//! `tests/authorization.txt`. `KEYWAY_REWRITE=1` writes that file anew, for review.

use std::fmt::Write as _;

use http::Method;
use keyway_tests::client::Answer;
use keyway_tests::server::{Server, text};
use keyway_tests::tree;
use serde_json::json;

use crate::callers::{self, Lasting, STRANGERS};
use crate::requests::{self, Objects};
use crate::routes::{self, PUBLIC};

const TABLE: &str = "tests/authorization.txt";
const HEAD: &str = "\
# Who gets what: every route of /openapi.json, called with a good request by everybody.
# Made by the test `contract`; KEYWAY_REWRITE=1 writes it anew. Read each difference: it is a change
# of who may do what.
#
# key: a product's key. a viewer, an owner …: members who are signed in; a stranger: the owner of another
# organization. All others are management keys: of the preset admin unless they are called after
# theirs, and for the organization that everything belongs to unless they say otherwise.
";

/// Who got the same, and what.
type Outcome = (String, Vec<&'static str>);

#[tokio::test]
async fn every_route_gives_every_caller_what_the_table_says() {
    let server = Server::start().await;
    issue_tokens(&server).await;
    let own = server.organization("Own").await;
    let other = server.organization("Other").await;
    let lasting = Lasting::make(&server, &own, &other).await;
    let mut table = HEAD.to_owned();
    let mut faults = Vec::new();
    for (path, methods) in routes::documented(&server).await {
        for method in methods {
            let callers = callers::all(&server, &lasting, &own, &other).await;
            let mut outcomes: Vec<Outcome> = Vec::new();
            for (name, caller) in callers {
                let objects = Objects::make(&server, &own).await;
                let Some(answer) = requests::send(&caller, &method, &path, &objects).await else {
                    panic!("{method} {path}: say in requests.rs how it is called");
                };
                faults.extend(fault(&path, name, answer.status));
                let outcome = format!("{} {}", answer.status, code(&answer));
                note(&mut outcomes, outcome.trim_end().to_owned(), name);
                let resume = format!("/v1/organizations/{own}/resume");
                server.root().post(&resume, &json!({})).await.expect(200);
            }
            write_route(&mut table, &method, &path, &outcomes);
        }
    }
    assert_eq!(faults, Vec::<String>::new());
    assert_is_the_table(&table);
}

/// The default profile issues none, and a route that is not there is open to nobody.
pub(crate) async fn issue_tokens(server: &Server) {
    let root = server.root();
    let profile = root.get("/v1/profile").await;
    let toml = format!("{}\n[tokens]\n", text(&profile.expect(200), "/toml"));
    let apply = root.call(Method::PUT, "/v1/profile");
    let apply = apply.header("if-match", &profile.header("etag"));
    apply.json(&json!({"toml": toml})).send().await.expect(200);
    for _ in 0..2 {
        root.post("/v1/signing-keys", &json!({})).await.expect(201);
    }
}

/// What no review may let pass.
fn fault(path: &str, caller: &str, status: u16) -> Option<String> {
    let is_public = PUBLIC.contains(&path);
    let is_for_keys = path.starts_with("/v1/whoami") || path == "/v1/authorize";
    let is_right = match caller {
        _ if is_public => status == 200,
        name if STRANGERS.contains(&name) => status == 401,
        "key" if is_for_keys => status == 200,
        // Whoever holds a key may end it, whatever its state.
        name if name.ends_with("key") && path == "/v1/whoami/revoke" => status == 200,
        name if name.ends_with("key") => status == 401,
        // These belong to no organization, so there is nothing to hide.
        "other organization" | "a stranger" if path.starts_with("/v1/signing-keys/") => {
            status == 403
        }
        "other organization" | "a stranger" if path.contains("{id}") => status == 404,
        "operator" if path != "/v1/authorize" && path != "/v1/whoami/revoke" => status < 300,
        _ => true,
    };
    (!is_right).then(|| format!("{path}: {caller} gets {status}"))
}

/// Of a problem, of a verdict, or of the first line of an import.
fn code(answer: &Answer) -> String {
    let first_line = Answer {
        body: answer
            .text()
            .lines()
            .next()
            .unwrap_or_default()
            .to_owned()
            .into(),
        ..answer.clone()
    };
    first_line.code()
}

fn note(outcomes: &mut Vec<Outcome>, outcome: String, caller: &'static str) {
    match outcomes.iter_mut().find(|(known, _)| *known == outcome) {
        Some((_, callers)) => callers.push(caller),
        None => outcomes.push((outcome, vec![caller])),
    }
}

fn write_route(table: &mut String, method: &str, path: &str, outcomes: &[Outcome]) {
    write!(table, "\n{method} {path}\n").unwrap();
    for (outcome, callers) in outcomes {
        writeln!(table, "    {outcome:<32} {}", callers.join(", ")).unwrap();
    }
}

fn assert_is_the_table(table: &str) {
    let committed = tree::committed(TABLE, table);
    let missing = differing_lines(table, &committed);
    let surplus = differing_lines(&committed, table);
    assert!(
        missing.is_empty() && surplus.is_empty(),
        "{TABLE} says\n{surplus}and the server says\n{missing}"
    );
    assert_eq!(committed, table, "{TABLE} has another order");
}

/// The lines of the first that the second has not under the same route.
fn differing_lines(first: &str, second: &str) -> String {
    let blocks: Vec<&str> = second.split("\n\n").collect();
    first
        .split("\n\n")
        .filter(|block| !blocks.contains(block))
        .fold(String::new(), |all, block| all + block + "\n")
}
