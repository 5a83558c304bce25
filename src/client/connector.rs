//! The way to a service over TLS.
//!
//! With TLS 1.3 a service looks at our certificate after we took its own. So a
//! connection counts as made when the service has said something over it; else its no
//! would come with the first call, or be lost.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use hyper_util::rt::TokioIo;
use tokio::io::AsyncBufReadExt as _;
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::ClientConfig;
use tokio_rustls::rustls::pki_types::ServerName;
use tonic::transport::{Channel, Endpoint, Error, Uri};
use tower::service_fn;

use super::PATIENCE;

/// Connects; does so again when the connection is lost.
pub(super) async fn connect(endpoint: Endpoint, tls: ClientConfig) -> Result<Channel, Error> {
    let connector = TlsConnector::from(Arc::new(tls));
    let connect = move |address: Uri| {
        let connector = connector.clone();
        async move { Ok::<_, io::Error>(TokioIo::new(over_tls(&connector, &address).await?)) }
    };
    endpoint.connect_with_connector(service_fn(connect)).await
}

async fn over_tls(connector: &TlsConnector, address: &Uri) -> io::Result<TlsStream<TcpStream>> {
    const HTTPS: u16 = 443;
    let host = address.host().unwrap_or_default().trim_start_matches('[').trim_end_matches(']');
    let name =
        ServerName::try_from(host.to_owned()).map_err(|error| io::Error::new(io::ErrorKind::InvalidInput, error))?;
    let patiently = |_| io::Error::from(io::ErrorKind::TimedOut);
    let io = TcpStream::connect((host, address.port_u16().unwrap_or(HTTPS)));
    let io = timeout(PATIENCE, io).await.map_err(patiently)??;
    io.set_nodelay(true)?;
    let mut stream = timeout(PATIENCE, connector.connect(name, io)).await.map_err(patiently)??;
    wait_for_a_word(&mut stream).await?;
    Ok(stream)
}

/// Waits until the service has said something; nothing of it is taken. The settings of
/// HTTP/2 are said at once; some proxies wait for ours first, so they are not insisted on.
async fn wait_for_a_word(stream: &mut TlsStream<TcpStream>) -> io::Result<()> {
    const AT_ONCE: Duration = Duration::from_secs(1);
    match timeout(AT_ONCE, stream.fill_buf()).await {
        Ok(Ok([])) => Err(io::ErrorKind::UnexpectedEof.into()),
        Ok(Err(error)) => Err(error),
        Ok(Ok(_)) | Err(_) => Ok(()),
    }
}
