//! A bar of parts that make up a whole. Names and numbers stand in the table below, beside a swatch of each colour.

use maud::Markup;
use plotters::prelude::{ChartBuilder, Rectangle};
use plotters::style::Color;

use super::{Ink, PARTS, chart};

/// Twice the size on screen, since plotters rounds to whole pixels.
const SIZE: (u32, u32) = (1_200, 44);

/// The shares of `parts`, in their order, each in the colour of its number. Parts below zero have no length; the others share the
/// whole bar.
pub(crate) fn stack(parts: &[(usize, f64)], alternative: &str) -> Markup {
    let whole: f64 = parts.iter().map(|part| part.1.max(0.0)).sum();
    chart("stack", SIZE, alternative, |area| {
        let mut plot = ChartBuilder::on(area)
            .build_cartesian_2d(0.0..1.0, 0.0..1.0)
            .expect("drawing into a string cannot fail");
        let mut from = 0.0;
        for &(colour, part) in parts.iter().filter(|part| part.1 > 0.0) {
            let to = from + part / whole;
            let ink = Ink::Part(colour.min(PARTS - 1));
            plot.draw_series([Rectangle::new([(from, 0.0), (to, 1.0)], ink.colour().filled())])
                .expect("drawing into a string cannot fail");
            from = to;
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_share_the_bar_and_what_is_below_zero_has_no_length() {
        let bar = stack(&[(0, 0.3), (1, -0.05), (2, 0.1)], "three parts").into_string();
        assert!(bar.contains("class=\"i-part-0\"") && bar.contains("class=\"i-part-2\""), "{bar}");
        assert!(!bar.contains("i-part-1"), "{bar}");
        assert!(bar.contains("width=\"899\"") && bar.contains("aria-label=\"three parts\""), "{bar}");
    }
}
