//! Answers of the same meaning, by whatever rule the suite gives.

use std::borrow::Cow;
use std::collections::HashMap;
use std::hash::Hash;

use antiphon_core::summary::{Cluster, Clusters, ClustersFound, Exemplar};
use antiphon_core::{Clustering, ProbeKind, Vectors, text_hash};
use antiphon_stats::meanings::{self, Meanings};
use antiphon_stats::text::Vocabulary;
use antiphon_stats::{
    Answer, Nested, Row, SampleId, SimilarityMatrix, TextAgreement, agreement, categorical, entropy,
    interval, medoid, pairwise,
};

use super::CellInput;
use crate::estimates;
use crate::label::{Label, label_of};
use crate::read_block::BlockSample;

/// Free text is compared by wording, from this likeness on, where the suite gives no rule.
const LEXICAL: f64 = 0.7;
/// Answers that are compared of a cell with more different texts than all pairs are compared of.
const DRAWN: usize = 200;
/// Clusters that are told one by one.
const TOLD: usize = 12;

/// What is to be clustered: texts by number, and how alike two of them are; labels that are clusters already have no likeness.
struct Compared<'a> {
    cell: Cow<'a, Nested<u32>>,
    likeness: Option<(Cow<'a, SimilarityMatrix>, f64)>,
    drawn_from: Option<u64>,
}

/// `short` answers, language by language, if the suite gives a rule other than the label itself.
pub(super) fn of_short(input: &CellInput<'_>) -> Vec<Clusters> {
    match &input.manifest.scoring.clusters {
        None | Some(Clustering::Normalised) => return Vec::new(),
        Some(_) => {}
    }
    let users = &input.manifest.users.users;
    let mut vocabulary = Vocabulary::default();
    let mut label = |row: &BlockSample| match label_of(
        input.manifest,
        input.prompter,
        input.probe,
        &users[row.user],
        &row.sample,
    )? {
        Label::Text(text) => Some(Answer::Text(input.words(&text, &mut vocabulary))),
        _ => None,
    };
    let answers: Vec<Option<Answer>> = input.samples.iter().map(&mut label).collect();
    let of = |language: &str| {
        let cell = input
            .nested(|row, sample| answers[row].clone().filter(|_| input.language_of(sample) == language));
        clusters(input, language, &cell, None)
    };
    input.languages().into_iter().filter_map(of).collect()
}

/// Free text of one language; `None` where nothing was answered.
pub(super) fn of_texts(
    input: &CellInput<'_>,
    language: &str,
    cell: &Nested<Answer>,
    scores: &TextAgreement,
) -> Option<Clusters> {
    clusters(input, language, cell, Some(scores))
}

/// The texts of a cell whose vectors are needed.
pub(crate) fn embedded_texts(input: &CellInput<'_>) -> Vec<String> {
    let users = &input.manifest.users.users;
    let is_short = input.probe.kind == ProbeKind::Short && input.is_last_turn();
    let is_label =
        matches!(input.probe.kind, ProbeKind::Choice | ProbeKind::Scale { .. }) && input.is_last_turn();
    if is_label {
        return Vec::new();
    }
    let text = |row: &BlockSample| match is_short {
        true => {
            let label = label_of(input.manifest, input.prompter, input.probe, &users[row.user], &row.sample);
            matches!(label, Some(Label::Text(_)))
        }
        false => row.sample.outcome.has_text(),
    };
    let of = |language: &str| {
        let wanted = input.nested(|_, row| (text(row) && input.language_of(row) == language).then_some(()));
        let texts = with_text(input, &wanted);
        let (part, _) = affordable(input, language, &texts);
        let worded = part.rows().filter(|(_, text)| !text.trim().is_empty());
        worded.map(|(_, text)| (*text).to_owned()).collect::<Vec<_>>()
    };
    input.languages().into_iter().flat_map(of).collect()
}

