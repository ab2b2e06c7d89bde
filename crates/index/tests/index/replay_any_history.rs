//! Whatever happens: an index that followed, one that read the ledger from its beginning, one that
//! loaded the tables and one that was given every row that ever was, in any order and more than once,
//! answer alike, and as the reference model says.

use keyway_core::decide::{Ask, Verdict};
use keyway_core::grant::{Grant, Grants, Right};
use keyway_core::id::KeyId;
use keyway_core::key::{Key, Lifetime, Rotation};
use keyway_core::management::Reach;
use keyway_core::network::IpRules;
use keyway_core::organization::Project;
use keyway_core::permission::PermissionSet;
use keyway_core::profile::Profile;
use keyway_core::time::Span;
use keyway_index::index::Index;
use keyway_index::policy::Policy;
use keyway_index::verify::{Presented, Spend};
use keyway_store::keys::change::KeyEdit;
use keyway_token::digest::Digest;
use proptest::prelude::*;

use crate::ledger::{Ledger, any_version};
use crate::model::{GRANTS, Making, Model, NETWORK, ORGANIZATIONS, Question, State, questions};
use crate::sample::{PROFILE, an_index, at, key, organization, revocation};

/// A step; keys are named by their place among those that were made so far.
#[derive(Clone, Debug)]
enum Step {
    Create(Making),
    Import(Making, usize),
    Edit(usize, Making),
    Switch(usize, State),
    Rotate(usize, u32),
    Suspend(usize, bool),
    ApplyProfile,
    Follow,
}

fn making() -> impl Strategy<Value = Making> {
    let ends = prop_oneof![Just(None), (20_u32..60).prop_map(Some), Just(Some(1_000))];
    let flags = (any::<bool>(), any::<bool>(), any::<bool>());
    (0..ORGANIZATIONS.len(), 0..GRANTS.len(), flags, ends).prop_map(
        |(organization, grants, (is_in_alpha, is_test, is_bound_to_network), ends_at)| Making {
            organization,
            grants,
            is_in_alpha,
            is_test,
            is_bound_to_network,
            ends_at,
        },
    )
}

