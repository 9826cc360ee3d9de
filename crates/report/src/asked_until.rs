//! How far probes were asked where they are asked until their intervals are narrow, and why no farther.

use antiphon_core::summary::{Asked, Cell, Ending, Summary};
use maud::{Markup, html};

use crate::number::{Form, counted};

/// What became of all of them, in a sentence; `None` where all were asked alike.
pub(crate) fn sentence(summary: &Summary) -> Option<String> {
    let until = summary.until.as_ref()?;
    let asked: Vec<&Asked> =
        summary.cells.iter().filter(|cell| cell.turn == 0).filter_map(|cell| cell.asked.as_ref()).collect();
    let number = |ending| asked.iter().filter(|asked| asked.ending == ending).count() as u64;
    let parts: Vec<String> = [Ending::Narrow, Ending::Most, Ending::Unfinished, Ending::NothingToCompare]
        .into_iter()
        .filter(|ending| number(*ending) > 0)
        .map(|ending| format!("{} {}", number(ending), words(ending)))
        .collect();
    let all = counted(asked.len() as u64, "probe of a target", "probes of targets");
    Some(format!("asked until half an interval is {} wide: of {all} {}", until.half_width, parts.join(", ")))
}

/// For each target, how far a probe was asked.
pub(crate) fn lines(cells: &[&Cell]) -> Markup {
    html! {
        @for cell in cells {
            @if let Some(asked) = &cell.asked {
                p.note { b { (cell.target) } ": " (line(asked)) }
            }
        }
    }
}

fn line(asked: &Asked) -> String {
    let look = asked.look.map_or("no look".to_owned(), |look| format!("look {look} of {}", asked.looks));
    let width = asked.half_width.map_or(String::new(), |half| {
        format!(
            ", half the widest interval is {} wide (wanted: {})",
            Form::Decimal.or_dash(Some(half)),
            asked.narrow
        )
    });
    format!(
        "{look}{width}: {}. Intervals across users hold at all looks together, so stopping when it suited does not spoil them.",
        words(asked.ending)
    )
}

fn words(ending: Ending) -> &'static str {
    match ending {
        Ending::Narrow => "narrow enough",
        Ending::Most => "at the most that may be asked",
        Ending::Unfinished => "not finished",
        Ending::NothingToCompare => "with nothing to compare",
    }
}
