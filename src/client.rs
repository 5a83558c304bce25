//! A client of the service, as the command line uses it.

mod connector;
mod credentials;
mod handshake;
mod pages;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use prost_reflect::{DescriptorPool, DynamicMessage};
use tokio::sync::mpsc;
use tokio_stream::Stream;
use tokio_stream::wrappers::ReceiverStream;
use tonic::service::interceptor::InterceptedService;
use tonic::transport::{Channel, Endpoint, Uri};
use tonic::{Code, Status, Streaming};
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_client::HealthClient;

pub use credentials::{Bearer, Credentials};
pub use handshake::Handshake;
pub use pages::{PAGE, every_page};

pub use crate::ledger::SignedStatement;
pub use crate::pb::Any;
pub use crate::pb::crossfoot::v1 as wire;

use crate::certificates::FileError;
use crate::domain::Token;
use crate::form::{DESCRIPTORS, Finding, Form, Localisation};
use crate::words::Timestamp;
use wire::admin_service_client::AdminServiceClient;
use wire::audit_service_client::AuditServiceClient;
use wire::form_service_client::FormServiceClient;
use wire::report_service_client::ReportServiceClient;
use wire::review_service_client::ReviewServiceClient;
use wire::rollup_service_client::RollupServiceClient;
use wire::unit_service_client::UnitServiceClient;

/// Bytes of an answer at most.
const ANSWER_BYTES: usize = 64 << 20;
/// How long a service may take to be reached, and as long to agree on TLS.
const PATIENCE: Duration = Duration::from_secs(5);

/// A connection whose calls carry what was given to show.
pub type Connection = InterceptedService<Channel, credentials::Bearer>;

/// Why a call had no answer.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// The address is no address.
    #[error("{0} is not an address like http://127.0.0.1:7007")]
    Address(String),
    /// A file of certificates or a key is not what it should be.
    #[error(transparent)]
    File(#[from] FileError),
    /// What was given to show, or to trust, does not do.
    #[error("{0}")]
    Credentials(String),
    /// Client and service did not agree on TLS.
    #[error("{0}")]
    Handshake(Handshake),
    /// Nobody answers.
    #[error("cannot reach {0}: {root}", root = handshake::root(.1))]
    Unreachable(String, tonic::transport::Error),
    /// The service refused the call.
    #[error("{}", .0.message())]
    Refused(Box<Status>),
    /// The service failed.
    #[error("the service failed: {}", .0.message())]
    Failed(Box<Status>),
    /// The service sent a form that does not compile.
    #[error("the service sent a form that cannot be used: {0}")]
    Form(String),
}

impl From<Status> for ClientError {
    fn from(status: Status) -> Self {
        // a connection that was lost is made anew by a call
        if let Some(failed) = handshake::behind(&status) {
            return Self::Handshake(failed);
        }
        match status.code() {
            Code::InvalidArgument
            | Code::NotFound
            | Code::AlreadyExists
            | Code::PermissionDenied
            | Code::FailedPrecondition
            | Code::OutOfRange
            | Code::Unauthenticated => Self::Refused(Box::new(status)),
            Code::Ok
            | Code::Cancelled
            | Code::Unknown
            | Code::DeadlineExceeded
            | Code::ResourceExhausted
            | Code::Aborted
            | Code::Unimplemented
            | Code::Internal
            | Code::Unavailable
            | Code::DataLoss => Self::Failed(Box::new(status)),
        }
    }
}

/// A connection.
#[derive(Debug, Clone)]
pub struct Client {
    channel: Connection,
    forms: HashMap<(String, i32), Arc<Form>>,
}

/// The way a stream of submissions is sent and answered.
#[derive(Debug)]
pub struct Submissions {
    /// Reports go in here; dropping it ends the stream.
    pub requests: mpsc::Sender<wire::SubmitReportsRequest>,
    /// Results come out here, in order.
    pub results: Streaming<wire::SubmitReportsResponse>,
}

impl Client {
    /// Connects to a server that asks for nothing.
    ///
    /// # Errors
    /// As for [`Client::connect_with`].
    pub async fn connect(server: &str) -> Result<Self, ClientError> {
        Self::connect_with(server, &Credentials::new()).await
    }

