//! The viewer as a user meets it: reports over HTTP, and the newest results as metrics.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead, BufReader};
use std::process::{Child, Stdio};
use std::time::Duration;

use serde_json::Value;

use crate::desk::Desk;

/// Most series that a suite may have, however many probes it has.
const MOST_SERIES: usize = 2_000;

/// A viewer at work; dropping it ends it.
struct Viewer {
    child: Child,
    address: String,
}

impl Viewer {
    fn of(desk: &Desk) -> Self {
        let mut command = desk.command();
        command.args(["viewer", "--listen", "127.0.0.1:0", "--refresh", "100ms", "--log-format", "json"]);
        let mut child = command.stderr(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let address = lines.by_ref().map(Result::unwrap).find_map(|line| {
            let line: Value = serde_json::from_str(&line).ok()?;
            line["address"].as_str().map(str::to_owned)
        });
        // It must never wait for somebody to read its log.
        std::thread::spawn(move || lines.for_each(drop));
        Self { child, address: address.expect("it says where it listens") }
    }

    /// Status, place that it points to, and body.
    fn get(&self, path: &str) -> (u16, String, String) {
        let url = format!("http://{}{path}", self.address);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let client =
                reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
            let response = client.get(url).send().await.unwrap();
            let header = |name: &str| {
                response
                    .headers()
                    .get(name)
                    .map(|value| value.to_str().unwrap().to_owned())
                    .unwrap_or_default()
            };
            (response.status().as_u16(), header("location"), response.text().await.unwrap())
        })
    }

    fn until(&self, holds: impl Fn() -> bool) {
        for _ in 0..600 {
            if holds() {
                return;
            }
            wait();
        }
        panic!("it never comes to that");
    }

    /// Series by name and labels, once one of that name is there.
    fn series(&self, awaited: &str) -> BTreeMap<String, f64> {
        for _ in 0..600 {
            let (status, _, text) = self.get("/metrics");
            assert_eq!(status, 200);
            let series: BTreeMap<String, f64> = (text.lines())
                .filter(|line| !line.starts_with('#'))
                .map(|line| line.rsplit_once(' ').unwrap())
                .map(|(name, value)| (name.to_owned(), value.parse().unwrap()))
                .collect();
            if series.keys().any(|name| name.starts_with(awaited)) {
                return series;
            }
            wait();
        }
        panic!("no {awaited} is shown")
    }
}

#[expect(clippy::disallowed_methods, reason = "a thread of its own waits for another process")]
fn wait() {
    std::thread::sleep(Duration::from_millis(100));
}

