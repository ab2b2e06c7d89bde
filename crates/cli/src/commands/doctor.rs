//! `keyway doctor`: whether this machine can talk to the server, step by step.

use keyway_client::client::Client;
use keyway_client::error::ClientError;
use serde::Serialize;

use crate::connection::Connection;
use crate::failure::{Exit, Failure, with_causes};
use crate::output::Output;

#[derive(Debug, Serialize)]
struct Finding {
    step: &'static str,
    is_good: bool,
    words: String,
    #[serde(skip)]
    exit: Exit,
}

pub(crate) async fn run(connection: &Connection, output: Output) -> Result<(), Failure> {
    let findings = examine(connection).await;
    output.print(&findings, |findings| in_words(findings))?;
    match findings.iter().find(|finding| !finding.is_good) {
        None => Ok(()),
        Some(bad) => Err(Failure {
            exit: bad.exit,
            ..Failure::silent()
        }),
    }
}

/// Stops at the first step that fails: the later ones could only repeat it.
async fn examine(connection: &Connection) -> Vec<Finding> {
    let client = match connection.client() {
        Ok(client) => client,
        Err(failure) => {
            let words = failure.text().trim_end().replace('\n', "; ");
            return vec![Finding {
                step: "configuration",
                is_good: false,
                words,
                exit: failure.exit,
            }];
        }
    };
    let mut findings = vec![good(
        "configuration",
        format!("calls go to {}", connection.url()),
    )];
    let mut step = |name, outcome: Result<String, ClientError>| {
        let is_good = outcome.is_ok();
        findings.push(match outcome {
            Ok(words) => good(name, words),
            Err(error) => bad(name, error),
        });
        is_good
    };
    let health = client
        .ask_health()
        .await
        .map(|()| "the server lives".to_owned());
    if !step("reach", health) {
        return findings;
    }
    let readiness = client
        .ask_readiness()
        .await
        .map(|()| "it can decide".to_owned());
    step("readiness", readiness);
    step("credential", credential(&client).await);
    findings
}

async fn credential(client: &Client) -> Result<String, ClientError> {
    let whoami = client.load_whoami().await?;
    Ok(match (whoami.management_key, whoami.key) {
        (Some(own), _) => format!(
            "management key {} ({}), preset {}, organization {}",
            own.id,
            own.name,
            own.preset.as_str(),
            own.organization
        ),
        (None, Some(key)) => format!(
            "{} is a key itself, not a management key: it can ask `whoami` and nothing else",
            key.id
        ),
        (None, None) => "accepted".to_owned(),
    })
}

fn good(step: &'static str, words: String) -> Finding {
    Finding {
        step,
        is_good: true,
        words,
        exit: Exit::Failed,
    }
}

fn bad(step: &'static str, error: ClientError) -> Finding {
    let words = with_causes(&error);
    Finding {
        step,
        is_good: false,
        words,
        exit: Failure::from(error).exit,
    }
}

fn in_words(findings: &[Finding]) -> String {
    let lines: Vec<String> = findings
        .iter()
        .map(|finding| {
            let mark = if finding.is_good { "ok  " } else { "FAIL" };
            format!("{mark} {}: {}", finding.step, finding.words)
        })
        .collect();
    lines.join("\n")
}
