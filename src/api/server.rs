//! The server: services, health and reflection on one listener, until told to stop.

use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tonic::service::Routes;
use tonic_health::ServingStatus;

use super::access::Access;
use super::admin_service::Admin;
use super::audit_service::Audits;
use super::calls::Calls;
use super::capacity::Capacity;
use super::exposure::{Exposure, Protection, may_listen};
use super::form_service::Forms;
use super::gate::{Gate, GateLayer};
use super::guard;
use super::report_service::Reports;
use super::review_service::Reviews;
use super::rollup_service::Rollups;
use super::tls::Tls;
use super::trace::{Join, Traces};
use super::traffic::Traffic;
use super::unit_service::UnitsDoor;
use crate::form::Catalog;
use crate::ingest::Desk;
use crate::pb::crossfoot::v1 as pb;
use crate::words::{clock, limits};

/// Why the server does not run.
#[derive(Debug, thiserror::Error)]
pub enum ServerError {
    /// Callers cannot prove who they are, so only this machine may call.
    #[error("{0} is not loopback; beyond it callers must prove who they are: give --auth-tokens, or --tls-client-ca")]
    CallersUnknown(SocketAddr),
    /// Figures and tokens would be read by everybody on the way.
    #[error("{0} is not loopback and would be plain text: give --tls-cert and --tls-key (or --insecure, knowingly)")]
    PlainText(SocketAddr),
    /// The address cannot be listened on.
    #[error("cannot listen on {0}: {1}")]
    Listen(SocketAddr, std::io::Error),
    /// Descriptors cannot be shown to clients.
    #[error("reflection: {0}")]
    Reflection(#[from] tonic_reflection::server::Error),
    /// A task without which the service would only seem to work has ended.
    #[error("the service ended: a task of its own panicked")]
    Task,
    /// HTTP/2 failed.
    #[error("the server failed: {0}")]
    Transport(#[from] tonic::transport::Error),
}

/// What was done between the word to stop and the end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stopped {
    /// Reports that were made durable.
    pub committed: u64,
    /// Reports whose receipts were handed to their callers.
    pub acknowledged: u64,
    /// Calls that were cut off before they were answered.
    pub calls_cut: u64,
    /// Streams, and answers not taken, that were cut off.
    pub streams_cut: u64,
    /// Whether everything ended by itself, connections too, within the grace period.
    pub within_grace: bool,
    /// How long it took.
    pub took: Duration,
}

/// A server that listens and does not serve yet.
#[derive(Debug)]
pub struct Server {
    listener: TcpListener,
    address: SocketAddr,
    capacity: Capacity,
    access: Access,
    join: Option<Join>,
    tls: Option<Arc<Tls>>,
}

/// How callers reach the service, and how it knows them.
#[derive(Debug, Clone, Default)]
pub struct Transport {
    /// TLS, if it is spoken.
    pub tls: Option<Arc<Tls>>,
    /// Callers are known by tokens.
    pub tokens: bool,
    /// Plain text is wanted beyond this machine.
    pub insecure: bool,
}

impl Transport {
    /// Whether certificates of callers are verified.
    #[must_use]
    pub fn knows_callers(&self) -> bool {
        self.tls.as_ref().is_some_and(|tls| tls.knows_callers())
    }
}

impl Server {
    /// Listens on this machine, in plain text; port 0 takes a free one.
    ///
    /// # Errors
    /// As for [`Server::bind_with`].
    pub async fn bind(address: SocketAddr) -> Result<Self, ServerError> {
        Self::bind_with(address, Transport::default()).await
    }

    /// Listens; port 0 takes a free one.
    ///
    /// # Errors
    /// Those of [`may_listen`], or [`ServerError::Listen`].
    pub async fn bind_with(address: SocketAddr, transport: Transport) -> Result<Self, ServerError> {
        let certificates = transport.knows_callers();
        let Transport { tls, tokens, insecure } = transport;
        let exposure = may_listen(address, Protection { tls: tls.is_some(), certificates, tokens, insecure })?;
        let failed = |error| ServerError::Listen(address, error);
        let listener = TcpListener::bind(address).await.map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        if exposure == Exposure::PlainText {
            tracing::warn!(%address, "INSECURE: figures and tokens travel in plain text; anybody on the way can read \
                and use them");
        }
        Ok(Self { listener, address, capacity: Capacity::default(), access: Access::default(), join: None, tls })
    }

    /// Where clients reach it.
    #[must_use]
    pub fn url(&self) -> String {
        let scheme = if self.tls.is_some() { "https" } else { "http" };
        format!("{scheme}://{}", self.address)
    }

    /// The address it listens on.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Sets how much is done at once.
    #[must_use]
    pub fn with_capacity(self, capacity: Capacity) -> Self {
        Self { capacity, ..self }
    }

    /// Sets who must prove who he is, and what he may.
    #[must_use]
    pub fn with_access(self, access: Access) -> Self {
        Self { access, ..self }
    }

    /// Sets how calls are tied to the traces of their callers.
    #[must_use]
    pub fn with_traces(self, join: Option<Join>) -> Self {
        Self { join, ..self }
    }

