//! What a client shows a service, and which services it trusts: certificates from
//! files, a token. Secrets are in no `Debug` output and in no error.

use std::fmt;
use std::path::Path;

use tonic::metadata::{Ascii, MetadataValue};
use tonic::service::Interceptor;
use tonic::transport::{ClientTlsConfig, Endpoint, Identity};
use tonic::{Request, Status};

use super::{ClientError, PATIENCE};
use crate::certificates::{self, FileText};
use crate::words::Timestamp;

/// What a client shows a service, and which services it trusts.
#[derive(Clone, Default)]
pub struct Credentials {
    tls: Option<ClientTlsConfig>,
    trusts: bool,
    token: Bearer,
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (tls, token) = (self.tls.is_some(), self.has_token());
        f.debug_struct("Credentials").field("tls", &tls).field("token", &token).finish_non_exhaustive()
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
        let tls = self.tls.unwrap_or_default().trust_anchors(authorities.roots);
        Ok(Self { tls: Some(tls), trusts: true, ..self })
    }

    /// Shows this certificate.
    ///
    /// # Errors
    /// [`ClientError::File`] if a file is not what it should be.
    pub fn with_identity(self, certificate: &Path, key: &Path, now: Timestamp) -> Result<Self, ClientError> {
        let (certificate, key) = (FileText::read(certificate)?, FileText::read(key)?);
        certificates::identity(&certificate, &key, now)?;
        let tls = self.tls.unwrap_or_default().identity(Identity::from_pem(certificate.bytes(), key.bytes()));
        Ok(Self { tls: Some(tls), ..self })
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

    /// The way to a service: TLS where the address says so, and only there.
    pub(super) fn endpoint(&self, server: &str) -> Result<Endpoint, ClientError> {
        let endpoint = Endpoint::from_shared(server.to_owned()).map_err(|_| ClientError::Address(server.to_owned()))?;
        let endpoint = endpoint.connect_timeout(PATIENCE).tcp_nodelay(true);
        let wrong = |problem: &str| Err(ClientError::Credentials(format!("{server}: {problem}")));
        match (endpoint.uri().scheme_str(), &self.tls) {
            (Some("https"), Some(tls)) if self.trusts => {
                let with_tls = endpoint.tls_config(tls.clone().timeout(PATIENCE));
                with_tls.map_err(|error| ClientError::Unreachable(server.to_owned(), error))
            }
            (Some("https"), _) => wrong("https needs --ca FILE, the authority that vouches for the service 需要 --ca"),
            // whoever names certificates does not expect to be overheard
            (_, Some(_)) => wrong("certificates are given, so the address must begin with https 地址应以 https 开头"),
            (_, None) => Ok(endpoint),
        }
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
        let told = |server: &str| match Credentials::new().endpoint(server) {
            Err(ClientError::Credentials(told)) => told,
            other => panic!("{other:?}"),
        };
        assert!(told("https://127.0.0.1:7007").contains("--ca"));
        assert!(Credentials::new().endpoint("http://127.0.0.1:7007").is_ok());
        assert!(matches!(Credentials::new().endpoint("no address"), Err(ClientError::Address(_))));
    }
}
