//! What is answered when the way to the database breaks, and what its settings must not break. The
//! embedded database has neither, so these tests run on the server only; most through a proxy that
//! traps one message and then lets all others pass.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use keyway_core::management::Reach;
use keyway_store::Store;
use keyway_store::error::{ChangeError, StoreError};
use keyway_store::ledger::verify::LedgerState;
use keyway_store::usage::{ALLOWED, UsageCounts};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;

use crate::engines::{Place, server_port};
use crate::sample::*;

/// What happens to the message that holds the text of the trap.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Trap {
    /// It never arrives, and the connection breaks.
    Cut,
    /// It arrives and is answered; the connection breaks before the answer is through.
    CutAnswer,
    /// It arrives; the answer never comes, and nothing tells that it will not.
    HoldAnswer,
}

struct Proxy {
    port: u16,
    is_set: Arc<AtomicBool>,
}

impl Proxy {
    async fn before(text: &'static str, trap: Trap) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let is_set = Arc::new(AtomicBool::new(false));
        let (server, set) = (server_port(), Arc::clone(&is_set));
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let server = TcpStream::connect(("127.0.0.1", server)).await.unwrap();
                tokio::spawn(pass(client, server, text, trap, Arc::clone(&set)));
            }
        });
        Self { port, is_set }
    }

    fn set(&self) {
        self.is_set.store(true, Ordering::SeqCst);
    }
}

/// Carries bytes both ways until the trap closes; a message of the tests fits in one read.
async fn pass(
    mut client: TcpStream,
    mut server: TcpStream,
    text: &str,
    trap: Trap,
    is_set: Arc<AtomicBool>,
) {
    let (mut asked, mut answered) = (vec![0; 65_536], vec![0; 65_536]);
    loop {
        tokio::select! {
            read = client.read(&mut asked) => {
                let Ok(count @ 1..) = read else { return };
                let message = &asked[..count];
                let holds = message.windows(text.len()).any(|part| part == text.as_bytes());
                let is_trapped = holds && is_set.swap(false, Ordering::SeqCst);
                if is_trapped && trap == Trap::Cut {
                    return;
                }
                server.write_all(message).await.unwrap();
                if is_trapped {
                    let _answer = server.read(&mut answered).await;
                    if trap == Trap::HoldAnswer {
                        std::future::pending::<()>().await;
                    }
                    return;
                }
            }
            read = server.read(&mut answered) => {
                let Ok(count @ 1..) = read else { return };
                if client.write_all(&answered[..count]).await.is_err() {
                    return;
                }
            }
        }
    }
}

async fn store_behind(text: &'static str, trap: Trap) -> (Store, Proxy) {
    let place = Place::server().await;
    let proxy = Proxy::before(text, trap).await;
    let store = place.at_port(proxy.port).open().await;
    with_acme(&store).await;
    (store, proxy)
}

async fn exists(store: &Store, id: &str) -> bool {
    let found = store.find_key(&Reach::All, &key_id(id)).await.unwrap();
    found.is_some()
}

