//! Projects and resources by their names.

use keyway_core::management::{Part, Reach};
use keyway_core::registered_resource::RegisteredResource;
use keyway_core::resource::ResourcePath;
use keyway_store::Store;
use keyway_store::places::PlaceSearch;

use crate::engines::Place;
use crate::sample::*;

crate::conformance! {
    places_are_found_by_name_and_path_whatever_their_number
    paths_are_named_as_far_as_they_have_a_name
}

async fn put(store: &Store, path: &str, name: &str) {
    let resource = RegisteredResource {
        organization: organization_id("acme"),
        path: path.parse().unwrap(),
        name: name.parse().unwrap(),
        created_at: at(2),
        removed_at: None,
        version: 1,
    };
    let _told = store
        .put_resource(&system(), resource, None, at(2))
        .await
        .unwrap();
}

const INTAKE: &str = "project/alpha/workflow/w1";
const DIGEST: &str = "project/alpha/workflow/w2";

async fn with_workflows(place: &Place) -> Store {
    let store = place.open().await;
    with_acme(&store).await;
    put(&store, INTAKE, "Invoice intake").await;
    put(&store, DIGEST, "50% weekly digest").await;
    store
}

async fn places_are_found_by_name_and_path_whatever_their_number(place: &Place) {
    let store = with_workflows(place).await;
    let acme = organization_id("acme");
    let search = async |reach: &Reach, text: &str, within: Option<&str>, has_projects| {
        let within: Option<ResourcePath> = within.map(|it| it.parse().unwrap());
        let wanted = PlaceSearch {
            organization: &acme,
            text,
            within: within.as_ref(),
            has_projects,
        };
        let found = store.search_places(reach, wanted, 9).await.unwrap();
        let paths = found.iter().map(|it| it.path.to_string());
        paths.collect::<Vec<_>>()
    };
    let own = own("acme");
    let all = search(&own, "", None, true).await;
    assert_eq!(all.len(), 3);
    assert!(all.contains(&"project/alpha".to_owned()), "{all:?}");
    assert_eq!(search(&own, "INVOICE", None, true).await, [INTAKE]);
    assert_eq!(search(&own, "flow/w2", None, true).await, [DIGEST]);
    assert_eq!(search(&own, "0% w", None, true).await, [DIGEST]);
    assert!(search(&own, "in_ake", None, true).await.is_empty());
    let without = search(&own, "", None, false).await;
    assert_eq!(without, [DIGEST, INTAKE]);
    let below = search(&own, "", Some("project/alpha"), true).await;
    assert_eq!(below, [DIGEST, INTAKE]);
    let other = crate::sample::own("later");
    assert!(search(&other, "", None, true).await.is_empty());
    let part = Reach::Part(Box::new(Part {
        organization: acme.clone(),
        projects: Some(["beta".parse().unwrap()].into()),
        owner: None,
        own: None,
    }));
    assert!(search(&part, "", None, true).await.is_empty());
}

async fn paths_are_named_as_far_as_they_have_a_name(place: &Place) {
    let store = with_workflows(place).await;
    let acme = organization_id("acme");
    let paths = [INTAKE, "project/alpha", "project/alpha/workflow/w9"];
    let named = store.name_places(&acme, &paths).await.unwrap();
    assert_eq!(named.len(), 2);
    assert_eq!(named[INTAKE], "Invoice intake");
    let none = store.name_places(&acme, &[]).await.unwrap();
    assert!(none.is_empty());
    let later = organization_id("later");
    assert!(
        store
            .name_places(&later, &[INTAKE])
            .await
            .unwrap()
            .is_empty()
    );
}
