//! One call of a known caller: what every handler asks, once it knows which units
//! its request speaks of.
//!
//! A handler opens its request with [`Call::open`] and asks [`Call::may`] or one of
//! its sisters before it answers. One that forgets answers nobody: the gate turns
//! what was not decided into an error.

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tonic::{Request, Status};

use super::access_log::{Attempt, Told};
use super::caller::{Caller, Credential};
use super::gate::Gate;
use super::permissions::Rpc;
use super::status;
use crate::domain::access::{self, Denial, Permission, Sight, Subject};
use crate::domain::event::UnitEntry;
use crate::domain::{State, Units};
use crate::words::{Position, UnitCode, Year, limits};

/// See the module.
#[derive(Debug)]
pub(super) struct Call {
    caller: Caller,
    rpc: Arc<Rpc>,
    peer: Option<std::net::IpAddr>,
    gate: Arc<Gate>,
    decided: AtomicBool,
}

/// Why a call is not answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Refusal {
    /// The caller's credentials have ended.
    Unauthenticated,
    /// He may not; or there is no such unit.
    Denied,
    /// He may, of a unit that he names.
    NameAUnit,
}

impl From<Refusal> for Status {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::Unauthenticated => status::unauthenticated(),
            Refusal::Denied => status::denied(),
            Refusal::NameAUnit => status::name_a_unit(),
        }
    }
}

impl From<Denial> for Refusal {
    fn from(denial: Denial) -> Self {
        match denial {
            Denial::Denied => Self::Denied,
            Denial::NameAUnit => Self::NameAUnit,
        }
    }
}

/// Several units in one entry of the access log.
fn several(named: &[UnitCode]) -> String {
    match named {
        [] => String::new(),
        [only] => only.to_string(),
        [first, more @ ..] => format!("{first} and {} more", more.len()),
    }
}

impl Call {
    pub(super) fn new(caller: Caller, rpc: Arc<Rpc>, peer: Option<std::net::IpAddr>, gate: Arc<Gate>) -> Self {
        Self { caller, rpc, peer, gate, decided: AtomicBool::new(false) }
    }

    /// The call that a request belongs to, and what it says.
    pub(super) fn open<T>(mut request: Request<T>) -> Result<(Arc<Self>, T), Status> {
        let call = request.extensions_mut().remove::<Arc<Self>>();
        let call = call.ok_or_else(|| Status::internal("the call did not pass the gate"))?;
        Ok((call, request.into_inner()))
    }

    /// Who calls, as recorded with what he does.
    pub(super) fn principal(&self) -> Arc<str> {
        Arc::clone(&self.caller.principal)
    }

    /// Whether it was decided if the caller may.
    pub(super) fn is_decided(&self) -> bool {
        self.decided.load(Ordering::Relaxed)
    }

    /// Whether the caller may do what the RPC is for with what the request speaks of.
    pub(super) fn may(&self, subject: Subject<'_>) -> Result<(), Refusal> {
        let decided = self.decide(|permission, units| access::decide(&self.caller.grants, permission, subject, units));
        let (unit, year) = match subject {
            Subject::NoUnit => ("", None),
            Subject::AllUnits => ("*", None),
            Subject::Unit(unit, year) | Subject::Below(unit, year) => (unit.as_str(), year),
        };
        self.note(decided, unit, year);
        decided
    }

    /// The same of units with all below them, over years; no unit named: of all.
    pub(super) fn may_over(&self, named: &[UnitCode], years: &[Year]) -> Result<(), Refusal> {
        if named.is_empty() {
            return self.may(Subject::AllUnits);
        }
        let decided = self.decide(|permission, units| {
            let may = |unit| access::decide_over(&self.caller.grants, permission, unit, years, units);
            named.iter().try_for_each(may)
        });
        self.note(decided, &several(named), years.last().copied());
        decided
    }

    /// The same of units whose histories are to be replaced.
    pub(super) fn may_change(&self, entries: &[UnitEntry]) -> Result<(), Refusal> {
        if self.still_may(Subject::AllUnits).is_ok() {
            return Ok(());
        }
        // compared outside the lock, so that others are not kept waiting
        let before = self.gate.desk.with_state(|state| state.units().clone());
        let after = before.with(entries, Position(u64::MAX));
        let mut named: Vec<UnitCode> = entries.iter().map(|entry| entry.code.clone()).collect();
        named.sort_unstable();
        named.dedup();
        let verdict = access::decide_change(&self.caller.grants, &named, &before, &after);
        let decided = self.decide(|_, _| verdict);
        self.note(decided, &several(&named), None);
        decided
    }

