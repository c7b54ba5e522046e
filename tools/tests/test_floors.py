# SPDX-License-Identifier: Apache-2.0
"""The borders of the packages hold, and docs/architecture.md draws them as they are."""

from __future__ import annotations

import pytest

from spec.paths import ROOT
from tools.floors import arrows_up, circles, floors_of, graph_of, library_uses_of_tests

FLOORS = floors_of((ROOT / "docs" / "architecture.md").read_text())
PACKAGES = {path.parent.name for path in ROOT.glob("*/__init__.py")} | {"scripts"}


@pytest.fixture(scope="module")
def graph():
    """All imports of the project."""
    return graph_of(ROOT, FLOORS)


def test_the_picture_has_every_package():
    assert set(FLOORS) == PACKAGES


def test_no_arrow_runs_up(graph):
    assert len(graph) > 300 and sum(map(len, graph.values())) > 1000
    assert arrows_up(graph, FLOORS) == []


def test_no_circle(graph):
    assert circles(graph) == []


def test_no_library_imports_tests(graph):
    assert library_uses_of_tests(graph) == []


def test_an_arrow_up_a_circle_and_an_imported_test_are_seen(tmp_path):
    files = {
        "spec/__init__.py": "",
        "spec/a.py": "def f():\n    from golden import model\n",
        "golden/__init__.py": "",
        "golden/model.py": "from golden.data import x\nfrom spec import a\n",
        "golden/data.py": "import golden.model\n",
        "golden/tests/small.py": "",
        "golden/user.py": "from golden.tests.small import PRESET\n",
        "golden/tests/test_user.py": "from golden.tests import small\n",
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    graph = graph_of(tmp_path, ("spec", "golden"))
    assert arrows_up(graph, {"spec": 0, "golden": 1}) == ["spec.a imports golden.model"]
    assert circles(graph) == [["golden.data", "golden.model", "spec.a"]]
    assert library_uses_of_tests(graph) == ["golden.user imports golden.tests.small"]


@pytest.mark.parametrize("page", ["nothing", "```\n1  golden/ models   golden/ again\n```\n"])
def test_a_page_without_a_sound_picture_is_refused(page):
    with pytest.raises(ValueError, match="picture"):
        floors_of(page)
