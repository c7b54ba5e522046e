# SPDX-License-Identifier: Apache-2.0
"""Promises about every command: help with an example, one form of each flag, exit codes, and no other way to run."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from driver import DeviceFault
from report.context import load_context
from report.evidence import SOURCES
from spec.errors import CheckFailed, InputError
from spec.paths import ROOT
from spec.tests.commands import NAMES, SCRIPTS, call, load

OLD = {"--threads", "--folding", "--write", "--per-case", "--all-users", "--generic", "--rtl-images", "--screenshot"}


def tracked(*patterns: str) -> list[Path]:
    """Files of the checkout that git tracks or would track."""
    listing = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", *patterns],
        cwd=ROOT, capture_output=True, text=True, check=True,
    )  # fmt: skip
    return [ROOT / name for name in listing.stdout.splitlines() if (ROOT / name).is_file()]


# ---- One way to run --------------------------------------------------------------------------------------------------
def runs_by_itself(text: str) -> bool:
    """Whether a module parses a command line or is made to be run."""
    return bool(re.search(r"^\s*(import|from) argparse\b|__name__\s*==\s*.__main__.", text, re.M))


def test_nothing_outside_of_scripts_is_a_command() -> None:
    files = {str(path.relative_to(ROOT)): path for path in tracked("*.py")}
    assert len(files) > 100
    found = [
        name for name, path in files.items() if not name.startswith("scripts/") and runs_by_itself(path.read_text())
    ]
    assert found == []
    assert [name for name in files if name.endswith("__main__.py")] == []


@pytest.mark.parametrize(
    "text",
    ["import argparse\n", "    from argparse import ArgumentParser\n", 'if __name__ == "__main__":\n    main()\n'],
)
def test_another_command_is_seen(text: str) -> None:
    assert runs_by_itself(f"import sys\n{text}")
    assert not runs_by_itself("from argparser import x\n# sys.exit(main())\n")


def test_no_package_ends_the_program() -> None:
    """Packages raise exceptions, which the commands turn into exit codes."""
    ending = re.compile(r"\bsys\.exit\(|\braise SystemExit")
    packages = [path for path in tracked("*.py") if "tests" not in path.parts and not path.name.startswith("test_")]
    found = {str(path.relative_to(ROOT)) for path in packages if ending.search(path.read_text())}
    assert [name for name in found if not name.startswith("scripts/")] == []


def test_names_of_commands_hide_no_module() -> None:
    """When a command starts, its directory comes before the standard library."""
    assert set(NAMES).isdisjoint(sys.stdlib_module_names)


# ---- Help and flags --------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("name", NAMES)
def test_help(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        call(name, "--help")
    assert ended.value.code == 0
    printed = capsys.readouterr().out
    first = load(name).__doc__.splitlines()[0]
    assert first in printed and first.endswith((".", "?")) and len(first) > 30
    parser = load(name).options()
    assert parser.prog == f"{name}.py"
    line = re.fullmatch(rf"Example: python scripts/{name}\.py ?(.*)", printed.strip().splitlines()[-1])
    parser.parse_args(shlex.split(line[1]))
    assert all(action.help for action in parser._actions)


@pytest.mark.parametrize("name", NAMES)
def test_bad_input_is_exit_code_2_and_one_sentence(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert call(name, "--no-such-flag") == 2
    said = capsys.readouterr()
    assert said.out == "" and said.err.startswith(f"{name}.py: ") and said.err.count("\n") == 1


WRONG = {
    "--limit": "-1",
    "--seed": "-1",
    "--jobs": "0",
    "--users": "0",
    "--mode": "OFF",
    "--theta": "x",
    "--stages": "x",
}


def arguments_of(name: str) -> list[str]:
    """What a command cannot do without."""
    needed = [action for action in load(name).options()._actions if action.required]
    return [text for action in needed for text in (*action.option_strings[-1:], (action.choices or ["x"])[0])]


@pytest.mark.parametrize("name", NAMES)
def test_a_wrong_value_is_exit_code_2_and_one_sentence(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    flags = set(load(name).options()._option_string_actions)
    for flag in sorted(flags & set(WRONG)):
        assert call(name, *arguments_of(name), flag, WRONG[flag]) == 2
        error = capsys.readouterr().err
        assert flag in error and error.startswith(f"{name}.py: ") and error.count("\n") == 1


def unshared(parsers: dict) -> list[str]:
    """Flags that several commands have and that are not made in one place."""
    users: dict[str, list[str]] = {}
    for name, parser in parsers.items():
        for flag in parser._option_string_actions:
            users.setdefault(flag, []).append(name)
    return [
        f"{flag} of {name}.py"
        for flag, names in users.items()
        for name in names
        if len(names) > 1 and flag not in parsers[name].shared
    ]


def test_a_flag_of_several_commands_is_one_flag() -> None:
    parsers = {name: load(name).options() for name in NAMES}
    assert unshared(parsers) == []
    flags = {flag for parser in parsers.values() for flag in parser._option_string_actions}
    assert flags.isdisjoint(OLD)


def test_a_second_form_of_a_flag_is_seen() -> None:
    parsers = {name: load(name).options() for name in ("table1", "synth")}
    parsers["synth"].add_argument("--json", action="store_true")
    assert unshared(parsers) == ["--json of synth.py"]


# ---- Exit codes ------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("error", "code", "said"),
    [
        (InputError("this is wrong"), 2, "lint.py: this is wrong\n"),
        (CheckFailed("that differs"), 1, "lint.py: that differs\n"),
        (DeviceFault("the device gives 3 wrong answers"), 1, "lint.py: the device gives 3 wrong answers\n"),
        (KeyboardInterrupt(), 130, "interrupted\n"),
        (RuntimeError("the tool chain is broken"), 3, "RuntimeError: the tool chain is broken\n"),
        (AssertionError("a defect"), 3, "AssertionError: a defect\n"),
    ],
    ids=["input", "check", "device", "interrupted", "tool chain", "defect"],
)
def test_exit_codes(error: BaseException, code: int, said: str, monkeypatch, capsys) -> None:
    def fail() -> None:
        raise error

    monkeypatch.setattr(load("lint"), "lint_everything", fail)
    assert call("lint") == code
    printed = capsys.readouterr().err
    assert printed.endswith(said)
    assert ("Traceback" in printed) == (code == 3)


@pytest.mark.parametrize(("messages", "code"), [("", 0), ("%Warning: unused\n", 1)], ids=["clean", "a warning"])
def test_lint_that_finds_something_is_exit_code_1(messages: str, code: int, monkeypatch, capsys) -> None:
    monkeypatch.setattr(load("lint"), "lint_everything", lambda: iter([("a check", messages)]))
    assert call("lint") == code
    assert capsys.readouterr().out == f"{'FAIL' if messages else 'ok  '} a check\n{messages}"


def run_script(name: str, *arguments: str, **options) -> subprocess.CompletedProcess:
    """A command in a process of its own."""
    command = [sys.executable, str(SCRIPTS / f"{name}.py"), *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, **options)


def test_a_command_runs_from_anywhere_and_its_name_hides_no_package(tmp_path: Path) -> None:
    """``report.py`` stands where Python looks first, and imports the package ``report``."""
    run = run_script("report", "--no-such-flag", cwd=tmp_path, env={})
    assert run.returncode == 2, run.stderr
    assert run.stderr.startswith("report.py: unrecognized arguments: --no-such-flag") and run.stderr.count("\n") == 1


def test_a_missing_environment_is_one_sentence(tmp_path: Path) -> None:
    """Without .venv and without the dependencies, a command says what to do."""
    (tmp_path / "scripts").mkdir()
    script = tmp_path / "scripts" / "try.py"
    script.write_text("from _bootstrap import run\n")
    (tmp_path / "scripts" / "_bootstrap.py").write_text((SCRIPTS / "_bootstrap.py").read_text())
    bare = [sys.base_prefix + "/bin/python3", "-E", "-s", "-S", str(script)]
    run = subprocess.run(bare, capture_output=True, text=True)
    assert run.returncode == 2
    assert run.stderr.strip() == "The project's Python environment does not exist yet; run 'make setup' first."


@pytest.mark.parametrize("flag", ["--preset", "--gate"])
def test_what_is_not_shipped_is_not_kept(flag: str, capsys) -> None:
    assert call("synth", "--keep", flag, "mine.toml") == 2
    assert f"{flag} must name one that is shipped" in capsys.readouterr().err


# ---- What the documentation names ------------------------------------------------------------------------------------
def commands_in(text: str) -> list[list[str]]:
    """Arguments of every ``python scripts/NAME.py ...`` in a text, the name first."""
    text = text.replace("\\\n", " ")
    found = re.findall(r"scripts/([a-z0-9][a-z0-9_]*)\.py([^`\n#;|)]*)", text)
    return [[name, *re.findall(r"(?<!\S)--[a-z-]+", rest)] for name, rest in found]


def wrong_commands(text: str) -> list[str]:
    """Commands, or flags of theirs, that do not exist."""
    wrong = []
    for name, *flags in commands_in(text):
        known = load(name).options()._option_string_actions if name in NAMES else {}
        wrong += [f"{name}.py"] * (name not in NAMES) + [f"{name}.py {flag}" for flag in flags if flag not in known]
    return wrong


def test_every_command_of_the_documentation_exists_with_its_flags() -> None:
    pages = tracked("*.md", "Makefile")
    assert len(pages) > 10
    wrong = {page.name: found for page in pages if (found := wrong_commands(page.read_text()))}
    assert wrong == {}
    assert sum(len(commands_in(page.read_text())) for page in pages) > 40


def test_every_command_of_the_report_parses() -> None:
    commands = {source.command for source in SOURCES} | {row.command for row in load_context().evidence}
    scripts = [shlex.split(text) for text in commands if text.startswith("python scripts/")]
    assert len(scripts) > 8
    for _, script, *arguments in scripts:
        load(Path(script).stem).options().parse_args(arguments)


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("`python scripts/lint.py`", []),
        ("python scripts/synth.py --keep \\\n  --gate x  # --none", []),
        ("`python scripts/nothing.py`", ["nothing.py"]),
        ("python scripts/synth.py --write", ["synth.py --write"]),
        ("python scripts/train.py all --out x \\\n --folding y", ["train.py --folding"]),
    ],
)
def test_a_wrong_command_is_seen(text: str, wrong: list[str]) -> None:
    assert wrong_commands(text) == wrong


def test_a_dependency_that_does_not_import_is_a_defect(tmp_path: Path) -> None:
    """Half an installation must not end with 1, which says that something differs."""
    (tmp_path / "numpy.py").write_text("raise ImportError('half of it')\n")
    environment = {**os.environ, "PYTHONPATH": str(tmp_path)}
    run = subprocess.run(
        [sys.executable, ROOT / "scripts" / "table2.py", "--help"], env=environment, capture_output=True, text=True
    )
    assert run.returncode == 3 and "half of it" in run.stderr
