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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn suggests_only_what_may_be_meant() {
        assert_eq!(nearest("probez", ["probes", "targets"]), Some("probes"));
        assert_eq!(nearest("sesions", ["seed", "sessions"]), Some("sessions"));
        assert_eq!(nearest("xyz", ["probes", "targets"]), None);
    }
}
