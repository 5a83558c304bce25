//! The accept loop: so many connections, none of them silent, all of them ended.
//!
//! A connection that says nothing at first is closed, as is every one that is
//! still open when the service has ended. With TLS the handshake is part of that
//! first time, and is done beside the loop: a slow one stops nobody else.

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};
use tokio::task::JoinHandle;
use tokio::time::Sleep;
use tokio_rustls::server::TlsStream;
use tokio_stream::wrappers::ReceiverStream;
use tokio_util::either::Either;
use tokio_util::sync::{CancellationToken, WaitForCancellationFutureOwned};
use tonic::transport::server::Connected;

use super::capacity::Capacity;
use super::connection::Connection;
use super::handshake;
use super::tls::Tls;

/// A connection under guard.
pub(super) struct Guarded {
    io: Either<TcpStream, Box<TlsStream<TcpStream>>>,
    connection: Connection,
    guard: Guard,
}

/// What keeps a connection within bounds.
struct Guard {
    _place: OwnedSemaphorePermit,
    ended: Pin<Box<WaitForCancellationFutureOwned>>,
    /// Until something was said.
    silent: Option<Pin<Box<Sleep>>>,
}

/// Accepts connections until told to stop, in a task that is given too; `end` then
/// closes those still open.
pub(super) fn accept(
    listener: TcpListener,
    tls: Option<Arc<Tls>>,
    capacity: Capacity,
    stop: CancellationToken,
    end: CancellationToken,
) -> (ReceiverStream<io::Result<Guarded>>, JoinHandle<()>) {
    const WAITING: usize = 16;
    let (accepted, incoming) = mpsc::channel(WAITING);
    let places = Arc::new(Semaphore::new(capacity.connections));
    let accepting = tokio::spawn(async move {
        loop {
            // further connections wait in the system's own queue
            let Ok(place) = Arc::clone(&places).acquire_owned().await else { return };
            let io = tokio::select! {
                io = listener.accept() => io,
                () = stop.cancelled() => return,
            };
            let (io, peer) = match io {
                Ok(come) => come,
                Err(error) => {
                    // out of descriptors, or gone before it was taken
                    tracing::warn!(error = %error, "a connection could not be accepted");
                    tokio::task::yield_now().await;
                    continue;
                }
            };
            // 44 ms a call without TCP_NODELAY
            let _ = io.set_nodelay(true);
            let silent = Some(Box::pin(tokio::time::sleep(capacity.first_byte)));
            let guard = Guard { _place: place, ended: Box::pin(end.clone().cancelled_owned()), silent };
            if let Some(tls) = &tls {
                tokio::spawn(over_tls(Arc::clone(tls), io, peer, guard, accepted.clone(), stop.clone()));
                continue;
            }
            let connection = Connection { peer, certificate: None };
            if accepted.send(Ok(Guarded { io: Either::Left(io), connection, guard })).await.is_err() {
                return;
            }
        }
    });
    (ReceiverStream::new(incoming), accepting)
}

/// Passes a connection on once both ends agree on TLS; it may not take longer than it
/// may be silent.
async fn over_tls(
    tls: Arc<Tls>,
    io: TcpStream,
    peer: SocketAddr,
    mut guard: Guard,
    accepted: mpsc::Sender<io::Result<Guarded>>,
    stop: CancellationToken,
) {
    let Some(silent) = &mut guard.silent else { return };
    let agreed = tokio::select! {
        agreed = handshake::agree(tls.acceptor(), io, peer) => agreed,
        () = silent => Err(io::ErrorKind::TimedOut.into()),
        () = stop.cancelled() => return,
    };
    match agreed {
        Ok((stream, connection)) => {
            // whoever would take it may have stopped
            let _ = accepted.send(Ok(Guarded { io: Either::Right(stream), connection, guard })).await;
        }
        Err(error) => tracing::info!(connection.peer = %peer, error = %error, "no TLS with a connection; it is closed"),
    }
}

impl Guarded {
    fn check(&mut self, context: &mut Context<'_>) -> io::Result<()> {
        if self.guard.ended.as_mut().poll(context).is_ready() {
            return Err(io::ErrorKind::ConnectionAborted.into());
        }
        Ok(())
    }
}

impl Connected for Guarded {
    type ConnectInfo = Connection;

    fn connect_info(&self) -> Connection {
        self.connection.clone()
    }
}

