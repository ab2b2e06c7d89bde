//! The one writer of a store: many changes, one transaction.
//!
//! Changes arrive in a bounded queue. The writer takes what is there (at most [`BATCH_MAX`]), locks
//! the ledger's head *first*, reads under that lock whatever the changes rely on, writes with one
//! statement per table, commits, and answers all. One lock gives an order without gaps, exact
//! limits and no deadlock; while one batch commits, the next gathers.
//!
//! If a statement fails, the batch is rolled back and each change is tried alone, so that one bad
//! change cannot fail its neighbours. If the connection breaks while committing, the ledger is asked
//! whether the entry is there before anyone is answered.

mod batch;
mod facts;
mod guard;
mod limits;
mod people;
pub(crate) mod proposal;
pub(crate) mod step;

use std::collections::{HashSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use keyway_token::entropy::Entropy;
use sqlx::AnyConnection;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::timeout;

use self::batch::{BatchError, Outcome};
use self::guard::Dropped;
use self::proposal::{Proposal, Rows, Touch};
use crate::engine::Address;
use crate::error::{ChangeError, StoreError};
use crate::ledger::Head;
use crate::ledger::entry::find_hash;
use crate::usage::{self, UsageCounts};

/// Most changes in one transaction.
const BATCH_MAX: usize = 64;
/// Most keys that the changes of one transaction save, unless one change alone has more.
const BATCH_KEYS_MAX: usize = 1_000;
/// Changes that wait before callers have to.
const QUEUE_MAX: usize = 1_024;
/// Longest time for a whole batch, and then for its commit, before its connection counts as broken.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(10);
const NO_ANSWER: &str = "the database did not answer";
/// Looks for the outcome of a commit, with a pause between them.
const OUTCOME_LOOKS: u32 = 20;
const OUTCOME_PAUSE: Duration = Duration::from_millis(500);

/// A change that was made, or that others had made before.
#[derive(Debug)]
pub(crate) struct Receipt {
    pub(crate) head: Head,
    /// Of an import: the keys that were left out.
    pub(crate) dropped: Dropped,
    /// The rows as they stand now, where they are not the proposed ones.
    pub(crate) rows: Option<Rows>,
}

enum Job {
    Change(Pending),
    Usage(Vec<UsageCounts>, oneshot::Sender<Result<(), StoreError>>),
    Close(oneshot::Sender<()>),
}

struct Pending {
    proposal: Box<Proposal>,
    answer: oneshot::Sender<Result<Receipt, ChangeError>>,
}

/// Where changes are handed in.
#[derive(Clone, Debug)]
pub(crate) struct WriterHandle {
    jobs: mpsc::Sender<Job>,
}

impl WriterHandle {
    pub(crate) async fn commit(&self, proposal: Proposal) -> Result<Receipt, ChangeError> {
        self.hand_in(proposal)
            .await?
            .await
            .map_err(|_| StoreError::Closed)?
    }

    /// Queues a change; the answer comes by itself, so that many can wait for one transaction.
    pub(crate) async fn hand_in(
        &self,
        proposal: Proposal,
    ) -> Result<oneshot::Receiver<Result<Receipt, ChangeError>>, StoreError> {
        let (answer, answered) = oneshot::channel();
        let pending = Pending {
            proposal: Box::new(proposal),
            answer,
        };
        self.jobs
            .send(Job::Change(pending))
            .await
            .map_err(|_| StoreError::Closed)?;
        Ok(answered)
    }

    pub(crate) async fn flush_usage(&self, counts: Vec<UsageCounts>) -> Result<(), StoreError> {
        let (answer, answered) = oneshot::channel();
        self.jobs
            .send(Job::Usage(counts, answer))
            .await
            .map_err(|_| StoreError::Closed)?;
        answered.await.map_err(|_| StoreError::Closed)?
    }

    /// Ends the writer once everything handed in before is answered.
    pub(crate) async fn close(&self) {
        let (answer, answered) = oneshot::channel();
        if self.jobs.send(Job::Close(answer)).await.is_ok() {
            // The writer is gone either way.
            let _closed = answered.await;
        }
    }
}

pub(crate) fn start(
    address: Address,
    entropy: Box<dyn Entropy>,
    committed: Arc<watch::Sender<i64>>,
) -> WriterHandle {
    let (jobs, inbox) = mpsc::channel(QUEUE_MAX);
    let writer = Writer {
        address,
        entropy,
        committed,
        connection: None,
    };
    tokio::spawn(writer.run(inbox));
    WriterHandle { jobs }
}

struct Writer {
    address: Address,
    entropy: Box<dyn Entropy>,
    committed: Arc<watch::Sender<i64>>,
    connection: Option<AnyConnection>,
}

impl Writer {
    async fn run(mut self, mut inbox: mpsc::Receiver<Job>) {
        let mut waiting: VecDeque<Pending> = VecDeque::new();
        loop {
            if waiting.is_empty() {
                let Some(job) = inbox.recv().await else {
                    return;
                };
                if self.take(job, &mut waiting).await {
                    return;
                }
            }
            while waiting.len() < 2 * BATCH_MAX
                && let Ok(job) = inbox.try_recv()
            {
                if self.take(job, &mut waiting).await {
                    return;
                }
            }
            let batch = cut_batch(&mut waiting);
            if !batch.is_empty() {
                self.write(batch).await;
            }
        }
    }

    /// Takes one job in; true when it was the last.
    async fn take(&mut self, job: Job, waiting: &mut VecDeque<Pending>) -> bool {
        match job {
            Job::Change(pending) => {
                waiting.push_back(pending);
                false
            }
            Job::Usage(counts, answer) => {
                let flushed = self.flush_usage(&counts).await;
                // Whoever asked may have gone.
                let _sent = answer.send(flushed);
                false
            }
            Job::Close(answer) => {
                while !waiting.is_empty() {
                    let batch = cut_batch(waiting);
                    self.write(batch).await;
                }
                self.connection = None;
                let _sent = answer.send(());
                true
            }
        }
    }

    async fn write(&mut self, mut batch: Vec<Pending>) {
        batch.retain(|pending| !pending.answer.is_closed() || !pending.proposal.is_import());
        match self.attempt(&batch).await {
            Ok(outcomes) => answer(batch, outcomes),
            Err(BatchError::Statement(_)) if batch.len() > 1 => {
                for pending in batch {
                    let alone = vec![pending];
                    match self.attempt(&alone).await {
                        Ok(outcomes) => answer(alone, outcomes),
                        Err(error) => fail(alone, &error),
                    }
                }
            }
            Err(error) => fail(batch, &error),
        }
    }

    async fn attempt(&mut self, batch: &[Pending]) -> Result<Vec<Outcome>, BatchError> {
        let proposals: Vec<&Proposal> = batch.iter().map(|pending| &*pending.proposal).collect();
        let was_kept = self.connection.is_some();
        match self.attempt_once(&proposals).await {
            // The other side closed a connection that lay idle.
            Err(BatchError::Begin(_)) if was_kept => self.attempt_once(&proposals).await,
            attempted => attempted,
        }
    }

    async fn attempt_once(&mut self, proposals: &[&Proposal]) -> Result<Vec<Outcome>, BatchError> {
        let mut connection = self.take_connection().await?;
        let written = batch::write(
            self.address.engine,
            &mut connection,
            self.entropy.as_mut(),
            proposals,
        )
        .await;
        match written {
            Ok(outcomes) => {
                self.connection = Some(connection);
                self.tell(&outcomes);
                Ok(outcomes)
            }
            Err(BatchError::Commit {
                last,
                outcomes,
                cause,
            }) => {
                drop(connection);
                tracing::warn!(%cause, "the outcome of a commit is not known yet");
                self.find_outcome(last, outcomes).await
            }
            Err(error) => {
                // A statement that failed leaves a connection that was rolled back; anything else
                // leaves one in a state that is not known.
                if matches!(error, BatchError::Statement(_)) {
                    self.connection = Some(connection);
                }
                Err(error)
            }
        }
    }

    async fn take_connection(&mut self) -> Result<AnyConnection, BatchError> {
        if let Some(connection) = self.connection.take() {
            return Ok(connection);
        }
        match timeout(ANSWER_TIMEOUT, self.address.connect()).await {
            Ok(Ok(connection)) => Ok(connection),
            Ok(Err(cause)) => Err(BatchError::Connection(cause.to_string())),
            Err(_) => Err(BatchError::Connection(NO_ANSWER.to_owned())),
        }
    }

    /// Asks the ledger whether `last`, the batch's last entry, is there.
    async fn find_outcome(
        &mut self,
        last: Head,
        outcomes: Vec<Outcome>,
    ) -> Result<Vec<Outcome>, BatchError> {
        for _ in 0..OUTCOME_LOOKS {
            if let Ok(Ok(is_there)) = timeout(ANSWER_TIMEOUT, self.look_for(last)).await {
                if !is_there {
                    return Err(BatchError::Connection("the connection broke".to_owned()));
                }
                self.tell(&outcomes);
                return Ok(outcomes);
            }
            tokio::time::sleep(OUTCOME_PAUSE).await;
        }
        Err(BatchError::Unknown)
    }

    async fn look_for(&mut self, last: Head) -> Result<bool, StoreError> {
        let mut connection = self.address.connect().await?;
        let mut tx = self.address.engine.begin_write(&mut connection).await?;
        // The old session, if it still commits, holds this lock until it has.
        batch::lock_head(&mut tx).await?;
        let found = find_hash(&mut tx, last.seq).await?;
        tx.rollback().await?;
        self.connection = Some(connection);
        Ok(found == Some(last.hash))
    }

    fn tell(&self, outcomes: &[Outcome]) {
        let last = outcomes
            .iter()
            .filter_map(|outcome| outcome.as_ref().ok())
            .map(|it| it.head.seq);
        if let Some(seq) = last.max() {
            self.committed.send_replace(seq);
        }
    }

    /// Counters need no head lock, and this connection only so that the embedded database has one
    /// writer.
    async fn flush_usage(&mut self, counts: &[UsageCounts]) -> Result<(), StoreError> {
        let mut connection = self
            .take_connection()
            .await
            .map_err(|error| error.to_store_error())?;
        let writing = usage::write(self.address.engine, &mut connection, counts);
        let Ok(flushed) = timeout(ANSWER_TIMEOUT, writing).await else {
            return Err(StoreError::OutcomeUnknown);
        };
        if flushed.is_ok() {
            self.connection = Some(connection);
        }
        flushed
    }
}

/// Takes the changes of the next transaction: none that touches what an earlier one writes.
fn cut_batch(waiting: &mut VecDeque<Pending>) -> Vec<Pending> {
    let mut batch = Vec::new();
    let mut later = VecDeque::new();
    let mut written: HashSet<Touch> = HashSet::new();
    let mut keys = 0;
    while let Some(pending) = waiting.pop_front() {
        let writes = pending.proposal.writes();
        let more = pending.proposal.rows.keys.len();
        let fits = batch.len() < BATCH_MAX && (batch.is_empty() || keys + more <= BATCH_KEYS_MAX);
        let collides = writes.iter().any(|touch| written.contains(touch))
            || pending
                .proposal
                .reads()
                .iter()
                .any(|touch| written.contains(touch));
        // Also the writes of a change that waits: what comes after it must not overtake it.
        written.extend(writes);
        if fits && !collides {
            keys += more;
            batch.push(pending);
        } else {
            later.push_back(pending);
        }
    }
    *waiting = later;
    batch
}

fn answer(batch: Vec<Pending>, outcomes: Vec<Outcome>) {
    for (pending, outcome) in batch.into_iter().zip(outcomes) {
        let outcome = outcome.map_err(|(refusal, head)| ChangeError::Refused { refusal, head });
        // Whoever asked may have gone; the change is made all the same.
        let _sent = pending.answer.send(outcome);
    }
}

fn fail(batch: Vec<Pending>, error: &BatchError) {
    tracing::error!(%error, changes = batch.len(), "a batch of changes failed");
    for pending in batch {
        let _sent = pending.answer.send(Err(error.to_store_error().into()));
    }
}