/// Afterwards the writer goes on, and the ledger has no gap.
async fn goes_on(store: &Store, seq: i64) {
    let next = store
        .create_key(&system(), key("acme", "k2"), OPEN, at(2))
        .await
        .unwrap();
    assert_eq!(next.head().seq, seq);
    let state = store.verify_ledger(None).await.unwrap();
    assert_eq!(state, LedgerState::Whole(next.head()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_commit_that_never_arrived_is_told_as_not_made() {
    let (store, proxy) = store_behind("COMMIT\0", Trap::Cut).await;
    proxy.set();
    let outcome = store
        .create_key(&system(), key("acme", "k1"), OPEN, at(1))
        .await;
    let Err(ChangeError::Store(StoreError::NotWritten { .. })) = outcome else {
        panic!("{outcome:?}");
    };
    assert!(!exists(&store, "k1").await);
    goes_on(&store, 3).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_commit_whose_answer_was_lost_is_looked_up_and_told_as_made() {
    let (store, proxy) = store_behind("COMMIT\0", Trap::CutAnswer).await;
    let committed = store.watch_committed();
    proxy.set();
    let made = store
        .create_key(&system(), key("acme", "k1"), OPEN, at(1))
        .await
        .unwrap();
    assert_eq!((made.head().seq, *committed.borrow()), (3, 3));
    assert!(exists(&store, "k1").await);
    goes_on(&store, 4).await;
}

/// Waiting came to an end once, and whatever was being waited for was called "not made".
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_commit_that_is_not_answered_in_time_is_looked_up_and_told_as_made() {
    let (store, proxy) = store_behind("COMMIT\0", Trap::HoldAnswer).await;
    proxy.set();
    let made = store
        .create_key(&system(), key("acme", "k1"), OPEN, at(1))
        .await
        .unwrap();
    assert_eq!(made.head().seq, 3);
    assert!(exists(&store, "k1").await);
    goes_on(&store, 4).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_falls_silent_while_counting_stops_no_change() {
    let (store, proxy) = store_behind("INSERT INTO usage", Trap::HoldAnswer).await;
    proxy.set();
    let counts = UsageCounts {
        key: key_id("k1"),
        at: at(1),
        counts: vec![(ALLOWED.to_owned(), 1)],
        last_used_at: None,
        last_refusal: None,
    };
    let counted = timeout(Duration::from_secs(30), store.flush_usage(vec![counts])).await;
    assert!(matches!(counted, Ok(Err(StoreError::OutcomeUnknown))));
    goes_on(&store, 3).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_connection_that_was_closed_while_idle_costs_no_change() {
    let place = Place::server().await;
    let store = place.open().await;
    with_acme(&store).await;
    place
        .tamper(
            "SELECT CAST(pg_terminate_backend(pid) AS TEXT) FROM pg_stat_activity \
             WHERE datname = current_database() AND pid <> pg_backend_pid()",
        )
        .await;
    let made = store
        .create_key(&system(), key("acme", "k1"), OPEN, at(1))
        .await
        .unwrap();
    assert_eq!(made.head().seq, 3);
}

/// A setting of the database of one's own, for every connection from then on.
async fn prefer(place: &Place, setting: &str) {
    let sql = format!(
        "DO $$ BEGIN EXECUTE 'ALTER DATABASE ' || current_database() || ' SET {setting}'; END $$"
    );
    place.tamper(&sql).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_commit_is_on_disk_before_it_is_told_whatever_the_server_prefers() {
    let place = Place::server().await;
    drop(place.open().await);
    prefer(&place, "synchronous_commit = off").await;
    place
        .tamper(
            "CREATE TABLE seen (setting TEXT); \
             CREATE FUNCTION see() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN \
             INSERT INTO seen VALUES (current_setting('synchronous_commit')); RETURN NEW; END $$; \
             CREATE TRIGGER see BEFORE UPDATE ON ledger_head FOR EACH ROW EXECUTE FUNCTION see()",
        )
        .await;
    let store = place.open().await;
    with_acme(&store).await;
    let preferred = "SELECT current_setting('synchronous_commit')";
    assert_eq!(place.read(preferred).await, "off");
    let seen = "SELECT string_agg(DISTINCT setting, ' ') FROM seen";
    assert_eq!(place.read(seen).await, "on");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_stores_agree_whatever_isolation_the_server_prefers() {
    let place = Place::server().await;
    drop(place.open().await);
    prefer(&place, "default_transaction_isolation = serializable").await;
    let stores = [place.open().await, place.open().await];
    with_acme(&stores[0]).await;
    let mut tasks = Vec::new();
    for number in 0..100 {
        let store = stores[number % 2].clone();
        let key = key("acme", &format!("k{number}"));
        tasks.push(tokio::spawn(async move {
            store
                .create_key(&system(), key, OPEN, at(1))
                .await
                .unwrap()
                .head()
        }));
    }
    for task in tasks {
        assert!(task.await.unwrap().seq > 2);
    }
    assert_eq!(stores[0].read_head().await.unwrap().seq, 102);
}
