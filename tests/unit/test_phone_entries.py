"""The entry forms of the seed and of the vendor's sibling APIs, and the sentences for what cannot be read."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.errors import EntryRefused
from shared.domain.phone_entries import COMMON_LINES, PhoneEntry, parse_entry, split_chain


@pytest.mark.parametrize(
    ("text", "entry"),
    [
        ("tel:+12223334444; ani=7778889999", PhoneEntry("+12223334444", "+17778889999")),
        (
            "tel:+12223334444; ani=7778889999, marchcampaign",
            PhoneEntry("+12223334444", "+17778889999", None, "marchcampaign"),
        ),
        ("6175551234", PhoneEntry("+16175551234")),
        ("16175551234;postd=2", PhoneEntry("+16175551234", None, "2")),
        (
            "tel:+16175551234;postd=1234;ani=8009957586",
            PhoneEntry("+16175551234", "+18009957586", "1234"),
        ),
        ("+447911123456, a b", PhoneEntry("+447911123456", None, None, "a b")),
        ("2223334444,one,two", PhoneEntry("+12223334444", None, None, "one,two")),
        ("  TEL: (617) 555-1234 ; ANI = 800 995 7586 ", PhoneEntry("+16175551234", "+18009957586")),
    ],
)
def test_an_entry_is_read(text, entry):
    assert parse_entry(text) == entry


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "no phone number"),
        ("tel:", "no phone number"),
        ("5551234", "phone number has 7 digits: write ten digits, or \\+ and the country code"),
        ("2225550100; ani=1", "ani has 1 digit: write ten digits"),
        ("2225550100; ani=", "ani is empty: write ten digits"),
        ("2225550100; ani=me", "ani is not a number: write ten digits"),
        ("2225550100; me", "after a comma the message_reference"),
        ("+1" + "5" * 30, "31 digits"),
        ("+1555", "length"),
        ("+999123456", "country code"),
        ("call me", "not a number"),
        ("6175551234; dnis=1", "only `; ani=`"),
        ("6175551234; ani=1; ani=2", "twice"),
        ("6175551234; postd=x", "postd"),
        ("6175551234, " + "r" * 256, "longer than 255"),
        ("6175551234, a\x07b", "control"),
    ],
)
def test_a_bad_entry_says_why_and_does_not_repeat_the_number(text, why):
    with pytest.raises(EntryRefused, match=why) as refusal:
        parse_entry(text)
    assert "555" not in str(refusal.value)


def test_several_entries_in_one_string_as_the_vendors_sandbox_sends_them():
    chain = "tel:+12223334444; ani=7778889999, tel:+14443332222; ani=9998887777, march campaign"
    assert [parse_entry(text) for text in split_chain(chain)] == [
        PhoneEntry("+12223334444", "+17778889999"),
        PhoneEntry("+14443332222", "+19998887777", None, "march campaign"),
    ]


@given(st.text(max_size=60))
def test_any_text_is_an_entry_or_a_refusal(text):
    try:
        entry = parse_entry(text)
    except EntryRefused:
        return
    assert entry.phone.startswith("+")
    assert entry.phone[1:].isdigit()


WRITTEN = st.tuples(
    st.sampled_from(["", "tel:", "TEL:", " "]),
    st.sampled_from(["", "1", "+1", "+"]),
    st.sampled_from(["2223334444", "1223334444", "222333444", "22233344445", "२२२३३३४४४४", "447911123456"]),
    st.sampled_from(["", "; ani=7778889999", ";ani=+17778889999", "; ani=1", ";", "; ANI=7778889999", "; postd=2"]),
    st.sampled_from(
        ["", ", ", ",", ",,", ", a b", ",x\\y", ',"q"', ", a,b", ", end ", ", é", ", \x07", ",\t", ", \xa0z"]
    ),
    st.text(max_size=3) | st.just("r" * 256),
).map("".join)


@given(WRITTEN.filter(lambda line: "\n" not in line))
def test_what_the_pattern_of_common_lines_reads_the_parser_reads_alike(line):
    [(phone, ani, reference, odd)] = COMMON_LINES.findall(line + "\n")
    if not phone:
        assert odd == line
        return
    assert parse_entry(line) == PhoneEntry("+1" + phone, "+1" + ani if ani else None, None, reference or None)


@pytest.mark.parametrize("line", ["2223334444", "tel:+12223334444; ani=7778889999, marchcampaign", "12223334444,a b"])
def test_the_common_lines_are_read_by_their_pattern(line):
    [(phone, *_)] = COMMON_LINES.findall(line + "\n")
    assert phone == "2223334444"
