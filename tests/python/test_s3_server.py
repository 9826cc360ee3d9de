"""boto3, a client that nobody here wrote, against the S3 server of the tests."""

import json
import subprocess
import threading
import urllib.request

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from conftest import program

BUCKET = "bucket"


@pytest.fixture(scope="module", params=["memory", "folder"])
def server(request, tmp_path_factory):
    """A server: its address, and that of its control."""
    place = ["--memory"] if request.param == "memory" else ["--folder", tmp_path_factory.mktemp("objects")]
    command = [program("antiphon-s3-server"), "--access-key", "key", "--secret-key", "secret", "--bucket", BUCKET]
    process = subprocess.Popen([*command, "--control", "127.0.0.1:0", *place], stdout=subprocess.PIPE, text=True)
    url, control = process.stdout.readline().strip(), process.stdout.readline().strip()
    assert url and control, "the server did not start"
    yield url, control
    process.kill()
    process.wait()


def client(server, secret="secret", checksums="when_supported"):
    config = Config(
        retries={"total_max_attempts": 1},
        s3={"addressing_style": "path"},
        request_checksum_calculation=checksums,
        max_pool_connections=24,
    )
    return boto3.client(
        "s3",
        endpoint_url=server[0],
        region_name="us-east-1",
        aws_access_key_id="key",
        aws_secret_access_key=secret,
        config=config,
    )


@pytest.fixture
def s3(server):
    return client(server)


def ask(server, method, path, body=None):
    data = None if body is None else json.dumps(body).encode()
    headers = {"content-type": "application/json"}
    request = urllib.request.Request(f"{server[1]}{path}", data, headers, method=method)
    with urllib.request.urlopen(request) as response:
        return json.loads(response.read() or "null")


def refused(code, status):
    """The next call fails in that way."""
    return pytest.raises(ClientError, check=lambda error: said(error) == (code, status))


def said(error):
    return error.response["Error"]["Code"], error.response["ResponseMetadata"]["HTTPStatusCode"]


def test_of_many_that_create_an_object_one_does(server, s3):
    for round in range(8):
        key, outcomes, together = f"race/{round}", [], threading.Barrier(24)

        def create(body, key=key, outcomes=outcomes, together=together):
            together.wait()
            try:
                s3.put_object(Bucket=BUCKET, Key=key, Body=body, IfNoneMatch="*")
                outcomes.append(body)
            except ClientError as error:
                outcomes.append(said(error))

        threads = [threading.Thread(target=create, args=(f"by {number}".encode(),)) for number in range(24)]
        [thread.start() for thread in threads]
        [thread.join() for thread in threads]
        won = [outcome for outcome in outcomes if isinstance(outcome, bytes)]
        assert len(won) == 1
        assert outcomes.count(("PreconditionFailed", 412)) == 23
        assert s3.get_object(Bucket=BUCKET, Key=key)["Body"].read() == won[0]
    assert ask(server, "GET", "/rewritten") == []


def test_an_object_is_what_was_written(s3):
    body = bytes(range(256)) * 100
    key = "a folder/ünï & <co>+%25"
    about = {"ContentType": "application/zstd", "ContentEncoding": "zstd", "Metadata": {"run": "one"}}
    put = s3.put_object(Bucket=BUCKET, Key=key, Body=body, ChecksumAlgorithm="SHA256", **about)
    got = s3.get_object(Bucket=BUCKET, Key=key, ChecksumMode="ENABLED")
    head = s3.head_object(Bucket=BUCKET, Key=key)
    assert got["Body"].read() == body
    assert got["ETag"] == head["ETag"] == put["ETag"] and head["ContentLength"] == len(body)
    assert got["ChecksumSHA256"] == put["ChecksumSHA256"]
    for name, value in about.items():
        assert got[name] == head[name] == value
    part = s3.get_object(Bucket=BUCKET, Key=key, Range="bytes=10-19")
    assert part["Body"].read() == body[10:20] and part["ContentRange"] == f"bytes 10-19/{len(body)}"
    assert part["ResponseMetadata"]["HTTPStatusCode"] == 206
    assert [entry["Key"] for entry in s3.list_objects_v2(Bucket=BUCKET, Prefix="a folder/")["Contents"]] == [key]
    s3.delete_object(Bucket=BUCKET, Key=key)
    with refused("NoSuchKey", 404):
        s3.get_object(Bucket=BUCKET, Key=key)
    with refused("404", 404):
        s3.head_object(Bucket=BUCKET, Key=key)


def test_a_write_may_depend_on_what_is_there(s3):
    put = s3.put_object(Bucket=BUCKET, Key="match", Body=b"one")
    with refused("PreconditionFailed", 412):
        s3.put_object(Bucket=BUCKET, Key="match", Body=b"two", IfMatch='"0123"')
    s3.put_object(Bucket=BUCKET, Key="match", Body=b"two", IfMatch=put["ETag"])
    assert s3.get_object(Bucket=BUCKET, Key="match")["Body"].read() == b"two"
    s3.delete_objects(Bucket=BUCKET, Delete={"Objects": [{"Key": "match"}, {"Key": "never"}]})
    assert s3.list_objects_v2(Bucket=BUCKET, Prefix="match")["KeyCount"] == 0