    /// Whether the caller may at all what the RPC is for: of which units, each
    /// message of the stream says.
    pub(super) fn may_somewhere(&self) -> Result<(), Refusal> {
        let permits = |permission| self.caller.grants.iter().any(|grant| grant.role().permits(permission));
        let decided = self.decide(|permission, _| if permits(permission) { Ok(()) } else { Err(Denial::Denied) });
        if decided.is_err() {
            self.note(decided, "", None);
        }
        decided
    }

    /// Whether that still holds, while a stream goes on.
    pub(super) fn still_may(&self, subject: Subject<'_>) -> Result<(), Refusal> {
        self.decide(|permission, units| access::decide(&self.caller.grants, permission, subject, units))
    }

    /// What the caller may see of what a list goes through.
    pub(super) fn sight(&self) -> Result<Sight, Refusal> {
        let permission = self.rpc.permission.ok_or(Refusal::Denied)?;
        Ok(Sight::new(&self.caller.grants, permission))
    }

    fn decide(&self, decide: impl FnOnce(Permission, &Units) -> Result<(), Denial>) -> Result<(), Refusal> {
        self.decided.store(true, Ordering::Relaxed);
        let permission = self.rpc.permission.ok_or(Refusal::Denied)?;
        if self.caller.credential == Credential::Local {
            // he may do everything, whatever the state
            return Ok(());
        }
        self.gate.desk.with_state(|state| {
            if !self.is_live_in(state) {
                return Err(Refusal::Unauthenticated);
            }
            decide(permission, state.units()).map_err(Refusal::from)
        })
    }

    fn note(&self, decided: Result<(), Refusal>, unit: &str, year: Option<Year>) {
        let outcome = match decided {
            Ok(()) => {
                let reads = self.rpc.permission.is_some_and(Permission::reads_of_units);
                if !reads || !self.caller.is_logged() {
                    return;
                }
                Told::Allowed
            }
            Err(Refusal::Unauthenticated) => Told::Unknown(0),
            Err(Refusal::Denied | Refusal::NameAUnit) => Told::Denied,
        };
        self.gate.log.note(&Attempt {
            time: self.gate.desk.now(),
            principal: &self.caller.principal,
            peer: self.peer,
            rpc: &self.rpc.name,
            unit,
            year: year.map(Year::get),
            outcome,
        });
    }

    fn is_live_in(&self, state: &State) -> bool {
        self.caller.is_live(state.tokens(), self.gate.desk.now())
    }

    /// Whether the caller's credentials still hold.
    pub(super) fn is_live(&self) -> bool {
        self.gate.desk.with_state(|state| self.is_live_in(state))
    }

    /// Ends when the caller's credentials do: at once when a token is revoked.
    pub(super) fn ended(self: &Arc<Self>) -> impl Future<Output = ()> + Send + use<> {
        let call = Arc::clone(self);
        async move {
            let Some(until) = call.caller.ends() else { return std::future::pending().await };
            let mut changes = call.gate.desk.token_changes();
            while call.is_live() {
                let left = until.0.saturating_sub(call.gate.desk.now().0);
                let left = Duration::from_micros(u64::try_from(left).unwrap_or(0)).min(limits::CREDENTIALS_EVERY);
                tokio::select! {
                    changed = changes.changed() => if changed.is_err() { return },
                    () = tokio::time::sleep(left) => {}
                }
            }
        }
    }

    /// Takes the turn of one report; refused if the caller sent too many just now.
    pub(super) fn take_turn(&self) -> Result<(), Status> {
        match self.wait_for_turn() {
            None => Ok(()),
            Some(wait) => Err(status::too_fast("reports", wait)),
        }
    }

    /// Waits for the turn of one report.
    pub(super) async fn turn(&self) {
        while let Some(wait) = self.wait_for_turn() {
            tokio::time::sleep(wait).await;
        }
    }

    fn wait_for_turn(&self) -> Option<Duration> {
        if self.caller.is_limited() { self.gate.rates.report(&self.caller.principal).err() } else { None }
    }
}
