//! What a run costs, and that it is the same wherever it is said.

use serde_json::Value;

use crate::desk::{Desk, simulator};

/// An account that runs out of money now and then; who asks the same again is answered.
const BROKE: &str = "voices:\n  - name: steady\n    seed: 4\n    faults: {quota: 0.04, first_attempt_only: true}\n    default: {words: 12, variation: 0.5}\n";

fn broke() -> Desk {
    let desk = Desk::new();
    desk.edit("antiphon.toml", &crate::desk::SIMULATOR, &simulator(BROKE));
    desk.edit("antiphon.toml", "concurrency = 8", "concurrency = 1");
    desk.edit("suite.yaml", "draw: 3", "draw: 12");
    desk
}

/// Each stop of a pool leaves a job half done, whose answers were paid and are not kept.
#[test]
fn a_run_whose_pool_was_stopped_costs_the_same_wherever_it_is_said() {
    let desk = broke();
    let json = |line: &str| -> Value { serde_json::from_str(&desk.run(line).out).unwrap() };
    let mut in_vain = 0;
    loop {
        let run = json("run suite.yaml --run r1 --json");
        let status = json("status r1 --json");
        let operations = &run["operations"];
        let (said, counted) = (operations["dollars"].as_f64().unwrap(), status["dollars"].as_f64().unwrap());
        assert!((said - counted).abs() < 1e-9, "{said} at the end of the run, {counted} of its status");
        assert_eq!(run["duplicates"], status["handed_back"]);
        assert_eq!(status["duplicates"], 0, "no job was done twice");
        if run["complete"] == true {
            break;
        }
        in_vain += 1;
        assert!(in_vain < 20, "it is never done: {run}");
    }
    assert!(in_vain > 0, "the account never ran out");
    let status = json("status r1 --json");
    let (all, lost) = (status["dollars"].as_f64().unwrap(), status["in_vain_dollars"].as_f64().unwrap());
    assert!(lost > 0.0 && lost < all, "{status}");
    let (told, end) = (desk.good("status r1"), desk.run("run suite.yaml --run r1").err);
    let spent = told.lines().find_map(|line| line.strip_prefix("spent       ")).unwrap();
    assert!(end.contains(&format!("{spent} in all; $")), "{spent}: {end}");
    assert!(
        told.contains("handed back half done, which cost $") && !told.contains("more than needed"),
        "{told}"
    );
}

/// What nobody knows is not $0.00.
#[test]
fn without_a_price_nothing_is_said_of_dollars() {
    let desk = broke();
    desk.edit("antiphon.toml", "price = { input = 3.0, output = 15.0 }\n", "");
    let ends = (0..20).map(|_| desk.run("run suite.yaml --run r1")).find(|done| done.code == 0);
    let end = ends.expect("it is done after a few stops").err;
    assert!(end.contains(" not kept, since jobs were handed back half done") && !end.contains('$'), "{end}");
    let status = desk.good("status r1");
    assert!(status.contains("handed back half done") && !status.contains('$'), "{status}");
}

/// Who is told the smallest budget that is enough can use it.
#[test]
fn a_budget_too_small_for_one_job_says_what_would_be_enough() {
    let desk = Desk::new();
    desk.edit("suite.yaml", "probes:", "budget: {dollars: 0.0001}\nprobes:");
    let small = desk.run("run suite.yaml --run r1 --yes");
    assert_eq!(small.code, 3, "{}", small.err);
    let least = |err: &str| -> String {
        let (_, rest) = err.split_once("raise `budget` in the suite to $").unwrap_or_else(|| panic!("{err}"));
        rest.split(' ').next().unwrap().to_owned()
    };
    let enough = least(&small.err);
    assert!(
        small.err.contains(&format!("raise `budget` to ${enough} or more, then go on with")),
        "{}",
        small.err
    );
    assert!(small.err.contains("0 calls, $0.00 in all"), "{}", small.err);

    // A little less is not enough, and just as much asks a job.
    let short = format!("{:.4}", enough.parse::<f64>().unwrap() - 0.0001);
    desk.edit("suite.yaml", "dollars: 0.0001", &format!("dollars: {short}"));
    assert_eq!(least(&desk.run("run suite.yaml --run r1 --yes").err), enough);
    desk.edit("suite.yaml", &format!("dollars: {short}"), &format!("dollars: {enough}"));
    let some: Value = serde_json::from_str(&desk.run("run suite.yaml --run r1 --yes --json").out).unwrap();
    assert!(some["samples_now"].as_u64().unwrap() >= 6, "{some}");
}
