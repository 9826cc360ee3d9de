//! S3's operations.

use std::sync::Arc;
use std::time::SystemTime;

use bytes::{Bytes, BytesMut};
use futures::StreamExt;
use s3s::dto::*;
use s3s::{Body, S3, S3Error, S3Request, S3Response, S3Result, s3_error};

use crate::buckets::{About, Buckets, Condition, Content, NoBucket, Object, Sums};
use crate::checksum::{etag, verify};
use crate::faults::Fault;
use crate::journal::Outcome;
use crate::listing::{Asked, Position};

/// S3's page, and its greatest.
const PAGE: i32 = 1_000;

/// What answers requests that are signed and well formed.
#[derive(Debug)]
pub(crate) struct Backend {
    pub(crate) buckets: Arc<Buckets>,
}

impl Backend {
    /// Does something that may touch the disk.
    async fn work<T, F>(&self, work: F) -> S3Result<T>
    where
        T: Send + 'static,
        F: FnOnce(&Buckets) -> std::io::Result<T> + Send + 'static,
    {
        let done = if self.buckets.on_disk() {
            let buckets = self.buckets.clone();
            tokio::task::spawn_blocking(move || work(&buckets)).await.map_err(S3Error::internal_error)?
        } else {
            work(&self.buckets)
        };
        done.map_err(S3Error::internal_error)
    }

    fn find(&self, bucket: &str, key: &str) -> S3Result<Arc<Object>> {
        self.buckets.get(bucket, key)?.ok_or_else(|| s3_error!(NoSuchKey, "there is no object of that name"))
    }
}

#[async_trait::async_trait]
impl S3 for Backend {
    async fn put_object(&self, request: S3Request<PutObjectInput>) -> S3Result<S3Response<PutObjectOutput>> {
        let S3Request { mut input, trailing_headers, .. } = request;
        let body = match input.body.take() {
            Some(body) => whole(body).await?,
            None => Bytes::new(),
        };
        let after = trailing_headers.and_then(|headers| headers.take());
        let sums: Sums = verify(&body, &input, after.as_ref())?.into();
        let condition = condition(&input)?;
        let about = about(&body, &input, sums);
        let mut output =
            PutObjectOutput { e_tag: Some(ETag::Strong(about.etag.clone())), ..Default::default() };
        let sums = about.sums.clone();
        (output.checksum_crc32, output.checksum_crc32c) = (sums.crc32, sums.crc32c);
        (output.checksum_crc64nvme, output.checksum_sha1) = (sums.crc64nvme, sums.sha1);
        output.checksum_sha256 = sums.sha256;
        let needs_one = matches!(condition, Condition::Etag(_));
        let outcome = self.work(move |buckets| buckets.put(&input.bucket, about, body, &condition)).await??;
        match outcome {
            Outcome::Refused if needs_one => {
                Err(s3_error!(PreconditionFailed, "another object is there, or none"))
            }
            Outcome::Refused => Err(s3_error!(PreconditionFailed, "an object is there already")),
            _ => Ok(S3Response::new(output)),
        }
    }

    async fn get_object(&self, request: S3Request<GetObjectInput>) -> S3Result<S3Response<GetObjectOutput>> {
        let input = request.input;
        let object = self.find(&input.bucket, &input.key)?;
        let mut body = match object.content.clone() {
            Content::Memory(body) => body,
            Content::Disk(place) => self.work(move |_| place.read()).await?,
        };
        let mut content_range = None;
        if let Some(range) = input.range {
            let part = range.check(object.about.size).map_err(|error| s3_error!(error, InvalidRange))?;
            content_range = Some(format!("bytes {}-{}/{}", part.start, part.end - 1, object.about.size));
            let index = |byte: u64| usize::try_from(byte).map_err(S3Error::internal_error);
            body = body.slice(index(part.start)?..index(part.end)?);
        }
        // A sum is that of the whole.
        let sums = if input.checksum_mode.is_some() && content_range.is_none() {
            object.about.sums.clone()
        } else {
            Sums::default()
        };
        Ok(S3Response::new(GetObjectOutput {
            content_length: i64::try_from(body.len()).ok(),
            body: Some(Body::from(body).into()),
            content_range,
            content_type: object.about.content_type.clone(),
            content_encoding: object.about.content_encoding.clone(),
            metadata: object.about.metadata.clone().map(|metadata| metadata.into_iter().collect()),
            e_tag: Some(ETag::Strong(object.about.etag.clone())),
            last_modified: Some(object.about.modified.into()),
            accept_ranges: Some("bytes".to_owned()),
            checksum_crc32: sums.crc32,
            checksum_crc32c: sums.crc32c,
            checksum_crc64nvme: sums.crc64nvme,
            checksum_sha1: sums.sha1,
            checksum_sha256: sums.sha256,
            ..Default::default()
        }))
    }

