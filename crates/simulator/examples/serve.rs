//! Serves a voice file: `cargo run -p antiphon-simulator --example serve -- FILE [ADDRESS [KEY]]`.

use std::{error::Error, io::Write as _, path::Path};

use antiphon_simulator::{Simulator, SimulatorConfig, Voices};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let file = arguments.next().ok_or("the first argument is a voice file")?;
    let address = arguments.next().unwrap_or_else(|| "127.0.0.1:0".to_owned());
    let base = Path::new(&file).parent().ok_or("the voice file has no folder")?;
    let voices = Voices::from_yaml(&std::fs::read_to_string(&file)?, base)?;
    let config = SimulatorConfig { api_key: arguments.next(), ..SimulatorConfig::new(voices) };
    let running = Simulator::start(config, address.parse()?).await?;
    writeln!(std::io::stdout(), "{}", running.base_url())?;
    tokio::signal::ctrl_c().await?;
    running.stop().await;
    Ok(())
}
