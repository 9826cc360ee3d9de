//! By which tests it is decided whether targets know a document: what the suite says, checked.

use super::{Assets, Problem};
use crate::document::Document;
use crate::manifest::{Probe, ProbeKind, RecallRules};
use crate::suite::Suite;
use crate::{Target, TargetId};

const FIELD: &str = "scoring.recall";

/// Fewest cuts from which a test over cuts can decide.
const FEWEST_CUTS: usize = 8;

/// The rules of a suite; `None` where it decides nothing.
pub(super) fn rules(
    suite: &Suite,
    assets: &Assets,
    targets: &[Target],
    probes: &[Probe],
) -> Result<Option<RecallRules>, Problem> {
    let Some(written) = &suite.scoring.recall else { return Ok(None) };
    if let Some((field, message)) = written.problem() {
        return Err(Problem::at(field, message));
    }
    let text = |path: &String| match assets.documents.get(path) {
        Some(text) => Ok(text),
        None => Err(Problem::at(FIELD, format!("the document {path} was not read"))),
    };
    let hash_of = |text: &String| blake3::hash(text.as_bytes()).to_hex().to_string();
    let document = text(&written.document)?;
    let document_hash = hash_of(document);
    if let Some(expected) = written.hash.as_ref().filter(|expected| **expected != document_hash) {
        return Err(Problem::at(
            format!("{FIELD}.hash"),
            format!(
                "{} has the BLAKE3 {document_hash}, not {expected}: it is another text than the suite was written for; make the suite anew \
                 with `antiphon recall new`, or bring the old text back",
                written.document
            ),
        ));
    }
    let mut words: Vec<u32> = probes
        .iter()
        .filter_map(|probe| match &probe.kind {
            ProbeKind::Recall(cut) if cut.control.is_none() && cut.cue.is_none() => {
                (cut.document == written.document).then_some(cut.word)
            }
            _ => None,
        })
        .collect();
    words.sort_unstable();
    words.dedup();
    if words.len() < FEWEST_CUTS {
        return Err(Problem::at(
            FIELD,
            format!(
                "{} is asked for at {} places; a verdict needs `recall` probes of it, with a passage and without `control`, at \
                 {FEWEST_CUTS} or more",
                written.document,
                words.len()
            ),
        ));
    }
    let mut editions = std::collections::BTreeMap::new();
    for path in &written.editions {
        editions.insert(path.clone(), hash_of(text(path)?));
    }
    let mut cutoffs = std::collections::BTreeMap::new();
    for (id, date) in &written.cutoffs {
        let known =
            TargetId::new(id.as_str()).ok().filter(|id| targets.iter().any(|target| target.id == *id));
        let Some(id) = known else {
            return Err(Problem::at(format!("{FIELD}.cutoffs"), format!("the suite has no target `{id}`")));
        };
        check_date("cutoffs", date)?;
        cutoffs.insert(id, date.clone());
    }
    written.first_public.iter().try_for_each(|date| check_date("first_public", date))?;
    Ok(Some(RecallRules {
        document: written.document.clone(),
        document_hash,
        words: Document::new(document).len() as u64,
        editions,
        verbatim_words: written.verbatim_words,
        margin: written.margin,
        verbatim_margin: written.verbatim_margin,
        agreement: written.agreement,
        alpha: written.alpha,
        first_public: written.first_public.clone(),
        cutoffs,
    }))
}

/// A year, a month or a day, since that is how exactly such dates are known.
fn check_date(field: &str, date: &str) -> Result<(), Problem> {
    let parts: Vec<&str> = date.split('-').collect();
    let number = |part: &str, digits: usize, most: u32| {
        let is_number = part.len() == digits && part.bytes().all(|byte| byte.is_ascii_digit());
        is_number && part.parse().is_ok_and(|number: u32| (1..=most).contains(&number))
    };
    let is_date = match parts.as_slice() {
        [year] => number(year, 4, 9999),
        [year, month] => number(year, 4, 9999) && number(month, 2, 12),
        [year, month, day] => number(year, 4, 9999) && number(month, 2, 12) && number(day, 2, 31),
        _ => false,
    };
    match is_date {
        true => Ok(()),
        false => Err(Problem::at(
            format!("{FIELD}.{field}"),
            format!("{date:?} is no date; write a year, a month or a day, such as 2025-08-01"),
        )),
    }
}