    /// Connects to a server.
    ///
    /// # Errors
    /// [`ClientError::Address`], [`ClientError::Credentials`] if they do not fit the
    /// address, [`ClientError::Handshake`] or [`ClientError::Unreachable`].
    pub async fn connect_with(server: &str, credentials: &Credentials) -> Result<Self, ClientError> {
        let address = || ClientError::Address(server.to_owned());
        let uri: Uri = server.parse().map_err(|_| address())?;
        let tls = credentials.tls(server, uri.scheme_str())?;
        let endpoint = Endpoint::from_shared(server.to_owned()).map_err(|_| address())?;
        let endpoint = endpoint.connect_timeout(PATIENCE).tcp_nodelay(true);
        let connected = match tls {
            Some(tls) => connector::connect(endpoint, tls).await,
            None => endpoint.connect().await,
        };
        let channel = connected.map_err(|error| match handshake::behind(&error) {
            Some(failed) => ClientError::Handshake(failed),
            None => ClientError::Unreachable(server.to_owned(), error),
        })?;
        let channel = InterceptedService::new(channel, credentials.bearer());
        Ok(Self { channel, forms: HashMap::new() })
    }

    fn reports(&self) -> ReportServiceClient<Connection> {
        ReportServiceClient::new(self.channel.clone()).max_decoding_message_size(ANSWER_BYTES)
    }

    fn rollups(&self) -> RollupServiceClient<Connection> {
        RollupServiceClient::new(self.channel.clone()).max_decoding_message_size(ANSWER_BYTES)
    }

    /// The service of rosters and units.
    #[must_use]
    pub fn unit_service(&self) -> UnitServiceClient<Connection> {
        UnitServiceClient::new(self.channel.clone()).max_decoding_message_size(ANSWER_BYTES)
    }

    /// The service of reviews and closed years.
    #[must_use]
    pub fn review_service(&self) -> ReviewServiceClient<Connection> {
        ReviewServiceClient::new(self.channel.clone()).max_decoding_message_size(ANSWER_BYTES)
    }

    /// The service that lists what was done.
    #[must_use]
    pub fn audit_service(&self) -> AuditServiceClient<Connection> {
        AuditServiceClient::new(self.channel.clone()).max_decoding_message_size(ANSWER_BYTES)
    }

    /// The service of totals.
    #[must_use]
    pub fn rollup_service(&self) -> RollupServiceClient<Connection> {
        self.rollups()
    }

    /// The form that judges a year; asked for once.
    ///
    /// # Errors
    /// [`ClientError`] if there is none.
    pub async fn form(&mut self, family: &str, year: i32) -> Result<Arc<Form>, ClientError> {
        let key = (family.to_owned(), year);
        if let Some(form) = self.forms.get(&key) {
            return Ok(Arc::clone(form));
        }
        let request = wire::GetFormRequest { family: family.to_owned(), year, ..wire::GetFormRequest::default() };
        let response = FormServiceClient::new(self.channel.clone()).get_form(request).await?.into_inner();
        let name = response.summary.map(|summary| summary.name).unwrap_or_default();
        let form = Form::from_descriptors(&response.descriptor_set, &name).map_err(ClientError::Form)?;
        let form = Arc::new(form);
        self.forms.insert(key, Arc::clone(&form));
        Ok(form)
    }

    /// Opens a stream of submissions.
    ///
    /// # Errors
    /// [`ClientError`] if it cannot be opened.
    pub async fn submissions(&self) -> Result<Submissions, ClientError> {
        const IN_FLIGHT: usize = 1_024;
        let (requests, waiting) = mpsc::channel(IN_FLIGHT);
        let results = self.submit_all(ReceiverStream::new(waiting)).await?;
        Ok(Submissions { requests, results })
    }

    /// Submits what comes out of a stream; results come in its order.
    ///
    /// # Errors
    /// [`ClientError`] if the call cannot be begun.
    pub async fn submit_all(
        &self,
        requests: impl Stream<Item = wire::SubmitReportsRequest> + Send + 'static,
    ) -> Result<Streaming<wire::SubmitReportsResponse>, ClientError> {
        Ok(self.reports().submit_reports(requests).await?.into_inner())
    }

    /// Asks for the health of the service.
    ///
    /// # Errors
    /// [`ClientError`] if it does not serve.
    pub async fn health(&self) -> Result<(), ClientError> {
        let mut health = HealthClient::new(self.channel.clone());
        Ok(health.check(HealthCheckRequest { service: String::new() }).await.map(drop)?)
    }

