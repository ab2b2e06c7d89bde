//! What the product itself is about: accounts with workflows. As small as it can honestly be, in memory.

use std::collections::BTreeMap;
use std::time::Duration;

use parking_lot::Mutex;
use serde_json::{Map, Value, json};

/// The step that the sample workflow consists of.
const NODE: &str = "hello";
/// How long a run of it takes.
const RUN: Duration = Duration::from_millis(600);
/// Values and credentials of an account, each.
const ENTRIES_MAX: usize = 1_000;
const FULL: &str = "there is no room for more";

#[derive(Debug)]
pub struct Product {
    /// By the id of the organization that an account is in Keyway.
    accounts: Mutex<BTreeMap<String, Account>>,
}

#[derive(Debug, Default)]
struct Account {
    workflows: BTreeMap<String, Workflow>,
    /// Of files and tables, to the workflow that owns them.
    resources: BTreeMap<String, String>,
    credentials: Vec<Value>,
}

#[derive(Debug, Default)]
struct Workflow {
    name: String,
    state: Map<String, Value>,
    runs: u64,
    /// The id of the published application's key.
    published: Option<String>,
}

/// What a call brings about besides its answer.
#[derive(Debug, Default, PartialEq)]
pub struct Pushes(pub Vec<(&'static str, Value)>);

impl Product {
    pub fn new() -> Self {
        Self {
            accounts: Mutex::default(),
        }
    }

    pub fn add_workflow(&self, account: &str, id: &str, name: &str) {
        let mut accounts = self.accounts.lock();
        let account = accounts.entry(account.to_owned()).or_default();
        let resource = format!("table-of-{id}");
        account.resources.insert(resource, id.to_owned());
        let workflow = account.workflows.entry(id.to_owned()).or_default();
        name.clone_into(&mut workflow.name);
    }

    pub fn has_workflow(&self, account: &str, id: &str) -> bool {
        let accounts = self.accounts.lock();
        accounts
            .get(account)
            .is_some_and(|it| it.workflows.contains_key(id))
    }

    /// The id of the key of the application that a workflow is published as.
    pub fn published(&self, account: &str, id: &str) -> Option<String> {
        let accounts = self.accounts.lock();
        let workflow = accounts.get(account)?.workflows.get(id)?;
        workflow.published.clone()
    }

    pub fn publish(&self, account: &str, id: &str, key_id: Option<String>) {
        let mut accounts = self.accounts.lock();
        let account = accounts.get_mut(account);
        if let Some(workflow) = account.and_then(|it| it.workflows.get_mut(id)) {
            workflow.published = key_id;
        }
    }

    pub fn workflow_ids(&self, account: &str) -> Vec<String> {
        let accounts = self.accounts.lock();
        let account = accounts.get(account);
        account
            .map(|it| it.workflows.keys().cloned().collect())
            .unwrap_or_default()
    }

    /// The workflow that a file or table belongs to.
    pub fn owner_of(&self, account: &str, resource: &str) -> Option<String> {
        let accounts = self.accounts.lock();
        accounts.get(account)?.resources.get(resource).cloned()
    }

    /// Does what an allowed event asks for.
    pub fn answer(
        &self,
        account: &str,
        event: &str,
        payload: &Value,
    ) -> Result<(Value, Pushes), String> {
        let mut accounts = self.accounts.lock();
        let account = accounts.entry(account.to_owned()).or_default();
        let done = match event {
            "credential:list" => Ok(json!({ "credentials": account.credentials })),
            "credential:create" => account.create_credential(payload),
            "workflow:list" => Ok(account.list()),
            "resource:list" => Ok(account.list_resources(payload)),
            _ => {
                let id = text(payload, "workflow_id");
                let workflow = account.workflows.get_mut(id);
                let workflow = workflow.ok_or("there is no such workflow")?;
                return workflow.answer(id, event, payload);
            }
        };
        done.map(|data| (data, Pushes::default()))
    }
}

impl Account {
    fn create_credential(&mut self, payload: &Value) -> Result<Value, String> {
        if self.credentials.len() == ENTRIES_MAX {
            return Err(FULL.to_owned());
        }
        let id = format!("cred_{}", self.credentials.len() + 1);
        let credential = json!({
            "id": id, "name": payload["name"], "credential_type": payload["credential_type"],
        });
        self.credentials.push(credential.clone());
        Ok(json!({ "credential": credential }))
    }

    fn list(&self) -> Value {
        let rows = self.workflows.iter();
        let rows: Vec<Value> = rows
            .map(|(id, it)| json!({"id": id, "name": it.name}))
            .collect();
        json!({ "workflows": rows })
    }

    fn list_resources(&self, payload: &Value) -> Value {
        let id = text(payload, "workflow_id");
        let own = self
            .resources
            .iter()
            .filter(|(_, owner)| id.is_empty() || *owner == id);
        let rows: Vec<Value> = own
            .map(|(resource, owner)| json!({"id": resource, "workflow_id": owner}))
            .collect();
        json!({ "resources": rows })
    }
}

impl Workflow {
    fn answer(
        &mut self,
        id: &str,
        event: &str,
        payload: &Value,
    ) -> Result<(Value, Pushes), String> {
        let mut pushes = Pushes::default();
        let data = match event {
            "workflow:get" => json!({"workflow": {
                "id": id, "name": self.name, "workflow_data": {"nodes": [self.node()]},
            }}),
            "workflow:get_node_outputs" => {
                json!({"outputs": {NODE: {"output": self.output()}}})
            }
            "workflow:load_node_state" | "workflow:state:get" => json!({ "state": self.state }),
            "workflow:state:keys" => json!({ "keys": self.state.keys().collect::<Vec<_>>() }),
            "workflow:save_node_state" => self.set(&payload["state"])?,
            "workflow:state:set" => self.set(&json!({text(payload, "key"): payload["value"]}))?,
            "workflow:execute" => {
                self.runs += 1;
                pushes = self.ran(id);
                json!({ "runs": self.runs })
            }
            "workflow:stop" => json!({}),
            _ => return Err("this example does not go so far".to_owned()),
        };
        Ok((data, pushes))
    }

    /// What whoever listens is told of a run.
    fn ran(&self, id: &str) -> Pushes {
        let output = json!({"node_id": NODE, "output": self.output()});
        let state = json!({"node_id": NODE, "state": "completed"});
        Pushes(vec![
            ("workflow:node:output", output),
            ("workflow:node:state", state),
            ("workflow:complete", json!({ "workflow_id": id })),
        ])
    }

    fn node(&self) -> Value {
        json!({"id": NODE, "type": "greeting", "config": {"name": self.name}})
    }

    fn output(&self) -> Value {
        json!({"text": format!("hello from {}", self.name), "runs": self.runs})
    }

    /// Null takes a value away.
    fn set(&mut self, values: &Value) -> Result<Value, String> {
        for (key, value) in values.as_object().into_iter().flatten() {
            if value.is_null() {
                self.state.remove(key);
            } else if self.state.len() < ENTRIES_MAX || self.state.contains_key(key) {
                self.state.insert(key.clone(), value.clone());
            } else {
                return Err(FULL.to_owned());
            }
        }
        Ok(json!({}))
    }
}

/// How long an event takes to be done.
pub fn duration(event: &str) -> Duration {
    match event {
        "workflow:execute" => RUN,
        _ => Duration::ZERO,
    }
}

/// Empty where there is none.
pub fn text<'a>(payload: &'a Value, name: &str) -> &'a str {
    payload
        .get(name)
        .and_then(Value::as_str)
        .unwrap_or_default()
}
