//! Who calls, and how: TLS, tokens, certificates, what a caller may ask in a second.

use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::path::PathBuf;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::origin::Problems;
use crate::api::{
    Access, AccessSettings, CertificateSettings, ClientCertificates, Protection, Rates, Tls, TlsFiles, Transport,
    may_listen,
};
use crate::words::{clock, limits};

/// What may be stated.
#[derive(Debug, Clone, Default, Deserialize, Serialize, clap::Args)]
#[serde(deny_unknown_fields, default)]
pub(super) struct StatedCallers {
    /// Certificate of the service, then those that lead to its authority, PEM; SIGHUP loads all files again
    #[arg(long, value_name = "FILE")]
    tls_cert: Option<PathBuf>,
    /// Key of the certificate, PEM
    #[arg(long, value_name = "FILE")]
    tls_key: Option<PathBuf>,
    /// Authorities that vouch for callers, PEM: then every caller must show a certificate (or, with --auth-tokens, a token)
    #[arg(long, value_name = "FILE")]
    tls_client_ca: Option<PathBuf>,
    /// Be reached in plain text beyond this machine; anybody on the way can read it
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    insecure: Option<bool>,
    /// Every caller shows a token, made with `token create` (or, with --tls-client-ca, a certificate)
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    auth_tokens: Option<bool>,
    /// Whom client certificates stand for: array of {"name" or "fingerprint", "principal", "grants"}
    #[arg(long, value_name = "FILE")]
    auth_certificates: Option<PathBuf>,
    /// A file that gets a line for every refused attempt and every read by an office or auditor; SIGHUP opens it again
    #[arg(long, value_name = "FILE")]
    access_log: Option<PathBuf>,
    /// Calls of one principal in a second [default: 1000]
    #[arg(long, value_name = "N")]
    calls_per_second: Option<NonZeroU32>,
    /// Reports of one principal in a second [default: 5000]
    #[arg(long, value_name = "N")]
    reports_per_second: Option<NonZeroU32>,
}

/// Who calls, and how.
#[derive(Debug)]
pub(in crate::cli) struct Callers {
    pub(in crate::cli) transport: Transport,
    pub(in crate::cli) access: AccessSettings,
}

impl StatedCallers {
    pub(super) fn defaults() -> Self {
        Self {
            insecure: Some(false),
            auth_tokens: Some(false),
            calls_per_second: Some(limits::CALLS_PER_SECOND),
            reports_per_second: Some(limits::REPORTS_PER_SECOND),
            ..Self::default()
        }
    }

    pub(super) fn or(self, other: Self) -> Self {
        let Self {
            tls_cert,
            tls_key,
            tls_client_ca,
            insecure,
            auth_tokens,
            auth_certificates,
            access_log,
            calls_per_second,
            reports_per_second,
        } = self;
        Self {
            tls_cert: tls_cert.or(other.tls_cert),
            tls_key: tls_key.or(other.tls_key),
            tls_client_ca: tls_client_ca.or(other.tls_client_ca),
            insecure: insecure.or(other.insecure),
            auth_tokens: auth_tokens.or(other.auth_tokens),
            auth_certificates: auth_certificates.or(other.auth_certificates),
            access_log: access_log.or(other.access_log),
            calls_per_second: calls_per_second.or(other.calls_per_second),
            reports_per_second: reports_per_second.or(other.reports_per_second),
        }
    }

    /// Checks it all; certificates and keys are read.
    pub(super) fn check(&self, listen: Option<SocketAddr>, problems: &mut Problems<'_>) -> Callers {
        let tokens = self.auth_tokens.unwrap_or_default();
        let tls = self.tls(tokens, problems);
        let transport = Transport { tls, tokens, insecure: self.insecure.unwrap_or_default() };
        let certificates = transport.knows_callers();
        let (tls, insecure) = (transport.tls.is_some(), transport.insecure);
        // files that cannot be read are a problem of their own
        let (tls, certificates) = (tls || self.tls_cert.is_some(), certificates || self.tls_client_ca.is_some());
        let protection = Protection { tls, certificates, tokens, insecure };
        if let Some(Err(error)) = listen.map(|listen| may_listen(listen, protection)) {
            problems.add("listen", error);
        }
        Callers { transport, access: self.access(tokens, problems) }
    }

    fn tls(&self, tokens: bool, problems: &mut Problems<'_>) -> Option<Arc<Tls>> {
        let asked = if tokens { ClientCertificates::Optional } else { ClientCertificates::Required };
        match (&self.tls_cert, &self.tls_key) {
            (Some(certificate), Some(key)) => {
                let client_authorities = self.tls_client_ca.clone();
                let files = TlsFiles { certificate: certificate.clone(), key: key.clone(), client_authorities };
                match Tls::load(files, asked, clock::system) {
                    Ok(tls) => return Some(Arc::new(tls)),
                    Err(error) => problems.add("callers.tls_cert", error),
                }
            }
            (Some(_), None) => problems.add("callers.tls_cert", "needs tls_key"),
            (None, Some(_)) => problems.add("callers.tls_key", "needs tls_cert"),
            (None, None) if self.tls_client_ca.is_some() => {
                problems.add("callers.tls_client_ca", "needs tls_cert and tls_key")
            }
            (None, None) => {}
        }
        None
    }

    fn access(&self, tokens: bool, problems: &mut Problems<'_>) -> AccessSettings {
        let certificates = self.certificates(problems);
        let defaults = Rates::default();
        let rates = Rates {
            calls_per_second: self.calls_per_second.unwrap_or(defaults.calls_per_second),
            reports_per_second: self.reports_per_second.unwrap_or(defaults.reports_per_second),
            ..defaults
        };
        let access = AccessSettings { tokens, certificates, log: None, rates };
        if let Err(error) = Access::new(&access) {
            problems.add("callers.auth_certificates", error);
        }
        AccessSettings { log: self.access_log.clone(), ..access }
    }

    fn certificates(&self, problems: &mut Problems<'_>) -> Vec<CertificateSettings> {
        let Some(file) = &self.auth_certificates else { return Vec::new() };
        if self.tls_client_ca.is_none() {
            problems.add("callers.auth_certificates", "needs tls_client_ca: else no certificate is asked for");
        }
        let name = file.display();
        let text = std::fs::read_to_string(file).map_err(|error| format!("{name}: {error}"));
        let read = text.and_then(|text| serde_json::from_str(&text).map_err(|error| format!("{name}: {error}")));
        read.unwrap_or_else(|problem| {
            problems.add("callers.auth_certificates", problem);
            Vec::new()
        })
    }
}
