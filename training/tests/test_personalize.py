# SPDX-License-Identifier: Apache-2.0
"""Personalization: the bank and its figures, resumption, few samples, refusals; test data chooses nothing."""

from __future__ import annotations

import json
import math
import tomllib
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from golden.data import Handwriting, LabelledImages
from golden.integer_model import MoeModel
from golden.tests.small import GATE, blobs
from spec.bank_file import load_bank, read_bank_file
from spec.network import Mode, build_moe
from spec.tests.commands import call as call_command
from training import factory, feature_cache, few_samples_note, user_bank, user_training
from training.gate import GATES
from training.local_expert import USUAL
from training.personalize import Recipe
from training.trust import Z_95, wilson_interval

GATE_TOML = """
name = "test"
local_experts = 1
[local_expert]
pool = 4
weight_bits = 8
weight_fraction_bits = 6
start = "random"
[gate]
pool = 6
hidden = 4
confidence = true
confidence_shift = 8
hidden_shift = 8
weight_bits = 8
weight_fraction_bits = 6
threshold = "validation"
[training]
mild_copies = 1
rehearsal = 0.3
"""

FOLDING_TOML = """
name = "small"
conv1 = {pe = 4, simd = 1}
fc1 = {pe = 2, simd = 4}
fc2 = {pe = 2, simd = 4}
le = {pe = 2, simd = 4}
gate_hidden = {pe = 2, simd = 4}
gate_out = {pe = 1, simd = 2}
"""


