//! `crossfoot.v1.AdminService`.

use std::io;
use std::pin::Pin;
use std::sync::Arc;

use tokio::sync::{Semaphore, mpsc};
use tokio_stream::Stream;
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Request, Response, Status};

use super::call::{Call, Refusal};
use super::convert::{at_from_pb, count, time_from_pb};
use super::grants::{grant_from_pb, token_to_pb};
use super::paging;
use super::status::{from_submit, full, invalid};
use crate::domain::access::Subject;
use crate::domain::event::TokenId;
use crate::ingest::{Desk, NewToken, SubmitError};
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
struct PieceWriter(Pieces, Arc<Call>);

impl io::Write for PieceWriter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if !self.1.is_live() {
            return Err(io::ErrorKind::PermissionDenied.into());
        }
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

    async fn back_up(&self, request: Request<pb::BackUpRequest>) -> Result<Response<Self::BackUpStream>, Status> {
        let (call, pb::BackUpRequest {}) = Call::open(request)?;
        call.may(Subject::NoUnit)?;
        let place = Arc::clone(&self.backups).try_acquire_owned().map_err(|_| full("backups"))?;
        let (pieces, waiting) = mpsc::channel(limits::BACKUP_PIECES);
        let desk = Arc::clone(&self.desk);
        tokio::task::spawn_blocking(move || {
            let _place = place;
            let writer = PieceWriter(pieces.clone(), Arc::clone(&call));
            let out = io::BufWriter::with_capacity(limits::BACKUP_PIECE_BYTES, writer);
            let last = match desk.back_up(out) {
                Ok((position, _)) => Ok(pb::BackUpResponse { piece: Vec::new(), position: count(position.0) }),
                Err(_) if !call.is_live() => Err(Refusal::Unauthenticated.into()),
                Err(error) => Err(from_submit(&SubmitError::unreadable(error))),
            };
            // the caller may be gone
            let _ = pieces.blocking_send(last);
        });
        Ok(Response::new(Box::pin(ReceiverStream::new(waiting))))
    }

    async fn get_status(
        &self,
        request: Request<pb::GetStatusRequest>,
    ) -> Result<Response<pb::GetStatusResponse>, Status> {
        let (call, pb::GetStatusRequest {}) = Call::open(request)?;
        call.may(Subject::NoUnit)?;
        let mirror = self.desk.mirror().map(|MirrorStatus { path, position, problem }| pb::MirrorStatus {
            path: path.display().to_string(),
            position: count(position.0),
            problem: problem.unwrap_or_default(),
        });
        Ok(Response::new(pb::GetStatusResponse { position: count(self.desk.head().0), mirror }))
    }

    async fn issue_token(
        &self,
        request: Request<pb::IssueTokenRequest>,
    ) -> Result<Response<pb::IssueTokenResponse>, Status> {
        let (call, pb::IssueTokenRequest { principal, grants, expires, reason }) = Call::open(request)?;
        call.may(Subject::NoUnit)?;
        let grants = grants.into_iter().map(grant_from_pb).collect::<Result<_, Status>>()?;
        let expires = time_from_pb("expires", expires)?;
        let new = NewToken { principal: principal.into(), grants, expires, reason };
        let issued = self.desk.issue_token(new, call.principal()).await;
        let (secret, token) = issued.map_err(|error| from_submit(&error))?;
        Ok(Response::new(pb::IssueTokenResponse {
            position: count(token.issued.position.0),
            token: Some(token_to_pb(&token)),
            secret: secret.reveal().to_owned(),
        }))
    }

    async fn list_tokens(
        &self,
        request: Request<pb::ListTokensRequest>,
    ) -> Result<Response<pb::ListTokensResponse>, Status> {
        let (call, pb::ListTokensRequest { page_size, page_token, at_position }) = Call::open(request)?;
        call.may(Subject::NoUnit)?;
        let at = at_from_pb(at_position)?;
        let after = TokenId(paging::number(&page_token)?.unwrap_or(0));
        let size = paging::size(page_size)?;
        let listed = self.desk.tokens(after, size.saturating_add(1), at);
        let (position, tokens) = listed.map_err(|error| from_submit(&error))?;
        let (tokens, next_page_token) = paging::split(tokens, size, |token| token.id.0.to_string());
        let tokens = tokens.iter().map(token_to_pb).collect();
        Ok(Response::new(pb::ListTokensResponse { position: count(position.0), tokens, next_page_token }))
    }

    async fn revoke_token(
        &self,
        request: Request<pb::RevokeTokenRequest>,
    ) -> Result<Response<pb::RevokeTokenResponse>, Status> {
        let (call, pb::RevokeTokenRequest { id, reason }) = Call::open(request)?;
        call.may(Subject::NoUnit)?;
        let id = u32::try_from(id).map_err(|_| invalid("id", "tokens count from 1"))?;
        let revoked = self.desk.revoke_token(TokenId(id), reason, call.principal()).await;
        let position = revoked.map_err(|error| from_submit(&error))?;
        Ok(Response::new(pb::RevokeTokenResponse { position: count(position.0) }))
    }
}