impl AsyncRead for Guarded {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.check(context)?;
        if self.guard.silent.as_mut().is_some_and(|silent| silent.as_mut().poll(context).is_ready()) {
            return Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
        }
        let read = Pin::new(&mut self.io).poll_read(context, buffer);
        if read.is_ready() {
            self.guard.silent = None;
        }
        read
    }
}

impl AsyncWrite for Guarded {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.check(context)?;
        Pin::new(&mut self.io).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_shutdown(context)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        pieces: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.check(context)?;
        Pin::new(&mut self.io).poll_write_vectored(context, pieces)
    }

    fn is_write_vectored(&self) -> bool {
        self.io.is_write_vectored()
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;
    use std::path::{Path, PathBuf};

    use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair, SanType};
    use tokio_rustls::TlsConnector;
    use tokio_rustls::rustls::ClientConfig;
    use tokio_rustls::rustls::sign::SingleCertAndKey;
    use tokio_stream::StreamExt as _;

    use super::*;
    use crate::api::{ClientCertificate, ClientCertificates, TlsFiles};
    use crate::certificates::{FileText, authorities, identity, provider};
    use crate::words::{Digest, Timestamp, clock};

    /// An authority, and a certificate from it for both ends, in files of a folder.
    fn files(folder: &Path) -> TlsFiles {
        let write = |name: &str, text: String| -> PathBuf {
            std::fs::write(folder.join(name), text).unwrap();
            folder.join(name)
        };
        let mut authority = CertificateParams::new(Vec::new()).unwrap();
        authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().unwrap();
        let client_authorities = Some(write("authority.pem", authority.self_signed(&key).unwrap().pem()));
        let issuer = Issuer::new(authority, key);
        let mut params = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
        params.distinguished_name.push(rcgen::DnType::CommonName, "C-1");
        params.not_after = rcgen::date_time_ymd(2050, 1, 1);
        let unit = "urn:crossfoot:unit:C-1".try_into().unwrap();
        let mail = "nobody@localhost".try_into().unwrap();
        params.subject_alt_names.extend([SanType::URI(unit), SanType::Rfc822Name(mail)]);
        let key = KeyPair::generate().unwrap();
        let certificate = write("both.pem", params.signed_by(&key, &issuer).unwrap().pem());
        TlsFiles { certificate, key: write("both.key", key.serialize_pem()), client_authorities }
    }

    #[tokio::test]
    async fn a_connection_tells_whose_certificate_was_verified() {
        let folder = tempfile::tempdir().unwrap();
        let files = files(folder.path());
        let tls = Tls::load(files.clone(), ClientCertificates::Optional, clock::system).unwrap();
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let (stop, end) = (CancellationToken::new(), CancellationToken::new());
        let (mut incoming, _) = accept(listener, Some(Arc::new(tls)), Capacity::default(), stop, end);

        let read = |file: &Path| FileText::read(file).unwrap();
        let roots = authorities(&read(files.client_authorities.as_deref().unwrap()), clock::system()).unwrap();
        let shown = identity(&read(&files.certificate), &read(&files.key), clock::system()).unwrap();
        let der = shown.cert[0].to_vec();
        let builder = ClientConfig::builder_with_provider(Arc::new(provider()));
        let builder = builder.with_safe_default_protocol_versions().unwrap().with_root_certificates(roots);
        let with = builder.clone().with_client_cert_resolver(Arc::new(SingleCertAndKey::from(shown)));
        let without = builder.with_no_client_auth();
        let mut told = Vec::new();
        for config in [with, without] {
            let io = TcpStream::connect(address).await.unwrap();
            let peer = io.local_addr().unwrap();
            let name = "localhost".try_into().unwrap();
            let _open = TlsConnector::from(Arc::new(config)).connect(name, io).await.unwrap();
            let Connection { peer: seen, certificate } = incoming.next().await.unwrap().unwrap().connect_info();
            assert_eq!(seen, peer);
            told.push(certificate.as_deref().cloned());
        }
        let expected = ClientCertificate {
            names: vec!["localhost".to_owned(), "urn:crossfoot:unit:C-1".to_owned()],
            fingerprint: Digest::of(&[&der]),
            not_after: Timestamp(2_524_608_000_000_000),
        };
        assert_eq!(told, [Some(expected), None]);
    }
}