@pytest.fixture
def call(tmp_path: Path, network_path: Path, monkeypatch):
    """Runs the command on the small network; everything that it keeps lands under ``tmp_path``."""
    for variable in ("EMNIST_DIR", "USERS_NPZ"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setattr(user_bank, "generic_source", lambda split: blobs(4 if split == "train" else 2, 1))
    monkeypatch.setattr(user_bank, "WORK", tmp_path / "work")
    monkeypatch.setitem(USUAL, "random", replace(USUAL["random"], epochs=4, learning_rate=2e-2))
    monkeypatch.setitem(GATES, "random", replace(GATES["random"], epochs=3))
    (tmp_path / "gate.toml").write_text(GATE_TOML)
    (tmp_path / "folding.toml").write_text(FOLDING_TOML)
    presets = ["--gate", str(tmp_path / "gate.toml"), "--preset", str(tmp_path / "folding.toml")]
    common = ["--ge", network_path, *presets, "--jobs", 1, "--no-device"]
    return lambda *arguments: call_command("personalize", *common, *arguments)


def write_handwriting(path: Path, per_class: int = 4, users: int = 1, classes: int = 62, **arrays: np.ndarray) -> Path:
    """A handwriting file of dim blobs; the last image of each class is for test when there are several."""
    parts = [blobs(per_class, 20 + user, 150 - 40 * user) for user in range(users)]
    x, y = (np.concatenate([getattr(part, key) for part in parts]) for key in ("images", "labels"))
    chosen = y < classes
    content = {"x": x, "y": y, "user": np.repeat(np.arange(users), len(parts[0]))}
    if per_class > 1:
        content["is_test"] = np.tile(np.arange(len(parts[0])) >= 62 * (per_class - 1), users)
    np.savez(path, **{key: value[chosen] for key, value in content.items()} | arrays)
    return path


def weights(path: Path) -> list[bytes]:
    """A bank's weights and biases."""
    return [part.tobytes() for _, layer in load_bank(path).layers() for part in (layer.weight, layer.bias)]


def test_the_bank_fits_and_its_figures_are_those_of_the_integer_model(call, tmp_path, network, capsys):
    data, out = write_handwriting(tmp_path / "me.npz"), tmp_path / "new" / "me.bank"
    assert call("--data", data, "--out", out, "--json", tmp_path / "me.json") == 0
    printed = capsys.readouterr()
    assert "User 1, images to learn from: 186." in printed.out and not printed.err  # no bar: this is no terminal
    moe, file = build_moe(network, GATE), read_bank_file(out)
    file.check(moe)
    held_out, generic = blobs(4, 20, 150).select(slice(186, None)), blobs(2, 1)
    for part, images in (("own", held_out), ("generic_test", generic)):
        found = file.info[part]
        assert found["images"] == len(images)
        for key, mode in (("ge", Mode.GE_ONLY), ("le", Mode.LE_ONLY), ("overall", Mode.MOE_PARALLEL)):
            answers = MoeModel(moe).run(images.images, mode, file.bank)
            assert found[key] == (answers.classes == images.labels).mean()
        assert found["local"] == (answers.experts > 0).mean()
        assert found["overall_interval"][0] < found["overall"] < found["overall_interval"][1]
    assert file.info["own"]["le"] > file.info["own"]["ge"]
    report = json.loads((tmp_path / "me.json").read_text())["users"]["user01"]
    assert {key: report[key] for key in file.info} == file.info
    assert str(tmp_path) not in json.dumps(file.info)  # a bank travels; where it was made is nobody's business
    first = out.read_bytes()
    assert call("--data", data, "--out", out) == 0
    assert out.read_bytes() == first


def test_the_report_says_what_others_got_with_as_many_images(call, tmp_path, moe, monkeypatch, capsys):
    file = tmp_path / "few_samples.json"
    monkeypatch.setattr(few_samples_note, "FILE", file)
    data, out = write_handwriting(tmp_path / "me.npz"), tmp_path / "me.bank"
    assert call("--data", data, "--out", out) == 0
    assert "For comparison" not in capsys.readouterr().out
    alone = out.read_bytes()
    shares = {"ge": 0.5, "overall": 0.7, "generic_overall": 0.6}
    mean = {key: {"mean": value, "spread": 0} for key, value in shares.items()}
    points = [{"images_a_class": each, "mean": mean} for each in (0.0, 3.0)]
    digest = few_samples_note.fits(moe, Recipe.of(tomllib.loads(GATE_TOML)))
    gate = {"fits": digest, "starts": {"usual": points}, "rows": [{"user": 1}, {"user": 2}]}
    file.write_text(json.dumps({"gates": {"test": gate}}))
    assert call("--data", data, "--out", out) == 0
    printed = capsys.readouterr().out
    assert "For comparison, 2 users with 3 images a class, in the mean: GE alone 50.0 %, after 70.0 %" in printed
    assert out.read_bytes() == alone  # a bank does not depend on what is kept


def test_test_data_chooses_nothing(call, tmp_path, monkeypatch):
    base, other, third = (tmp_path / name for name in ("a.bank", "b.bank", "c.bank"))
    data = write_handwriting(tmp_path / "me.npz")
    assert call("--data", data, "--out", base) == 0
    arrays = dict(np.load(data))
    arrays["x"] = arrays["x"].copy()
    arrays["x"][arrays["is_test"]] = 255 - arrays["x"][arrays["is_test"]]
    np.savez(tmp_path / "other.npz", **arrays)
    monkeypatch.setattr(user_bank, "generic_source", lambda split: blobs(4, 1) if split == "train" else blobs(2, 9))
    assert call("--data", tmp_path / "other.npz", "--out", other) == 0
    assert weights(other) == weights(base)
    assert read_bank_file(other).info["own"] != read_bank_file(base).info["own"]
    arrays["x"][~arrays["is_test"]] //= 2
    np.savez(tmp_path / "third.npz", **arrays)
    assert call("--data", tmp_path / "third.npz", "--out", third) == 0
    assert weights(third) != weights(base)


def test_interrupted_work_goes_on(call, tmp_path, monkeypatch):
    data, out, whole = write_handwriting(tmp_path / "me.npz"), tmp_path / "me.bank", tmp_path / "whole.bank"
    assert call("--data", data, "--out", whole) == 0

    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(user_training, "fit_gate", stop)
        assert call("--data", data, "--out", out) == 130
    assert not out.exists()
    with monkeypatch.context() as patch:
        patch.setattr(user_training, "fit_expert", stop)  # the local expert is not trained again
        assert call("--data", data, "--out", out, "--resume") == 0
        assert out.read_bytes() == whole.read_bytes()
        assert call("--data", data, "--out", out, "--resume") == 0  # finished: nothing is trained
        for change in (["--seed", 1], ["--data", write_handwriting(tmp_path / "you.npz", 3)]):
            assert call("--data", data, "--out", out, "--resume", *change) == 130
    assert out.read_bytes() == whole.read_bytes()
    assert not list((tmp_path / "work").glob("expert-*"))


def test_all_users_in_one_command(call, tmp_path, capsys, monkeypatch):
    data, out = write_handwriting(tmp_path / "all.npz", users=2), tmp_path / "banks"
    assert call("--data", data, "--users", "all", "--out", out) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines[-3:]] == ["1", "2", "mean"]
    assert weights(out / "user01.bank") != weights(out / "user02.bank")
    alone = tmp_path / "alone.bank"
    assert call("--data", data, "--users", 2, "--out", alone) == 0
    assert weights(alone) == weights(out / "user02.bank")
    (out / "user02.bank").write_bytes(b"half")
    first = (out / "user01.bank").stat().st_mtime_ns
    capsys.readouterr()
    assert call("--data", data, "--users", "all", "--out", out, "--resume") == 0
    assert weights(alone) == weights(out / "user02.bank")
    assert (out / "user01.bank").stat().st_mtime_ns == first
    assert capsys.readouterr().out.splitlines()[-3:] == lines[-3:]


