//! Building the client, once per store.

use std::io;
use std::time::Duration;

use aws_config::default_provider::credentials::DefaultCredentialsChain;
use aws_config::meta::region::ProvideRegion;
use aws_sdk_s3::Client;
use aws_sdk_s3::config::retry::RetryConfig;
use aws_sdk_s3::config::timeout::TimeoutConfig;
use aws_sdk_s3::config::{
    BehaviorVersion, Builder, Credentials, ProvideCredentials, Region, RequestChecksumCalculation,
    ResponseChecksumValidation, SharedCredentialsProvider, SharedHttpClient, StalledStreamProtectionConfig,
};
use aws_smithy_http_client::tls::rustls_provider::CryptoMode;
use aws_smithy_http_client::tls::{Provider, TlsContext, TrustStore};
use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use secrecy::ExposeSecret;

use crate::{Checksums, S3Credentials, S3Settings, StoreError};

/// Shorter than servers and load balancers keep an idle connection: what is sent on a closed one may or may not have arrived.
const IDLE: Duration = Duration::from_secs(15);

/// A client for the bucket at `place`, which is what an error speaks of. Retries are ours: the client's own would hide whether an
/// earlier attempt may have been the one that created an object.
pub(super) async fn client(place: &str, settings: &S3Settings) -> Result<Client, StoreError> {
    let is_elsewhere = settings.endpoint.is_some();
    if let Some(endpoint) = &settings.endpoint
        && !(endpoint.starts_with("https://") || endpoint.starts_with("http://"))
    {
        let reason =
            format!("its endpoint {endpoint:?} is no URL; write `endpoint = \"https://HOST:PORT\"` in [s3]");
        return Err(StoreError::unsuitable(place, reason));
    }
    let region = region(place, settings).await?;
    let credentials = credentials(place, settings, &region).await?;
    let checksums = settings.checksums.unwrap_or(match is_elsewhere {
        true => Checksums::WhenRequired,
        false => Checksums::WhenSupported,
    });
    let (sent, checked) = match checksums {
        Checksums::WhenSupported => {
            (RequestChecksumCalculation::WhenSupported, ResponseChecksumValidation::WhenSupported)
        }
        Checksums::WhenRequired => {
            (RequestChecksumCalculation::WhenRequired, ResponseChecksumValidation::WhenRequired)
        }
    };
    let mut config = Builder::new()
        .behavior_version(BehaviorVersion::latest())
        .region(region)
        .credentials_provider(credentials)
        .force_path_style(settings.path_style.unwrap_or(is_elsewhere))
        .request_checksum_calculation(sent)
        .response_checksum_validation(checked)
        .retry_config(RetryConfig::disabled())
        .timeout_config(TimeoutConfig::builder().connect_timeout(settings.connect_timeout).build())
        .stalled_stream_protection(StalledStreamProtectionConfig::disabled())
        .http_client(http_client(place, settings.ca_pem.as_deref())?);
    config.set_endpoint_url(settings.endpoint.clone());
    Ok(Client::from_conf(config.build()))
}

fn http_client(place: &str, ca_pem: Option<&[u8]>) -> Result<SharedHttpClient, StoreError> {
    let mut trusted = TrustStore::default();
    if let Some(pem) = ca_pem {
        check_certificates(pem).map_err(|reason| StoreError::unsuitable(place, reason))?;
        trusted.add_pem_certificate(pem);
    }
    let tls = TlsContext::builder().with_trust_store(trusted).build();
    let tls = tls.map_err(|error| StoreError::unsuitable(place, error))?;
    let builder = aws_smithy_http_client::Builder::new().pool_idle_timeout(IDLE);
    Ok(builder.tls_provider(Provider::Rustls(CryptoMode::AwsLc)).tls_context(tls).build_https())
}

/// The client panics on what is no certificate.
fn check_certificates(pem: &[u8]) -> Result<(), String> {
    let fail = |error: &dyn std::fmt::Display| {
        format!("its certificate authority is no PEM certificate ({error}); correct `ca_file` in [s3]")
    };
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(pem) {
        roots.add(certificate.map_err(|error| fail(&error))?).map_err(|error| fail(&error))?;
    }
    if roots.is_empty() { Err(fail(&"there is none in it")) } else { Ok(()) }
}

async fn region(place: &str, settings: &S3Settings) -> Result<Region, StoreError> {
    match (&settings.region, &settings.endpoint) {
        (Some(region), _) => Ok(Region::new(region.clone())),
        // Such servers have no regions, but signatures name one.
        (None, Some(_)) => Ok(Region::new("us-east-1")),
        (None, None) => {
            let found = match settings.ask_platform {
                true => aws_config::default_provider::region::default_provider().region().await,
                false => None,
            };
            let reason = "its region is not known; set `region` in [s3]";
            found.ok_or_else(|| StoreError::unsuitable(place, reason))
        }
    }
}

/// The given credentials, or those of the platform, which are fetched once to find out early that there are none.
async fn credentials(
    place: &str,
    settings: &S3Settings,
    region: &Region,
) -> Result<SharedCredentialsProvider, StoreError> {
    if let Some(given) = &settings.credentials {
        return Ok(SharedCredentialsProvider::new(keys(given)));
    }
    let none = |remedy: &str, source| {
        Err(StoreError::Denied { place: place.to_owned(), remedy: remedy.to_owned(), source })
    };
    if !settings.ask_platform {
        let remedy = "no keys are given for it; set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY";
        return none(remedy, io::ErrorKind::PermissionDenied.into());
    }
    let chain = DefaultCredentialsChain::builder().region(region.clone()).build().await;
    match chain.provide_credentials().await {
        Ok(_) => Ok(SharedCredentialsProvider::new(chain)),
        // Its causes can hold what the platform answered.
        Err(_) => none("the platform gives no credentials; give the machine or pod a role, or set keys", {
            io::Error::other("no source of credentials has any")
        }),
    }
}

fn keys(given: &S3Credentials) -> Credentials {
    let token = given.session_token.as_ref().map(|token| token.expose_secret().to_owned());
    Credentials::new(
        given.access_key.expose_secret(),
        given.secret_key.expose_secret(),
        token,
        None,
        "settings",
    )
}
