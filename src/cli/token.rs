//! `token`: who may do what. Through a running service with an operator's
//! credentials, or in the folder of a service that is stopped.

use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use serde_json::{Value, json};

use super::connect::ServerArg;
use super::output::{self, Answer, table};
use crate::client::{self, wire};
use crate::domain::Secret;
use crate::domain::access::{Grant, Reach};
use crate::domain::event::TokenId;
use crate::ingest::{NewToken, OfflineTokens};
use crate::words::{Timestamp, clock};

/// Issue, list and revoke tokens
#[derive(Debug, clap::Subcommand)]
pub(super) enum Command {
    /// Issue a token; it is shown this once
    Create(CreateArgs),
    /// List all tokens that were ever issued, without their secrets
    List(ListArgs),
    /// End a token at once
    Revoke(RevokeArgs),
}

/// Where tokens are looked after.
#[derive(Debug, clap::Args)]
struct Where {
    /// Folder of a ledger whose service is stopped; else a running service is asked
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    #[command(flatten)]
    server: ServerArg,
}

#[derive(Debug, clap::Args)]
pub(super) struct CreateArgs {
    /// Who will hold it; recorded with everything done with it
    principal: String,
    /// submitter:unit:CODE, submitter:subtree:CODE, reviewer:subtree:CODE, office:subtree:CODE, auditor or operator; again for more
    #[arg(long = "grant", value_name = "GRANT", required = true)]
    grants: Vec<Grant>,
    /// Days it lives
    #[arg(long, value_name = "DAYS", default_value_t = 365, value_parser = clap::value_parser!(u16).range(1..=3_650))]
    days: u16,
    /// Why; kept in the ledger
    #[arg(long, default_value = "")]
    reason: String,
    /// Write it to a new file that only you can read, instead of showing it
    #[arg(long, value_name = "FILE")]
    to: Option<PathBuf>,
    /// Print JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    place: Where,
}

#[derive(Debug, clap::Args)]
pub(super) struct ListArgs {
    /// Print JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    place: Where,
}

#[derive(Debug, clap::Args)]
pub(super) struct RevokeArgs {
    /// Its number, as `token list` shows it
    id: i32,
    /// Why; kept in the ledger
    #[arg(long, default_value = "")]
    reason: String,
    /// Print JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    place: Where,
}

/// Runs the command.
pub(super) async fn run(command: &Command) -> anyhow::Result<Answer> {
    match command {
        Command::Create(args) => create(args).await,
        Command::List(args) => list(args).await,
        Command::Revoke(args) => revoke(args).await,
    }
}

/// Opens the ledger in a folder; only the first token may make one.
fn open_known(dir: &Path) -> anyhow::Result<OfflineTokens> {
    anyhow::ensure!(dir.join("db").exists(), "{} holds no ledger", dir.display());
    open(dir)
}

fn open(dir: &Path) -> anyhow::Result<OfflineTokens> {
    OfflineTokens::open(dir, clock::system).with_context(|| dir.display().to_string())
}

fn grant_to_wire(grant: &Grant) -> anyhow::Result<wire::Grant> {
    let role = wire::Role::from_str_name(&format!("ROLE_{}", grant.role().name().to_uppercase()));
    let (reach, unit) = match grant.reach() {
        Reach::Everything => (wire::Reach::Everything, String::new()),
        Reach::Unit(unit) => (wire::Reach::Unit, unit.to_string()),
        Reach::Subtree(root) => (wire::Reach::Subtree, root.to_string()),
    };
    let role = role.context("the role is not known")?;
    Ok(wire::Grant { role: role.into(), reach: reach.into(), unit })
}

