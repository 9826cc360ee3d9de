//! An authority of the test's own, and what it signed.

use std::fs;
use std::path::{Path, PathBuf};

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};

/// PEM files. They are deleted with the broker.
#[derive(Debug, Clone)]
pub struct Certificates {
    /// What clients must trust.
    pub authority: PathBuf,
    /// The broker's, for `localhost` and 127.0.0.1.
    pub server: PathBuf,
    /// Its key.
    pub server_key: PathBuf,
    /// A client's, whose common name is the broker's user.
    pub client: PathBuf,
    /// Its key, PKCS #8.
    pub client_key: PathBuf,
}

impl Certificates {
    pub(super) fn write(folder: &Path, user: &str) -> Self {
        let mut params = named("authority of a test", &[]);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let authority = CertifiedIssuer::self_signed(params, key()).expect("an authority can sign itself");
        let write = |name: &str, text: &str| {
            let path = folder.join(name);
            fs::write(&path, text).expect("the folder can be written");
            path
        };
        let signed = |name: &str, params: CertificateParams| {
            let key = key();
            let certificate = params.signed_by(&key, &authority).expect("the authority can sign");
            (
                write(&format!("{name}.pem"), &certificate.pem()),
                write(&format!("{name}.key"), &key.serialize_pem()),
            )
        };
        let (server, server_key) = signed("server", named("localhost", &["localhost", "127.0.0.1"]));
        let (client, client_key) = signed("client", named(user, &[]));
        let authority = write("authority.pem", &authority.pem());
        Self { authority, server, server_key, client, client_key }
    }
}

fn key() -> KeyPair {
    KeyPair::generate().expect("keys can be made")
}

fn named(name: &str, hosts: &[&str]) -> CertificateParams {
    let hosts: Vec<String> = hosts.iter().map(|host| (*host).to_owned()).collect();
    let mut params = CertificateParams::new(hosts).expect("hosts are well formed");
    params.distinguished_name.push(DnType::CommonName, name);
    params
}
