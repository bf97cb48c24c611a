"""Options and choices: phrases to say, keys to press (VoiceXML 2.0, 2.2 and 2.3.1.3)."""

from itertools import combinations

import pytest

from services.dialer.vxml.grammars.faults import GrammarFault
from services.dialer.vxml.grammars.grammar import Fit
from services.dialer.vxml.grammars.phrases import Phrase, phrases


def said(several, words):
    return entered(phrases(several, "voice"), words.split())


def keyed(several, keys):
    return entered(phrases(several, "dtmf"), keys)


def entered(grammar, tokens):
    match = grammar.begin()
    for token in tokens:
        match.feed(token)
    result = match.result(pytest.fail)
    return None if result is None else (result.utterance, result.value)


MENU = [Phrase("Sports", "1", 0), Phrase("Stargazer astrophysics news.", "2", 1), Phrase("Nothing", "", 2)]


def test_a_phrase_is_said_or_its_key_is_pressed():
    assert said(MENU, "sports") == ("Sports", 0)
    assert keyed(MENU, "2") == ("2", 1)
    assert keyed(MENU, "3") is None


def test_punctuation_is_not_said():
    assert said(MENU, "stargazer astrophysics news") == ("Stargazer astrophysics news", 1)


def test_an_exact_phrase_is_said_whole():
    assert said(MENU, "stargazer news") is None


def test_of_an_approximate_phrase_any_words_in_their_order_will_do():
    words = ["stargazer", "astrophysics", "news"]
    several = [Phrase(" ".join(words), value=1, approximate=True)]
    for count in (1, 2, 3):
        for some in combinations(words, count):
            assert said(several, " ".join(some)) == (" ".join(some), 1)
    for others in ("news stargazer", "news news", "moon", ""):
        assert said(several, others) is None


def test_an_approximate_phrase_of_many_words_stays_small():
    words = [f"w{number}" for number in range(100)]
    assert said([Phrase(" ".join(words), value=1, approximate=True)], " ".join(words[::3]))[1] == 1


def test_what_is_approximate_is_not_so_with_keys():
    assert keyed([Phrase("a", "1 2", 1, approximate=True)], "2") is None


def test_keys_may_be_several_with_blanks_or_without():
    assert keyed([Phrase(keys="1 2"), Phrase(keys="*#")], "12") == ("12", "12")
    assert keyed([Phrase(keys="1 2"), Phrase(keys="*#")], "*#") == ("*#", "*#")


def test_without_a_value_it_means_what_was_said():
    assert said([Phrase("New York")], "new york") == ("New York", "New York")


def test_of_two_alike_the_first_is_meant():
    assert said([Phrase("a", value=1), Phrase("A", value=2)], "a") == ("a", 1)
    assert keyed([Phrase("a", "1", "x"), Phrase("b", "1", "y")], "1") == ("1", "x")


def test_without_phrases_nothing_fits():
    assert phrases([], "dtmf").begin().fit is Fit.NONE
    assert phrases(MENU[2:], "dtmf").begin().fit is Fit.NONE


@pytest.mark.parametrize("keys", ["x", "1-2", "12E"])
def test_a_key_that_is_none_is_refused(keys):
    with pytest.raises(GrammarFault):
        phrases([Phrase(keys=keys)], "dtmf")