    /// Serves until `stop`. Then health says so first; what is open has the grace
    /// period to end, and what is left is cut off. What was handed in is committed
    /// in any case.
    ///
    /// # Errors
    /// [`ServerError`] if it cannot serve.
    pub async fn serve(
        self,
        desk: Arc<Desk>,
        catalog: &Catalog,
        stop: CancellationToken,
    ) -> Result<Stopped, ServerError> {
        let access = self.access.with_verified(self.tls.as_ref().is_some_and(|tls| tls.knows_callers()));
        if !access.is_guarded() && !self.address.ip().is_loopback() {
            return Err(ServerError::CallersUnknown(self.address));
        }
        // told to whatever is open once health has said so
        let closing = CancellationToken::new();
        let end = CancellationToken::new();
        let traffic = Arc::new(Traffic::default());
        let (health, health_service) = tonic_health::server::health_reporter();
        health.set_service_status("", ServingStatus::Serving).await;
        let routes = services(Routes::new(health_service), &desk, self.capacity, &traffic, &closing);
        let routes = reflection(routes, catalog)?;
        let traces = Traces::new(clock::system, self.join);
        let gate = Arc::new(Gate::new(access, Arc::clone(&desk)));
        let router = tonic::transport::Server::builder()
            .max_concurrent_streams(limits::STREAMS_PER_CONNECTION)
            .http2_max_header_list_size(limits::HEADER_BYTES)
            .http2_keepalive_interval(Some(limits::KEEPALIVE))
            // whoever is turned away takes no place of those who wait
            .layer(GateLayer(Arc::clone(&gate)))
            .layer(Calls::new(&self.capacity, Arc::clone(&traffic), traces, closing.clone()))
            .add_routes(routes);
        let (incoming, mut accepting) =
            guard::accept(self.listener, self.tls, self.capacity, closing.clone(), end.clone());
        let mut serving = pin!(router.serve_with_incoming_shutdown(incoming, closing.clone().cancelled_owned()));
        let mut tending = tokio::spawn(tend(Arc::clone(&desk), gate, closing.clone()));
        let _end = (end.clone().drop_guard(), closing.clone().drop_guard());
        // either ends by itself once the service stops
        let panicked = async {
            tokio::select! {
                Err(_) = &mut tending => {}
                Err(_) = &mut accepting => {}
                else => std::future::pending().await,
            }
        };
        tokio::select! {
            biased;
            () = panicked => return Err(ServerError::Task),
            ended = &mut serving => ended?,
            () = stop.cancelled() => {}
        }
        health.set_service_status("", ServingStatus::NotServing).await;
        let (begun, committed, acknowledged) = (clock::instant(), desk.counters().reports(), traffic.receipts());
        closing.cancel();
        let ended = tokio::time::timeout(self.capacity.stop_grace, &mut serving).await;
        let within_grace = ended.is_ok();
        let (calls_cut, streams_cut) = if within_grace { (0, 0) } else { traffic.under_way() };
        ended.unwrap_or(Ok(()))?;
        end.cancel();
        tending.abort();
        desk.settle().await;
        Ok(Stopped {
            committed: desk.counters().reports().saturating_sub(committed),
            acknowledged: traffic.receipts().saturating_sub(acknowledged),
            calls_cut,
            streams_cut,
            within_grace,
            took: clock::instant().duration_since(begun),
        })
    }
}

/// The services of crossfoot.
fn services(
    routes: Routes,
    desk: &Arc<Desk>,
    capacity: Capacity,
    traffic: &Arc<Traffic>,
    stop: &CancellationToken,
) -> Routes {
    let places = |many| Arc::new(Semaphore::new(many));
    let reports = pb::report_service_server::ReportServiceServer::new(Reports {
        desk: Arc::clone(desk),
        stop: stop.clone(),
        streams: places(capacity.submit_streams),
        traffic: Arc::clone(traffic),
    });
    let rollups = pb::rollup_service_server::RollupServiceServer::new(Rollups {
        desk: Arc::clone(desk),
        stop: stop.clone(),
        watches: places(capacity.watches),
        watch_behind: capacity.watch_behind,
    });
    let units = pb::unit_service_server::UnitServiceServer::new(UnitsDoor { desk: Arc::clone(desk) });
    let backups = places(capacity.backups);
    let admin = pb::admin_service_server::AdminServiceServer::new(Admin { desk: Arc::clone(desk), backups });
    let forms = pb::form_service_server::FormServiceServer::new(Forms { desk: Arc::clone(desk) });
    let reviews = pb::review_service_server::ReviewServiceServer::new(Reviews { desk: Arc::clone(desk) });
    let audits = pb::audit_service_server::AuditServiceServer::new(Audits { desk: Arc::clone(desk) });
    routes
        .add_service(reports.max_decoding_message_size(limits::MESSAGE_BYTES))
        .add_service(rollups)
        .add_service(units.max_decoding_message_size(limits::UNITS_MESSAGE_BYTES))
        .add_service(forms)
        .add_service(reviews)
        .add_service(audits)
        .add_service(admin)
}

/// The descriptors of everything, for clients that ask.
fn reflection(routes: Routes, catalog: &Catalog) -> Result<Routes, ServerError> {
    let reflect = || {
        let sets = catalog.descriptor_sets().iter();
        sets.fold(tonic_reflection::server::Builder::configure(), |builder, set| {
            builder.register_encoded_file_descriptor_set(set)
        })
    };
    Ok(routes.add_service(reflect().build_v1()?).add_service(reflect().build_v1alpha()?))
}

/// Has what failed tried again, and what is over forgotten, from time to time.
async fn tend(desk: Arc<Desk>, gate: Arc<Gate>, stop: CancellationToken) {
    let mut due = tokio::time::interval(limits::TEND_EVERY);
    while !stop.is_cancelled() {
        due.tick().await;
        desk.tend();
        gate.rates.tend();
    }
}
