"""A file fits a head, a function fits a screen, and nothing is called after nothing."""

from __future__ import annotations

import ast
import statistics

from tests.support.repository import files, parsed, python_files, text, told

FILE_AT_MOST = 400
FILE_MEDIAN_AT_MOST = 90
FUNCTION_AT_MOST = 50
SAYS_NOTHING = {
    "base", "common", "helper", "helpers", "manager", "managers", "misc", "util", "utils",
}  # fmt: skip


def lines(path) -> int:
    return len(text(path).splitlines())


def test_no_file_is_longer_than_a_head_can_hold():
    long = [f"{each}: {lines(each)} lines" for each in python_files() if lines(each) > FILE_AT_MOST]
    assert not long, told(long, f"Split it: {FILE_AT_MOST} lines are the limit.")


def test_most_files_are_read_at_a_glance():
    middle = statistics.median(lines(each) for each in python_files("services", "shared"))
    assert middle <= FILE_MEDIAN_AT_MOST


def test_no_function_is_longer_than_a_screen():
    long = [
        f"{path}:{node.lineno} {node.name}: {node.end_lineno - node.lineno + 1} lines"
        for path in python_files()
        for node in ast.walk(parsed(path))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and node.end_lineno - node.lineno + 1 > FUNCTION_AT_MOST
    ]
    assert not long, told(long, f"Name a part of it: {FUNCTION_AT_MOST} lines are the limit.")


def test_no_file_or_folder_has_a_name_that_says_nothing():
    empty = [
        str(path)
        for path in files()
        if any(SAYS_NOTHING & set(part.lower().split(".")[0].split("_")) for part in path.parts)
    ]
    assert not empty, told(empty, "Name it after what it does, or put its parts where they are used.")
