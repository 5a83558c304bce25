//! A city that asks everyone who he is, and callers as values.

use crossfoot::api::{Access, AccessSettings, Rates};
use crossfoot::client::{Client, Credentials, wire};
use crossfoot::domain::access::{Grant, Reach};
use wire::Coverage;

use crate::city::{City, consolidated, own};

/// Tokens are shown, nothing else counts.
pub fn tokens() -> AccessSettings {
    AccessSettings { tokens: true, ..AccessSettings::default() }
}

/// No limit that a test could meet.
pub fn unhurried() -> Rates {
    let plenty = std::num::NonZeroU32::new(1_000_000).unwrap();
    Rates { calls_per_second: plenty, reports_per_second: plenty, failures_per_second: plenty }
}

pub struct World {
    pub city: City,
    /// An operator's token.
    pub operator: String,
}

impl World {
    /// A city with reports of all its units but C-1-B.
    pub async fn new() -> Self {
        Self::with(AccessSettings { rates: unhurried(), ..tokens() }).await
    }

    pub async fn with(settings: AccessSettings) -> Self {
        let city = City::new().await;
        for unit in ["C", "C-1", "C-1-A", "C-2"] {
            city.submit(own(unit, 2024, 5)).await;
        }
        city.submit(consolidated("C", 2024, 20)).await;
        city.submit(consolidated("C-1", 2024, 9)).await;
        let operator = issue(&city.client, "operator", &["operator"]).await;
        let city = city.restart_set_up(|server| server.with_access(Access::new(&settings).unwrap())).await;
        Self { city, operator }
    }

    /// A new token.
    pub async fn token(&self, principal: &str, grants: &[&str]) -> String {
        issue(&self.with_token(&self.operator).await, principal, grants).await
    }

    /// A client that shows a token.
    pub async fn with_token(&self, token: &str) -> Client {
        let credentials = Credentials::new().with_token(token).unwrap();
        Client::connect_with(&self.city.address, &credentials).await.unwrap()
    }

    /// A client of somebody with these grants.
    pub async fn caller(&self, principal: &str, grants: &[&str]) -> Client {
        self.with_token(&self.token(principal, grants).await).await
    }

    /// Ends a token, by its holder's name.
    pub async fn revoke(&self, principal: &str) {
        let client = self.with_token(&self.operator).await;
        let tokens = client.tokens().await.unwrap();
        let id = tokens.iter().find(|token| token.principal == principal).unwrap().id;
        client.revoke_token(wire::RevokeTokenRequest { id, reason: "lost".to_owned() }).await.unwrap();
    }
}

pub fn grant(text: &str) -> wire::Grant {
    let grant: Grant = text.parse().unwrap();
    let role = wire::Role::from_str_name(&format!("ROLE_{}", grant.role().name().to_uppercase())).unwrap();
    let (reach, unit) = match grant.reach() {
        Reach::Everything => (wire::Reach::Everything, String::new()),
        Reach::Unit(unit) => (wire::Reach::Unit, unit.to_string()),
        Reach::Subtree(root) => (wire::Reach::Subtree, root.to_string()),
    };
    wire::Grant { role: role.into(), reach: reach.into(), unit }
}

pub async fn issue(client: &Client, principal: &str, grants: &[&str]) -> String {
    let request = wire::IssueTokenRequest {
        principal: principal.to_owned(),
        grants: grants.iter().map(|text| grant(text)).collect(),
        ..Default::default()
    };
    client.issue_token(request).await.unwrap().secret
}

/// Names a report.
pub fn report(unit: &str) -> wire::GetReportRequest {
    wire::GetReportRequest { series: crate::city::series(unit, 2024, Coverage::Own), ..Default::default() }
}

/// The end of a stream, which must come by itself.
pub async fn end<T: std::fmt::Debug>(stream: &mut tonic::Streaming<T>) -> tonic::Status {
    const PATIENCE: std::time::Duration = std::time::Duration::from_secs(30);
    tokio::time::timeout(PATIENCE, stream.message()).await.expect("the stream goes on").unwrap_err()
}

/// What a call was refused with.
pub fn status<T: std::fmt::Debug>(answer: Result<T, crossfoot::client::ClientError>) -> tonic::Status {
    match answer.unwrap_err() {
        crossfoot::client::ClientError::Refused(status) | crossfoot::client::ClientError::Failed(status) => *status,
        other => panic!("{other}"),
    }
}
