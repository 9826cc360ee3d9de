//! The store in an S3 bucket, or in a part of one.
//!
//! Create-only writes rest on `If-None-Match: *`. No AWS type leaves this module, and no key or token any error.

mod connect;
mod failure;
mod list;
mod probe;
mod purge;
mod tries;

use std::fmt;
use std::future::Future;
use std::path::Path;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use aws_sdk_s3::Client;
use aws_sdk_s3::primitives::ByteStream;
use bytes::{Bytes, BytesMut};
use tokio::time::timeout;

use crate::{LARGEST_OBJECT, Put, S3Settings, StoreError, key};
use failure::{Action, Failure, LIST, READ, WRITE};
use tries::Tries;

/// Attempts at finding out whether the bucket answers, and keeps its promises: whoever has mistyped it should not wait for long.
const FIRST_ATTEMPTS: u32 = 3;

/// A bucket, or all keys of it that begin with a prefix. Clones share the connections.
#[derive(Clone)]
pub struct S3(Arc<Bucket>);

struct Bucket {
    client: Client,
    name: String,
    /// What all keys begin with: empty, or a prefix and a slash.
    root: String,
    conditional_writes: bool,
    timeout: Duration,
    patience: Duration,
}

impl fmt::Debug for S3 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("S3").field(&self.place("")).finish()
    }
}

impl S3 {
    /// The store at `s3://bucket/prefix`; the prefix may be empty. Asks the server whether it is there and may be listed.
    pub(crate) async fn open(bucket: &str, prefix: &str, settings: &S3Settings) -> Result<Self, StoreError> {
        let place = format!("s3://{bucket}");
        let s3 = Self(Arc::new(Bucket {
            client: Box::pin(connect::client(&place, settings)).await?,
            name: bucket.to_owned(),
            root: if prefix.is_empty() { String::new() } else { format!("{prefix}/") },
            conditional_writes: settings.conditional_writes,
            timeout: settings.timeout,
            patience: settings.patience,
        }));
        s3.answers().await?;
        Ok(s3)
    }

    async fn answers(&self) -> Result<(), StoreError> {
        let mut tries = self.few_tries();
        loop {
            let list = self.0.client.list_objects_v2().bucket(&self.0.name).prefix(&self.0.root).max_keys(1);
            match self.within(0, list.send()).await {
                Ok(_) => return Ok(()),
                Err(failure) => self.again(&mut tries, failure, LIST, "").await?,
            }
        }
    }

    /// A write whose answer was lost is made again; if then something is there, it may be ours, and its bytes decide. So two writers of
    /// the same bytes may both be told that they created them, but never two of different ones.
    pub(crate) async fn put_once(&self, key: &str, bytes: Bytes) -> Result<Put, StoreError> {
        self.put_once_within(self.tries(), key, bytes).await
    }

    async fn put_once_within(&self, mut tries: Tries, key: &str, bytes: Bytes) -> Result<Put, StoreError> {
        let full = self.full(key)?;
        let mut may_be_ours = false;
        loop {
            let (failure, action) = match self.create(&full, &bytes).await {
                Ok(Put::Exists) if may_be_ours => match self.get_within(&mut tries, key).await? {
                    Some(stored) => return Ok(if stored == bytes { Put::Created } else { Put::Exists }),
                    None => (Failure::cut_off("it was there and is not"), READ),
                },
                Ok(put) => return Ok(put),
                Err(failed) => failed,
            };
            may_be_ours |= !failure.is_conflict();
            self.again(&mut tries, failure, action, key).await?;
        }
    }

    /// One attempt at creating; where it fails, also what it was that failed.
    async fn create(&self, full: &str, bytes: &Bytes) -> Result<Put, (Failure, Action)> {
        if !self.0.conditional_writes && self.head(full).await.map_err(|failure| (failure, READ))? {
            return Ok(Put::Exists);
        }
        match self.send(full, bytes, self.0.conditional_writes).await {
            Ok(()) => Ok(Put::Created),
            Err(failure) if failure.is_taken() => Ok(Put::Exists),
            Err(failure) => Err((failure, WRITE)),
        }
    }

    pub(crate) async fn put(&self, key: &str, bytes: Bytes) -> Result<(), StoreError> {
        let full = self.full(key)?;
        let mut tries = self.tries();
        loop {
            match self.send(&full, &bytes, false).await {
                Ok(()) => return Ok(()),
                Err(failure) => self.again(&mut tries, failure, WRITE, key).await?,
            }
        }
    }

    pub(crate) async fn put_file(&self, key: &str, file: &Path) -> Result<(), StoreError> {
        let full = self.full(key)?;
        let unreadable = |error| StoreError::from_io("read", file.display().to_string(), error);
        let length = std::fs::metadata(file).map_err(unreadable)?.len();
        let length = usize::try_from(length).unwrap_or(usize::MAX);
        let mut tries = self.tries();
        loop {
            let body = ByteStream::from_path(file).await;
            let body = body.map_err(|error| unreadable(std::io::Error::other(error)))?;
            let put = self.0.client.put_object().bucket(&self.0.name).key(&full).body(body);
            match self.within(length, put.send()).await {
                Ok(_) => return Ok(()),
                Err(failure) => self.again(&mut tries, failure, WRITE, key).await?,
            }
        }
    }

