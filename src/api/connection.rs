//! Who is at the other end of a connection, as far as the connection tells. What the
//! other end may do is not decided here.

use std::net::SocketAddr;
use std::sync::Arc;

use x509_parser::extensions::GeneralName;
use x509_parser::parse_x509_certificate;

use crate::words::{Digest, Timestamp};

/// The other end of a connection; in the extensions of every request.
#[derive(Debug, Clone)]
pub struct Connection {
    /// Its address.
    pub peer: SocketAddr,
    /// What it showed and was verified; none without TLS, or where none was shown.
    pub certificate: Option<Arc<ClientCertificate>>,
}

/// A certificate that an authority we trust vouches for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientCertificate {
    /// Every URI and DNS name of its subjectAltName, in its order.
    pub names: Vec<String>,
    /// SHA-256 of the certificate as it was sent (DER).
    pub fingerprint: Digest,
    /// When its time is over: a connection may last longer.
    pub not_after: Timestamp,
}

impl ClientCertificate {
    /// Reads what matters of a certificate; none if it is damaged.
    pub(super) fn read(der: &[u8]) -> Option<Self> {
        const MICROSECONDS: i64 = 1_000_000;
        let (_, parsed) = parse_x509_certificate(der).ok()?;
        let alternative = parsed.subject_alternative_name().ok()?;
        let names = alternative.iter().flat_map(|extension| &extension.value.general_names);
        let names = names.filter_map(|name| match name {
            GeneralName::URI(name) | GeneralName::DNSName(name) => Some((*name).to_owned()),
            GeneralName::OtherName(..)
            | GeneralName::RFC822Name(_)
            | GeneralName::X400Address(_)
            | GeneralName::DirectoryName(_)
            | GeneralName::EDIPartyName(_)
            | GeneralName::IPAddress(_)
            | GeneralName::RegisteredID(_)
            | GeneralName::Invalid(..) => None,
        });
        let not_after = parsed.validity().not_after.timestamp().saturating_mul(MICROSECONDS);
        Some(Self { names: names.collect(), fingerprint: Digest::of(&[der]), not_after: Timestamp(not_after) })
    }
}
