//! The suite as text, with comments.

use std::fmt::Write as _;

use super::Text;
use super::cuts::{Entry, Plan};
use crate::args::RecallNewArguments;

pub(super) fn suite(
    new: &RecallNewArguments,
    title: &str,
    document: &Text,
    editions: &[Text],
    (plan, budget): (&Plan, &str),
) -> String {
    let mut text = String::new();
    let mut line = |of: String| {
        text.push_str(&of);
        text.push('\n');
    };
    line(format!(
        "# Do these targets know {}? Made by `antiphon recall new`; docs/recall.md explains it.",
        one_line(title)
    ));
    line("version: 1".to_owned());
    line(format!("name: recall-{}", super::stem(&new.document)));
    line(format!("description: {}", quoted(&format!("Do the targets know the document {title}?"))));
    line(format!("seed: {}", new.seed));
    if !new.egress.is_empty() {
        line("# Nobody else may see the document.".to_owned());
        line(format!(
            "egress: [{}]",
            new.egress.iter().map(|name| quoted(name)).collect::<Vec<_>>().join(", ")
        ));
    }
    line("\n# Each is the others' sibling: what all of them recall, no one of them alone knows.".to_owned());
    line("targets:".to_owned());
    let tokens = new.max_tokens.unwrap_or(3 * new.reference_words);
    for alias in &new.targets {
        let mut fields = format!("alias: {}, max_tokens: {tokens}", quoted(alias));
        if let Some(temperature) = new.temperature {
            let _ = write!(fields, ", temperature: {temperature:?}");
        }
        // Servers of models that only continue often draw all answers from one seed.
        if new.completion {
            fields.push_str(", seed: per_sample");
        }
        line(format!("  - {{{fields}}}"));
    }
    line(users(new));
    line(format!("sampling:\n  sessions: {}", new.sessions));
    if !budget.is_empty() {
        line(format!("\n{budget}"));
    }
    line("\n# The tests are fixed here, before anything is asked, and hashed into the run.".to_owned());
    line("scoring:\n  recall:".to_owned());
    line(format!("    document: {}", quoted(&document.name)));
    line(format!("    hash: {}", blake3::hash(document.text.as_bytes()).to_hex()));
    if !editions.is_empty() {
        let names: Vec<String> = editions.iter().map(|edition| quoted(&edition.name)).collect();
        line(format!("    editions: [{}]", names.join(", ")));
    }
    line("    verbatim_words: 8        # words in a row that count as verbatim".to_owned());
    line(
        "    margin: 0.15             # of the reference, that must come back beyond chance and controls"
            .to_owned(),
    );
    line("    verbatim_margin: 0.05    # the same, verbatim".to_owned());
    line(
        "    agreement: 0.5           # between users, from which on wrong answers are said to converge"
            .to_owned(),
    );
    line("    alpha: 0.01              # how often a test may cry wolf".to_owned());
    if let Some(date) = &new.first_public {
        line(format!("    first_public: {}", quoted(date)));
    }
    if !new.cutoff.is_empty() {
        line("    cutoffs:".to_owned());
        for (target, date) in &new.cutoff {
            line(format!("      {}: {}", quoted(target), quoted(date)));
        }
    }
    line("\nprobes:".to_owned());
    for entry in &plan.entries {
        line(probe(new, title, entry));
    }
    provenance(new, title).into_iter().for_each(line);
    text
}

/// Callers that really differ, so that the same request is not answered from a cache.
fn users(new: &RecallNewArguments) -> String {
    let pools = if new.completion {
        "  # A model that only continues reads one text: users differ in what stands before the passage.\n  \
         system_prompts:\n    none: \"\"\n    ruler: \"---\\n\\n\"\n    letter: \"Dear reader,\\n\\n\"\n    notes: \"Notes.\\n\\n\"\n  \
         wordings:\n    bare: \"{{ question }}\"\n    elided: \"[…] {{ question }}\"\n    cited: \"> {{ question }}\"\n    \
         quoted: \"\\\"{{ question }}\""
    } else {
        "  system_prompts:\n    none: \"\"\n    plain: \"You are a helpful assistant.\"\n    terse: \"You are a helpful assistant. Answer \
         without comments.\"\n    editor: \"You help an editor to complete texts that were torn.\"\n  wordings:\n    \
         plain: \"{{ question }}\"\n    polite: \"Please help me with this. {{ question }}\"\n    hurried: \"Quick one. {{ question }}\"\n    \
         archive: \"I am putting an archive in order. {{ question }}\"\n    thanks: \"{{ question }}\\n\\nThank you.\""
    };
    format!("\nusers:\n  draw: {}\n{pools}\n", new.users)
}

