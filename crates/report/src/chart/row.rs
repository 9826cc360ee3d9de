//! Charts one table row high. Stacked in a column they make a plot whose labels and numbers are the table's own text.

use antiphon_core::summary::Estimate;
use maud::Markup;
use plotters::coord::types::RangedCoordf64;
use plotters::prelude::{
    Cartesian2d, ChartBuilder, ChartContext, Circle, IntoFont, PathElement, Rectangle, SVGBackend,
    ShapeStyle, Text, TextStyle,
};
use plotters::style::Color;
use plotters::style::text_anchor::{HPos, Pos, VPos};

use super::{Area, Ink, chart};
use crate::number::Form;

/// Twice the size on screen, since plotters rounds to whole pixels.
const SIZE: (u32, u32) = (400, 44);
/// Room for the dot of an estimate of 0 or 1.
const MARGIN: u32 = 10;
const DOT: u32 = 9;

type Chart<'a, 'b> = ChartContext<'a, SVGBackend<'b>, Cartesian2d<RangedCoordf64, RangedCoordf64>>;

/// A dot and its interval between 0 and 1. Where the estimate is undefined it is empty: the grid belongs to the
/// column and is drawn by the style sheet. Clipped for display only.
pub(crate) fn interval(estimate: &Estimate) -> Markup {
    chart("row", SIZE, &Form::Decimal.sentence(estimate), |area| {
        let mut plot = unit_plot(area);
        if let (Some(low), Some(high)) = (estimate.low, estimate.high) {
            let line = PathElement::new([(clip(low), 0.5), (clip(high), 0.5)], stroke(Ink::Range, 5));
            draw(&mut plot, [line]);
        }
        if let Some(value) = estimate.value {
            let centre = (clip(value), 0.5);
            plot.draw_series([Circle::new(centre, DOT, Ink::Estimate.colour().filled())])
                .expect("drawing into a string cannot fail");
        }
    })
}

/// A bar from 0 to a share, and its interval over it.
pub(crate) fn bar(share: &Estimate) -> Markup {
    chart("row", SIZE, &Form::Percent.sentence(share), |area| {
        let mut plot = unit_plot(area);
        if let Some(value) = share.value {
            let corners = [(0.0, 0.22), (clip(value), 0.78)];
            plot.draw_series([Rectangle::new(corners, Ink::Estimate.colour().filled())])
                .expect("drawing into a string cannot fail");
        }
        if let (Some(low), Some(high)) = (share.low, share.high) {
            let line = PathElement::new([(clip(low), 0.5), (clip(high), 0.5)], stroke(Ink::Range, 5));
            draw(&mut plot, [line]);
        }
    })
}

/// The scale that stands over a column of such charts.
pub(crate) fn axis() -> Markup {
    chart("row", SIZE, "scale from 0 to 1", |area| {
        let centred = Pos::new(HPos::Center, VPos::Center);
        let colour = Ink::Label.colour();
        let style = TextStyle::from(("sans-serif", 28).into_font()).color(&colour).pos(centred);
        for (text, x) in [("0", 10), ("½", 200), ("1", 390)] {
            area.draw(&Text::new(text, (x, 22), style.clone())).expect("drawing into a string cannot fail");
        }
    })
}

fn unit_plot<'a, 'b>(area: &'a Area<'b>) -> Chart<'a, 'b> {
    ChartBuilder::on(area)
        .margin_left(MARGIN)
        .margin_right(MARGIN)
        .build_cartesian_2d(0.0..1.0, 0.0..1.0)
        .expect("drawing into a string cannot fail")
}

fn draw(plot: &mut Chart<'_, '_>, lines: impl IntoIterator<Item = PathElement<(f64, f64)>>) {
    plot.draw_series(lines).expect("drawing into a string cannot fail");
}

fn stroke(ink: Ink, width: u32) -> ShapeStyle {
    ink.colour().stroke_width(width)
}

fn clip(value: f64) -> f64 {
    value.clamp(0.0, 1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(value: Option<f64>, low: Option<f64>, high: Option<f64>) -> String {
        interval(&Estimate { value, low, high, note: None }).into_string()
    }

    #[test]
    fn a_mark_beyond_the_scale_is_drawn_at_its_end_and_told_as_it_is() {
        let chart = shown(Some(-0.2), Some(-0.9), Some(1.7));
        assert!(chart.contains("cx=\"10\""), "{chart}");
        assert!(chart.contains("points=\"10,22 389,22 \""), "{chart}");
        assert!(chart.contains("aria-label=\"−0.200, 95 % interval −0.900 to 1.700\""), "{chart}");
    }

    #[test]
    fn what_is_undefined_is_not_drawn() {
        let chart = shown(None, None, None);
        assert!(!chart.contains("<circle") && !chart.contains("<polyline"), "{chart}");
        assert!(chart.contains("aria-label=\"undefined\""), "{chart}");
        assert!(!shown(Some(0.5), None, Some(0.7)).contains("<polyline"));
    }

    #[test]
    fn a_share_is_a_bar_of_its_length() {
        let share = Estimate { value: Some(0.5), ..Estimate::default() };
        let chart = bar(&share).into_string();
        assert!(chart.contains("width=\"189\"") && chart.contains("50.0 %"), "{chart}");
    }
}
