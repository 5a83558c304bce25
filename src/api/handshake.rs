//! The TLS handshake of one new connection, in a task of its own.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

use super::connection::{ClientCertificate, Connection};

/// Agrees on TLS with whoever connected, or gives the reason why not; then whoever
/// connected was told it too, as far as TLS has words for it.
pub(super) async fn agree(
    acceptor: TlsAcceptor,
    io: TcpStream,
    peer: SocketAddr,
) -> io::Result<(Box<TlsStream<TcpStream>>, Connection)> {
    let stream = match acceptor.accept(io).into_fallible().await {
        Ok(stream) => stream,
        Err((error, io)) => {
            turn_away(io).await;
            return Err(error);
        }
    };
    let shown = stream.get_ref().1.peer_certificates().and_then(|chain| chain.first());
    let certificate = match shown {
        None => None,
        Some(der) => {
            let damaged = || io::Error::new(io::ErrorKind::InvalidData, "the certificate's names cannot be read");
            Some(Arc::new(ClientCertificate::read(der).ok_or_else(damaged)?))
        }
    };
    Ok((Box::new(stream), Connection { peer, certificate }))
}

/// Waits until the other end has closed as well. A socket that is dropped with unread
/// bytes in it resets the connection, and the alert that says why may never be read.
async fn turn_away(mut io: TcpStream) {
    const PIECE: usize = 1_024;
    let mut rest = [0; PIECE];
    if io.shutdown().await.is_ok() {
        while matches!(io.read(&mut rest).await, Ok(read) if read > 0) {}
    }
}
