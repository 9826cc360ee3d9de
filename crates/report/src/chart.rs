//! Charts, drawn by plotters as SVG within the page. Colours are classes, so that the style sheet can follow the reader's light or
//! dark mode; the policy of the page forbids inline styles. Text of suites and models never enters a chart: it stands beside it.

mod curve;
mod difference;
mod overview;
mod row;
mod stack;

use maud::{Markup, PreEscaped, html};
use plotters::coord::Shift;
use plotters::prelude::{DrawingArea, IntoDrawingArea, RGBColor, SVGBackend};

pub(crate) use curve::curve;
pub(crate) use difference::{difference, margins};
pub(crate) use overview::{Place, overview};
pub(crate) use row::{axis, bar, interval};
pub(crate) use stack::stack;

/// Colours for parts of a whole.
const PARTS: usize = 9;

/// What a mark means. Each has a placeholder colour while plotters draws, and a class in the page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ink {
    Estimate,
    Range,
    Grid,
    Label,
    /// One of several parts of a whole.
    Part(usize),
}

impl Ink {
    fn all() -> impl Iterator<Item = Self> {
        [Self::Estimate, Self::Range, Self::Grid, Self::Label].into_iter().chain((0..PARTS).map(Self::Part))
    }

    fn colour(self) -> RGBColor {
        match self {
            Self::Estimate => RGBColor(1, 1, 1),
            Self::Range => RGBColor(2, 2, 2),
            Self::Grid => RGBColor(3, 3, 3),
            Self::Label => RGBColor(4, 4, 4),
            Self::Part(part) => {
                let shade = u8::try_from(part).map_or(u8::MAX, |part| 5 + part);
                RGBColor(shade, shade, shade)
            }
        }
    }

    fn class(self) -> String {
        match self {
            Self::Estimate => "i-estimate".to_owned(),
            Self::Range => "i-range".to_owned(),
            Self::Grid => "i-grid".to_owned(),
            Self::Label => "i-label".to_owned(),
            Self::Part(part) => format!("i-part-{part}"),
        }
    }
}

type Area<'a> = DrawingArea<SVGBackend<'a>, Shift>;

/// Draws a chart and puts it into the page as an image with a text alternative. `alternative` is escaped here.
fn chart(kind: &str, (width, height): (u32, u32), alternative: &str, draw: impl FnOnce(&Area<'_>)) -> Markup {
    let mut svg = String::new();
    {
        let area = SVGBackend::with_string(&mut svg, (width, height)).into_drawing_area();
        draw(&area);
        area.present().expect("drawing into a string cannot fail");
    }
    html! {
        svg class={ "chart " (kind) } role="img" aria-label=(alternative) viewBox={ "0 0 " (width) " " (height) } {
            (PreEscaped(slim(&svg)))
        }
    }
}

/// The inside of a plotters SVG, with classes for colours and without attributes that say what is the default anyway: a large
/// report has tens of thousands of these elements.
fn slim(svg: &str) -> String {
    let inside = svg.split_once('>').map_or("", |(_, rest)| rest);
    let mut slim = inside.rsplit_once("</svg>").map_or(inside, |(inside, _)| inside).replace('\n', "");
    for default in [" opacity=\"1\"", " stroke=\"none\"", " fill=\"none\"", " font-family=\"sans-serif\""] {
        slim = slim.replace(default, "");
    }
    for ink in Ink::all() {
        let RGBColor(red, green, blue) = ink.colour();
        for paint in ["fill", "stroke"] {
            let colour = format!("{paint}=\"#{red:02X}{green:02X}{blue:02X}\"");
            slim = slim.replace(&colour, &format!("class=\"{}\"", ink.class()));
        }
    }
    slim
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_become_classes_and_defaults_go() {
        let svg =
            "<svg width=\"1\" xmlns=\"x\">\n<rect opacity=\"1\" fill=\"#010101\" stroke=\"none\"/>\n</svg>\n";
        assert_eq!(slim(svg), "<rect class=\"i-estimate\"/>");
    }

    #[test]
    fn every_ink_has_a_colour_of_its_own() {
        for a in Ink::all() {
            assert_eq!(Ink::all().filter(|b| b.colour() == a.colour()).count(), 1);
        }
    }
}
