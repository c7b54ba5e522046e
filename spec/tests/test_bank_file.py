# SPDX-License-Identifier: Apache-2.0
"""The bank file: its bytes, its refusals, and that no damage gets through."""

from __future__ import annotations

import json
import zlib
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from spec import __version__
from spec.bank import Bank, random_bank
from spec.bank_file import (
    HEADER_WORDS,
    MAGIC,
    MAX_BYTES,
    VERSION,
    device_words,
    layout_digest,
    load_bank,
    parse_bank_file,
    read_bank_file,
    save_bank,
)
from spec.bank_payload import pack_lanes, payload, unpack_lanes
from spec.errors import InputError
from spec.folding import LayerFolding
from spec.kinds.average_pool import AveragePool
from spec.kinds.max_average_pool import MaxAveragePool
from spec.network import LayerWeights
from spec.paths import MODELS, ROOT
from spec.presets import TRAINED_GATES, Accelerator, load_accelerator
from spec.tiny import tiny_accelerator

PATH = Path("user.bank")
INFO = {"user": 3, "accuracy": 0.5, "name": "Zoë"}


def folded(accelerator: Accelerator, **layers: tuple[int, int]) -> Accelerator:
    """The accelerator with other PE and SIMD of some layers."""
    changed = accelerator.folding.layers | {name: LayerFolding(*fold) for name, fold in layers.items()}
    return replace(accelerator, folding=replace(accelerator.folding, layers=changed))


def same(a: Bank, b: Bank) -> bool:
    """Whether two banks are equal in everything."""
    if (a.preset, a.network_digest) != (b.preset, b.network_digest) or len(a.layers()) != len(b.layers()):
        return False
    return all(
        x == y and np.array_equal(v.weight, w.weight) and np.array_equal(v.bias, w.bias)
        for (x, v), (y, w) in zip(a.layers(), b.layers(), strict=True)
    )


@pytest.fixture(scope="module")
def accelerator() -> Accelerator:
    return tiny_accelerator()


@pytest.fixture(scope="module")
def content(accelerator, tmp_path_factory) -> bytes:
    """A valid file."""
    path = tmp_path_factory.mktemp("bank") / "user.bank"
    save_bank(path, random_bank(accelerator.moe, 5), accelerator.moe, accelerator.folding, INFO)
    return path.read_bytes()


def reseal(content: bytes, words: dict[int, int] | None = None, description: object = None) -> bytes:
    """The file with some words of the stream or its description replaced, and all checksums made right."""
    end = 4 * (HEADER_WORDS + int.from_bytes(content[24:28], "little"))
    stream = np.frombuffer(content[:end], "<u4").copy()
    for index, value in (words or {}).items():
        stream[index] = value
    text = content[end + 8 : -4]
    if description is not None:
        text = description if isinstance(description, bytes) else json.dumps(description).encode()
        text += b" " * (-len(text) % 4)
    front = stream.tobytes()
    parts = (front, zlib.crc32(front), len(text), text, zlib.crc32(text))
    return b"".join(part if isinstance(part, bytes) else part.to_bytes(4, "little") for part in parts)


def describe(content: bytes) -> dict:
    """The description of a valid file."""
    end = 4 * (HEADER_WORDS + int.from_bytes(content[24:28], "little") + 1)
    return json.loads(content[end + 4 : -4])


def test_the_bytes_are_those_of_the_documentation(accelerator, content):
    moe, folding = accelerator.moe, accelerator.folding
    data = payload(moe, folding, random_bank(moe, 5))
    words = np.frombuffer(content[: 4 * (HEADER_WORDS + len(data) + 1)], "<u4")
    assert content[:8] == b"MOEB\x01\0\0\0" and (words[0], words[1]) == (MAGIC, VERSION)
    assert content[8:16].hex() == moe.network.digest()[:16]
    assert content[16:24].hex() == layout_digest(moe, folding)[:16]
    assert list(words[6:8]) == [len(data), 0]
    assert (words[HEADER_WORDS:-1] == data).all()
    weight = random_bank(moe, 5).local_experts[0][-1].weight  # pe 1, simd 4: a word holds four inputs of one output
    assert content[32:36] == weight[0, :4].astype(np.int8).tobytes()
    assert content[36:40] == weight[1, :4].astype(np.int8).tobytes()
    assert words[-1] == zlib.crc32(words[:-1].tobytes())
    assert (device_words(random_bank(moe, 5), moe, folding) == words).all()
    assert reseal(content) == content
    described = describe(content)
    assert (described["ge_digest"], described["gate"]) == (moe.network.digest(), moe.preset)
    assert described["info"] == INFO
    sizes = {"weight_bits": 8, "bias_bits": 16}
    assert described["layers"][0] == {"name": "le0", "outputs": 7, "inputs": 36, **sizes, "pe": 1, "simd": 4}


