# SPDX-License-Identifier: Apache-2.0
"""The interface on a real, simulated device: the golden model's answers, lessons, banks, load, bad input, strangers."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from demo import trial
from demo.client import Client
from demo.desk import Desk
from demo.limits import REQUEST_BYTES
from demo.story import CHARACTER, FORM, handwriting
from demo.strokes import draw_strokes
from demo.tests.served import design, factory, served, service
from demo.tests.test_parts import npz
from golden.data import CLASSES, generate
from golden.energy.expected import expected_counts
from golden.integer_model import MoeModel
from spec.bank import random_bank
from spec.bank_file import bank_file_bytes, parse_bank_file
from spec.errors import CheckFailed
from spec.network import Mode
from spec.paths import ROOT

LETTER = handwriting(CHARACTER, FORM, 1)
SAME = handwriting(CHARACTER, FORM, 2)
JSON = {"Content-Type": "application/json"}
BINARY = {"Content-Type": "application/octet-stream"}


@pytest.fixture(scope="module")
def work(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The server's own folder."""
    return tmp_path_factory.mktemp("work")


@pytest.fixture(scope="module")
def address(work: Path) -> Iterator[str]:
    """Of a server that runs for all tests of this file."""
    with served(work) as address:
        yield address


@pytest.fixture
def client(address: str) -> Iterator[Client]:
    """A client with a new session."""
    opened = Client(address)
    yield opened
    opened.close()


# ---- Answers ---------------------------------------------------------------------------------------------------------
def test_answers_are_the_golden_models_in_every_mode(client: Client) -> None:
    found = trial.scribbles(client, design(), factory(), 24)
    assert (found.answers, found.wrong) == (24, [])


def test_another_bank_and_another_image_are_seen(client: Client) -> None:
    model, image = MoeModel(design().moe), draw_strokes(LETTER)
    answer = client.post("/classify", strokes=LETTER, mode="LE_ONLY")
    other = random_bank(design().moe, 1)
    args = (model, factory(), Mode.LE_ONLY)
    assert trial.compare(*args, image, answer, factory().digest()) is None
    assert "another image" in trial.compare(*args, image.T, answer, factory().digest())
    assert "the bank" in trial.compare(*args, image, answer, other.digest())
    assert "the golden model" in trial.compare(model, other, Mode.LE_ONLY, image, answer, factory().digest())


def test_pixels_are_taken_as_they_are_and_strokes_as_drawn(client: Client) -> None:
    image = draw_strokes(LETTER)
    drawn, given = client.post("/classify", strokes=LETTER), client.post("/classify", pixels=image.tolist())
    assert {**drawn, "power": 0} == {**given, "power": 0}


def test_what_is_told_beside_the_answer(client: Client) -> None:
    answers = {mode.name: client.post("/classify", strokes=LETTER, mode=mode.name) for mode in Mode}
    off = answers.pop("OFF")
    assert off["expert"] is off["first"] is off["cycles"] is off["gate"] is None
    assert not np.any([off["power"]["on"][name] for name in ("fe", "ge", "le", "gn")])
    for name, answer in answers.items():
        power = answer["power"]
        assert (answer["gate"] is None) == (name in ("GE_ONLY", "LE_ONLY"))
        assert answer["first"]["share"] > answer["second"]["share"] > 0
        assert power["ends"] == sorted(power["ends"]) and answer["cycles"] <= power["ends"][-1]
        assert 0 <= np.min([*power["active"].values()]) <= np.max([*power["active"].values()]) <= 1
    worked = {
        name: {d: np.sum(a["power"]["active"][d]) > 0 for d in ["fe", "ge", "le", "gn"]} for name, a in answers.items()
    }
    assert worked["GE_ONLY"] == {"fe": True, "ge": True, "le": False, "gn": False}
    assert worked["LE_ONLY"] == {"fe": True, "ge": False, "le": True, "gn": False}
    assert all(worked["MOE_PARALLEL"].values())
    gated = answers["MOE_GATED"]["power"]["on"]["ge"]  # asleep, woken for this image, asleep again
    assert (gated[0], max(gated), gated[-1]) == (0, 1, 0)
    assert answers["GE_ONLY"]["energy"]["ratio"] == 1 and answers["LE_ONLY"]["energy"]["ratio"] < 0.1
    assert answers["LE_ONLY"]["cycles"] < answers["GE_ONLY"]["cycles"] < answers["MOE_GATED"]["cycles"]


def test_counters_of_an_image_are_the_golden_activitys() -> None:
    answer = service().desk.answer(service().sessions.start.weights, Mode.MOE_GATED, draw_strokes(LETTER))
    expected = expected_counts(design().moe, design().folding, Mode.MOE_GATED, 1, int(answer.expert == 0))
    for name, part in expected.domains.items():
        found = answer.counters.domains[name]
        assert (found.macs, found.weight_reads, found.buffer_writes) == (
            part.macs,
            part.weight_reads,
            part.buffer_writes,
        )


