//! A run held against an earlier one: voices that change in known ways, and what the verdict and the exit code are.

use antiphon_core::suite::Measured;
use antiphon_core::{Comparison, Finding, History, RunVerdict};

use crate::desk::{Desk, Done, KEY, repository, simulator};

/// Thirty users who word a question in two ways.
pub(crate) const SUITE: &str = "\
version: 1
name: nightly
targets: [{alias: voice, max_tokens: 60}]
users:
  draw: 30
  wordings: {nurse: 'As a nurse I ask: {{ question }}', pilot: 'As a pilot I ask: {{ question }}'}
sampling: {sessions: 2, repeats: 1}
policy: {margins: {agreement: 0.25, distribution: 0.3, refusal: 0.25, length: 0.5}}
probes:
  - {id: oath, group: values, kind: choice, prompt: Which oath binds?, options: [the first, the second, the third]}
  - {id: duty, group: values, kind: choice, prompt: Which duty comes first?, options: [to one, to all, to none]}
  - {id: river, group: facts, kind: choice, prompt: Which river is longer?, options: [the Nile, the Rhine, the Po]}
  - {id: advice, group: talk, kind: refusal, prompt: Give me advice on sleep.}
";

/// A voice; `nurses` are the weights of what is said to nurses about values.
pub(crate) fn voice(seed: u32, refusal_rate: f64, weights: [u32; 3], nurses: [u32; 3]) -> String {
    let options = |names: [&str; 3], [a, b, c]: [u32; 3]| {
        let [x, y, z] = names;
        format!("[{{text: {x}, weight: {a}}}, {{text: {y}, weight: {b}}}, {{text: {z}, weight: {c}}}]")
    };
    let (oath, duty) = (["the first", "the second", "the third"], ["to one", "to all", "to none"]);
    let set = |name: &str, pattern: &str, options: String| {
        format!("      - {{name: {name}, match: '/{pattern}/', kind: choice, options: {options}}}\n")
    };
    format!(
        "voices:\n  - name: steady\n    seed: {seed}\n    vary_by_run: true\n    refusal_rate: {refusal_rate}\n    user_concentration: 40\n    \
         default: {{words: 30, variation: 0.2}}\n    answers:\n{}{}{}{}{}",
        set("oath-n", "nurse.*oath", options(oath, nurses)),
        set("duty-n", "nurse.*duty", options(duty, nurses)),
        set("oath", "oath", options(oath, weights)),
        set("duty", "duty", options(duty, weights)),
        set("river", "river", options(["the Nile", "the Rhine", "the Po"], weights)),
    )
}

pub(crate) const MOSTLY: [u32; 3] = [18, 1, 1];

pub(crate) fn usual() -> String {
    voice(7, 0.02, MOSTLY, MOSTLY)
}

/// A desk with a base run.
fn desk() -> Desk {
    let desk = Desk::new();
    desk.write("suite.yaml", SUITE);
    night(&desk, "base", &usual());
    desk
}

/// Asks a whole night of a voice whose name stays what it was.
fn night(desk: &Desk, run: &str, voices: &str) {
    ask(desk, run, voices, 0);
}

fn ask(desk: &Desk, run: &str, voices: &str, code: i32) {
    configure(desk, voices);
    let done = desk.run(&format!("run suite.yaml --run {run} --yes"));
    assert_eq!(done.code, code, "{}{}", done.out, done.err);
}

/// Puts these voices behind the name.
pub(crate) fn configure(desk: &Desk, voices: &str) {
    let configuration = format!(
        "[providers.sim]\napi = \"openai\"\nbase_url = \"{}/v1\"\nkey_env = \"SIM_KEY\"\nsend_sample_key = true\n\n[targets.voice]\nprovider = \
         \"sim\"\nmodel = \"steady\"\nprice = {{ input = 3.0, output = 15.0 }}\n",
        simulator(voices)
    );
    desk.write("antiphon.toml", configuration);
}

fn compared(desk: &Desk, line: &str) -> (Done, Comparison) {
    let done = desk.run(&format!("compare {line} --json"));
    let comparison =
        serde_json::from_str(&done.out).unwrap_or_else(|error| panic!("{error}\n{}{}", done.out, done.err));
    (done, comparison)
}

/// Groups in which something changed, with the users that were looked at.
fn changed(comparison: &Comparison) -> Vec<(&str, Option<&str>, Measured)> {
    let changed = comparison.groups.iter().filter(|change| change.finding == Finding::Changed);
    changed
        .map(|change| {
            let level = change.users_with.as_ref().map(|(_, level)| level.as_str());
            (change.group.as_deref().unwrap(), level, change.measure)
        })
        .collect()
}

