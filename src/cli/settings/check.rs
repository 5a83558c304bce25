//! From what is stated to what holds: everything is checked once, and everything
//! that is wrong is told at once. Nothing is opened, made or listened on.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use tracing_subscriber::EnvFilter;

use super::callers::Callers;
use super::origin::{Origin, Problems};
use super::{LogFormat, Stated, folders};
use crate::api::Capacity;
use crate::cli::spans;
use crate::form::Catalog;
use crate::ingest::Keeping;
use crate::ledger::Mirroring;

/// The settings that hold.
#[derive(Debug)]
pub(in crate::cli) struct Settings {
    pub(in crate::cli) data: PathBuf,
    pub(in crate::cli) listen: SocketAddr,
    pub(in crate::cli) observe: Option<SocketAddr>,
    /// The forms, loaded.
    pub(in crate::cli) catalog: Catalog,
    pub(in crate::cli) keeping: Keeping,
    pub(in crate::cli) capacity: Capacity,
    pub(in crate::cli) callers: Callers,
    pub(in crate::cli) logging: Logging,
}

/// What is told of what goes on, and to whom.
#[derive(Debug)]
pub(in crate::cli) struct Logging {
    pub(in crate::cli) format: LogFormat,
    pub(in crate::cli) filter: EnvFilter,
    pub(in crate::cli) otlp_endpoint: Option<String>,
}

/// Checks everything.
pub(super) fn check(stated: &Stated, origin: &Origin) -> anyhow::Result<Settings> {
    let mut problems = Problems::new(origin);
    let data = data(stated.data.as_deref(), &mut problems);
    let (listen, observe) = addresses(stated, &mut problems);
    let mirroring = mirroring(stated, &mut problems);
    let (capacity, disk_reserve) = stated.limits.check(&mut problems);
    let callers = stated.callers.check(listen, &mut problems);
    let logging = logging(stated, &mut problems);
    let catalog = match Catalog::load(stated.forms.as_deref()) {
        Ok(catalog) => Some(catalog),
        Err(error) => {
            problems.add("forms", error);
            None
        }
    };
    problems.none()?;
    // a part that is missing has left a problem
    let (Some(data), Some(listen), Some(catalog), Some(logging)) = (data, listen, catalog, logging) else {
        anyhow::bail!("the settings are not whole");
    };
    let keeping = Keeping { mirroring, signing_key: stated.signing_key.clone(), disk_reserve };
    Ok(Settings { data, listen, observe, catalog, keeping, capacity, callers, logging })
}

fn data(stated: Option<&Path>, problems: &mut Problems<'_>) -> Option<PathBuf> {
    match stated {
        Some(folder) => folders::writable("data", folder, problems),
        None => problems.add("data", "the folder of the ledger must be stated"),
    }
    stated.map(Path::to_owned)
}

fn addresses(stated: &Stated, problems: &mut Problems<'_>) -> (Option<SocketAddr>, Option<SocketAddr>) {
    let Stated { listen, observe, .. } = stated;
    if observe.is_some_and(|observe| observe.port() != 0 && Some(observe) == *listen) {
        problems.add("observe", "is the address of the service itself");
    }
    (*listen, *observe)
}

fn mirroring(stated: &Stated, problems: &mut Problems<'_>) -> Option<Mirroring> {
    let required = stated.mirror_required.unwrap_or_default();
    let Some(dir) = stated.mirror.clone() else {
        if required {
            problems.add("mirror_required", "there is no mirror");
        }
        return None;
    };
    folders::writable("mirror", &dir, problems);
    if stated.data.as_deref().is_some_and(|data| folders::is_within(&dir, data)) {
        problems.add("mirror", "is within the folder of the ledger, and would be lost with it");
    }
    Some(Mirroring { dir, required })
}

fn logging(stated: &Stated, problems: &mut Problems<'_>) -> Option<Logging> {
    let Stated { log_format, log_filter, otlp_endpoint, .. } = stated;
    if let Some(Err(problem)) = otlp_endpoint.as_deref().map(spans::check) {
        problems.add("otlp_endpoint", problem);
    }
    match EnvFilter::try_new(log_filter.as_deref().unwrap_or_default()) {
        Ok(filter) => Some(Logging { format: (*log_format)?, filter, otlp_endpoint: otlp_endpoint.clone() }),
        Err(error) => {
            problems.add("log_filter", error);
            None
        }
    }
}
