//! Watches: a stream that is dropped when its reader stands still.

use std::pin::{Pin, pin};
use std::sync::Arc;

use tokio::sync::mpsc;
use tokio_stream::Stream;
use tokio_stream::wrappers::ReceiverStream;
use tokio_util::sync::CancellationToken;
use tonic::Status;

use super::{Rollups, total};
use crate::api::call::{Call, Refusal};
use crate::api::convert::{count, series_to_pb, time_to_pb};
use crate::api::status::{from_submit, full, resumable};
use crate::domain::TotalKey;
use crate::domain::access::Subject;
use crate::ingest::{Change, Changed, SubmitError, Watch, Watched};
use crate::pb::crossfoot::v1::{self as pb};
use crate::words::{Position, UnitCode, Year};

/// The stream of responses.
pub(super) type Responses = Pin<Box<dyn Stream<Item = Result<pb::WatchUnitResponse, Status>> + Send>>;

/// Begins a watch.
pub(super) fn begin(
    rollups: &Rollups,
    call: Arc<Call>,
    named: TotalKey,
    from: Option<Position>,
) -> Result<Responses, Status> {
    // one place for a response under way, one for the last word
    const PLACES: usize = 2;
    let place = Arc::clone(&rollups.watches).try_acquire_owned().map_err(|_| full("watches"))?;
    let watching = Watching { call, unit: named.unit.clone(), year: named.year };
    let watch = Arc::clone(&rollups.desk).watch(named, from).map_err(|error| from_submit(&error))?;
    let (places, waiting) = mpsc::channel(PLACES);
    let (stop, behind) = (rollups.stop.clone(), rollups.watch_behind);
    tokio::spawn(async move {
        follow(watch, watching, places, stop, behind).await;
        drop(place);
    });
    Ok(Box::pin(ReceiverStream::new(waiting)))
}

/// Who watches which unit.
struct Watching {
    call: Arc<Call>,
    unit: UnitCode,
    year: Year,
}

/// Tells change after change until the reader goes away, stands still, may not any
/// more, or the service stops.
async fn follow(
    mut watch: Watch,
    watching: Watching,
    places: mpsc::Sender<Result<pb::WatchUnitResponse, Status>>,
    stop: CancellationToken,
    behind: u64,
) {
    let Ok(last_word) = places.clone().reserve_owned().await else { return };
    let mut told = watch.position();
    let Watching { call, unit, year } = watching;
    let mut ended = pin!(call.ended());
    let end = loop {
        let next = tokio::select! {
            () = &mut ended => break Refusal::Unauthenticated.into(),
            next = watch.next() => next,
            () = places.closed() => return,
            () = stop.cancelled() => break stopping(told),
        };
        let watched = match next {
            Ok(watched) => watched,
            Err(error) => break resumable(&error, told),
        };
        let place = tokio::select! {
            place = places.reserve() => place,
            () = &mut ended => break Refusal::Unauthenticated.into(),
            () = watch.falls_behind(behind) => break resumable(&SubmitError::FellBehind(behind), told),
            () = stop.cancelled() => break stopping(told),
        };
        let Ok(place) = place else { return };
        // units move, and tokens are revoked, while a reader takes its time
        if let Err(refusal) = call.still_may(Subject::Below(&unit, Some(year))) {
            break refusal.into();
        }
        told = watched.position;
        place.send(Ok(watched_to_pb(watched)));
    };
    last_word.send(Err(end));
}

fn stopping(told: Position) -> Status {
    resumable(&SubmitError::Unavailable("the service is stopping".to_owned()), told)
}

fn watched_to_pb(watched: Watched) -> pb::WatchUnitResponse {
    let Watched { position, changes, rollup } = watched;
    let mut response = pb::WatchUnitResponse {
        position: count(position.0),
        changes: changes.into_iter().map(change_to_pb).collect(),
        ..pb::WatchUnitResponse::default()
    };
    if let Some(rollup) = rollup {
        response.up_to_date = true;
        response.completeness = Some(total::counts_to_pb(rollup.counts));
        response.cells = total::cells_to_pb(&rollup.form, &rollup.total);
        response.ratios = total::ratios_to_pb(&rollup.form, &rollup.total);
        response.reports = rollup.total.reports;
    }
    response
}

fn change_to_pb(change: Change) -> pb::WatchedChange {
    let Change { position, time, kind } = change;
    let further = match &kind {
        Changed::Rejudged(_, further) => i64::try_from(*further).unwrap_or(i64::MAX),
        Changed::Accepted(..)
        | Changed::Withdrawn(..)
        | Changed::Explained(_)
        | Changed::Approved(..)
        | Changed::Returned(..)
        | Changed::Published(_)
        | Changed::Roster
        | Changed::Closed
        | Changed::Reopened
        | Changed::Units
        | Changed::Form => 0,
    };
    let (kind, series, revision) = match kind {
        Changed::Accepted(series, revision) => (pb::ChangeKind::ReportAccepted, Some(series), Some(revision)),
        Changed::Withdrawn(series, revision) => (pb::ChangeKind::ReportWithdrawn, Some(series), Some(revision)),
        Changed::Explained(series) => (pb::ChangeKind::QueryExplained, Some(series), None),
        Changed::Rejudged(series, _) => (pb::ChangeKind::Rejudged, Some(series), None),
        Changed::Approved(series, revision) => (pb::ChangeKind::ReportApproved, Some(series), Some(revision)),
        Changed::Returned(series, revision) => (pb::ChangeKind::ReportReturned, Some(series), Some(revision)),
        Changed::Published(series) => (pb::ChangeKind::PublicationRecorded, Some(series), None),
        Changed::Roster => (pb::ChangeKind::RosterChanged, None, None),
        Changed::Closed => (pb::ChangeKind::YearClosed, None, None),
        Changed::Reopened => (pb::ChangeKind::YearReopened, None, None),
        Changed::Units => (pb::ChangeKind::UnitsApplied, None, None),
        Changed::Form => (pb::ChangeKind::FormRegistered, None, None),
    };
    pb::WatchedChange {
        position: count(position.0),
        time: Some(time_to_pb(time)),
        kind: kind.into(),
        series: series.as_ref().map(series_to_pb),
        revision: revision.map_or(0, |revision| revision.0.into()),
        further,
    }
}
