//! Why client and service did not agree on TLS, in words for whoever called.

use std::error::Error;
use std::io;

use tokio_rustls::rustls::{AlertDescription, CertificateError, Error as RustlsError};

/// Why client and service did not agree.
#[derive(Debug, thiserror::Error)]
pub enum Handshake {
    /// The service wants to know who calls.
    #[error("the service asks for a certificate: give --cert and --key 服务要求出示证书")]
    NoCertificate,
    /// What was shown is over.
    #[error("the service refused our certificate: it has expired 证书已过期")]
    Expired,
    /// What was shown comes from elsewhere.
    #[error(
        "the service refused our certificate: it does not trust the authority that issued it 证书的签发机构不受信任"
    )]
    OtherAuthority,
    /// What was shown will not do for another reason.
    #[error("the service refused our certificate: {0:?} 证书未被接受")]
    Refused(AlertDescription),
    /// The service is not the one it should be.
    #[error("the service is not to be trusted: {0} 服务端证书不可信")]
    NotTrusted(String),
    /// The other end answers in another protocol.
    #[error("the service does not speak TLS; its address may begin with http:// 该地址不是 https")]
    NotTls,
    /// The other end answers in what may be TLS.
    #[error("no gRPC in plain text at this address; it may begin with https:// 该地址可能是 https")]
    NotPlain,
    /// Anything else.
    #[error("no TLS with the service: {0}")]
    Other(RustlsError),
}

#[expect(clippy::wildcard_enum_match_arm, reason = "lists of others, and they grow")]
impl From<&RustlsError> for Handshake {
    fn from(error: &RustlsError) -> Self {
        use AlertDescription as Alert;
        match error {
            RustlsError::AlertReceived(alert) => match alert {
                Alert::CertificateRequired => Self::NoCertificate,
                Alert::CertificateExpired => Self::Expired,
                Alert::UnknownCA => Self::OtherAuthority,
                Alert::BadCertificate
                | Alert::UnsupportedCertificate
                | Alert::CertificateRevoked
                | Alert::CertificateUnknown
                | Alert::AccessDenied
                | Alert::DecryptError => Self::Refused(*alert),
                _ => Self::Other(error.clone()),
            },
            RustlsError::InvalidCertificate(problem) => Self::NotTrusted(not_trusted(problem)),
            RustlsError::InvalidMessage(_) => Self::NotTls,
            _ => Self::Other(error.clone()),
        }
    }
}

fn not_trusted(problem: &CertificateError) -> String {
    if *problem == CertificateError::UnknownIssuer {
        "no authority in --ca vouches for it".to_owned()
    } else if matches!(problem, CertificateError::Expired | CertificateError::ExpiredContext { .. }) {
        "its certificate has expired".to_owned()
    } else {
        problem.to_string()
    }
}

/// The failure to agree that is behind an error, if one is.
pub(super) fn behind(error: &(dyn Error + 'static)) -> Option<Handshake> {
    /// How HTTP/2 takes an alert of TLS, where it expects the head of a frame.
    const TOO_LARGE: &str = "frame with invalid size";
    causes(error).find_map(|cause| match cause.downcast_ref::<RustlsError>() {
        Some(error) => Some(error.into()),
        None => cause.to_string().ends_with(TOO_LARGE).then_some(Handshake::NotPlain),
    })
}

/// What is behind an error, in its own words.
pub(super) fn root(error: &(dyn Error + 'static)) -> String {
    causes(error).last().map(ToString::to_string).unwrap_or_default()
}

/// An error, and what is behind it.
fn causes<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    std::iter::successors(Some(error), |error| cause(*error))
}

/// An I/O error gives the source of the error it holds as its own, and so leaves out
/// the one that matters.
fn cause<'a>(error: &'a (dyn Error + 'static)) -> Option<&'a (dyn Error + 'static)> {
    match error.downcast_ref::<io::Error>().and_then(io::Error::get_ref) {
        Some(held) => Some(held),
        None => error.source(),
    }
}
