# SPDX-License-Identifier: Apache-2.0
"""The bank file: header, packed weights and checksum as one stream of 32-bit words that a device takes and checks.

Behind the stream stands a description in JSON, which lets a program unpack the weights whatever device they were
packed for. docs/bank-format.md has the byte table. Everything is little-endian.
"""

from __future__ import annotations

import hashlib
import json
import zlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from spec.bank import Bank
from spec.bank_payload import PackedLayer, packed_layers, payload, unpack_layer
from spec.errors import InputError
from spec.files import write_bytes
from spec.folding import Folding, LayerFolding
from spec.kinds.data import LayerWeights
from spec.kinds.matrix import MatrixLayer
from spec.network import Moe, name_in_bank

MAGIC = int.from_bytes(b"MOEB", "little")
VERSION = 1
HEADER_WORDS = 8

MAX_BYTES = 1 << 22
"""No bank is larger; a reader takes no more of a file into memory."""


def layout_digest(moe: Moe, folding: Folding) -> str:
    """SHA-256 (hexadecimal) of what a device makes of a bank's payload, apart from the GE.

    It covers the arithmetic of the gate (pools, confidence, hidden layer), the number of local experts, and of every
    run-time layer shape, types and PE, SIMD. Names of presets and the folding of frozen layers do not matter.
    """
    lines = [f"local_experts {moe.local_experts}"]
    lines += [pool.layout() for pool in (moe.le.pool, moe.gate.pool)]
    lines.append(f"confidence_shift {'none' if moe.confidence_shift is None else moe.confidence_shift}")
    lines += [_layer_text(layer, folding) for layer in moe.runtime_layers]
    return hashlib.sha256("".join(f"{line}\n" for line in lines).encode()).hexdigest()


def _layer_text(layer: MatrixLayer, folding: Folding) -> str:
    fold = folding.layers[layer.name]
    output = "raw" if layer.output is None else str(layer.output)
    return (
        f"{layer.name} {layer.in_shape} extra {layer.extra_inputs} outputs {layer.outputs} input {layer.input} "
        f"weight {layer.weight} bias {layer.bias} output {output} pe {fold.pe} simd {fold.simd}"
    )


def digest_words(digest: str) -> np.ndarray:
    """The first 8 bytes of a hexadecimal digest as they stand in the header: uint32 (2,)."""
    return np.frombuffer(bytes.fromhex(digest)[:8], "<u4").astype(np.uint32)


def device_words(bank: Bank, moe: Moe, folding: Folding) -> np.ndarray:
    """The stream that loads a bank into a device: uint32 (words,), header, payload, CRC-32.

    Raises:
        InputError: the bank does not belong to this accelerator.
    """
    bank.check(moe)
    data = payload(moe, folding, bank)
    header = np.zeros(HEADER_WORDS, np.uint32)
    header[:2] = MAGIC, VERSION
    header[2:4] = digest_words(moe.network.digest())
    header[4:6] = digest_words(layout_digest(moe, folding))
    header[6] = len(data)
    words = np.concatenate([header, data])
    return np.append(words, np.uint32(zlib.crc32(words.astype("<u4").tobytes())))


@dataclass(frozen=True)
class BankFile:
    """A checked bank file.

    Attributes:
        path: where it was read from.
        bank: the weights.
        stream: uint32 (words,), the part that goes to a device, header to CRC-32.
        records: how the layers are packed, in order.
        info: free description (user, accuracies, tool, command).
    """

    path: Path
    bank: Bank
    stream: np.ndarray = field(repr=False)
    records: tuple[PackedLayer, ...]
    info: dict[str, Any]

    def check(self, moe: Moe) -> None:
        """Refuse a file that was made for another GE, gate or shape; any folding will do.

        Raises:
            InputError: says what differs.
        """
        self.bank.check(moe, str(self.path))
        packed = {record.name: LayerFolding(record.pe, record.simd) for record in self.records}
        local = {layer.name: packed[name_in_bank(layer.name, 0)] for layer in moe.le.layers}
        folding = Folding("file", 2, packed | local)
        expected = digest_words(layout_digest(moe, folding))
        if (self.stream[4:6] != expected).any():
            raise InputError(
                f"{self.path}: made for the layout {_hex(self.stream[4:6])}, this accelerator's is {_hex(expected)}: "
                f"pools, confidence or types of the gate preset '{moe.preset}' differ"
            )


def _hex(words: np.ndarray) -> str:
    return words.astype("<u4").tobytes().hex()


def save_bank(path: str | Path, bank: Bank, moe: Moe, folding: Folding, info: dict[str, Any] | None = None) -> None:
    """Write a bank file (docs/bank-format.md), packed for a device with this folding, atomically.

    Args:
        info: free description (user, accuracies, tool, command); anything that JSON can hold.

    Raises:
        InputError: the bank does not belong to ``moe``, or the file cannot be written.
    """
    path = Path(path)
    content = bank_file_bytes(bank, moe, folding, info, path)
    try:
        write_bytes(path, content)
    except OSError as error:
        raise InputError(f"{path}: cannot be written ({error.strerror or error})") from None


