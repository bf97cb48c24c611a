"""When an answer may be used again: RFC 9111 and VoiceXML 2.0 section 6.1.2."""

import pytest

from services.dialer.freshness import kept

DATE = "Mon, 03 Jan 2022 13:00:00 GMT"
LATER = "Mon, 03 Jan 2022 13:01:00 GMT"


def keep(headers, *, status=200, now=1000.0):
    return kept(status, headers, b"<vxml/>", "http://x/", now=now)


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"Cache-Control": "max-age=60"}, 60),
        ({"Cache-Control": 'max-age="60"'}, 60),
        ({"Cache-Control": "public, s-maxage=90, max-age=60"}, 90),
        ({"Cache-Control": "MAX-AGE=60", "Age": "20"}, 40),
        ({"Expires": LATER, "Date": DATE}, 60),
        ({"Cache-Control": "max-age=60", "Expires": DATE, "Date": DATE}, 60),
        ({"Cache-Control": "max-age=60", "Vary": "Accept-Encoding"}, 60),
    ],
)
def test_an_answer_is_used_for_as_long_as_it_says(headers, seconds):
    found = keep(headers)
    assert found.is_usable(1000 + seconds - 1, max_age=None, max_stale=None)
    assert not found.is_usable(1000 + seconds, max_age=None, max_stale=None)


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 200),
        ({"Cache-Control": "no-store, max-age=60"}, 200),
        ({"Cache-Control": "private, max-age=60"}, 200),
        ({"Cache-Control": "max-age=60", "Vary": "Cookie"}, 200),
        ({"Cache-Control": "max-age=60", "Vary": "*"}, 200),
        ({"Cache-Control": "max-age=60"}, 404),
        ({"Cache-Control": "max-age=soon"}, 200),
        ({"Cache-Control": "max-age=60", "Age": "60"}, 200),
        ({"Expires": "0", "Date": DATE}, 200),
        ({"Expires": LATER}, 200),
    ],
)
def test_an_answer_that_may_not_or_need_not_be_kept_is_not(headers, status):
    assert keep(headers, status=status) is None


@pytest.mark.parametrize("headers", [{"ETag": '"1"'}, {"Cache-Control": "no-cache", "ETag": '"1"'}])
def test_what_does_not_say_how_long_it_is_fresh_is_asked_for_again_with_its_validator(headers):
    found = keep(headers)
    assert not found.is_usable(1000, max_age=None, max_stale=None)
    assert found.validators == {"If-None-Match": '"1"'}


def test_a_document_may_want_an_answer_younger_or_bear_it_older():
    found = keep({"Cache-Control": "max-age=60", "Last-Modified": DATE})
    assert found.validators == {"If-Modified-Since": DATE}
    assert not found.is_usable(1031, max_age=30, max_stale=None)
    assert found.is_usable(1030, max_age=30, max_stale=None)
    assert not found.is_usable(1000.1, max_age=0, max_stale=99)
    assert found.is_usable(1089, max_age=None, max_stale=30)
    assert not found.is_usable(1090, max_age=None, max_stale=30)


@pytest.mark.parametrize("word", ["must-revalidate", "proxy-revalidate"])
def test_a_server_may_forbid_that_its_answer_is_used_when_it_is_stale(word):
    found = keep({"Cache-Control": f"max-age=60, {word}"})
    assert not found.is_usable(1061, max_age=None, max_stale=30)


def test_an_answer_that_did_not_change_is_fresh_again():
    found = keep({"Cache-Control": "max-age=60", "ETag": '"1"'})
    assert found.renewed({}, 2000).is_usable(2059, max_age=None, max_stale=None)
    assert not found.renewed({"Cache-Control": "max-age=5"}, 2000).is_usable(2006, max_age=None, max_stale=None)
    assert not found.renewed({"Age": "59"}, 2000).is_usable(2002, max_age=None, max_stale=None)


@pytest.mark.parametrize("tag", ['"\udcff"', '"é"', '"a\x01"'])
def test_a_validator_that_cannot_be_sent_is_none(tag):
    assert keep({"ETag": tag, "Last-Modified": DATE}).validators == {"If-Modified-Since": DATE}
