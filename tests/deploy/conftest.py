"""The chart, rendered with what people set: nothing, as little as runs, a production's values, and all there is."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.helm import NEEDED, Thing, Tools, render
from tests.support.repository import ROOT

HERE = Path(__file__).resolve().parent
SETS = {
    "default": NEEDED,
    "minimal": (*NEEDED, "-f", HERE / "values" / "minimal.yaml"),
    "production": ("-f", ROOT / "deploy" / "helm" / "production.yaml"),
    "everything": (*NEEDED, "-f", HERE / "values" / "everything.yaml"),
}


@pytest.fixture(scope="session", params=SETS)
def arguments(request: pytest.FixtureRequest) -> tuple[str | Path, ...]:
    """What helm is told besides the chart."""
    return SETS[request.param]


@pytest.fixture(scope="session")
def things(tools: Tools, arguments: tuple[str | Path, ...]) -> tuple[Thing, ...]:
    """The objects it makes."""
    return render(tools.helm, *arguments)


@pytest.fixture(scope="session")
def everything(tools: Tools) -> tuple[Thing, ...]:
    """The objects of all parts of the chart."""
    return render(tools.helm, *SETS["everything"])


@pytest.fixture(scope="session")
def default(tools: Tools) -> tuple[Thing, ...]:
    """The objects of somebody who sets nothing."""
    return render(tools.helm, *SETS["default"])
