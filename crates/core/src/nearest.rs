//! "Did you mean …?" for misspelt names.

/// The known name nearest to `unknown`, if it is near enough to be meant.
pub fn nearest<'a>(unknown: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let limit = 1 + unknown.len() / 3;
    known
        .into_iter()
        .map(|name| (strsim::damerau_levenshtein(unknown, name), name))
        .filter(|(distance, _)| *distance <= limit)
        .min()
        .map(|(_, name)| name)
}

/// Most names that are listed: more are no help.
const LISTED: usize = 8;

/// What there is instead of `unknown`: the names that may be meant first.
#[must_use]
pub fn instead<'a>(unknown: &str, known: impl IntoIterator<Item = &'a str>) -> String {
    let mut names: Vec<&str> = known.into_iter().collect();
    let all = names.len();
    // Who leaves off the end of a name means it.
    let far = |name: &&str| (!name.starts_with(unknown), strsim::damerau_levenshtein(unknown, name));
    names.sort_by_cached_key(far);
    names.truncate(LISTED);
    let meant = names.first().filter(|name| name.starts_with(unknown)).copied();
    let meant = meant.or_else(|| nearest(unknown, names.iter().copied()));
    let more = if all > names.len() { format!(" and {} more", all - names.len()) } else { String::new() };
    let list = format!("there is {}{more}", names.join(", "));
    match meant {
        _ if all == 0 => "there is none yet".to_owned(),
        Some(meant) if all == 1 => format!("did you mean {meant}?"),
        Some(meant) => format!("did you mean {meant}? ({list})"),
        None => list,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn says_what_there_is_with_the_nearest_first() {
        assert_eq!(instead("a", []), "there is none yet");
        assert_eq!(instead("musik", ["music"]), "did you mean music?");
        assert_eq!(instead("zzz", ["lever", "music"]), "there is lever, music");
        assert_eq!(instead("musik", ["lever", "music"]), "did you mean music? (there is music, lever)");
        let many: Vec<String> = (0..20).map(|at| format!("document-{at}")).collect();
        let said = instead("document", many.iter().map(String::as_str));
        assert!(said.starts_with("did you mean document-0? (there is document-0, "), "{said}");
        assert!(said.ends_with(" and 12 more)"), "{said}");
    }

    #[test]
    fn suggests_only_what_may_be_meant() {
        assert_eq!(nearest("probez", ["probes", "targets"]), Some("probes"));
        assert_eq!(nearest("sesions", ["seed", "sessions"]), Some("sessions"));
        assert_eq!(nearest("xyz", ["probes", "targets"]), None);
    }
}
