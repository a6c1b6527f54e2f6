"""The words of a server's error, in all the forms that servers give them."""

import json
from typing import Any

import pytest

from llmc_runtime.models.server_messages import answered, error_in, is_too_long, words_of

SAID = "the tea is out"


@pytest.mark.parametrize(
    "body",
    [
        {"error": {"message": SAID, "type": "invalid_request_error", "param": None, "code": None}},
        {"error": SAID},
        {"detail": SAID},
        {"message": SAID},
        {"error": {"error": {"message": SAID}}},
        {"error": {"code": 400, "message": SAID, "status": "INVALID_ARGUMENT"}},
        [{"error": {"message": SAID}}],
        [{"error": SAID}, {"error": SAID}],
        {"object": "error", "message": SAID, "type": "BadRequestError", "code": 400},
        {"type": "error", "error": {"type": "overloaded_error", "message": SAID}},
        {"error": {"message": json.dumps({"error": {"message": SAID}})}},
        {"errors": [{"message": SAID}]},
        {"error": {"details": [{"reason": SAID}]}},
        {"msg": SAID},
        {"Message": SAID, "__type": "AccessDenied"},
        {"error_code": 17, "error_msg": SAID},
        {"success": False, "result": None, "errors": [{"code": 7, "message": SAID}], "messages": []},
        {"base_resp": {"status_code": 1004, "status_msg": SAID}},
        SAID,
    ],
)
def test_the_message_is_found(body: object) -> None:
    """As JSON, wherever the message stands, and nothing else is said."""
    assert answered(400, json.dumps(body)).text == SAID


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (SAID, SAID),
        (f"  {SAID}\n\n  really ", f"{SAID} really"),
        (f"<!doctype html><html><head><title>\n {SAID} &amp; gone</title></head><body>x</body>", f"{SAID} & gone"),
        (f"<html><h1 class='x'>{SAID}</h1><p>more</p>", SAID),
        (f"<html><body><p>{SAID}</p></body></html>", SAID),
        (f'<?xml version="1.0"?><Error><Code>x</Code><Message>{SAID}</Message></Error>', SAID),
        ("<html>" + "<title" * 20_000, ""),
        ("", "Bad Gateway"),
        ("{}", "Bad Gateway"),
        ("null", "null"),
        ("\x1b[31mred\u202e", r"\x1b[31mred\u202e"),
    ],
)
def test_what_is_no_api_has_words_too(body: str, words: str) -> None:
    """A text, the title or heading of a page, or the name of the status; controls are escaped."""
    said = answered(502, body)
    assert said.text == words or (not words and said.text)
    assert not said.is_of_api


@pytest.mark.parametrize(
    "body",
    [
        {"error": "invalid_request", "error_description": SAID},
        {"fault": {"faultstring": SAID, "detail": {"errorcode": "oauth.v2"}}},
    ],
)
def test_words_under_other_keys_are_not_lost(body: object) -> None:
    """Where no key is known, the data itself is quoted."""
    assert SAID in answered(400, json.dumps(body)).text


def test_details_are_joined() -> None:
    """A validation says where; what a gateway adds is behind its own words."""
    detail = [{"type": "extra_forbidden", "loc": ["body", "stream_options"], "msg": "Extra inputs are not permitted"}]
    for body in ({"detail": detail}, {"object": "error", "message": {"detail": detail}}):
        said = answered(422, json.dumps(body))
        assert said.text == "body.stream_options: Extra inputs are not permitted"
        assert said.parameter == "body.stream_options"
    fields = {"message": "Invalid", "errors": {"stop": ["too many", "too long"], "$.seed": ["no number"]}}
    assert answered(422, json.dumps(fields)).text == "Invalid: stop: too many; too long; $.seed: no number"
    issues = {"message": "Invalid", "issues": [{"path": ["store"], "message": "expected false"}]}
    assert answered(400, json.dumps({"error": issues})).text == "Invalid: store: expected false"
    raw = json.dumps({"error": {"message": SAID}})
    said = answered(400, json.dumps({"error": {"message": "Provider returned error", "metadata": {"raw": raw}}}))
    assert said.text == f"Provider returned error: {SAID}"


