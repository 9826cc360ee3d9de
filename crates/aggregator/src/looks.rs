//! Probes that are asked until their intervals are narrow: how wide those must be to be valid, and why it ended where it did.

use antiphon_core::plan::Plan;
use antiphon_core::summary::{Asked, Cell, Ending};
use antiphon_core::{Manifest, TargetId, Until};
use antiphon_stats::looks::miss_at_each;

use crate::measure::{intervals, wider};

/// The looks of a run whose probes are asked until they are narrow.
pub(crate) struct Looks<'a> {
    until: &'a Until,
    miss: f64,
}

impl<'a> Looks<'a> {
    /// `None` for a run that asks all alike.
    pub(crate) fn of(manifest: &'a Manifest) -> Option<Self> {
        let until = manifest.until.as_ref()?;
        let size = |look: &antiphon_core::Reach| f64::from(look.users) * f64::from(look.sessions);
        Some(Self { until, miss: miss_at_each(&until.looks.iter().map(size).collect::<Vec<_>>()) })
    }

    /// How often the interval at a single look may miss.
    pub(crate) fn miss(&self) -> f64 {
        self.miss
    }

    /// Says of the cells of one probe of a target, turn by turn, how far it was asked and why no farther.
    pub(crate) fn tell(&self, plan: &Plan<'_>, target: &TargetId, place: usize, cells: &mut [Cell]) {
        let reached = self.until.reached(|look| plan.covers(target, place, look));
        let widest = cells.iter().flat_map(intervals).max_by(wider);
        let half_width = widest.as_ref().and_then(antiphon_core::Seen::half_width);
        // Planned, and neither recorded nor given up: the run ended before its round did.
        let is_cut_short = cells.iter().any(|cell| cell.certificate.cancelled > 0);
        let ending = match (&widest, reached) {
            (None, _) => Ending::NothingToCompare,
            _ if is_cut_short => Ending::Unfinished,
            (Some(_), _) if half_width.is_some_and(|half| half <= self.until.half_width) => Ending::Narrow,
            (Some(_), Some(look)) if look + 1 == self.until.looks.len() => Ending::Most,
            (Some(_), _) => Ending::Unfinished,
        };
        let looks = self.until.looks.len();
        let asked = Asked {
            look: reached.map(|look| u32::try_from(look + 1).expect("few looks")),
            looks: u32::try_from(looks).expect("few looks"),
            half_width,
            narrow: self.until.half_width,
            ending,
            miss: self.miss,
            rule: format!(
                "group-sequential: agreement between users has an interval that misses with chance {:.4} at each of {looks} looks \
                 fixed beforehand, and so with 0.05 at all of them together, whichever it stopped at",
                self.miss
            ),
        };
        for cell in cells {
            cell.asked = Some(asked.clone());
        }
    }
}
