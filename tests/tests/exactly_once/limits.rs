//! Limits as the other side counts them.

use std::path::Path;
use std::time::Duration;

use antiphon_simulator::{LedgerEntry, SimulatorConfig, Voices};
use antiphon_tests::{Asked, Stage, VOICES, audit};

use crate::ended_with;

/// Seconds from the first call of a voice to its last.
fn seconds(ledger: &[LedgerEntry], voice: &str) -> f64 {
    let times =
        || ledger.iter().filter(|entry| entry.voice.as_deref() == Some(voice)).map(|entry| entry.time);
    let milliseconds = times().max().unwrap() - times().min().unwrap();
    f64::from(u32::try_from(milliseconds).unwrap()) / 1_000.0
}

/// One pool is limited by requests, the other by output tokens, both by concurrency. A slow machine can only make calls rarer.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn requests_and_tokens_stay_below_their_limits() {
    let asked = Asked::new(5, 8, 1);
    let grouped = VOICES
        .replace("seed: 11", "seed: 11\n    limit_group: high")
        .replace("seed: 12", "seed: 12\n    limit_group: low");
    let voices = Voices::from_yaml(&format!("{grouped}limits: {{high: {{}}, low: {{}}}}\n"), Path::new("."));
    let config = SimulatorConfig { window: Duration::from_secs(1), ..SimulatorConfig::new(voices.unwrap()) };
    let stage = Stage::with(&asked, config).await;
    let (rate, burst, tokens) = (60.0, 10.0, 100.0);
    stage.configure_at(
        &stage.simulator.base_url(),
        "[pools.high]\nrequests_per_minute = 3600\nburst = 10\nconcurrency = 4\n\
         [pools.low]\noutput_tokens_per_minute = 6000\nconcurrency = 4\n",
    );
    ended_with(&stage.run("data", &[]).await, 0);
    let ledger = stage.simulator.ledger();
    audit(&asked.keys(), &stage.stored("data").await, &ledger);
    let stats = stage.simulator.stats();
    assert!(stats.in_flight_max <= 8, "{} calls at once", stats.in_flight_max);

    let calls = f64::from(u32::try_from(stats.voices["alto"].calls).unwrap());
    let least = (calls - burst) / rate;
    // Calls may arrive a little closer together than they were sent.
    assert!(seconds(&ledger, "alto") >= 0.9 * least, "{calls} calls within {}", seconds(&ledger, "alto"));
    let window = f64::from(u32::try_from(stats.groups["high"].max_calls_in_window).unwrap());
    assert!(window <= 1.3 * (rate + burst), "{window} calls within a second");

    let said = ledger.iter().filter(|entry| entry.voice.as_deref() == Some("bass"));
    let said: f64 = said.map(|entry| f64::from(entry.output_tokens)).sum();
    // The bucket holds ten seconds' worth.
    let least = (said - 10.0 * tokens) / tokens;
    assert!(least > 1.0, "{said} tokens do not try the limit");
    assert!(seconds(&ledger, "bass") >= 0.9 * least, "{said} tokens within {}", seconds(&ledger, "bass"));
}
