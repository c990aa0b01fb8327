from __future__ import annotations

import gzip
import json
import math

import pytest
from starlette.requests import Request

from audio_logging.dashboard.server.answers import error_answer, json_answer, to_json


def request(encoding: str = "") -> Request:
    return Request({"type": "http", "method": "GET", "headers": [(b"accept-encoding", encoding.encode())]})


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_numbers_that_json_does_not_have_become_null(value: float) -> None:
    assert to_json({"a": [value, {"b": (value, 1.5)}]}) == b'{"a":[null,{"b":[null,1.5]}]}'


def test_text_is_ascii_and_comes_back_whole() -> None:
    text = "\u9ce5 </script> \u202e \U0001f426 \u2028 \ud800"
    assert to_json(text).isascii()
    assert json.loads(to_json(text)) == text


def test_long_answers_are_compressed_for_those_who_take_that() -> None:
    value = ["clip"] * 1000
    packed = json_answer(request("br, gzip"), value)
    assert packed.headers["content-encoding"] == "gzip"
    assert packed.headers["vary"] == "Accept-Encoding"
    assert json.loads(gzip.decompress(bytes(packed.body))) == value
    plain = json_answer(request(), value)
    assert "content-encoding" not in plain.headers
    assert plain.headers["vary"] == "Accept-Encoding"
    assert "content-encoding" not in json_answer(request("gzip"), ["short"]).headers


def test_errors_are_json_that_is_not_kept() -> None:
    answer = error_answer('wanted "a"', 429, {"Retry-After": "1"})
    assert (answer.status_code, json.loads(bytes(answer.body))) == (429, {"error": 'wanted "a"'})
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["retry-after"] == "1"