@pytest.mark.parametrize("bits", [1, 3, 8, 16, 31])
@pytest.mark.parametrize("lanes", [1, 5, 32])
def test_lanes_survive_packing(bits: int, lanes: int):
    values = np.random.default_rng(bits).integers(-(1 << bits - 1), 1 << bits - 1, (6, lanes))
    chunks = pack_lanes(values, bits)
    assert (unpack_lanes(chunks, lanes, bits) == values).all()
    mask = (1 << bits) - 1
    words = [sum((int(v) & mask) << (i * bits) for i, v in enumerate(word)) for word in values]
    assert [int.from_bytes(word.astype("<u4").tobytes(), "little") for word in chunks] == words


@pytest.mark.parametrize("gate", ["linear", "general"])
@pytest.mark.parametrize("experts", [1, 3])
@pytest.mark.parametrize("fold", [(1, 1), (7, 9), (1, 36)])
def test_a_file_packed_for_any_folding_loads(tmp_path, gate: str, experts: int, fold: tuple[int, int]):
    accelerator = folded(tiny_accelerator(gate, experts), le=fold, gate_hidden=(3, 4))
    bank = random_bank(accelerator.moe, 1)
    save_bank(tmp_path / "x.bank", bank, accelerator.moe, accelerator.folding)
    assert same(load_bank(tmp_path / "x.bank", accelerator.moe), bank)


def test_layout_digest_tells_what_matters_and_nothing_else(accelerator):
    moe, folding = accelerator.moe, accelerator.folding
    digest = layout_digest(moe, folding)
    renamed = replace(folding, name="other", weight_banks=4, layers=folding.layers | {"fc1": LayerFolding(8, 1)})
    assert layout_digest(replace(moe, preset="other"), renamed) == digest
    assert layout_digest(tiny_accelerator(seed=1).moe, folding) == digest
    finer = replace(moe.le.out, weight=replace(moe.le.out.weight, fraction_bits=5))
    others = [
        tiny_accelerator(local_experts=2),
        tiny_accelerator("linear"),
        folded(accelerator, le=(7, 4)),
        folded(accelerator, gate_hidden=(2, 4)),
        replace(accelerator, moe=replace(moe, confidence_shift=9)),
        tiny_accelerator("deep"),
        replace(accelerator, moe=replace(moe, gate=replace(moe.gate, pool=replace(moe.gate.pool, size=2)))),
        replace(accelerator, moe=replace(moe, le=replace(moe.le, pool=AveragePool(**vars(moe.le.pool))))),
        replace(accelerator, moe=replace(moe, le=replace(moe.le, pool=MaxAveragePool(**vars(moe.le.pool))))),
        replace(accelerator, moe=replace(moe, le=replace(moe.le, layers=(finer,)))),
    ]
    digests = {layout_digest(other.moe, other.folding) for other in others}
    assert len(digests) == len(others) and digest not in digests


def test_a_foreign_file_is_refused(accelerator, content, tmp_path):
    (tmp_path / "x.bank").write_bytes(content)
    file = read_bank_file(tmp_path / "x.bank")
    file.check(accelerator.moe)
    foreign = {
        "made for the global expert": tiny_accelerator(seed=1).moe,
        "made for the gate preset 'general', not for 'linear'": tiny_accelerator("linear").moe,
        "has 3 layers, the accelerator 4": tiny_accelerator(local_experts=2).moe,
        "made for the layout": replace(accelerator.moe, confidence_shift=9),
    }
    for message, moe in foreign.items():
        with pytest.raises(InputError, match=message):
            load_bank(tmp_path / "x.bank", moe)
    with pytest.raises(InputError, match="made for the global expert"):
        device_words(file.bank, tiny_accelerator(seed=1).moe, accelerator.folding)


