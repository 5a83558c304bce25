//! Around every call: a span, a place among those that are worked on at once, and
//! a deadline. What it does is up to the services within.

use std::convert::Infallible;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use http_body::{Frame, SizeHint};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::sync::{CancellationToken, WaitForCancellationFutureOwned};
use tonic::Status;
use tonic::body::Body;
use tonic::codegen::http::{HeaderMap, Request, Response};
use tonic::codegen::{BoxFuture, Bytes, Service};
use tower::Layer;
use tracing::Instrument as _;

use super::capacity::Capacity;
use super::deadline::Deadline;
use super::passage::Passage;
use super::status::{self, deadline_passed};
use super::trace::Traces;
use super::traffic::Traffic;
use crate::words::limits;

/// The one call whose messages are large.
const APPLY_UNITS: &str = "/crossfoot.v1.UnitService/ApplyUnits";
/// Services of tonic's: health and reflection. Their streams know of no stop.
const OF_TONIC: &str = "/grpc.";

/// What all calls share.
#[derive(Debug, Clone)]
pub(super) struct Calls {
    places: Arc<Semaphore>,
    units: Arc<Semaphore>,
    deadline: Duration,
    traffic: Arc<Traffic>,
    traces: Arc<Traces>,
    stop: CancellationToken,
}

impl Calls {
    pub(super) fn new(capacity: &Capacity, traffic: Arc<Traffic>, traces: Traces, stop: CancellationToken) -> Self {
        Self {
            places: Arc::new(Semaphore::new(capacity.calls)),
            units: Arc::new(Semaphore::new(limits::UNITS_CALLS)),
            deadline: capacity.call_deadline,
            traffic,
            traces: Arc::new(traces),
            stop,
        }
    }

    /// Waits for a place; what waits is not read.
    async fn place(&self, rpc: &str) -> (Option<OwnedSemaphorePermit>, Option<OwnedSemaphorePermit>) {
        let of = async |places: &Arc<Semaphore>| Arc::clone(places).acquire_owned().await.ok();
        let large = if rpc == APPLY_UNITS { of(&self.units).await } else { None };
        (large, of(&self.places).await)
    }
}

impl<S> Layer<S> for Calls {
    type Service = Called<S>;

    fn layer(&self, within: S) -> Self::Service {
        Called { within, calls: self.clone() }
    }
}

/// The services, with [`Calls`] around them.
#[derive(Debug, Clone)]
pub(super) struct Called<S> {
    within: S,
    calls: Calls,
}

impl<S> Service<Request<Body>> for Called<S>
where
    S: Service<Request<Body>, Response = Response<Body>, Error = Infallible> + Clone + Send + 'static,
    S::Future: Send,
{
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = BoxFuture<Self::Response, Self::Error>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.within.poll_ready(context)
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        // what was made ready is called, and its clone made ready next
        let clone = self.within.clone();
        let mut within = std::mem::replace(&mut self.within, clone);
        let calls = self.calls.clone();
        // begins here, before tonic's own timer
        let deadline = Deadline::of(request.headers(), calls.deadline);
        let rpc = request.uri().path().to_owned();
        let mut call = Passage::begin(&rpc, request.headers(), &calls.traces, &calls.traffic);
        let span = call.span().clone();
        let answer = async move {
            let answered = async {
                let _place = calls.place(&rpc).await;
                let Ok(response) = within.call(request).await;
                response
            };
            let response = tokio::select! {
                biased;
                response = answered => response,
                () = deadline.passed() => deadline_passed(&deadline).into_http(),
            };
            call.open(response.headers());
            let stop = rpc.starts_with(OF_TONIC).then(|| Box::pin(calls.stop.cancelled_owned()));
            Ok(response.map(|body| Body::new(Answering { body, stop, call })))
        };
        Box::pin(answer.instrument(span))
    }
}

/// An answer on its way.
struct Answering {
    body: Body,
    /// Ends it, where nothing else would.
    stop: Option<Pin<Box<WaitForCancellationFutureOwned>>>,
    call: Passage,
}

impl http_body::Body for Answering {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        let span = self.call.span().clone();
        let _inside = span.enter();
        let frame = match Pin::new(&mut self.body).poll_frame(context) {
            Poll::Ready(frame) => frame,
            Poll::Pending => {
                let Some(stop) = &mut self.stop else { return Poll::Pending };
                ready!(stop.as_mut().poll(context));
                self.stop = None;
                Some(Ok(Frame::trailers(trailers(&status::stopping()))))
            }
        };
        if let Some(Ok(trailers)) = frame.as_ref().map(|frame| frame.as_ref().map(Frame::trailers_ref))
            && let Some(trailers) = trailers
        {
            self.call.note(trailers);
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// A status as the end of an answer that has begun.
fn trailers(status: &Status) -> HeaderMap {
    let mut trailers = HeaderMap::new();
    // a status that cannot be told is an answer that just ends
    let _ = status.add_header(&mut trailers);
    trailers
}