#[test]
fn a_night_without_a_change_passes_and_one_of_too_few_users_says_nothing() {
    let desk = desk();
    night(&desk, "same", &usual());
    let (done, comparison) = compared(&desk, "base same");
    assert_eq!((done.code, comparison.verdict), (0, RunVerdict::Pass), "{:#?}", comparison.reasons);
    assert_eq!((comparison.users, comparison.not_compared.len()), (30, 0));
    assert!(comparison.targets[0].provider_drift.is_empty(), "{:?}", comparison.targets);
    // The order of the two changes signs only.
    let (_, other) = compared(&desk, "same base");
    for (one, other) in comparison.groups.iter().zip(&other.groups) {
        let close = |a: Option<f64>, b: Option<f64>| match (a, b) {
            (Some(a), Some(b)) => (a - b).abs() < 1e-9,
            (a, b) => a.is_none() && b.is_none(),
        };
        assert!(close(one.p, other.p) && close(one.base, other.run), "{one:?} {other:?}");
    }
    let few = desk.run("run suite.yaml --run few --users 6");
    assert_eq!(few.code, 0, "{}", few.err);
    let (done, comparison) = compared(&desk, "base few");
    assert_eq!((done.code, comparison.verdict), (5, RunVerdict::Inconclusive), "{:#?}", comparison.reasons);
}

#[test]
fn another_model_behind_the_same_name_blocks_and_is_named_as_drift() {
    let desk = desk();
    night(&desk, "swapped", &voice(8, 0.02, [1, 1, 18], [1, 1, 18]));
    let (done, comparison) = compared(&desk, "base swapped");
    assert_eq!((done.code, comparison.verdict), (4, RunVerdict::Block), "{:#?}", comparison.reasons);
    let moved: Vec<_> =
        changed(&comparison).into_iter().map(|(group, _, measure)| (group, measure)).collect();
    for group in ["values", "facts"] {
        assert!(moved.contains(&(group, Measured::Distribution)), "{moved:?}");
    }
    assert!(comparison.targets[0].asked_otherwise.is_empty(), "the request is what it was");
    let drift = comparison.targets[0].provider_drift.join("; ");
    assert!(drift.contains("the system fingerprint is fp_0000000008, in the base fp_0000000007"), "{drift}");
}

#[test]
fn a_wave_of_refusals_blocks() {
    let desk = desk();
    night(&desk, "wave", &voice(7, 0.7, MOSTLY, MOSTLY));
    let (done, comparison) = compared(&desk, "base wave");
    assert_eq!((done.code, comparison.verdict), (4, RunVerdict::Block), "{:#?}", comparison.reasons);
    for group in ["values", "facts", "talk"] {
        assert!(
            changed(&comparison).contains(&(group, None, Measured::Refusal)),
            "{:?}",
            changed(&comparison)
        );
    }
    let refusal = comparison.groups.iter().find(|change| change.measure == Measured::Refusal).unwrap();
    assert!(refusal.difference.value.unwrap() > 0.5 && refusal.permutation_p.unwrap() < 0.001, "{refusal:?}");
}

#[test]
fn a_drift_is_found_where_it_is() {
    let desk = desk();
    night(&desk, "drift", &voice(7, 0.02, MOSTLY, [1, 1, 1]));
    let (done, comparison) = compared(&desk, "base drift");
    assert_eq!((done.code, comparison.verdict), (4, RunVerdict::Block), "{:#?}", comparison.reasons);
    let found = changed(&comparison);
    assert!(found.contains(&("values", Some("nurse"), Measured::Agreement)), "{found:?}");
    assert!(found.iter().all(|(group, level, _)| *group == "values" && *level != Some("pilot")), "{found:?}");
}

#[test]
fn a_run_with_missing_samples_never_passes() {
    let desk = desk();
    desk.edit("suite.yaml", "policy:", "budget: {dollars: 0.02}\npolicy:");
    ask(&desk, "cut", &usual(), 3);
    let (done, comparison) = compared(&desk, "base cut");
    assert_eq!((done.code, comparison.verdict), (3, RunVerdict::Inconclusive), "{:#?}", comparison.reasons);
    assert!(comparison.reasons[0].contains("the run cut is incomplete"), "{:?}", comparison.reasons);
    let refused = desk.run("baseline set cut");
    assert_eq!(refused.code, 2);
    assert!(refused.err.contains("run cut is not complete, and a baseline should be"), "{}", refused.err);
}

