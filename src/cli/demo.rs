//! `demo`.
use super::output::Answer;
/// Show it
#[derive(Debug, clap::Args)]
pub(super) struct Args {}
pub(super) async fn run(_args: &Args) -> anyhow::Result<Answer> {
    Ok(Answer::Silent)
}
