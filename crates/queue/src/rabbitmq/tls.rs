//! Encryption with an authority and a certificate of one's own.

use std::io;

use lapin::tcp::{AsyncTcpStream, RustlsConnector, RustlsConnectorConfig};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use secrecy::ExposeSecret;

use super::session::Stream;
use super::settings::{RabbitMqSettings, Tls};

/// Encrypts the stream if the settings ask for it.
pub(super) async fn encrypt(settings: &RabbitMqSettings, stream: Stream) -> io::Result<Stream> {
    let Some(tls) = &settings.tls else { return Ok(stream) };
    let AsyncTcpStream::Plain(_) = &stream else { return Ok(stream) };
    stream.into_rustls(&connector(tls)?, &settings.host).await
}

fn connector(tls: &Tls) -> io::Result<RustlsConnector> {
    let config = match &tls.authority {
        // Nobody else: a private broker's certificate must not come from any of the public authorities.
        Some(authority) => RustlsConnectorConfig::default()
            .with_parsable_certificates(certificates(authority, "the authority's certificates")?),
        None => RustlsConnectorConfig::new_with_native_certs()?,
    };
    let Some(client) = &tls.client else { return config.connector_with_no_client_auth() };
    let chain = certificates(&client.chain, "the client's certificate")?;
    let key = PrivateKeyDer::from_pem_slice(client.key.expose_secret().as_bytes())
        .map_err(|error| invalid(&format!("the client's key is no PEM ({error})")))?;
    config.connector_with_single_cert(chain, key)
}

fn certificates(pem: &str, what: &str) -> io::Result<Vec<CertificateDer<'static>>> {
    let read: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem.as_bytes()).collect();
    let read = read.map_err(|error| invalid(&format!("{what} are no PEM ({error})")))?;
    if read.is_empty() { Err(invalid(&format!("{what} are missing in the PEM"))) } else { Ok(read) }
}

fn invalid(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what)
}
