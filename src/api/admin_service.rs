//! `crossfoot.v1.AdminService`.

use std::io;
use std::pin::Pin;
use std::sync::Arc;

use tokio::sync::{Semaphore, mpsc};
use tokio_stream::Stream;
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Request, Response, Status};

use super::convert::count;
use super::status::{from_submit, full};
use crate::ingest::{Desk, SubmitError};
use crate::ledger::MirrorStatus;
use crate::pb::crossfoot::v1::admin_service_server::AdminService;
use crate::pb::crossfoot::v1::{self as pb};
use crate::words::limits;

/// The service.
#[derive(Debug)]
pub(super) struct Admin {
    pub(super) desk: Arc<Desk>,
    /// Places for backups.
    pub(super) backups: Arc<Semaphore>,
}

type Pieces = mpsc::Sender<Result<pb::BackUpResponse, Status>>;

/// Sends what is written to it, piece by piece, as the caller takes them.
struct PieceWriter(Pieces);

impl io::Write for PieceWriter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let piece = pb::BackUpResponse { piece: bytes.to_vec(), position: 0 };
        self.0.blocking_send(Ok(piece)).map_err(|_| io::Error::from(io::ErrorKind::BrokenPipe))?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[tonic::async_trait]
impl AdminService for Admin {
    type BackUpStream = Pin<Box<dyn Stream<Item = Result<pb::BackUpResponse, Status>> + Send>>;

    async fn back_up(&self, _: Request<pb::BackUpRequest>) -> Result<Response<Self::BackUpStream>, Status> {
        let place = Arc::clone(&self.backups).try_acquire_owned().map_err(|_| full("backups"))?;
        let (pieces, waiting) = mpsc::channel(limits::BACKUP_PIECES);
        let desk = Arc::clone(&self.desk);
        tokio::task::spawn_blocking(move || {
            let _place = place;
            let out = io::BufWriter::with_capacity(limits::BACKUP_PIECE_BYTES, PieceWriter(pieces.clone()));
            let last = match desk.back_up(out) {
                Ok((position, _)) => Ok(pb::BackUpResponse { piece: Vec::new(), position: count(position.0) }),
                Err(error) => Err(from_submit(&SubmitError::Unreadable(error.to_string()))),
            };
            // the caller may be gone
            let _ = pieces.blocking_send(last);
        });
        Ok(Response::new(Box::pin(ReceiverStream::new(waiting))))
    }

    async fn get_status(&self, _: Request<pb::GetStatusRequest>) -> Result<Response<pb::GetStatusResponse>, Status> {
        let mirror = self.desk.mirror().map(|MirrorStatus { path, position, problem }| pb::MirrorStatus {
            path: path.display().to_string(),
            position: count(position.0),
            problem: problem.unwrap_or_default(),
        });
        Ok(Response::new(pb::GetStatusResponse { position: count(self.desk.head().0), mirror }))
    }
}