fn clusters(
    input: &CellInput<'_>,
    language: &str,
    cell: &Nested<Answer>,
    scores: Option<&TextAgreement>,
) -> Option<Clusters> {
    let texts = Nested::from_rows(cell.rows().filter_map(|(id, answer)| match answer {
        Answer::Text(tokens) => Some(Row { id, value: tokens }),
        Answer::NonAnswer => None,
    }));
    if texts.users().is_empty() {
        return None;
    }
    let rule = input.manifest.scoring.clusters.as_ref().unwrap_or(&Clustering::Lexical(LEXICAL));
    let compared = match rule {
        Clustering::Exact => Ok(Compared::labels(&with_text(input, &texts))),
        Clustering::Normalised => Ok(Compared::labels(&texts)),
        Clustering::Lexical(threshold) => Ok(lexical(input, language, cell, &texts, scores, *threshold)),
        Clustering::Embedding { threshold, .. } => {
            embedded(input, language, &with_text(input, &texts), *threshold)
        }
    };
    let (found, note) = match compared {
        Ok(compared) => (Some(told(input, language, &compared)), None),
        Err(note) => (None, Some(note)),
    };
    Some(Clusters { language: language.to_owned(), same: in_words(rule), found, note })
}

/// What counts as the same meaning, as part of a sentence.
pub(super) fn in_words(rule: &Clustering) -> String {
    match rule {
        Clustering::Exact => "the same text, character for character".to_owned(),
        Clustering::Normalised => "the same words".to_owned(),
        Clustering::Lexical(threshold) => format!("ROUGE-L F1 of {threshold} or more"),
        Clustering::Embedding { threshold, vectors } => {
            let source = match vectors {
                Vectors::File { path, .. } => format!("mean word vectors of {path}"),
                Vectors::Model { model, .. } => format!("embeddings by {model}"),
            };
            format!("a cosine of {threshold} or more between {source}")
        }
    }
}

fn with_text<'a, T>(input: &'a CellInput<'_>, cell: &Nested<T>) -> Nested<&'a str> {
    let text = |id: SampleId| input.find(id).map(|row| row.sample.text.as_str());
    Nested::from_rows(cell.rows().filter_map(|(id, _)| Some(Row { id, value: text(id)? })))
}

impl Compared<'_> {
    fn labels<T: Hash + Eq>(cell: &Nested<T>) -> Self {
        Self { cell: Cow::Owned(numbered(cell)), likeness: None, drawn_from: None }
    }
}

/// Different values by number, in the order of rows.
fn numbered<T: Hash + Eq>(cell: &Nested<T>) -> Nested<u32> {
    let mut numbers: HashMap<&T, u32> = HashMap::new();
    let mut found = cell.rows().map(|(_, value)| {
        let next = u32::try_from(numbers.len()).expect("fewer than 2^32 different texts fit in memory");
        *numbers.entry(value).or_insert(next)
    });
    cell.map(|_| found.next().expect("there is a number for each row"))
}

fn lexical<'a>(
    input: &CellInput<'_>,
    language: &str,
    cell: &Nested<Answer>,
    texts: &Nested<&Vec<u32>>,
    scores: Option<&'a TextAgreement>,
    threshold: f64,
) -> Compared<'a> {
    if let Some((scores, similarities)) =
        scores.and_then(|scores| Some((scores, scores.similarities.as_ref()?)))
    {
        let likeness = Some((Cow::Borrowed(similarities), threshold));
        return Compared { cell: Cow::Borrowed(&scores.texts), likeness, drawn_from: None };
    }
    let (_, drawn_from) = affordable(input, language, texts);
    let answers = cell.filter_map(|answer| match answer {
        Answer::Text(_) => Some(answer.clone()),
        Answer::NonAnswer => None,
    });
    let answers = match drawn_from {
        Some(_) => pairwise::part(&answers, DRAWN, input.seed("clusters", language)),
        None => answers,
    };
    let (cell, similarities) = pairwise::compared(&answers);
    Compared { cell: Cow::Owned(cell), likeness: Some((Cow::Owned(similarities), threshold)), drawn_from }
}

/// All answers, or a part of them if they have more different values than all pairs may be compared of; then also how many there are.
fn affordable<T: Hash + Eq + Clone>(
    input: &CellInput<'_>,
    language: &str,
    cell: &Nested<T>,
) -> (Nested<T>, Option<u64>) {
    let different = cell.rows().map(|(_, value)| value).collect::<std::collections::HashSet<_>>().len();
    if different <= input.manifest.scoring.exact_pairs_up_to as usize {
        return (cell.clone(), None);
    }
    let part = pairwise::part(cell, DRAWN, input.seed("clusters", language));
    (part, Some(cell.size().samples as u64))
}

