//! The gate that every call passes: who calls, and how much he may ask. What he may
//! is asked by the handlers, of the [`Call`] they are given; what no handler asked
//! is not answered.
//!
//! Health is open to everyone. Everything else needs a known caller.

use std::net::IpAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use tonic::body::Body;
use tonic::codegen::http::{HeaderMap, Request, Response, header};
use tonic::{Code, Status};
use tower::{Layer, Service};

use super::access::Access;
use super::access_log::{AccessLog, Attempt, Told};
use super::call::Call;
use super::caller::Caller;
use super::certificates::Certificates;
use super::connection::Connection;
use super::permissions::{self, Rpc};
use super::rates::Limiters;
use super::status;
use crate::domain::Secret;
use crate::ingest::Desk;

/// Where health is asked for.
const HEALTH: &str = "/grpc.health.v1.Health/";

/// See the module.
#[derive(Debug)]
pub(super) struct Gate {
    pub(super) desk: Arc<Desk>,
    pub(super) log: AccessLog,
    pub(super) rates: Limiters,
    rpcs: std::collections::HashMap<String, Arc<Rpc>>,
    /// Nobody proves who he is.
    local: Option<Caller>,
    tokens: bool,
    certificates: Option<Certificates>,
}

/// What becomes of a call at the gate.
enum Admitted {
    /// It is nobody's business who asks.
    Anyone,
    /// A known caller, and what he calls if it is one of the service's own RPCs.
    Known(Option<Arc<Call>>),
}

impl Gate {
    pub(super) fn new(access: Access, desk: Arc<Desk>) -> Self {
        let guarded = access.is_guarded();
        let Access { tokens, certificates, verified, log, rates } = access;
        Self {
            desk,
            log,
            rates: Limiters::new(&rates),
            rpcs: permissions::all(),
            local: (!guarded).then(Caller::local),
            tokens,
            certificates: verified.then_some(certificates),
        }
    }

    /// Finds out who calls, and takes the proof away: nothing behind the gate sees it.
    fn admit(self: &Arc<Self>, request: &mut Request<Body>) -> Result<Admitted, Status> {
        let path = request.uri().path();
        if path.starts_with(HEALTH) {
            return Ok(Admitted::Anyone);
        }
        let rpc = self.rpcs.get(path).cloned();
        let peer = peer(request);
        let Some(caller) = self.caller(request) else {
            return Err(self.unknown(peer, rpc.as_deref()));
        };
        request.headers_mut().remove(header::AUTHORIZATION);
        if caller.is_limited() {
            self.rates.call(&caller.principal).map_err(|wait| status::too_fast("calls", wait))?;
        }
        Ok(Admitted::Known(rpc.map(|rpc| Arc::new(Call::new(caller, rpc, peer, Arc::clone(self))))))
    }

    /// Who calls. A token that is shown must be good: a certificate does not make
    /// up for it.
    fn caller(&self, request: &Request<Body>) -> Option<Caller> {
        if let Some(local) = &self.local {
            return Some(local.clone());
        }
        if request.headers().contains_key(header::AUTHORIZATION) {
            let secret = bearer(request.headers()).filter(|_| self.tokens)?;
            let now = self.desk.now();
            return self.desk.with_state(|state| state.tokens().holder(&secret, now).map(Caller::holder));
        }
        self.certified(request)
    }

    /// Whom the certificate of the connection stands for. A connection may outlive it.
    fn certified(&self, request: &Request<Body>) -> Option<Caller> {
        let certificates = self.certificates.as_ref()?;
        let shown = request.extensions().get::<Connection>()?.certificate.as_deref()?;
        let caller = certificates.caller(shown)?;
        self.desk.with_state(|state| caller.is_live(state.tokens(), self.desk.now())).then_some(caller)
    }