    /// Submits one report.
    ///
    /// # Errors
    /// [`ClientError`] if it was not judged.
    pub async fn submit(&self, request: wire::SubmitReportRequest) -> Result<wire::SubmissionResult, ClientError> {
        let response = self.reports().submit_report(request).await?.into_inner();
        Ok(response.result.unwrap_or_default())
    }

    /// Takes a report back.
    ///
    /// # Errors
    /// [`ClientError`] if it is not in effect.
    pub async fn withdraw(
        &self,
        request: wire::WithdrawReportRequest,
    ) -> Result<wire::WithdrawReportResponse, ClientError> {
        Ok(self.reports().withdraw_report(request).await?.into_inner())
    }

    /// Explains a query.
    ///
    /// # Errors
    /// [`ClientError`] if there is no such query.
    pub async fn explain(&self, request: wire::ExplainQueryRequest) -> Result<wire::ExplainQueryResponse, ClientError> {
        Ok(self.reports().explain_query(request).await?.into_inner())
    }

    /// A stored report.
    ///
    /// # Errors
    /// [`ClientError`] if it is not there.
    pub async fn report(&self, request: wire::GetReportRequest) -> Result<wire::GetReportResponse, ClientError> {
        Ok(self.reports().get_report(request).await?.into_inner())
    }

    /// One page of series.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn list(&self, request: wire::ListReportsRequest) -> Result<wire::ListReportsResponse, ClientError> {
        Ok(self.reports().list_reports(request).await?.into_inner())
    }

    /// One page of the revisions of a series.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn revisions(
        &self,
        request: wire::ListReportRevisionsRequest,
    ) -> Result<wire::ListReportRevisionsResponse, ClientError> {
        Ok(self.reports().list_report_revisions(request).await?.into_inner())
    }

    /// A roll-up.
    ///
    /// # Errors
    /// [`ClientError`] if the unit is not there.
    pub async fn rollup(&self, request: wire::GetRollupRequest) -> Result<wire::GetRollupResponse, ClientError> {
        Ok(self.rollups().get_rollup(request).await?.into_inner())
    }

    /// One page of units that have not filed.
    ///
    /// # Errors
    /// [`ClientError`] if the unit is not there.
    pub async fn missing(&self, request: wire::ListMissingRequest) -> Result<wire::ListMissingResponse, ClientError> {
        Ok(self.rollups().list_missing(request).await?.into_inner())
    }

    /// Replaces histories of units.
    ///
    /// # Errors
    /// [`ClientError`] with everything that is wrong.
    pub async fn apply_units(&self, request: wire::ApplyUnitsRequest) -> Result<wire::ApplyUnitsResponse, ClientError> {
        let mut units = UnitServiceClient::new(self.channel.clone()).max_decoding_message_size(ANSWER_BYTES);
        Ok(units.apply_units(request).await?.into_inner())
    }

    /// What a unit states against what is below it.
    ///
    /// # Errors
    /// [`ClientError`] if the unit is not there or has none below it.
    pub async fn reconcile(
        &self,
        request: wire::ReconcileUnitRequest,
    ) -> Result<wire::ReconcileUnitResponse, ClientError> {
        Ok(self.rollups().reconcile_unit(request).await?.into_inner())
    }

    /// One page of a total taken apart.
    ///
    /// # Errors
    /// [`ClientError`] if unit or cell are not there.
    pub async fn explain_cell(
        &self,
        request: wire::ExplainCellRequest,
    ) -> Result<wire::ExplainCellResponse, ClientError> {
        Ok(self.rollups().explain_cell(request).await?.into_inner())
    }

    /// What totals say.
    ///
    /// # Errors
    /// [`ClientError`] if a unit or an indicator is not there.
    pub async fn statistics(
        &self,
        request: wire::GetStatisticsRequest,
    ) -> Result<wire::GetStatisticsResponse, ClientError> {
        Ok(self.rollups().get_statistics(request).await?.into_inner())
    }

    /// Changes of a unit as they come.
    ///
    /// # Errors
    /// [`ClientError`] if the unit is not there.
    pub async fn watch(
        &self,
        request: wire::WatchUnitRequest,
    ) -> Result<Streaming<wire::WatchUnitResponse>, ClientError> {
        Ok(self.rollups().watch_unit(request).await?.into_inner())
    }

    /// What differs between two revisions.
    ///
    /// # Errors
    /// [`ClientError`] if one is not there.
    pub async fn compare(
        &self,
        request: wire::CompareRevisionsRequest,
    ) -> Result<wire::CompareRevisionsResponse, ClientError> {
        Ok(self.reports().compare_revisions(request).await?.into_inner())
    }

    /// A copy of the whole ledger, piece by piece.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn back_up(&self) -> Result<Streaming<wire::BackUpResponse>, ClientError> {
        let admin = AdminServiceClient::new(self.channel.clone());
        Ok(admin.max_decoding_message_size(ANSWER_BYTES).back_up(wire::BackUpRequest {}).await?.into_inner())
    }

    /// How the ledger does.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn status(&self) -> Result<wire::GetStatusResponse, ClientError> {
        let mut admin = AdminServiceClient::new(self.channel.clone());
        Ok(admin.get_status(wire::GetStatusRequest {}).await?.into_inner())
    }

    /// Issues a token; its secret is in the answer, this once.
    ///
    /// # Errors
    /// [`ClientError`] if it makes no sense.
    pub async fn issue_token(&self, request: wire::IssueTokenRequest) -> Result<wire::IssueTokenResponse, ClientError> {
        let mut admin = AdminServiceClient::new(self.channel.clone());
        Ok(admin.issue_token(request).await?.into_inner())
    }

    /// Ends a token.
    ///
    /// # Errors
    /// [`ClientError`] if there is none.
    pub async fn revoke_token(
        &self,
        request: wire::RevokeTokenRequest,
    ) -> Result<wire::RevokeTokenResponse, ClientError> {
        let mut admin = AdminServiceClient::new(self.channel.clone());
        Ok(admin.revoke_token(request).await?.into_inner())
    }

    /// All tokens, page by page.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn tokens(&self) -> Result<Vec<wire::Token>, ClientError> {
        every_page(async |page_token| {
            let request = wire::ListTokensRequest { page_size: PAGE, page_token, at_position: 0 };
            let page = AdminServiceClient::new(self.channel.clone()).list_tokens(request).await?.into_inner();
            Ok((page.tokens, page.next_page_token))
        })
        .await
    }

    /// All units as of a position, 0 for now, page by page.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn units(&self, year: i32, root: &str, at_position: i64) -> Result<Vec<wire::Unit>, ClientError> {
        every_page(async |page_token| {
            let request =
                wire::ListUnitsRequest { year, root: root.to_owned(), page_size: PAGE, page_token, at_position };
            let page = UnitServiceClient::new(self.channel.clone()).list_units(request).await?.into_inner();
            Ok((page.units, page.next_page_token))
        })
        .await
    }
}

