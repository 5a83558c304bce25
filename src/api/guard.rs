//! The accept loop: so many connections, none of them silent, all of them ended.
//!
//! A connection that says nothing at first is closed, as is every one that is
//! still open when the service has ended.

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};
use tokio::task::JoinHandle;
use tokio::time::Sleep;
use tokio_stream::wrappers::ReceiverStream;
use tokio_util::sync::{CancellationToken, WaitForCancellationFutureOwned};
use tonic::transport::server::{Connected, TcpConnectInfo};

use super::server::Capacity;

/// A connection under guard.
pub(super) struct Guarded {
    io: TcpStream,
    _place: OwnedSemaphorePermit,
    ended: Pin<Box<WaitForCancellationFutureOwned>>,
    /// Until something was said.
    silent: Option<Pin<Box<Sleep>>>,
}

/// Accepts connections until told to stop, in a task that is given too; `end` then
/// closes those still open.
pub(super) fn accept(
    listener: TcpListener,
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
            let io = match io {
                Ok((io, _)) => io,
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
            let ended = Box::pin(end.clone().cancelled_owned());
            if accepted.send(Ok(Guarded { io, _place: place, ended, silent })).await.is_err() {
                return;
            }
        }
    });
    (ReceiverStream::new(incoming), accepting)
}

impl Guarded {
    fn check(&mut self, context: &mut Context<'_>) -> io::Result<()> {
        if self.ended.as_mut().poll(context).is_ready() {
            return Err(io::ErrorKind::ConnectionAborted.into());
        }
        Ok(())
    }
}

impl Connected for Guarded {
    type ConnectInfo = TcpConnectInfo;

    fn connect_info(&self) -> TcpConnectInfo {
        self.io.connect_info()
    }
}

impl AsyncRead for Guarded {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.check(context)?;
        if self.silent.as_mut().is_some_and(|silent| silent.as_mut().poll(context).is_ready()) {
            return Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
        }
        let read = Pin::new(&mut self.io).poll_read(context, buffer);
        if read.is_ready() {
            self.silent = None;
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
