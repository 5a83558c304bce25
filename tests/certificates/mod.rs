//! Authorities and certificates as tests need them, in files of a folder.

#![allow(dead_code, unreachable_pub, reason = "each test file uses a part")]

use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crossfoot::certificates::{FileText, authorities, identity, provider};
use crossfoot::client::Credentials;
use crossfoot::words::{Timestamp, clock};
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, SanType, date_time_ymd};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::ClientConfig;
use tokio_rustls::rustls::sign::SingleCertAndKey;

/// An authority; its certificate is in `file`.
pub struct Authority {
    issuer: Issuer<'static, KeyPair>,
    pub file: PathBuf,
}

/// Files of a certificate and its key.
#[derive(Debug, Clone)]
pub struct Identity {
    pub certificate: PathBuf,
    pub key: PathBuf,
    /// The certificate as it is sent.
    pub der: Vec<u8>,
}

impl Authority {
    pub fn new(folder: &Path, name: &str) -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.distinguished_name.push(DnType::CommonName, format!("authority {name}"));
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().unwrap();
        let file = folder.join(format!("{name}.pem"));
        std::fs::write(&file, params.self_signed(&key).unwrap().pem()).unwrap();
        Self { issuer: Issuer::new(params, key), file }
    }

    /// A certificate for a service on this machine.
    pub fn service(&self, name: &str) -> Identity {
        self.issue(name, |params| {
            let address = SanType::IpAddress(Ipv4Addr::LOCALHOST.into());
            params.subject_alt_names = vec![SanType::DnsName("localhost".try_into().unwrap()), address];
        })
    }

    /// A certificate for a unit.
    pub fn unit(&self, code: &str) -> Identity {
        self.issue(code, |params| {
            let urn = format!("urn:crossfoot:unit:{code}");
            params.subject_alt_names = vec![SanType::URI(urn.try_into().unwrap())];
        })
    }

    /// A certificate for a unit, whose time was the year 2020.
    pub fn expired(&self, code: &str) -> Identity {
        self.issue(code, |params| {
            params.not_before = date_time_ymd(2020, 1, 1);
            params.not_after = date_time_ymd(2020, 12, 31);
            params.subject_alt_names = vec![SanType::IpAddress(Ipv4Addr::LOCALHOST.into())];
        })
    }

    pub fn issue(&self, name: &str, change: impl FnOnce(&mut CertificateParams)) -> Identity {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.distinguished_name.push(DnType::CommonName, name);
        change(&mut params);
        let key = KeyPair::generate().unwrap();
        let signed = params.signed_by(&key, &self.issuer).unwrap();
        let folder = self.file.parent().unwrap();
        let identity = Identity {
            certificate: folder.join(format!("{name}.pem")),
            key: folder.join(format!("{name}.key")),
            der: signed.der().to_vec(),
        };
        std::fs::write(&identity.certificate, signed.pem()).unwrap();
        std::fs::write(&identity.key, key.serialize_pem()).unwrap();
        identity
    }

    /// Trusts services this authority vouches for.
    pub fn trusted(&self) -> Credentials {
        Credentials::new().with_authorities(&self.file, clock::system()).unwrap()
    }

    /// Trusts services this authority vouches for, and shows a certificate.
    pub fn trusted_with(&self, shown: &Identity) -> Credentials {
        self.trusted().with_identity(&shown.certificate, &shown.key, clock::system()).unwrap()
    }

    /// A connection to a service this authority vouches for, on which nothing was said yet.
    pub async fn connect(&self, address: SocketAddr, shown: &Identity) -> TlsStream<TcpStream> {
        let read = |file: &Path| FileText::read(file).unwrap();
        let builder = ClientConfig::builder_with_provider(Arc::new(provider()));
        let builder = builder.with_safe_default_protocol_versions().unwrap();
        let builder = builder.with_root_certificates(authorities(&read(&self.file), clock::system()).unwrap());
        let shown = identity(&read(&shown.certificate), &read(&shown.key), clock::system()).unwrap();
        let mut config = builder.with_client_cert_resolver(Arc::new(SingleCertAndKey::from(shown)));
        config.alpn_protocols = vec![b"h2".to_vec()];
        let io = TcpStream::connect(address).await.unwrap();
        let name = "localhost".try_into().unwrap();
        TlsConnector::from(Arc::new(config)).connect(name, io).await.unwrap()
    }
}

impl Identity {
    /// Takes the place of another, in its files.
    pub fn replace(&self, other: &Self) {
        std::fs::copy(&self.certificate, &other.certificate).unwrap();
        std::fs::copy(&self.key, &other.key).unwrap();
    }
}

/// The certificate a service showed.
pub fn shown(stream: &TlsStream<TcpStream>) -> Vec<u8> {
    stream.get_ref().1.peer_certificates().unwrap()[0].to_vec()
}

/// A day in the middle of 2020.
pub fn in_2020() -> Timestamp {
    const DAY: i64 = 24 * 3_600 * 1_000_000;
    Timestamp(18_445 * DAY)
}