    /// An attempt by somebody unknown: told and logged, unless there are too many.
    fn unknown(&self, peer: Option<IpAddr>, rpc: Option<&Rpc>) -> Status {
        match self.rates.failure(peer) {
            Ok(untold) => {
                self.log.note(&Attempt {
                    time: self.desk.now(),
                    principal: "",
                    peer,
                    rpc: rpc.map_or("", |rpc| &rpc.name),
                    unit: "",
                    year: None,
                    outcome: Told::Unknown(untold),
                });
                status::unauthenticated()
            }
            Err(wait) => status::too_fast("failed attempts", wait),
        }
    }
}

fn peer(request: &Request<Body>) -> Option<IpAddr> {
    Some(request.extensions().get::<Connection>()?.peer.ip())
}

/// The one token that a request shows.
fn bearer(headers: &HeaderMap) -> Option<Secret> {
    let mut shown = headers.get_all(header::AUTHORIZATION).iter();
    let (Some(only), None) = (shown.next(), shown.next()) else { return None };
    let (scheme, token) = only.as_bytes().split_at_checked("Bearer ".len())?;
    scheme.eq_ignore_ascii_case(b"Bearer ").then(|| Secret::parse(token))?
}

/// Puts the gate before the services.
#[derive(Debug, Clone)]
pub(super) struct GateLayer(pub(super) Arc<Gate>);

/// Services behind the gate.
#[derive(Debug, Clone)]
pub(super) struct Gated<S> {
    gate: Arc<Gate>,
    inner: S,
}

impl<S> Layer<S> for GateLayer {
    type Service = Gated<S>;

    fn layer(&self, inner: S) -> Gated<S> {
        Gated { gate: Arc::clone(&self.0), inner }
    }
}

impl<S> Service<Request<Body>> for Gated<S>
where
    S: Service<Request<Body>, Response = Response<Body>, Error: Send + 'static>,
    S::Future: Send + 'static,
{
    type Response = Response<Body>;
    type Error = S::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Self::Error>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, mut request: Request<Body>) -> Self::Future {
        let call = match self.gate.admit(&mut request) {
            Err(status) => return Box::pin(std::future::ready(Ok(status.into_http()))),
            Ok(Admitted::Anyone | Admitted::Known(None)) => None,
            Ok(Admitted::Known(Some(call))) => {
                request.extensions_mut().insert(Arc::clone(&call));
                Some(call)
            }
        };
        // at once, so that the deadline within begins before tonic's own timer
        let answer = self.inner.call(request);
        Box::pin(async move {
            let response = answer.await?;
            let status = Status::from_header_map(response.headers());
            let failed = status.is_some_and(|status| status.code() != Code::Ok);
            if !failed && call.is_some_and(|call| !call.is_decided()) {
                tracing::error!("a handler answered without asking whether the caller may");
                return Ok(Status::internal("it was not decided whether you may").into_http());
            }
            Ok(response)
        })
    }
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use tower::util::ServiceExt as _;

    use super::*;
    use crate::domain::access::Subject;
    use crate::form::Catalog;
    use crate::words::clock;

    /// What a handler answers that asks, or forgets to ask, whether the caller may.
    async fn answered(asks: bool) -> Option<Code> {
        let folder = tempfile::tempdir().unwrap();
        let desk = Desk::open(folder.path(), &Catalog::load(None).unwrap(), clock::system).unwrap();
        let gate = Arc::new(Gate::new(Access::default(), Arc::new(desk)));
        let handler = tower::service_fn(move |request: Request<Body>| async move {
            let call = request.extensions().get::<Arc<Call>>().unwrap();
            if asks {
                call.may(Subject::NoUnit).unwrap();
            }
            Ok::<_, Infallible>(Response::new(Body::empty()))
        });
        let path = "/crossfoot.v1.FormService/ListForms";
        let request = Request::builder().uri(path).body(Body::empty()).unwrap();
        let response = GateLayer(gate).layer(handler).oneshot(request).await.unwrap();
        Status::from_header_map(response.headers()).map(|status| status.code())
    }

    #[tokio::test]
    async fn a_handler_that_forgets_to_ask_answers_nobody_not_even_local() {
        assert_eq!(answered(true).await, None);
        assert_eq!(answered(false).await, Some(Code::Internal));
    }
}