    async fn head_object(
        &self,
        request: S3Request<HeadObjectInput>,
    ) -> S3Result<S3Response<HeadObjectOutput>> {
        let input = request.input;
        let object = self.find(&input.bucket, &input.key)?;
        let sums = input.checksum_mode.map_or_else(Sums::default, |_| object.about.sums.clone());
        Ok(S3Response::new(HeadObjectOutput {
            content_length: i64::try_from(object.about.size).ok(),
            content_type: object.about.content_type.clone(),
            content_encoding: object.about.content_encoding.clone(),
            metadata: object.about.metadata.clone().map(|metadata| metadata.into_iter().collect()),
            e_tag: Some(ETag::Strong(object.about.etag.clone())),
            last_modified: Some(object.about.modified.into()),
            accept_ranges: Some("bytes".to_owned()),
            checksum_crc32: sums.crc32,
            checksum_crc32c: sums.crc32c,
            checksum_crc64nvme: sums.crc64nvme,
            checksum_sha1: sums.sha1,
            checksum_sha256: sums.sha256,
            ..Default::default()
        }))
    }

    async fn list_objects_v2(
        &self,
        request: S3Request<ListObjectsV2Input>,
    ) -> S3Result<S3Response<ListObjectsV2Output>> {
        let fault = request.extensions.get::<Fault>().copied();
        let input = request.input;
        let prefix = input.prefix.as_deref().unwrap_or("");
        let max_keys = input.max_keys.unwrap_or(PAGE).clamp(0, PAGE);
        let mut most = usize::try_from(max_keys).map_err(S3Error::internal_error)?;
        let begins = match (&input.continuation_token, &input.start_after) {
            (Some(token), _) => Position::from_token(token)
                .ok_or_else(|| s3_error!(InvalidArgument, "the continuation token is not from here"))?,
            (None, Some(key)) => Position::After(key.as_str().into()),
            (None, None) => Position::From(prefix.into()),
        };
        let delimiter = input.delimiter.as_deref().filter(|delimiter| !delimiter.is_empty());
        let mut asked = Asked { prefix, delimiter, from: begins, most, hidden: None };
        match fault {
            Some(Fault::Truncate(entries)) => most = most.min(entries),
            Some(Fault::Stale) => asked.hidden = self.buckets.newest(&input.bucket, prefix),
            _ => {}
        }
        asked.most = most;
        let mut page = self.buckets.list(&input.bucket, &asked)?;
        if max_keys == 0 {
            // S3 says that a page of nothing is the last.
            page.next = None;
        }
        let contents: Vec<_> = page.objects.into_iter().map(|(key, object)| entry(&key, &object)).collect();
        let prefixes: Vec<_> =
            page.prefixes.into_iter().map(|prefix| CommonPrefix { prefix: Some(prefix) }).collect();
        Ok(S3Response::new(ListObjectsV2Output {
            key_count: i32::try_from(contents.len() + prefixes.len()).ok(),
            contents: Some(contents),
            common_prefixes: Some(prefixes),
            is_truncated: Some(page.next.is_some()),
            next_continuation_token: page.next.map(|next| next.token()),
            name: Some(input.bucket),
            prefix: input.prefix,
            delimiter: input.delimiter,
            start_after: input.start_after,
            continuation_token: input.continuation_token,
            max_keys: Some(max_keys),
            ..Default::default()
        }))
    }

    async fn delete_object(
        &self,
        request: S3Request<DeleteObjectInput>,
    ) -> S3Result<S3Response<DeleteObjectOutput>> {
        let DeleteObjectInput { bucket, key, .. } = request.input;
        self.work(move |buckets| buckets.delete(&bucket, &key)).await??;
        Ok(S3Response::new(DeleteObjectOutput::default()))
    }

