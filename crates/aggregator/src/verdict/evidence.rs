//! What a target's cells say about the document, as tables of cuts and users.

use std::collections::{BTreeMap, BTreeSet};

use antiphon_core::suite::Control;
use antiphon_core::summary::{
    AgainstControl, Cell, EditionFollowed, Estimate, FramingRecall, RecallOfUser, Scored,
};
use antiphon_core::{Cut, Manifest, RecallRules, UserMode};
use antiphon_stats::Population;
use antiphon_stats::recall::controls::own_passage;
use antiphon_stats::two_way::{Entry, TwoWayMean, mean_of_table};

use super::CutCell;
use crate::cell::{decides, population, references};
use crate::estimates::SHOWN;

/// A value of one user at one cut of one probe.
pub(super) struct Point {
    pub(super) probe: usize,
    pub(super) word: u32,
    pub(super) user: u64,
    pub(super) scored: Scored,
}

/// All that a verdict rests on.
pub(super) struct Evidence<'a> {
    manifest: &'a Manifest,
    cells: Vec<CutCell<'a>>,
    chosen: Vec<&'a Cell>,
    /// Of cuts that decide.
    pub(super) points: Vec<Point>,
    withheld: Vec<Entry>,
    rules: &'a RecallRules,
}

impl<'a> Evidence<'a> {
    pub(super) fn gather(
        manifest: &'a Manifest,
        rules: &'a RecallRules,
        cells: Vec<CutCell<'a>>,
        chosen: Vec<&'a Cell>,
    ) -> Self {
        let (mut points, mut withheld) = (Vec::new(), Vec::new());
        for (probe, CutCell { cut, cell }) in cells.iter().enumerate() {
            if !decides(cut, rules) {
                continue;
            }
            for of_user in users(cell) {
                let (word, user) = (cut.word, of_user.user);
                withheld.push(Entry { row: word.into(), column: user, value: of_user.withheld });
                if let Some(scored) = of_user.recall {
                    points.push(Point { probe, word, user, scored });
                }
            }
        }
        Self { manifest, cells, chosen, points, withheld, rules }
    }

    pub(super) fn users_are_drawn(&self) -> bool {
        self.manifest.users.mode == UserMode::Drawn
    }

    pub(super) fn population(&self) -> Population {
        population(self.manifest)
    }

    /// The mean over cuts of a value of the answers.
    pub(super) fn mean(&self, value: impl Fn(&Scored) -> f64) -> Option<TwoWayMean> {
        self.mean_where(|scored| Some(value(scored)))
    }

    fn mean_where(&self, value: impl Fn(&Scored) -> Option<f64>) -> Option<TwoWayMean> {
        let entries: Vec<Entry> = self
            .points
            .iter()
            .filter_map(|point| {
                let value = value(&point.scored)?;
                Some(Entry { row: point.word.into(), column: point.user, value })
            })
            .collect();
        mean_of_table(&entries, self.users_are_drawn())
    }

    pub(super) fn withheld(&self) -> Option<TwoWayMean> {
        mean_of_table(&self.withheld, self.users_are_drawn())
    }

    pub(super) fn cuts(&self) -> u64 {
        self.points.iter().map(|point| point.word).collect::<BTreeSet<_>>().len() as u64
    }

    pub(super) fn users(&self) -> u64 {
        self.points.iter().map(|point| point.user).collect::<BTreeSet<_>>().len() as u64
    }

    /// What somebody would guess who knows the document's runs of three words: the mean over cuts.
    pub(super) fn guessed(&self) -> Option<f64> {
        let mut of_cuts: BTreeMap<u32, f64> = BTreeMap::new();
        for CutCell { cut, cell } in self.deciding() {
            if let Some(guessed) = cell.recall_by_user.as_ref().and_then(|found| found.guessed) {
                of_cuts.insert(cut.word, guessed);
            }
        }
        mean(of_cuts.values().copied())
    }

