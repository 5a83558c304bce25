//! Where logs and spans go.

use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{Layer as _, fmt};

use crate::cli::settings::{LogFormat, Logging};
use crate::cli::spans::Exporter;

/// Logs to stderr from here on, and exports spans if that is set.
pub(super) fn start(logging: Logging) -> anyhow::Result<Exporter> {
    let Logging { format, filter, otlp_endpoint } = logging;
    let exporter = Exporter::start(otlp_endpoint.as_deref())?;
    let colours = std::io::IsTerminal::is_terminal(&std::io::stderr());
    let lines = fmt::layer().with_writer(std::io::stderr);
    let lines = match format {
        LogFormat::Text => lines.with_ansi(colours).boxed(),
        LogFormat::Json => lines.json().boxed(),
    };
    tracing_subscriber::registry().with(exporter.layer()).with(lines.with_filter(filter)).init();
    Ok(exporter)
}
