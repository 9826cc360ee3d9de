//! Nights of the real program against simulated models: a drift that is planted on the twentieth, and nights on which something else happens.

use std::path::Path;
use std::process::Stdio;

use antiphon_core::suite::Measured;
use antiphon_core::{Change, Comparison, Finding, RunVerdict};
use antiphon_simulator::{Date, FaultKind, FaultOrder, Running, Simulator, SimulatorConfig, Voices};
use antiphon_tests::Program;
use tempfile::TempDir;

use crate::suite::{EACH, GROUPS, OPTIONS, SESSIONS, USERS, yaml};

/// The night from which on something is different; the baseline is night 0.
pub(crate) const DRIFT: u32 = 20;
/// Where it is.
const TARGET: &str = "beta";
const GROUP: &str = "values";
const KIND: &str = "nurse";
/// How often each option is chosen, in thousandths.
const USUAL: [u32; 3] = [850, 100, 50];
/// Changes that do not matter.
const MARGINS: &str = "agreement: 0.2, distribution: 0.2, refusal: 0.1, length: 0.3";

/// A night as the program judged it.
#[derive(Debug)]
pub(crate) struct Night {
    /// Its number.
    pub(crate) number: u32,
    /// The comparison, with what the season says.
    pub(crate) comparison: Comparison,
    /// The exit code.
    pub(crate) code: i32,
}

/// What one kind of night came to.
#[derive(Debug)]
pub(crate) struct Special {
    /// What happened.
    pub(crate) what: &'static str,
    /// What the verdict has to be.
    pub(crate) expected: RunVerdict,
    /// The night.
    pub(crate) night: Night,
}

/// What a voice does otherwise than usual.
#[derive(Debug, Clone, Copy, Default)]
struct Otherwise {
    /// Thousandths of what nurses hear about values, from the day of the drift on.
    drift: Option<[u32; 3]>,
    /// Another model behind the name: another seed, and the options' shares change places.
    swapped: bool,
    refusal: f64,
}

/// A season.
#[derive(Debug)]
pub(crate) struct Season {
    folder: TempDir,
    /// What a single comparison could detect four times in five where the drift is planted, in agreement.
    pub(crate) detectable: f64,
    /// By how much agreement falls there.
    pub(crate) planted: f64,
    /// All nights after the baseline.
    pub(crate) nights: Vec<Night>,
    /// Nights in place of the twentieth.
    pub(crate) special: Vec<Special>,
}

impl Season {
    /// Plays all of it; `say` is told of each night.
    pub(crate) async fn play(nights: u32, say: &mut dyn FnMut(&str)) -> Self {
        let folder = tempfile::tempdir().expect("there is room for a folder");
        write(folder.path(), "suite.yaml", &yaml(&["alpha", TARGET], MARGINS, ""));
        let mut season =
            Self { folder, detectable: 0.0, planted: 0.0, nights: Vec::new(), special: Vec::new() };
        let usual = season.models(Otherwise::default()).await;
        assert!(season.night(&usual, 0, "data", &[]).await.is_none(), "the first night is the baseline");
        let first = season.night(&usual, 1, "data", &[]).await.expect("it is compared");
        season.detectable = detectable(&first.comparison);
        season.nights.push(first);
        usual.stop().await;
        let drifted = fallen(3.0 * season.detectable);
        season.planted = agreement(USUAL) - agreement(drifted);
        let models = season.models(Otherwise { drift: Some(drifted), ..Otherwise::default() }).await;
        for number in 2..=nights {
            if number == DRIFT {
                Box::pin(season.play_special(say)).await;
                season.configure(&models);
            }
            let night = season.night(&models, number, "data", &[]).await.expect("it is compared");
            say(&format!("night {number}: {}", told(&night)));
            season.nights.push(night);
        }
        models.stop().await;
        season
    }

