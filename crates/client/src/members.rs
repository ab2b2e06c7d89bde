//! `/v1/members`, `/v1/invitations` and `/v1/sign-in-links`: people and how they get in.

use keyway_api::change::{Done, Effective};
use keyway_api::invitation::{CreateInvitation, Invitation, IssuedInvitation};
use keyway_api::list::List;
use keyway_api::member::{CreateMember, EditMember, Member, OrganizationQuery};
use keyway_api::sign_in_link::{CreateSignInLink, SignInLink};
use reqwest::Method;

use crate::change::Terms;
use crate::client::{Client, answer};
use crate::error::ClientError;

impl Client {
    /// `POST /v1/members`
    pub async fn create_member(
        &self,
        member: &CreateMember,
        terms: &Terms,
    ) -> Result<Effective<Member>, ClientError> {
        let call = self.call(Method::POST, &["v1", "members"]).json(member);
        answer(terms.on(call)).await
    }

    /// `GET /v1/members`
    pub async fn list_members(
        &self,
        query: &OrganizationQuery,
    ) -> Result<List<Member>, ClientError> {
        answer(self.call(Method::GET, &["v1", "members"]).query(query)).await
    }

    /// `GET /v1/members/{id}`
    pub async fn load_member(&self, id: &str) -> Result<Member, ClientError> {
        answer(self.call(Method::GET, &["v1", "members", id])).await
    }

    /// `PATCH /v1/members/{id}`; the terms must name a version.
    pub async fn edit_member(
        &self,
        id: &str,
        edit: &EditMember,
        terms: &Terms,
    ) -> Result<Effective<Member>, ClientError> {
        let call = self.call(Method::PATCH, &["v1", "members", id]).json(edit);
        answer(terms.on(call)).await
    }

    /// `DELETE /v1/members/{id}`
    pub async fn remove_member(&self, id: &str, terms: &Terms) -> Result<Done, ClientError> {
        answer(terms.on(self.call(Method::DELETE, &["v1", "members", id]))).await
    }

    /// `POST /v1/invitations`
    pub async fn create_invitation(
        &self,
        invitation: &CreateInvitation,
        terms: &Terms,
    ) -> Result<IssuedInvitation, ClientError> {
        let call = self
            .call(Method::POST, &["v1", "invitations"])
            .json(invitation);
        answer(terms.on(call)).await
    }

    /// `GET /v1/invitations`
    pub async fn list_invitations(
        &self,
        query: &OrganizationQuery,
    ) -> Result<List<Invitation>, ClientError> {
        answer(self.call(Method::GET, &["v1", "invitations"]).query(query)).await
    }

    /// `DELETE /v1/invitations/{id}`
    pub async fn withdraw_invitation(&self, id: &str, terms: &Terms) -> Result<Done, ClientError> {
        answer(terms.on(self.call(Method::DELETE, &["v1", "invitations", id]))).await
    }

    /// `POST /v1/sign-in-links`
    pub async fn create_sign_in_link(
        &self,
        link: &CreateSignInLink,
        terms: &Terms,
    ) -> Result<SignInLink, ClientError> {
        let call = self.call(Method::POST, &["v1", "sign-in-links"]).json(link);
        answer(terms.on(call)).await
    }
}
