//! The server: services, health and reflection on one listener, until told to stop.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tower::limit::GlobalConcurrencyLimitLayer;

use super::access::Access;
use super::admin_service::Admin;
use super::exposure::{Exposure, Protection, may_listen};
use super::form_service::Forms;
use super::gate::{Gate, GateLayer};
use super::guard;
use super::report_service::Reports;
use super::rollup_service::Rollups;
use super::tls::Tls;
use super::unit_service::UnitsDoor;
use crate::form::Catalog;
use crate::ingest::Desk;
use crate::pb::crossfoot::v1 as pb;
use crate::words::limits;

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
    /// HTTP/2 failed.
    #[error("the server failed: {0}")]
    Transport(#[from] tonic::transport::Error),
}

/// A server that listens and does not serve yet.
#[derive(Debug)]
pub struct Server {
    listener: TcpListener,
    address: SocketAddr,
    capacity: Capacity,
    access: Access,
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

/// How much is done at once.
#[derive(Debug, Clone, Copy)]
pub struct Capacity {
    /// Connections; further ones wait.
    pub connections: usize,
    /// How long a connection may say nothing at first.
    pub first_byte: Duration,
    /// Calls read and answered; further ones wait, unread.
    pub calls: usize,
    /// Streams of submissions; further ones are refused.
    pub submit_streams: usize,
    /// Watches; further ones are refused.
    pub watches: usize,
    /// Events that may be committed while a watching reader takes nothing.
    pub watch_behind: u64,
}

impl Default for Capacity {
    fn default() -> Self {
        Self {
            connections: limits::CONNECTIONS,
            first_byte: limits::FIRST_BYTE,
            calls: limits::CALLS,
            submit_streams: limits::SUBMIT_STREAMS,
            watches: limits::WATCHES,
            watch_behind: limits::WATCH_BEHIND,
        }
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
        Ok(Self { listener, address, capacity: Capacity::default(), access: Access::default(), tls })
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

    /// Serves until `stop`; then open calls have [`limits::STOP_GRACE`] to end.
    ///
    /// # Errors
    /// [`ServerError`] if it cannot serve.
    pub async fn serve(self, desk: Arc<Desk>, catalog: &Catalog, stop: CancellationToken) -> Result<(), ServerError> {
        let verified = self.tls.as_ref().is_some_and(|tls| tls.knows_callers());
        let access = self.access.with_verified(verified);
        if !access.is_guarded() && !self.address.ip().is_loopback() {
            return Err(ServerError::CallersUnknown(self.address));
        }
        let reflect = || {
            let sets = catalog.descriptor_sets().iter();
            sets.fold(tonic_reflection::server::Builder::configure(), |builder, set| {
                builder.register_encoded_file_descriptor_set(set)
            })
        };
        let (health, health_service) = tonic_health::server::health_reporter();
        let reports = pb::report_service_server::ReportServiceServer::new(Reports {
            desk: Arc::clone(&desk),
            stop: stop.clone(),
            streams: Arc::new(Semaphore::new(self.capacity.submit_streams)),
        });
        let rollups = pb::rollup_service_server::RollupServiceServer::new(Rollups {
            desk: Arc::clone(&desk),
            stop: stop.clone(),
            watches: Arc::new(Semaphore::new(self.capacity.watches)),
            watch_behind: self.capacity.watch_behind,
        });
        let units = pb::unit_service_server::UnitServiceServer::new(UnitsDoor { desk: Arc::clone(&desk) });
        let admin = pb::admin_service_server::AdminServiceServer::new(Admin { desk: Arc::clone(&desk) });
        let forms = pb::form_service_server::FormServiceServer::new(Forms { desk: Arc::clone(&desk) });
        let gate = Arc::new(Gate::new(access, Arc::clone(&desk)));
        let tending = tokio::spawn(tend(desk, Arc::clone(&gate), stop.clone()));
        health.set_service_status("", tonic_health::ServingStatus::Serving).await;
        let router = tonic::transport::Server::builder()
            .trace_fn(|request| tracing::info_span!("call", rpc = request.uri().path()))
            .max_concurrent_streams(limits::STREAMS_PER_CONNECTION)
            .http2_max_header_list_size(limits::HEADER_BYTES)
            // whoever is turned away takes no place of those who wait
            .layer(GateLayer(gate))
            .layer(GlobalConcurrencyLimitLayer::new(self.capacity.calls))
            .http2_keepalive_interval(Some(limits::KEEPALIVE))
            .add_service(health_service)
            .add_service(reflect().build_v1()?)
            .add_service(reflect().build_v1alpha()?)
            .add_service(reports.max_decoding_message_size(limits::MESSAGE_BYTES))
            .add_service(rollups)
            .add_service(units.max_decoding_message_size(limits::UNITS_MESSAGE_BYTES))
            .add_service(forms)
            .add_service(admin);
        let end = CancellationToken::new();
        let incoming = guard::accept(self.listener, self.tls, self.capacity, stop.clone(), end.clone());
        let serving = router.serve_with_incoming_shutdown(incoming, stop.clone().cancelled_owned());
        let hard_stop = async {
            stop.cancelled().await;
            health.set_service_status("", tonic_health::ServingStatus::NotServing).await;
            tokio::time::sleep(limits::STOP_GRACE).await;
        };
        let served = tokio::select! {
            done = serving => Ok(done?),
            () = hard_stop => {
                tracing::warn!("some calls did not end within the grace period and were cut off");
                Ok(())
            }
        };
        end.cancel();
        tending.abort();
        served
    }
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