def bank_file_bytes(
    bank: Bank, moe: Moe, folding: Folding, info: dict[str, Any] | None = None, path: Path = Path("bank")
) -> bytes:
    """What :func:`save_bank` writes; ``path`` names it in errors.

    Raises:
        InputError: the bank does not belong to ``moe``, or the file would be larger than any bank.
    """
    bank.check(moe, str(path))
    stream = device_words(bank, moe, folding).astype("<u4").tobytes()
    text = json.dumps(
        {
            "ge_digest": bank.network_digest,
            "gate": bank.preset,
            "layers": [vars(record) for record in packed_layers(moe, folding)],
            "info": info or {},
        },
        ensure_ascii=False,
        allow_nan=False,
    ).encode()
    text += b" " * (-len(text) % 4)
    content = stream + _u32(len(text)) + text + _u32(zlib.crc32(text))
    if len(content) > MAX_BYTES:
        raise InputError(f"{path}: the bank would take {len(content)} bytes, a bank file has at most {MAX_BYTES}")
    return content


def _u32(value: int) -> bytes:
    return value.to_bytes(4, "little")


def load_bank(path: str | Path, moe: Moe | None = None) -> Bank:
    """The bank of a bank file, packed for whatever folding.

    Args:
        moe: what the bank must have been made for; None checks only the file itself.

    Raises:
        InputError: the file does not exist, is not a sound bank file, or belongs to another accelerator.
    """
    file = read_bank_file(path)
    if moe is not None:
        file.check(moe)
    return file.bank


def read_bank_file(path: str | Path) -> BankFile:
    """Read a bank file, packed for whatever folding.

    Raises:
        InputError: there is no such file, or anything about it is not as docs/bank-format.md says.
    """
    path = Path(path)
    try:
        if not path.is_file():
            raise InputError(f"{path}: there is no such bank file")
        with open(path, "rb") as file:
            content = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror or error})") from None
    if len(content) > MAX_BYTES:
        raise InputError(f"{path}: larger than {MAX_BYTES} bytes, which no bank is")
    return parse_bank_file(content, path)


def parse_bank_file(content: bytes, path: Path) -> BankFile:
    """The same for the file's bytes; ``path`` names them in errors."""
    stream, rest = _split_stream(content, path)
    described = _description(rest, path)
    digest = described["ge_digest"]
    if (digest_words(digest) != stream[2:4]).any():
        raise InputError(f"{path}: its header names the global expert {_hex(stream[2:4])}, its description {digest}")
    records = tuple(_record(entry, path) for entry in described["layers"])
    _check_names([record.name for record in records], path)
    bank = _bank(_unpack(stream[HEADER_WORDS:-1], records, path), described["gate"], digest)
    return BankFile(path, bank, stream, records, described["info"])


def _bank(weights: dict[str, LayerWeights], preset: str, digest: str) -> Bank:
    gate = tuple(weights[name] for name in weights if name.startswith("gate"))
    local = [weights[name] for name in weights if name.startswith("le")]
    depth = 2 if "le0_hidden" in weights else 1
    experts = tuple(tuple(local[i : i + depth]) for i in range(0, len(local), depth))
    return Bank(preset, digest, experts, gate)


def bank_of_stream(words: np.ndarray, moe: Moe, folding: Folding, origin: str = "the device's bank") -> Bank:
    """The bank of a stream that a device gave back, packed for it: the inverse of :func:`device_words`.

    Args:
        words: uint32 (n,), header, payload, CRC-32.
        origin: names them in errors.

    Raises:
        InputError: it is cut short, another device's, or its CRC-32 is wrong.
    """
    records = packed_layers(moe, folding)
    header = np.zeros(HEADER_WORDS, np.uint32)
    header[:2], header[2:4] = (MAGIC, VERSION), digest_words(moe.network.digest())
    header[4:6], header[6] = digest_words(layout_digest(moe, folding)), sum(record.size for record in records)
    if len(words) != HEADER_WORDS + int(header[6]) + 1:
        raise InputError(f"{origin}: has {len(words)} words, {HEADER_WORDS + int(header[6]) + 1} are expected")
    if (words[:HEADER_WORDS] != header).any():
        raise InputError(f"{origin}: its header is not that of this accelerator")
    stored, computed = int(words[-1]), zlib.crc32(words[:-1].astype("<u4").tobytes())
    if stored != computed:
        raise InputError(f"{origin}: the weights' CRC-32 is {computed:08x}, the stream says {stored:08x}")
    return _bank(_unpack(words[HEADER_WORDS:-1], records, Path(origin)), moe.preset, moe.network.digest())


