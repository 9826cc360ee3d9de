//! All probes of a target in one picture.

use antiphon_core::summary::Estimate;
use maud::{Markup, html};
use plotters::prelude::{ChartBuilder, Circle, IntoFont, PathElement, TextStyle};
use plotters::style::Color;

use super::{Area, Ink, chart};

/// An estimate and its place in the table of probes, from 1.
pub(crate) struct Place<'a> {
    pub(crate) place: u32,
    pub(crate) estimate: &'a Estimate,
}

/// Agreement between users over the place in the table of probes. Drawn twice: text within an image shrinks with it, so that narrow
/// screens need a narrow chart; the style sheet shows one of the two.
pub(crate) fn overview(places: &[Place<'_>], last: u32, alternative: &str) -> Markup {
    html! {
        (chart("wide", (960, 254), alternative, |area| draw(area, places, last)))
        (chart("narrow", (360, 234), alternative, |area| draw(area, places, last)))
    }
}

fn draw(area: &Area<'_>, places: &[Place<'_>], last: u32) {
    let colour = Ink::Label.colour();
    let label = TextStyle::from(("sans-serif", 16).into_font()).color(&colour);
    let mut plot = ChartBuilder::on(area)
        .margin(8)
        .x_label_area_size(48)
        .y_label_area_size(40)
        .build_cartesian_2d(0.0..f64::from(last) + 1.0, -0.02..1.02)
        .expect("drawing into a string cannot fail");
    plot.configure_mesh()
        .disable_x_mesh()
        .bold_line_style(Ink::Grid.colour())
        .light_line_style(plotters::style::TRANSPARENT)
        .axis_style(Ink::Grid.colour())
        .label_style(label.clone())
        .axis_desc_style(label)
        .x_desc("place in the table below")
        .x_label_formatter(&|place| format!("{place:.0}"))
        .y_labels(5)
        .x_labels(8)
        .draw()
        .expect("drawing into a string cannot fail");
    let (width, dot) = if last > 100 { (1, 2) } else { (2, 4) };
    plot.draw_series(places.iter().filter_map(|Place { place, estimate }| {
        let (low, high) = estimate.low.zip(estimate.high)?;
        let x = f64::from(*place);
        let ends = [(x, low.clamp(0.0, 1.0)), (x, high.clamp(0.0, 1.0))];
        Some(PathElement::new(ends, Ink::Range.colour().stroke_width(width)))
    }))
    .expect("drawing into a string cannot fail");
    plot.draw_series(places.iter().filter_map(|Place { place, estimate }| {
        let centre = (f64::from(*place), estimate.value?.clamp(0.0, 1.0));
        Some(Circle::new(centre, dot, Ink::Estimate.colour().filled()))
    }))
    .expect("drawing into a string cannot fail");
}
