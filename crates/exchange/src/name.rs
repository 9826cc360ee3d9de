//! Names from files as ids: what cannot stand in a key is replaced, and a hash keeps what was different apart.

/// Characters of the readable part.
const READABLE: usize = 60;

/// `text` itself where it is an id, else its readable part and eight digits of its hash.
pub(crate) fn id_of(text: &str) -> String {
    let allowed = |c: char| c.is_ascii_alphanumeric() || "._-@".contains(c);
    let begins = text.chars().next().is_some_and(|c| c.is_ascii_alphanumeric());
    if begins && text.len() <= READABLE && text.chars().all(allowed) {
        return text.to_owned();
    }
    let mut readable = String::new();
    for c in text.chars() {
        let next = if allowed(c) { c } else { '-' };
        if !(next == '-' && (readable.is_empty() || readable.ends_with('-'))) {
            readable.push(next);
        }
        if readable.len() >= READABLE {
            break;
        }
    }
    let readable = readable.trim_matches(|c: char| !c.is_ascii_alphanumeric());
    let hash = blake3::hash(text.as_bytes()).to_hex();
    if readable.is_empty() { format!("x{}", &hash[..8]) } else { format!("{readable}-{}", &hash[..8]) }
}

#[cfg(test)]
mod tests {
    use antiphon_core::ProbeId;

    use super::*;

    #[test]
    fn every_text_has_an_id_and_different_texts_have_different_ones() {
        let texts = ["q1", "a b", "a/b", "ä", "", "..", "-x", "a\0b", &"x".repeat(500), &"x".repeat(501)];
        let mut ids: Vec<String> = texts.iter().map(|text| id_of(text)).collect();
        ids.iter().for_each(|id| assert!(ProbeId::new(id.clone()).is_ok(), "{id:?}"));
        assert_eq!(ids[0], "q1");
        ids.sort();
        ids.dedup();
        assert_eq!(ids.len(), texts.len());
    }
}
