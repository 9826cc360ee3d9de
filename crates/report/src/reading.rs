//! How to read the numbers, for somebody who never saw the tool.

use maud::{Markup, html};

pub(crate) fn section() -> Markup {
    html! {
        section.reading #reading aria-labelledby="reading-title" {
            h2 #reading-title { "How to read this" }
            p {
                "The same questions were put to each model many times, by many users, each in fresh conversations. "
                b { "Agreement" } " says how alike two answers are, from 0 (never) to 1 (always); for choices, numbers and short "
                "answers it is the chance that they are the same, for longer texts the mean share of words they have in common, in order."
            }
            dl.levels {
                div { dt { (level_symbol("W")) " same session" } dd { "Two answers in the same session: what is left is the chance of sampling." } }
                div { dt { (level_symbol("S")) " same user" } dd { "Two answers in two sessions of the same user: what one person sees when asking again tomorrow." } }
                div.headline { dt { (level_symbol("B")) " across users" } dd { "Two answers to two different users: the headline, since it is what a model says to everybody." } }
            }
            p {
                "The ranges are 95 % intervals; they count users, not answers, as independent. A dash (–) is a number that is not defined, with the "
                "reason beside it. Choices, numbers and short answers count a refusal, a filtered and an empty answer as answers of their own kind; "
                "wording is compared among answers, and once more with everything. An interval near 0 or 1 is wide where few users were asked: "
                "ten users who agree do not show that a hundred would. "
                b { "Consistency is not truth:" } " a model can be wrong the same way every time."
            }
        }
    }
}

/// A_W, A_S or A_B.
pub(crate) fn level_symbol(level: &str) -> Markup {
    html! { i { "A" } sub { (level) } }
}
