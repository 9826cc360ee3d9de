//! What S3 says when something is wrong, and what becomes of it. What it says when all is well is in the conformance suite.

mod scripted;
mod trust;

use std::error::Error;
use std::time::Duration;

use tokio::time::Instant;

use super::Failure;
use crate::store::Backend;
use crate::{Put, StoreError};
use scripted::{Answer, Scripted, error_body, ok, page, refusal};

const CREATE_ONLY: &str = "if-none-match: *";

#[tokio::test]
async fn a_refused_condition_means_that_somebody_was_first() {
    let server = Scripted::start().await;
    let store = server.store([refusal(412, "PreconditionFailed")]).await;
    assert_eq!(store.put_once("a", "x".into()).await.unwrap(), Put::Exists);
    assert_eq!(server.methods(), ["PUT"]);
    assert!(server.asked()[0].has(CREATE_ONLY));
    assert!(server.asked()[0].line.starts_with("PUT /bucket/top/a"), "{:?}", server.asked());
}

#[tokio::test]
async fn a_conflict_is_tried_again_and_is_not_ours() {
    let server = Scripted::start().await;
    let store = server.store([refusal(409, "ConditionalRequestConflict"), ok("")]).await;
    assert_eq!(store.put_once("a", "x".into()).await.unwrap(), Put::Created);
    server.then([refusal(409, "ConditionalRequestConflict"), refusal(412, "PreconditionFailed")]);
    assert_eq!(store.put_once("a", "x".into()).await.unwrap(), Put::Exists);
    assert_eq!(server.methods(), ["PUT", "PUT"]);
    assert!(server.asked().iter().all(|asked| asked.has(CREATE_ONLY)));
}

/// The server may have stored what it did not answer to.
#[tokio::test]
async fn after_an_unknown_outcome_the_bytes_decide_whose_it_is() {
    let server = Scripted::start().await;
    let store = server.store([]).await;
    for lost in [Answer::Reset, refusal(500, "InternalError"), refusal(503, "SlowDown")] {
        for (stored, put) in [("ours", Put::Created), ("theirs", Put::Exists)] {
            server.then([lost.clone(), refusal(412, "PreconditionFailed"), ok(stored)]);
            assert_eq!(store.put_once("a", "ours".into()).await.unwrap(), put, "{lost:?}, then {stored}");
            assert_eq!(server.methods(), ["PUT", "PUT", "GET"]);
        }
        server.then([lost.clone(), ok("")]);
        assert_eq!(store.put_once("a", "ours".into()).await.unwrap(), Put::Created, "{lost:?}");
    }
}

#[tokio::test]
async fn without_conditions_a_look_comes_before_each_write() {
    let server = Scripted::start().await;
    server.store([page(&[], false, None)]).await;
    let mut settings = server.settings();
    settings.s3.conditional_writes = false;
    let store = server.open(&settings).await.unwrap();
    server.then([refusal(404, ""), ok("")]);
    assert_eq!(store.put_once("a", "x".into()).await.unwrap(), Put::Created);
    assert_eq!(server.methods(), ["HEAD", "PUT"]);
    assert!(!server.asked()[1].has(CREATE_ONLY));
    server.then([ok("")]);
    assert_eq!(store.put_once("a", "x".into()).await.unwrap(), Put::Exists);
    // The write was lost and yet happened.
    server.then([refusal(404, ""), Answer::Reset, ok(""), ok("x")]);
    assert_eq!(store.put_once("a", "x".into()).await.unwrap(), Put::Created);
    assert_eq!(server.methods(), ["HEAD", "PUT", "HEAD", "GET"]);
}

