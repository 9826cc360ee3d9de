//! A difference, drawn in units of what does not matter: the band from -1 to 1 is the margin, the middle is no difference.

use maud::Markup;
use plotters::prelude::{ChartBuilder, Circle, IntoFont, PathElement, Rectangle, Text, TextStyle};
use plotters::style::Color;
use plotters::style::text_anchor::{HPos, Pos, VPos};

use super::{Ink, chart};

/// Twice the size on screen, since plotters rounds to whole pixels.
const SIZE: (u32, u32) = (400, 44);
const MARGIN: u32 = 10;
const DOT: u32 = 9;
/// How many margins the picture reaches to each side.
const REACH: f64 = 4.0;

/// A dot and its interval, each in margins, over the band of the margin. Clipped for display only. `alternative` says the numbers.
pub(crate) fn difference(value: Option<f64>, ends: Option<(f64, f64)>, alternative: &str) -> Markup {
    let clip = |value: f64| value.clamp(-REACH, REACH);
    chart("row", SIZE, alternative, |area| {
        let mut plot = ChartBuilder::on(area)
            .margin_left(MARGIN)
            .margin_right(MARGIN)
            .build_cartesian_2d(-REACH..REACH, 0.0..1.0)
            .expect("drawing into a string cannot fail");
        let band = Rectangle::new([(-1.0, 0.0), (1.0, 1.0)], Ink::Grid.colour().filled());
        plot.draw_series([band]).expect("drawing into a string cannot fail");
        if let Some((low, high)) = ends {
            let line = [(clip(low), 0.5), (clip(high), 0.5)];
            plot.draw_series([PathElement::new(line, Ink::Range.colour().stroke_width(5))])
                .expect("drawing into a string cannot fail");
        }
        if let Some(value) = value {
            plot.draw_series([Circle::new((clip(value), 0.5), DOT, Ink::Estimate.colour().filled())])
                .expect("drawing into a string cannot fail");
        }
    })
}

/// The scale that stands over a column of such charts.
pub(crate) fn margins() -> Markup {
    chart("row", SIZE, "scale in margins, from 4 less to 4 more", |area| {
        let centred = Pos::new(HPos::Center, VPos::Center);
        let colour = Ink::Label.colour();
        let style = TextStyle::from(("sans-serif", 28).into_font()).color(&colour).pos(centred);
        for (text, x) in [("b more", 60), ("0", 200), ("a more", 340)] {
            area.draw(&Text::new(text, (x, 22), style.clone())).expect("drawing into a string cannot fail");
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_band_is_one_margin_wide_to_each_side_and_marks_beyond_the_edge_are_drawn_there() {
        let drawn = difference(Some(9.0), Some((-9.0, 2.0)), "far").into_string();
        assert!(drawn.contains("x=\"152\"") && drawn.contains("width=\"94\""), "{drawn}");
        assert!(drawn.contains("cx=\"389\"") || drawn.contains("cx=\"390\""), "{drawn}");
        assert!(!difference(None, None, "undefined").into_string().contains("<circle"));
    }
}
