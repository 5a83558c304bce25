//! What is counted while the service runs, for those who watch it.

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::registry::Registry;

use super::outcome::Outcome;
use crate::domain::event::{Event, EventKind};

/// Counts since the start.
#[derive(Debug, Clone, Default)]
pub struct Counters {
    submissions: Family<ByOutcome, Counter>,
    commits: Counter,
    reports: Counter,
    events: Counter,
    failures: Counter,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ByOutcome {
    outcome: &'static str,
}

impl Counters {
    /// Offers them under their names.
    pub fn register(&self, registry: &mut Registry) {
        let registry = registry.sub_registry_with_prefix("crossfoot");
        registry.register("submissions", "Submissions decided, by outcome", self.submissions.clone());
        registry.register("commits", "Batches made durable", self.commits.clone());
        registry.register("reports", "Reports made durable", self.reports.clone());
        registry.register("events", "Events made durable", self.events.clone());
        registry.register("commit_failures", "Batches that could not be made durable", self.failures.clone());
    }

    pub(super) fn decided(&self, outcome: &Outcome) {
        let outcome = match outcome {
            Outcome::Accepted(_) => "accepted",
            Outcome::Unchanged(_) | Outcome::Repeated(_) => "unchanged",
            Outcome::Refused(_) => "refused",
        };
        self.submissions.get_or_create(&ByOutcome { outcome }).inc();
    }

    /// Reports made durable.
    #[must_use]
    pub fn reports(&self) -> u64 {
        self.reports.get()
    }

    pub(super) fn committed(&self, events: &[Event]) {
        let is_report = |event: &&Event| matches!(event.kind, EventKind::ReportAccepted(_));
        self.commits.inc();
        self.reports.inc_by(events.iter().filter(is_report).count() as u64);
        self.events.inc_by(events.len() as u64);
    }

    pub(super) fn failed(&self) {
        self.failures.inc();
    }
}
