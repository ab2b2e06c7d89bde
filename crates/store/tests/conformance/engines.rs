//! Places to open stores at: a directory of one's own, or a database of one's own on a
//! `PostgreSQL` server that this test run starts and that ends with it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

use keyway_store::Store;
use keyway_store::location::{Location, OpenError, OpenOptions};
use sqlx::{AnyConnection, Connection as _};

use crate::sample::Counting;

static NUMBER: AtomicU32 = AtomicU32::new(0);

/// Where the data of one test lies.
pub(crate) struct Place {
    location: Location,
    _directory: Option<tempfile::TempDir>,
}

impl Place {
    pub(crate) fn embedded() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let location = Location::Directory(directory.path().join("data"));
        Self {
            location,
            _directory: Some(directory),
        }
    }

    pub(crate) async fn server() -> Self {
        let server = Server::running();
        let name = format!("t{}", NUMBER.fetch_add(1, Ordering::Relaxed));
        sqlx::any::install_default_drivers();
        let mut connection = AnyConnection::connect(&server.url("postgres"))
            .await
            .unwrap();
        sqlx::query(sqlx::AssertSqlSafe(format!("CREATE DATABASE {name}")))
            .execute(&mut connection)
            .await
            .unwrap();
        Self {
            location: Location::Url(server.url(&name)),
            _directory: None,
        }
    }

    pub(crate) fn is_embedded(&self) -> bool {
        matches!(self.location, Location::Directory(_))
    }

    /// The same database, reached through another port.
    pub(crate) fn at_port(&self, port: u16) -> Self {
        let Location::Url(url) = &self.location else {
            panic!("a directory has no port");
        };
        let own = format!(":{}/", Server::running().port);
        Self {
            location: Location::Url(url.replace(&own, &format!(":{port}/"))),
            _directory: None,
        }
    }

    pub(crate) async fn open(&self) -> Store {
        self.try_open(false).await.unwrap()
    }

    pub(crate) async fn try_open(&self, is_exclusive: bool) -> Result<Store, OpenError> {
        let location = self.location.clone();
        Store::open(OpenOptions {
            location,
            is_exclusive,
            entropy: Box::new(Counting(1)),
        })
        .await
    }

    /// A connection behind the store's back.
    async fn connect(&self) -> AnyConnection {
        let url = match &self.location {
            Location::Directory(path) => format!("sqlite://{}/keyway.db", path.display()),
            Location::Url(url) => url.clone(),
        };
        AnyConnection::connect(&url).await.unwrap()
    }

    pub(crate) async fn tamper(&self, sql: &str) {
        let mut connection = self.connect().await;
        sqlx::raw_sql(sqlx::AssertSqlSafe(sql.to_owned()))
            .execute(&mut connection)
            .await
            .unwrap();
        connection.close().await.unwrap();
    }

    /// What a query of one text answers.
    pub(crate) async fn read(&self, sql: &str) -> String {
        let mut connection = self.connect().await;
        let text = sqlx::query_scalar(sqlx::AssertSqlSafe(sql.to_owned()))
            .fetch_one(&mut connection)
            .await
            .unwrap();
        connection.close().await.unwrap();
        text
    }

    /// Holds the head lock, as another node would, until it is released.
    pub(crate) async fn hold_head(&self) -> HeldHead {
        let mut connection = self.connect().await;
        sqlx::raw_sql("BEGIN; UPDATE ledger_head SET seq = seq WHERE id = 1")
            .execute(&mut connection)
            .await
            .unwrap();
        HeldHead(connection)
    }
}

/// Where this run's server listens.
pub(crate) fn server_port() -> u16 {
    Server::running().port
}

pub(crate) struct HeldHead(AnyConnection);

impl HeldHead {
    pub(crate) async fn release(mut self) {
        let commit = sqlx::raw_sql("COMMIT").execute(&mut self.0);
        commit.await.unwrap();
        self.0.close().await.unwrap();
    }
}

struct Server {
    port: u16,
}

impl Server {
    /// Starts the run's server with the first call.
    fn running() -> &'static Self {
        static SERVER: OnceLock<Server> = OnceLock::new();
        SERVER.get_or_init(Self::start)
    }

    fn url(&self, database: &str) -> String {
        format!("postgres://postgres@127.0.0.1:{}/{database}", self.port)
    }

    fn start() -> Self {
        let directory = std::env::temp_dir().join(format!("keyway-pg-{}", std::process::id()));
        fs::create_dir_all(&directory).unwrap();
        let is_root = fs::metadata("/proc/self").is_ok_and(|it| {
            use std::os::unix::fs::MetadataExt as _;
            it.uid() == 0
        });
        if is_root {
            run(Command::new("chown").arg("postgres").arg(&directory));
        }
        let binaries = binaries();
        let data = directory.join("data");
        let port = std::net::TcpListener::bind("127.0.0.1:0")
            .unwrap()
            .local_addr()
            .unwrap()
            .port();
        let as_owner = |program: &str| {
            let program = binaries.join(program);
            if is_root {
                let mut command = Command::new("runuser");
                command.args(["-u", "postgres", "--"]).arg(program);
                command
            } else {
                Command::new(program)
            }
        };
        run(as_owner("initdb")
            .arg("-D")
            .arg(&data)
            .args(["-A", "trust", "-U", "postgres"])
            .args(["-E", "UTF8", "--locale=C.UTF-8", "-N"]));
        let options = format!(
            "-p {port} -k {} -c listen_addresses=127.0.0.1 -c max_connections=400",
            directory.display()
        );
        let mut start = as_owner("pg_ctl");
        start.arg("-D").arg(&data).arg("-o").arg(options);
        run(start
            .arg("-l")
            .arg(directory.join("log"))
            .args(["-w", "start"]));
        stop_after_us(&binaries, &data, &directory, is_root);
        Self { port }
    }
}

/// A test process has no last line of its own: a small shell waits for its end and stops the server.
fn stop_after_us(binaries: &Path, data: &Path, directory: &Path, is_root: bool) {
    let stop = format!(
        "while kill -0 {pid} 2>/dev/null; do sleep 0.3; done; {as_owner} {binaries}/pg_ctl -D {data} \
         -m immediate stop; rm -rf {directory}",
        pid = std::process::id(),
        as_owner = if is_root {
            "runuser -u postgres --"
        } else {
            ""
        },
        binaries = binaries.display(),
        data = data.display(),
        directory = directory.display(),
    );
    // The outer shell ends at once and is waited for; the one it leaves behind outlives us.
    let stop = format!("({stop}) &");
    Command::new("setsid")
        .args(["sh", "-c", &stop])
        .stdin(std::process::Stdio::null())
        .stdout(std::process::Stdio::null())
        .stderr(std::process::Stdio::null())
        .status()
        .unwrap();
}

fn binaries() -> PathBuf {
    let versions = fs::read_dir("/usr/lib/postgresql");
    let versions = versions.unwrap_or_else(|_| panic!("PostgreSQL is not installed"));
    let mut found: Vec<PathBuf> = versions
        .filter_map(|entry| Some(entry.ok()?.path().join("bin")))
        .filter(|path| path.join("initdb").exists())
        .collect();
    found.sort();
    found
        .pop()
        .unwrap_or_else(|| panic!("PostgreSQL's server programs are not installed"))
}

fn run(command: &mut Command) {
    let output = command
        .stdout(std::process::Stdio::null())
        .output()
        .unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?}: {stderr}");
}