    pub(crate) async fn get(&self, key: &str) -> Result<Option<Bytes>, StoreError> {
        self.get_within(&mut self.tries(), key).await
    }

    async fn get_within(&self, tries: &mut Tries, key: &str) -> Result<Option<Bytes>, StoreError> {
        let full = self.full(key)?;
        loop {
            match self.fetch(&full).await {
                Ok(found) => return Ok(found),
                Err(failure) => self.again(tries, failure, READ, key).await?,
            }
        }
    }

    pub(crate) async fn exists(&self, key: &str) -> Result<bool, StoreError> {
        let full = self.full(key)?;
        let mut tries = self.tries();
        loop {
            match self.head(&full).await {
                Ok(found) => return Ok(found),
                Err(failure) => self.again(&mut tries, failure, READ, key).await?,
            }
        }
    }

    /// One attempt at writing.
    async fn send(&self, full: &str, bytes: &Bytes, once: bool) -> Result<(), Failure> {
        let mut put = self.0.client.put_object().bucket(&self.0.name).key(full);
        put = put.body(ByteStream::from(bytes.clone()));
        if once {
            put = put.if_none_match("*");
        }
        self.within(bytes.len(), put.send()).await.map(drop)
    }

    /// One attempt at reading.
    async fn fetch(&self, full: &str) -> Result<Option<Bytes>, Failure> {
        let request = self.0.client.get_object().bucket(&self.0.name).key(full);
        let mut object = match self.within(0, request.send()).await {
            Ok(object) => object,
            Err(failure) if failure.is_absent() => return Ok(None),
            Err(failure) => return Err(failure),
        };
        let length = object.content_length().and_then(|length| usize::try_from(length).ok()).unwrap_or(0);
        if length > LARGEST_OBJECT {
            return Err(Failure::too_large());
        }
        let mut bytes = BytesMut::with_capacity(length);
        loop {
            match timeout(self.0.timeout, object.body.next()).await {
                // Of an answer that does not say how long it is.
                Ok(Some(Ok(part))) if bytes.len() + part.len() > LARGEST_OBJECT => {
                    return Err(Failure::too_large());
                }
                Ok(Some(Ok(part))) => bytes.extend_from_slice(&part),
                Ok(None) => return Ok(Some(bytes.freeze())),
                Ok(Some(Err(error))) => return Err(Failure::cut_off(error)),
                Err(_) => return Err(self.too_slow(self.0.timeout)),
            }
        }
    }

    /// One attempt at looking whether there is an object.
    async fn head(&self, full: &str) -> Result<bool, Failure> {
        let request = self.0.client.head_object().bucket(&self.0.name).key(full);
        match self.within(0, request.send()).await {
            Ok(_) => Ok(true),
            Err(failure) if failure.is_absent() => Ok(false),
            Err(failure) => Err(failure),
        }
    }

    /// Waits for the answer to a request that carries so many bytes. On the heap: a request of the client takes 15 KB.
    fn within<'a, T, E>(
        &'a self,
        bytes: usize,
        answer: impl Future<Output = Result<T, E>> + Send + 'a,
    ) -> Pin<Box<dyn Future<Output = Result<T, Failure>> + Send + 'a>>
    where
        Failure: From<E>,
    {
        let longest = self.0.timeout + Duration::from_secs((bytes >> 20) as u64);
        Box::pin(async move {
            match timeout(longest, answer).await {
                Ok(answer) => answer.map_err(Failure::from),
                Err(_) => Err(self.too_slow(longest)),
            }
        })
    }

    fn too_slow(&self, longest: Duration) -> Failure {
        Failure::cut_off(format!("no answer within {} s", longest.as_secs_f32()))
    }

    fn few_tries(&self) -> Tries {
        Tries::new(FIRST_ATTEMPTS, self.0.patience)
    }

    /// However many attempts: only the settings' patience ends them.
    fn tries(&self) -> Tries {
        Tries::new(u32::MAX, self.0.patience)
    }

    /// Waits for the next attempt; the failure in the store's words where there is none.
    async fn again(
        &self,
        tries: &mut Tries,
        failure: Failure,
        action: Action,
        key: &str,
    ) -> Result<(), StoreError> {
        tries.again(failure).await.map_err(|failure| failure.into_error(action, &self.place(key)))
    }

    /// The key within the bucket.
    fn full(&self, key: &str) -> Result<String, StoreError> {
        let full = format!("{}{key}", self.0.root);
        if full.len() > key::LONGEST_KEY {
            let reason = "with the store's prefix it is longer than 1,024 bytes";
            return Err(StoreError::InvalidKey { key: full, reason });
        }
        Ok(full)
    }

    /// What an error speaks of.
    fn place(&self, key: &str) -> String {
        format!("s3://{}/{}{key}", self.0.name, self.0.root).trim_end_matches('/').to_owned()
    }
}

#[cfg(test)]
mod tests;
