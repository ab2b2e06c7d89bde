//! A server of its own for each test: on the embedded database, in a directory of its own, on a port
//! that the system chose.

use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};

use ipnet::IpNet;
use keyway_server::config::{Config, Log, LogFormat, ProfileChoice, shipped_profiles};
use keyway_server::first_start::OnOtherProfile;
use keyway_server::serve::{Running, ServeError, start};
use keyway_store::location::Location;
use keyway_token::secret::Secret;
use keyway_token::template::Template;
use serde_json::{Value, json};
use sha2::Digest as _;
use tempfile::TempDir;

use crate::caller::Caller;
use crate::jwt::Told;
use crate::sources::{TestClock, TestEntropy, sources};

/// The first management key: all permissions in all organizations.
pub(crate) const ROOT: &str = "kw_mgmt_RootRootRootRootRootRootRootRootRootRoot";

/// Of the default profile.
const TEMPLATE: &str = "kw_{env}_{id:12}_{secret:base62:40}{check:6}";

#[derive(Debug)]
pub(crate) struct Server {
    pub(crate) clock: TestClock,
    pub(crate) directory: TempDir,
    pub(crate) setting: Setting,
    running: Option<Running>,
    starts: u64,
}

/// What a server is told.
#[derive(Clone, Debug)]
pub(crate) struct Setting {
    pub(crate) profile: Option<&'static str>,
    pub(crate) root_key: Option<&'static str>,
    pub(crate) trusted_proxies: Vec<IpNet>,
    pub(crate) jwt: Option<Told>,
}

impl Default for Setting {
    fn default() -> Self {
        Self {
            profile: None,
            root_key: Some(ROOT),
            trusted_proxies: Vec::new(),
            jwt: None,
        }
    }
}

/// A key, and what only its making showed.
#[derive(Clone, Debug)]
pub(crate) struct Made {
    pub(crate) id: String,
    pub(crate) secret: String,
    pub(crate) etag: String,
    pub(crate) key: Value,
}

impl Made {
    pub(crate) fn path(&self) -> String {
        format!("/v1/keys/{}", self.id)
    }
}

/// A management key and whoever holds it.
#[derive(Clone, Debug)]
pub(crate) struct ManagementKey {
    pub(crate) id: String,
    pub(crate) secret: String,
    pub(crate) caller: Caller,
}

/// Another process that holds the write lock of a server's database: its writer hangs, and whoever
/// only reads does not.
#[derive(Debug)]
pub(crate) struct WriteLock(Child);

