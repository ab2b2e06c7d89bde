//! Ways out: of one session, and of all.

use axum::response::Response;
use http::header;
use keyway_core::id::MemberId;
use keyway_store::call::Call;

use crate::app::App;
use crate::auth::caller::Who;
use crate::auth::session;
use crate::dashboard::frame::Frame;
use crate::dashboard::page;
use crate::dashboard::visitor::{Visitor, VisitorKind};

/// `POST /sign-out`
pub(crate) async fn here(visitor: Visitor) -> Response {
    let app = &visitor.app;
    let session = match &visitor.caller.who {
        Who::Member {
            session: Some(session),
            ..
        } => &session.session.digest,
        Who::Portal { session, .. } => session,
        Who::Member { session: None, .. } | Who::ManagementKey(_) => return page::to("/sign-in"),
    };
    match app.store.end_session(session).await {
        Ok(()) => gone(app),
        Err(error) => page::refused(&Frame::solo(app), &error.into()),
    }
}

/// `POST /sign-out-everywhere`: what this session has proved ends in every session, on all machines.
pub(crate) async fn everywhere(visitor: Visitor) -> Response {
    let app = &visitor.app;
    let VisitorKind::Member(member) = &visitor.who else {
        return page::to("/sign-in");
    };
    let by: Call = visitor.caller.origin().into();
    let memberships = visitor.memberships().iter().map(|it| it.id.clone());
    let (memberships, now): (Vec<MemberId>, _) = (memberships.collect(), app.clock.now());
    let done = app.store.end_sessions(&by, member, &memberships, now);
    match done.await {
        Ok(_) => gone(app),
        Err(error) => page::refused(&Frame::solo(app), &error.into()),
    }
}

fn gone(app: &App) -> Response {
    let mut response = page::to("/sign-in");
    response
        .headers_mut()
        .append(header::SET_COOKIE, session::no_cookie(app));
    response
}
