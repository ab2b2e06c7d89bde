//! A browser: it keeps the session cookie, and its forms say where they come from.

use http::Method;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Value, json};

use crate::caller::{Answer, Caller};
use crate::server::Server;

const COOKIE: &str = "__Host-keyway";
pub(crate) const ORIGIN: &str = "https://keys.example";

#[derive(Clone, Debug)]
pub(crate) struct Browser {
    caller: Caller,
    /// The value of the session cookie.
    pub(crate) cookie: Option<String>,
}

impl Browser {
    pub(crate) fn of(server: &Server) -> Self {
        Self {
            caller: server.nobody(),
            cookie: None,
        }
    }

    /// A browser in which somebody has just opened a link.
    pub(crate) async fn at(server: &Server, link: &str) -> Self {
        let mut browser = Self::of(server);
        browser.open(link).await;
        browser
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        let call = self.caller.call(Method::GET, path);
        match &self.cookie {
            Some(cookie) => call.header("cookie", &format!("{COOKIE}={cookie}")),
            None => call,
        }
        .send()
        .await
    }

    /// A call as a page of one's own makes it: by the cookie, with its origin.
    pub(crate) async fn send(&self, method: Method, path: &str, body: Value) -> Answer {
        self.send_as(method, path, "application/json", body.to_string())
            .await
    }

    pub(crate) async fn send_as(
        &self,
        method: Method,
        path: &str,
        media_type: &str,
        body: String,
    ) -> Answer {
        let cookie = format!("{COOKIE}={}", self.cookie.as_deref().unwrap_or_default());
        let call = self.caller.call(method, path).header("cookie", &cookie);
        let call = call.header("origin", ORIGIN).body(media_type, body);
        call.send().await
    }

    /// Sends a form from `origin`, and takes the cookie that comes back.
    pub(crate) async fn post_from(
        &mut self,
        origin: &str,
        path: &str,
        fields: &[(&str, &str)],
    ) -> Answer {
        let encoded = |text: &str| utf8_percent_encode(text, NON_ALPHANUMERIC).to_string();
        let pairs = fields
            .iter()
            .map(|(name, value)| format!("{name}={}", encoded(value)));
        let form = pairs.collect::<Vec<_>>().join("&");
        let call = self.caller.call(Method::POST, path);
        let call = call
            .header("origin", origin)
            .body("application/x-www-form-urlencoded", form);
        let call = match &self.cookie {
            Some(cookie) => call.header("cookie", &format!("{COOKIE}={cookie}")),
            None => call,
        };
        let answer = call.send().await;
        self.take_cookie(&answer);
        answer
    }

    pub(crate) async fn post(&mut self, path: &str, fields: &[(&str, &str)]) -> Answer {
        self.post_from(ORIGIN, path, fields).await
    }

    fn take_cookie(&mut self, answer: &Answer) {
        let set = answer.header("set-cookie");
        let value = set
            .strip_prefix(COOKIE)
            .and_then(|it| it.strip_prefix('='))
            .and_then(|it| it.split(';').next());
        if let Some(value) = value {
            self.cookie = (!value.is_empty()).then(|| value.to_owned());
        }
    }

    /// Presses the button of a link's page.
    pub(crate) async fn open(&mut self, link: &str) {
        let path = link.strip_prefix(ORIGIN).unwrap().to_owned();
        let opened = self.post(&path, &[("name", "Ann")]).await;
        assert_eq!((opened.status, &*opened.header("location")), (303, "/keys"));
    }

    /// The status of the answer.
    pub(crate) async fn sign_in(&mut self, email: &str, password: &str) -> u16 {
        let fields = [("email", email), ("password", password)];
        self.post("/sign-in", &fields).await.status
    }

    /// The status of the answer.
    pub(crate) async fn set_password(&mut self, current: &str, wanted: &str) -> u16 {
        let fields = [("current", current), ("wanted", wanted)];
        self.post("/settings/password", &fields).await.status
    }

    /// The organization where the session is now; None where nobody is signed in.
    pub(crate) async fn is_in(&self) -> Option<String> {
        let told = self.get("/v1/whoami").await;
        if told.status == 401 {
            return None;
        }
        let told = told.expect(200);
        Some(told["member"]["organization"].as_str().unwrap().to_owned())
    }

    /// The organizations of the session, in the order of `all`, by going to each.
    pub(crate) async fn reaches(&mut self, all: &[&str]) -> Vec<String> {
        let mut reached = Vec::new();
        for organization in all {
            let fields = [("organization", *organization)];
            let went = self.post("/organizations", &fields).await;
            let is_there = self.is_in().await.is_some_and(|it| it == *organization);
            assert_eq!(
                went.header("location") == "/keys",
                is_there,
                "{organization}: {}",
                went.text()
            );
            if is_there {
                reached.push((*organization).to_owned());
            }
        }
        reached
    }
}

impl Server {
    /// Enters an address as a member; the id.
    pub(crate) async fn member(&self, organization: &str, email: &str) -> String {
        let body = json!({"organization": organization, "email": email, "name": "Ann",
            "role": "owner"});
        let made = self.root().post("/v1/members", body).await.expect(201);
        made["id"].as_str().unwrap().to_owned()
    }

    pub(crate) async fn sign_in_link(&self, by: &Caller, member: &str) -> String {
        let body = json!({"member": member});
        let made = by.post("/v1/sign-in-links", body).await.expect(201);
        link_of(&made)
    }

    pub(crate) async fn invitation(&self, organization: &str, email: &str) -> String {
        let body = json!({"organization": organization, "email": email, "role": "owner"});
        let made = self.root().post("/v1/invitations", body).await.expect(201);
        link_of(&made)
    }
}

fn link_of(made: &Value) -> String {
    made["url"].as_str().unwrap().to_owned()
}