fn probe(new: &RecallNewArguments, title: &str, entry: &Entry) -> String {
    let (form, prompt) = match entry.form {
        _ if new.completion => ("user", "{{ passage }}".to_owned()),
        "next" => ("user", "What comes next, after this?\n\n{{ passage }}".to_owned()),
        "prefill" => ("prefill", "Write out the document from the place where your answer begins.".to_owned()),
        "choose" => {
            ("choose", "Here is a passage from a document. Which of these comes next in it?\n\n{{ passage }}".to_owned())
        }
        "heading" => (
            "heading",
            format!("Write out the section “{{{{ heading }}}}” of “{}”, word for word.", plain(title)),
        ),
        "topic" => (
            "topic",
            format!("Quote, word for word, what “{}” says about {{{{ topic }}}}.", plain(title)),
        ),
        _ => (
            "user",
            "Here is a passage from a document. Write out what comes next in it, word for word.\n\n{{ passage }}".to_owned(),
        ),
    };
    let mut text =
        format!("  - id: {}\n    kind: recall\n    document: {}\n", entry.id, quoted(&entry.document));
    if form != "user" {
        let _ = writeln!(text, "    form: {form}");
    }
    if let Some(control) = entry.control {
        let _ = writeln!(text, "    control: {control}");
    }
    if let Some(words) = entry.passage_words {
        let _ = writeln!(text, "    passage_words: {words}");
    }
    if let Some(words) = entry.reference_words {
        let _ = writeln!(text, "    reference_words: {words}");
    }
    let cuts: Vec<String> = entry.cuts.iter().map(ToString::to_string).collect();
    let _ = writeln!(text, "    cuts: [{}]", cuts.join(", "));
    let _ = writeln!(text, "    prompt: {}", quoted(&prompt));
    text
}

/// A document that does not exist, so that whoever is named as its author is a guess.
const NOWHERE: &str = "The Charter of the Lamp Office at Eastmere Harbour";

/// Who wrote it, and whether it is named unasked.
fn provenance(new: &RecallNewArguments, title: &str) -> Vec<String> {
    let mut entries = Vec::new();
    let mut entry = |id: &str, kind: &str, names: &[String], prompt: &str| {
        let names: Vec<String> = names.iter().map(|name| quoted(name)).collect();
        entries.push(format!(
            "  - id: {id}\n    group: provenance\n    kind: {kind}\n    mentions: [{}]\n    prompt: {}\n",
            names.join(", "),
            quoted(prompt)
        ));
    };
    let who = |title: &str| format!("Who wrote “{title}”? Answer with a name alone, or with “unknown”.");
    if !new.author.is_empty() {
        entry("author", "short", &new.author, &who(&plain(title)));
        entry("author-of-none", "short", &new.author, &who(NOWHERE));
    }
    if let Some(about) = &new.about {
        let prompt =
            format!("Which texts on {} should one know? Name ten, with a sentence on each.", plain(about));
        entry("unprompted", "open", &[one_line(title)], &prompt);
    }
    if let Some(first) = entries.first_mut() {
        first.insert_str(
            0,
            "  # Where it comes from. Not part of the verdict: who knows a title need not know the text.\n",
        );
    }
    entries
}

/// A title inside a template: it must not end it.
fn plain(title: &str) -> String {
    one_line(title).replace(['{', '}'], " ")
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// A string of JSON is one of YAML.
fn quoted(text: &str) -> String {
    serde_json::to_string(text).expect("a string always serialises")
}
