//! Asking until intervals are narrow: less is asked than of all alike, the same command finds nothing left, and what was said is kept.

use antiphon_core::summary::{Ending, Operations, Summary};
use antiphon_core::{Round, RoundKind};

use crate::desk::Desk;

/// Two voices, of which one agrees with itself; probes on which they agree more or less.
const SUITE: &str = "\
version: 1
name: spread
targets: [{alias: steady, max_tokens: 60}, {alias: fickle, max_tokens: 60}]
users:
  draw: USERS
  personas: {nurse: The user is a nurse., pilot: The user is a pilot.}
sampling: SAMPLING
probes:
  - {id: music, kind: short, prompt: What is your favourite music?}
  - {id: certainty, kind: scale, min: 1, max: 7, prompt: How certain are you that you have preferences?}
  - {id: identity, prompt: Who are you?}
";

const UNTIL: &str = "{sessions: 2, until: {half_width: 0.1, max_users: 150}}";

fn desk(users: u32, sampling: &str) -> Desk {
    let desk = Desk::new();
    desk.write("suite.yaml", SUITE.replace("USERS", &users.to_string()).replace("SAMPLING", sampling));
    let second = "[targets.fickle]\nprovider = \"sim\"\nmodel = \"fickle\"\nprice = { input = 3.0, output = 15.0 }\n\n[pools.sim]";
    desk.edit("antiphon.toml", "[pools.sim]", second);
    desk.edit("antiphon.toml", "[targets.voice]", "[targets.steady]");
    desk
}

fn read<T: serde::de::DeserializeOwned>(desk: &Desk, name: &str) -> T {
    let files = desk.listing("antiphon-data/runs");
    let (_, text) = files.iter().find(|(path, _)| path.ends_with(name)).unwrap();
    serde_json::from_slice(text).unwrap()
}

fn rounds(desk: &Desk) -> Vec<Round> {
    let files = desk.listing("antiphon-data/runs");
    let rounds = files.iter().filter(|(path, _)| path.parent().unwrap().ends_with("rounds"));
    rounds.map(|(_, text)| serde_json::from_slice(text).unwrap()).collect()
}

#[test]
fn a_run_asks_on_until_intervals_are_narrow_and_asks_less_than_of_all_alike() {
    let desk = desk(12, UNTIL);
    let forecast: serde_json::Value = serde_json::from_str(&desk.good("plan suite.yaml --json")).unwrap();
    assert_eq!((&forecast["calls"], &forecast["at_most"]["calls"]), (&144.into(), &1800.into()));
    assert!(desk.good("plan suite.yaml").contains("at most         1,800 calls"));
    assert!(
        desk.good("check suite.yaml")
            .contains("half an interval is 0.1 wide, at most 150 users × 2 sessions")
    );
    let out = desk.good("run suite.yaml");
    assert!(out.contains("asked until half an interval is 0.1 wide: of 6 probes of targets"), "{out}");
    let summary: Summary = read(&desk, "summary/summary.json");
    let grown = rounds(&desk);
    assert!(grown.len() > 2, "{} rounds", grown.len());
    for cell in &summary.cells {
        let asked = cell.asked.as_ref().unwrap();
        let last = |round: &&Round| matches!(&round.kind, RoundKind::Adaptive(growths) if growths.iter().any(|growth| growth.target == cell.target && growth.probe == cell.probe));
        let look = grown.iter().filter(last).count() + 1;
        assert_eq!(asked.look, Some(u32::try_from(look).unwrap()));
        let estimate = cell.headline().unwrap().estimate;
        let half = (estimate.high.unwrap() - estimate.low.unwrap()) / 2.0;
        assert!((asked.half_width.unwrap() - half).abs() < 1e-12, "one language, one turn");
        assert_eq!(
            asked.ending == Ending::Narrow,
            half <= 0.1,
            "{} of {}: {asked:?}",
            cell.probe,
            cell.target
        );
        assert!(asked.rule.contains("group-sequential") && asked.miss < 0.05);
    }
    let narrow = summary.cells.iter().filter(|cell| cell.asked.as_ref().unwrap().ending == Ending::Narrow);
    assert!(narrow.count() >= 5, "nearly all get narrow");
    let before = desk.listing("antiphon-data/runs");
    desk.good("run suite.yaml");
    let after = desk.listing("antiphon-data/runs");
    assert_eq!(before.keys().collect::<Vec<_>>(), after.keys().collect::<Vec<_>>(), "nothing is left to ask");

    // The same precision of a design that asks all alike: by as many users as the last one needs.
    let most = summary.cells.iter().flat_map(|cell| &cell.labels).map(|labels| labels.agreement.users).max();
    let alike = self::desk(u32::try_from(most.unwrap()).unwrap(), "{sessions: 2}");
    alike.good("run suite.yaml");
    let (adaptive, fixed): (Operations, Operations) =
        (read(&desk, "operations.json"), read(&alike, "operations.json"));
    let (asked, all) = (adaptive.dollars.unwrap(), fixed.dollars.unwrap());
    println!("adaptive {} calls ${asked:.4}, all alike {} calls ${all:.4}", adaptive.calls, fixed.calls);
    assert!(adaptive.calls * 10 < fixed.calls * 9 && asked < all, "{} of {}", adaptive.calls, fixed.calls);
}

#[test]
fn a_limit_an_extension_and_a_budget_bound_what_is_asked_on() {
    let desk = desk(12, UNTIL);
    desk.good("run suite.yaml --only music --run part");
    let of = |growths: &RoundKind| match growths {
        RoundKind::Adaptive(growths) => growths.iter().all(|growth| growth.probe.as_str() == "music"),
        _ => true,
    };
    assert!(rounds(&desk).len() > 1 && rounds(&desk).iter().all(|round| of(&round.kind)));
    let before = rounds(&desk);
    desk.good("run suite.yaml --run part --sessions 3");
    let after = rounds(&desk);
    assert_eq!(after[..before.len()], before[..]);
    assert!(matches!(after[before.len()].kind, RoundKind::Extension(_)));
    // Narrower than the first look on purpose: nothing is asked on.
    let few = self::desk(12, UNTIL);
    few.good("run suite.yaml --users 3");
    assert_eq!(rounds(&few).len(), 1);
    let poor = self::desk(12, &UNTIL.replace("0.1", "0.02"));
    poor.edit("suite.yaml", "probes:", "budget: {dollars: 0.3}\nprobes:");
    let done = poor.run("run suite.yaml --yes");
    assert_eq!(done.code, 3, "{}{}", done.out, done.err);
    let summary: Summary = read(&poor, "summary/summary.json");
    let unfinished =
        |cell: &antiphon_core::summary::Cell| cell.asked.as_ref().unwrap().ending == Ending::Unfinished;
    assert!(summary.cells.iter().any(unfinished));
}
