//! What a server learns of the one before.

use keyway_store::takeover::Predecessor;

use crate::engines::Place;

crate::conformance! {
    who_said_goodbye_need_not_be_waited_for
    a_lock_that_ends_with_its_process_needs_no_goodbye
}

async fn who_said_goodbye_need_not_be_waited_for(place: &Place) {
    let first = place.try_open(true).await.unwrap();
    assert_eq!(first.take_over("first").await.unwrap(), Predecessor::Gone);
    let again = first.take_over("first").await.unwrap();
    assert_eq!(again, Predecessor::Gone, "it was this one");
    first.say_goodbye("first").await.unwrap();
    assert_eq!(first.take_over("second").await.unwrap(), Predecessor::Gone);
}

/// The word of another server is what this one would have left, had it been cut off.
async fn a_lock_that_ends_with_its_process_needs_no_goodbye(place: &Place) {
    let store = place.try_open(true).await.unwrap();
    store.take_over("cut off").await.unwrap();
    // A goodbye in another name takes nothing away.
    store.say_goodbye("another").await.unwrap();
    let wanted = if place.is_embedded() {
        Predecessor::Gone
    } else {
        Predecessor::Lost
    };
    assert_eq!(store.take_over("next").await.unwrap(), wanted);
}
