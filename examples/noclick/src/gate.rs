//! The question to Keyway: may this key do this, here, now? It is asked for each event, and nothing of
//! an answer is kept.

use keyway_api::verify::{Principal, VerifyAnswer, VerifyBatch, VerifyKey};
use keyway_client::client::Client;
use keyway_token::secret::Secret;
use tokio::sync::Semaphore;

/// Where an account's workflows lie.
const WORKFLOWS: &str = "project/default/workflow/";
/// Questions at once; more wait for their turn.
const QUESTIONS_MAX: usize = 128;
/// All of an account.
pub const EVERYTHING: &str = "*";

/// Why not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Denied {
    /// Keyway's reason.
    Reason(String),
    /// Keyway could not be asked or could not tell: neither yes nor no, so no for this time.
    Undecided,
}

impl Denied {
    /// For whoever called.
    pub fn words(&self) -> String {
        match self {
            Self::Reason(code) => format!("denied: {code}"),
            Self::Undecided => "the key cannot be judged right now, try again".to_owned(),
        }
    }

    /// For clients that branch on it.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Reason(_) => "invalid_api_key",
            Self::Undecided => "unavailable",
        }
    }
}

/// A workflow as grants name it; None for what is no id.
pub fn workflow(id: &str) -> Option<String> {
    let is_id = (1..=64).contains(&id.len())
        && id
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'));
    is_id.then(|| format!("{WORKFLOWS}{id}"))
}

#[derive(Debug)]
pub struct Gate {
    client: Client,
    turns: Semaphore,
}

impl Gate {
    pub fn new(client: Client) -> Self {
        let turns = Semaphore::new(QUESTIONS_MAX);
        Self { client, turns }
    }

    /// Whether the key stands at all, and whose it is.
    pub async fn whose(&self, secret: &Secret) -> Result<Principal, Denied> {
        let _turn = self.turns.acquire().await;
        let asked = self.client.verify_key(&question(secret, None, None)).await;
        let answer = asked.map_err(|_| Denied::Undecided)?;
        match answer.key {
            Some(key) if answer.valid => Ok(key),
            _ => Err(Denied::Reason(answer.code)),
        }
    }

    /// Whether the key has the permission in every one of these places.
    pub async fn allows(
        &self,
        secret: &Secret,
        permission: &str,
        places: &[String],
    ) -> Result<(), Denied> {
        let answers = self.ask(secret, permission, places).await?;
        match answers.into_iter().find(|answer| !answer.valid) {
            Some(no) => Err(Denied::Reason(no.code)),
            None => Ok(()),
        }
    }

    /// Whether it has it in any of them.
    pub async fn allows_anywhere(
        &self,
        secret: &Secret,
        permission: &str,
        places: &[String],
    ) -> Result<(), Denied> {
        let answers = self.ask(secret, permission, places).await?;
        if answers.iter().any(|answer| answer.valid) {
            return Ok(());
        }
        let code = answers.into_iter().next().map(|no| no.code);
        Err(Denied::Reason(code.unwrap_or_default()))
    }

    async fn ask(
        &self,
        secret: &Secret,
        permission: &str,
        places: &[String],
    ) -> Result<Vec<VerifyAnswer>, Denied> {
        let items = places
            .iter()
            .map(|place| question(secret, Some(permission), Some(place)))
            .collect();
        let _turn = self.turns.acquire().await;
        let asked = self.client.verify_batch(&VerifyBatch { items }).await;
        let answers = asked.map_err(|_| Denied::Undecided)?.data;
        if answers.len() == places.len() && !answers.is_empty() {
            Ok(answers)
        } else {
            Err(Denied::Undecided)
        }
    }
}

fn question(secret: &Secret, permission: Option<&str>, resource: Option<&str>) -> VerifyKey {
    VerifyKey {
        secret: Secret::new(secret.expose().to_owned()),
        permissions: permission.into_iter().map(str::to_owned).collect(),
        resource: resource.map(str::to_owned),
        organization: None,
        environment: None,
        ip: None,
    }
}
