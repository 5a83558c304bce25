//! What a client shows a service, and which services it trusts: certificates from
//! files, a token. Secrets are in no `Debug` output and in no error.

use std::fmt;
use std::path::Path;
use std::sync::Arc;

use tokio_rustls::rustls::client::Resumption;
use tokio_rustls::rustls::sign::{CertifiedKey, SingleCertAndKey};
use tokio_rustls::rustls::{ClientConfig, Error as RustlsError, RootCertStore};
use tonic::metadata::{Ascii, MetadataValue};
use tonic::service::Interceptor;
use tonic::{Request, Status};

use super::ClientError;
use crate::certificates::{self, FileText, provider};
use crate::words::Timestamp;

/// What a client shows a service, and which services it trusts.
#[derive(Clone, Default)]
pub struct Credentials {
    authorities: Option<Arc<RootCertStore>>,
    identity: Option<CertifiedKey>,
    token: Bearer,
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (authorities, identity, token) = (self.authorities.is_some(), self.identity.is_some(), self.has_token());
        let mut told = f.debug_struct("Credentials");
        told.field("authorities", &authorities).field("identity", &identity).field("token", &token).finish()
    }
}

impl Credentials {
    /// Nothing shown, nobody trusted: enough for a service on this machine.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Trusts services that an authority in this file vouches for.
    ///
    /// # Errors
    /// [`ClientError::File`] if it is no such file.
    pub fn with_authorities(self, file: &Path, now: Timestamp) -> Result<Self, ClientError> {
        let authorities = certificates::authorities(&FileText::read(file)?, now)?;
        Ok(Self { authorities: Some(Arc::new(authorities)), ..self })
    }

    /// Shows this certificate.
    ///
    /// # Errors
    /// [`ClientError::File`] if a file is not what it should be.
    pub fn with_identity(self, certificate: &Path, key: &Path, now: Timestamp) -> Result<Self, ClientError> {
        let (certificate, key) = (FileText::read(certificate)?, FileText::read(key)?);
        let identity = certificates::identity(&certificate, &key, now)?;
        Ok(Self { identity: Some(identity), ..self })
    }

    /// Shows this token with every call; space and line ends around it do not count.
    ///
    /// # Errors
    /// [`ClientError::Credentials`], which does not repeat what was given.
    pub fn with_token(self, token: &str) -> Result<Self, ClientError> {
        let token = token.trim();
        let malformed = || ClientError::Credentials("the token is empty, or has characters no token has".to_owned());
        if token.is_empty() || !token.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(malformed());
        }
        let mut value = MetadataValue::try_from(format!("Bearer {token}")).map_err(|_| malformed())?;
        value.set_sensitive(true);
        Ok(Self { token: Bearer(Some(value)), ..self })
    }

    /// Shows the token that is all there is in this file.
    ///
    /// # Errors
    /// [`ClientError::Credentials`], which names the file and not what is in it.
    pub fn with_token_file(self, file: &Path) -> Result<Self, ClientError> {
        let name = file.display();
        let text = std::fs::read_to_string(file)
            .map_err(|error| ClientError::Credentials(format!("{name}: it cannot be read: {error}")))?;
        self.with_token(&text).map_err(|error| ClientError::Credentials(format!("{name}: {error}")))
    }

    /// Whether there is a token that could be overheard.
    #[must_use]
    pub fn has_token(&self) -> bool {
        self.token.0.is_some()
    }

    pub(super) fn bearer(&self) -> Bearer {
        self.token.clone()
    }

    /// What TLS with a service is agreed on with; none in plain text. Certificates go
    /// with https, and https with somebody who is trusted.
    pub(super) fn tls(&self, server: &str, scheme: Option<&str>) -> Result<Option<ClientConfig>, ClientError> {
        let wrong = |problem: &str| Err(ClientError::Credentials(format!("{server}: {problem}")));
        match (scheme, &self.authorities) {
            (Some("https"), Some(authorities)) => self.config(authorities).map(Some).map_err(|error| {
                // the versions of TLS the cryptography does not have
                ClientError::Handshake(super::Handshake::Other(error))
            }),
            (Some("https"), None) => {
                wrong("https needs --ca FILE, the authority that vouches for the service 需要 --ca")
            }
            // whoever names certificates does not expect to be overheard
            _ if self.authorities.is_some() || self.identity.is_some() => {
                wrong("certificates are given, so the address must begin with https 地址应以 https 开头")
            }
            _ => Ok(None),
        }
    }

    fn config(&self, authorities: &Arc<RootCertStore>) -> Result<ClientConfig, RustlsError> {
        let builder =
            ClientConfig::builder_with_provider(Arc::new(provider())).with_safe_default_protocol_versions()?;
        let builder = builder.with_root_certificates(Arc::clone(authorities));
        let mut config = match &self.identity {
            Some(identity) => builder.with_client_cert_resolver(Arc::new(SingleCertAndKey::from(identity.clone()))),
            None => builder.with_no_client_auth(),
        };
        config.alpn_protocols = vec![b"h2".to_vec()];
        config.resumption = Resumption::disabled();
        Ok(config)
    }
}

/// Adds the token to every call.
#[derive(Clone, Default)]
pub struct Bearer(Option<MetadataValue<Ascii>>);

impl fmt::Debug for Bearer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_some() { "Bearer(…)" } else { "Bearer(none)" })
    }
}

impl Interceptor for Bearer {
    fn call(&mut self, mut request: Request<()>) -> Result<Request<()>, Status> {
        if let Some(token) = &self.0 {
            request.metadata_mut().insert("authorization", token.clone());
        }
        Ok(request)
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use tonic::Request;
    use tonic::service::Interceptor as _;

    use super::Credentials;
    use crate::client::ClientError;

    #[test]
    fn a_token_goes_with_every_call_and_into_no_output() {
        let credentials = Credentials::new().with_token(" crossfoot_secret\n").unwrap();
        let request = credentials.bearer().call(Request::new(())).unwrap();
        let sent = request.metadata().get("authorization").unwrap();
        assert_eq!(sent.to_str().unwrap(), "Bearer crossfoot_secret");
        assert!(sent.is_sensitive());
        assert!(!format!("{credentials:?} {:?} {request:?}", credentials.bearer()).contains("secret"));
        assert!(Credentials::new().bearer().call(Request::new(())).unwrap().metadata().is_empty());
    }

    #[test]
    fn what_is_no_token_is_refused_without_being_repeated() {
        for wrong in ["", " \n", "two secrets", "geheim-ü", "secret\nsecret"] {
            let error = Credentials::new().with_token(wrong).unwrap_err().to_string();
            assert!(!error.contains("secret") && !error.contains("geheim"), "{error}");
        }
        let error = Credentials::new().with_token_file(Path::new("/no/such/token")).unwrap_err();
        assert!(error.to_string().starts_with("/no/such/token: "), "{error}");
    }

    #[test]
    fn an_address_that_does_not_fit_what_is_shown_is_refused_before_anything_is_sent() {
        let told = Credentials::new().tls("https://127.0.0.1:7007", Some("https")).unwrap_err();
        assert!(matches!(&told, ClientError::Credentials(told) if told.contains("--ca")), "{told}");
        assert!(Credentials::new().tls("http://127.0.0.1:7007", Some("http")).unwrap().is_none());
    }
}
