# SPDX-License-Identifier: Apache-2.0
"""Learning on the device: courses, rows that resume, a choice that no test image has a say in, and the command."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from golden.data import Handwriting, LabelledImages
from golden.integer_model import MoeModel
from golden.learner import Learner, learn_inputs
from golden.tests.small import blobs
from spec.bank import Bank, random_bank
from spec.bank_file import save_bank
from spec.errors import InputError
from spec.folding import build_folding
from spec.learning import COURSE, LearnRule
from spec.network import LayerWeights, Moe, build_moe
from spec.paths import RESULTS, factory_file
from spec.presets import DEFAULT_GATE, load_moe, load_toml
from spec.tests.commands import call, load
from training import learning, learning_choice, learning_table, seed_runs, table_files
from training.course import Course, Lessons, learn, strewn
from training.factory_banks import image_hashes
from training.global_expert import validation_split
from training.learning import Source, Task, lfsr_seed, prepare
from training.learning_choice import candidates, chosen, record
from training.personalize import for_training, measure
from training.tests.test_personalize import FOLDING_TOML, GATE_TOML

SECTION = {"local_margin": 4.0, "local_shift": 8, "own_margin": 2.0, "generic_margin": 2.5, "gate_shift": 9}
COURSE_KEYS = {"passes": 3, "every": 7, "generic": 2, "slower_after": [2]}
SHORT = Course(3, 7, 2, False, (2,))
PRESET = {"name": "test", "learning": {**SECTION, COURSE: COURSE_KEYS}}
TOML = (
    GATE_TOML.replace('"random"', '"factory"')
    + "[learning]\n"
    + "".join(f"{key} = {value}\n" for key, value in SECTION.items())
    + "[learning.course]\n"
    + "".join(f"{key} = {value}\n" for key, value in COURSE_KEYS.items())
)


# ---- The course ------------------------------------------------------------------------------------------------------
def test_generic_images_follow_every_so_many_own_ones_and_the_gate_sees_those() -> None:
    stream = SHORT.stream(10, 0)
    assert len(stream) == 30 + SHORT.generic_images(10) == 38
    own = 0
    for at in range(len(stream)):
        if stream.own[at]:
            own += 1
            assert stream.with_gate[at] == (own % 7 == 0)
            assert stream.number[at] == (own - 1) // 10
        else:
            assert own % 7 == 0 and stream.with_gate[at] and stream.number[at] == (own - 1) // 10
    assert stream.index[~stream.own].tolist() == list(range(8))
    for number in range(3):
        mine = stream.index[stream.own & (stream.number == number)]
        assert sorted(mine) == list(range(10))
    assert replace(SHORT, gate_on_all=True).stream(10, 0).with_gate.all()


def test_the_order_is_that_of_the_seed_and_a_shorter_course_begins_alike() -> None:
    stream, again, other = SHORT.stream(50, 1), SHORT.stream(50, 1), SHORT.stream(50, 2)
    assert np.array_equal(stream.index, again.index) and not np.array_equal(stream.index, other.index)
    passes = [stream.index[stream.own & (stream.number == number)].tolist() for number in range(3)]
    assert passes[0] != passes[1] != passes[2]
    shorter = replace(SHORT, passes=2).stream(50, 1)
    assert np.array_equal(shorter.index, stream.index[: len(shorter)])


def test_steps_become_less_likely_and_never_beyond_the_range() -> None:
    rule = LearnRule(local_shift=14, gate_shift=10)
    course = Course(slower_after=(2, 3, 3))
    shifts = [(course.rule(rule, n).local_shift, course.rule(rule, n).gate_shift) for n in range(4)]
    assert shifts == [(14, 10), (14, 10), (15, 10), (15, 10)]
    assert replace(course, slower_gate=True).rule(rule, 3).gate_shift == 13


@pytest.mark.parametrize("count", [0, 1, 61, 62, 63, 200])
def test_strewn_images_are_balanced_all_along(count: int) -> None:
    labels = np.repeat(np.arange(62), np.arange(62) % 5 + 4)
    drawn = strewn(labels, count, 3)
    assert len(drawn) == count and (strewn(labels, count, 3) == drawn).all()
    for first in range(0, count, 62):
        assert len(set(labels[drawn[first : first + 62]])) == min(62, count - first)
    if count >= 61:
        assert not np.array_equal(strewn(labels, count, 4), drawn)
        assert labels[drawn[:61]].tolist() != sorted(labels[drawn[:61]])


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"passes": 0}, "passes is 0"),
        ({"every": 0}, "every is 0"),
        ({"generic": -1}, "generic is -1"),
        ({"slower_after": (3, 2)}, "ascending"),
        ({"slower_after": 3}, "slower_after is 3"),
        ({"passes": "many"}, "passes is 'many', a whole number"),
        ({"every": 2.5}, "every is 2.5"),
        ({"slower_gate": 1}, "slower_gate is 1, true or false"),
    ],
)
def test_a_course_out_of_range_is_refused(changes: dict, words: str) -> None:
    with pytest.raises(InputError, match=words):
        Course(**changes)


def test_a_course_learns_what_the_learner_does_image_by_image(moe) -> None:
    rule, course = LearnRule.of(PRESET, moe, 5), Course(2, 5, 1, slower_after=(1,), slower_gate=True)
    bank, model = random_bank(moe, 1), MoeModel(moe)

    def lessons(data: LabelledImages) -> Lessons:
        return Lessons(learn_inputs(moe, bank, model.ge.features(data.images)), data.labels.astype(np.int64))

    own, generic = lessons(blobs(1, 1).take(20)), lessons(blobs(1, 2))
    learner = Learner(moe, bank, rule)
    tallies = list(learn(learner, course, own, generic, 4))
    other, updates = Learner(moe, bank, rule), 0
    stream = course.stream(20, 4)
    for index, mine, gate, number in zip(stream.index, stream.own, stream.with_gate, stream.number, strict=True):
        other.rule = replace(rule, local_shift=8 + number, gate_shift=9 + number)
        part = own if mine else generic
        lesson = other.learn(part.inputs.local[index], part.inputs.gate[index], int(part.labels[index]), mine, gate)
        updates += lesson.local
    assert learner.bank().digest() == other.bank().digest() != bank.digest()
    assert [number for number, _ in tallies] == [1, 2] and learner.rule == rule
    assert (tallies[0][1].own, tallies[1][1].own, tallies[1][1].generic) == (20, 40, 8)
    assert tallies[1][1].local_updates == updates > 0
    with pytest.raises(InputError, match="generic images, 8 are needed"):
        list(learn(learner, course, own, Lessons(generic.inputs, generic.labels[:7]), 4))
    with pytest.raises(InputError, match="no image to learn from"):
        list(learn(learner, course, Lessons(own.inputs, own.labels[:0]), generic, 4))


# ---- The section of a preset -----------------------------------------------------------------------------------------
def test_margins_are_logits_of_each_head(moe) -> None:
    rule = LearnRule.of(PRESET, moe, 7)
    local, gate = (2**head.out.accumulator.fraction_bits for head in (moe.le, moe.gate))
    assert (rule.local_margin, rule.own_margin, rule.generic_margin) == (4 * local, 2 * gate, 5 * gate // 2)
    assert (rule.local_shift, rule.gate_shift, rule.seed) == (8, 9, 7)
    assert Course.of(PRESET) == SHORT


@pytest.mark.parametrize(
    ("section", "words"),
    [
        (None, r"no section \[learning\]"),
        ({key: value for key, value in SECTION.items() if key != "gate_shift"}, "lacks gate_shift"),
        (SECTION | {"speed": 1}, "unknown key speed"),
        (SECTION | {"local_shift": 8.5}, "local_shift is 8.5, a whole number"),
        (SECTION | {"own_margin": "wide"}, "own_margin is 'wide', a number"),
        (SECTION | {"gate_shift": 16}, "preset 'test': learning: gate_shift is 16"),
        (SECTION | {"local_margin": -0.5}, "local_margin is -"),
    ],
)
def test_a_preset_that_cannot_learn_is_refused(moe, section: dict | None, words: str) -> None:
    preset = {"name": "test"} | ({} if section is None else {"learning": section})
    with pytest.raises(InputError, match=words):
        LearnRule.of(preset, moe)


def test_a_course_that_cannot_be_is_refused() -> None:
    with pytest.raises(InputError, match=r"no section \[learning\]"):
        Course.of({"name": "test"})
    with pytest.raises(InputError, match="learning.course has the key pace"):
        Course.of({"name": "test", "learning": {COURSE: {"pace": 1}}})


def test_the_section_trains_nothing_on_a_host() -> None:
    preset = load_toml("gates", DEFAULT_GATE)
    assert "learning" in preset and for_training(preset) == {k: v for k, v in preset.items() if k != "learning"}


# ---- Rows ------------------------------------------------------------------------------------------------------------
def forget() -> None:
    """Nothing of other images is remembered."""
    for one in (
        seed_runs.loaded,
        learning.prepare,
        learning._data,
        learning._model,
        learning._generic,
        learning._other,
    ):
        one.cache_clear()


@pytest.fixture
def data(monkeypatch) -> dict[str, LabelledImages]:
    """Small data; the test images can be changed, behind a call of ``forget``."""
    parts = {"train": blobs(30, 1), "test": blobs(2, 2), "own": blobs(2, 3, 110)}

    def users() -> Handwriting:
        images = [part.images for seed in (20, 21) for part in (blobs(4, seed, 150), parts["own"])]
        labels = np.concatenate([np.tile(np.arange(62, dtype=np.uint8), 6)] * 2)
        user, is_test = np.repeat(np.arange(2), 372), np.tile(np.arange(372) >= 248, 2)
        return Handwriting(LabelledImages(np.concatenate(images), labels, "two writers"), user, is_test)

    for module in (seed_runs, table_files):
        monkeypatch.setattr(module, "generic_source", lambda part: parts[part])
        monkeypatch.setattr(module, "users_source", users)
    forget()
    yield parts
    forget()


def small_bank(moe: Moe, seed: int) -> Bank:
    """A start that a few hundred steps of one can change."""
    bank = random_bank(moe, seed)

    def small(layers: tuple[LayerWeights, ...]) -> tuple[LayerWeights, ...]:
        return tuple(LayerWeights(one.weight // 32, one.bias // 256) for one in layers)

    return replace(bank, local_experts=tuple(map(small, bank.local_experts)), gate=small(bank.gate))


@pytest.fixture
def source(network, network_path: Path, tmp_path: Path):
    """Makes a source of the small network, with factory banks of two users."""
    (tmp_path / "gate.toml").write_text(TOML)
    (tmp_path / "folding.toml").write_text(FOLDING_TOML)
    gate = str(tmp_path / "gate.toml")
    moe = build_moe(network, load_toml("gates", gate))
    folding = build_folding(load_toml("folding", tmp_path / "folding.toml"), moe)
    for user in (1, 2):
        save_bank(factory_file("test", user, tmp_path / "banks"), small_bank(moe, user), moe, folding)
    return lambda part=None, user=1: Source(gate, network_path, user, part, banks=tmp_path / "banks")


def task(source: Source, work: Path, seed: int = 0, **more) -> Task:
    rule = LearnRule.of(PRESET, load_moe(source.gate, source.ge))
    return Task(source, rule, SHORT, seed, (0, 1, 3), work, **more)


def test_a_row_resumes_and_belongs_to_its_settings(source, data, tmp_path, monkeypatch) -> None:
    one = task(source(), tmp_path / "a")
    row = one.run()
    assert task(source(), tmp_path / "b").run() == row  # the same without the file
    assert task(source(), tmp_path / "b", seed=1).run()["after"] != row["after"]
    assert task(source(user=2), tmp_path / "b").run()["after"] != row["after"]
    monkeypatch.setattr(Task, "_compute", None)
    assert one.run() == row
    for changes in ({"count": 1}, {"seed": 2}, {"rule": replace(one.rule, local_margin=1)}, {"after": (3,)}):
        with pytest.raises(TypeError):
            replace(one, **changes).run()
    forget()
    monkeypatch.setattr(learning, "LEARNER", (tmp_path / "gate.toml",))
    with pytest.raises(TypeError):  # what an older learner made is not read
        one.run()


def test_a_row_counts_what_was_learned_and_starts_from_the_factory_bank(source, data, tmp_path) -> None:
    row = task(source(), tmp_path).run()
    before, last = row["after"]["0"], row["after"]["3"]
    assert (row["images"], row["classes"]) == (248, 62)
    assert (last["own"], last["generic"]) == (3 * 248, 2 * (3 * 248 // 7))
    assert 0 < last["local_updates"] <= last["own"] and 0 < last["gate_updates"] <= last["own"] // 7 + last["generic"]
    ready = prepare(source())
    moe = ready.model.moe
    assert ready.start.digest() == small_bank(moe, 1).digest()
    own = measure(MoeModel(moe), small_bank(moe, 1), seed_runs.users_source().test(1))
    assert before["overall"] == own.overall.mean() and before["le"] == own.le.mean()
    longer = replace(task(source(), tmp_path), course=replace(SHORT, passes=10, slower_after=()), after=(10,)).run()
    assert last["le"] > before["le"] and longer["after"]["10"]["le"] > before["le"] + 0.1
    few = task(source(), tmp_path, count=1).run()
    assert few["images"] == few["after"]["1"]["own"] == 62


def test_the_seed_of_the_lfsr_is_never_zero_and_another_for_every_course() -> None:
    seeds = {lfsr_seed(seed, user) for seed in range(50) for user in range(1, 11)}
    assert len(seeds) == 500 and min(seeds) > 0 and max(seeds) < 2**32


def test_generic_images_that_teach_are_none_that_measure_and_none_of_the_user(source, data) -> None:
    for part in (None, 1):
        ready = prepare(source(part))
        _, validation = validation_split(data["train"])
        teach = image_hashes(ready.generic.images)
        users = seed_runs.users_source()
        for other in (data["train"].select(validation), data["test"], users.train(1), users.test(1)):
            assert not np.isin(image_hashes(other.images), teach).any()
        assert len(ready.generic) + len(validation) == len(data["train"])


def test_a_user_without_factory_bank_is_refused(source, data, tmp_path) -> None:
    with pytest.raises(InputError, match=r"factory_without_user01\.bank"):
        prepare(replace(source(), banks=tmp_path / "nowhere"))


# ---- The choice ------------------------------------------------------------------------------------------------------
def test_the_choice_looks_at_no_test_image(source, data, tmp_path, monkeypatch) -> None:
    sections = {"one": PRESET["learning"], "other": {**PRESET["learning"], "local_margin": 0.0}}

    def rows(work: str) -> list[dict]:
        forget()
        moe = load_moe(source().gate, source().ge)
        tasks = learning_choice.tasks_of([source()], sections, moe, 1, tmp_path / work)
        assert {one.source.part for one in tasks} == set(learning_choice.SPLITS)
        return [one.run() for one in tasks]

    before = rows("a")
    tested = task(source(), tmp_path).run()
    data["test"], data["own"] = blobs(2, 12, 60), blobs(2, 13, 40)
    assert rows("b") == before and before[0] != before[1]
    forget()
    assert task(source(), tmp_path).run()["after"] != tested["after"]  # a test image would have been seen


def test_what_is_held_out_teaches_nothing(source, data) -> None:
    for part in learning_choice.SPLITS:
        ready = prepare(source(part))
        held_out = seed_runs.users_source().train(1)
        assert len(ready.train) + len(ready.own.labels) == len(held_out) and len(ready.own.labels) == 62
        features = ready.own.features.reshape(62, -1)
        learned = ready.train_features.reshape(len(ready.train), -1)
        assert not (features[:, None] == learned[None]).all(2).any()


def made_up(*pairs: tuple[float, float], ge: float = 0.75) -> list[dict]:
    means = ({"overall": {"mean": a}, "lost": {"mean": b}, "generic_ge": {"mean": ge}} for a, b in pairs)
    return [{"name": str(i), "mean": mean} for i, mean in enumerate(means)]


def test_the_best_within_the_budget_is_chosen() -> None:
    found = (0.80, 0.001), (0.85, 0.0093), (0.90, 0.0095)
    assert chosen(made_up(*found, ge=0.7534))["name"] == "1"
    assert chosen(made_up(*found, ge=0.7540))["name"] == "2"  # what is left is what the GE has above the target
    assert chosen(made_up((0.80, 0.02), (0.85, 0.03)))["name"] == "0"  # all lose more: the one that loses least


def test_the_kept_choice_follows_from_its_figures() -> None:
    kept = json.loads((RESULTS / "learning_choice.json").read_text())
    assert chosen(kept["candidates"])["name"] == kept["chosen"]
    assert (
        f"at most {100 * learning_choice.budget(kept['candidates']):.2f} points"
        in (RESULTS / "learning_choice.md").read_text()
    )


def test_candidates_differ_and_can_be_read(moe) -> None:
    found = candidates()
    assert len({json.dumps(one) for one in found.values()}) == len(found)
    for section in found.values():
        LearnRule.of({"name": "test", "learning": section}, moe)
        Course.of({"name": "test", "learning": section})
        assert load_toml_text(learning_choice.as_toml(section)) == {"learning": section}


def load_toml_text(text: str) -> dict:
    import tomllib

    return tomllib.loads(text)


def test_rows_belong_to_their_candidates() -> None:
    sections = {"a": {}, "b": {}}
    figures = {"le": 0.5, "generic_ge": 0.75, "generic_overall": 0.74}
    rows = [
        {"user": user, "seed": 0, "after": {"1": {**figures, "overall": 0.1 * user + 0.5 * place}}}
        for user in (1, 2)
        for place in (0, 1)
    ]
    result = record(sections, rows, {})
    means = [one["mean"]["overall"]["mean"] for one in result["candidates"]]
    assert means == [pytest.approx(0.15), pytest.approx(0.65)]
    assert result["candidates"][0]["mean"]["lost"]["mean"] == pytest.approx(0.01)


# ---- The command -----------------------------------------------------------------------------------------------------
@pytest.fixture
def run(source, data, tmp_path, monkeypatch):
    """Runs the command on the small network, in this process; returns exit code and result."""
    monkeypatch.setattr(seed_runs, "run", lambda tasks, workers: [one.run() for one in tasks])
    monkeypatch.setattr(learning_table, "COUNTS", (1, None))
    some = dict(list(candidates().items())[:2])
    for section in some.values():
        section[COURSE] = COURSE_KEYS
    monkeypatch.setattr(learning_choice, "candidates", lambda: some)

    def call_it(*arguments: object, gate: str | None = None) -> tuple[int, dict | None]:
        same = ["--gates", gate or source().gate, "--ge", source().ge, "--banks", tmp_path / "banks"]
        file = tmp_path / "result.json"
        code = call("learning_study", *same, "--work", tmp_path / "work", "--json", file, *arguments)
        return code, json.loads(file.read_text()) if file.exists() else None

    return call_it


def test_the_command_gives_means_of_users_and_seeds(run, capsys) -> None:
    code, result = run("--seeds", 2)
    (gate,) = result["gates"].values()
    assert code == 0 and len(gate["rows"]) == 2 * 2 * 2
    whole = [row["after"]["3"]["le"] for row in gate["rows"] if row["count"] is None]
    assert gate["curve"][-1]["after"]["3"]["le"]["mean"] == pytest.approx(np.mean(whole))
    assert gate["host"] is None and gate["section"] == PRESET["learning"]
    said = capsys.readouterr().out
    assert "2 users and 2 seeds" in said and "trained on a host" not in said


def test_the_command_compares_rules(run, capsys) -> None:
    code, result = run("--choose", "--users", 1)
    assert code == 0 and len(result["candidates"]) == 2
    assert "No test image was looked at" in capsys.readouterr().out and "gates" not in result


def test_wrong_input_is_one_sentence(run, capsys, tmp_path) -> None:
    for arguments, words in (
        (("--choose", "--gates", "rich,tuned"), "--gates names 2"),
        (("--users", 7), "user"),
        (("--choose", "--seeds", 5), "--seeds does nothing beside --choose"),
        (("--banks", tmp_path / "none"), "factory_without_user01.bank"),
        (("--keep",), "--keep is for the published result"),
    ):
        assert run(*arguments)[0] == 2
        error = capsys.readouterr().err
        assert words in error and error.count("\n") == 1
    (tmp_path / "mute.toml").write_text(GATE_TOML)
    assert run(gate=str(tmp_path / "mute.toml"))[0] == 2
    assert "no section [learning]" in capsys.readouterr().err


def test_built_in_handwriting_is_not_kept(capsys, monkeypatch) -> None:
    data = table_files.TableData(*(replace(blobs(1, i), synthetic=True) for i in (1, 2)), None, (1,))
    monkeypatch.setattr(load("learning_study").TableData, "load", lambda numbers: data)
    monkeypatch.setattr(table_files.TableData, "about", lambda self: {})
    assert call("learning_study", "--keep") == 2
    assert "not kept" in capsys.readouterr().err


# ---- What is kept ----------------------------------------------------------------------------------------------------
def test_the_hosts_figures_are_those_of_table_2(tmp_path) -> None:
    file = tmp_path / "table2.json"
    keys = ("ge", "le", "overall", "generic_overall", "gn", "generic_to_le")
    file.write_text(json.dumps({"rich": [{"user": u, **dict.fromkeys(keys, u / 10)} for u in (1, 2)]}))
    assert learning_table.host_figures("rich", (1, 2), file)["le"] == pytest.approx(0.15)
    assert learning_table.host_figures("rich", (2,), file)["le"] == pytest.approx(0.2)
    assert learning_table.host_figures("rich", (3,), file) is None
    assert learning_table.host_figures("tuned", (1,), file) is None


def test_what_is_kept_is_of_the_shipped_rule() -> None:
    kept = json.loads((RESULTS / "learning.json").read_text())["gates"]
    choice = json.loads((RESULTS / "learning_choice.json").read_text())
    found = {one["name"]: one["section"] for one in choice["candidates"]}
    for gate, entry in kept.items():
        section = load_toml("gates", gate)["learning"]
        assert entry["section"] == section, gate
    assert found[choice["chosen"]] == load_toml("gates", choice["gate"])["learning"]
    energy = json.loads((RESULTS / "learning_energy.json").read_text())
    assert energy["section"] == load_toml("gates", DEFAULT_GATE)["learning"]