impl Drop for Viewer {
    fn drop(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

fn json(desk: &Desk, path: &str) -> Value {
    serde_json::from_slice(&std::fs::read(desk.path(path)).unwrap()).unwrap()
}

#[test]
fn the_newest_run_of_a_suite_is_shown() {
    let desk = Desk::new();
    desk.good("run suite.yaml --run one --yes");
    desk.good("run suite.yaml --run two --yes");
    let summary = json(&desk, "antiphon-data/runs/two/summary/summary.json");
    let viewer = Viewer::of(&desk);
    let series = viewer.series("antiphon_result_samples");
    let labels = r#"{group="none",suite="small",target="voice"}"#;
    let group = &summary["groups"][0]["agreement"];
    for (name, value) in [("agreement", "value"), ("agreement_low", "low"), ("agreement_high", "high")] {
        let shown = series.get(&format!("antiphon_result_{name}_ratio{labels}")).copied();
        assert_eq!(shown, group[value].as_f64(), "{name}: {series:#?}");
    }
    assert!(group["value"].is_f64(), "{group}");
    assert_eq!(series[r#"antiphon_result_completeness_ratio{suite="small"}"#], 1.0);
    assert_eq!(series[r#"antiphon_result_samples{suite="small"}"#], 12.0);
    assert_eq!(series[r#"antiphon_result_failed_ratio{suite="small",target="voice"}"#], 0.0);
    let operations = json(&desk, "antiphon-data/runs/two/summary/operations.json");
    let last = operations["last_call_ms"].as_f64().unwrap() / 1e3;
    assert_eq!(series[r#"antiphon_result_last_call_timestamp_seconds{suite="small"}"#], last);
    assert_eq!(series[r#"antiphon_result_last_success_timestamp_seconds{suite="small"}"#], last);
    assert!(!series.keys().any(|name| name.starts_with("antiphon_result_verdict")), "nothing was compared");

    let (status, _, list) = viewer.get("/");
    assert_eq!(status, 200);
    assert!(
        list.contains(r#"href="/runs/two/index.html""#) && list.contains(r#"href="/runs/one/index.html""#)
    );
    assert_eq!(viewer.get("/suites/small").1, "/runs/two/index.html");
    let (status, _, report) = viewer.get("/runs/two/index.html");
    assert_eq!((status, report.contains("Antiphon report")), (200, true));
    for nothing in
        ["/runs/two/comparison.html", "/runs/three/index.html", "/runs/two/manifest.json", "/suites/big"]
    {
        assert_eq!(viewer.get(nothing).0, 404, "{nothing}");
    }
    assert_eq!(viewer.get("/runs/..%2Ftwo/index.html").0, 404);
    viewer.until(|| viewer.get("/readyz").0 == 200);

    // It looks again: a run that is asked later, and one that was removed.
    desk.good("purge two --yes");
    desk.good("run suite.yaml --run three --yes");
    viewer.until(|| viewer.get("/suites/small").1 == "/runs/three/index.html");
}

#[test]
fn an_older_run_is_never_taken_for_the_newest() {
    let desk = Desk::new();
    desk.good("run suite.yaml --run one --yes");
    desk.good("run suite.yaml --run two --yes");
    // Asked again later, as `retry` does.
    let path = "antiphon-data/runs/one/summary/operations.json";
    let mut operations = json(&desk, path);
    operations["last_call_ms"] = (operations["last_call_ms"].as_u64().unwrap() + 86_400_000).into();
    desk.write(path, operations.to_string());
    let last_of_one = operations["last_call_ms"].as_f64().unwrap() / 1e3;
    let samples = r#"antiphon_result_samples{suite="small"}"#;
    let last_success = r#"antiphon_result_last_success_timestamp_seconds{suite="small"}"#;
    let viewer = Viewer::of(&desk);
    assert!(
        viewer.series(samples)[last_success] < last_of_one,
        "two is the newest, whenever one was asked again"
    );
    assert_eq!(viewer.get("/suites/small").1, "/runs/two/index.html");

    // What it came to can't be read, and what an earlier run came to is not it.
    desk.write("antiphon-data/runs/two/summary/summary.json", "{");
    let operations = "antiphon-data/runs/two/summary/operations.json";
    let mut again = json(&desk, operations);
    again["calls"] = 13.into();
    desk.write(operations, again.to_string());
    viewer
        .until(|| viewer.series("antiphon_viewer_unreadable_runs")["antiphon_viewer_unreadable_runs"] > 0.0);
    let series = viewer.series("antiphon_viewer_unreadable_runs");
    assert_eq!(series["antiphon_viewer_unreadable_runs"], 1.0);
    assert!(!series.contains_key(samples), "{series:#?}");
    assert_eq!(series[last_success], last_of_one, "one is complete");
    assert_eq!(viewer.get("/suites/small").1, "/runs/two/index.html");
}

#[test]
fn a_store_that_is_gone_is_not_an_empty_one() {
    let desk = Desk::new();
    desk.good("run suite.yaml --run one --yes");
    let viewer = Viewer::of(&desk);
    viewer.series("antiphon_result_samples");
    std::fs::rename(desk.path("antiphon-data"), desk.path("moved")).unwrap();
    let failed = r#"antiphon_viewer_reads_total{outcome="error"}"#;
    viewer.until(|| viewer.series("antiphon_viewer_reads_total")[failed] > 0.0);
    // What was known stands, and says how old it is.
    assert!(viewer.series("antiphon_viewer").keys().any(|name| name.starts_with("antiphon_result_samples")));
    std::fs::rename(desk.path("moved"), desk.path("antiphon-data")).unwrap();
    let last =
        |viewer: &Viewer| viewer.series("antiphon_viewer")["antiphon_viewer_last_read_timestamp_seconds"];
    let before = last(&viewer);
    viewer.until(|| last(&viewer) > before);
}

#[test]
fn ten_thousand_probes_have_no_more_series_than_a_dashboard_can_bear() {
    let desk = Desk::new();
    desk.good("run suite.yaml --run large --yes");
    let path = "antiphon-data/runs/large/summary/summary.json";
    let mut summary = json(&desk, path);
    let (cell, group) = (summary["cells"][0].clone(), summary["groups"][0].clone());
    let many = |blank: &Value, change: &dyn Fn(&mut Value, usize)| -> Value {
        let one = |at: usize| {
            let mut copy = blank.clone();
            change(&mut copy, at);
            copy
        };
        (0..10_000).map(one).collect()
    };
    // Each probe in a group of its own: nothing bounds these but the viewer.
    summary["cells"] = many(&cell, &|cell, at| {
        cell["probe"] = format!("p{at}").into();
        cell["group"] = format!("g{at}").into();
    });
    summary["groups"] = many(&group, &|group, at| group["group"] = format!("g{at}").into());
    desk.write(path, summary.to_string());
    let viewer = Viewer::of(&desk);
    let series = viewer.series("antiphon_result_samples");
    assert!(series.len() < MOST_SERIES, "{} series", series.len());
    assert_eq!(series[r#"antiphon_viewer_left_out{what="groups"}"#], 10_000.0 - 80.0);
    let shown: BTreeSet<&String> =
        series.keys().filter(|name| name.starts_with("antiphon_result_agreement_ratio")).collect();
    assert_eq!(shown.len(), 80);
}
