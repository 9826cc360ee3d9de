//! Listings: page by page, sorted, without losing a key to a server that pages badly.

use std::collections::{BTreeSet, HashSet};

use aws_sdk_s3::operation::list_objects_v2::ListObjectsV2Output;
use aws_sdk_s3::types::Object;

use super::S3;
use super::failure::LIST;
use crate::{StoreError, key};

/// Most pages in a row that bring nothing new. Many may: each can be full of what was deleted from a bucket with versions.
const MOST_IDLE_PAGES: u32 = 10_000;

/// Where a page begins.
#[derive(Debug, Clone, PartialEq)]
enum Start {
    Beginning,
    After(String),
    Token(String),
}

/// A listing under way. All names are whole, with the store's prefix.
struct Listing {
    prefix: String,
    delimiter: Option<&'static str>,
    start: Start,
    /// Those that the server gave. One that comes again leads in a circle.
    tokens: HashSet<String>,
    /// The last name that was seen.
    last: Option<String>,
    idle: u32,
}

impl Listing {
    fn new(prefix: String, delimiter: Option<&'static str>, after: Option<String>) -> Self {
        let start = after.map_or(Start::Beginning, Start::After);
        Self { prefix, delimiter, start, tokens: HashSet::new(), last: None, idle: 0 }
    }

    /// Whether there is another page after this one, whose last name is `last`. An error if the server says so but does not give it.
    fn go_on(&mut self, page: &ListObjectsV2Output, last: Option<String>) -> Result<bool, &'static str> {
        if page.is_truncated() != Some(true) {
            return Ok(false);
        }
        self.idle = if last > self.last { 0 } else { self.idle + 1 };
        self.last = last.max(self.last.take());
        let token = page.next_continuation_token().filter(|token| self.tokens.insert((*token).to_owned()));
        let next = match (token, &self.last) {
            (Some(token), _) => Start::Token(token.to_owned()),
            (None, Some(last)) => Start::After(last.clone()),
            (None, None) => self.start.clone(),
        };
        if next == self.start || self.idle > MOST_IDLE_PAGES {
            return Err(
                "its server says that a listing goes on, but gives no more of it; use another server",
            );
        }
        self.start = next;
        Ok(true)
    }
}

/// An object as a listing shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Listed {
    pub(super) key: String,
    pub(super) bytes: u64,
}

impl S3 {
    pub(crate) async fn list_after(
        &self,
        prefix: &str,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<String>, StoreError> {
        let is_ours = |listed: &Listed| key::check(&listed.key).is_ok();
        let listed = self.objects(prefix, after, limit, is_ours).await?;
        Ok(listed.into_iter().map(|listed| listed.key).collect())
    }

    /// The first `limit` objects that begin with `prefix`, sort after `after` and are `wanted`, in the order of their keys.
    pub(super) async fn objects(
        &self,
        prefix: &str,
        after: Option<&str>,
        limit: usize,
        wanted: impl Fn(&Listed) -> bool,
    ) -> Result<Vec<Listed>, StoreError> {
        let after = after.map(|after| format!("{}{after}", self.0.root));
        let mut listing = Listing::new(format!("{}{prefix}", self.0.root), None, after.clone());
        let mut found = Vec::<Listed>::new();
        let mut last = after.clone();
        while found.len() < limit {
            let page = self.page(&listing, limit - found.len()).await?;
            for object in page.contents() {
                let Some(listed) = self.listed(object).filter(&wanted) else { continue };
                let full = object.key().map(str::to_owned);
                if full > last {
                    last = full;
                    found.push(listed);
                } else if full > after && found.binary_search_by(|known| known.key.cmp(&listed.key)).is_err()
                {
                    return Err(self.unsorted(&listed.key));
                }
            }
            let seen = page.contents().iter().filter_map(|object| object.key()).max().map(str::to_owned);
            if !listing.go_on(&page, seen).map_err(|reason| StoreError::unsuitable(self.place(""), reason))? {
                break;
            }
        }
        found.truncate(limit);
        Ok(found)
    }

    pub(crate) async fn folders(&self, folder: &str) -> Result<Vec<String>, StoreError> {
        let full = format!("{}{folder}", self.0.root);
        let mut listing = Listing::new(full.clone(), Some("/"), None);
        let mut names = BTreeSet::new();
        loop {
            let page = self.page(&listing, usize::MAX).await?;
            let whole = || page.common_prefixes().iter().filter_map(|common| common.prefix());
            let found = whole().filter_map(|whole| whole.strip_prefix(&full)?.strip_suffix('/'));
            names.extend(found.filter(|name| key::check(name).is_ok()).map(str::to_owned));
            // Everything below a folder sorts before its name with the sign that follows the slash.
            let seen = whole().max().map(|whole| format!("{}0", whole.trim_end_matches('/')));
            if !listing.go_on(&page, seen).map_err(|reason| StoreError::unsuitable(self.place(""), reason))? {
                return Ok(names.into_iter().collect());
            }
        }
    }

    /// An object as a key of the store; `None` of what is no key, such as the folders that some tools write as objects.
    fn listed(&self, object: &Object) -> Option<Listed> {
        let key = object.key()?.strip_prefix(&self.0.root)?.to_owned();
        let bytes = object.size().and_then(|size| u64::try_from(size).ok()).unwrap_or(0);
        Some(Listed { key, bytes })
    }

    async fn page(&self, listing: &Listing, limit: usize) -> Result<ListObjectsV2Output, StoreError> {
        let mut tries = self.tries();
        loop {
            let mut list = self.0.client.list_objects_v2().bucket(&self.0.name).prefix(&listing.prefix);
            list = list.set_delimiter(listing.delimiter.map(str::to_owned));
            list = match &listing.start {
                Start::Beginning => list,
                Start::After(key) => list.start_after(key),
                Start::Token(token) => list.continuation_token(token),
            };
            list = list.max_keys(i32::try_from(limit.clamp(1, 1_000)).expect("a thousand at most"));
            match self.within(0, list.send()).await {
                Ok(page) => return Ok(page),
                Err(failure) => {
                    let place = listing.prefix.strip_prefix(&self.0.root).unwrap_or_default();
                    self.again(&mut tries, failure, LIST, place).await?;
                }
            }
        }
    }

    fn unsorted(&self, key: &str) -> StoreError {
        let reason = format!(
            "its listings are not sorted ({key} came too late); use a general purpose bucket, not a directory bucket"
        );
        StoreError::unsuitable(self.place(""), reason)
    }
}