@pytest.mark.parametrize(
    ("per_class", "classes", "notes"),
    [
        (1, 62, ["No held-out samples: no accuracy can be given", "Few images to learn from, 62: 1 of a class"]),
        (4, 3, ["Few held-out samples, 3:", "never saw, 59: 3456789ABC", "will answer another character"]),
        (1, 1, ["No held-out samples", "Few images to learn from, 1:", "never saw, 61"]),
    ],
)
def test_few_samples_work_and_it_says_so(call, tmp_path, capsys, per_class: int, classes: int, notes: list[str]):
    data, out = write_handwriting(tmp_path / "me.npz", per_class, classes=classes), tmp_path / "me.bank"
    assert call("--data", data, "--out", out) == 0
    printed, info = capsys.readouterr().out, read_bank_file(out).info
    for note in notes:
        assert note in printed and any(note in line for line in info["notes"])
    assert (info["own"] == {"images": 0}) == (per_class == 1) == ("unknown" in printed)


def test_enough_samples_need_no_note(call, tmp_path):
    write_handwriting(tmp_path / "me.npz", per_class=6)
    content = dict(np.load(tmp_path / "me.npz"))
    content["is_test"] = np.arange(372) >= 248
    np.savez(tmp_path / "me.npz", **content)
    assert call("--data", tmp_path / "me.npz", "--out", tmp_path / "me.bank") == 0
    assert read_bank_file(tmp_path / "me.bank").info["notes"] == []


