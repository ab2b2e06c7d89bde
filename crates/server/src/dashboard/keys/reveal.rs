//! The one page that shows a secret, and the question whether it works. No address leads here: the
//! page is the answer to the form that made the key.

use askama::Template;
use axum::response::Response;
use http::StatusCode;
use keyway_core::decide::{Ask, Verdict};
use keyway_core::key::Key;
use keyway_core::management::Reach;
use keyway_core::profile::pages::Pages;
use keyway_core::profile::{Carrier, Profile};
use keyway_token::secret::Secret;

use super::super::frame::Frame;
use super::super::page::{page, refused};
use super::create;
use super::desk::Desk;
use super::ending::Ending;
use super::list::{self, Above, KeyList, Wanted};
use super::sent::Sent;
use super::swap::{Swap, Swapped};
use crate::answer::problem::Problem;
use crate::auth::Permit;
use crate::auth::permissions::KeysRead;

/// Permissions that the answer to a test names at most.
const NAMED_MAX: usize = 4;

/// A secret and what goes with it.
pub(crate) struct Reveal {
    pub title: String,
    pub id: String,
    pub name: String,
    pub secret: Secret,
    pub in_force: String,
    /// What becomes of the key that this one replaces.
    pub old: Option<String>,
    /// Of the list behind it; without, closing leads to the list.
    swapped: Option<Swapped>,
}

#[derive(Template)]
#[template(path = "keys/reveal.html")]
struct RevealPage<'a> {
    frame: Frame,
    list: &'a str,
    base: &'a str,
    keys: &'a str,
    pages: &'a Pages,
    it: Reveal,
    header: String,
    entry_ts: String,
    entry_py: String,
    env_file: String,
    /// The product's own file, but for the secret.
    file_text: String,
}

impl Reveal {
    pub(crate) fn created(desk: &Desk, key: &Key, secret: Secret, in_force: String) -> Self {
        Self {
            title: desk.pages().words.created.clone(),
            id: key.id.to_string(),
            name: key.name.as_str().to_owned(),
            secret,
            in_force,
            old: None,
            swapped: None,
        }
    }

    pub(crate) fn rotated(key: &Key, secret: Secret, in_force: String, old: String) -> Self {
        Self {
            title: "Key rotated".to_owned(),
            id: key.id.to_string(),
            name: key.name.as_str().to_owned(),
            secret,
            in_force,
            old: Some(old),
            swapped: None,
        }
    }

    /// With the rows of an open list that became others. A secret that was made is shown whatever
    /// becomes of the list behind it.
    pub(crate) async fn over(mut self, desk: &Desk, swap: Option<Swap>, old: &Key) -> Self {
        if let (Some(swap), Ok(made)) = (swap, self.id.parse()) {
            self.swapped = swap.end(desk, &old.id, Some(&made)).await.ok();
        }
        self
    }

    pub(crate) async fn answer(self, desk: &Desk, frame: Frame, code: StatusCode) -> Response {
        if desk.pages().has_banner()
            && let Some(list) = self.list_behind(desk).await
        {
            let maker = create::on_page(desk).await.ok().flatten();
            let above = Above {
                maker,
                reveal: Some(self),
            };
            return list::whole(desk, frame, list, above, code);
        }
        let (profile, pages) = (desk.profile(), desk.pages());
        let (name, scheme) = carrier(profile);
        let variable = &pages.variable;
        let template = RevealPage {
            frame,
            list: &desk.list,
            base: &desk.base,
            keys: &pages.words.keys,
            pages,
            header: header(profile, &format!("${variable}")),
            entry_ts: format!("\"{name}\": `{scheme}${{process.env.{variable}}}`"),
            entry_py: format!("\"{name}\": f\"{scheme}{{os.environ['{variable}']}}\""),
            // A name that begins with a dot is changed by browsers.
            env_file: format!("{}.env", profile.name),
            file_text: self.file_text(desk),
            it: self,
        };
        page(code, &template)
    }
}

