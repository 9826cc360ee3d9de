//! Whether this machine's clock and that of the S3 server agree: signatures are refused where they do not.

use std::time::Duration;

use super::finding::Finding;
use crate::config::{Config, Environment};

/// S3 refuses what was signed 15 minutes ago or later; long before that, something is wrong with a clock.
const TOO_MUCH: Duration = Duration::from_secs(60);
const PATIENCE: Duration = Duration::from_secs(10);

pub(super) async fn look(address: &str, config: &Config) -> Option<Finding> {
    let settings = config.s3(&Environment::default()).ok().filter(|_| address.starts_with("s3:"))?;
    let region = settings.region.as_deref().unwrap_or("us-east-1");
    let server = settings.endpoint.unwrap_or_else(|| format!("https://s3.{region}.amazonaws.com"));
    let theirs = date(&server, settings.ca_pem.as_deref()).await?;
    let skew = jiff::Timestamp::now().duration_since(theirs).unsigned_abs();
    let says = format!("differs from that of {server} by {} s", skew.as_secs());
    Some(match skew > TOO_MUCH {
        true => Finding::fail("clock", says, "set the clock of this machine, best by NTP"),
        false => Finding::ok("clock", says),
    })
}

/// The time at the server, from the header of whatever it answers; `None` if it says none.
async fn date(server: &str, ca_pem: Option<&[u8]>) -> Option<jiff::Timestamp> {
    let mut client =
        reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).no_proxy().timeout(PATIENCE);
    for certificate in reqwest::Certificate::from_pem_bundle(ca_pem.unwrap_or_default()).ok()? {
        client = client.add_root_certificate(certificate);
    }
    let answer = client.build().ok()?.head(server).send().await.ok()?;
    let date = answer.headers().get(reqwest::header::DATE)?.to_str().ok()?;
    // The zone is always GMT, which RFC 2822 reads as UTC.
    Some(jiff::fmt::rfc2822::parse(date).ok()?.timestamp())
}
