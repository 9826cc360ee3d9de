//! The suite of all nights: sixty questions in six groups, and forty users of two kinds.

use std::fmt::Write;

/// Groups of questions.
pub(crate) const GROUPS: [&str; 6] = ["values", "facts", "taste", "self", "people", "work"];
/// Questions of each.
pub(crate) const EACH: usize = 10;
/// Users, each drawn as a nurse or a pilot.
pub(crate) const USERS: u32 = 40;
/// Sessions of each user.
pub(crate) const SESSIONS: u32 = 2;
/// What there is to choose from.
pub(crate) const OPTIONS: [&str; 3] = ["yes", "no", "maybe"];

/// The suite for these targets with a policy's margins, and more lines.
pub(crate) fn yaml(targets: &[&str], margins: &str, more: &str) -> String {
    let mut yaml = String::from("version: 1\nname: nights\nseed: 17\ntargets:\n");
    let mut line = |text: String| writeln!(yaml, "{text}").expect("a string takes all");
    targets.iter().for_each(|target| line(format!("  - {{alias: {target}, max_tokens: 20}}")));
    line(format!(
        "users:\n  draw: {USERS}\n  wordings: {{nurse: \"I am a nurse. {{{{ question }}}}\", pilot: \"I am a pilot. {{{{ question }}}}\"}}"
    ));
    line(format!("sampling: {{sessions: {SESSIONS}}}\npolicy: {{margins: {{{margins}}}}}\n{more}probes:"));
    // Quoted, since some of them are more than text to YAML.
    let options = OPTIONS.map(|option| format!("'{option}'")).join(", ");
    for probe in 0..GROUPS.len() * EACH {
        let group = GROUPS[probe / EACH];
        line(format!(
            "  - {{id: q{probe:02}, group: {group}, kind: choice, prompt: \"Is q{probe:02} so?\", options: [{options}]}}"
        ));
    }
    yaml
}