#[tokio::test]
async fn what_passes_is_tried_again() {
    let server = Scripted::start().await;
    let store = server.store([]).await;
    for passing in [
        Answer::Reset,
        refusal(503, "SlowDown"),
        Answer::With(503, "retry-after: 0", error_body("SlowDown")),
        Answer::Http(502, "<html>a proxy's words</html>".to_owned()),
    ] {
        server.then([passing.clone(), ok("x")]);
        assert_eq!(store.get("a").await.unwrap().unwrap(), "x", "{passing:?}");
        server.then([passing.clone(), ok("")]);
        assert!(store.exists("a").await.unwrap(), "{passing:?}");
        server.then([passing.clone(), ok("")]);
        store.put("a", "x".into()).await.unwrap();
        server.then([passing.clone(), page(&["top/a"], false, None)]);
        assert_eq!(store.list("").await.unwrap(), ["a"], "{passing:?}");
        assert_eq!(server.methods(), ["GET", "GET"]);
    }
    // The body of a write came too slowly.
    server.then([refusal(400, "RequestTimeout"), ok("")]);
    store.put("a", "x".into()).await.unwrap();
    server.then([Answer::Half("hal".to_owned(), 4), ok("half")]);
    assert_eq!(store.get("a").await.unwrap().unwrap(), "half", "a body that was cut off");
}

#[tokio::test]
async fn an_answer_that_does_not_come_is_not_waited_for() {
    let server = Scripted::start().await;
    server.store([page(&[], false, None)]).await;
    let mut settings = server.settings();
    settings.s3.timeout = Duration::from_millis(200);
    let store = server.open(&settings).await.unwrap();
    server.then([Answer::Silence, ok("x")]);
    assert_eq!(store.get("a").await.unwrap().unwrap(), "x");
    settings.s3.patience = Duration::ZERO;
    server.then([page(&[], false, None)]);
    let store = server.open(&settings).await.unwrap();
    server.then([Answer::Silence]);
    let error = store.put_once("a", "x".into()).await.unwrap_err();
    assert!(matches!(&error, StoreError::Io { place, .. } if place == "s3://bucket/top/a"), "{error}");
    assert_eq!(error.source().unwrap().to_string(), "no answer within 0.2 s");
}

#[tokio::test]
async fn what_passes_is_tried_for_as_long_as_the_settings_say() {
    let server = Scripted::start().await;
    let store = server.store([]).await;
    let Backend::S3(s3) = &store.backend else { panic!("it is a bucket") };
    let patience = server.settings().s3.patience;
    tokio::time::pause();
    let begin = Instant::now();
    let mut tries = s3.tries();
    while tries.again(Failure::cut_off("connection reset")).await.is_ok() {}
    // The next attempt would have begun within ten seconds.
    let tried = begin.elapsed();
    assert!(tried <= patience && tried + Duration::from_secs(10) >= patience, "{tried:?} of {patience:?}");
    let begin = Instant::now();
    let mut few = s3.few_tries();
    while few.again(Failure::cut_off("connection reset")).await.is_ok() {}
    assert!(begin.elapsed() < Duration::from_secs(1), "who mistypes a bucket is told soon");
}

#[tokio::test]
async fn whoever_looks_before_it_writes_is_told_that_looking_is_not_allowed() {
    let server = Scripted::start().await;
    server.store([page(&[], false, None)]).await;
    let mut settings = server.settings();
    settings.s3.conditional_writes = false;
    let store = server.open(&settings).await.unwrap();
    server.then([Answer::Http(403, String::new())]);
    let error = store.put_once("a", "x".into()).await.unwrap_err();
    assert!(error.to_string().contains("must allow s3:GetObject and s3:ListBucket"), "{error}");
    assert_eq!(server.methods(), ["HEAD"]);
    server.then([Answer::Http(403, String::new())]);
    let error = store.probe().await.unwrap_err().to_string();
    assert!(error.contains("probes/") && error.contains("must allow s3:GetObject"), "{error}");
    server.then([refusal(404, ""), refusal(403, "AccessDenied")]);
    let error = store.put_once("a", "x".into()).await.unwrap_err();
    assert!(error.to_string().contains("must allow s3:PutObject"), "{error}");
}

