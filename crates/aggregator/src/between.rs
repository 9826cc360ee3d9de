//! Targets side by side, probe by probe. Cells of different targets stand in different blocks, so a part of each is kept (`excerpt`) and put
//! aside in a file (`shelf`) until all are there.

mod excerpt;
mod shelf;

use std::collections::BTreeMap;
use std::sync::Arc;

use antiphon_core::Manifest;
use antiphon_core::summary::{Likeness, TargetGap};
use antiphon_stats::between::{self, Between};
use antiphon_stats::multiplicity::{Adjustment, adjust};
use antiphon_stats::text::Vocabulary;
use antiphon_stats::{Answer, Nested, Population, Row, SampleId, SimilarityMatrix, pairwise};
use futures::{StreamExt, TryStreamExt, stream};
use tokio_util::sync::CancellationToken;

use crate::block::{OpenRun, off_the_loop};
use crate::cell::{population, words};
use crate::{AggregatorError, estimates};

use excerpt::Question;
pub(crate) use excerpt::{Excerpt, of_cell};
pub(crate) use shelf::Shelf;

/// All pairs of targets on all that they were both asked, in the order of the manifest, `threads` questions at a time.
pub(crate) async fn compare(
    run: &Arc<OpenRun>,
    shelf: Shelf,
    threads: usize,
    stop: &CancellationToken,
) -> Result<Vec<TargetGap>, AggregatorError> {
    let shelf = Arc::new(shelf);
    let questions: Vec<Question> = shelf.questions().cloned().collect();
    let of_questions: Vec<Vec<TargetGap>> = stream::iter(questions)
        .map(|question| {
            let (run, shelf) = (Arc::clone(run), Arc::clone(&shelf));
            async move {
                run.refuse_if(stop)?;
                off_the_loop(move || Ok::<_, AggregatorError>(on(&run, &question, &shelf.get(&question)?)))
                    .await
            }
        })
        .buffered(threads)
        .try_collect()
        .await?;
    let mut gaps: Vec<TargetGap> = of_questions.into_iter().flatten().collect();
    let p: Vec<Option<f64>> = gaps.iter().map(|gap| Some(gap.p)).collect();
    let adjusted = adjust(&p, Adjustment::BenjaminiHochberg);
    gaps.iter_mut().zip(adjusted).for_each(|(gap, p)| gap.p_adjusted = p);
    Ok(gaps)
}

/// All pairs of targets on one question.
fn on(run: &OpenRun, question: &Question, excerpts: &[(usize, Excerpt)]) -> Vec<TargetGap> {
    let manifest = &run.manifest;
    let scale = Scale::of(manifest, question.likeness, excerpts);
    let population = population(manifest);
    let mut gaps = Vec::new();
    for (a, (at, first)) in excerpts.iter().enumerate() {
        for (b, (other, second)) in excerpts.iter().enumerate().skip(a + 1) {
            let targets = [at, other].map(|target| manifest.targets[*target].id.clone());
            let probe = &manifest.probes[question.probe].id;
            let language = question.language.as_deref().unwrap_or_default();
            let turn = question.turn.to_string();
            let purpose =
                ["between", targets[0].as_str(), targets[1].as_str(), probe.as_str(), &turn, language];
            let seed = u64::from(manifest.seed.number(&purpose));
            let Some(found) = scale.between(a, b, population, seed) else { continue };
            gaps.push(TargetGap {
                probe: probe.clone(),
                turn: question.turn,
                language: question.language.clone(),
                likeness: question.likeness,
                targets,
                users: found.users as u64,
                compared: found.answers as u64,
                answers: [first.of, second.of],
                agreement: estimates::estimate(
                    run.miss.map_or(found.agreement, |miss| found.agreement_at(miss)),
                ),
                own: found.own,
                gap: found.gap,
                p: found.test.p,
                p_adjusted: None,
            });
        }
    }
    gaps
}

/// The answers of all targets, so that any two can be compared.
enum Scale {
    Labels(Vec<Nested<u32>>),
    Texts(Vec<Nested<u32>>, SimilarityMatrix),
}

impl Scale {
    fn of(manifest: &Manifest, likeness: Likeness, excerpts: &[(usize, Excerpt)]) -> Self {
        match likeness {
            Likeness::Labels => {
                let mut labels: BTreeMap<&str, u32> = BTreeMap::new();
                let mut cells = Vec::with_capacity(excerpts.len());
                for (_, excerpt) in excerpts {
                    let mut rows = Vec::with_capacity(excerpt.answers.len());
                    for kept in &excerpt.answers {
                        let next = u32::try_from(labels.len()).expect("fewer labels than answers");
                        let value = *labels.entry(&kept.text).or_insert(next);
                        rows.push(Row { id: kept.id(), value });
                    }
                    cells.push(Nested::from_rows(rows));
                }
                Self::Labels(cells)
            }
            Likeness::Wording => {
                let mut vocabulary = Vocabulary::default();
                let users = manifest.users.users.len() as u64;
                // One cell of all targets, in which a user of each is another one.
                let mut rows = Vec::new();
                for (at, (_, excerpt)) in excerpts.iter().enumerate() {
                    for kept in &excerpt.answers {
                        let id = SampleId { user: at as u64 * users + kept.user, ..kept.id() };
                        rows.push(Row {
                            id,
                            value: Answer::Text(words(manifest, &kept.text, &mut vocabulary)),
                        });
                    }
                }
                let (all, similarities) = pairwise::compared(&Nested::from_rows(rows));
                let of = |at: usize| {
                    let own = all.rows().filter(|(id, _)| id.user / users == at as u64);
                    Nested::from_rows(own.map(|(id, value)| Row {
                        id: SampleId { user: id.user % users, ..id },
                        value: *value,
                    }))
                };
                Self::Texts((0..excerpts.len()).map(of).collect(), similarities)
            }
        }
    }

    fn between(&self, a: usize, b: usize, population: Population, seed: u64) -> Option<Between> {
        match self {
            Self::Labels(cells) => between::labels(&cells[a], &cells[b], population, seed),
            Self::Texts(cells, alike) => between::similarities(&cells[a], &cells[b], alike, population, seed),
        }
    }
}