def test_a_listing_comes_in_pages(s3):
    keys = [f"pages/{run}/{number:02}" for run in "abc" for number in range(25)] + ["pages/last"]
    for key in keys:
        s3.put_object(Bucket=BUCKET, Key=key, Body=b"")
    paginator = s3.get_paginator("list_objects_v2")

    def pages(**options):
        return list(paginator.paginate(Bucket=BUCKET, PaginationConfig={"PageSize": 10}, **options))

    found = pages(Prefix="pages/")
    assert [entry["Key"] for page in found for entry in page["Contents"]] == keys and len(found) == 8
    found = pages(Prefix="pages/", StartAfter="pages/b/20")
    assert [entry["Key"] for page in found for entry in page["Contents"]] == keys[46:]
    (found,) = pages(Prefix="pages/", Delimiter="/")
    assert [entry["Prefix"] for entry in found["CommonPrefixes"]] == ["pages/a/", "pages/b/", "pages/c/"]
    assert [entry["Key"] for entry in found["Contents"]] == ["pages/last"] and found["KeyCount"] == 4
    one = s3.list_objects_v2(Bucket=BUCKET, Prefix="pages/", Delimiter="/", MaxKeys=1)
    assert one["IsTruncated"] and "Contents" not in one
    two = s3.list_objects_v2(
        Bucket=BUCKET, Prefix="pages/", Delimiter="/", MaxKeys=1, ContinuationToken=one["NextContinuationToken"]
    )
    assert [entry["Prefix"] for entry in two["CommonPrefixes"]] == ["pages/b/"]
    assert pages(Prefix="nothing/")[0]["KeyCount"] == 0


def test_buckets_are_made_and_asked_for(s3):
    s3.head_bucket(Bucket=BUCKET)
    with refused("404", 404):
        s3.head_bucket(Bucket="missing")
    with refused("NoSuchBucket", 404):
        s3.put_object(Bucket="missing", Key="a", Body=b"")
    s3.create_bucket(Bucket="another")
    with refused("BucketAlreadyOwnedByYou", 409):
        s3.create_bucket(Bucket="another")
    assert {bucket["Name"] for bucket in s3.list_buckets()["Buckets"]} == {BUCKET, "another"}


def test_a_wrong_secret_is_refused(server):
    with refused("SignatureDoesNotMatch", 403):
        client(server, secret="guess").put_object(Bucket=BUCKET, Key="stranger", Body=b"x")
    assert ask(server, "GET", "/writes?key=stranger") == []


@pytest.mark.parametrize(
    "claim", [{"ChecksumSHA256": "A" * 43 + "="}, {"ChecksumCRC32": "AAAAAA=="}, {"ContentMD5": "A" * 22 + "=="}]
)
def test_a_wrong_checksum_is_refused(server, s3, claim):
    with refused("BadDigest", 400):
        s3.put_object(Bucket=BUCKET, Key="damaged", Body=b"x", **claim)
    assert ask(server, "GET", "/writes?key=damaged") == []


@pytest.mark.parametrize("checksums", ["when_supported", "when_required"])
def test_bodies_come_whole_or_as_streams(server, checksums, tmp_path):
    s3 = client(server, checksums=checksums)
    (tmp_path / "body").write_bytes(b"stream" * 50_000)
    with open(tmp_path / "body", "rb") as body:
        s3.put_object(Bucket=BUCKET, Key=f"stream/{checksums}", Body=body)
    got = s3.get_object(Bucket=BUCKET, Key=f"stream/{checksums}")
    assert got["Body"].read() == b"stream" * 50_000


@pytest.mark.parametrize(
    "fault, code",
    [
        ("conflict", ("ConditionalRequestConflict", 409)),
        ("internal_error", ("InternalError", 500)),
        ("slow_down", ("SlowDown", 503)),
    ],
)
def test_faults_can_be_ordered_over_http(server, s3, fault, code):
    order = {"fault": fault, "operation": "PutObject", "key": f"faults/{fault}", "next": 2}
    ask(server, "POST", "/faults", order)
    assert ask(server, "GET", "/faults") == [order]
    before = ask(server, "GET", "/requests")["PutObject"]
    for _ in range(2):
        with refused(*code):
            s3.put_object(Bucket=BUCKET, Key=f"faults/{fault}", Body=b"")
    s3.put_object(Bucket=BUCKET, Key=f"faults/{fault}", Body=b"")
    assert ask(server, "GET", "/requests")["PutObject"] == before + 3
    (write,) = ask(server, "GET", f"/writes?key=faults/{fault}")
    assert write["outcome"] == "created" and write["bucket"] == BUCKET


def test_a_held_write_is_seen_and_released(server, s3):
    ask(server, "POST", "/faults", {"fault": "hold_after", "key": "held"})
    thread = threading.Thread(target=s3.put_object, kwargs={"Bucket": BUCKET, "Key": "held", "Body": b""})
    thread.start()
    while ask(server, "GET", "/held") == 0:
        pass
    assert len(ask(server, "GET", "/writes?key=held")) == 1
    assert ask(server, "POST", "/release", {}) == 1
    thread.join()
