//! The local stack: a RabbitMQ, an S3 server and the demo's simulated models on free ports, until it is told to end.
//! `make stack` starts it in the background: see tests/stack.sh.

use std::path::{Path, PathBuf};

use antiphon_s3_server::{Kept, Server, ServerConfig};
use antiphon_simulator::{Simulator, SimulatorConfig, Voices};
use antiphon_tests::{Broker, BrokerKind};
use anyhow::Context;
use tokio::signal::unix::{SignalKind, signal};

const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");
const BUCKET: &str = "antiphon";

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let folder: PathBuf = std::env::args_os().nth(1).context("usage: stack FOLDER")?.into();
    std::fs::create_dir_all(&folder)?;
    let folder = folder.canonicalize()?;
    // Listened to from the beginning, so that a stop during the start is a clean one too.
    let mut ended = signal(SignalKind::terminate())?;
    let mut interrupted = signal(SignalKind::interrupt())?;
    tokio::select! {
        served = serve(&folder) => served,
        _ = ended.recv() => Ok(()),
        _ = interrupted.recv() => Ok(()),
    }
}

/// Starts all parts, says where they are, and keeps them until it is dropped.
async fn serve(folder: &Path) -> anyhow::Result<()> {
    let broker = Broker::with(&BrokerKind { management: true, ..BrokerKind::default() }).await;
    let secret = || format!("{:032x}", rand::random::<u128>());
    let (access_key, secret_key, model_key) = ("antiphon".to_owned(), secret(), secret());
    let config = ServerConfig {
        access_key: access_key.clone(),
        secret_key: secret_key.clone(),
        buckets: vec![BUCKET.to_owned()],
        kept: Kept::Folder(folder.join("s3")),
    };
    let s3 = Server::start(config, ([127, 0, 0, 1], 0).into()).await?;
    let configs = Path::new(ROOT).join("configs");
    let voices = Voices::from_yaml(&std::fs::read_to_string(configs.join("voices.demo.yaml"))?, &configs)?;
    let config = SimulatorConfig { api_key: Some(model_key.clone()), ..SimulatorConfig::new(voices) };
    let simulator = Simulator::start(config, ([127, 0, 0, 1], 0).into()).await?;

    let configuration = folder.join("antiphon.toml");
    write(&configuration, &configured(&simulator.base_url(), &broker.management_url()))?;
    let environment = [
        ("ANTIPHON_CONFIG", configuration.display().to_string()),
        ("ANTIPHON_BROKER", broker.url()),
        ("ANTIPHON_STORE", format!("s3://{BUCKET}")),
        ("AWS_ENDPOINT_URL", s3.url()),
        ("AWS_REGION", "us-east-1".to_owned()),
        ("AWS_ACCESS_KEY_ID", access_key),
        ("AWS_SECRET_ACCESS_KEY", secret_key),
        ("STACK_MODEL_KEY", model_key),
    ];
    let lines = environment.map(|(name, value)| format!("export {name}='{value}'\n")).concat();
    // Last, since whoever waits for it believes that everything is there.
    write(&folder.join("environment"), &lines)?;
    s3.serve().await;
    drop((broker, simulator));
    Ok(())
}

/// The demo's configuration, with the addresses of this stack.
fn configured(models: &str, management: &str) -> String {
    format!(
        "# Written by `make stack`.\n\
         [broker]\nurl_env = \"ANTIPHON_BROKER\"\nmanagement_url = \"{management}\"\n\n\
         [providers.left]\napi = \"anthropic\"\nbase_url = \"{models}\"\nkey_env = \"STACK_MODEL_KEY\"\nsend_sample_key = true\n\n\
         [providers.right]\napi = \"openai\"\nbase_url = \"{models}/v1\"\nkey_env = \"STACK_MODEL_KEY\"\nsend_sample_key = true\n\n\
         [pools.left]\nrequests_per_minute = 30000\nconcurrency = 64\n\n\
         [pools.right]\nrequests_per_minute = 30000\nconcurrency = 64\n\n\
         [targets.steady]\nprovider = \"left\"\nmodel = \"steady\"\nprice = {{ input = 3.00, output = 15.00 }}\n\n\
         [targets.fickle]\nprovider = \"right\"\nmodel = \"fickle\"\nprice = {{ input = 1.00, output = 4.00 }}\n"
    )
}

/// Writes a file that nobody else may read: there are passwords in it.
fn write(path: &Path, text: &str) -> std::io::Result<()> {
    use std::io::Write;
    use std::os::unix::fs::OpenOptionsExt;
    let unfinished = path.with_extension("new");
    let mut options = std::fs::OpenOptions::new();
    options
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(&unfinished)?
        .write_all(text.as_bytes())?;
    std::fs::rename(&unfinished, path)
}
