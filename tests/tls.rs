//! Who is let in over TLS, what others are told, and certificates that change while
//! the service runs.

#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    clippy::wildcard_enum_match_arm,
    clippy::print_stdout,
    reason = "a test says what is wrong by failing"
)]

mod certificates;
mod city;

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use certificates::{Authority, Identity, in_2020};
use crossfoot::api::{
    Access, AccessSettings, Capacity, CertificateSettings, ClientCertificates, Server, Tls, TlsFiles, Transport,
};
use crossfoot::client::{Client, ClientError, Credentials, Handshake};
use crossfoot::form::Catalog;
use crossfoot::ingest::Desk;
use crossfoot::words::clock;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio_util::sync::CancellationToken;

/// A service that speaks TLS, and the authorities around it.
struct Service {
    address: SocketAddr,
    tls: Arc<Tls>,
    stop: CancellationToken,
    /// Vouches for the service.
    own: Authority,
    /// Vouches for callers.
    callers: Authority,
    folder: tempfile::TempDir,
}

impl Service {
    async fn start() -> Self {
        Self::start_with(ClientCertificates::Required, Capacity::default()).await
    }

    async fn start_with(asked: ClientCertificates, capacity: Capacity) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (own, callers) = (Authority::new(folder.path(), "own"), Authority::new(folder.path(), "callers"));
        let tls = Arc::new(Tls::load(files(&own.service("service"), &callers), asked, clock::system).unwrap());
        let transport = Transport { tls: Some(Arc::clone(&tls)), ..Transport::default() };
        let catalog = Catalog::load(None).unwrap();
        let desk = Arc::new(Desk::open(&folder.path().join("ledger"), &catalog, clock::system).unwrap());
        // any address: callers are known
        let server = Server::bind_with(SocketAddr::from((Ipv4Addr::UNSPECIFIED, 0)), transport).await.unwrap();
        let server = server.with_capacity(capacity).with_access(operators());
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, server.address().port()));
        let stop = CancellationToken::new();
        let stopping = stop.clone();
        tokio::spawn(async move { server.serve(desk, &catalog, stopping).await.unwrap() });
        Self { address, tls, stop, own, callers, folder }
    }

    fn url(&self) -> String {
        format!("https://{}", self.address)
    }

    /// Connects and calls once.
    async fn call(&self, credentials: &Credentials) -> Result<Client, ClientError> {
        call(&self.url(), credentials).await
    }

    /// A caller it trusts.
    fn unit(&self) -> Credentials {
        self.own.trusted_with(&self.callers.unit("C-2"))
    }
}

/// Units whose certificates are operators': what they may is not looked at here.
fn operators() -> Access {
    let entry = |unit: &str| CertificateSettings {
        name: Some(format!("urn:crossfoot:unit:{unit}")),
        fingerprint: None,
        principal: unit.to_owned(),
        grants: vec!["operator".to_owned()],
    };
    let certificates = ["C-1", "C-2"].map(entry).to_vec();
    Access::new(&AccessSettings { certificates, ..AccessSettings::default() }).unwrap()
}

