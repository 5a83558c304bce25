//! Where the service is, and what is shown to it: the same for every command.

use std::path::PathBuf;

use super::output;
use crate::certificates::readable_by_others;
use crate::client::{Client, ClientError, Credentials};
use crate::words::clock;

/// Where the service is, and what is shown to it. A token is never an argument:
/// arguments are seen by everybody on the machine.
#[derive(Debug, Clone, clap::Args)]
pub(super) struct ServerArg {
    /// Address of the service
    #[arg(long, env = "CROSSFOOT_SERVER", default_value = "http://127.0.0.1:7007")]
    server: String,
    /// Authority that vouches for the service, PEM; for an address that begins with https
    #[arg(long, env = "CROSSFOOT_CA", value_name = "FILE")]
    ca: Option<PathBuf>,
    /// Certificate to show the service, PEM
    #[arg(long, env = "CROSSFOOT_CERT", value_name = "FILE", requires = "key")]
    cert: Option<PathBuf>,
    /// Key of the certificate, PEM
    #[arg(long, env = "CROSSFOOT_KEY", value_name = "FILE", requires = "cert")]
    key: Option<PathBuf>,
    /// File with a token to show the service; else that in CROSSFOOT_TOKEN
    #[arg(long, value_name = "FILE")]
    token_file: Option<PathBuf>,
}

impl ServerArg {
    /// A client that shows what was given.
    pub(super) async fn connect(&self) -> Result<Client, ClientError> {
        let credentials = self.credentials()?;
        if credentials.has_token() && !self.server.starts_with("https:") && !self.is_this_machine() {
            output::note(&format!("{}: the token travels in plain text 令牌将以明文传送", self.server));
        }
        for file in [&self.key, &self.token_file].into_iter().flatten().filter(|file| readable_by_others(file)) {
            output::note(&format!("{}: others can read this file; chmod 600 其他用户可读", file.display()));
        }
        Client::connect_with(&self.server, &credentials).await
    }

    fn credentials(&self) -> Result<Credentials, ClientError> {
        let mut credentials = Credentials::new();
        if let Some(file) = &self.ca {
            credentials = credentials.with_authorities(file, clock::system())?;
        }
        if let (Some(cert), Some(key)) = (&self.cert, &self.key) {
            credentials = credentials.with_identity(cert, key, clock::system())?;
        }
        if let Some(file) = &self.token_file {
            return credentials.with_token_file(file);
        }
        match std::env::var("CROSSFOOT_TOKEN") {
            Ok(token) if !token.trim().is_empty() => {
                let named = |error| ClientError::Credentials(format!("CROSSFOOT_TOKEN: {error}"));
                credentials.with_token(&token).map_err(named)
            }
            _ => Ok(credentials),
        }
    }

    fn is_this_machine(&self) -> bool {
        let host = self.server.parse::<tonic::transport::Uri>().ok();
        let host = host.as_ref().and_then(tonic::transport::Uri::host).unwrap_or_default();
        let address = host.trim_start_matches('[').trim_end_matches(']').parse::<std::net::IpAddr>();
        host == "localhost" || address.is_ok_and(|address| address.is_loopback())
    }
}
