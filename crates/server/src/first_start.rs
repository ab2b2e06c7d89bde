//! What a database needs before a server can answer: a profile in force, and a first management key.

use std::fs::OpenOptions;
use std::io::{IsTerminal as _, Write as _};
use std::path::{Path, PathBuf};

use keyway_core::actor::Origin;
use keyway_core::id::ManagementKeyId;
use keyway_core::management::{ManagementKey, ManagementKeyState, Preset, Reach};
use keyway_core::profile::Profile;
use keyway_core::text::Name;
use keyway_core::time::Timestamp;
use keyway_store::Store;
use keyway_store::call::Call;
use keyway_store::error::{ChangeError, Refusal, StoreError};
use keyway_token::base62::draw_id;
use keyway_token::entropy::Entropy;
use keyway_token::management::{management_display_prefix, management_suffix, mint_management};
use keyway_token::secret::Secret;

use crate::config::{ProfileChoice, shipped_profiles};

/// Where a minted root key is written, in the data directory.
pub(crate) const ROOT_KEY_FILE: &str = "root-key";
/// Characters of the random part of an id.
pub(crate) const ID_CHARS: usize = 16;
const ROOT_KEY_NAME: &str = "root key";

/// Why a server cannot begin.
#[derive(Debug, thiserror::Error)]
pub enum FirstStartError {
    #[error(
        "the profile in force is {in_force}, and another one was given; put it in force with \
         `keyway profile apply`, or start without --profile"
    )]
    OtherProfile { in_force: String },
    #[error("the profile {name} cannot be used: {fault}")]
    Profile { name: String, fault: String },
    #[error("the root key in KEYWAY_ROOT_KEY was revoked; give another one")]
    RootKeyRevoked,
    #[error("the root key in KEYWAY_ROOT_KEY is another management key already")]
    RootKeyTaken,
    #[error(
        "there is no management key yet and nowhere to put one: there is neither a data directory \
         nor a terminal; give one as KEYWAY_ROOT_KEY"
    )]
    NowhereToPut,
    #[error("the root key cannot be written to {path}: {cause}")]
    File {
        path: PathBuf,
        cause: std::io::Error,
    },
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("the database refused the first change: {0}")]
    Refused(Refusal),
}

impl From<ChangeError> for FirstStartError {
    fn from(error: ChangeError) -> Self {
        match error {
            ChangeError::Refused {
                refusal: Refusal::RootKeyRevoked,
                ..
            } => Self::RootKeyRevoked,
            ChangeError::Refused {
                refusal: Refusal::DigestTaken,
                ..
            } => Self::RootKeyTaken,
            ChangeError::Refused { refusal, .. } => Self::Refused(refusal),
            ChangeError::Store(error) => error.into(),
        }
    }
}

/// The shipped profile that an empty database takes when none is named.
pub(crate) fn default_profile() -> Option<ProfileChoice> {
    shipped_profiles().iter().find_map(|(name, toml)| {
        let is_default = Profile::parse(toml).is_ok_and(|profile| profile.is_default);
        is_default.then(|| ProfileChoice {
            name: (*name).to_owned(),
            toml: (*toml).to_owned(),
        })
    })
}

/// Whether a start may put another profile in force by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnOtherProfile {
    Refuse,
    Apply,
}

/// A database without a profile takes the chosen one, else `default`; one with another profile keeps
/// it, or takes the chosen one where a start may do that.
pub(crate) async fn put_profile(
    store: &Store,
    chosen: Option<&ProfileChoice>,
    default: &ProfileChoice,
    on_other: OnOtherProfile,
    now: Timestamp,
) -> Result<(), FirstStartError> {
    let in_force = store.find_profile().await?;
    let (choice, after) = match (&in_force, chosen) {
        (None, chosen) => (chosen.unwrap_or(default), 0),
        (Some(_), None) => return Ok(()),
        (Some(row), Some(choice)) if row.toml == choice.toml => return Ok(()),
        (Some(row), Some(choice)) => match on_other {
            OnOtherProfile::Apply => (choice, row.version),
            OnOtherProfile::Refuse => {
                return Err(FirstStartError::OtherProfile {
                    in_force: row.name.clone(),
                });
            }
        },
    };
    let parsed = crate::config::profile::parse(&choice.toml);
    let profile = parsed.map_err(|fault| FirstStartError::Profile {
        name: choice.name.clone(),
        fault: fault.to_string(),
    })?;
    let by = system();
    let applied = store
        .apply_profile(&by, &profile.name, &choice.toml, after, now)
        .await?;
    // Nothing is answered before the first load, which comes after this.
    let _head = applied.head();
    Ok(())
}