impl Reveal {
    /// The browser puts the secret in.
    fn file_text(&self, desk: &Desk) -> String {
        let Some(download) = &desk.pages().download else {
            return String::new();
        };
        let organization = desk.visitor.organization().as_str();
        let text = download.text.replace("{key}", &self.id);
        let text = text.replace("{organization}", organization);
        text.replace("{url}", &desk.app().public_url)
    }

    /// The list with the new key in it; None for whoever may not see it.
    async fn list_behind(&self, desk: &Desk) -> Option<KeyList> {
        let permit = desk.visitor.holds::<KeysRead>().ok()?;
        let wanted = Wanted {
            fresh: self.id.clone(),
            ..Wanted::default()
        };
        list::read(desk, &permit, wanted).await.ok()
    }
}

/// The header that carries a key, and what stands before the key in it.
fn carrier(profile: &Profile) -> (&str, &'static str) {
    match profile.carriers.first() {
        Some(Carrier::Header(name)) => (name, ""),
        Some(Carrier::Bearer) | None => ("Authorization", "Bearer "),
    }
}

/// The whole header.
pub(crate) fn header(profile: &Profile, value: &str) -> String {
    let (name, scheme) = carrier(profile);
    format!("{name}: {scheme}{value}")
}

#[derive(Template)]
#[template(path = "keys/tested.html")]
struct Tested<'a> {
    frame: &'a Frame,
    is_allowed: bool,
    is_part: bool,
    keys: &'a str,
    code: String,
    ms: String,
    sentence: String,
}

/// `POST …/{id}/test`: what comes out when somebody presents this key from here.
pub(crate) async fn test(desk: Desk, sent: Sent) -> Result<Response, Response> {
    let frame = desk.frame().await?;
    let (_permit, key): (Permit<KeysRead>, Key) = desk.load(&frame).await?;
    let reach = Reach::One(key.organization.clone());
    let ask = Ask {
        ip: desk.visitor.caller.request.address,
        ..Ask::default()
    };
    let app = desk.app();
    let began = app.clock.elapsed_seconds();
    let answer = app.verify_unused(sent.one("secret"), &reach, &ask, |found| {
        (found.texts().id == key.id.as_str()).then(|| found.permissions())
    });
    let ms = (app.clock.elapsed_seconds() - began) * 1_000.0;
    let (is_allowed, code, sentence) = match (&answer.verdict, answer.key.flatten()) {
        (Verdict::Undecided(cause), _) => return Err(refused(&frame, &Problem::from(*cause))),
        (Verdict::Allow(()), Some(held)) => (true, String::new(), held_words(&held)),
        (Verdict::Allow(()), None) => (
            false,
            "api_key_invalid".to_owned(),
            "This is another key.".to_owned(),
        ),
        (Verdict::Deny(reason), _) => (false, reason.code().to_owned(), why(reason.code())),
    };
    let tested = Tested {
        frame: &frame,
        is_allowed,
        is_part: desk.visitor.is_part,
        keys: &desk.pages().words.keys,
        code,
        ms: format!("{ms:.1} ms"),
        sentence,
    };
    Ok(page(StatusCode::OK, &tested))
}

fn held_words(held: &[String]) -> String {
    match held {
        [] => "It works, and may do nothing yet.".to_owned(),
        [all] if all == "*" => "It may do everything.".to_owned(),
        some if some.len() <= NAMED_MAX => format!("It may do {}.", some.join(", ")),
        many => {
            let named = many.get(..NAMED_MAX).unwrap_or_default().join(", ");
            format!("It may do {named} and {} more.", many.len() - NAMED_MAX)
        }
    }
}

/// The title of a reason, as a sentence.
fn why(code: &str) -> String {
    let title = keyway_api::code::Code::from_name(code).map(keyway_api::code::Code::title);
    title.map_or_else(|| code.to_owned(), |title| format!("{title}."))
}
