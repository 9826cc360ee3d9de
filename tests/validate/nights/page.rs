//! docs/nights.md: what was tried, what has to hold, and what was found.

use std::fmt::Write;

use antiphon_core::RunVerdict;

use crate::played::{DRIFT, Season};
use crate::quiet::Judged;
use crate::suite::{EACH, GROUPS, SESSIONS, USERS};

/// Something that has to hold.
pub(crate) struct Bound {
    pub(crate) what: String,
    pub(crate) found: String,
    /// `None` where too little was tried to say so.
    pub(crate) holds: Option<bool>,
}

/// All that was found.
pub(crate) struct Page {
    pub(crate) bounds: Vec<Bound>,
    pub(crate) season: Option<Season>,
    pub(crate) quiet: Vec<Judged>,
    pub(crate) nights: u32,
}

impl Page {
    /// The document.
    pub(crate) fn text(&self) -> String {
        let mut text = String::from(
            "# Nights\n\n`antiphon nightly` looks at a suite every night. Does it find what is there, where it is, and nothing else? `make \
             validate-nights` tries it, writes this\npage and ends with an error where a bound is missed. It is no part of the tests: it takes \
             an hour or two. How nights are judged stands in [statistics.md](statistics.md#many-nights).\n\n## What was tried\n\n",
        );
        let probes = GROUPS.len() * EACH;
        let _ = write!(
            text,
            "A suite of {probes} choices in {} groups, {USERS} users of two kinds, {SESSIONS} sessions each: a baseline and {} nights after it.\n\n\
             * **Seasons without a change** ({}). Answers of one target that nobody gave: each user leans to options by chance (log-odds with a standard\n  \
             deviation of 0.6), each session again, one answer in fifty is a refusal, and groups go from near agreement to none. They are stored, summed up,\n  \
             compared night by night and judged by the same code. The policy is the hardest there is, with margins of a millionth: whatever is called changed blocks.\n",
            GROUPS.len(),
            self.nights,
            self.quiet.len(),
        );
        if let Some(season) = &self.season {
            let _ = write!(
                text,
                "* **A drift.** The program itself, against two simulated models over HTTP. From night {DRIFT} on one of them agrees less with itself on one group of questions when\n  \
                 one kind of user asks: by {:.3}, three times the {:.3} that a single comparison of two nights finds with 80 % power there (`detectable` of the\n  \
                 first night).\n\
                 * **Other nights** in place of night {DRIFT}, each in a copy of the store: another model answers under the same name, and agrees as much; three answers in ten are\n  \
                 refused; one provider fails for good after half of the calls; the budget ends after half of the samples.\n",
                season.planted, season.detectable
            );
        }
        text.push_str("\n## What has to hold\n\n| bound | found | holds |\n|---|---|---|\n");
        for Bound { what, found, holds } in &self.bounds {
            let _ = writeln!(
                text,
                "| {what} | {found} | {} |",
                match holds {
                    Some(true) => "yes",
                    Some(false) => "**no**",
                    None => "not shown",
                }
            );
        }
        text.push_str("\n## Besides\n\n");
        if !self.quiet.is_empty() {
            let by = |found: fn(&Judged) -> bool| self.quiet.iter().filter(|judged| found(judged)).count();
            let most = self.quiet.iter().map(|judged| judged.most).fold(0.0, f64::max);
            let _ = writeln!(
                text,
                "* Of the seasons without a change {} were blocked by the comparison of a night, {} by the season. Both have half of the policy's 5 %.\n\
                 * The greatest evidence that any of their series came to is {most:.2} times what it would need if it were the only one.",
                by(|judged| judged.by_night.is_some()),
                by(|judged| judged.by_night.is_none() && judged.by_season.is_some()),
            );
        }
        if let Some(season) = &self.season {
            let count = |verdict: RunVerdict| {
                let before = season.nights.iter().filter(|night| night.number < DRIFT);
                before.filter(|night| night.comparison.verdict == verdict).count()
            };
            let _ = writeln!(
                text,
                "* Of the {} nights before the drift {} pass, {} warn and {} are undecided.",
                DRIFT - 1,
                count(RunVerdict::Pass),
                count(RunVerdict::Warn),
                count(RunVerdict::Inconclusive)
            );
            let after = season.nights.iter().filter(|night| night.number >= DRIFT);
            let told = after.map(|night| format!("{} {}", night.number, night.comparison.verdict.name()));
            let _ = writeln!(text, "* From the drift on: {}.", told.collect::<Vec<_>>().join(", "));
        }
        text
    }
}