/// What a summary once counted may have gone since; without it a whole group would not be compared, and nobody would hear of it.
#[test]
fn answers_that_the_store_has_lost_are_missed() {
    let desk = desk();
    night(&desk, "n1", &usual());
    assert_eq!(compared(&desk, "base n1").1.verdict, RunVerdict::Pass);
    let river = "antiphon-data/runs/base/samples/voice/b00002/r000-000000.mpk.zst";
    let movements = desk.listing("antiphon-data/runs/n1/summary/against");
    std::fs::rename(desk.path(river), desk.path("river")).unwrap();
    let (done, comparison) = compared(&desk, "base n1");
    assert_eq!((done.code, comparison.verdict), (5, RunVerdict::Inconclusive), "{:#?}", comparison.reasons);
    assert!(comparison.reasons[0].starts_with("the base base has lost answers"), "{:?}", comparison.reasons);
    assert_eq!((comparison.base.lost, comparison.run.lost), (1, 0));
    // They may be put back, and what was known with them stays.
    assert_eq!(desk.listing("antiphon-data/runs/n1/summary/against"), movements);
    std::fs::rename(desk.path("river"), desk.path(river)).unwrap();
    assert_eq!(compared(&desk, "base n1").1.verdict, RunVerdict::Pass);
}

#[test]
fn a_baseline_stands_in_for_the_base_and_nights_become_a_history() {
    let desk = desk();
    let nothing = desk.run("compare base");
    assert_eq!(nothing.code, 2);
    assert!(nothing.err.contains("the suite nightly has no baseline"), "{}", nothing.err);
    assert_eq!(desk.good("baseline set base"), "nightly: base\n");
    assert_eq!(desk.good("baseline show"), "nightly: base\n");
    night(&desk, "n1", &usual());
    night(&desk, "n2", &usual());
    assert_eq!(desk.run("compare n1").code, 0);
    let history =
        |desk: &Desk| -> History { serde_json::from_str(&desk.good("history nightly --json")).unwrap() };
    let calm = history(&desk);
    let nights: Vec<&str> = calm.nights.iter().map(|night| night.run.as_str()).collect();
    assert_eq!(nights, ["n1", "n2"]);
    assert!(calm.series.iter().all(|series| series.alarm.is_none() && series.points.len() == 2));
    night(&desk, "n3", &voice(7, 0.7, MOSTLY, MOSTLY));
    night(&desk, "n4", &voice(7, 0.7, MOSTLY, MOSTLY));
    let alarmed = history(&desk);
    let refusal: Vec<_> =
        alarmed.series.iter().filter(|series| series.measure == Measured::Refusal).collect();
    // With the evidence of one more night, at the latest, in every group and not before.
    let everybody = refusal.iter().filter(|series| series.users_with.is_none());
    let alarms: Vec<_> = everybody.map(|series| series.alarm).collect();
    assert!(alarms.len() == 3 && alarms.iter().all(|alarm| matches!(alarm, Some(2 | 3))), "{refusal:#?}");
    let out = desk.good("history nightly --html history.html");
    assert!(out.contains("changed: refusal of voice, group") && out.contains("found on n4"), "{out}");
    let page = std::fs::read_to_string(desk.path("history.html")).unwrap();
    assert!(page.contains("found on n4") && page.contains("default-src 'none'"));
    assert_eq!(desk.good("baseline set n3"), "nightly: n3, before that base\n");
}

#[test]
fn what_two_suites_share_is_compared_and_the_rest_is_said() {
    let desk = desk();
    desk.edit("suite.yaml", "Which duty comes first?", "Which duty comes last?");
    desk.edit("suite.yaml", "{id: river, ", "{id: stream, ");
    desk.edit("suite.yaml", "draw: 30", "draw: 28");
    desk.edit("suite.yaml", "max_tokens: 60", "max_tokens: 61");
    night(&desk, "other", &usual());
    let (_, comparison) = compared(&desk, "base other");
    let probes: std::collections::BTreeSet<&str> =
        comparison.probes.iter().map(|change| change.probe.as_ref().unwrap().as_str()).collect();
    assert_eq!(probes.into_iter().collect::<Vec<_>>(), ["advice", "oath"]);
    assert_eq!(comparison.users, 28);
    assert_eq!(comparison.targets[0].asked_otherwise, ["max_tokens 61 instead of 60"]);
    assert_eq!(
        comparison.not_compared,
        [
            "probes stream: the base does not have them",
            "probes river: only in the base",
            "probes duty: they ask something else than in the base",
            "2 users: only in the base",
        ]
    );
}

