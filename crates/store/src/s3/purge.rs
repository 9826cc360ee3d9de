//! Removing objects, a thousand at a time.

use aws_sdk_s3::types::{Delete, ObjectIdentifier};

use super::S3;
use super::failure::{DELETE, Failure};
use super::list::Listed;
use crate::{Purged, StoreError};

/// The most that one request may delete.
const BATCH: usize = 1_000;

impl S3 {
    /// Removes everything that begins with `prefix`, `last` at the end, so that what was interrupted can be found and repeated.
    pub(crate) async fn purge(&self, prefix: &str, last: &str) -> Result<Purged, StoreError> {
        let (mut purged, mut stays, mut deleted) = (Purged::default(), Vec::new(), Vec::new());
        loop {
            // Also what is no key of ours: nothing of the run stays behind. A job that ends meanwhile shows in the next listing.
            let mut batch = self.objects(prefix, None, BATCH + 1, |_| true).await?;
            batch.retain(|listed| {
                listed.key != last || {
                    stays = vec![listed.clone()];
                    false
                }
            });
            batch.truncate(BATCH);
            if batch.is_empty() {
                break;
            }
            if batch == deleted {
                let failure = Failure::cut_off("the server says that it deletes them, but lists them still");
                return Err(failure.into_error(DELETE, &self.place(prefix)));
            }
            self.delete(&batch, &mut purged).await?;
            deleted = batch;
        }
        self.delete(&stays, &mut purged).await?;
        Ok(purged)
    }

    async fn delete(&self, batch: &[Listed], purged: &mut Purged) -> Result<(), StoreError> {
        let Some(first) = batch.first() else { return Ok(()) };
        let object = |listed: &Listed| {
            ObjectIdentifier::builder().key(format!("{}{}", self.0.root, listed.key)).build()
        };
        let objects = batch.iter().map(object).collect::<Result<Vec<_>, _>>();
        let delete =
            objects.and_then(|objects| Delete::builder().set_objects(Some(objects)).quiet(true).build());
        let delete = delete.expect("every object of the batch has a key");
        let mut tries = self.tries();
        loop {
            let request = self.0.client.delete_objects().bucket(&self.0.name).delete(delete.clone());
            let failure = match self.within(0, request.send()).await {
                Ok(done) => match done.errors().first() {
                    None => break,
                    Some(error) => {
                        Failure::of_one(error.code().unwrap_or_default(), error.message().unwrap_or_default())
                    }
                },
                Err(failure) => failure,
            };
            self.again(&mut tries, failure, DELETE, &first.key).await?;
        }
        purged.objects += batch.len() as u64;
        purged.bytes += batch.iter().map(|listed| listed.bytes).sum::<u64>();
        Ok(())
    }
}
