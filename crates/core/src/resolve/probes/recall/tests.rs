use std::fmt::Write as _;

use crate::suite::{Control, Suite};
use crate::{
    Assets, Card, CatalogueTarget, Cue, Cut, Manifest, ProbeKind, Provider, TargetCatalogue, resolve,
};

/// Sections of sentences, of words that come again, so that twins and guesses can be made.
fn document(ending: &str) -> String {
    let mut text = String::new();
    for section in 0..12 {
        let _ = write!(text, "## Part {section}\n\n");
        for sentence in 0..6 {
            let _ = write!(
                text,
                "The keeper of gate {section} may open the door for guest{sentence} and must close it {ending}. "
            );
        }
        text.push_str("\n\n");
    }
    text
}

fn resolved(probes: &str, scoring: &str) -> Result<Manifest, Vec<String>> {
    let text = format!(
        "version: 1\nname: t\nseed: 3\ntargets: [{{alias: a}}]\nscoring:\n{scoring}\nprobes:\n{probes}"
    );
    let target = CatalogueTarget {
        provider: Provider::Openai,
        provider_name: "house".to_owned(),
        dialect: None,
        model: "m".into(),
        card: Card::default(),
        price: None,
        pool: "p".parse().unwrap(),
    };
    let catalogue = TargetCatalogue { targets: [("a".into(), target)].into(), ..TargetCatalogue::default() };
    let documents = [
        ("d.md".to_owned(), document("at night")),
        ("old.md".to_owned(), document("before dawn")),
        ("other.md".to_owned(), document("by hand").replace("keeper", "miller")),
    ];
    let assets = Assets { documents: documents.into(), ..Assets::default() };
    resolve(&text, &Suite::parse(&text).unwrap(), &catalogue, &assets, None)
        .map(|found| found.manifest)
        .map_err(|problems| problems.iter().map(ToString::to_string).collect())
}

const PASSAGES: &str = "  - {id: own, kind: recall, document: d.md, cuts: [130, 230, 330, 430, 530, 630, 730, 830], passage_words: 30, \
                        reference_words: 20}\n";
const RULES: &str = "  recall: {document: d.md, editions: [old.md]}";

fn cuts(manifest: &Manifest, control: Option<Control>) -> Vec<&Cut> {
    let cuts = manifest.probes.iter().filter_map(|probe| match &probe.kind {
        ProbeKind::Recall(cut) if cut.control == control => Some(cut),
        _ => None,
    });
    cuts.collect()
}

#[test]
fn controls_change_what_is_given_and_keep_what_is_looked_for() {
    let at = "document: d.md, cuts: [130], passage_words: 30, reference_words: 20";
    let probes = format!(
        "{PASSAGES}  - {{id: mixed, kind: recall, control: shuffled, {at}}}\n  - {{id: said, kind: recall, control: reworded, {at}}}\n  \
         - {{id: made, kind: recall, control: invented, {at}}}\n"
    );
    let manifest = resolved(&probes, RULES).unwrap();
    let own = cuts(&manifest, None)[0];
    let [mixed, said, made] =
        [Control::Shuffled, Control::Reworded, Control::Invented].map(|of| cuts(&manifest, Some(of))[0]);
    assert_eq!((&mixed.reference, &said.reference), (&own.reference, &own.reference));
    let sorted = |text: &str| {
        let mut words: Vec<String> = text.split_whitespace().map(str::to_owned).collect();
        words.sort();
        words
    };
    assert!(mixed.passage != own.passage && sorted(&mixed.passage) == sorted(&own.passage));
    assert!(said.passage.contains("which must") || said.passage.contains("has to close"), "{}", said.passage);
    let whole = document("at night");
    assert!(!whole.contains(&made.passage) && !made.reference.is_empty(), "{}", made.passage);
    assert!(made.passage.split(' ').all(|word| whole.contains(word)));
    assert_eq!(resolved(&probes, RULES).unwrap(), manifest, "the same suite makes the same controls");
}

#[test]
fn a_place_knows_what_other_editions_say_and_what_would_be_guessed() {
    let manifest = resolved(PASSAGES, RULES).unwrap();
    for cut in cuts(&manifest, None) {
        assert_eq!(cut.guesses.len(), 5);
        assert!(cut.guesses.iter().all(|guess| guess.split(' ').count() == 20));
        assert_eq!(cut.editions.len(), 1, "{cut:?}");
        assert!(cut.editions[0].reference.contains("before dawn") && cut.reference.contains("at night"));
        assert_eq!(cut.editions[0].reference.split_whitespace().count(), 20);
    }
    let rules = manifest.scoring.recall.as_ref().unwrap();
    assert_eq!(rules.document_hash, blake3::hash(document("at night").as_bytes()).to_hex().to_string());
    let other = resolved(PASSAGES, "  recall: {document: d.md, margin: 0.2}").unwrap();
    assert_ne!(other.analysis_hash, manifest.analysis_hash, "the tests are hashed into the run");
}

