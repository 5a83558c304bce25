//! Files of certificates and keys, as both ends of a connection use them.
//!
//! All is checked where it is read, and every problem names its file. What a
//! certificate allows its holder is not known here.

use std::fmt;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use tokio_rustls::rustls::crypto::CryptoProvider;
use tokio_rustls::rustls::pki_types::pem::{self, PemObject as _};
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::sign::CertifiedKey;
use tokio_rustls::rustls::{Error as RustlsError, RootCertStore, crypto};
use x509_parser::certificate::Validity;
use x509_parser::parse_x509_certificate;

use crate::words::Timestamp;

/// What is wrong with a file.
#[derive(Debug, thiserror::Error)]
#[error("{}: {problem}", file.display())]
pub struct FileError {
    /// Which file.
    pub file: PathBuf,
    /// What is wrong.
    pub problem: FileProblem,
}

/// What can be wrong with a file of certificates or a key.
#[derive(Debug, thiserror::Error)]
pub enum FileProblem {
    /// The file is not there, or not for us.
    #[error("it cannot be read: {0}")]
    Unreadable(#[from] std::io::Error),
    /// Other text, or DER.
    #[error("it holds no certificate; one in PEM begins with -----BEGIN CERTIFICATE-----")]
    NoCertificate,
    /// Other text, or an encrypted key.
    #[error("it holds no private key in PEM; an encrypted one cannot be used")]
    NoKey,
    /// What stands between BEGIN and END is damaged.
    #[error("it is no PEM file: {0}")]
    NotPem(pem::Error),
    /// The bytes are no certificate.
    #[error("certificate {0} in it is damaged")]
    Damaged(usize),
    /// Its time is over.
    #[error("the certificate expired on {0}")]
    Expired(String),
    /// Its time has not come.
    #[error("the certificate is not valid before {0}")]
    NotYet(String),
    /// The key belongs to another certificate.
    #[error("the key does not fit the certificate in {}", .0.display())]
    OtherCertificate(PathBuf),
    /// Of a kind or a strength that is not spoken.
    #[error("it cannot be used: {0}")]
    Unusable(RustlsError),
}

/// The cryptography both ends use; never a default of the process, which another
/// library may have set.
#[must_use]
pub fn provider() -> CryptoProvider {
    crypto::ring::default_provider()
}

/// A file as it was read. What it holds is not shown.
pub struct FileText {
    file: PathBuf,
    bytes: Vec<u8>,
}

impl fmt::Debug for FileText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FileText").field("file", &self.file).finish_non_exhaustive()
    }
}

impl FileText {
    /// Reads a file.
    ///
    /// # Errors
    /// [`FileError`] if it is not there, or not for us.
    pub fn read(file: &Path) -> Result<Self, FileError> {
        match std::fs::read(file) {
            Ok(bytes) => Ok(Self { file: file.to_owned(), bytes }),
            Err(error) => Err(FileError { file: file.to_owned(), problem: error.into() }),
        }
    }

    /// What was read.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    fn problem(&self, problem: FileProblem) -> FileError {
        FileError { file: self.file.clone(), problem }
    }

    /// The file, as one that cannot be used for this reason.
    pub(crate) fn unusable(&self, error: RustlsError) -> FileError {
        self.problem(FileProblem::Unusable(error))
    }

    /// All certificates, in their order, each with its time; at least one.
    fn certificates(&self) -> Result<Vec<(CertificateDer<'static>, Validity)>, FileError> {
        let found: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&self.bytes).collect();
        let found = found.map_err(|error| self.problem(FileProblem::NotPem(error)))?;
        if found.is_empty() {
            return Err(self.problem(FileProblem::NoCertificate));
        }
        let numbered = (1_usize..).zip(found);
        let with_time = numbered.map(|(place, der)| match parse_x509_certificate(&der) {
            Ok((_, parsed)) => {
                let validity = parsed.validity().clone();
                Ok((der, validity))
            }
            Err(_) => Err(self.problem(FileProblem::Damaged(place))),
        });
        with_time.collect()
    }
}

/// The certificate one shows, with those that lead to its authority, and its key.
///
/// # Errors
/// [`FileError`]: a file is not what it should be, the time of a certificate is not
/// now, the key is another's.
pub fn identity(certificate: &FileText, key: &FileText, now: Timestamp) -> Result<CertifiedKey, FileError> {
    let mut chain = Vec::new();
    for (der, validity) in certificate.certificates()? {
        in_time(&validity, now).map_err(|problem| certificate.problem(problem))?;
        chain.push(der);
    }
    let private = match PrivateKeyDer::from_pem_slice(&key.bytes) {
        Ok(private) => private,
        Err(pem::Error::NoItemsFound) => return Err(key.problem(FileProblem::NoKey)),
        Err(error) => return Err(key.problem(FileProblem::NotPem(error))),
    };
    match CertifiedKey::from_der(chain, private, &provider()) {
        Ok(fitting) => Ok(fitting),
        Err(RustlsError::InconsistentKeys(_)) => {
            Err(key.problem(FileProblem::OtherCertificate(certificate.file.clone())))
        }
        Err(error @ RustlsError::InvalidCertificate(_)) => Err(certificate.unusable(error)),
        Err(error) => Err(key.unusable(error)),
    }
}

/// The authorities of a file. One whose time is over vouches for nobody: it is left
/// out here, for nothing later would look at its time.
///
/// # Errors
/// [`FileError`]: the file holds none, or none whose time is now.
pub fn authorities(text: &FileText, now: Timestamp) -> Result<RootCertStore, FileError> {
    let (mut good, mut bad) = (RootCertStore::empty(), None);
    for (der, validity) in text.certificates()? {
        match in_time(&validity, now) {
            Ok(()) => good.add(der).map_err(|error| text.unusable(error))?,
            Err(problem) => {
                tracing::warn!(file = %text.file.display(), "an authority is left out: {problem}");
                bad = Some(problem);
            }
        }
    }
    match bad {
        Some(problem) if good.is_empty() => Err(text.problem(problem)),
        _ => Ok(good),
    }
}

fn in_time(validity: &Validity, now: Timestamp) -> Result<(), FileProblem> {
    const MICROSECONDS: i64 = 1_000_000;
    let now = now.0.div_euclid(MICROSECONDS);
    let told = |time: x509_parser::time::ASN1Time| time.to_datetime().date().to_string();
    if now > validity.not_after.timestamp() {
        return Err(FileProblem::Expired(told(validity.not_after)));
    }
    if now < validity.not_before.timestamp() {
        return Err(FileProblem::NotYet(told(validity.not_before)));
    }
    Ok(())
}

/// Whether others on this machine may read a file that holds a secret.
#[must_use]
pub fn readable_by_others(file: &Path) -> bool {
    const OTHERS: u32 = 0o004;
    std::fs::metadata(file).is_ok_and(|found| found.permissions().mode() & OTHERS != 0)
}