fn embedded<'a>(
    input: &CellInput<'_>,
    language: &str,
    texts: &Nested<&str>,
    threshold: f64,
) -> Result<Compared<'a>, String> {
    let (part, drawn_from) = affordable(input, language, texts);
    let mut different: Vec<&str> = Vec::new();
    let cell = numbered(&part);
    for ((_, text), (_, number)) in part.rows().zip(cell.rows()) {
        if *number as usize == different.len() {
            different.push(text);
        }
    }
    // Nobody embeds an empty text.
    let nothing = Vec::new();
    let vector = |text: &&str| match text.trim() {
        "" => Some(&nothing),
        _ => input.vectors.get(&text_hash(text)),
    };
    let vectors: Vec<Option<&Vec<f32>>> = different.iter().map(vector).collect();
    let missing = vectors.iter().filter(|vector| vector.is_none()).count();
    if missing > 0 {
        let run = &input.manifest.run;
        return Err(format!(
            "{missing} of {} different answers have no vectors yet: run `antiphon embed {run}`",
            different.len()
        ));
    }
    let units: Vec<Vec<f64>> = vectors.into_iter().flatten().map(|vector| unit(vector)).collect();
    // An empty vector is like no other.
    let cosine = |i: usize, j: usize| units[i].iter().zip(&units[j]).map(|(x, y)| x * y).sum();
    let similarities = SimilarityMatrix::from_pairs(units.len(), cosine);
    let likeness = Some((Cow::Owned(similarities), threshold));
    Ok(Compared { cell: Cow::Owned(cell), likeness, drawn_from })
}

/// A vector of length 1; one of length 0 stays.
pub(super) fn unit(vector: &[f32]) -> Vec<f64> {
    let length = vector.iter().map(|&x| f64::from(x).powi(2)).sum::<f64>().sqrt();
    vector.iter().map(|&x| if length > 0.0 { f64::from(x) / length } else { 0.0 }).collect()
}

fn told(input: &CellInput<'_>, language: &str, compared: &Compared<'_>) -> ClustersFound {
    let cell = &*compared.cell;
    let seed = input.seed("clusters", language);
    let Meanings { labels, count, conflicts, counts, agreement: range } = match &compared.likeness {
        None => meanings::of_labels(cell),
        Some((likeness, threshold)) => {
            let texts = cell.rows().map(|(_, text)| *text as usize + 1).max().unwrap_or(0);
            let alike = |i: usize, j: usize| likeness.row(i)[j] >= *threshold;
            meanings::meanings(cell, texts, alike, seed)
        }
    };
    let population = input.population();
    let mut sizes = vec![0_u64; count];
    labels.rows().for_each(|(_, label)| sizes[*label as usize] += 1);
    let likeness = compared.likeness.as_ref().map(|(likeness, _)| &**likeness);
    let largest = (0_u32..).zip(&sizes).take(TOLD).filter_map(|(label, &answers)| {
        let mut own = labels.rows().map(|(_, of)| *of == label);
        let members = cell.filter_map(|text| own.next().unwrap_or(false).then_some(*text));
        Some(Cluster {
            answers,
            users: members.users().len() as u64,
            share: estimates::estimate(interval::proportion(
                &labels.map(|of| f64::from(u8::from(*of == label))),
                population,
            )),
            typical: typical(input, &members, likeness)?,
        })
    });
    ClustersFound {
        answers: labels.size().samples as u64,
        drawn_from: compared.drawn_from,
        count: count as u64,
        fewest: counts.0 as u64,
        most: counts.1 as u64,
        conflicts: conflicts as u64,
        largest: largest.collect(),
        agreement: estimates::agreement(&agreement::labels(&labels, population), None),
        agreement_low: range.map(|range| range.0),
        agreement_high: range.map(|range| range.1),
        collision: categorical::collision(&sizes),
        entropy: estimates::estimate(entropy::between_users(&labels, population, seed)),
    }
}

/// The member that is most like the others; of texts that are all the same, the first.
fn typical(
    input: &CellInput<'_>,
    members: &Nested<u32>,
    likeness: Option<&SimilarityMatrix>,
) -> Option<Exemplar> {
    let (id, similarity) = match likeness {
        Some(likeness) => {
            let medoid = medoid::typicality(members, likeness, 0).medoid?;
            (medoid.id, medoid.similarity)
        }
        None => (members.rows().next()?.0, None),
    };
    input.find(id).map(|row| input.exemplar(row, similarity))
}