def test_a_device_that_answers_something_else_is_a_fault(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    right = Desk.answer
    monkeypatch.setattr(Desk, "answer", lambda *args: replace(answer := right(*args), label=(answer.label + 1) % 62))
    with pytest.raises(CheckFailed, match="the server answered 500: the device answered class"):
        client.post("/classify", strokes=LETTER)
    monkeypatch.undo()
    assert trial.scribbles(client, design(), factory(), 1).wrong == []


# ---- Lessons and banks -----------------------------------------------------------------------------------------------
def test_taught_undone_saved_loaded_and_forgotten(client: Client) -> None:
    first = client.post("/classify", strokes=SAME)
    assert first["first"]["character"] != CHARACTER and first["expert"] == "GE"
    seen = client.post("/correct", strokes=LETTER, label=CHARACTER)["people"][0]
    assert [(line["kind"], line["label"]) for line in seen["taught"]] == [("correction", CLASSES.index(CHARACTER))]
    learned = client.post("/classify", strokes=SAME)
    assert (learned["first"]["character"], learned["expert"]) == (CHARACTER, "LE")
    assert learned["bank"] == seen["bank"] != first["bank"]

    status, file = client.request("GET", f"/bank?session={client.session}")
    assert status == 200 and parse_bank_file(file, Path("it")).bank.digest() == learned["bank"]
    shares = client.get("/others")
    assert shares["now"]["right"] > shares["factory"]["right"] - 0.02 and shares["bank"] == learned["bank"]
    assert shares["images"] == 496 or "EMNIST" in shares["source"]

    assert client.post("/undo")["people"][0]["bank"] == first["bank"]
    assert client.post("/classify", strokes=SAME)["first"] == first["first"]
    loaded = client.send("/bank", file, name="../mine.bank")["people"][0]
    assert loaded["bank"] == learned["bank"] and loaded["taught"][0]["text"] == "bank file mine.bank"
    assert client.post("/classify", strokes=SAME)["first"] == learned["first"]
    again = client.post("/factory")["people"][0]
    assert (again["bank"], again["taught"]) == (first["bank"], [])


def test_the_same_corrections_make_the_same_bank_and_others_keep_theirs(address: str, client: Client) -> None:
    other = Client(address)
    client.post("/people", name="Ann")
    banks = [
        one.post("/correct", strokes=LETTER, label=35, **who)["people"]
        for one, who in ((client, {"person": 1}), (other, {}))
    ]
    assert banks[0][1]["bank"] == banks[1][0]["bank"] != banks[0][0]["bank"] == factory().digest()
    both = client.post("/compare", strokes=LETTER)
    assert both["experts"][0] == "GE" and both["answers"][1]["label"] == 35
    other.close()


def test_own_images_are_learned_and_confusions_counted(client: Client) -> None:
    one = generate(1, 4, 11).data
    chosen = np.isin(one.labels, [CLASSES.index(letter) for letter in "pqsz"])
    found = client.send("/images/npz", npz(x=one.images[chosen], y=one.labels[chosen]), name="mine.npz")
    assert (found["taught"], found["images"], found["held_out"]) == (12, 4, True)
    assert found["right_after"] >= found["right_before"]
    assert found["session"]["people"][0]["taught"][0]["text"] == "12 images of mine.npz"
    assert client.get("/session")["people"][0]["bank"] != factory().digest()


# ---- Load ------------------------------------------------------------------------------------------------------------
def test_many_clients_at_a_time_get_answers_of_their_own(address: str) -> None:
    found = trial.load(address, design(), clients=6, requests=30)
    assert (found.answers, found.wrong) == (30, [])


def test_a_device_that_keeps_the_bank_before_is_seen(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    first = service().desk._select(service().sessions.start.weights)
    monkeypatch.setattr(Desk, "_select", lambda self, weights, anew=False: first)
    assert trial.load(address, design(), clients=2, requests=6).wrong


# ---- Bad input -------------------------------------------------------------------------------------------------------
def another_ge() -> bytes:
    """A sound bank file of a device with another global expert."""
    network = replace(design().moe.network, name="another", weights={**design().moe.network.weights})
    layer = next(iter(network.weights))
    network.weights[layer] = replace(network.weights[layer], bias=network.weights[layer].bias + 1)
    moe = replace(design().moe, network=network)
    return bank_file_bytes(replace(random_bank(moe, 1), network_digest=moe.network.digest()), moe, design().folding)


def files() -> dict[str, bytes]:
    """Banks that are none of this device."""
    sound = bank_file_bytes(factory(), design().moe, design().folding)
    flipped = bytes([*sound[:5000], sound[5000] ^ 1, *sound[5001:]])
    paper = (ROOT / "models" / "banks" / "paper" / "user01.bank").read_bytes()
    return {
        "empty": b"",
        "png": b"\x89PNG....",
        "truncated": sound[:10000],
        "flipped": flipped,
        "gate": paper,
        "ge": another_ge(),
    }


REFUSED = [  # path, content, status, words
    ("/classify", {"pixels": "hello"}, 422, "pixels: "),
    ("/classify", {"pixels": [[0] * 28] * 27}, 422, "27 rows of 28 values"),
    ("/classify", {"pixels": [[0] * 29] * 28}, 422, "28 rows of 29 values"),
    ("/classify", {"pixels": [[256] + [0] * 27] * 28}, 422, "has the value 256"),
    ("/classify", {"pixels": [[0.5] * 28] * 28}, 422, "pixels.0.0: "),
    ("/classify", {"pixels": [[0] * 28] * 28, "strokes": [[[0, 0]]]}, 422, "not both"),
    ("/classify", {}, 422, "either strokes or pixels"),
    ("/classify", {"strokes": [[[0, None]]]}, 422, "strokes.0.0.1: "),
    ("/classify", {"strokes": LETTER, "mode": "FAST"}, 422, "mode: "),
    ("/classify", {"strokes": LETTER, "theta": 2**31}, 422, "theta: "),
    ("/classify", {"strokes": LETTER, "person": 1}, 404, "person: is 1"),
    ("/classify", {"strokes": LETTER, "colour": 1}, 422, "colour: "),
    ("/classify", {"strokes": LETTER, "session": "0" * 32}, 404, "session: there is none"),
    ("/correct", {"strokes": LETTER, "label": 62}, 422, "label: is 62, allowed are 0 to 61"),
    ("/correct", {"strokes": LETTER, "label": -1}, 422, "label: is -1"),
    ("/correct", {"strokes": LETTER, "label": "qq"}, 422, "label: is 'qq'"),
    ("/correct", {"strokes": LETTER, "label": "\u00e9"}, 422, "one of the characters"),
    ("/correct", {"strokes": LETTER, "label": True}, 422, "label"),
    ("/correct", {"strokes": LETTER}, 422, "label: "),
    ("/undo", {}, 409, "nothing was taught"),
    ("/people", {"name": "x" * 25}, 422, "name: "),
    ("/images/png", {"files": []}, 422, "no PNG file"),
]  # fmt: skip


def refused(client: Client, path: str, body: bytes, status: int, words: str, headers: dict[str, str] = JSON) -> None:
    """Check that a request is refused with one sentence."""
    found, answer = client.request("POST", path, body, headers)
    sentence = json.loads(answer)["detail"]
    assert (found, words in sentence, "\n" in sentence) == (status, True, False), sentence
    assert str(ROOT) not in sentence and len(sentence) < 400


def test_bad_input_is_one_sentence_and_changes_nothing(client: Client, work: Path) -> None:
    before = client.get("/session")
    for path, content, status, words in REFUSED:
        refused(client, path, json.dumps({"session": client.session, **content}).encode(), status, words)
    refused(client, "/classify", b"{", 422, "not JSON")
    refused(client, "/classify", b"[" * 100_000, 400, "parsing the body")
    refused(client, "/classify", json.dumps({"session": client.session, "strokes": [[[0, 1e400]]]}).encode(), 422, "")
    for path in ("/classify", f"/bank?session={client.session}"):
        refused(client, path, b"x" * 10_000_000, 413, f"at most {REQUEST_BYTES} are allowed")
    words = {
        "empty": "not a bank file", "png": "not a bank file", "truncated": "truncated", "flipped": "corrupted",
        "gate": "made for the gate preset 'paper'", "ge": "made for the global expert",
    }  # fmt: skip
    for name, content in files().items():
        refused(client, f"/bank?session={client.session}", content, 422, words[name], BINARY)
    refused(client, "/images/npz?session=" + client.session, b"PK\x03\x04", 422, "not an .npz archive", BINARY)
    assert client.get("/session") == before and list(work.iterdir()) == []
    assert trial.scribbles(client, design(), factory(), 2).wrong == []


def test_only_its_own_files_are_served(client: Client) -> None:
    for path in ("/", "/interface", "/style.css", "/main.js", "/openapi.json"):
        assert client.request("GET", path)[0] == 200
    for path in (
        "/../README.md",
        "/..%2f..%2fREADME.md",
        "/page/style.css",
        "/api.py",
        "//etc/passwd",
        "/docs",
        "/redoc",
    ):
        status, answer = client.request("GET", path)
        assert status == 404 and json.loads(answer)["detail"].startswith("there is no ")
    assert client.request("PUT", "/classify")[0] == 405
    assert client.request("GET", "/", headers={"Host": "evil.example"})[0] == 403
    headers = {**JSON, "Origin": "http://evil.example"}
    refused(client, "/session", b"", 403, "another origin", headers)


def test_the_interface_describes_itself(client: Client) -> None:
    described = json.loads(client.request("GET", "/openapi.json")[1])
    assert {"/classify", "/correct", "/bank"} <= set(described["paths"])
    for operations in described["paths"].values():
        assert all(about["summary"] and "422" in about["responses"] for about in operations.values())
