//! A server of the real binary, on a port and with data of its own.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use http::Method;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use tempfile::TempDir;

use crate::client::Caller;
use crate::needles::Needles;
use crate::programs::{self, Program};
use crate::witness::Witness;
use crate::{binary, issuer, ports, wait};

const DATA: &str = "data";

/// A running server. Dropping it kills it, and searches its log for every secret it showed.
#[derive(Debug)]
pub struct Server {
    process: Program,
    launch: Launch,
    /// Host and port.
    authority: String,
    witness: Arc<Witness>,
    nobody: Caller,
    directory: TempDir,
}

/// How a server is to be started.
#[derive(Clone, Debug)]
pub struct Options {
    /// Where the data is; none: in a directory of its own.
    pub database_url: Option<String>,
    /// Of the log.
    pub level: &'static str,
    /// Further ones.
    pub arguments: Vec<String>,
    /// Variables of the environment.
    pub environment: Vec<(&'static str, String)>,
    /// What stands in its file; nothing: it has none.
    pub configuration: String,
}

impl Default for Options {
    /// The log at its most talkative: whatever a test does, it is searched for secrets.
    fn default() -> Self {
        Self {
            database_url: None,
            level: "trace",
            arguments: Vec::new(),
            environment: Vec::new(),
            configuration: String::new(),
        }
    }
}

impl Options {
    /// One that believes this network about where a request came from.
    pub fn trusting(network: &str) -> Self {
        Self {
            environment: vec![("KEYWAY_TRUSTED_PROXIES", network.to_owned())],
            ..Self::default()
        }
    }

    /// One that believes the issuer of tests.
    #[must_use]
    pub fn with_issuer(mut self) -> Self {
        self.configuration = issuer::configuration();
        self.environment.push(issuer::variable());
        self
    }
}

impl Server {
    pub async fn start() -> Self {
        Self::start_with(Options::default()).await
    }

    pub async fn start_with(options: Options) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let authority = format!("127.0.0.1:{}", ports::free());
        let launch = Launch::new(options, &authority, directory.path());
        let witness = Arc::new(Witness::default());
        witness.note_secret(&launch.root_key);
        let mut server = Self {
            process: launch.start(),
            launch,
            nobody: Caller::of_keyway(&authority, Arc::clone(&witness)),
            authority,
            witness,
            directory,
        };
        server.wait_until_ready().await;
        server
    }

    /// Without a root key in its environment, so that it mints one.
    pub async fn start_without_root_key() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let authority = format!("127.0.0.1:{}", ports::free());
        let mut launch = Launch::new(Options::default(), &authority, directory.path());
        launch.root_key.clear();
        let witness = Arc::new(Witness::default());
        let mut server = Self {
            process: launch.start(),
            launch,
            nobody: Caller::of_keyway(&authority, Arc::clone(&witness)),
            authority,
            witness,
            directory,
        };
        server.wait_until_ready().await;
        server
    }

    async fn wait_until_ready(&mut self) {
        let nobody = self.nobody.clone();
        wait::until("the server", async || {
            if let Some(status) = self.process.ended() {
                panic!("the server ended ({status}):\n{}", self.log_text());
            }
            let answer = nobody.call(Method::GET, "/readyz").try_send().await;
            answer
                .is_ok_and(|answer| answer.status == 200)
                .then_some(())
        })
        .await;
    }

    pub fn kill(&mut self) {
        self.process.kill();
    }

    pub fn terminate(&mut self) -> std::process::ExitStatus {
        self.process.terminate()
    }

    /// Starts it again on the same port with the same data; the former one has ended.
    pub async fn start_again(&mut self) {
        self.process = self.launch.start();
        self.wait_until_ready().await;
    }

    /// The same with another root key.
    pub async fn start_again_with_root_key(&mut self, root_key: &str) {
        self.witness.note_secret(root_key);
        root_key.clone_into(&mut self.launch.root_key);
        self.start_again().await;
    }

    /// What another server on the same data says when it refuses to start.
    pub async fn try_another(&self) -> String {
        let mut launch = self.launch.clone();
        launch.log = self.directory.path().join("other-log");
        for argument in &mut launch.arguments {
            if *argument == self.authority {
                *argument = format!("127.0.0.1:{}", ports::free());
            }
        }
        let mut other = launch.start();
        let status = wait::until("the other server to end", async || other.ended()).await;
        assert!(!status.success(), "a second server started");
        fs::read_to_string(&launch.log).unwrap()
    }

    pub fn authority(&self) -> &str {
        &self.authority
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.authority)
    }

    pub fn root_key(&self) -> &str {
        &self.launch.root_key
    }

    pub fn nobody(&self) -> &Caller {
        &self.nobody
    }

    /// The operator, who may do everything everywhere.
    pub fn root(&self) -> Caller {
        self.nobody.with(&self.launch.root_key)
    }

    pub fn witness(&self) -> &Witness {
        &self.witness
    }

    /// The embedded database's folder.
    pub fn data(&self) -> PathBuf {
        self.directory.path().join(DATA)
    }

    pub fn log_text(&self) -> String {
        String::from_utf8_lossy(&fs::read(&self.launch.log).unwrap_or_default()).into_owned()
    }

    /// An organization's id.
    pub async fn organization(&self, name: &str) -> String {
        let body = json!({"name": name});
        let made = self.root().post("/v1/organizations", &body).await;
        text(&made.expect(201), "/id")
    }

    /// A key of an organization with `permissions` on everything, or whatever `fields` say.
    pub async fn key(&self, organization: &str, fields: Value) -> (String, String) {
        let mut body = json!({
            "organization": organization,
            "name": "a key",
            "grants": [{"permissions": ["read"], "resource": "*"}],
        });
        let given = fields.as_object().unwrap().clone();
        body.as_object_mut().unwrap().extend(given);
        let made = self.root().post("/v1/keys", &body).await.expect(201);
        (text(&made, "/key/id"), text(&made, "/secret"))
    }

    /// A management key's secret.
    pub async fn management_key(&self, preset: &str, organization: &str) -> String {
        let body = json!({"name": preset, "preset": preset, "organization": organization});
        let made = self.root().post("/v1/management-keys", &body).await;
        text(&made.expect(201), "/secret")
    }

    /// A new member, of an address or whatever else `fields` say, who has just signed in by a link.
    pub async fn member(&self, organization: &str, email: &str, fields: Value) -> Caller {
        let mut body = json!({"organization": organization, "email": email, "name": "A member"});
        let given = fields.as_object().unwrap().clone();
        body.as_object_mut().unwrap().extend(given);
        let member = self.root().post("/v1/members", &body).await.expect(201);
        let body = json!({"member": text(&member, "/id")});
        let link = self.root().post("/v1/sign-in-links", &body).await;
        let link = text(&link.expect(201), "/url");
        let path = link.strip_prefix(&self.url()).unwrap();
        // Opening it spends nothing; the form on that page does.
        let page = self.nobody.with_session("");
        let form = page.call(Method::POST, path);
        let form = form.body("application/x-www-form-urlencoded", "");
        let signed_in = form.send().await;
        assert_eq!(signed_in.status, 303, "{}", signed_in.text());
        let cookie = signed_in.header("set-cookie");
        self.nobody.with_session(cookie.split(';').next().unwrap())
    }

    /// A key whose time is over.
    pub async fn expired_key(&self, organization: &str) -> String {
        let (_, secret) = self.key(organization, json!({"expires_at": soon()})).await;
        wait::until("the key to expire", async || {
            (self.verdict(&secret).await == "api_key_expired").then_some(())
        })
        .await;
        secret
    }

    /// The `code` of the verdict on a key.
    pub async fn verdict(&self, secret: &str) -> String {
        let body = json!({"secret": secret});
        let asked = self.root().post("/v1/keys/verify", &body).await;
        text(&asked.expect(200), "/code")
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.process.kill();
        if std::thread::panicking() {
            return;
        }
        let log = fs::read(&self.launch.log).unwrap_or_default();
        let secrets = self.witness.secrets();
        for needles in [Needles::of_secrets(&secrets), Needles::of_digests(&secrets)] {
            if let Some(found) = needles.found_in(&log) {
                panic!("the log gives a secret away: {found}");
            }
        }
    }
}