def test_words_are_bounded() -> None:
    """Whatever their length, depth and number."""
    deep: Any = SAID
    for _ in range(500):
        deep = {"error": deep}
    for body in (
        "x" * 10**6,
        json.dumps({"error": "x" * 50_000}),
        json.dumps(deep),
        json.dumps([{"error": SAID}] * 900),
    ):
        assert 0 < len(answered(500, body).text) <= 300
    assert words_of([[[[[[[[SAID]]]]]]]]) == ""
    assert words_of([[SAID]]) == SAID


@pytest.mark.parametrize(
    "event",
    [
        {"choices": [{"delta": {"content": "a"}}]},
        {"choices": [], "error": None},
        {"choices": [], "error": {"message": None, "code": None}},
        {"choices": [], "base_resp": {"status_code": 0, "status_msg": ""}},
        {"type": "response.created", "response": {"error": None}},
        {"message": {"content": "a"}, "done": False},
        {"choices": [{"message": {"content": "a"}}], "message": "ok"},
        {},
        3,
        None,
        [],
    ],
)
def test_a_reply_is_no_error(event: object) -> None:
    """Nor is what has neither words nor a name of an error."""
    assert error_in(event) is None


def test_what_only_some_servers_call_an_error_is_one() -> None:
    """Beside choices that are none, and without a key `error`."""
    for value in (
        {"choices": None, "base_resp": {"status_code": 1008, "status_msg": SAID}},
        {"success": False, "errors": [{"message": SAID}]},
        {"code": 500, "msg": SAID},
    ):
        said = error_in(value)
        assert said is not None
        assert said.text == SAID


def test_a_text_about_the_request_comes_from_an_api() -> None:
    """A page, or an address that is not there, does not."""
    assert answered(422, "messages: missing field `content`").is_of_api
    for status, body in ((400, "<html><title>x</title></html>"), (404, "404 page not found"), (502, SAID)):
        assert not answered(status, body).is_of_api
    unknown = error_in({"code": 500, "msg": "404 NOT_FOUND", "success": False})
    assert unknown is not None
    assert not unknown.is_of_api


def test_an_event_may_be_called_an_error() -> None:
    """Then all of it is one."""
    said = error_in({"status": SAID}, "error")
    assert said is not None
    said = error_in(SAID, "error")
    assert said is not None
    assert said.text == SAID


@pytest.mark.parametrize(
    ("said", "is_too"),
    [
        ("This model's maximum context length is 8192 tokens. However, your messages resulted in 9000 tokens.", True),
        ("the request exceeds the available context size, try increasing it", True),
        ("prompt is too long: 210000 tokens > 200000 maximum", True),
        ("The input token count (1200000) exceeds the maximum number of tokens allowed (1048576).", True),
        ("Requested token count exceeds the model's maximum context length of 4096 tokens.", True),
        ("Trying to keep the first 9000 tokens when context the overflows. The context length is only 4096", True),
        ("max_tokens is too large: 9000. This model's maximum context length is 8192 tokens.", False),
        ("Your request exceeded model token limit: 8192", True),
        ("This model's maximum prompt length is 131072 but the request contains 137291 tokens.", True),
        ("too many tokens: the prompt cannot exceed 4081 tokens", True),
        ("the input token count is 40000 but model only supports up to 32768", True),
        ("`inputs` must have less than 4095 tokens. Given: 5000", True),
        ("the number of input tokens 9000 cannot exceed the total tokens limit 8192", True),
        ("Requested tokens 130000 exceeds limit of 127072 tokens", True),
        ("Prompt exceeds max length", True),
        ("maximum context length is 8192 tokens: reduce the length of the prompt or reduce max_tokens", True),
        ("too many tokens per minute", False),
        ("the tea is out", False),
        ("Invalid token", False),
    ],
)
def test_a_question_that_does_not_fit_is_known_by_its_words(said: str, is_too: bool) -> None:
    """In the words of each server; a bound of the reply is another matter."""
    assert is_too_long(answered(400, json.dumps({"error": {"message": said}}))) == is_too
    assert is_too_long(answered(400, json.dumps({"error": {"message": "no", "code": "context_length_exceeded"}})))
    assert is_too_long(answered(413, "<html><title>Request Entity Too Large</title></html>"))
    assert not is_too_long(answered(401, json.dumps({"error": {"message": said}})))
