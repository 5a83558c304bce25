//! Spans of calls go nowhere: crossfoot was built without the feature `otlp`. See
//! `spans.rs`.

use tracing_subscriber::layer::Identity;

use crate::api::Join;

/// What would send them.
#[derive(Debug)]
pub(super) struct Exporter;

/// Whether spans can be sent there.
pub(super) fn check(_: &str) -> Result<(), String> {
    Err("this crossfoot cannot export spans: build it with `--features otlp`".to_owned())
}

impl Exporter {
    #[expect(clippy::unnecessary_wraps, reason = "with the feature it may fail")]
    pub(super) fn start(_: Option<&str>) -> anyhow::Result<Self> {
        Ok(Self)
    }

    pub(super) fn layer(&self) -> Option<Identity> {
        None
    }

    pub(super) fn join(&self) -> Option<Join> {
        None
    }

    #[expect(clippy::unused_async, reason = "with the feature it waits")]
    pub(super) async fn finish(self) {}
}