    async fn delete_objects(
        &self,
        request: S3Request<DeleteObjectsInput>,
    ) -> S3Result<S3Response<DeleteObjectsOutput>> {
        let DeleteObjectsInput { bucket, delete, .. } = request.input;
        let quiet = delete.quiet.unwrap_or(false);
        let mut deleted = Vec::new();
        for object in delete.objects {
            let (bucket, key) = (bucket.clone(), object.key.clone());
            self.work(move |buckets| buckets.delete(&bucket, &key)).await??;
            if !quiet {
                deleted.push(DeletedObject { key: Some(object.key), ..Default::default() });
            }
        }
        Ok(S3Response::new(DeleteObjectsOutput { deleted: Some(deleted), ..Default::default() }))
    }

    async fn head_bucket(
        &self,
        request: S3Request<HeadBucketInput>,
    ) -> S3Result<S3Response<HeadBucketOutput>> {
        if self.buckets.has(&request.input.bucket) {
            return Ok(S3Response::new(HeadBucketOutput::default()));
        }
        Err(NoBucket.into())
    }

    async fn create_bucket(
        &self,
        request: S3Request<CreateBucketInput>,
    ) -> S3Result<S3Response<CreateBucketOutput>> {
        let bucket = request.input.bucket;
        let location = Some(format!("/{bucket}"));
        if self.work(move |buckets| buckets.create(&bucket)).await? {
            return Ok(S3Response::new(CreateBucketOutput { location }));
        }
        Err(s3_error!(BucketAlreadyOwnedByYou))
    }

    async fn list_buckets(&self, _: S3Request<ListBucketsInput>) -> S3Result<S3Response<ListBucketsOutput>> {
        let bucket = |name: Arc<str>| Bucket { name: Some(name.to_string()), ..Default::default() };
        let buckets = self.buckets.names().into_iter().map(bucket).collect();
        Ok(S3Response::new(ListBucketsOutput { buckets: Some(buckets), ..Default::default() }))
    }
}

/// A whole body; without a copy if it came at once.
async fn whole(mut body: StreamingBlob) -> S3Result<Bytes> {
    let mut all = BytesMut::new();
    let mut first = Bytes::new();
    while let Some(part) = body.next().await {
        let part = part.map_err(|error| S3Error::with_source(s3s::S3ErrorCode::IncompleteBody, error))?;
        if first.is_empty() && all.is_empty() {
            first = part;
        } else {
            all.extend_from_slice(&std::mem::take(&mut first));
            all.extend_from_slice(&part);
        }
    }
    Ok(if all.is_empty() { first } else { all.freeze() })
}

fn condition(input: &PutObjectInput) -> S3Result<Condition> {
    match (&input.if_none_match, &input.if_match) {
        (None, None) => Ok(Condition::None),
        (Some(ETagCondition::Any), None) => Ok(Condition::Absent),
        (None, Some(ETagCondition::ETag(etag))) => Ok(Condition::Etag(etag.value().to_owned())),
        _ => Err(s3_error!(NotImplemented, "a write depends on If-None-Match: * or on If-Match: <etag>")),
    }
}

#[expect(clippy::disallowed_methods, reason = "the server reads the clock here, once for each object")]
fn about(body: &Bytes, input: &PutObjectInput, sums: Sums) -> About {
    About {
        key: input.key.as_str().into(),
        etag: etag(body),
        size: body.len() as u64,
        modified: SystemTime::now(),
        content_type: input.content_type.clone(),
        content_encoding: input.content_encoding.clone(),
        metadata: input.metadata.clone().map(|metadata| metadata.into_iter().collect()),
        sums,
    }
}

fn entry(key: &str, object: &Object) -> s3s::dto::Object {
    s3s::dto::Object {
        key: Some(key.to_owned()),
        size: i64::try_from(object.about.size).ok(),
        e_tag: Some(ETag::Strong(object.about.etag.clone())),
        last_modified: Some(object.about.modified.into()),
        ..Default::default()
    }
}

impl From<NoBucket> for S3Error {
    fn from(_: NoBucket) -> Self {
        s3_error!(NoSuchBucket, "there is no bucket of that name")
    }
}

impl From<Checksum> for Sums {
    fn from(checksum: Checksum) -> Self {
        Self {
            crc32: checksum.checksum_crc32,
            crc32c: checksum.checksum_crc32c,
            crc64nvme: checksum.checksum_crc64nvme,
            sha1: checksum.checksum_sha1,
            sha256: checksum.checksum_sha256,
        }
    }
}