#[tokio::test]
async fn what_does_not_pass_is_told_with_what_to_do() {
    let server = Scripted::start().await;
    let store = server.store([]).await;
    for (status, code, says) in [
        (403, "AccessDenied", "no permission for s3://bucket/top/a: its owner must allow s3:PutObject"),
        (403, "InvalidAccessKeyId", "does not know the access key"),
        (403, "SignatureDoesNotMatch", "the secret key does not belong to the access key"),
        (403, "RequestTimeTooSkewed", "the clock of this machine is wrong"),
        (400, "ExpiredToken", "get new temporary credentials"),
        (404, "NoSuchBucket", "no store at s3://bucket/top/a: there is no such bucket"),
        (400, "AuthorizationHeaderMalformed", "it stands in another region; correct `region` in [s3]"),
        (501, "NotImplemented", "try `checksums = \"when_required\"`"),
        (507, "XMinioStorageFull", "no room for s3://bucket/top/a"),
        (400, "EntityTooLarge", "cannot write s3://bucket/top/a"),
    ] {
        server.then([refusal(status, code)]);
        let error = store.put_once("a", "x".into()).await.unwrap_err();
        assert!(error.to_string().contains(says), "{code}: {error}");
        let told = format!("{error} {error:?}");
        assert!(!told.contains("hunter2") && !told.contains("token3"), "{told}");
        assert_eq!(server.methods(), ["PUT"], "{code}");
    }
    let elsewhere = Answer::With(301, "x-amz-bucket-region: eu-west-1", error_body("PermanentRedirect"));
    server.then([elsewhere]);
    let error = store.exists("a").await.unwrap_err();
    assert!(error.to_string().contains("set `region = \"eu-west-1\"` in [s3]"), "{error}");
    assert!(!format!("{:?}", server.settings()).contains("hunter2"));
}

#[tokio::test]
async fn what_is_absent_is_told_from_what_is_forbidden() {
    let server = Scripted::start().await;
    let store = server.store([refusal(404, "NoSuchKey")]).await;
    assert_eq!(store.get("a").await.unwrap(), None);
    server.then([refusal(404, "NoSuchBucket")]);
    assert!(matches!(store.get("a").await, Err(StoreError::NoStore { .. })));
    server.then([Answer::Http(403, String::new())]);
    let error = store.exists("a").await.unwrap_err();
    assert!(error.to_string().contains("s3:GetObject and s3:ListBucket"), "{error}");
}

#[tokio::test]
async fn an_object_that_claims_too_much_is_not_read() {
    let server = Scripted::start().await;
    let store = server.store([Answer::Half("x".to_owned(), 600_000_000)]).await;
    let error = store.get("a").await.unwrap_err();
    assert!(matches!(error, StoreError::Corrupt { .. }), "{error:?}");
}

#[tokio::test]
async fn a_server_that_overwrites_is_found_out_before_a_run() {
    let server = Scripted::start().await;
    let store = server.store([ok(""), ok(""), ok("")]).await;
    let error = store.probe().await.unwrap_err();
    assert!(error.to_string().contains("`conditional_writes = false` in [s3]"), "{error}");
    assert_eq!(server.methods(), ["PUT", "PUT", "DELETE"]);
    assert!(server.asked()[1].has(CREATE_ONLY));
    for second in [refusal(412, "PreconditionFailed"), refusal(409, "ConditionalRequestConflict")] {
        server.then([ok(""), second, refusal(403, "AccessDenied")]);
        store.probe().await.unwrap();
        assert_eq!(server.methods(), ["PUT", "PUT", "DELETE"], "who may not delete passes too");
    }
    server.then([refusal(403, "AccessDenied"), refusal(403, "AccessDenied")]);
    assert!(matches!(store.probe().await, Err(StoreError::Denied { .. })));
}

#[tokio::test]
async fn a_listing_loses_no_key_to_a_server_that_pages_badly() {
    let server = Scripted::start().await;
    let store = server.store([]).await;
    let check = async |what: &str, pages: Vec<Answer>, last_query: &str| {
        server.then(pages);
        assert_eq!(store.list("").await.unwrap(), ["a", "b", "c"], "{what}");
        let asked = server.asked();
        assert!(asked.last().unwrap().line.contains(last_query), "{what}: {asked:?}");
    };
    let end = || page(&["top/c"], false, None);
    let first = || page(&["top/a", "top/b"], true, Some("one"));
    check("as it should be", vec![first(), end()], "continuation-token=one").await;
    check("an empty page", vec![first(), page(&[], true, Some("two")), end()], "continuation-token=two")
        .await;
    let repeated = vec![first(), page(&[], true, Some("one")), end()];
    check("a repeated token", repeated, "start-after=top%2Fb").await;
    check("a repeated page", vec![first(), first(), end()], "start-after=top%2Fb").await;
    check("no token", vec![page(&["top/a", "top/b"], true, None), end()], "start-after=top%2Fb").await;
    let foreign = page(&["top/", "top/.hidden", "top/a", "top/b", "top/b//x"], true, Some("one"));
    check("what is no key", vec![foreign, end()], "continuation-token=one").await;
    server.then([page(&["top/b", "top/a"], false, None)]);
    let error = store.list("").await.unwrap_err();
    assert!(
        matches!(&error, StoreError::Unsuitable { reason, .. } if reason.contains("not sorted")),
        "{error}"
    );
}