def broken(content: bytes) -> dict[str, bytes]:
    """Damaged files by a part of the sentence that refuses them."""
    described = describe(content)
    layers = described["layers"]

    def with_layer(index: int, **changes: object) -> dict:
        return {**described, "layers": [{**x, **changes} if i == index else x for i, x in enumerate(layers)]}

    payload = int.from_bytes(content[24:28], "little")
    return {
        "begins with nothing, not 'MOEB'": b"",
        "not a bank file: begins with 504b0304, not 'MOEB'": b"PK\x03\x04" + content[4:],
        "truncated: has 20 bytes, a bank has at least 36": content[:20],
        "format version 2, this program knows version 1": reseal(content, {1: 2}),
        "truncated: has 400 bytes, its header announces": content[:400],
        f"announces {4 * (2**32 + 8)} and": content[:24] + b"\xff" * 4 + content[28:],
        "corrupted: the weights' CRC-32 is": content[:40] + b"\x5a\xa5" + content[42:],
        "header word 7 is 1, it must be 0": reseal(content, {7: 1}),
        "its header names the global expert": reseal(content, {2: 0}),
        "bytes of description,": content[:-5],
        "truncated: 0 bytes of description, 8 expected": content[: 4 * (HEADER_WORDS + payload + 1)],
        "3 bytes follow the end of the bank, none are allowed": content + b"abc",
        "corrupted: the description's CRC-32 is": content[:-10] + b"!" + content[-9:],
        "description is not valid JSON": reseal(content, description=b"{nonsense"),
        "not valid JSON": reseal(content, description=b"[" * 100_000),
        "description is not a JSON object": reseal(content, description=[1]),
        "lacks 'ge_digest'": reseal(content, description={**described, "ge_digest": "abc"}),
        "lacks 'gate', the name": reseal(content, description={**described, "gate": "a\nb"}),
        "lacks 'layers', a list": reseal(content, description={**described, "layers": {}}),
        "must have exactly the keys": reseal(content, description=with_layer(0, extra=1)),
        "a layer's pe is 0, allowed are 1 to": reseal(content, description=with_layer(0, pe=0)),
        "a layer's inputs is no such integer": reseal(content, description=with_layer(0, inputs=10**400)),
        "outputs is no such integer, allowed are 1 to": reseal(content, description=with_layer(0, outputs=True)),
        "pe = 2 does not divide a layer's 7 outputs": reseal(content, description=with_layer(0, pe=2)),
        "words of weights, its layers need": reseal(content, description=with_layer(0, inputs=1 << 20)),
        "its layers must be le0": reseal(content, description=with_layer(0, name="gate_out")),
        "le0: bits that belong to no weight or bias are not 0": reseal(
            content, {HEADER_WORDS + 7 * 9: 0xFFFF_FFFF}, description=described
        ),
    }


def test_damage_is_refused_in_one_sentence(content):
    for message, damaged in broken(content).items():
        with pytest.raises(InputError) as refusal:
            parse_bank_file(damaged, PATH)
        assert message in str(refusal.value) and str(refusal.value).startswith("user.bank: ")
        assert "\n" not in str(refusal.value)


def test_what_is_no_file_is_refused(tmp_path):
    with pytest.raises(InputError, match="no such bank file"):
        read_bank_file(tmp_path / "none.bank")
    with pytest.raises(InputError, match="no such bank file"):
        read_bank_file(tmp_path)
    with open(tmp_path / "huge.bank", "wb") as file:
        file.truncate(MAX_BYTES + 1)
    with pytest.raises(InputError, match="larger than"):
        read_bank_file(tmp_path / "huge.bank")


def test_a_failed_save_leaves_the_old_file(accelerator, content, tmp_path):
    moe, folding = accelerator.moe, accelerator.folding
    path = tmp_path / "user.bank"
    path.write_bytes(content)
    bank = random_bank(moe, 0)
    out = bank.gate[-1]
    weight = out.weight.copy()
    weight[0, 0] = 128
    wrong = replace(bank, gate=(*bank.gate[:-1], LayerWeights(weight, out.bias)))
    with pytest.raises(InputError, match="gate_out has values outside 8/16 bits"):
        save_bank(path, wrong, moe, folding)
    with pytest.raises(ValueError):
        save_bank(path, bank, moe, folding, {"accuracy": float("nan")})
    (tmp_path / "taken").mkdir()
    with pytest.raises(InputError, match="taken: cannot be written"):
        save_bank(tmp_path / "taken", bank, moe, folding)
    assert path.read_bytes() == content
    assert sorted(p.name for p in tmp_path.iterdir()) == ["taken", "user.bank"]


