//! What the verdicts do not say.

use antiphon_core::UserMode;
use antiphon_core::suite::Control;
use antiphon_core::summary::Summary;
use maud::{Markup, html};

use crate::asked::nothing_varied;

pub(super) fn list(summary: &Summary) -> Markup {
    let lacks = |control: Control| {
        !summary.verdicts.iter().any(|verdict| verdict.controls.iter().any(|of| of.control == control))
    };
    html! {
        h3 { "What the verdicts do not say" }
        ul.limits {
            li { b { "Consistency is not truth." } " That users are told the same shows that a target has one text, not that it is this one; only what follows in the document shows that." }
            li { b { "Recalled" } " says that the target goes on as the document does at the places asked. It does not say that it learned from the document itself: quotations and copies teach it too. Nor does it speak of places that were not asked." }
            li { b { "Not recalled" } " does not say that the document was not learned from, only that it does not come back when asked like this." }
            @if lacks(Control::Known) {
                li { b { "No text that every model knows was asked for." } " A target that hides what it knows, or that can’t be asked so, then looks like one that does not know." }
            }
            @if lacks(Control::Other) {
                li { b { "No other document of the kind was asked for." } " What documents of this kind have in common is counted as known of this one, as far as chance, guessing and an invented document don’t show it." }
            }
            @if summary.verdicts.len() < 2 {
                li { b { "No other target was asked." } " Whether others recall as much is not known." }
            }
            li {
                b { "Of whom it speaks." } " "
                @if summary.users.mode == UserMode::Drawn { "Intervals and tests speak of all users who could be drawn, and of places like those asked." }
                @else { "Intervals and tests speak of these users only, and of places like those asked." }
                " What varied between users stands under " a href="#asked" { "What was asked of whom" } "."
            }
        }
        (nothing_varied(&summary.users))
    }
}
