//! What was asked of whom.

use std::collections::BTreeSet;

use antiphon_core::summary::{Summary, UsersSummary};
use antiphon_core::{Imported, Provider, SamplingParameters, SeedPolicy, Target, UserMode};
use maud::{Markup, html};

use crate::number::{count, counted};
use crate::rules;
use crate::visible::inline;

/// The size of the run: `2 targets · 9 probes · 40 users × 3 sessions × 2 repeats · 4,320 samples planned`.
pub(crate) fn in_one_line(summary: &Summary) -> String {
    let probes = summary.cells.iter().map(|cell| &cell.probe).collect::<BTreeSet<_>>().len();
    [
        counted(summary.targets.len() as u64, "target", "targets"),
        counted(probes as u64, "probe", "probes"),
        format!(
            "{}{} × {} × {}",
            if summary.until.is_some() { "up to " } else { "" },
            counted(summary.users.users, "user", "users"),
            counted(u64::from(summary.sampling.sessions), "session", "sessions"),
            counted(u64::from(summary.sampling.repeats), "repeat", "repeats"),
        ),
        counted(summary.completeness.total.planned, "sample planned", "samples planned"),
    ]
    .join(" · ")
}

pub(crate) fn section(summary: &Summary) -> Markup {
    html! {
        section #asked aria-labelledby="asked-title" {
            h2 #asked-title { "What was asked of whom" }
            h3 { "Targets" }
            (targets(&summary.targets, summary.imported.is_some()))
            @if let Some(imported) = &summary.imported { (files(imported)) }
            h3 { "Users" }
            (users(&summary.users))
            h3 { "How often, and how it was scored" }
            (settings(summary))
            (rules::section(summary))
        }
    }
}

/// Where imported answers came from, and what was taken for what.
fn files(imported: &Imported) -> Markup {
    html! {
        h3 { "Files" }
        p { "The answers were imported; nobody was called. What was taken from where:" }
        dl.settings {
            @for (field, words) in &imported.mapping { (setting(field, inline(words))) }
            @for file in &imported.files {
                (setting("File", html! { (inline(&file.name)) ", " (counted(file.rows, "row", "rows")) ", BLAKE3 " (hash(&file.hash)) }))
            }
        }
    }
}

fn targets(targets: &[Target], imported: bool) -> Markup {
    html! {
        div.scroll role="region" aria-label="Targets" tabindex="0" {
            table {
                thead {
                    tr { th scope="col" { "Target" } th scope="col" { "Model" } th scope="col" { "API" } th scope="col" { "Sent with each request" } }
                }
                tbody {
                    @for target in targets {
                        tr {
                            th scope="row" { (target.id) }
                            td { code { (inline(&target.model)) } }
                            td { (if imported { "as the files say".to_owned() } else { api(target) }) }
                            td { (inline(&effective(&target.parameters))) }
                        }
                    }
                }
            }
        }
        @if imported {
            p.note { "What else was sent with each request is not known." }
        } @else {
            p.note { "Nothing else about sampling was sent: what is not named here was the provider's default." }
        }
    }
}

fn api(target: &Target) -> String {
    let provider = match target.provider {
        Provider::Anthropic => "Anthropic Messages",
        Provider::Openai => "OpenAI Chat Completions",
        Provider::OpenaiCompatible => "OpenAI-compatible",
    };
    target.dialect.map_or_else(|| provider.to_owned(), |dialect| format!("{provider} ({dialect:?})"))
}

fn effective(parameters: &SamplingParameters) -> String {
    let mut parts = Vec::new();
    if let Some(temperature) = parameters.temperature {
        parts.push(format!("temperature {temperature}"));
    }
    if let Some(top_p) = parameters.top_p {
        parts.push(format!("top_p {top_p}"));
    }
    if let Some(top_k) = parameters.top_k {
        parts.push(format!("top_k {top_k}"));
    }
    // Of imported answers it may not be known.
    if parameters.max_tokens > 0 {
        parts.push(format!("at most {} tokens", count(u64::from(parameters.max_tokens))));
    }
    if parameters.seed == SeedPolicy::PerSample {
        parts.push("a seed per sample".to_owned());
    }
    if !parameters.stop.is_empty() {
        parts.push(format!("stop at {:?}", parameters.stop));
    }
    parts.join(", ")
}

