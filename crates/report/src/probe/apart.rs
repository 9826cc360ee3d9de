//! Users who get other answers than the rest.

use antiphon_core::summary::{Cell, UserApart};
use maud::{Markup, html};

use super::answers::levels;
use crate::number::Form;
use crate::visible::inline;

pub(super) fn table(cells: &[&Cell]) -> Markup {
    html! {
        @if cells.iter().any(|cell| !cell.apart.is_empty()) {
            details {
                summary { "Which users get other answers" }
                div.scroll role="region" aria-label="Users far from the rest" tabindex="0" {
                    table.apart {
                        thead {
                            tr {
                                th scope="col" { "Target" } th scope="col" { "User" } th scope="col" { "Agreement with the others" }
                                th scope="col" { "As far by chance" }
                            }
                        }
                        tbody { @for cell in cells { @for apart in &cell.apart { (row(cell, apart)) } } }
                    }
                }
                p.note {
                    "The users whose answers are least like those of the others, the farthest first. Somebody is always the farthest: the last column "
                    "says how many users would be expected at least as far if it made no difference who asks (sessions exchanged between users 199 times). "
                    "A number far below 1 is no chance; 1 and more is what chance does. Users were not chosen beforehand, so this is a hint of whom to look at."
                }
            }
        }
    }
}

fn row(cell: &Cell, apart: &UserApart) -> Markup {
    html! {
        tr {
            th scope="row" {
                (cell.target)
                @if let Some(language) = &apart.language { " " span.language { (inline(language)) } }
            }
            td { b { (apart.user) } " " (levels(&apart.levels)) }
            td.number { span.value { (Form::Decimal.write(apart.agreement)) } }
            td.number {
                span.value { (apart.by_chance.map_or_else(|| "–".to_owned(), users)) }
                @if let Some(note) = &apart.note { " " small.note { (inline(note)) } }
            }
        }
    }
}

/// An expected number of users.
fn users(expected: f64) -> String {
    let number = if expected < 0.1 { format!("{expected:.3}") } else { format!("{expected:.1}") };
    format!("{number} {}", if number == "1.0" { "user" } else { "users" })
}