pub(crate) fn system() -> Call {
    Origin::system("start").into()
}

/// The root key of the environment, or one that is minted once.
pub(crate) async fn put_root_key(
    store: &Store,
    given: Option<&Secret>,
    directory: Option<&Path>,
    entropy: &mut dyn Entropy,
    now: Timestamp,
) -> Result<(), FirstStartError> {
    if let Some(secret) = given {
        let root = root_key(secret, entropy, now)?;
        let _head = store.set_root_key(&system(), root, now).await?.head();
        return Ok(());
    }
    let some = store.list_management_keys(&Reach::All, None, 1).await?;
    if !some.rows.is_empty() {
        return Ok(());
    }
    let secret = mint_management(entropy);
    show(&secret, directory)?;
    let root = root_key(&secret, entropy, now)?;
    let _head = store.set_root_key(&system(), root, now).await?.head();
    Ok(())
}

/// A key that nobody could read would lock everybody out, so it is shown before it is stored.
fn show(secret: &Secret, directory: Option<&Path>) -> Result<(), FirstStartError> {
    let mut stderr = std::io::stderr();
    let is_terminal = stderr.is_terminal();
    if directory.is_none() && !is_terminal {
        return Err(FirstStartError::NowhereToPut);
    }
    if let Some(directory) = directory {
        let path = directory.join(ROOT_KEY_FILE);
        write_private(&path, secret).map_err(|cause| FirstStartError::File {
            path: path.clone(),
            cause,
        })?;
        tracing::info!(path = %path.display(), "the first management key was written");
    }
    if is_terminal {
        // The terminal may be gone; the file, if any, has it.
        let _shown = writeln!(stderr, "The first management key: {}", secret.expose());
    }
    Ok(())
}

fn write_private(path: &Path, secret: &Secret) -> std::io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    file.write_all(secret.expose().as_bytes())?;
    file.write_all(b"\n")?;
    file.sync_all()
}

fn root_key(
    secret: &Secret,
    entropy: &mut dyn Entropy,
    now: Timestamp,
) -> Result<ManagementKey, FirstStartError> {
    let by = system().origin.actor.to_text();
    let name: Name = ROOT_KEY_NAME
        .parse()
        .map_err(|_| FirstStartError::Refused(Refusal::IdTaken))?;
    let key = management_key(name, Preset::Admin, Reach::All, secret, &by, entropy, now)
        .ok_or(FirstStartError::Refused(Refusal::IdTaken))?;
    Ok(ManagementKey {
        is_root: true,
        ..key
    })
}

/// A management key of this secret; None if the id that was drawn is none.
pub(crate) fn management_key(
    name: Name,
    preset: Preset,
    reach: Reach,
    secret: &Secret,
    by: &str,
    entropy: &mut dyn Entropy,
    now: Timestamp,
) -> Option<ManagementKey> {
    let id: ManagementKeyId = format!("mk_{}", draw_id(ID_CHARS, entropy)).parse().ok()?;
    Some(ManagementKey {
        id,
        name,
        preset,
        reach,
        digest: secret.digest(),
        display_prefix: management_display_prefix(secret.expose()),
        suffix: management_suffix(secret.expose()),
        is_root: false,
        state: ManagementKeyState::Active,
        expires_at: None,
        created_at: now,
        created_by: by.to_owned(),
        version: 1,
    })
}
