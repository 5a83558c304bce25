//! Client certificates: whom they stand for, over a real TLS connection.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use crossfoot::api::{
    Access, AccessSettings, CertificateSettings, ClientCertificates, Server, ServerError, Tls, TlsFiles, Transport,
};
use crossfoot::client::{Client, ClientError, Credentials, wire};
use crossfoot::form::Catalog;
use crossfoot::ingest::{Desk, NewToken};
use crossfoot::words::{Digest, clock};
use tokio_util::sync::CancellationToken;
use tonic::Code;

use crate::city::{self, own, rollup_request};
use crate::keys::{Authority, Identity};
use crate::world::{end, report, status};

/// A city that is reached over TLS, by certificates and by tokens.
struct Guarded {
    address: String,
    own: Authority,
    callers: Authority,
    /// A token of the office of everything.
    token: String,
    stop: CancellationToken,
    _folder: tempfile::TempDir,
}

impl Drop for Guarded {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

/// What an entry of the settings says of a certificate.
fn entry(shown: &Identity, principal: &str, grants: &[&str]) -> CertificateSettings {
    let fingerprint = Some(Digest::of(&[&shown.der]).to_string());
    let grants = grants.iter().map(ToString::to_string).collect();
    CertificateSettings { name: None, fingerprint, principal: principal.to_owned(), grants }
}

impl Guarded {
    async fn new(settings: impl FnOnce(&Authority) -> Vec<CertificateSettings>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (own, callers) = (Authority::new(folder.path(), "own"), Authority::new(folder.path(), "callers"));
        let Identity { certificate, key, .. } = own.service("service");
        let files = TlsFiles { certificate, key, client_authorities: Some(callers.file.clone()) };
        let tls = Tls::load(files, ClientCertificates::Optional, clock::system).unwrap();
        let transport = Transport { tls: Some(Arc::new(tls)), tokens: true, ..Transport::default() };
        let catalog = Catalog::load(None).unwrap();
        let desk = Arc::new(Desk::open(&folder.path().join("ledger"), &catalog, clock::system).unwrap());
        let grants = ["office:everything".parse().unwrap()].into();
        let new = NewToken { principal: "office".into(), grants, expires: None, reason: String::new() };
        let (secret, _) = desk.issue_token(new, "test".into()).await.unwrap();
        let settings = AccessSettings { tokens: true, certificates: settings(&callers), ..AccessSettings::default() };
        let server = Server::bind_with(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)), transport).await.unwrap();
        let server = server.with_access(Access::new(&settings).unwrap());
        let (address, stop) = (server.url(), CancellationToken::new());
        let stopping = stop.clone();
        tokio::spawn(async move { server.serve(desk, &catalog, stopping).await.unwrap() });
        let city = Self { address, own, callers, token: secret.reveal().to_owned(), stop, _folder: folder };
        let office = city.shows(city.own.trusted().with_token(&city.token).unwrap()).await.unwrap();
        let units = city::units().as_array().unwrap().iter().map(city::unit).collect();
        office.apply_units(wire::ApplyUnitsRequest { units, ..Default::default() }).await.unwrap();
        city
    }

    async fn shows(&self, credentials: Credentials) -> Result<Client, ClientError> {
        Client::connect_with(&self.address, &credentials).await
    }

    async fn with_certificate(&self, shown: &Identity) -> Client {
        self.shows(self.own.trusted_with(shown)).await.unwrap()
    }
}

#[tokio::test]
async fn a_certificate_that_names_a_unit_files_for_that_unit_and_no_other() {
    let city = Guarded::new(|_| Vec::new()).await;
    let unit = city.with_certificate(&city.callers.unit("C-1-A")).await;
    assert_eq!(unit.submit(own("C-1-A", 2024, 4)).await.unwrap().outcome(), wire::Outcome::Accepted);
    let stored = unit.report(report("C-1-A")).await.unwrap().report.unwrap();
    assert_eq!(stored.principal, "urn:crossfoot:unit:C-1-A");
    unit.rollup(rollup_request("C-1-A", 2024, wire::Basis::Units)).await.unwrap();
    for other in ["C-1-B", "C-1", "C-2", "C", "X-9"] {
        assert_eq!(status(unit.submit(own(other, 2024, 4)).await).code(), Code::PermissionDenied, "{other}");
        assert_eq!(status(unit.report(report(other)).await).code(), Code::PermissionDenied, "{other}");
    }
    assert_eq!(status(unit.status().await).code(), Code::PermissionDenied);
}

