//! For those who watch the service: `/metrics` for Prometheus and `/healthz`, on a
//! port of their own.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use axum::routing::get;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::gauge::ConstGauge;
use prometheus_client::registry::Registry;
use serde_json::json;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use super::ServerError;
use crate::ingest::Desk;

/// What the two pages tell of.
#[derive(Debug, Clone)]
struct Observed {
    desk: Arc<Desk>,
    stop: CancellationToken,
}

/// Listens for whoever watches, and gives the address. From `stop` on it says that
/// the service stops; it serves until `end`.
///
/// # Errors
/// [`ServerError::Listen`].
pub async fn observe(
    address: SocketAddr,
    desk: Arc<Desk>,
    stop: CancellationToken,
    end: CancellationToken,
) -> Result<SocketAddr, ServerError> {
    let failed = |error| ServerError::Listen(address, error);
    let listener = TcpListener::bind(address).await.map_err(failed)?;
    let bound = listener.local_addr().map_err(failed)?;
    let observed = Observed { desk, stop };
    let pages = Router::new().route("/metrics", get(metrics)).route("/healthz", get(health)).with_state(observed);
    tokio::spawn(async move {
        let served = axum::serve(listener, pages).with_graceful_shutdown(end.cancelled_owned()).await;
        if let Err(error) = served {
            tracing::error!(error = %error, "metrics and health are no longer served");
        }
    });
    Ok(bound)
}

async fn metrics(State(observed): State<Observed>) -> impl IntoResponse {
    let mut registry = Registry::default();
    observed.desk.counters().register(&mut registry);
    let known = registry.sub_registry_with_prefix("crossfoot");
    let position = i64::try_from(observed.desk.head().0).unwrap_or(i64::MAX);
    known.register("ledger_position", "Head of the ledger", ConstGauge::new(position));
    let problem = i64::from(observed.desk.problem().is_some());
    known.register("writing_stopped", "1 while nothing can be written", ConstGauge::new(problem));
    if let Some(mirror) = observed.desk.mirror() {
        let behind = position.saturating_sub(i64::try_from(mirror.position.0).unwrap_or(i64::MAX));
        known.register("mirror_behind_events", "Events that are not in the mirror yet", ConstGauge::new(behind));
        let failed = i64::from(mirror.problem.is_some());
        known.register("mirror_failed", "1 while the mirror cannot be written", ConstGauge::new(failed));
    }
    let mut text = String::new();
    match encode(&mut text, &registry) {
        Ok(()) => {
            let kind = "application/openmetrics-text; version=1.0.0; charset=utf-8";
            ([(header::CONTENT_TYPE, kind)], text).into_response()
        }
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

/// 200 while reports can be acknowledged; 503 while the service stops or nothing can
/// be written. A mirror that failed and is not required is told, and is 200.
async fn health(State(observed): State<Observed>) -> impl IntoResponse {
    let stopping = observed.stop.is_cancelled();
    let problem = observed.desk.problem();
    let serving = problem.is_none() && !stopping;
    let mirror = observed
        .desk
        .mirror()
        .map(|mirror| json!({ "path": mirror.path, "position": mirror.position.0, "problem": mirror.problem }));
    let told = json!({
        "serving": serving,
        "stopping": stopping,
        "problem": problem,
        "position": observed.desk.head().0,
        "mirror": mirror,
    });
    let status = if serving { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    (status, [(header::CONTENT_TYPE, "application/json")], format!("{told}\n"))
}
