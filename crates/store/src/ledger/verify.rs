//! Reads the whole ledger again and names the first entry that is not what was written.

use super::entry::{find_hash, load_head, rows_after};
use super::{Head, hash};
use crate::Store;
use crate::error::StoreError;
use crate::statement::{Fields, statement};

const PAGE: i64 = 5_000;

/// What is wrong with an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    #[error("it is missing")]
    Missing,
    #[error("its content is not what its hash was made over")]
    Altered,
    #[error("it does not follow the entry before it")]
    Unchained,
    #[error("its personal fields are not what was committed to")]
    PersonalAltered,
    #[error("its hash is not the one that the known head has")]
    OtherHead,
}

/// The outcome of a whole reading.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LedgerState {
    /// Every entry up to this head is what was written.
    Whole(Head),
    /// The first entry that is not.
    Broken { seq: i64, fault: Fault },
}

impl Store {
    /// Verifies every entry. `known` is a head noted earlier, outside: without one, a ledger cut
    /// short together with its head row cannot be told from one that never was longer.
    pub async fn verify_ledger(&self, known: Option<Head>) -> Result<LedgerState, StoreError> {
        let mut connection = self.reader().await?;
        let head = load_head(&mut connection).await?;
        let mut last = Head::GENESIS;
        while last.seq < head.seq {
            let rows = rows_after(&mut connection, last.seq, PAGE).await?;
            let upto = rows.last().map_or(last.seq, |row| row.seq);
            let personal = personal_hashes(&mut connection, last.seq, upto).await?;
            let mut personal = personal.into_iter().peekable();
            for row in &rows {
                if row.seq > head.seq {
                    break;
                }
                if row.seq != last.seq + 1 {
                    return Ok(broken(last.seq + 1, Fault::Missing));
                }
                if hash::of_entry(row) != row.hash {
                    return Ok(broken(row.seq, Fault::Altered));
                }
                if row.prev_hash != last.hash {
                    return Ok(broken(row.seq, Fault::Unchained));
                }
                while personal.peek().is_some_and(|(seq, _)| *seq < row.seq) {
                    personal.next();
                }
                // Erased fields are no fault; that is what the commitment is for.
                if personal
                    .peek()
                    .is_some_and(|(seq, is)| *seq == row.seq && *is != row.personal)
                {
                    return Ok(broken(row.seq, Fault::PersonalAltered));
                }
                last = Head {
                    seq: row.seq,
                    hash: row.hash,
                };
            }
            if rows.is_empty() {
                return Ok(broken(last.seq + 1, Fault::Missing));
            }
        }
        if last.hash != head.hash {
            return Ok(broken(head.seq, Fault::OtherHead));
        }
        let Some(known) = known else {
            return Ok(LedgerState::Whole(head));
        };
        match find_hash(&mut connection, known.seq).await? {
            None => Ok(broken(known.seq, Fault::Missing)),
            Some(hash) if hash != known.hash => Ok(broken(known.seq, Fault::OtherHead)),
            Some(_) => Ok(LedgerState::Whole(head)),
        }
    }
}

fn broken(seq: i64, fault: Fault) -> LedgerState {
    LedgerState::Broken { seq, fault }
}

/// The commitments to the personal fields that are still there, in order.
async fn personal_hashes(
    connection: &mut sqlx::AnyConnection,
    after: i64,
    upto: i64,
) -> Result<Vec<(i64, [u8; 32])>, StoreError> {
    let sql =
        "SELECT seq, salt, fields FROM ledger_personal WHERE seq > $1 AND seq <= $2 ORDER BY seq";
    let rows = statement(sql)
        .bind(after)
        .bind(upto)
        .fetch_all(connection)
        .await?;
    let mut hashes = Vec::with_capacity(rows.len());
    for row in &rows {
        let columns = &["seq", "salt", "fields"];
        let fields = Fields {
            row,
            table: "ledger_personal",
            columns,
        };
        hashes.push((
            fields.int(0)?,
            hash::of_personal(fields.bytes(1)?, fields.text(2)?),
        ));
    }
    Ok(hashes)
}