def _split_stream(content: bytes, path: Path) -> tuple[np.ndarray, bytes]:
    """The device's stream, checked as a device does, and the bytes behind it."""
    least = 4 * (HEADER_WORDS + 1)
    if content[:4] != _u32(MAGIC):
        raise InputError(f"{path}: not a bank file: begins with {content[:4].hex() or 'nothing'}, not 'MOEB'")
    if len(content) < least:
        raise InputError(f"{path}: truncated: has {len(content)} bytes, a bank has at least {least}")
    header = np.frombuffer(content[: 4 * HEADER_WORDS], "<u4").astype(np.uint32)
    if header[1] != VERSION:
        raise InputError(f"{path}: has format version {header[1]}, this program knows version {VERSION}")
    end = 4 * (HEADER_WORDS + int(header[6]) + 1)
    if len(content) < end:
        raise InputError(f"{path}: truncated: has {len(content)} bytes, its header announces {end} and a description")
    stored, computed = int.from_bytes(content[end - 4 : end], "little"), zlib.crc32(content[: end - 4])
    if stored != computed:
        raise InputError(f"{path}: corrupted: the weights' CRC-32 is {computed:08x}, the file says {stored:08x}")
    if header[7] != 0:
        raise InputError(f"{path}: header word 7 is {header[7]}, it must be 0")
    return np.frombuffer(content[:end], "<u4").astype(np.uint32), content[end:]


def _description(rest: bytes, path: Path) -> dict[str, Any]:
    """The JSON behind the stream, with the types of its top level checked."""
    length = int.from_bytes(rest[:4], "little")
    needed = 4 + length + 4
    if len(rest) < 4 or len(rest) < needed:
        raise InputError(f"{path}: truncated: {len(rest)} bytes of description, {max(needed, 8)} expected")
    if len(rest) > needed:
        raise InputError(f"{path}: {len(rest) - needed} bytes follow the end of the bank, none are allowed")
    text = rest[4:-4]
    stored, computed = int.from_bytes(rest[-4:], "little"), zlib.crc32(text)
    if stored != computed:
        raise InputError(f"{path}: corrupted: the description's CRC-32 is {computed:08x}, the file says {stored:08x}")
    if length % 4:
        raise InputError(f"{path}: its description has {length} bytes, not a multiple of 4")
    try:
        described = json.loads(text.decode())
    except (ValueError, RecursionError):
        raise InputError(f"{path}: its description is not valid JSON") from None
    if not isinstance(described, dict):
        raise InputError(f"{path}: its description is not a JSON object")
    digest, gate = described.get("ge_digest"), described.get("gate")
    if not (isinstance(digest, str) and len(digest) == 64 and set(digest) <= set("0123456789abcdef")):
        raise InputError(f"{path}: its description lacks 'ge_digest', 64 hexadecimal digits")
    if not (isinstance(gate, str) and 0 < len(gate) <= 100 and gate.isprintable()):
        raise InputError(f"{path}: its description lacks 'gate', the name of a gate preset")
    if not isinstance(described.get("layers"), list) or not isinstance(described.get("info"), dict):
        raise InputError(f"{path}: its description lacks 'layers', a list, or 'info', an object")
    return described


_LIMITS = {"outputs": 1 << 20, "inputs": 1 << 20, "weight_bits": 32, "bias_bits": 32, "pe": 1 << 20, "simd": 1 << 20}


def _record(entry: Any, path: Path) -> PackedLayer:
    if not isinstance(entry, dict) or set(entry) != {"name", *_LIMITS} or not isinstance(entry["name"], str):
        raise InputError(f"{path}: a layer's description must have exactly the keys name, {', '.join(_LIMITS)}")
    for key, limit in _LIMITS.items():
        value = entry[key]
        if type(value) is not int or not 1 <= value <= limit:
            found = value if type(value) is int and abs(value) < 1 << 64 else "no such integer"
            raise InputError(f"{path}: a layer's {key} is {found}, allowed are 1 to {limit}")
    record = PackedLayer(**entry)
    if record.outputs % record.pe:
        raise InputError(f"{path}: pe = {record.pe} does not divide a layer's {record.outputs} outputs")
    return record


def _check_names(names: list[str], path: Path) -> None:
    local = ["le_hidden", "le"] if "le0_hidden" in names else ["le"]
    gate = ["gate_hidden", "gate_out"] if "gate_hidden" in names else ["gate_out"]
    experts = (len(names) - len(gate)) // len(local)
    expected = [name_in_bank(name, i) for i in range(experts) for name in local] + gate
    if not 1 <= experts <= 8 or names != expected:
        raise InputError(
            f"{path}: its layers must be le0 to at most le7, each behind its hidden layer if there are such, then "
            "gate_hidden if there is one, and gate_out"
        )


def _unpack(data: np.ndarray, records: tuple[PackedLayer, ...], path: Path) -> dict[str, LayerWeights]:
    needed = sum(record.size for record in records)
    if needed != len(data):
        raise InputError(f"{path}: has {len(data)} words of weights, its layers need {needed}")
    weights: dict[str, LayerWeights] = {}
    for record in records:
        part, data = data[: record.size], data[record.size :]
        try:
            weights[record.name] = unpack_layer(part, record)
        except ValueError as error:
            raise InputError(f"{path}: {record.name}: {error}") from None
    return weights
