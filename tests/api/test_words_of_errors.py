"""Errors that a library words are worded here, in the caller's language and in one language alone."""

import re

import pytest

from accounts.api.throttling import TokenThrottle
from accounts.models import User

pytestmark = [pytest.mark.django_db, pytest.mark.anywhere]
LATIN = re.compile(r"[A-Za-z]+")


@pytest.fixture
def chinese(company, api):
    """An administrator's client, answered in Chinese."""
    User.objects.filter(pk=company.admin.pk).update(language="zh-hans")
    return api(company.admin)


def words(text):
    return set(LATIN.findall(text))


@pytest.mark.parametrize("path", ["products/", "customers/", "teams/"])
def test_a_key_that_is_taken(chinese, path):
    assert chinese.post(path, {"name": "One", "key": "k-1"}).status_code == 201
    answer = chinese.post(path, {"name": "Two", "key": "k-1"})
    assert (answer.status_code, answer.json()) == (400, {"key": ["这个值已被使用。"]})


@pytest.mark.parametrize(("body", "where"), [(b'{"name": }', "1 行，第 10"), (b'{\n"a"', "2 行，第 4"), (b"\xff", "")])
def test_what_is_no_json(chinese, body, where):
    answer = chinese.generic("POST", "customers/", body, content_type="application/json")
    assert answer.status_code == 400
    assert words(answer.json()["detail"]) == {"JSON"}
    assert where in answer.json()["detail"]


def test_what_comes_too_often(chinese, monkeypatch):
    monkeypatch.setattr(TokenThrottle, "THROTTLE_RATES", {"token": "1/min"})
    assert chinese.get("me/").status_code == 200
    answer = chinese.get("me/")
    assert (answer.status_code, answer["Retry-After"]) == (429, re.findall(r"\d+", answer.json()["detail"])[0])
    assert not words(answer.json()["detail"])
    assert " " not in answer.json()["detail"].replace(f" {answer['Retry-After']} ", "")


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("", {"q": ["请填写此项。"]}),
        ("q=+", {"q": ["该字段不能为空。"]}),
        ("q=%00", {"q": ["不能含有空字符。"]}),
        (f"q={'x' * 201}", {"q": ["请确保这个字段不能超过 200 个字符。"]}),
        ("q=x&kind=team", {"kind": ["“team” 不是合法选项。"]}),
    ],
)
def test_what_is_not_searched_for(chinese, query, said):
    answer = chinese.get(f"search/?{query}")
    assert (answer.status_code, answer.json()) == (400, said)