impl Drop for Service {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

fn files(service: &Identity, callers: &Authority) -> TlsFiles {
    let (certificate, key) = (service.certificate.clone(), service.key.clone());
    TlsFiles { certificate, key, client_authorities: Some(callers.file.clone()) }
}

async fn call(server: &str, credentials: &Credentials) -> Result<Client, ClientError> {
    let client = Client::connect_with(server, credentials).await?;
    client.status().await?;
    Ok(client)
}

#[tokio::test]
async fn who_shows_a_certificate_of_the_right_authority_is_served_and_others_are_told_why_not() {
    let service = Service::start().await;
    service.call(&service.unit()).await.unwrap();
    service.call(&service.own.trusted_with(&service.callers.unit("C-1"))).await.unwrap();

    let none = service.call(&service.own.trusted()).await.unwrap_err();
    assert!(matches!(none, ClientError::Handshake(Handshake::NoCertificate)), "{none}");
    assert!(none.to_string().contains("--cert"), "{none}");
    let wrong = Authority::new(service.folder.path(), "wrong");
    let elsewhere = service.call(&service.own.trusted_with(&wrong.unit("C-3"))).await.unwrap_err();
    assert!(matches!(elsewhere, ClientError::Handshake(Handshake::OtherAuthority)), "{elsewhere}");
    // the authority of the service vouches for the service alone
    let own = service.call(&service.own.trusted_with(&service.own.unit("C-4"))).await.unwrap_err();
    assert!(matches!(own, ClientError::Handshake(Handshake::OtherAuthority)), "{own}");
    let old = service.callers.expired("C-5");
    let expired = service.own.trusted().with_identity(&old.certificate, &old.key, in_2020()).unwrap();
    let expired = service.call(&expired).await.unwrap_err();
    assert!(matches!(expired, ClientError::Handshake(Handshake::Expired)), "{expired}");
    service.call(&service.unit()).await.unwrap();
}

#[tokio::test]
async fn a_service_that_is_not_the_right_one_is_shown_nothing() {
    let service = Service::start().await;
    let not_trusted = |error: ClientError| match error {
        ClientError::Handshake(Handshake::NotTrusted(why)) => why,
        other => panic!("{other}"),
    };
    let unit = service.callers.unit("C-2");
    let stranger = service.call(&service.callers.trusted_with(&unit)).await.unwrap_err();
    assert!(not_trusted(stranger).contains("no authority"));
    // what was loaded in 2020, and is over
    let old = service.own.expired("old");
    let tls = Tls::load(files(&old, &service.callers), ClientCertificates::Required, in_2020).unwrap();
    let transport = Transport { tls: Some(Arc::new(tls)), ..Transport::default() };
    let catalog = Catalog::load(None).unwrap();
    let desk = Arc::new(Desk::open(&service.folder.path().join("other"), &catalog, clock::system).unwrap());
    let server = Server::bind_with(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)), transport).await.unwrap();
    let url = server.url();
    let stop = service.stop.clone();
    tokio::spawn(async move { server.serve(desk, &catalog, stop).await.unwrap() });
    let over = call(&url, &service.own.trusted_with(&unit)).await.unwrap_err();
    assert!(not_trusted(over).contains("expired"));
    // the name matters too
    let other_name = service.url().replace("127.0.0.1", "127.0.0.2");
    let name = call(&other_name, &service.own.trusted_with(&unit)).await.unwrap_err();
    assert!(not_trusted(name).contains("127.0.0.2"));
}

#[tokio::test]
async fn where_a_certificate_is_optional_who_shows_none_is_asked_for_a_token_and_a_wrong_one_is_refused() {
    let service = Service::start_with(ClientCertificates::Optional, Capacity::default()).await;
    let asked = service.call(&service.own.trusted()).await.unwrap_err();
    assert!(matches!(&asked, ClientError::Refused(status) if status.code() == tonic::Code::Unauthenticated), "{asked}");
    service.call(&service.unit()).await.unwrap();
    let wrong = Authority::new(service.folder.path(), "wrong");
    let refused = service.call(&service.own.trusted_with(&wrong.unit("C-3"))).await.unwrap_err();
    assert!(matches!(refused, ClientError::Handshake(Handshake::OtherAuthority)), "{refused}");
}

