//! Secrets that lie in a file of their own, as those who run containers hand them in.

use std::path::Path;

use keyway_token::secret::Secret;

use super::error::ConfigError;
use super::file::read_text;

const SECRET_BYTES_MAX: usize = 4_096;

/// All of the file but the line's end.
pub(super) fn read_file(path: &Path) -> Result<Secret, ConfigError> {
    let unreadable = |cause| ConfigError::SecretUnreadable {
        path: path.to_owned(),
        cause,
    };
    let text = Secret::new(read_text(path, SECRET_BYTES_MAX).map_err(unreadable)?);
    let secret = text.expose().trim_end_matches(['\n', '\r']);
    if secret.is_empty() {
        return Err(unreadable(std::io::ErrorKind::UnexpectedEof.into()));
    }
    Ok(Secret::new(secret.to_owned()))
}