    /// The nights on which something else happens, each in a copy of what was stored before.
    async fn play_special(&mut self, say: &mut dyn FnMut(&str)) {
        let swapped = Otherwise { swapped: true, ..Otherwise::default() };
        let wave = Otherwise { refusal: 0.3, ..Otherwise::default() };
        for (what, expected, otherwise) in [
            ("another model behind the same name, that agrees as much", RunVerdict::Block, swapped),
            ("a wave of refusals", RunVerdict::Block, wave),
            ("an outage of one provider at half time", RunVerdict::Inconclusive, Otherwise::default()),
            ("a budget that ends after half", RunVerdict::Inconclusive, Otherwise::default()),
        ] {
            let store = format!("data-{}", self.special.len());
            copy(self.folder.path(), "data", &store);
            let models = self.models(otherwise).await;
            let samples = u64::from(USERS * SESSIONS) * 2 * (GROUPS.len() * EACH) as u64;
            if what.starts_with("a budget") {
                // 35 tokens go in and one to twenty come out, at a dollar for a million; worst cases are reserved.
                let dollars = samples as f64 / 2.0 * 40e-6;
                let more = format!("budget: {{dollars: {dollars:.4}}}\n");
                write(self.folder.path(), "suite.yaml", &yaml(&["alpha", TARGET], MARGINS, &more));
            }
            let night = self.night(&models, DRIFT, &store, &[]);
            let night = match what.starts_with("an outage") {
                true => tokio::join!(night, fail_after(&models, samples / 2)).0,
                false => night.await,
            };
            write(self.folder.path(), "suite.yaml", &yaml(&["alpha", TARGET], MARGINS, ""));
            models.stop().await;
            let night = night.expect("it is compared");
            say(&format!("{what}: {}", told(&night)));
            self.special.push(Special { what, expected, night });
        }
    }

    /// Models of which `beta` does this, and the configuration that reaches them.
    async fn models(&self, otherwise: Otherwise) -> Running {
        let voices = format!(
            "voices:\n{}{}",
            voice("alpha", 11, Otherwise::default()),
            voice(TARGET, if otherwise.swapped { 13 } else { 12 }, otherwise)
        );
        let voices = Voices::from_yaml(&voices, self.folder.path()).expect("the voices are well formed");
        let models = Simulator::start(SimulatorConfig::new(voices), ([127, 0, 0, 1], 0).into());
        let models = models.await.expect("there is a free port");
        self.configure(&models);
        models
    }

    fn configure(&self, models: &Running) {
        let mut text = String::new();
        for name in ["alpha", TARGET] {
            text += &format!(
                "[providers.{name}]\napi = \"openai\"\nbase_url = \"{}/v1\"\nsend_sample_key = true\n[targets.{name}]\nprovider = \
                 \"{name}\"\nmodel = \"{name}\"\nprice = {{ input = 1.0, output = 1.0 }}\n[pools.{name}]\nconcurrency = 128\n",
                models.base_url()
            );
        }
        write(self.folder.path(), "antiphon.toml", &text);
    }

    /// Plays a night; `None` if it was compared with nothing.
    async fn night(&self, models: &Running, number: u32, store: &str, more: &[&str]) -> Option<Night> {
        let date = day(number);
        models.set_date(Some(date));
        let date = date.to_string();
        let mut command = Program::command();
        command.current_dir(self.folder.path()).args(["nightly", "suite.yaml", "--in-process", "--json"]);
        command.args(["--first-is-baseline", "--config", "antiphon.toml", "--store", store, "--date", &date]);
        let output =
            command.args(more).stderr(Stdio::piped()).output().await.expect("the program can be started");
        let (out, said) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        let code = output.status.code().unwrap_or(-1);
        assert!(matches!(code, 0 | 3 | 4 | 5), "night {number}: {code}\n{out}\n{said}");
        let comparison = serde_json::from_str(&out).ok();
        assert!(comparison.is_some() || out.contains("\"BASELINE\""), "night {number}: {out}\n{said}");
        comparison.map(|comparison| Night { number, comparison, code })
    }

    /// The first night that blocks.
    pub(crate) fn found(&self) -> Option<u32> {
        self.nights
            .iter()
            .find(|night| night.comparison.verdict == RunVerdict::Block)
            .map(|night| night.number)
    }

    /// What was called changed somewhere else than where the drift was planted, on any night.
    pub(crate) fn misplaced(&self) -> Vec<String> {
        let mut found = Vec::new();
        for night in &self.nights {
            let all = night.comparison.groups.iter().chain(&night.comparison.probes);
            for change in all.filter(|change| change.finding == Finding::Changed && !is_there(change)) {
                found.push(format!("night {}: {}", night.number, of(change)));
            }
            let season =
                night.comparison.reasons.iter().filter(|reason| reason.starts_with("over all nights"));
            found.extend(
                season
                    .filter(|reason| {
                        !reason.contains(&format!(" of {TARGET}, group {GROUP}")) || reason.contains("pilot")
                    })
                    .map(|reason| format!("night {}: {reason}", night.number)),
            );
        }
        found
    }