#[tokio::test]
async fn plain_text_to_tls_is_closed_and_each_end_says_what_the_other_speaks() {
    let service = Service::start().await;
    let mut plain = TcpStream::connect(service.address).await.unwrap();
    plain.write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n").await.unwrap();
    let mut said = Vec::new();
    plain.read_to_end(&mut said).await.unwrap();
    assert!(said.len() < 10, "an alert, and nothing else: {said:?}");
    let refused = call(&format!("http://{}", service.address), &Credentials::new()).await.unwrap_err();
    // a connection that ends before the first call is made takes its reason with it
    assert!(matches!(refused, ClientError::Handshake(Handshake::NotPlain) | ClientError::Failed(_)), "{refused}");
    let city = city::City::new().await;
    let plain = city.address.replace("http://", "https://");
    let refused = call(&plain, &service.unit()).await.unwrap_err();
    assert!(matches!(refused, ClientError::Handshake(Handshake::NotTls)), "{refused}");
    // certificates and an address in plain text do not go together
    let mixed = call(&city.address, &service.unit()).await.unwrap_err();
    assert!(matches!(mixed, ClientError::Credentials(_)), "{mixed}");
}

#[tokio::test]
async fn handshakes_that_do_not_go_on_are_closed_and_give_their_places_back() {
    // long enough for an honest handshake on a busy machine
    let capacity = Capacity { connections: 3, first_byte: Duration::from_secs(1), ..Capacity::default() };
    let service = Service::start_with(ClientCertificates::Required, capacity).await;
    let mut silent = TcpStream::connect(service.address).await.unwrap();
    let mut begun = TcpStream::connect(service.address).await.unwrap();
    // the head of a message of TLS whose rest never comes
    begun.write_all(&[22, 3, 1, 2, 0, 1, 0]).await.unwrap();
    // agreed, and then silent
    let mut agreed = service.own.connect(service.address, &service.callers.unit("C-1")).await;
    for _ in 0..3 {
        // one that is refused and stays
        let mut refused = TcpStream::connect(service.address).await.unwrap();
        refused.write_all(b"nonsense").await.unwrap();
        service.call(&service.unit()).await.unwrap();
    }
    let mut said = Vec::new();
    silent.read_to_end(&mut said).await.unwrap();
    begun.read_to_end(&mut said).await.unwrap();
    assert!(said.is_empty(), "{said:?}");
    // it had the settings of HTTP/2; no farewell of TLS comes with the end
    let _ = agreed.read_to_end(&mut said).await;
}

#[tokio::test]
async fn a_slow_handshake_stops_nobody_else() {
    // there is no deadline that could help
    let capacity = Capacity { first_byte: Duration::from_secs(3_600), ..Capacity::default() };
    let service = Service::start_with(ClientCertificates::Required, capacity).await;
    let mut held = Vec::new();
    for _ in 0..20 {
        held.push(TcpStream::connect(service.address).await.unwrap());
    }
    service.call(&service.unit()).await.unwrap();
}

#[tokio::test]
async fn new_connections_use_what_was_loaded_last_and_open_ones_go_on() {
    let service = Service::start().await;
    let unit = service.callers.unit("C-2");
    let before = service.call(&service.own.trusted_with(&unit)).await.unwrap();
    let others = Authority::new(service.folder.path(), "others");
    std::fs::copy(&others.file, &service.callers.file).unwrap();
    service.tls.reload().unwrap();
    let refused = service.call(&service.own.trusted_with(&unit)).await.unwrap_err();
    assert!(matches!(refused, ClientError::Handshake(Handshake::OtherAuthority)), "{refused}");
    service.call(&service.own.trusted_with(&others.unit("C-1"))).await.unwrap();
    before.status().await.unwrap();
}

#[tokio::test]
async fn a_caller_who_talks_on_while_it_is_refused_still_hears_why() {
    let service = Service::start().await;
    let wrong = Authority::new(service.folder.path(), "wrong").unit("C-3");
    let mut stream = service.own.connect(service.address, &wrong).await;
    for _ in 0..200 {
        // the service refuses in between; who cannot write does not read on
        stream.write_all(&[0; 1 << 10]).await.unwrap();
        tokio::task::yield_now().await;
    }
    let error = stream.read_u8().await.unwrap_err();
    assert!(error.to_string().contains("UnknownCA"), "{error}");
}