/// The next second but one, as a time on the wire.
#[expect(
    clippy::disallowed_methods,
    reason = "it is written into a request; nothing is decided by it here"
)]
pub fn soon() -> String {
    let now = jiff::Timestamp::now();
    (now + jiff::SignedDuration::from_secs(1)).to_string()
}

/// The text at a JSON pointer.
pub fn text(body: &Value, pointer: &str) -> String {
    let text = body.pointer(pointer).and_then(Value::as_str);
    text.unwrap_or_else(|| panic!("no text at {pointer} of {body}"))
        .to_owned()
}

/// How the same server is started again.
#[derive(Clone, Debug)]
struct Launch {
    arguments: Vec<String>,
    environment: Vec<(&'static str, String)>,
    root_key: String,
    log: PathBuf,
}

impl Launch {
    fn new(options: Options, authority: &str, directory: &Path) -> Self {
        let mut arguments = vec![
            "serve".to_owned(),
            "--listen".to_owned(),
            authority.to_owned(),
        ];
        let data = directory.join(DATA).into_os_string().into_string().unwrap();
        let place = match options.database_url {
            Some(url) => ["--database-url".to_owned(), url],
            None => ["--data-dir".to_owned(), data],
        };
        arguments.extend(place);
        arguments.extend(options.arguments);
        let mut environment = options.environment;
        environment.push(("KEYWAY_LOG", options.level.to_owned()));
        if !options.configuration.is_empty() {
            let file = directory.join("keyway.toml");
            fs::write(&file, options.configuration).unwrap();
            let file = file.into_os_string().into_string().unwrap();
            environment.push(("KEYWAY_CONFIG", file));
        }
        // Another one for each server: one that is found in a log says whose it is.
        let seed = format!("{} {authority}", std::process::id());
        Self {
            arguments,
            environment,
            root_key: format!("kw_mgmt_{}", hex::encode(Sha256::digest(seed))),
            log: directory.join("log"),
        }
    }

    fn start(&self) -> Program {
        Program::start(
            programs::tied(binary::keyway())
                .args(&self.arguments)
                .env_clear()
                .env("PATH", "/usr/bin:/bin")
                .env("KEYWAY_ROOT_KEY", &self.root_key)
                .envs(self.environment.iter().map(|(name, value)| (name, value)))
                .stdout(programs::appended(&self.log))
                .stderr(programs::appended(&self.log)),
        )
    }
}

/// Commands to this server, as a person gives them.
impl Server {
    pub fn command(&self) -> Command {
        let mut command = Command::new(binary::keyway());
        command
            .env_clear()
            .env("KEYWAY_URL", self.url())
            .env("KEYWAY_TOKEN", &self.launch.root_key);
        command
    }
}