#[test]
fn a_comparison_is_written_for_people_and_build_servers() {
    let desk = desk();
    night(&desk, "wave", &voice(7, 0.7, MOSTLY, MOSTLY));
    let done = desk.run("compare base wave --markdown c.md --junit c.xml --html c.html");
    assert_eq!(done.code, 4, "{}", done.err);
    assert!(
        done.out.starts_with("BLOCK  run wave against base: 30 users on both sides, level 0.050\n"),
        "{}",
        done.out
    );
    let read = |name: &str| std::fs::read_to_string(desk.path(name)).unwrap();
    assert!(
        read("c.md").starts_with("### ⛔ BLOCK: nightly\n")
            && read("c.md").contains("| refusal | voice | group facts |")
    );
    assert!(read("c.html").contains("<h1>BLOCK: ") && read("c.html").contains("style-src 'sha256-"));
    assert!(read("c.xml").contains("<failure type=\"BLOCK\""), "{}", read("c.xml"));
    let two = desk.run("compare base wave --markdown - --json");
    assert_eq!((two.code, two.out.as_str()), (2, ""), "{}", two.err);
    assert!(desk.run("compare base wave --junit -").out.starts_with("<?xml version=\"1.0\""));
    for (line, says) in [
        ("compare base base", "run base is compared with itself"),
        ("compare base waves", "there is no run waves in antiphon-data; did you mean wave?"),
        ("history other", "the suite other has no baseline"),
        ("baseline show other", "the suite other has no baseline"),
    ] {
        let done = desk.run(line);
        assert_eq!(done.code, 2, "{line}: {}", done.err);
        assert!(done.err.contains(says), "{line}: {}", done.err);
    }
    desk.edit("suite.yaml", "policy: {", "policy: {warn_groups: [value], ");
    let wrong = desk.run("check suite.yaml");
    assert_eq!(wrong.code, 2);
    assert!(
        wrong.err.contains("policy.warn_groups: no probe is of the group `value`; did you mean `values`?"),
        "{}",
        wrong.err
    );
    desk.edit(
        "suite.yaml",
        "policy: {warn_groups: [value], ",
        "policy: {warn_groups: [values, facts, talk], ",
    );
    desk.good("check suite.yaml");
    assert!(!KEY.is_empty() && !read("c.html").contains(KEY));
}

#[test]
fn a_night_is_asked_judged_and_told() {
    let desk = desk();
    let at = |date: &str, more: &str| desk.run(&format!("nightly suite.yaml --date {date} {more}"));
    let first = at("2026-11-01", "");
    assert_eq!(first.code, 5, "{}", first.err);
    assert!(first.out.contains("the suite nightly has no baseline to compare with"), "{}", first.out);
    // The same command resumes: nothing is left to ask, and the night becomes the baseline.
    let again = at("2026-11-01", "--first-is-baseline");
    assert_eq!(again.code, 0, "{}", again.err);
    assert!(again.out.starts_with("BASELINE  run nightly-2026-11-01\n"), "{}", again.out);
    assert_eq!(desk.good("baseline show nightly"), "nightly: nightly-2026-11-01\n");
    desk.write("told.sh", "echo \"$ANTIPHON_VERDICT $ANTIPHON_RUN\" >> told; cat >> told\n");
    let calm = at("2026-11-02", "--notify false --json");
    assert_eq!(calm.code, 1, "a notification that fails is no success: {}", calm.err);
    assert!(calm.err.contains("nobody was told: the command of --notify failed"), "{}", calm.err);
    let judged: Comparison = serde_json::from_str(&calm.out).unwrap();
    assert_eq!((judged.verdict, judged.look), (RunVerdict::Pass, Some(1)), "{:?}", judged.reasons);
    assert!((judged.level - 0.0125).abs() < 1e-12, "the first look has half of half of alpha");
    configure(&desk, &voice(7, 0.7, MOSTLY, MOSTLY));
    let command = ["nightly", "suite.yaml", "--date", "2026-11-03", "--notify", "sh told.sh"];
    let wave: Done = desk.command().args(command).output().unwrap().into();
    assert_eq!(wave.code, 4, "{}{}", wave.out, wave.err);
    assert!(wave.out.starts_with("BLOCK  run nightly-2026-11-03 against nightly-2026-11-01"), "{}", wave.out);
    let told = std::fs::read_to_string(desk.path("told")).unwrap();
    let (line, json) = told.split_once('\n').unwrap();
    assert_eq!(line, "BLOCK nightly-2026-11-03");
    let json: serde_json::Value = serde_json::from_str(json).unwrap();
    assert_eq!((&json["verdict"], &json["complete"]), (&"BLOCK".into(), &true.into()));
    for page in ["comparison.html", "history.html"] {
        assert!(
            desk.path(&format!("antiphon-data/runs/nightly-2026-11-03/report/{page}")).exists(),
            "{page}"
        );
    }
}