async fn create(args: &CreateArgs) -> anyhow::Result<Answer> {
    const DAY: Duration = Duration::from_hours(24);
    // where it goes first: a token that cannot be handed over is better not issued
    let mut file = args.to.as_deref().map(new_file).transpose()?;
    let life = i64::try_from(DAY.saturating_mul(args.days.into()).as_micros())?;
    let expires = Timestamp(clock::system().0.saturating_add(life));
    let (token, secret) = match &args.place.data {
        Some(dir) => {
            let (principal, grants) = (Arc::from(args.principal.as_str()), args.grants.clone().into());
            let new = NewToken { principal, grants, expires: Some(expires), reason: args.reason.clone() };
            let (secret, token) = open(dir)?.issue(new)?;
            (client::token(&token), secret)
        }
        None => {
            let request = wire::IssueTokenRequest {
                principal: args.principal.clone(),
                grants: args.grants.iter().map(grant_to_wire).collect::<anyhow::Result<_>>()?,
                expires: Some(client::time(expires)),
                reason: args.reason.clone(),
            };
            let issued = args.place.server.connect().await?.issue_token(request).await?;
            let secret = Secret::parse(issued.secret.as_bytes()).context("the service sent no token")?;
            (issued.token.unwrap_or_default(), secret)
        }
    };
    if let Some(file) = &mut file {
        file.write_all(format!("{}\n", secret.reveal()).as_bytes())?;
        file.sync_all()?;
    }
    let shown = file.is_none().then(|| secret.reveal());
    if args.json {
        let mut value = token_json(&token);
        if let (Some(secret), Some(fields)) = (shown, value.as_object_mut()) {
            fields.insert("secret".to_owned(), secret.into());
        }
        return Ok(Answer::Json(value));
    }
    let about = format!("token {} of {} until {}: {}", token.id, token.principal, until(&token), grants_text(&token));
    Ok(match (shown, &args.to) {
        (Some(secret), _) => {
            output::note(&format!(
                "{about}\nit is shown this once, keep it where only its holder can read it 仅显示一次"
            ));
            Answer::Text(secret.to_owned())
        }
        (None, to) => {
            let file = to.as_ref().map(|to| to.display().to_string()).unwrap_or_default();
            Answer::Text(format!("{about}\nwritten to {file} 已写入文件"))
        }
    })
}

/// A file that only its owner can read.
fn new_file(path: &Path) -> anyhow::Result<std::fs::File> {
    let file = std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path);
    file.with_context(|| path.display().to_string())
}

async fn list(args: &ListArgs) -> anyhow::Result<Answer> {
    let tokens: Vec<wire::Token> = match &args.place.data {
        Some(dir) => open_known(dir)?.all().iter().map(client::token).collect(),
        None => args.place.server.connect().await?.tokens().await?,
    };
    if args.json {
        return Ok(Answer::Json(tokens.iter().map(token_json).collect()));
    }
    let by = |event: &Option<wire::TokenEvent>| {
        let told = |event: &wire::TokenEvent| {
            let time = event.time.as_ref().map(ToString::to_string).unwrap_or_default();
            [time.as_str(), &event.principal, &event.reason].join(" ").trim_end().to_owned()
        };
        event.as_ref().map(told).unwrap_or_default()
    };
    let row = |token: &wire::Token| {
        let (issued, revoked) = (by(&token.issued), by(&token.revoked));
        vec![token.id.to_string(), token.principal.clone(), grants_text(token), until(token), issued, revoked]
    };
    let header = ["token", "principal 持有人", "grants 权限", "until 有效期", "issued 签发", "revoked 吊销"];
    Ok(Answer::Text(table(&header, tokens.iter().map(row).collect(), &[0])))
}

async fn revoke(args: &RevokeArgs) -> anyhow::Result<Answer> {
    let position = match &args.place.data {
        Some(dir) => {
            let id = TokenId(u32::try_from(args.id).context("tokens count from 1")?);
            i64::try_from(open_known(dir)?.revoke(id, args.reason.clone())?.0)?
        }
        None => {
            let request = wire::RevokeTokenRequest { id: args.id, reason: args.reason.clone() };
            args.place.server.connect().await?.revoke_token(request).await?.position
        }
    };
    Ok(if args.json {
        Answer::Json(json!({ "id": args.id, "position": position }))
    } else {
        Answer::Text(format!("token {} is revoked (position {position}) 已吊销", args.id))
    })
}

fn until(token: &wire::Token) -> String {
    token.expires.as_ref().map(ToString::to_string).unwrap_or_default()
}

/// A grant as it is written in commands and settings.
fn grant_text(grant: &wire::Grant) -> String {
    let role = grant.role().as_str_name().trim_start_matches("ROLE_").to_lowercase();
    let reach = match grant.reach() {
        wire::Reach::Unit => format!("unit:{}", grant.unit),
        wire::Reach::Subtree => format!("subtree:{}", grant.unit),
        wire::Reach::Everything | wire::Reach::Unspecified => "everything".to_owned(),
    };
    format!("{role}:{reach}")
}

fn grants_text(token: &wire::Token) -> String {
    token.grants.iter().map(grant_text).collect::<Vec<_>>().join(" ")
}

fn token_json(token: &wire::Token) -> Value {
    let event = |event: &wire::TokenEvent| {
        let time = event.time.as_ref().map(ToString::to_string);
        json!({ "time": time, "principal": event.principal, "reason": event.reason, "position": event.position })
    };
    json!({
        "id": token.id,
        "principal": token.principal,
        "grants": token.grants.iter().map(grant_text).collect::<Vec<_>>(),
        "expires": until(token),
        "issued": token.issued.as_ref().map(event),
        "revoked": token.revoked.as_ref().map(event),
    })
}
