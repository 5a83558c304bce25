//! How much one caller may ask, so that others get their turn; and how many failed
//! attempts of one address are told. Nobody is locked out by what others do.

use std::net::{IpAddr, Ipv6Addr};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use governor::clock::{Clock as _, DefaultClock};
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};

use super::access::Rates;

/// See the module.
#[derive(Debug)]
pub(super) struct Limiters {
    calls: DefaultKeyedRateLimiter<Arc<str>>,
    reports: DefaultKeyedRateLimiter<Arc<str>>,
    failures: DefaultKeyedRateLimiter<IpAddr>,
    /// Failed attempts that were not told.
    untold: AtomicU64,
    clock: DefaultClock,
}

impl Limiters {
    pub(super) fn new(rates: &Rates) -> Self {
        let Rates { calls_per_second, reports_per_second, failures_per_second } = *rates;
        Self {
            calls: RateLimiter::keyed(Quota::per_second(calls_per_second)),
            reports: RateLimiter::keyed(Quota::per_second(reports_per_second)),
            failures: RateLimiter::keyed(Quota::per_second(failures_per_second)),
            untold: AtomicU64::new(0),
            clock: DefaultClock::default(),
        }
    }

    /// Counts a call; the error says how long to wait.
    pub(super) fn call(&self, principal: &Arc<str>) -> Result<(), Duration> {
        self.calls.check_key(principal).map_err(|wait| wait.wait_time_from(self.clock.now()))
    }

    /// Counts a report; the error says how long to wait.
    pub(super) fn report(&self, principal: &Arc<str>) -> Result<(), Duration> {
        self.reports.check_key(principal).map_err(|wait| wait.wait_time_from(self.clock.now()))
    }

    /// Counts a failed attempt. It is told with how many were not told before; the
    /// error says how long to wait.
    pub(super) fn failure(&self, peer: Option<IpAddr>) -> Result<u64, Duration> {
        let peer = peer.map_or(IpAddr::V6(Ipv6Addr::UNSPECIFIED), network);
        match self.failures.check_key(&peer) {
            Ok(()) => Ok(self.untold.swap(0, Ordering::Relaxed)),
            Err(wait) => {
                self.untold.fetch_add(1, Ordering::Relaxed);
                Err(wait.wait_time_from(self.clock.now()))
            }
        }
    }

    /// Forgets whoever asked nothing of late.
    pub(super) fn tend(&self) {
        self.calls.retain_recent();
        self.reports.retain_recent();
        self.failures.retain_recent();
    }
}

/// The address that counts: of IPv6 the network, for a machine has the whole of it.
fn network(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(_) => address,
        IpAddr::V6(address) => {
            let network = u128::from(address) >> 64 << 64;
            address.to_ipv4_mapped().map_or(IpAddr::V6(network.into()), IpAddr::V4)
        }
    }
}
