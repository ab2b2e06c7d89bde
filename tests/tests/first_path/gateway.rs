//! A proxy in front of a product, asking a server: all three of them real.

use std::fs;
use std::path::Path;
use std::process::Command;

use keyway_tests::client::Caller;
use keyway_tests::product::Product;
use keyway_tests::programs::{self, Program};
use keyway_tests::server::{Options, Server};
use keyway_tests::{binary, ports, tree, wait};
use serde_json::Value;
use tempfile::TempDir;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Proxy {
    Nginx,
    Caddy,
}

/// Where the samples expect things, and nowhere else; their own ports without the address.
const KEYWAY: &str = "127.0.0.1:7878";
const PRODUCT: &str = "127.0.0.1:9000";
const GATEWAYS: [&str; 2] = ["8088", "8089"];

/// What an operator has around the sample: the same, with its files in the test's own directory.
const NGINX_AROUND: &str = "
daemon off;
master_process off;
pid nginx.pid;
events {}
http {
    access_log off;
    client_body_temp_path body;
    proxy_temp_path proxy;
    fastcgi_temp_path fastcgi;
    uwsgi_temp_path uwsgi;
    scgi_temp_path scgi;
    include sample.conf;
}
";

pub(crate) struct Gateway {
    authority: String,
    _process: Program,
    _directory: TempDir,
}

impl Gateway {
    pub(crate) async fn start(proxy: Proxy, keyway: &str, product: &str) -> Self {
        let directory = programs::passable_directory();
        let port = ports::free();
        let authority = format!("127.0.0.1:{port}");
        let sample = match proxy {
            Proxy::Nginx => tree::text("docs/proxies/nginx.conf"),
            Proxy::Caddy => tree::text("docs/proxies/Caddyfile"),
        };
        let sample = with_addresses(&sample, keyway, product, port);
        let mut command = match proxy {
            Proxy::Nginx => nginx(directory.path(), &sample),
            Proxy::Caddy => caddy(directory.path(), &sample),
        };
        let log = directory.path().join("log");
        command
            .stdout(programs::appended(&log))
            .stderr(programs::appended(&log));
        let mut process = Program::start(&mut command);
        wait::until("the proxy", async || {
            let said = fs::read_to_string(&log).unwrap();
            assert!(process.ended().is_none(), "the proxy ended:\n{said}");
            let connected = tokio::net::TcpStream::connect(&authority).await;
            connected.ok()
        })
        .await;
        Self {
            authority,
            _process: process,
            _directory: directory,
        }
    }

    pub(crate) fn authority(&self) -> &str {
        &self.authority
    }
}

/// The sample with other addresses; each stands in it exactly once.
fn with_addresses(sample: &str, keyway: &str, product: &str, port: u16) -> String {
    let own = GATEWAYS
        .into_iter()
        .find(|own| sample.contains(own))
        .unwrap();
    let port = port.to_string();
    let mut text = sample.to_owned();
    for (from, to) in [(KEYWAY, keyway), (PRODUCT, product), (own, &port)] {
        assert_eq!(sample.matches(from).count(), 1, "{from} in the sample");
        text = text.replace(from, to);
    }
    text
}

fn nginx(directory: &Path, sample: &str) -> Command {
    fs::write(directory.join("sample.conf"), sample).unwrap();
    fs::write(directory.join("nginx.conf"), NGINX_AROUND).unwrap();
    let mut command = programs::tied(binary::installed(Path::new("/usr/sbin/nginx")));
    command.arg("-p").arg(directory);
    command.arg("-c").arg(directory.join("nginx.conf"));
    command
}

fn caddy(directory: &Path, sample: &str) -> Command {
    let file = directory.join("Caddyfile");
    fs::write(&file, sample).unwrap();
    let mut command = programs::tied(binary::installed(Path::new("/usr/bin/caddy")));
    command
        .args(["run", "--adapter", "caddyfile", "--config"])
        .arg(file)
        .env("HOME", directory)
        .env("XDG_CONFIG_HOME", directory)
        .env("XDG_DATA_HOME", directory)
        // Its own door for changes, which would be the same port in every test.
        .env(
            "CADDY_ADMIN",
            format!("unix/{}", directory.join("admin").display()),
        );
    command
}

/// All that a test needs to see a request come through, or not.
pub(crate) struct Scene {
    pub(crate) server: Server,
    pub(crate) product: Product,
    pub(crate) gateway: Gateway,
    pub(crate) organization: String,
}

impl Scene {
    pub(crate) async fn set(proxy: Proxy) -> Self {
        Self::set_with(proxy, Options::default()).await
    }

    pub(crate) async fn set_with(proxy: Proxy, options: Options) -> Self {
        let server = Server::start_with(options).await;
        let product = Product::start().await;
        let gateway = Gateway::start(proxy, server.authority(), product.authority()).await;
        let organization = server.organization("Acme").await;
        Self {
            server,
            product,
            gateway,
            organization,
        }
    }

    /// Id and secret of a key that may read everything, or whatever `fields` say.
    pub(crate) async fn key(&self, fields: Value) -> (String, String) {
        self.server.key(&self.organization, fields).await
    }

    /// Somebody outside, without a key.
    pub(crate) fn stranger(&self) -> Caller {
        Caller::of_anything(self.gateway.authority())
    }

    /// Somebody outside with a key.
    pub(crate) fn customer(&self, secret: &str) -> Caller {
        self.stranger().with(secret)
    }
}