    pub(super) fn deciding(&self) -> impl Iterator<Item = &CutCell<'a>> {
        self.cells.iter().filter(|cell| decides(cell.cut, self.rules))
    }

    /// By exchanging references among cuts: how often they fit the answers as well as their own do.
    pub(super) fn match_p(&self) -> Option<f64> {
        // Rows of the same cut, asked in several ways, are averaged.
        let mut rows: BTreeMap<u32, Vec<&[f64]>> = BTreeMap::new();
        for CutCell { cut, cell } in self.deciding() {
            let found = cell.recall_by_user.as_ref()?;
            if !found.against.is_empty() {
                rows.entry(cut.word).or_default().push(&found.against);
            }
        }
        // The references that were compared: evenly chosen where they are many.
        let words: Vec<u32> =
            references(self.manifest, self.rules).into_iter().map(|(word, _)| word).collect();
        let kept: Vec<usize> = (0..words.len()).filter(|&at| rows.contains_key(&words[at])).collect();
        let matrix: Vec<Vec<f64>> = kept
            .iter()
            .map(|&at| {
                let of_cut = &rows[&words[at]];
                kept.iter().map(|&column| mean(of_cut.iter().map(|row| row[column])).unwrap_or(0.0)).collect()
            })
            .collect();
        let seed = u64::from(self.manifest.seed.number(&["recall", "match"]));
        own_passage(&matrix, seed).map(|found| found.test.p)
    }

    /// Agreement between users, the mean over cuts that are as `wanted`. Each cut weighs the same.
    pub(super) fn agreement(&self, wanted: impl Fn(&Cut) -> bool) -> Option<TwoWayMean> {
        let entries: Vec<Entry> = self
            .cells
            .iter()
            .filter(|cell| wanted(cell.cut))
            .filter_map(|CutCell { cut, cell }| {
                let of = &cell.wording.first()?.answered;
                let value = of.between_users.value.or(of.between_sessions.value)?;
                Some(Entry { row: cut.word.into(), column: 0, value })
            })
            .collect();
        mean_of_table(&entries, false)
    }

    pub(super) fn agreement_on_document(&self) -> Option<TwoWayMean> {
        self.agreement(|cut| decides(cut, self.rules))
    }

    fn control_entries(&self, control: Control) -> Vec<Entry> {
        let mut entries = Vec::new();
        for CutCell { cut, cell } in self.cells.iter().filter(|cell| cell.cut.control == Some(control)) {
            for of_user in users(cell) {
                // Who says nothing has given nothing back: of a control that is what counts.
                let value = of_user.recall.map_or(0.0, |scored| scored.in_order * (1.0 - of_user.withheld));
                entries.push(Entry { row: cut.word.into(), column: of_user.user, value });
            }
        }
        entries
    }

    /// What comes back of a control.
    pub(super) fn control_mean(&self, control: Control) -> Option<TwoWayMean> {
        mean_of_table(&self.control_entries(control), self.users_are_drawn())
    }

    /// A control beside the document.
    pub(super) fn control(&self, control: Control) -> Option<(AgainstControl, Difference)> {
        let entries = self.control_entries(control);
        let recall = mean_of_table(&entries, self.users_are_drawn())?;
        let own = self.mean(|scored| scored.in_order);
        let difference = Difference::of(own, Some(recall));
        let shown = AgainstControl {
            control,
            cuts: entries.iter().map(|entry| entry.row).collect::<BTreeSet<_>>().len() as u64,
            recall: estimate(Some(recall)),
            difference: difference.estimate(),
            agreement: estimate(self.agreement(|cut| cut.control == Some(control))),
        };
        Some((shown, difference))
    }

    /// Whether another edition is followed where it differs.
    pub(super) fn edition(&self) -> Option<(EditionFollowed, TwoWayMean)> {
        let cuts: BTreeSet<u32> = self
            .points
            .iter()
            .filter(|point| point.scored.edition.is_some())
            .map(|point| point.word)
            .collect();
        let difference = self.mean_where(|scored| scored.edition)?;
        Some((
            EditionFollowed { cuts: cuts.len() as u64, difference: estimate(Some(difference)) },
            difference,
        ))
    }

    /// What comes back of the other edition where editions differ, less what comes back of the document by chance.
    pub(super) fn beyond_chance_of_edition(&self) -> Option<TwoWayMean> {
        self.mean_where(|scored| Some(scored.in_order + scored.edition? - scored.by_chance))
    }

    /// Agreement on the document less that on an invented one.
    pub(super) fn agreement_beyond_invented(&self) -> Option<Difference> {
        let invented = self.agreement(|cut| cut.control == Some(Control::Invented))?;
        Some(Difference::of(self.agreement_on_document(), Some(invented)))
    }

    /// The share of true continuations among those chosen, over cuts.
    pub(super) fn chosen(&self) -> Option<TwoWayMean> {
        let entries: Vec<Entry> = self
            .chosen
            .iter()
            .enumerate()
            .filter_map(|(at, cell)| {
                let probe = self.manifest.probes.iter().find(|probe| probe.id == cell.probe)?;
                let truth = self.manifest.own_wording(probe).options.first()?;
                let labels = cell.labels.first()?;
                let share = labels.distribution.iter().find(|share| share.label == *truth);
                let value = share.and_then(|share| share.share.value).unwrap_or(0.0);
                (labels.agreement.samples > 0).then_some(Entry { row: at as u64, column: 0, value })
            })
            .collect();
        mean_of_table(&entries, false)
    }

    /// Recall by group of probes, in the order of the suite; controls have their own table.
    pub(super) fn framings(&self) -> Vec<FramingRecall> {
        let mut groups: Vec<(String, Vec<&CutCell<'_>>)> = Vec::new();
        let own =
            |cell: &&CutCell<'_>| cell.cut.document == self.rules.document && cell.cut.control.is_none();
        for found in self.cells.iter().filter(own) {
            let group = found.cell.group.clone().unwrap_or_default();
            match groups.iter_mut().find(|(name, _)| *name == group) {
                Some((_, cells)) => cells.push(found),
                None => groups.push((group, vec![found])),
            }
        }
        groups.into_iter().map(|(group, cells)| self.framing(group, &cells)).collect()
    }

    fn framing(&self, group: String, cells: &[&CutCell<'_>]) -> FramingRecall {
        let mut entries = Vec::new();
        for CutCell { cut, cell } in cells {
            for of_user in users(cell) {
                if let Some(scored) = of_user.recall {
                    entries.push(Entry {
                        row: cut.word.into(),
                        column: of_user.user,
                        value: scored.in_order,
                    });
                }
            }
        }
        FramingRecall {
            group,
            example: cells[0].cell.probe.clone(),
            passage_words: cells[0].cut.passage.split_whitespace().count() as u64,
            cuts: entries.iter().map(|entry| entry.row).collect::<BTreeSet<_>>().len() as u64,
            recall: estimate(mean_of_table(&entries, self.users_are_drawn())),
        }
    }

    /// Probes that both answered, by their place among the cells: framings that one of two targets does not take are left out.
    pub(super) fn probe_name(&self, point: &Point) -> &'a str {
        self.cells[point.probe].cell.probe.as_str()
    }
}

