//! Users of a grid: what of their disagreement goes with which factor, and of whom the intervals speak.

use std::fs;

use antiphon_core::summary::{Crossed, FactorPart, Form, Summary, Units};

use crate::desk::Desk;

const LEVELS: [&str; 6] = ["ada", "bob", "cleo", "dan", "eve", "finn"];

/// A pool of six: the first three of the one kind, the others of the other.
fn pool(first: &str, second: &str) -> String {
    let level = |(at, id): (usize, &&str)| format!("{id}: \"{} {id}\"", if at < 3 { first } else { second });
    format!("{{{}}}", LEVELS.iter().enumerate().map(level).collect::<Vec<_>>().join(", "))
}

/// The summary and the report of the question that some wordings ask about music and some about nothing known.
fn run(users: &str) -> (Summary, String) {
    let desk = Desk::new();
    desk.edit(
        "suite.yaml",
        "draw: 3\n  personas: {nurse: The user is a nurse., pilot: The user is a pilot.}",
        users,
    );
    desk.edit("suite.yaml", "What is your favourite music?", "What do you like best?");
    desk.edit("suite.yaml", "  - id: identity\n    prompt: Who are you?\n", "");
    desk.good("run suite.yaml --run g");
    let file = |name: &str| fs::read_to_string(desk.path("antiphon-data/runs/g").join(name)).unwrap();
    (serde_json::from_str(&file("summary/summary.json")).unwrap(), file("report/index.html"))
}

fn crossed(summary: &Summary) -> &Crossed {
    summary.cells[0].labels[0].crossed.as_ref().expect("something varies between users")
}

fn part<'a>(crossed: &'a Crossed, factors: &[&str]) -> &'a FactorPart {
    crossed.parts.iter().find(|part| part.factors == factors).expect("each factor and pair has a part")
}

#[test]
fn a_grid_says_which_factor_matters_and_speaks_of_users_in_general() {
    let wordings = pool("Favourite music? {{ question }}", "{{ question }} Say so,");
    let personas = pool("The user is called", "The user is named");
    let (summary, report) = run(&format!("grid: true\n  personas: {personas}\n  wordings: {wordings}"));
    let agreement = &summary.cells[0].labels[0].agreement;
    let crossed = crossed(&summary);
    let wording = part(crossed, &["wording"]).part.unwrap();
    let persona = part(crossed, &["persona"]).part.unwrap();
    assert!(wording > 0.1 && persona.abs() < 0.05, "wording {wording}, persona {persona}");
    let sum: f64 = crossed.parts.iter().map(|part| part.part.unwrap()).sum();
    assert!((sum - agreement.user_part.unwrap()).abs() < 1e-12, "the parts are what users add");
    assert_eq!(agreement.rules.between_users.unwrap().units, Units::Sessions);

    let general = crossed.in_general.as_ref().unwrap();
    assert_eq!(general.rule.unwrap().units, Units::Levels);
    let width = |of: &antiphon_core::summary::Estimate| of.high.unwrap() - of.low.unwrap();
    assert!(
        width(&general.between_users) > width(&agreement.between_users),
        "users in general are less certain"
    );
    assert!(summary.users.in_general.is_some());

    let levels = &crossed.factors.iter().find(|factor| factor.factor == "wording").unwrap().side_by_side;
    assert_eq!(levels.iter().map(|level| level.level.as_str()).collect::<Vec<_>>(), LEVELS);
    assert!(levels[0].mode_share.as_ref().unwrap().value > levels[5].mode_share.as_ref().unwrap().value);
    for text in
        ["users in general, who share no level", "persona × wording", "rule-levels-", "Level by level: "]
    {
        let plain = report.replace("<bdi dir=\"auto\">", "").replace("</bdi>", "");
        assert!(plain.contains(text), "{text}");
    }
}

#[test]
fn with_few_levels_they_stand_side_by_side_and_there_is_no_interval() {
    let (summary, report) = run(
        "grid: true\n  personas: {nurse: A nurse., pilot: A pilot.}\n  wordings: {plain: \"{{ question }}\", music: \"Favourite music? {{ question }}\"}",
    );
    let general = crossed(&summary).in_general.as_ref().unwrap();
    assert_eq!((general.between_users.low, general.rule), (None, None));
    let note = general.between_users.note.as_ref().unwrap();
    assert!(note.contains("at least 6 levels") && report.contains("at least 6 levels"), "{note}");
}

#[test]
fn drawn_users_have_parts_and_one_population() {
    let (summary, _) = run("draw: 12\n  personas: {nurse: A nurse., pilot: A pilot.}");
    assert!(part(crossed(&summary), &["persona"]).part.is_some());
    assert_eq!((&crossed(&summary).in_general, &summary.users.in_general), (&None, &None));
    let rule = summary.cells[0].labels[0].agreement.rules.between_users.unwrap();
    assert_eq!(
        (rule.units, rule.form),
        (Units::Users, Form::Unanimous),
        "the voice says one thing to what it does not know"
    );
}

#[test]
fn users_who_differ_in_nothing_are_said_to_be_mere_names() {
    let same = "{id: ID, persona: A nurse.}";
    let list = ["one", "two", "three"].map(|id| same.replace("ID", id)).join(", ");
    let (summary, report) = run(&format!("list: [{list}]"));
    assert_eq!((summary.users.users, summary.users.distinct), (3, 1));
    assert_eq!(summary.cells[0].labels[0].crossed, None);
    assert!(report.contains("Nothing varied between users") && report.contains("names for repeated calls"));
    let (_, varied) = run(&format!("list: [{list}, {{id: four, persona: A pilot.}}]"));
    assert!(!varied.contains("Nothing varied between users"));
}