def test_generic_features_are_computed_once(call, tmp_path, monkeypatch):
    data, out = write_handwriting(tmp_path / "me.npz"), tmp_path / "me.bank"
    computed = []
    original = feature_cache.generic_data
    monkeypatch.setattr(feature_cache, "generic_data", lambda *a: computed.append(a) or original(*a))
    assert call("--data", data, "--out", out) == 0 and len(computed) == 1
    first = out.read_bytes()
    assert call("--data", data, "--out", out) == 0 and len(computed) == 1
    assert out.read_bytes() == first
    (cache,) = (tmp_path / "work").glob("features-*.npz")
    cache.write_bytes(cache.read_bytes()[:1000])  # a damaged cache is no reason to stop
    assert call("--data", data, "--out", out) == 0 and len(computed) == 2
    assert out.read_bytes() == first
    monkeypatch.setattr(user_bank, "generic_source", lambda split: blobs(4, 7))
    assert call("--data", data, "--out", out) == 0 and len(computed) == 3  # other data, other features


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--data", "none.npz", "--out", "x.bank"], "none.npz: no such file or folder"),
        (["--data", "text.npz", "--out", "x.bank"], "text.npz: not an .npz archive"),
        (["--data", "two.npz", "--out", "x.bank"], "two.npz: has 2 users; choose with --users 1 to 2, or --users all"),
        (["--data", "two.npz", "--users", "3", "--out", "x.bank"], "--users names 3, the data have users 1 to 2"),
        (["--data", "tests.npz", "--out", "x.bank"], "user 1 has no train image"),
        (["--data", "two.npz", "--users", "1", "--out", "."], "--out must be a file here"),
        (["--data", "two.npz", "--users", "all", "--out", "text.npz"], "--out must be a directory here"),
        (["--data", "two.npz", "--users", "1", "--out", "text.npz/x.bank"], "is not a writable directory"),
        (["--data", "two.npz", "--users", "1", "--out", "x.bank", "--ge", "none.onnx"], "no such QONNX file"),
        (["--data", "two.npz", "--users", "1", "--out", "x.bank", "--gate", "other"], "no gates preset 'other'"),
        (["--data", "two.npz", "--users", "1", "--out", "x.bank", "--preset", "huge"], "no folding preset 'huge'"),
        (["--data", "two.npz", "--users", "1", "--out", "x.bank", "--preset", "ecp5_85"], "does not divide"),
    ],
)
def test_bad_input_is_one_sentence_and_leaves_nothing(call, tmp_path, monkeypatch, capsys, arguments, message):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "text.npz").write_text("not an archive")
    write_handwriting(tmp_path / "two.npz", users=2)
    write_handwriting(tmp_path / "tests.npz", is_test=np.ones(248, bool))
    before = sorted(path.name for path in tmp_path.iterdir())
    assert call(*arguments) == 2
    error = capsys.readouterr().err
    assert message in error and error.startswith("personalize.py: ") and error.count("\n") == 1
    assert sorted(path.name for path in tmp_path.iterdir()) == before


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("mild_copies = 1", "copies = 1", "training has the key copies, known are mild_copies, strong_copies"),
        ("mild_copies = 1", "any_right = 1.5", "training.any_right is 1.5, allowed is 0 to 1"),
        ("mild_copies = 1", "loss_budget = -0.1", "training.loss_budget is -0.1, allowed is 0 to 1"),
        ("mild_copies = 1", 'gate_cost = "half"', "training.gate_cost is 'half', allowed is 0 to 1"),
        ('start = "random"', 'start = "chance"', "start is 'chance', allowed are random, generic, factory"),
        ('threshold = "validation"', 'threshold = "test"', "threshold is 'test', allowed are zero, validation"),
    ],
)
def test_a_wrong_preset_is_one_sentence(call, tmp_path, capsys, old: str, new: str, message: str):
    preset = tmp_path / "gate.toml"
    preset.write_text(preset.read_text().replace(old, new))
    assert call("--data", write_handwriting(tmp_path / "me.npz"), "--out", tmp_path / "me.bank") == 2
    error = capsys.readouterr().err
    assert message in error and error.count("\n") == 1


def test_a_character_that_it_never_saw_is_known_from_others(call, tmp_path, monkeypatch):
    preset = tmp_path / "gate.toml"
    preset.write_text(preset.read_text().replace('"random"', '"factory"'))
    monkeypatch.setattr(
        user_bank, "users_source", lambda: Handwriting(blobs(1, 3), np.zeros(62, int), np.zeros(62, bool))
    )
    monkeypatch.setattr(factory, "FACTORY", replace(factory.FACTORY, epochs=1))
    monkeypatch.setattr(factory, "EPOCH_SAMPLES", 500)
    monkeypatch.setitem(USUAL, "factory", replace(USUAL["factory"], epochs=2))
    out = tmp_path / "me.bank"
    assert call("--data", write_handwriting(tmp_path / "me.npz", classes=3), "--out", out) == 0
    notes = " ".join(read_bank_file(out).info["notes"])
    assert "it knows them from others' handwriting only" in notes and "another character" not in notes


def test_synthetic_handwriting_is_called_so(call, tmp_path, monkeypatch, capsys):
    synthetic = LabelledImages(**{**vars(blobs(4, 1)), "synthetic": True, "name": "built-in"})
    monkeypatch.setattr(user_bank, "generic_source", lambda split: synthetic)
    data, out = write_handwriting(tmp_path / "me.npz"), tmp_path / "me.bank"
    assert call("--data", data, "--out", out) == 0
    assert "say nothing about real handwriting" in capsys.readouterr().out
    assert read_bank_file(out).info["synthetic"] is True


@pytest.mark.parametrize(("right", "count"), [(0, 7), (7, 7), (1, 2), (50, 100), (341, 360)])
def test_wilson_interval_ends_where_the_score_test_does(right: int, count: int):
    for end in wilson_interval(right, count):
        if 0 < end < 1:
            score = abs(right / count - end) / math.sqrt(end * (1 - end) / count)
            assert score == pytest.approx(Z_95)
    low, high = wilson_interval(right, count)
    assert 0 <= low < high <= 1 and (low == 0) == (right == 0) and (high == 1) == (right == count)