fn users(users: &UsersSummary) -> Markup {
    let origin = match users.mode {
        UserMode::Drawn => "drawn independently from pools of factors",
        UserMode::Grid => "every combination of the levels (a grid)",
        UserMode::Listed => "written out one by one",
    };
    html! {
        p {
            (counted(users.users, "user", "users")) ", " (origin) "; "
            (counted(users.distinct, "different combination", "different combinations")) " of levels. "
            b.population { (inline(&users.population)) }
        }
        @if let Some(general) = &users.in_general { p { b { "In general: " } (inline(general)) } }
        (nothing_varied(users))
        @if !users.factors.is_empty() {
            div.scroll role="region" aria-label="What varied between users" tabindex="0" {
                table {
                    caption { @if varied(users).next().is_some() { "What varied between users" } @else { "What all users had in common" } }
                    thead { tr { th scope="col" { "Factor" } th scope="col" { "Levels, and users at each" } } }
                    tbody {
                        @for (factor, levels) in &users.factors {
                            tr {
                                th scope="row" { (inline(factor)) }
                                td { ul.levels { @for (level, number) in levels { li { (inline(level)) " " span.count { (count(*number)) } } } } }
                            }
                        }
                    }
                }
            }
        }
    }
}

/// The factors of which users have different levels.
fn varied(users: &UsersSummary) -> impl Iterator<Item = &String> {
    users.factors.iter().filter(|(_, levels)| levels.len() > 1).map(|(factor, _)| factor)
}

/// Says plainly that users who differ in nothing show nothing (rule R2).
pub(crate) fn nothing_varied(users: &UsersSummary) -> Markup {
    html! {
        @if varied(users).next().is_none() {
            p.vacuous {
                b { "Nothing varied between users" }
                @if users.users == 1 { ": there was one. " }
                @else if users.end_user_ids { " but the opaque id that was sent along: they are names for repeated calls. " }
                @else { ": they are names for repeated calls. " }
                "“Consistent across users” then says no more than “consistent across sessions”; give users personas, system prompts, wordings or languages to ask more."
            }
        }
    }
}

fn settings(summary: &Summary) -> Markup {
    let case =
        if summary.scoring.casefold { "upper and lower case count as the same" } else { "case matters" };
    html! {
        dl.settings {
            (setting("Sessions", html! { (counted(u64::from(summary.sampling.sessions), "session", "sessions")) " of each user with each probe" }))
            (setting("Repeats", html! { (counted(u64::from(summary.sampling.repeats), "answer", "answers")) " from each history" }))
            (setting("Seed", html! { code { (summary.seed.0) } }))
            (setting("Scoring", html! {
                (case) "; all pairs are compared up to " (count(u64::from(summary.scoring.exact_pairs_up_to))) " different texts a cell, beyond that a sample of them"
            }))
            (setting("Run", html! { code { (summary.run) } }))
            (setting("Versions", html! {
                "antiphon " (inline(&summary.antiphon_version)) ", normaliser " (summary.normaliser_version) ", format " (summary.format)
            }))
            (setting("Suite file", hash(&summary.suite_hash)))
            (setting("What was asked of whom", hash(&summary.identity)))
            (setting("Analysis decided beforehand", hash(&summary.analysis_hash)))
        }
    }
}

fn setting(name: &str, value: Markup) -> Markup {
    html! { div { dt { (name) } dd { (value) } } }
}

fn hash(hash: &str) -> Markup {
    html! { code.hash { (inline(hash)) } }
}
