//! The server: services, health and reflection on one listener, until told to stop.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tower::limit::GlobalConcurrencyLimitLayer;

use super::admin_service::Admin;
use super::form_service::Forms;
use super::guard;
use super::report_service::Reports;
use super::rollup_service::Rollups;
use super::unit_service::UnitsDoor;
use crate::form::Catalog;
use crate::ingest::Desk;
use crate::pb::crossfoot::v1 as pb;
use crate::words::limits;

/// Why the server does not run.
#[derive(Debug, thiserror::Error)]
pub enum ServerError {
    /// Callers cannot prove who they are yet, so only this machine may call.
    #[error("{0} is not loopback; until callers can prove who they are, crossfoot listens on loopback only")]
    NotLoopback(SocketAddr),
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

/// A server that listens and does not serve yet.
#[derive(Debug)]
pub struct Server {
    listener: TcpListener,
    address: SocketAddr,
    capacity: Capacity,
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
    /// Listens; port 0 takes a free one.
    ///
    /// # Errors
    /// [`ServerError::NotLoopback`], or [`ServerError::Listen`].
    pub async fn bind(address: SocketAddr) -> Result<Self, ServerError> {
        if !address.ip().is_loopback() {
            return Err(ServerError::NotLoopback(address));
        }
        let failed = |error| ServerError::Listen(address, error);
        let listener = TcpListener::bind(address).await.map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        Ok(Self { listener, address, capacity: Capacity::default() })
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

    /// Serves until `stop`; then open calls have [`limits::STOP_GRACE`] to end.
    ///
    /// # Errors
    /// [`ServerError`] if it cannot serve.
    pub async fn serve(self, desk: Arc<Desk>, catalog: &Catalog, stop: CancellationToken) -> Result<(), ServerError> {
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
        let mut tending = tokio::spawn(tend(desk, stop.clone()));
        health.set_service_status("", tonic_health::ServingStatus::Serving).await;
        let router = tonic::transport::Server::builder()
            .trace_fn(|request| tracing::info_span!("call", rpc = request.uri().path()))
            .max_concurrent_streams(limits::STREAMS_PER_CONNECTION)
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
        let (incoming, mut accepting) = guard::accept(self.listener, self.capacity, stop.clone(), end.clone());
        let serving = router.serve_with_incoming_shutdown(incoming, stop.clone().cancelled_owned());
        let hard_stop = async {
            stop.cancelled().await;
            health.set_service_status("", tonic_health::ServingStatus::NotServing).await;
            tokio::time::sleep(limits::STOP_GRACE).await;
        };
        // either ends by itself once the service stops
        let panicked = async {
            tokio::select! {
                Err(_) = &mut tending => {}
                Err(_) = &mut accepting => {}
                else => std::future::pending().await,
            }
        };
        let served = tokio::select! {
            biased;
            () = panicked => Err(ServerError::Task),
            done = serving => done.map_err(ServerError::from),
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

/// Has what failed tried again, from time to time.
async fn tend(desk: Arc<Desk>, stop: CancellationToken) {
    let mut due = tokio::time::interval(limits::TEND_EVERY);
    while !stop.is_cancelled() {
        due.tick().await;
        desk.tend();
    }
}
