//! A certificate authority for servers and scrapers.

use std::net::{IpAddr, Ipv4Addr};
use std::path::Path;

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, ExtendedKeyUsagePurpose, IsCa, KeyPair, SanType,
};
use time::{Duration, OffsetDateTime};

/// A certificate and its key as PEM.
#[derive(Clone)]
pub struct Pair {
    pub certificate: String,
    pub key: String,
}

pub struct Ca(CertifiedIssuer<'static, KeyPair>);

impl Ca {
    pub fn new(name: &str) -> Self {
        let mut params = CertificateParams::default();
        params.distinguished_name.push(rcgen::DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        Self(CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap())
    }

    pub fn pem(&self) -> String {
        self.0.pem()
    }

    /// A server on this machine.
    pub fn server(&self) -> Pair {
        let names = vec![dns("localhost"), SanType::IpAddress(IpAddr::V4(Ipv4Addr::LOCALHOST))];
        self.leaf(ExtendedKeyUsagePurpose::ServerAuth, names, 30)
    }

    /// A scraper with these names.
    pub fn client(&self, names: Vec<SanType>) -> Pair {
        self.leaf(ExtendedKeyUsagePurpose::ClientAuth, names, 30)
    }

    /// A scraper whose certificate ended yesterday.
    pub fn expired_client(&self) -> Pair {
        self.leaf(ExtendedKeyUsagePurpose::ClientAuth, vec![dns("scraper.example")], -1)
    }

    fn leaf(&self, usage: ExtendedKeyUsagePurpose, names: Vec<SanType>, days: i64) -> Pair {
        let key = KeyPair::generate().unwrap();
        let certificate = params(usage, names, days).signed_by(&key, &self.0).unwrap();
        Pair { certificate: certificate.pem(), key: key.serialize_pem() }
    }
}

/// A scraper that vouches for itself, as a CA certificate, which is what `openssl req -x509` makes.
pub fn self_signed_client(days: i64) -> Pair {
    let key = KeyPair::generate().unwrap();
    let mut params = params(ExtendedKeyUsagePurpose::ClientAuth, vec![dns("scraper.example")], days);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    Pair { certificate: params.self_signed(&key).unwrap().pem(), key: key.serialize_pem() }
}

pub fn dns(name: &str) -> SanType {
    SanType::DnsName(name.try_into().unwrap())
}

fn params(usage: ExtendedKeyUsagePurpose, names: Vec<SanType>, days: i64) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.subject_alt_names = names;
    params.extended_key_usages = vec![usage];
    params.not_before = OffsetDateTime::now_utc() - Duration::days(60);
    params.not_after = OffsetDateTime::now_utc() + Duration::days(days);
    params
}

/// Writes `server.pem` and `server.key`, for `tls_server_config`.
pub fn write_server(directory: &Path, pair: &Pair) {
    std::fs::write(directory.join("server.pem"), &pair.certificate).unwrap();
    std::fs::write(directory.join("server.key"), &pair.key).unwrap();
}