#[tokio::test]
async fn a_listing_that_leads_nowhere_ends() {
    let server = Scripted::start().await;
    let store = server.store([]).await;
    let stuck = || page(&["top/a"], true, Some("one"));
    for pages in [
        vec![stuck(), stuck(), stuck()],
        vec![page(&[], true, None)],
        vec![page(&[], true, Some("one")), page(&[], true, Some("one"))],
    ] {
        server.then(pages);
        let error = store.list("").await.unwrap_err();
        assert!(error.to_string().contains("gives no more of it"), "{error}");
        assert!(!server.asked().is_empty());
    }
}

#[tokio::test]
async fn a_purge_that_may_not_or_does_not_delete_ends_with_an_error() {
    let server = Scripted::start().await;
    let objects = || page(&["top/runs/r1/a", "top/runs/r1/manifest.json"], false, None);
    let one_error =
        "<DeleteResult><Error><Key>top/runs/r1/a</Key><Code>AccessDenied</Code></Error></DeleteResult>";
    let store = server.store([objects(), ok(one_error)]).await;
    let run = "r1".parse().unwrap();
    let error = store.purge(&run).await.unwrap_err();
    assert!(
        matches!(&error, StoreError::Denied { remedy, .. } if remedy.contains("s3:DeleteObject")),
        "{error}"
    );
    server.then([objects(), ok("<DeleteResult/>"), objects()]);
    assert!(matches!(store.purge(&run).await, Err(StoreError::Io { .. })));
    assert_eq!(server.methods(), ["GET", "POST", "GET"], "the manifest is there still");
}

#[tokio::test]
async fn without_keys_nobody_is_asked_for_any() {
    let server = Scripted::start().await;
    let mut settings = server.settings();
    settings.s3.credentials = None;
    let error = server.open(&settings).await.unwrap_err();
    assert!(
        matches!(&error, StoreError::Denied { remedy, .. } if remedy.contains("AWS_ACCESS_KEY_ID")),
        "{error}"
    );
    settings.s3.endpoint = None;
    let error = server.open(&settings).await.unwrap_err();
    assert!(error.to_string().contains("set `region` in [s3]"), "{error}");
    assert!(server.asked().is_empty());
}

#[tokio::test]
async fn mistaken_settings_are_told_at_once() {
    let server = Scripted::start().await;
    let mut settings = server.settings();
    settings.s3.endpoint = Some("minio:9000".to_owned());
    let error = server.open(&settings).await.unwrap_err();
    assert!(error.to_string().contains("write `endpoint = \"https://HOST:PORT\"` in [s3]"), "{error}");
    for pem in ["", "no certificate", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"] {
        settings = server.settings();
        settings.s3.ca_pem = Some(pem.as_bytes().to_vec());
        let error = server.open(&settings).await.unwrap_err();
        assert!(error.to_string().contains("correct `ca_file` in [s3]"), "{error}");
    }
    let long = "x".repeat(200) + "/";
    let store = server.store([]).await;
    let key = long.repeat(5) + "end";
    crate::key::check(&key).unwrap();
    server.then([ok("")]);
    store.put(&key, "x".into()).await.unwrap();
    let longer = long.repeat(5) + &"x".repeat(19);
    crate::key::check(&longer).unwrap();
    assert!(matches!(store.put(&longer, "x".into()).await, Err(StoreError::InvalidKey { .. })));
}