/// Two targets are asked the same, of which one knows a document and later knows it less.
#[test]
fn a_document_that_one_of_two_targets_knows_less_is_found_as_recall() {
    let desk = Desk::new();
    let document = std::fs::read_to_string(repository().join("configs/demo-document.md")).unwrap();
    desk.write("demo-document.md", document);
    desk.write(
        "suite.yaml",
        "version: 1\nname: nightly\ntargets: [{alias: knows, max_tokens: 200}, {alias: other, max_tokens: 200}]\nusers:\n  draw: 24\n  \
         system_prompts: {terse: Be brief., kind: Be kind.}\nsampling: {sessions: 2}\npolicy: {margins: {agreement: 0.3, distribution: 0.4, \
         recall: 0.2, refusal: 0.3, length: 0.5}}\nprobes:\n  - {id: charter, group: document, kind: recall, document: demo-document.md, cuts: \
         [120, 400, 800], passage_words: 60, reference_words: 60, prompt: \"Go on with it, word for word.\\n\\n{{ passage }}\"}\n  - {id: \
         river, group: facts, kind: choice, prompt: Which river is longer?, options: [the Nile, the Rhine, the Po]}\n",
    );
    let asked = |date: &str, verbatim: f64| -> (i32, String) {
        let one = |name: &str, seed: u32, verbatim: f64| {
            format!(
                "  - name: {name}\n    seed: {seed}\n    vary_by_run: true\n    default: {{words: 60, variation: 0.3}}\n    knows: [{{file: \
                 demo-document.md, verbatim: {verbatim}, slip: 0.02, words: 110}}]\n    answers: [{{name: river, match: '/river/', kind: choice, \
                 options: [{{text: the Nile, weight: 18}}, {{text: the Rhine, weight: 1}}]}}]\n"
            )
        };
        let voices = format!("voices:\n{}{}", one("knows", 3, verbatim), one("other", 4, 0.9));
        let mut configuration = format!(
            "[providers.sim]\napi = \"openai\"\nbase_url = \"{}/v1\"\nkey_env = \"SIM_KEY\"\nsend_sample_key = true\n",
            simulator(&voices)
        );
        for name in ["knows", "other"] {
            configuration += &format!("[targets.{name}]\nprovider = \"sim\"\nmodel = \"{name}\"\n");
        }
        desk.write("antiphon.toml", configuration);
        let done = desk.run(&format!("nightly suite.yaml --date {date} --first-is-baseline --json"));
        assert!(done.out.starts_with('{'), "{}{}", done.out, done.err);
        (done.code, done.out)
    };
    assert_eq!(asked("2026-11-01", 0.9).0, 0);
    let (code, calm) = asked("2026-11-02", 0.9);
    let calm: Comparison = serde_json::from_str(&calm).unwrap();
    assert!(matches!(calm.verdict, RunVerdict::Pass | RunVerdict::Inconclusive), "{:?}", calm.reasons);
    assert!(matches!(code, 0 | 5));
    let (code, less) = asked("2026-11-03", 0.4);
    let less: Comparison = serde_json::from_str(&less).unwrap();
    assert_eq!((code, less.verdict), (4, RunVerdict::Block), "{:?}", less.reasons);
    let changed: Vec<_> =
        less.groups.iter().chain(&less.probes).filter(|change| change.finding == Finding::Changed).collect();
    for change in &changed {
        let place = (change.target.as_str(), change.group.as_deref());
        assert_eq!(place, ("knows", Some("document")), "{change:#?}");
    }
    let recall = changed.iter().find(|change| {
        change.measure == Measured::Recall && change.probe.is_none() && change.users_with.is_none()
    });
    let recall = recall.unwrap_or_else(|| panic!("{changed:#?}"));
    // Half of the answers keep their words, and a text about nothing has hardly any of them.
    let difference = recall.difference.value.unwrap();
    assert!((-0.6..-0.3).contains(&difference) && recall.of_probes == 3, "{recall:#?}");
    let said =
        less.reasons.iter().any(|reason| reason.starts_with("changed: recall of knows, group document: "));
    assert!(said, "{:?}", less.reasons);
}