/// A token as a service tells it.
#[must_use]
pub fn token(token: &Token) -> wire::Token {
    crate::api::token_to_pb(token)
}

/// A time as it travels.
#[must_use]
pub fn time(time: Timestamp) -> prost_types::Timestamp {
    crate::api::time_to_pb(time)
}

/// A finding as the rest of the program knows it, and whether it is explained.
#[must_use]
pub fn finding(finding: wire::Finding) -> (Finding, bool) {
    crate::api::finding_from_pb(finding)
}

/// Which cells may be wrong, as the rest of the program knows it.
#[must_use]
pub fn localisation(localisation: wire::Localisation) -> Localisation {
    crate::api::localisation_from_pb(localisation)
}

/// A response of the service in canonical proto3 JSON; `name` is that of its
/// message in `crossfoot.v1`, or a full one.
///
/// # Errors
/// A sentence, if it is not that message.
pub fn json(name: &str, response: &impl prost::Message) -> Result<serde_json::Value, String> {
    let pool = DescriptorPool::decode(DESCRIPTORS).map_err(|error| error.to_string())?;
    let full = if name.contains('.') { name.to_owned() } else { format!("crossfoot.v1.{name}") };
    let descriptor = pool.get_message_by_name(&full);
    let descriptor = descriptor.ok_or_else(|| format!("no message {name}"))?;
    let bytes = response.encode_to_vec();
    let message = DynamicMessage::decode(descriptor, bytes.as_slice()).map_err(|error| error.to_string())?;
    serde_json::to_value(&message).map_err(|error| error.to_string())
}