/// The difference of two means over different cuts.
#[derive(Clone, Copy)]
pub(super) struct Difference(Option<TwoWayMean>);

impl Difference {
    /// As of independent means, with the fewer degrees of freedom: cuts differ, and what users have in common makes the true error smaller.
    fn of(a: Option<TwoWayMean>, b: Option<TwoWayMean>) -> Self {
        let (Some(a), Some(b)) = (a, b) else { return Self(None) };
        let variance = a.variance.zip(b.variance).map(|(a, b)| a + b);
        let error = a.error.zip(b.error).map(|(a, b)| a.hypot(b));
        Self(Some(TwoWayMean {
            mean: a.mean - b.mean,
            variance,
            error,
            freedom: a.freedom.min(b.freedom),
            rows: a.rows.min(b.rows),
        }))
    }

    pub(super) fn above(self, miss: f64) -> Option<f64> {
        self.0?.above(miss)
    }

    fn estimate(self) -> Estimate {
        estimate(self.0)
    }
}

pub(super) fn users(cell: &Cell) -> impl Iterator<Item = &RecallOfUser> {
    cell.recall_by_user.iter().flat_map(|found| &found.users)
}

fn mean(values: impl Iterator<Item = f64>) -> Option<f64> {
    let values: Vec<f64> = values.collect();
    #[expect(clippy::cast_precision_loss, reason = "cuts are few")]
    let size = values.len() as f64;
    (!values.is_empty()).then(|| values.iter().sum::<f64>() / size)
}

/// A mean with its 95 % interval.
pub(super) fn estimate(of: Option<TwoWayMean>) -> Estimate {
    let Some(of) = of else { return crate::estimates::point(None, "there is no answer") };
    let interval = of.interval(SHOWN);
    Estimate {
        note: interval.is_none().then(|| "one cut alone has no interval".to_owned()),
        ..crate::estimates::with_interval(of.mean, interval)
    }
}
