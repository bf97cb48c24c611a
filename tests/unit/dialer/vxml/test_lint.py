"""`./run vxml check`: lines that lead to a fault's place, and an exit code for scripts."""

from __future__ import annotations

from services.dialer.vxml.__main__ import main
from services.dialer.vxml.documents import MAX_BYTES

GOOD = '<vxml version="2.1" xmlns="http://www.w3.org/2001/vxml"><form/></vxml>'


def checked(capsys, *sources):
    code = main(["check", *map(str, sources)])
    said = capsys.readouterr()
    return code, said.out.splitlines(), said.err.splitlines()


def write(folder, name, text):
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def test_a_document_without_faults(tmp_path, capsys):
    path = write(tmp_path, "good.vxml", GOOD)
    assert checked(capsys, path) == (0, [f"{path}: no faults."], [])


def test_faults_are_told_with_file_line_and_event(tmp_path, capsys):
    path = write(
        tmp_path, "bad.vxml", GOOD.replace("<form/>", "\n<form>\n<block><goto/><var name='a.b'/></block></form>")
    )
    code, lines, _ = checked(capsys, path)
    assert code == 1
    assert lines[0] == (
        f"{path}:3: error.badfetch: <goto> needs exactly one of next, expr, nextitem, expritem; it has none of them "
        "(VoiceXML 2.0, 5.3.7)."
    )
    assert lines[1].startswith(f"{path}:3: error.semantic when it is reached: <var> declares 'a.b'")
    assert lines[2] == f"{path}: it is refused."


def test_faults_that_refuse_nothing_are_faults(tmp_path, capsys):
    path = write(tmp_path, "a.vxml", GOOD.replace("<form/>", "<property name='timeout' value='5'/><form/>"))
    code, lines, _ = checked(capsys, path)
    assert (code, lines[-1]) == (1, f"{path}: it runs, with these faults in it.")


def test_what_is_not_well_formed_is_told_with_its_column(tmp_path, capsys):
    path = write(tmp_path, "a.vxml", "<vxml>\n<form></vxml>")
    code, lines, _ = checked(capsys, path)
    assert code == 1
    assert lines[0].startswith(f"{path}:2:14: error.badfetch: It is not well-formed XML")


def test_a_document_too_large_is_not_read_to_its_end(tmp_path, capsys):
    path = write(tmp_path, "a.vxml", b" " * (MAX_BYTES + 2))
    assert "larger than 1024 KiB" in checked(capsys, path)[1][0]


def test_what_cannot_be_read_is_told_and_the_others_are_checked(tmp_path, capsys):
    good = write(tmp_path, "good.vxml", GOOD)
    code, lines, errors = checked(capsys, tmp_path / "none.vxml", tmp_path, good)
    assert code == 2
    assert lines == [f"{good}: no faults."]
    assert errors == [f"{tmp_path / 'none.vxml'}: No such file or directory", f"{tmp_path}: Is a directory"]


def test_an_address_is_asked_with_the_houses_caution(capsys, monkeypatch):
    monkeypatch.delenv("OUTBOUND_ALLOW", raising=False)
    code, lines, errors = checked(capsys, "http://127.0.0.1:9/a.vxml")
    assert (code, lines) == (2, [])
    assert errors[0].startswith("http://127.0.0.1:9/a.vxml: its host's address is private or reserved")
    assert "OUTBOUND_ALLOW" in errors[0]