#[test]
fn sections_and_topics_are_asked_without_a_passage() {
    let sections = crate::document::Document::new(&document("at night")).sections();
    let begin = sections[3].body.start;
    let probes = format!(
        "{PASSAGES}  - {{id: head, kind: recall, form: heading, document: d.md, cuts: [{begin}], reference_words: 20, prompt: \"Write \
         out {{{{ heading }}}}.\"}}\n  - {{id: about, kind: recall, form: topic, document: d.md, cuts: [{begin}], reference_words: 20, \
         prompt: \"What does it say about {{{{ topic }}}}?\"}}\n"
    );
    let manifest = resolved(&probes, RULES).unwrap();
    let found = cuts(&manifest, None);
    let [head, about] = [found[found.len() - 2], found[found.len() - 1]];
    assert_eq!(head.cue, Some(Cue::Heading("Part 3".to_owned())));
    assert!(matches!(&about.cue, Some(Cue::Topic(words)) if words.contains("guest")), "{:?}", about.cue);
    let prompter = crate::prompt::Prompter::new(manifest.seed);
    let asked = |at: usize| {
        let probe = &manifest.probes[manifest.probes.len() - at];
        prompter.script(probe, &manifest.users.users[0], 0).unwrap().turns[0].clone()
    };
    assert_eq!(asked(2), "Write out Part 3.");
    assert!(asked(1).starts_with("What does it say about "));
    let wrong = probes.replace(
        &format!("cuts: [{begin}], reference_words: 20, prompt: \"Write"),
        "cuts: [150], reference_words: 20, prompt: \"Write",
    );
    assert!(resolved(&wrong, RULES).unwrap_err()[0].contains("no section begins at word 150"));
}

#[test]
fn a_true_continuation_stands_first_among_its_twins() {
    let probes = format!(
        "{PASSAGES}  - {{id: pick, kind: recall, form: choose, document: d.md, cuts: [130], passage_words: 30}}\n"
    );
    let manifest = resolved(&probes, RULES).unwrap();
    let probe = manifest.probes.last().unwrap();
    let wording = manifest.own_wording(probe);
    assert_eq!((wording.options.len(), &probe.kind), (4, &ProbeKind::Choice));
    let plain = document("at night").split_whitespace().collect::<Vec<_>>().join(" ");
    let stands = |option: &String| plain.contains(option.as_str());
    assert!(stands(&wording.options[0]));
    assert!(wording.turns[0].contains("keeper") && !wording.turns[0].contains("{{"));
    assert_eq!(probe.continues.as_ref().unwrap().word, 130);
}

#[test]
fn what_cannot_be_decided_is_refused_with_a_way_out() {
    let error = |probes: &str, scoring: &str| resolved(probes, scoring).unwrap_err().join("\n");
    assert!(
        error(PASSAGES, "  recall: {document: d.md, hash: 00ff}")
            .starts_with("scoring.recall.hash: d.md has the BLAKE3 "),
    );
    assert!(
        error(&PASSAGES.replace("130, 230, ", ""), RULES)
            .contains("d.md is asked for at 6 places; a verdict needs")
    );
    assert!(error(PASSAGES, "  recall: {document: d.md, alpha: 0.5}").contains("at most 0.1"));
    let control = "  - {id: c, kind: recall, control: other, document: d.md, cuts: [130]}\n";
    assert!(error(&format!("{PASSAGES}{control}"), RULES).contains("a control needs another"));
    let mixed = "  - {id: c, kind: recall, control: shuffled, form: topic, document: d.md, cuts: [130], prompt: \"{{ topic }}\"}\n";
    assert!(error(&format!("{PASSAGES}{mixed}"), RULES).contains("changes the passage"));
    assert!(
        error("  - {id: p, control: other, prompt: hi}\n", "  casefold: true").contains("kinds `recall` and")
    );
    let cutoff = "  recall: {document: d.md, cutoffs: {b: \"2025-05\"}}";
    assert!(error(PASSAGES, cutoff).contains("the suite has no target `b`"));
}
