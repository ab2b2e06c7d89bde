//! Where the sealing key comes from: `KEYWAY_SEALING_KEY`, or a file of the data directory that is
//! minted when the first signing key is made, and never again.

use std::fs::OpenOptions;
use std::io::{ErrorKind, Write as _};
use std::path::PathBuf;

use keyway_token::base62::draw_id;
use keyway_token::entropy::Entropy;
use keyway_token::secret::Secret;

use super::seal::{SEALING_KEY_CHARS_MIN, Seal};

/// In the data directory.
pub(crate) const SEALING_KEY_FILE: &str = "sealing-key";
/// 285 bits.
const MINTED_CHARS: usize = 48;

#[derive(Debug)]
pub(crate) struct SealingKey {
    pub given: Option<Secret>,
    pub directory: Option<PathBuf>,
}

/// Why there is no sealing key.
#[derive(Debug, thiserror::Error)]
pub enum SealingKeyError {
    #[error("the sealing key is in neither the data directory nor KEYWAY_SEALING_KEY")]
    Missing,
    #[error("the sealing key {path} cannot be read: {cause}")]
    Unreadable {
        path: PathBuf,
        cause: std::io::Error,
    },
    #[error("the sealing key {path} cannot be written: {cause}")]
    Unwritable {
        path: PathBuf,
        cause: std::io::Error,
    },
    #[error("a sealing key has at least {SEALING_KEY_CHARS_MIN} characters")]
    Short,
}

impl SealingKey {
    pub(crate) fn load(&self) -> Result<Seal, SealingKeyError> {
        self.find()?.ok_or(SealingKeyError::Missing)
    }

    /// For the first signing key. One that is there is never replaced, whatever is wrong with it.
    pub(crate) fn load_or_mint(&self, entropy: &mut dyn Entropy) -> Result<Seal, SealingKeyError> {
        if let Some(seal) = self.find()? {
            return Ok(seal);
        }
        let path = self.path().ok_or(SealingKeyError::Missing)?;
        let secret = Secret::new(draw_id(MINTED_CHARS, entropy));
        write_private(&path, &secret)
            .map_err(|cause| SealingKeyError::Unwritable { path, cause })?;
        seal_of(&secret)
    }

    fn find(&self) -> Result<Option<Seal>, SealingKeyError> {
        if let Some(given) = &self.given {
            return seal_of(given).map(Some);
        }
        let Some(path) = self.path() else {
            return Ok(None);
        };
        match std::fs::read_to_string(&path) {
            Ok(text) => seal_of(&Secret::new(text.trim_end().to_owned())).map(Some),
            Err(cause) if cause.kind() == ErrorKind::NotFound => Ok(None),
            Err(cause) => Err(SealingKeyError::Unreadable { path, cause }),
        }
    }

    fn path(&self) -> Option<PathBuf> {
        let directory = self.directory.as_ref();
        directory.map(|it| it.join(SEALING_KEY_FILE))
    }
}

fn seal_of(secret: &Secret) -> Result<Seal, SealingKeyError> {
    if secret.expose().len() < SEALING_KEY_CHARS_MIN {
        return Err(SealingKeyError::Short);
    }
    Seal::of(secret).ok_or(SealingKeyError::Short)
}

fn write_private(path: &std::path::Path, secret: &Secret) -> std::io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    file.write_all(secret.expose().as_bytes())?;
    file.write_all(b"\n")?;
    file.sync_all()
}
