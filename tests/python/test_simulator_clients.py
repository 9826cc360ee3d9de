"""The official clients against the simulator: if they can read it, it speaks their API.

conftest.py starts it: ANTIPHON_SIM_URL is the base URL of a simulator that serves configs/voices.demo.yaml with the key `right`.
"""

import json
import os
import urllib.request

import anthropic
import openai
import pytest

URL = os.environ["ANTIPHON_SIM_URL"].rstrip("/")
KEY = "r/t/music/u1/s1/0/0"
ASK = [{"role": "user", "content": "What is your favourite music?"}]


def control(path, body):
    data = json.dumps(body).encode()
    request = urllib.request.Request(f"{URL}/_sim/{path}", data, {"content-type": "application/json"})
    with urllib.request.urlopen(request) as response:
        assert response.status == 204


def fault_next(kind):
    control("faults", {"kind": kind, "next": 1})


@pytest.fixture(autouse=True)
def fresh():
    control("reset", {})


def claude(key="right", **options):
    return anthropic.Anthropic(api_key=key, base_url=URL, max_retries=0, _strict_response_validation=True, **options)


def gpt(key="right", **options):
    return openai.OpenAI(api_key=key, base_url=f"{URL}/v1", max_retries=0, _strict_response_validation=True, **options)


def message(client, model="steady", **changes):
    options = {"model": model, "max_tokens": 300, "messages": ASK, "extra_headers": {"idempotency-key": KEY}}
    return client.messages.create(**(options | changes))


def completion(client, model="steady", **changes):
    options = {"model": model, "messages": ASK, "extra_headers": {"idempotency-key": KEY}}
    return client.chat.completions.create(**(options | changes))


def test_anthropic_reads_an_answer():
    raw = claude().messages.with_raw_response.create(model="steady", max_tokens=300, messages=ASK)
    answer = raw.parse()
    assert answer.id.startswith("msg_") and answer.type == "message" and answer.role == "assistant"
    assert answer.model == "steady" and answer.stop_reason == "end_turn" and answer.stop_sequence is None
    assert answer.content[0].type == "text" and answer.content[0].text
    assert answer.usage.input_tokens > 0 and answer.usage.output_tokens > 0
    assert raw.headers["request-id"] == answer._request_id
    for what in ("requests", "tokens", "input-tokens", "output-tokens"):
        for part in ("limit", "remaining", "reset"):
            assert raw.headers[f"anthropic-ratelimit-{what}-{part}"]


def test_openai_reads_an_answer():
    raw = gpt().chat.completions.with_raw_response.create(model="steady", messages=ASK)
    answer = raw.parse()
    choice = answer.choices[0]
    assert answer.id.startswith("chatcmpl-") and answer.object == "chat.completion" and answer.system_fingerprint
    assert choice.finish_reason == "stop" and choice.message.content and choice.message.refusal is None
    assert answer.usage.total_tokens == answer.usage.prompt_tokens + answer.usage.completion_tokens
    assert answer.usage.prompt_tokens_details.cached_tokens == 0
    assert raw.headers["x-request-id"] == answer._request_id
    assert raw.headers["x-ratelimit-reset-requests"].endswith("s")


def test_the_same_key_gives_the_same_text_in_both_dialects_and_a_new_token():
    one, two = message(claude()), message(claude())
    assert one.content[0].text == two.content[0].text == completion(gpt()).choices[0].message.content
    assert one.id != two.id


def test_max_tokens_and_stop():
    assert message(claude(), max_tokens=1).stop_reason == "max_tokens"
    stopped = message(claude(), messages=[{"role": "user", "content": "Talk."}], stop_sequences=["."])
    assert stopped.stop_reason == "stop_sequence" and stopped.stop_sequence == "."
    assert completion(gpt(), max_tokens=1).choices[0].finish_reason == "length"
    assert completion(gpt(), max_completion_tokens=1).choices[0].finish_reason == "length"


def test_refusals_are_answers():
    found = set()
    for user in range(300):
        header = {"idempotency-key": f"r/t/music/u{user}/s/0/0"}
        answer = completion(gpt(), model="fickle", extra_headers=header).choices[0]
        if answer.message.refusal:
            assert answer.message.content is None and answer.finish_reason == "stop"
            same = message(claude(), model="fickle", extra_headers=header)
            assert same.stop_reason == "refusal" and same.stop_details.type == "refusal"
            found.add(user)
    assert found


def test_anthropic_errors():
    with pytest.raises(anthropic.AuthenticationError) as wrong:
        message(claude("wrong"))
    assert wrong.value.body["error"]["type"] == "authentication_error" and wrong.value.request_id
    with pytest.raises(anthropic.NotFoundError) as unknown:
        message(claude(), model="nobody")
    assert unknown.value.body["error"]["type"] == "not_found_error"
    with pytest.raises(anthropic.BadRequestError):
        message(claude(), extra_body={"max_token": 1})