impl WriteLock {
    pub(crate) fn hold(server: &Server) -> Self {
        const HOLD: &str = "import sqlite3, sys\n\
            db = sqlite3.connect(sys.argv[1], isolation_level=None)\n\
            db.execute('BEGIN IMMEDIATE')\n\
            print('held', flush=True)\n\
            sys.stdin.read()\n";
        let mut child = Command::new("python3")
            .args(["-c", HOLD])
            .arg(server.directory.path().join("keyway.db"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut said = String::new();
        BufReader::new(child.stdout.as_mut().unwrap())
            .read_line(&mut said)
            .unwrap();
        assert_eq!(said.trim(), "held");
        Self(child)
    }

    pub(crate) fn release(mut self) {
        drop(self.0.stdin.take());
        self.0.wait().unwrap();
    }
}

impl Server {
    pub(crate) async fn start() -> Self {
        Self::start_with(Setting::default()).await
    }

    pub(crate) async fn start_under(profile: &'static str) -> Self {
        Self::start_with(Setting {
            profile: Some(profile),
            ..Setting::default()
        })
        .await
    }

    pub(crate) async fn start_with(setting: Setting) -> Self {
        let mut server = Self {
            clock: TestClock::new(),
            directory: tempfile::tempdir().unwrap(),
            setting,
            running: None,
            starts: 0,
        };
        server.start_again().await.unwrap();
        server
    }

    /// Stops it, which writes what was counted, and starts it with the same data.
    pub(crate) async fn restart(&mut self) {
        self.stop().await;
        self.start_again().await.unwrap();
    }

    pub(crate) async fn stop(&mut self) {
        self.running.take().unwrap().stop().await.unwrap();
    }

    pub(crate) async fn start_again(&mut self) -> Result<(), ServeError> {
        self.starts += 1;
        let sources = sources(&self.clock, self.starts);
        let running = start(self.config(), OnOtherProfile::Refuse, sources).await?;
        self.running = Some(running);
        Ok(())
    }

    fn config(&self) -> Config {
        let profile = self.setting.profile.map(|wanted| {
            let (name, toml) = *shipped_profiles()
                .iter()
                .find(|(name, _)| *name == wanted)
                .unwrap();
            ProfileChoice {
                name: name.to_owned(),
                toml: toml.to_owned(),
            }
        });
        Config {
            listen: SocketAddr::from(([127, 0, 0, 1], 0)),
            public_url: Some("https://keys.example".to_owned()),
            location: Location::Directory(self.directory.path().to_owned()),
            profile,
            tls: None,
            is_behind_proxy: false,
            trusted_proxies: self.setting.trusted_proxies.clone(),
            root_key: self.setting.root_key.map(|it| Secret::new(it.to_owned())),
            sealing_key: None,
            oidc: None,
            jwt_issuers: self.setting.jwt.iter().map(Told::config).collect(),
            log: Log {
                filter: "off".to_owned(),
                format: LogFormat::Text,
            },
        }
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.running.as_ref().unwrap().address()
    }

    pub(crate) fn nobody(&self) -> Caller {
        Caller::nobody(self.address())
    }

    pub(crate) fn root(&self) -> Caller {
        self.nobody().with(ROOT)
    }

    /// Makes an organization; its id.
    pub(crate) async fn organization(&self, name: &str) -> String {
        let made = self
            .root()
            .post("/v1/organizations", json!({"name": name}))
            .await;
        made.expect(201)["id"].as_str().unwrap().to_owned()
    }

    pub(crate) async fn project(&self, organization: &str, id: &str) {
        let body = json!({"organization": organization, "id": id, "name": id});
        self.root().post("/v1/projects", body).await.expect(201);
    }

    /// Makes a management key; `organization` is an id or `*`.
    pub(crate) async fn manager(&self, organization: &str, preset: &str) -> ManagementKey {
        let body = json!({"organization": organization, "preset": preset, "name": preset});
        let made = self
            .root()
            .post("/v1/management-keys", body)
            .await
            .expect(201);
        let secret = made["secret"].as_str().unwrap().to_owned();
        ManagementKey {
            id: made["key"]["id"].as_str().unwrap().to_owned(),
            caller: self.nobody().with(&secret),
            secret,
        }
    }

    /// Makes a key; `fields` are added to organization and name.
    pub(crate) async fn key(&self, organization: &str, fields: Value) -> Made {
        let mut body = json!({"organization": organization, "name": "a key"});
        let fields = fields.as_object().unwrap().clone();
        body.as_object_mut().unwrap().extend(fields);
        let made = self.root().post("/v1/keys", body).await;
        let etag = made.etag();
        let made = made.expect(201);
        Made {
            id: made["key"]["id"].as_str().unwrap().to_owned(),
            secret: made["secret"].as_str().unwrap().to_owned(),
            etag,
            key: made["key"].clone(),
        }
    }

    /// The verdict on a question.
    pub(crate) async fn ask(&self, question: Value) -> Value {
        self.root()
            .post("/v1/keys/verify", question)
            .await
            .expect(200)
    }

    /// The code of the verdict on a secret alone.
    pub(crate) async fn verdict(&self, secret: &str) -> String {
        let verdict = self.ask(json!({"secret": secret})).await;
        verdict["code"].as_str().unwrap().to_owned()
    }

    /// A well-formed secret of the default template that was never made.
    pub(crate) fn forge(environment: &str, id: &str) -> String {
        let template: Template = TEMPLATE.parse().unwrap();
        let minted = template.mint(environment, Some(id), &mut TestEntropy::new(99));
        minted.secret.expose().to_owned()
    }

    /// How an import names a secret.
    pub(crate) fn digest(secret: &str) -> String {
        hex::encode(sha2::Sha256::digest(secret))
    }

    /// The audit log, oldest first.
    pub(crate) async fn audit(&self) -> Vec<Value> {
        let call = self.root();
        let call = call.call(http::Method::GET, "/v1/audit");
        let export = call.header("accept", "application/x-ndjson").send().await;
        assert_eq!(export.status, 200, "{}", export.text());
        let lines = export.text();
        lines
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect()
    }

    /// What was done, by its words, oldest first.
    pub(crate) async fn actions(&self) -> Vec<String> {
        let entries = self.audit().await;
        entries
            .iter()
            .map(|it| it["action"].as_str().unwrap().to_owned())
            .collect()
    }
}