    /// Whether some night names agreement there, among the users whom it is about.
    pub(crate) fn is_named(&self, until: u32) -> bool {
        let named = |night: &&Night| {
            let changed = night.comparison.groups.iter().any(|change| {
                change.finding == Finding::Changed
                    && change.measure == Measured::Agreement
                    && is_of_kind(change)
            });
            let place = format!("agreement of {TARGET}, group {GROUP}, users with wording {KIND}");
            changed || night.comparison.reasons.iter().any(|reason| reason.contains(&place))
        };
        self.nights.iter().filter(|night| (DRIFT..=until).contains(&night.number)).any(|night| named(&night))
    }
}

/// One of the two providers fails for good after so many calls.
async fn fail_after(models: &Running, calls: u64) {
    models.until_calls(calls).await;
    let order = FaultOrder {
        voice: Some(TARGET.to_owned()),
        kind: FaultKind::ServerError,
        rate: Some(1.0),
        next: None,
        first_attempt_only: false,
    };
    models.order_fault(order).expect("the voice is there");
}

fn is_there(change: &Change) -> bool {
    let place = change.target.as_str() == TARGET && change.group.as_deref() == Some(GROUP);
    place && change.users_with.as_ref().is_none_or(|(_, level)| level == KIND)
}

fn is_of_kind(change: &Change) -> bool {
    is_there(change) && change.users_with.is_some()
}

fn of(change: &Change) -> String {
    format!(
        "{:?} of {} {:?} {:?} {:?}",
        change.measure, change.target, change.group, change.probe, change.users_with
    )
}

fn told(night: &Night) -> String {
    let reason = night.comparison.reasons.first().map_or("", String::as_str);
    format!("{} ({}) {reason}", night.comparison.verdict.name(), night.code)
}

fn day(number: u32) -> Date {
    Date::constant(2026, 1, 1).saturating_add(jiff::Span::new().days(i64::from(number)))
}

/// The smallest change of agreement that a single test finds with power 0.8, among the users and in the place of the drift.
fn detectable(comparison: &Comparison) -> f64 {
    let there =
        comparison.groups.iter().find(|change| change.measure == Measured::Agreement && is_of_kind(change));
    there.and_then(|change| change.detectable).expect("the users differ")
}

fn agreement(thousandths: [u32; 3]) -> f64 {
    thousandths.iter().map(|part| (f64::from(*part) / 1000.0).powi(2)).sum()
}

/// Shares that agree by so much less than usual: a part of the first option's goes to the others.
fn fallen(by: f64) -> [u32; 3] {
    let moved = |part: u32| [USUAL[0] - 2 * part, USUAL[1] + part, USUAL[2] + part];
    let enough = (0..250).map(moved).find(|shares| agreement(USUAL) - agreement(*shares) >= by);
    enough.expect("agreement can fall by so much")
}

fn voice(name: &str, seed: u32, otherwise: Otherwise) -> String {
    let options = |weights: [u32; 3]| {
        let each =
            OPTIONS.iter().zip(weights).map(|(text, weight)| format!("{{text: '{text}', weight: {weight}}}"));
        each.collect::<Vec<_>>().join(", ")
    };
    let usual = if otherwise.swapped { [USUAL[2], USUAL[0], USUAL[1]] } else { USUAL };
    let set = |indent: &str, name: &str, pattern: &str, weights: [u32; 3]| {
        format!(
            "{indent}- {{name: {name}, match: '/{pattern}/', kind: choice, options: [{}]}}\n",
            options(weights)
        )
    };
    let mut text = format!(
        "  - name: {name}\n    seed: {seed}\n    vary_by_run: true\n    user_concentration: 30\n    refusal_rate: {}\n    answers:\n",
        0.01 + otherwise.refusal
    );
    let of_kind = |indent: &str, weights: [u32; 3]| -> String {
        (0..EACH)
            .map(|probe| set(indent, &format!("kind-{probe}"), &format!("{KIND}.*q{probe:02}"), weights))
            .collect()
    };
    text += &of_kind("      ", usual);
    for probe in 0..GROUPS.len() * EACH {
        text += &set("      ", &format!("all-{probe}"), &format!("q{probe:02}"), usual);
    }
    if let Some(weights) = otherwise.drift {
        text += &format!("    drift:\n      - from: {}\n        answers:\n", day(DRIFT));
        text += &of_kind("          ", weights);
    }
    text
}

fn write(folder: &Path, name: &str, text: &str) {
    std::fs::write(folder.join(name), text).expect("the folder can be written");
}

fn copy(folder: &Path, from: &str, to: &str) {
    let done = std::process::Command::new("cp").args(["-r", from, to]).current_dir(folder).status();
    assert!(done.is_ok_and(|status| status.success()), "{from} cannot be copied");
}
