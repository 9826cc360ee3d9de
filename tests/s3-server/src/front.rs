//! What comes before S3: counts requests and does what was ordered.

use std::error::Error as _;
use std::sync::Arc;

use http_body_util::BodyExt;
use hyper::Request;
use hyper::body::Incoming;
use s3s::service::S3Service;
use s3s::{Body, HttpRequest, HttpResponse, S3Error, S3ErrorCode};
use tokio_util::task::TaskTracker;

use crate::faults::{Fault, Faults};
use crate::journal::Journal;
use crate::operation::recognise;

/// Takes requests of all connections.
#[derive(Clone)]
pub(crate) struct Front {
    pub(crate) service: S3Service,
    pub(crate) faults: Arc<Faults>,
    pub(crate) journal: Arc<Journal>,
    /// Requests that are done whether or not their client still waits.
    pub(crate) detached: TaskTracker,
}

/// There is no answer; the connection is to be reset.
#[derive(Debug, thiserror::Error)]
#[error("no answer")]
pub(crate) struct NoAnswer;

impl Front {
    pub(crate) async fn answer(&self, request: Request<Incoming>) -> Result<HttpResponse, NoAnswer> {
        let (operation, key) = recognise(request.method(), request.uri());
        self.journal.asked(operation);
        match self.faults.take(operation, &key) {
            None => self.serve(request.map(Body::from)).await,
            Some(fault) => Box::pin(self.misbehave(fault, request)).await,
        }
    }

    async fn serve(&self, request: HttpRequest) -> Result<HttpResponse, NoAnswer> {
        self.service.call(request).await.map_err(|_| NoAnswer)
    }

    async fn misbehave(&self, fault: Fault, request: Request<Incoming>) -> Result<HttpResponse, NoAnswer> {
        // Whole, because its client may be gone before it is done.
        let (head, body) = request.into_parts();
        let body = body.collect().await.map_err(|_| NoAnswer)?.to_bytes();
        let mut request = HttpRequest::from_parts(head, Body::from(body));
        match fault {
            Fault::Conflict => refuse(S3ErrorCode::ConditionalRequestConflict),
            Fault::InternalError => refuse(S3ErrorCode::InternalError),
            Fault::SlowDown => refuse(S3ErrorCode::SlowDown),
            Fault::Delay(time) => {
                tokio::time::sleep(time).await;
                self.serve(request).await
            }
            Fault::Truncate(_) | Fault::Stale => {
                request.extensions_mut().insert(fault);
                self.serve(request).await
            }
            Fault::HoldBefore | Fault::HoldAfter | Fault::Reset => {
                let front = self.clone();
                let done = self.detached.spawn(async move {
                    if fault == Fault::HoldBefore {
                        front.faults.hold().await;
                    }
                    let answer = front.serve(request).await;
                    if fault == Fault::HoldAfter {
                        front.faults.hold().await;
                    }
                    answer
                });
                let answer = done.await.map_err(|_| NoAnswer)?;
                if fault == Fault::Reset { Err(NoAnswer) } else { answer }
            }
        }
    }
}

fn refuse(code: S3ErrorCode) -> Result<HttpResponse, NoAnswer> {
    S3Error::with_message(code, "ordered by the test").to_http_response().map_err(|_| NoAnswer)
}

/// Whether a connection ended because there was no answer.
pub(crate) fn without_answer(error: &hyper::Error) -> bool {
    error.source().is_some_and(|source| source.is::<NoAnswer>())
}
