//! How access is set up: who must prove who he is, and how much he may ask.

use std::num::NonZeroU32;
use std::path::PathBuf;

use serde::Deserialize;

use super::access_log::AccessLog;
use super::certificates::Certificates;
use crate::domain::access::Grant;
use crate::words::limits;

/// Settings of access, as an operator writes them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct AccessSettings {
    /// Callers show a token.
    pub tokens: bool,
    /// Whom client certificates stand for, beside those that name a unit.
    pub certificates: Vec<CertificateSettings>,
    /// A file that gets a line for every refused attempt and for every read by an
    /// office or an auditor.
    pub log: Option<PathBuf>,
    /// How much one caller may ask.
    pub rates: Rates,
}

/// How much one caller may ask in a second, and burst.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Rates {
    /// Calls of one principal.
    pub calls_per_second: NonZeroU32,
    /// Reports of one principal.
    pub reports_per_second: NonZeroU32,
    /// Failed attempts from one address that are told and logged one by one.
    pub failures_per_second: NonZeroU32,
}

impl Default for Rates {
    fn default() -> Self {
        Self {
            calls_per_second: limits::CALLS_PER_SECOND,
            reports_per_second: limits::REPORTS_PER_SECOND,
            failures_per_second: limits::FAILURES_PER_SECOND,
        }
    }
}

/// Whom a client certificate stands for. It is named by what it says or by itself.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CertificateSettings {
    /// A URI or a DNS name among its alternative names.
    pub name: Option<String>,
    /// SHA-256 of the certificate (DER), hexadecimal, colons allowed.
    pub fingerprint: Option<String>,
    /// Who that is, as recorded with everything done with it.
    pub principal: String,
    /// What he may do, e.g. "office:subtree:371000".
    pub grants: Vec<String>,
}

/// Settings of access that make no sense.
#[derive(Debug, thiserror::Error)]
pub enum AccessError {
    /// A certificate's entry makes no sense.
    #[error("certificate {0}: {1}")]
    Certificate(String, String),
    /// The access log cannot be written.
    #[error("the access log {0} cannot be written: {1}")]
    Log(PathBuf, std::io::Error),
}

/// Access as the server keeps it. The default is that nobody proves who he is:
/// every caller is `local`, who may do everything.
#[derive(Debug, Default)]
pub struct Access {
    pub(super) tokens: bool,
    pub(super) certificates: Certificates,
    /// Client certificates are asked for and verified; only then do they count.
    pub(super) verified: bool,
    pub(super) log: AccessLog,
    pub(super) rates: Rates,
}

impl Access {
    /// Access as it is set up.
    ///
    /// # Errors
    /// [`AccessError`] names what makes no sense.
    pub fn new(settings: &AccessSettings) -> Result<Self, AccessError> {
        let AccessSettings { tokens, certificates, log, rates } = settings;
        let certificates = Certificates::new(certificates)?;
        Ok(Self {
            tokens: *tokens,
            certificates,
            verified: false,
            log: AccessLog::open(log.as_deref())?,
            rates: *rates,
        })
    }

    /// The same, where client certificates are verified, or are not.
    pub(super) fn with_verified(self, verified: bool) -> Self {
        Self { verified, ..self }
    }

    /// Whether callers must prove who they are.
    pub(super) fn is_guarded(&self) -> bool {
        self.tokens || self.verified
    }

    /// The access log, to be opened again when its file was moved away.
    #[must_use]
    pub fn log(&self) -> AccessLog {
        self.log.clone()
    }
}

/// Reads the grants of a certificate's entry.
pub(super) fn grants(texts: &[String]) -> Result<Vec<Grant>, String> {
    if texts.is_empty() || texts.len() > limits::GRANTS_PER_TOKEN {
        return Err(format!("grants: needs 1 to {}", limits::GRANTS_PER_TOKEN));
    }
    texts
        .iter()
        .map(|text| text.parse().map_err(|error: crate::domain::access::GrantError| error.to_string()))
        .collect()
}