#[tokio::test]
async fn an_entry_of_the_settings_says_whom_a_certificate_stands_for() {
    let mut shown = None;
    let city = Guarded::new(|callers| {
        let auditor = callers.unit("C-2");
        let settings = vec![entry(&auditor, "audit", &["auditor"])];
        shown = Some(auditor);
        settings
    })
    .await;
    // by its fingerprint, whatever it says of itself; another of the same name is the unit's
    let audit = city.with_certificate(&shown.unwrap()).await;
    audit.rollup(rollup_request("C", 2024, wire::Basis::Units)).await.unwrap();
    assert_eq!(status(audit.submit(own("C-2", 2024, 4)).await).code(), Code::PermissionDenied);
    let unit = city.with_certificate(&city.callers.unit("C-2")).await;
    assert_eq!(unit.submit(own("C-2", 2024, 4)).await.unwrap().outcome(), wire::Outcome::Accepted);
    assert_eq!(status(unit.rollup(rollup_request("C", 2024, wire::Basis::Units)).await).code(), Code::PermissionDenied);
}

#[tokio::test]
async fn a_certificate_that_stands_for_nobody_is_no_credential_and_makes_up_for_no_bad_token() {
    let city = Guarded::new(|_| Vec::new()).await;
    let nobody = city.with_certificate(&city.callers.service("nobody")).await;
    assert_eq!(status(nobody.report(report("C-2")).await).code(), Code::Unauthenticated);
    let unit = city.own.trusted_with(&city.callers.unit("C-2"));
    let guess = format!("crossfoot_{}", "0".repeat(64));
    let both = city.shows(unit.clone().with_token(&guess).unwrap()).await.unwrap();
    assert_eq!(status(both.report(report("C-2")).await).code(), Code::Unauthenticated);
    // with a good token it is the token that counts
    let both = city.shows(unit.with_token(&city.token).unwrap()).await.unwrap();
    both.rollup(rollup_request("C", 2024, wire::Basis::Units)).await.unwrap();
}

#[tokio::test]
async fn a_connection_that_outlives_its_certificate_is_of_no_use() {
    let city = Guarded::new(|_| Vec::new()).await;
    let passing = city.callers.issue("passing", |params| {
        let name = "urn:crossfoot:unit:C-2".to_owned();
        params.subject_alt_names = vec![rcgen::SanType::URI(name.try_into().unwrap())];
        let now = Duration::from_micros(clock::system().0.unsigned_abs());
        params.not_after = rcgen::date_time_ymd(1970, 1, 1) + now + Duration::from_secs(2);
    });
    let unit = city.with_certificate(&passing).await;
    let request = wire::WatchUnitRequest { unit: "C-2".to_owned(), year: 2024, ..Default::default() };
    let mut watch = unit.watch(request).await.unwrap();
    watch.message().await.unwrap();
    assert_eq!(end(&mut watch).await.code(), Code::Unauthenticated);
    assert_eq!(status(unit.report(report("C-2")).await).code(), Code::Unauthenticated);
}

#[tokio::test]
async fn a_service_beyond_loopback_that_asks_nobody_who_he_is_does_not_serve() {
    let folder = tempfile::tempdir().unwrap();
    let catalog = Catalog::load(None).unwrap();
    let desk = Arc::new(Desk::open(folder.path(), &catalog, clock::system).unwrap());
    // it is said that tokens are asked for, and they are not
    let transport = Transport { tokens: true, insecure: true, ..Transport::default() };
    let server = Server::bind_with(SocketAddr::from((Ipv4Addr::UNSPECIFIED, 0)), transport).await.unwrap();
    let served = server.serve(desk, &catalog, CancellationToken::new()).await;
    assert!(matches!(served, Err(ServerError::CallersUnknown(_))), "{served:?}");
}