@pytest.mark.parametrize(
    "kind, error, status",
    [
        ("rate_limit", anthropic.RateLimitError, 429),
        ("server_error", anthropic.InternalServerError, 500),
        ("overloaded", anthropic.InternalServerError, 529),
        ("quota", anthropic.BadRequestError, 400),
    ],
)
def test_anthropic_faults(kind, error, status):
    fault_next(kind)
    with pytest.raises(error) as caught:
        message(claude())
    assert caught.value.status_code == status and caught.value.body["type"] == "error"
    if kind == "rate_limit":
        assert int(caught.value.response.headers["retry-after"]) >= 0
    if kind == "overloaded":
        assert type(caught.value).__name__ == "OverloadedError"
        assert caught.value.body["error"]["type"] == "overloaded_error"


def test_openai_errors():
    with pytest.raises(openai.AuthenticationError) as wrong:
        completion(gpt("wrong"))
    assert wrong.value.code == "invalid_api_key"
    with pytest.raises(openai.NotFoundError) as unknown:
        completion(gpt(), model="nobody")
    assert unknown.value.code == "model_not_found"
    with pytest.raises(openai.BadRequestError) as streamed:
        completion(gpt(), stream=True)
    assert streamed.value.param == "stream"


@pytest.mark.parametrize(
    "kind, error, status, code",
    [
        ("rate_limit", openai.RateLimitError, 429, "rate_limit_exceeded"),
        ("quota", openai.RateLimitError, 429, "insufficient_quota"),
        ("server_error", openai.InternalServerError, 500, None),
        ("overloaded", openai.InternalServerError, 503, None),
    ],
)
def test_openai_faults(kind, error, status, code):
    fault_next(kind)
    with pytest.raises(error) as caught:
        completion(gpt())
    assert caught.value.status_code == status and caught.value.code == code
    if kind == "rate_limit":
        assert int(caught.value.response.headers["retry-after-ms"]) >= 0


@pytest.mark.parametrize("kind", ["reset", "truncated", "garbage"])
def test_broken_transport(kind):
    fault_next(kind)
    with pytest.raises(Exception) as caught:
        message(claude())
    assert not isinstance(caught.value, (anthropic.APIStatusError, AssertionError, TypeError)), caught.value


def test_a_hang_times_out():
    fault_next("hang")
    with pytest.raises(anthropic.APITimeoutError):
        message(claude(timeout=0.3))


def test_the_clients_own_retries_get_through():
    fault_next("rate_limit")
    control("faults", {"kind": "server_error", "next": 1})
    patient = anthropic.Anthropic(api_key="right", base_url=URL, max_retries=3)
    assert message(patient).content[0].text
    with urllib.request.urlopen(f"{URL}/_sim/ledger") as response:
        entries = [json.loads(line) for line in response]
    assert [entry["status"] for entry in entries] == [429, 500, 200]
    assert [entry["token"] is None for entry in entries] == [True, True, False]


def test_models():
    assert [model.id for model in claude().models.list()] == ["steady", "fickle"]
    assert [model.id for model in gpt().models.list()] == ["steady", "fickle"]
    assert claude().models.retrieve("steady").display_name == "steady"
    with pytest.raises(openai.NotFoundError):
        gpt().models.retrieve("nobody")


# The published schema is 3 MB and not in the repository; the test exists where OPENAI_OPENAPI names it, as JSON.
if "OPENAI_OPENAPI" in os.environ:

    def test_openai_bodies_satisfy_the_published_schema():
        import jsonschema

        with open(os.environ["OPENAI_OPENAPI"], encoding="utf-8") as file:
            description = json.load(file)

        def check(name, body):
            schema = {"$ref": f"#/components/schemas/{name}", "components": description["components"]}
            jsonschema.Draft202012Validator(schema).validate(body)

        for user in range(100):
            header = {"idempotency-key": f"r/t/music/u{user}/s/0/0"}
            raw = gpt().chat.completions.with_raw_response.create(model="fickle", messages=ASK, extra_headers=header)
            check("CreateChatCompletionResponse", json.loads(raw.text if isinstance(raw.text, str) else raw.text()))
        models = urllib.request.Request(f"{URL}/v1/models", headers={"authorization": "Bearer right"})
        with urllib.request.urlopen(models) as response:
            check("ListModelsResponse", json.load(response))
        for kind in ("rate_limit", "server_error", "overloaded", "quota"):
            fault_next(kind)
            with pytest.raises(openai.APIStatusError) as caught:
                completion(gpt())
            check("ErrorResponse", caught.value.response.json())
