//! A share that grows or falls with a number: lengths of sequences, answers. Numbers stand at equal distances, since they grow by steps.

use antiphon_core::summary::Estimate;
use maud::Markup;
use plotters::prelude::{ChartBuilder, Circle, IntoFont, PathElement, TextStyle};
use plotters::style::Color;

use super::{Ink, chart};
use crate::number::{Form, count};

const SIZE: (u32, u32) = (440, 250);
const DOT: i32 = 5;

/// Shares in `[0, 1]` with their intervals, joined by a line. Clipped for display only. `of` says what the numbers count.
pub(crate) fn curve(points: &[(u64, &Estimate)], of: &str) -> Markup {
    let said = |(number, share): &(u64, &Estimate)| {
        format!("{} {of}: {}", count(*number), Form::Percent.sentence(share))
    };
    let alternative = points.iter().map(said).collect::<Vec<_>>().join("; ");
    let last = i32::try_from(points.len()).unwrap_or(i32::MAX);
    let at = |place: usize, value: f64| (i32::try_from(place + 1).unwrap_or(i32::MAX), value.clamp(0.0, 1.0));
    chart("curve", SIZE, &alternative, |area| {
        let colour = Ink::Label.colour();
        let label = TextStyle::from(("sans-serif", 14).into_font()).color(&colour);
        let mut plot = ChartBuilder::on(area)
            .margin(8)
            .x_label_area_size(44)
            .y_label_area_size(44)
            .build_cartesian_2d(0..last + 1, -0.02..1.02)
            .expect("drawing into a string cannot fail");
        plot.configure_mesh()
            .disable_x_mesh()
            .bold_line_style(Ink::Grid.colour())
            .light_line_style(plotters::style::TRANSPARENT)
            .axis_style(Ink::Grid.colour())
            .label_style(label.clone())
            .axis_desc_style(label)
            .x_desc(of)
            .x_labels(points.len() + 2)
            .x_label_formatter(&|place| {
                let point = usize::try_from(place - 1).ok().and_then(|place| points.get(place));
                point.map_or_else(String::new, |(number, _)| count(*number))
            })
            .y_labels(5)
            .y_label_formatter(&|share| format!("{:.0} %", 100.0 * share))
            .draw()
            .expect("drawing into a string cannot fail");
        let values =
            || points.iter().enumerate().filter_map(|(place, (_, share))| Some(at(place, share.value?)));
        let line = PathElement::new(values().collect::<Vec<_>>(), Ink::Estimate.colour().stroke_width(2));
        plot.draw_series([line]).expect("drawing into a string cannot fail");
        plot.draw_series(points.iter().enumerate().filter_map(|(place, (_, share))| {
            let (low, high) = share.low.zip(share.high)?;
            Some(PathElement::new([at(place, low), at(place, high)], Ink::Range.colour().stroke_width(3)))
        }))
        .expect("drawing into a string cannot fail");
        plot.draw_series(values().map(|centre| Circle::new(centre, DOT, Ink::Estimate.colour().filled())))
            .expect("drawing into a string cannot fail");
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_undefined_is_a_gap_and_told() {
        let share = |value| Estimate { value, low: value, high: value, note: None };
        let [known, unknown] = [Some(0.5), None].map(share);
        let drawn = curve(&[(1, &known), (1_000, &unknown)], "answers").into_string();
        assert_eq!(drawn.matches("<circle").count(), 1, "{drawn}");
        assert!(drawn.contains("1 answers: 50.0 %") && drawn.contains("1,000 answers: undefined"), "{drawn}");
    }
}
