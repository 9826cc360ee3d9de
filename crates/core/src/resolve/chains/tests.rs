//! When chains converge, as suites write it.

use crate::suite::Suite;
use crate::{Assets, Card, CatalogueTarget, ConvergenceRules, Manifest, Provider, TargetCatalogue, resolve};

/// A suite with chains: the group of each, and more of the probe.
fn resolved(users: u32, scoring: &str, chains: &[(&str, &str)]) -> Result<Manifest, String> {
    let mut text = format!(
        "version: 1\nname: n\ntargets: [{{alias: t}}]\nusers: {{draw: {users}, system_prompts: {{a: A, b: B}}}}\n{scoring}probes:\n"
    );
    for (number, (group, more)) in chains.iter().enumerate() {
        text +=
            &format!("  - {{id: p{number}, kind: extract, group: {group}, opening: Write it out.{more}}}\n");
    }
    let target = CatalogueTarget {
        provider: Provider::Openai,
        provider_name: "house".into(),
        dialect: None,
        model: "m".into(),
        card: Card::default(),
        price: None,
        pool: "p".parse().unwrap(),
    };
    let catalogue =
        TargetCatalogue { targets: [("t".to_owned(), target)].into(), ..TargetCatalogue::default() };
    let suite = Suite::parse(&text).map_err(|error| error.to_string())?;
    match resolve(&text, &suite, &catalogue, &Assets::default(), None) {
        Ok(resolved) => Ok(resolved.manifest),
        Err(problems) => Err(problems[0].to_string()),
    }
}

const INVENTED: &str = ", control: invented";
const FOUR: [(&str, &str); 4] = [("g", ""), ("g", ""), ("g", INVENTED), ("g", INVENTED)];

fn fresh(manifest: &Manifest) -> Vec<u32> {
    manifest.probes.iter().map(|probe| probe.chain().unwrap().fresh_users).collect()
}

#[test]
fn an_invented_title_takes_half_of_the_users_votes() {
    let found = resolved(12, "", &FOUR).unwrap();
    let rules = ConvergenceRules { run_words: 5, margin: 0.1, alike: 0.5 };
    assert_eq!((found.scoring.convergence, fresh(&found)), (Some(rules), vec![6; 4]));
    let invented: Vec<bool> = found.probes.iter().map(|probe| probe.chain().unwrap().invented).collect();
    assert_eq!(invented, [false, false, true, true]);
    let written = resolved(12, "scoring: {convergence: {fresh_users: 4, margin: 0.2}}\n", &FOUR).unwrap();
    assert_eq!(fresh(&written), [4; 4]);
    assert_ne!(written.identity, found.identity, "others vote");
    assert_ne!(written.analysis_hash, found.analysis_hash, "another rule decides");
}

#[test]
fn suites_that_do_not_look_at_it_are_as_they_were() {
    let found = resolved(12, "", &[("g", ""), ("g", "")]).unwrap();
    assert_eq!((found.scoring.convergence, fresh(&found)), (None, vec![0; 2]));
    let json = serde_json::to_string(&(&found.probes, &found.scoring)).unwrap();
    assert!(!json.contains("fresh") && !json.contains("invented") && !json.contains("convergence"), "{json}");
    let asked = resolved(12, "scoring: {convergence: {}}\n", &[("g", ""), ("g", "")]).unwrap();
    assert_eq!(fresh(&asked), [6; 2], "two chains are compared with each other without a control too");
}

#[test]
fn what_cannot_be_held_against_anything_is_refused() {
    let check = |users: u32, scoring: &str, chains: &[(&str, &str)], says: &str| {
        let error = resolved(users, scoring, chains).unwrap_err();
        assert!(error.contains(says), "{error}");
    };
    check(
        12,
        "",
        &[("g", ""), ("g", INVENTED), ("g", INVENTED)],
        "group g has 1 chains, and 2 with `control: invented`",
    );
    check(12, "", &[("g", ""), ("g", ""), ("h", INVENTED), ("g", INVENTED)], "in at least two ways");
    check(12, "scoring: {convergence: {}}\n", &[("g", ""), ("h", "")], "no group has two chains");
    check(4, "", &FOUR, "2 of 4 users would be asked without a vote; at least 3 must be");
    check(6, "scoring: {convergence: {fresh_users: 6}}\n", &FOUR, "or change `fresh_users`");
    check(
        4,
        "scoring: {convergence: {fresh_users: 3}}\n",
        &FOUR,
        "at least two samples agree on, and there is one",
    );
    check(
        12,
        "scoring: {convergence: {margin: 1.5}}\n",
        &FOUR,
        "scoring.convergence.margin: it is a share between 0 and 1",
    );
    check(12, "scoring: {convergence: {run_words: 1}}\n", &FOUR, "scoring.convergence.run_words");
    check(12, "", &[("g", ", control: known")], "an `extract` probe has `control: invented`, or none");
}
