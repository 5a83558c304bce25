//! The TLS of the service: its files, loaded and checked as one, and loaded again
//! while it runs. New connections use what was loaded last; files with a problem are
//! never used.

use std::path::PathBuf;
use std::sync::Arc;

use parking_lot::RwLock;
use serde::Deserialize;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::server::{NoServerSessionStorage, ServerConfig, WebPkiClientVerifier};
use tokio_rustls::rustls::sign::SingleCertAndKey;
use tokio_rustls::rustls::{Error as RustlsError, RootCertStore};

use crate::certificates::{self, FileError, FileText, provider, readable_by_others};
use crate::words::clock::Clock;

/// The files.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TlsFiles {
    /// Certificate of the service, then those that lead to its authority, PEM.
    pub certificate: PathBuf,
    /// Its key, PEM.
    pub key: PathBuf,
    /// Authorities that vouch for callers, PEM; none where certificates are not asked for.
    pub client_authorities: Option<PathBuf>,
}

/// Whether a caller must show a certificate, where one is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClientCertificates {
    /// No connection without one.
    Required,
    /// A caller without one shows something else: a token.
    Optional,
}

/// The TLS of a service.
pub struct Tls {
    files: TlsFiles,
    asked: ClientCertificates,
    clock: Clock,
    current: RwLock<Arc<ServerConfig>>,
}

impl std::fmt::Debug for Tls {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Tls").field("files", &self.files).field("asked", &self.asked).finish_non_exhaustive()
    }
}

impl Tls {
    /// Loads and checks all files.
    ///
    /// # Errors
    /// [`FileError`], which names the file and what is wrong with it.
    pub fn load(files: TlsFiles, asked: ClientCertificates, clock: Clock) -> Result<Self, FileError> {
        let current = RwLock::new(Arc::new(config(&files, asked, clock)?));
        Ok(Self { files, asked, clock, current })
    }

    /// Loads them again. Connections that are open go on as they are.
    ///
    /// # Errors
    /// [`FileError`]: what was loaded before stays in use, all of it.
    pub fn reload(&self) -> Result<(), FileError> {
        let loaded = config(&self.files, self.asked, self.clock)?;
        *self.current.write() = Arc::new(loaded);
        Ok(())
    }

    /// Warns if others can read the key.
    pub fn tell_of_exposed_key(&self) {
        if readable_by_others(&self.files.key) {
            tracing::warn!(file = %self.files.key.display(), "others on this machine can read the key; chmod 600");
        }
    }

    /// Whether certificates of callers are verified.
    #[must_use]
    pub fn knows_callers(&self) -> bool {
        self.files.client_authorities.is_some()
    }

    /// What the next connection is accepted with.
    pub(super) fn acceptor(&self) -> TlsAcceptor {
        TlsAcceptor::from(Arc::clone(&self.current.read()))
    }
}

fn config(files: &TlsFiles, asked: ClientCertificates, clock: Clock) -> Result<ServerConfig, FileError> {
    let (certificate, key) = (FileText::read(&files.certificate)?, FileText::read(&files.key)?);
    let identity = certificates::identity(&certificate, &key, clock())?;
    let unusable = |error| certificate.unusable(error);
    let provider = Arc::new(provider());
    let builder = ServerConfig::builder_with_provider(Arc::clone(&provider));
    let builder = builder.with_safe_default_protocol_versions().map_err(unusable)?;
    let builder = match &files.client_authorities {
        None => builder.with_no_client_auth(),
        Some(file) => {
            let text = FileText::read(file)?;
            let authorities: Arc<RootCertStore> = Arc::new(certificates::authorities(&text, clock())?);
            let verifier = WebPkiClientVerifier::builder_with_provider(authorities, provider);
            let verifier = match asked {
                ClientCertificates::Required => verifier,
                ClientCertificates::Optional => verifier.allow_unauthenticated(),
            };
            let verifier = verifier.build().map_err(|error| text.unusable(RustlsError::General(error.to_string())))?;
            builder.with_client_cert_verifier(verifier)
        }
    };
    let mut config = builder.with_cert_resolver(Arc::new(SingleCertAndKey::from(identity)));
    config.alpn_protocols = vec![b"h2".to_vec()];
    // a session that is resumed is not verified again: its certificate may have expired
    // meanwhile, and its authority no longer be trusted
    config.session_storage = Arc::new(NoServerSessionStorage {});
    config.send_tls13_tickets = 0;
    Ok(config)
}