def mutate(content: bytes, rng: np.random.Generator) -> bytes:
    """Flip, overwrite, cut, insert, repeat or append, once to a few times."""
    data = bytearray(content)
    for _ in range(rng.integers(1, 4)):
        at, size = int(rng.integers(len(data) + 1)), int(rng.integers(1, 40))
        match rng.integers(6):
            case 0:
                data[at : at + 1] = bytes(b ^ 1 << int(rng.integers(8)) for b in data[at : at + 1])
            case 1:
                data[at : at + size] = rng.bytes(len(data[at : at + size]))
            case 2:
                del data[at:]
            case 3:
                data[at:at] = rng.bytes(size)
            case 4:
                data[at:at] = data[at : at + size]
            case _:
                del data[at : at + size]
    return bytes(data)


def test_no_mutation_gets_through(content):
    """Every one of 6,000 damaged files is refused; one that came out unchanged is the same bank."""
    original, rng = parse_bank_file(content, PATH).bank, np.random.default_rng(0)
    unchanged = 0
    for _ in range(6000):
        damaged = mutate(content, rng)
        if damaged == content:
            unchanged += 1
            assert same(parse_bank_file(damaged, PATH).bank, original)
            continue
        with pytest.raises(InputError):
            parse_bank_file(damaged, PATH)
    assert unchanged < 600


@pytest.mark.parametrize("length", range(0, 900, 60))
def test_no_truncation_gets_through(content, length: int):
    for end in range(length, min(length + 60, len(content) - 1)):
        with pytest.raises(InputError):
            parse_bank_file(content[:end], PATH)


def test_right_checksums_around_nonsense_raise_nothing_else(content):
    """With the checksums made right, as no accident does, the parser still refuses or gives a sound bank."""
    rng = np.random.default_rng(1)
    described, words = json.dumps(describe(content)).encode(), int.from_bytes(content[24:28], "little")
    refused = accepted = 0
    for _ in range(3000):
        damaged = {int(rng.integers(HEADER_WORDS + words)): int(rng.integers(1 << 32))} if rng.random() < 0.5 else None
        if damaged and 6 in damaged:
            continue  # the length says where the description is: reseal would have to move it
        text = mutate(described, rng) if not damaged else None
        try:
            bank = parse_bank_file(reseal(content, damaged, text), PATH).bank
        except InputError:
            refused += 1
        else:
            accepted += 1
            assert [name for name, _ in bank.layers()] == ["le0", "gate_hidden", "gate_out"]
    assert refused > 500 and accepted > 100


def test_the_fuzzer_sees_a_parser_without_checksums(content, monkeypatch):
    """Negative control: with a checksum that always agrees, damaged files do get through."""
    monkeypatch.setattr(zlib, "crc32", lambda data, value=0: 0)
    zero = reseal(content)
    parse_bank_file(zero, PATH)
    rng, through = np.random.default_rng(0), 0
    for _ in range(300):
        at = int(rng.integers(len(zero)))
        damaged = zero[:at] + bytes([zero[at] ^ 1]) + zero[at + 1 :]
        try:
            parse_bank_file(damaged, PATH)
            through += 1
        except InputError:
            pass
    assert through > 50


@pytest.mark.parametrize("gate", TRAINED_GATES)
def test_the_released_banks_fit_the_released_global_expert(gate: str):
    accelerator = load_accelerator(gate=gate)
    files = sorted((MODELS / "banks" / gate).glob("user*.bank"))
    assert len(files) == 10
    for path in files:
        file = read_bank_file(path)
        file.check(accelerator.moe)
        assert f"user{file.info['user']:02}" == path.stem and file.info["test"]["overall"] > 0.7
        assert (file.stream == device_words(file.bank, accelerator.moe, accelerator.folding)).all()


def test_the_version_is_that_of_the_project():
    assert f'\nversion = "{__version__}"\n' in (ROOT / "pyproject.toml").read_text()