fn step() -> impl Strategy<Value = Step> {
    let state = prop_oneof![
        Just(State::Active),
        Just(State::Inactive),
        Just(State::Revoked),
        Just(State::Deleted)
    ];
    prop_oneof![
        4 => making().prop_map(Step::Create),
        1 => (making(), 1_usize..4).prop_map(|(made, count)| Step::Import(made, count)),
        3 => (any::<usize>(), making()).prop_map(|(place, made)| Step::Edit(place, made)),
        6 => (any::<usize>(), state).prop_map(|(place, state)| Step::Switch(place, state)),
        3 => (any::<usize>(), prop_oneof![Just(0_u32), Just(5), Just(500)])
            .prop_map(|(place, grace)| Step::Rotate(place, grace)),
        1 => (0..ORGANIZATIONS.len(), any::<bool>()).prop_map(|(it, to)| Step::Suspend(it, to)),
        1 => Just(Step::ApplyProfile),
        2 => Just(Step::Follow),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn every_way_to_an_index_ends_in_what_the_model_says(
        steps in prop::collection::vec(step(), 1..40),
        shuffle in any::<u64>(),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(live(&steps, shuffle));
    }
}

async fn live(steps: &[Step], shuffle: u64) {
    let mut history = History::begin().await;
    for step in steps {
        history.take(step).await;
    }
    history.follow().await;
    let History { ledger, model, .. } = &history;
    assert_agrees(&ledger.replayed().await, model, "read from the beginning");
    assert_agrees(&ledger.loaded().await, model, "loaded");
    let index = history.index_of_rows_in_any_order(shuffle).await;
    assert_agrees(&index, model, "given all rows in any order");
}

struct History {
    ledger: Ledger,
    model: Model,
    /// Every version of every key.
    rows: Vec<Key>,
    now: u32,
}

impl History {
    async fn begin() -> Self {
        let mut ledger = Ledger::begin().await;
        let made = ledger
            .store
            .create_organization(&ledger.by, organization("other"), at(0));
        let _done = made.await.unwrap();
        for owner in ORGANIZATIONS {
            let alpha = Project {
                organization: owner.parse().unwrap(),
                id: "alpha".parse().unwrap(),
                name: "Alpha".parse().unwrap(),
                environment: None,
                created_at: at(0),
                version: 1,
            };
            let made = ledger.store.create_project(&ledger.by, alpha, at(0));
            let _done = made.await.unwrap();
        }
        ledger.follow().await;
        Self {
            ledger,
            model: Model::begin(),
            rows: Vec::new(),
            now: 10,
        }
    }

    async fn take(&mut self, step: &Step) {
        self.now += 1;
        match step {
            Step::Create(made) => self.create(*made).await,
            Step::Import(made, count) => self.import(*made, *count).await,
            Step::Edit(place, made) => self.edit(*place, *made).await,
            Step::Switch(place, state) => self.switch(*place, *state).await,
            Step::Rotate(place, grace) => self.rotate(*place, *grace).await,
            Step::Suspend(owner, to) => self.suspend(*owner, *to).await,
            Step::ApplyProfile => self.apply_profile().await,
            Step::Follow => self.follow().await,
        }
        self.rows.extend(self.ledger.keys_now().await);
    }

    fn fresh_id(&self) -> String {
        format!("k{}", self.model.ids().len())
    }

    fn picked(&self, place: usize) -> Option<String> {
        let ids = self.model.ids();
        (!ids.is_empty()).then(|| ids[place % ids.len()].clone())
    }

    async fn create(&mut self, made: Making) {
        let id = self.fresh_id();
        let (key, in_force) = (key_of(&id, made), self.ledger.in_force);
        let created = self
            .ledger
            .store
            .create_key(&self.ledger.by, key, in_force, at(self.now));
        let _done = created.await.unwrap();
        self.model.create(&id, made);
    }

    async fn import(&mut self, made: Making, count: usize) {
        let mut keys = Vec::new();
        for _ in 0..count {
            let id = self.fresh_id();
            keys.push(key_of(&id, made));
            self.model.create(&id, made);
        }
        let owner = ORGANIZATIONS[made.organization].parse().unwrap();
        let in_force = self.ledger.in_force;
        let imported =
            self.ledger
                .store
                .import_keys(&self.ledger.by, &owner, keys, in_force, at(self.now));
        assert_eq!(imported.await.unwrap().value().count, count);
    }

    async fn edit(&mut self, place: usize, made: Making) {
        let Some(id) = self.picked(place) else { return };
        let like = key_of(&id, made);
        let edit = KeyEdit {
            grants: Some(like.grants),
            ip_rules: Some(like.ip_rules),
            lifetime: Some(like.lifetime),
            ..KeyEdit::default()
        };
        let (in_force, key) = (self.ledger.in_force, key_id(&id));
        let edited = self.ledger.store.update_key(
            &self.ledger.by,
            any_version(&key),
            &edit,
            in_force,
            at(self.now),
        );
        assert_eq!(edited.await.is_ok(), self.model.edit(&id, made), "{id}");
    }

    async fn switch(&mut self, place: usize, to: State) {
        let Some(id) = self.picked(place) else { return };
        let Ledger { store, by, .. } = &self.ledger;
        let (key, now) = (key_id(&id), at(self.now));
        let at = any_version(&key);
        let done = match to {
            State::Active => store.activate_key(by, at, now).await,
            State::Inactive => store.deactivate_key(by, at, now).await,
            State::Revoked => store.revoke_key(by, at, &revocation(self.now), now).await,
            State::Deleted => store.delete_key(by, at, now).await,
        };
        let is_allowed = self.model.switch(&id, to, self.now);
        assert_eq!(done.is_ok(), is_allowed, "{id} {to:?}");
    }

    async fn rotate(&mut self, place: usize, grace: u32) {
        let Some(id) = self.picked(place) else { return };
        let fresh = self.fresh_id();
        let rotation = Rotation {
            id: key_id(&fresh),
            digest: Digest::of(&fresh),
            display_prefix: format!("sk_{fresh}"),
            suffix: "wxyz".to_owned(),
            grace: Span::from_secs(grace),
            by: "system".to_owned(),
            now: at(self.now),
        };
        let (in_force, key) = (self.ledger.in_force, key_id(&id));
        let rotated =
            self.ledger
                .store
                .rotate_key(&self.ledger.by, any_version(&key), &rotation, in_force);
        let is_allowed = self.model.rotate(&id, &fresh, grace, self.now);
        assert_eq!(rotated.await.is_ok(), is_allowed, "{id}");
    }

    async fn suspend(&mut self, owner: usize, is_suspended: bool) {
        let (store, now) = (&self.ledger.store, at(self.now));
        let id = ORGANIZATIONS[owner].parse().unwrap();
        let done = if is_suspended {
            store
                .suspend_organization(&self.ledger.by, &Reach::All, &id, now)
                .await
        } else {
            store
                .resume_organization(&self.ledger.by, &Reach::All, &id, now)
                .await
        };
        let _done = done.unwrap();
        self.model.suspend(owner, is_suspended);
    }

    async fn apply_profile(&mut self) {
        self.model.does_editor_read = !self.model.does_editor_read;
        self.ledger.apply_profile(&self.profile()).await;
    }

    fn profile(&self) -> String {
        if self.model.does_editor_read {
            PROFILE.to_owned()
        } else {
            PROFILE.replace(r#"["read", "write"]"#, r#"["write"]"#)
        }
    }

    async fn follow(&mut self) {
        self.ledger.follow().await;
        assert_agrees(&self.ledger.index, &self.model, "followed");
    }

    /// Nothing but rows: each version of each key, twice, in an order drawn from `shuffle`.
    async fn index_of_rows_in_any_order(&self, shuffle: u64) -> Index {
        let index = an_index();
        let profile = Profile::parse(&self.profile()).unwrap();
        index.apply_policy(Policy::of(&profile).unwrap());
        let snapshot = self.ledger.store.load_snapshot().await.unwrap();
        for organization in &snapshot.organizations {
            index.apply_organization(organization);
        }
        let mut rows: Vec<&Key> = self.rows.iter().chain(&self.rows).collect();
        let mut drawn = shuffle;
        for last in (1..rows.len()).rev() {
            drawn = drawn
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            rows.swap(last, usize::try_from(drawn >> 33).unwrap() % (last + 1));
        }
        for key in rows {
            index.apply_key(key);
        }
        index
    }
}

fn key_id(id: &str) -> KeyId {
    id.parse().unwrap()
}

fn key_of(id: &str, made: Making) -> Key {
    let grants = GRANTS[made.grants].iter().map(|(what, resource)| Grant {
        right: match what.strip_prefix("role:") {
            Some(role) => Right::Role(role.parse().unwrap()),
            None if *what == "*" => Right::Permissions(PermissionSet::All),
            None => Right::Permissions(PermissionSet::of(vec![what.parse().unwrap()])),
        },
        resource: resource.parse().unwrap(),
    });
    let networks: &[&str] = if made.is_bound_to_network {
        &[NETWORK]
    } else {
        &[]
    };
    Key {
        organization: ORGANIZATIONS[made.organization].parse().unwrap(),
        project: made.is_in_alpha.then(|| "alpha".parse().unwrap()),
        environment: if made.is_test { "test" } else { "live" }.to_owned(),
        grants: Grants::parse(grants.collect()).unwrap(),
        ip_rules: IpRules::parse(networks).unwrap(),
        lifetime: made
            .ends_at
            .map_or(Lifetime::Forever, |end| Lifetime::Until(at(end))),
        ..key(id)
    }
}

fn assert_agrees(index: &Index, model: &Model, which: &str) {
    let mut ids = model.ids();
    ids.push("never_made".to_owned());
    for id in &ids {
        for question in &questions() {
            let answer = answer(index, id, question);
            let expected = model.answer(id, question);
            assert_eq!(answer, expected, "{which}: {id}, asked {question:?}");
            let is_refused = matches!(answer, "api_key_revoked" | "api_key_invalid");
            assert!(is_refused || !model.has_ended_for_good(id), "{which}: {id}");
        }
    }
}

fn answer(index: &Index, id: &str, question: &Question) -> &'static str {
    let permission = question.permission.map(|it| it.parse().unwrap());
    let ask = Ask {
        permissions: permission.into_iter().collect(),
        resource: question.resource.map(|it| it.parse().unwrap()),
        organization: question.organization.map(str::to_owned),
        environment: question.environment.map(str::to_owned),
        ip: question.ip.map(|it| it.parse().unwrap()),
    };
    let presented = Presented {
        unverified_secret: id,
        reach: &Reach::All,
        ask: &ask,
        now: at(question.at),
        spend: Spend::Nothing,
    };
    match index.verify(presented, |_| ()).verdict {
        Verdict::Allow(()) => "valid",
        Verdict::Deny(reason) => reason.code(),
        Verdict::Undecided(cause) => panic!("undecided: {cause}"),
    }
}
