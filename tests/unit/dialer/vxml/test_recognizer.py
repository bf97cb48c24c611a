"""Several grammars active at once (VoiceXML 2.0, 3.1.4)."""

import pytest

from services.dialer.vxml.grammars.builtins import builtin_at
from services.dialer.vxml.grammars.grammar import Fit
from services.dialer.vxml.grammars.phrases import Phrase, phrases
from services.dialer.vxml.grammars.recognizer import Active, Recognizer, Scope


def keys(*several):
    return phrases([Phrase(keys=each) for each in several], "dtmf")


def begin(*active, mode="dtmf"):
    return Recognizer([Active(grammar, owner, scope) for grammar, owner, scope in active]).begin(mode)


def owner(recognition):
    found = recognition.recognized(pytest.fail)
    return None if found is None else found.active.owner


SCOPES = list(Scope)


@pytest.mark.parametrize("nearest", range(len(SCOPES)))
def test_the_nearest_scope_has_an_input_that_several_match(nearest):
    recognition = begin(*((keys("1"), scope, scope) for scope in reversed(SCOPES[nearest:])))
    assert recognition.feed("1") is Fit.FULL
    assert owner(recognition) is SCOPES[nearest]


def test_within_a_scope_document_order_decides():
    recognition = begin((keys("1"), "first", Scope.DOCUMENT), (keys("1"), "second", Scope.DOCUMENT))
    recognition.feed("1")
    assert owner(recognition) == "first"


def test_a_far_scope_has_what_only_it_matches():
    recognition = begin((keys("1"), "field", Scope.INPUT_ITEM), (keys("0"), "operator", Scope.APPLICATION))
    assert recognition.fit is Fit.PARTIAL
    assert recognition.feed("0") is Fit.FULL
    assert owner(recognition) == "operator"


def test_an_input_is_complete_when_no_grammar_waits_for_more():
    recognition = begin((keys("1"), "near", Scope.INPUT_ITEM), (keys("123"), "far", Scope.DOCUMENT))
    assert recognition.feed("1") is Fit.FULL_AND_MORE
    assert owner(recognition) == "near"
    assert recognition.feed("2") is Fit.PARTIAL
    assert owner(recognition) is None
    assert recognition.feed("3") is Fit.FULL
    assert owner(recognition) == "far"


def test_who_is_out_stays_out():
    recognition = begin((keys("1"), "a", Scope.FORM))
    assert [recognition.feed(key) for key in "21"] == [Fit.NONE, Fit.NONE]
    assert owner(recognition) is None


def test_a_key_that_a_grammar_waits_for_is_told_before_it_is_heard():
    recognition = begin((builtin_at("digits"), "d", Scope.FORM), (keys("1#"), "k", Scope.FORM))
    assert not recognition.takes("#")
    recognition.feed("1")
    assert recognition.takes("#")
    assert not recognition.takes("*")


def test_keys_are_for_dtmf_grammars_and_words_for_voice_grammars():
    both = (keys("1"), "keys", Scope.FORM), (phrases([Phrase("1", value=True)], "voice"), "words", Scope.INPUT_ITEM)
    for mode, whose in (("dtmf", "keys"), ("voice", "words")):
        recognition = begin(*both, mode=mode)
        recognition.feed("1")
        assert owner(recognition) == whose
        assert recognition.recognized(str).interpretation.mode == mode


def test_without_grammars_nothing_fits():
    assert begin().fit is Fit.NONE


def test_a_recognizer_begins_anew_as_often_as_is_asked():
    recognizer = Recognizer([Active(keys("1"), "a", Scope.FORM)])
    for _ in range(2):
        assert recognizer.begin("dtmf").feed("1") is Fit.FULL
