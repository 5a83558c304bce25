//! Signed statements: made when a year is closed, checked by anybody later.
//!
//! The key is the service's own, in a file beside the ledger or where it is told.
//! It is made when it is first needed. A statement carries the public key; whom it
//! belongs to is for the reader to know.

use std::fs::OpenOptions;
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use prost::Message as _;
use ring::rand::SystemRandom;
use ring::signature::{ED25519, Ed25519KeyPair, KeyPair as _, UnparsedPublicKey};

use super::codec::{statement_from, statement_to};
use crate::domain::{Signed, Statement};

/// Name of the key's file in the ledger's folder.
pub const KEY_FILE: &str = "signing-key";

/// What a statement is signed with.
#[derive(Debug, Clone)]
pub struct Signer {
    path: PathBuf,
}

/// Why a statement cannot be signed, or does not hold.
#[derive(Debug, thiserror::Error)]
pub enum StatementError {
    /// The key's file failed.
    #[error("{0}: {1}")]
    File(PathBuf, io::Error),
    /// There is no key in the file.
    #[error("{0} holds no Ed25519 key (PKCS#8)")]
    Key(PathBuf),
    /// No key could be made.
    #[error("no key could be made")]
    Random,
    /// The signature is not that of these bytes by this key.
    #[error("the signature does not fit the statement: it was changed, or signed by another key")]
    Signature,
    /// The bytes are no statement.
    #[error("{0}")]
    Unreadable(String),
}

impl Signer {
    /// Signs with the key of that file.
    #[must_use]
    pub fn new(path: PathBuf) -> Self {
        Self { path }
    }

    /// Signs a statement; makes the key if there is none.
    ///
    /// # Errors
    /// [`StatementError`] if the key cannot be read or made.
    pub fn sign(&self, statement: &Statement) -> Result<Signed, StatementError> {
        let key = self.key()?;
        let statement = statement_to(statement).encode_to_vec();
        let signature = key.sign(&statement).as_ref().to_vec();
        Ok(Signed { statement, signature, public_key: key.public_key().as_ref().to_vec() })
    }

    fn key(&self) -> Result<Ed25519KeyPair, StatementError> {
        let failed = |error| StatementError::File(self.path.clone(), error);
        let document = match std::fs::read(&self.path) {
            Ok(document) => document,
            Err(error) if error.kind() == io::ErrorKind::NotFound => make(&self.path)?,
            Err(error) => return Err(failed(error)),
        };
        Ed25519KeyPair::from_pkcs8(&document).map_err(|_| StatementError::Key(self.path.clone()))
    }
}

/// Makes a key in a file that only its owner reads.
fn make(path: &Path) -> Result<Vec<u8>, StatementError> {
    let failed = |error| StatementError::File(path.to_owned(), error);
    let document = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).map_err(|_| StatementError::Random)?;
    let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path);
    let mut file = file.map_err(failed)?;
    file.write_all(document.as_ref()).and_then(|()| file.sync_all()).map_err(failed)?;
    Ok(document.as_ref().to_vec())
}

/// Checks a signed statement, and reads it.
///
/// # Errors
/// [`StatementError::Signature`] or [`StatementError::Unreadable`].
pub fn check(signed: &Signed) -> Result<Statement, StatementError> {
    let key = UnparsedPublicKey::new(&ED25519, &signed.public_key);
    key.verify(&signed.statement, &signed.signature).map_err(|_| StatementError::Signature)?;
    statement_from(&signed.statement).map_err(StatementError::Unreadable)
}
