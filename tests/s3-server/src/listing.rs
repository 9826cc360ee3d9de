//! One page of a listing, found by going to its first key and no further than its last.

use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::Arc;

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;

/// Where a page begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Position {
    /// At this key, or the next if it is not there.
    From(Arc<str>),
    /// Behind this key.
    After(Arc<str>),
}

/// What a page is to hold.
#[derive(Debug, Clone)]
pub(crate) struct Asked<'a> {
    pub(crate) prefix: &'a str,
    /// Keys that share the part from the prefix up to this are one entry.
    pub(crate) delimiter: Option<&'a str>,
    pub(crate) from: Position,
    pub(crate) most: usize,
    /// A key that is passed over.
    pub(crate) hidden: Option<Arc<str>>,
}

/// A page, in the order of the keys' bytes.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Page<T> {
    pub(crate) objects: Vec<(Arc<str>, T)>,
    pub(crate) prefixes: Vec<String>,
    /// Where the next page begins, if there is one.
    pub(crate) next: Option<Position>,
}

impl Position {
    /// The text that a client gives back to get the next page.
    pub(crate) fn token(&self) -> String {
        let (kind, key) = match self {
            Self::From(key) => ('f', key),
            Self::After(key) => ('a', key),
        };
        BASE64_URL_SAFE_NO_PAD.encode(format!("{kind}{key}"))
    }

    /// `None` if this is not a token.
    pub(crate) fn from_token(token: &str) -> Option<Self> {
        let text = String::from_utf8(BASE64_URL_SAFE_NO_PAD.decode(token).ok()?).ok()?;
        let kind = text.chars().next()?;
        let key = text[kind.len_utf8()..].into();
        match kind {
            'f' => Some(Self::From(key)),
            'a' => Some(Self::After(key)),
            _ => None,
        }
    }

    fn key(&self) -> &str {
        match self {
            Self::From(key) | Self::After(key) => key,
        }
    }

    fn to_end(&self) -> (Bound<&str>, Bound<&str>) {
        let first = match self {
            Self::From(key) => Bound::Included(&**key),
            Self::After(key) => Bound::Excluded(&**key),
        };
        (first, Bound::Unbounded)
    }
}

/// Finds a page. Asked for no entries, it holds none and says where it would have begun, if anything is there.
pub(crate) fn page<T: Clone>(all: &BTreeMap<Arc<str>, T>, asked: &Asked<'_>) -> Page<T> {
    let mut page = Page { objects: Vec::new(), prefixes: Vec::new(), next: None };
    let mut at = asked.from.clone();
    if at.key() < asked.prefix {
        at = Position::From(asked.prefix.into());
    }
    let mut entries = all.range::<str, _>(at.to_end());
    while let Some((key, object)) = entries.next() {
        let Some(rest) = key.strip_prefix(asked.prefix) else { break };
        if asked.hidden.as_ref() == Some(key) {
            continue;
        }
        if page.objects.len() + page.prefixes.len() >= asked.most {
            page.next = Some(at);
            break;
        }
        let group = asked.delimiter.and_then(|delimiter| Some(rest.find(delimiter)? + delimiter.len()));
        if let Some(length) = group {
            let prefix = &key[..asked.prefix.len() + length];
            page.prefixes.push(prefix.to_owned());
            let Some(behind) = behind_all(prefix) else { break };
            at = Position::From(behind.into());
            entries = all.range::<str, _>(at.to_end());
        } else {
            page.objects.push((key.clone(), object.clone()));
            at = Position::After(key.clone());
        }
    }
    page
}

/// The least text that is greater than all texts with this prefix; `None` if there is none.
fn behind_all(prefix: &str) -> Option<String> {
    let mut text = prefix.to_owned();
    while let Some(last) = text.pop() {
        // The order of UTF-8 is that of the characters, without the surrogates in between.
        let next = (u32::from(last) + 1..=u32::from(char::MAX)).find_map(char::from_u32);
        if let Some(next) = next {
            text.push(next);
            return Some(text);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    /// All entries by looking at every key.
    fn slowly(keys: &BTreeSet<String>, prefix: &str, delimiter: Option<&str>) -> BTreeSet<String> {
        let entry = |key: &String| {
            let rest = key.strip_prefix(prefix)?;
            let end = delimiter.and_then(|delimiter| Some(rest.find(delimiter)? + delimiter.len()));
            Some(end.map_or(key.clone(), |end| key[..prefix.len() + end].to_owned()))
        };
        keys.iter().filter_map(entry).collect()
    }

    proptest! {
        #[test]
        fn all_pages_together_hold_every_entry_once_and_in_order(
            keys in prop::collection::btree_set("[a-c/\u{10ffff}]{1,5}", 0..40),
            prefix in "[a-c/]{0,2}",
            delimiter in prop::option::of(Just("/")),
            most in 1..5_usize,
        ) {
            let all: BTreeMap<Arc<str>, ()> = keys.iter().map(|key| (key.as_str().into(), ())).collect();
            let mut asked = Asked { prefix: &prefix, delimiter, from: Position::From("".into()), most, hidden: None };
            let mut found = Vec::new();
            loop {
                let page = page(&all, &asked);
                let mut entries: Vec<String> = page.objects.iter().map(|(key, ())| key.to_string()).collect();
                entries.extend(page.prefixes);
                entries.sort();
                prop_assert!(entries.len() <= most);
                found.extend(entries);
                let Some(next) = page.next else { break };
                asked.from = Position::from_token(&next.token()).unwrap();
            }
            prop_assert_eq!(found, slowly(&keys, &prefix, delimiter).into_iter().collect::<Vec<_>>());
        }
    }

    #[test]
    fn a_page_of_nothing_says_whether_there_is_something() {
        let all = BTreeMap::from([("a".into(), ())]);
        let mut asked =
            Asked { prefix: "", delimiter: None, from: Position::From("".into()), most: 0, hidden: None };
        assert_eq!(page(&all, &asked).next, Some(Position::From("".into())));
        asked.hidden = Some("a".into());
        assert_eq!(page(&all, &asked).next, None);
    }

    #[test]
    fn a_strange_token_is_none() {
        assert_eq!(Position::from_token("eHg"), None);
        assert_eq!(Position::from_token("!"), None);
        assert_eq!(Position::from_token(""), None);
    }
}
