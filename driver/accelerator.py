# SPDX-License-Identifier: Apache-2.0
"""The accelerator as a person's program sees it: load a user, choose a mode, classify images, read counters."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from driver.counters import Counters
from driver.read_back import read_bank
from driver.transport import DriverError, Transport
from hw.regs.map import encodings, register
from spec import result_word
from spec.bank import Bank
from spec.bank_file import device_words, layout_digest, read_bank_file, save_bank
from spec.network import Mode
from spec.presets import DEFAULT_FOLDING, DEFAULT_GATE, load_accelerator
from spec.presets import Accelerator as Design
from spec.result_word import Status

ID = 0x4D6F4531
VERSION = (1, 1)  # of the registers: the same major version, and at least the minor one
REASONS = {  # what BANK_STATUS.reason says, in words
    "NONE": "no reason was given",
    "BAD_MAGIC": "the stream is not a bank",
    "BAD_VERSION": "the bank has a format version that the device does not know",
    "FOREIGN_GE": "the bank was made for another global expert",
    "FOREIGN_LAYOUT": "the bank was made for another gate, shape or folding",
    "BAD_LENGTH": "the bank's length is not the device's",
    "INCOMPLETE": "the bank is not complete",
    "OVERRUN": "more words came than a bank has",
    "CRC_MISMATCH": "the bank's CRC-32 is wrong",
    "BANK_ACTIVE": "the bank is the selected one",
    "BANK_IN_USE": "images in flight still use the bank",
    "NO_SUCH_BANK": "the device has no bank of that number",
    "NOT_STARTED": "no load was started",
    "MEMORY_OFF": "the memories of the banks have no power",
}


@dataclass(frozen=True)
class Results:
    """Answers to N images, in their order.

    ``classes``, ``experts`` (0: global, i: local expert i - 1), ``banks`` are uint8 (N,), ``sequence`` is uint16 (N,);
    ``short``, ``long``, ``no_bank``, ``disabled`` are bool (N,). Class 255 says that no expert answered.
    """

    classes: np.ndarray
    experts: np.ndarray
    banks: np.ndarray
    sequence: np.ndarray
    short: np.ndarray
    long: np.ndarray
    no_bank: np.ndarray
    disabled: np.ndarray

    @staticmethod
    def decode(words: np.ndarray) -> Results:
        """Take apart result words, uint32 (N,); see :mod:`spec.result_word`."""
        found = result_word.decode(words)
        bits = (Status.SHORT, Status.LONG, Status.NO_BANK, Status.DISABLED)
        status = ((found.status & bit).astype(bool) for bit in bits)
        return Results(found.classes, found.experts, found.banks, found.sequence, *status)


class Accelerator:
    """A device with the design it was built from.

    Args:
        transport: how to reach the device.
        design: what the device was built from; it must be the same, which the digests in its registers tell.

    Raises:
        DriverError: there is no such device, or it was built from something else.
    """

    def __init__(self, transport: Transport, design: Design) -> None:
        self.transport = transport
        self.design = design
        found = self.read("id.magic")
        if found != ID:
            raise DriverError(f"no accelerator answers: its identification is {found:#010x}, expected {ID:#010x}")
        major, minor = self.read("version.major"), self.read("version.minor")
        if major != VERSION[0] or minor < VERSION[1]:
            known = f"version {VERSION[0]} from {VERSION[0]}.{VERSION[1]} on"
            raise DriverError(f"the device has register version {major}.{minor}, this driver knows {known}")
        self.banks = self.read("capability.banks")
        self.local_experts = self.read("capability.local_experts")
        self.image_beats = self.read("image_beats.beats")
        digests = {
            "ge_hash": ("the global expert", design.moe.network.digest()),
            "layout_hash": ("the gate, shapes and folding", layout_digest(design.moe, design.folding)),
        }
        for name, (what, digest) in digests.items():
            built_for = "".join(self._word_hex(f"{name}[{i}]") for i in range(2))
            if built_for != digest[:16]:
                raise DriverError(f"the device was built for {what} {built_for}, not for {digest[:16]}")

    @staticmethod
    def open(
        folding: str = DEFAULT_FOLDING,
        gate: str = DEFAULT_GATE,
        transport: Transport | None = None,
        design: Design | None = None,
    ) -> Accelerator:
        """Open a device; without a transport a simulated one, built when it is not there yet.

        Args:
            folding, gate: presets of the design (see ``spec.presets.load_accelerator``).
            transport: how to reach a real device, for example ``driver.pynq.PynqTransport``.
            design: a design that is not made of presets.
        """
        design = design or load_accelerator(folding, gate)
        if transport is None:
            from driver.verilated import VerilatedTransport

            transport = VerilatedTransport(design)
        return Accelerator(transport, design)

    # ---- Registers by name ----------------------------------------------------------------------------------------
    def read(self, name: str) -> int:
        """Value of a field by its path, for example ``mode_status.in_flight``."""
        path, _, field = name.rpartition(".")
        described = register(path)
        return described.unpack(self.transport.read(described.address))[field]

    def write(self, path: str, **fields: int) -> None:
        """Write a register; fields that are not given become 0."""
        described = register(path)
        self.transport.write(described.address, described.pack(**fields))

    def _word_hex(self, path: str) -> str:
        return self.transport.read(register(path).address).to_bytes(4, "little").hex()

    # ---- Settings -------------------------------------------------------------------------------------------------
    def set_mode(self, mode: Mode) -> None:
        """Mode of the images to come; those in flight keep theirs.

        Raises:
            InputError: the device does not have it (:attr:`spec.folding.Folding.modes`).
        """
        self.design.folding.check_mode(mode)
        self.write("mode", mode=int(mode))

    def set_threshold(self, theta: int) -> None:
        """Gate threshold: an image is local when best local logit - generic logit > theta."""
        self.write("theta", value=theta)

    def set_experts(self, ge: bool = True, le: int = 0xFF) -> None:
        """Which experts may answer; ``le`` has one bit a local expert."""
        self.write("expert_enable", ge=int(ge), le=le)

    def set_local_expert(self, index: int) -> None:
        """Who answers in LE_ONLY."""
        self.write("local_expert", index=index)

    # ---- Banks ----------------------------------------------------------------------------------------------------
    def load_user(
        self, source: str | Path | Bank, number: int | None = None, activate: bool = True, protect: bool = False
    ) -> int:
        """Load a user's bank while images go on, and make it the selected one.

        Args:
            source: a bank file, packed for any folding, or a bank.
            number: which of the device's banks; default one that is not selected.
            activate: False loads without selecting.
            protect: True keeps the bank from learning; False takes the protection of what was there before away.

        Returns:
            The number of the bank.

        Raises:
            InputError: the file is not a correct bank for this design.
            DriverError: the device refused it; the bank that was in force stays in force.
        """
        if isinstance(source, Bank):
            bank = source
        else:
            file = read_bank_file(source)
            file.check(self.design.moe)
            bank = file.bank
        loaded = self.load_stream(device_words(bank, self.design.moe, self.design.folding), number, activate)
        self.protect_bank(loaded, protect)
        return loaded

    def load_stream(self, words: np.ndarray, number: int | None = None, activate: bool = True) -> int:
        """The same for a stream of words as it is, without any check on this side: the device checks it."""
        if number is None:
            number = self._free_bank()
        self.write("bank_target", bank=number)
        self.write("bank_command", start=1)
        self._check_bank(f"bank {number} cannot be loaded")
        self.transport.write_burst(register("bank_data").address, words)
        self.write("bank_command", commit=1, activate=int(activate))
        self._check_bank(f"bank {number} was refused")
        return number

    def protect_bank(self, number: int, protect: bool = True) -> None:
        """Keep a bank from learning, or let it learn again; a session that is open on it goes on.

        Raises:
            DriverError: the device has no bank of that number.
        """
        if not 0 <= number < self.banks:
            raise DriverError(f"bank {number} cannot be protected: {REASONS['NO_SUCH_BANK']}")
        banks = self.read("bank_protect.protect")
        self.write("bank_protect", protect=banks | 1 << number if protect else banks & ~(1 << number))

    def select_bank(self, number: int) -> None:
        """Let the images to come use a bank that was loaded before.

        Raises:
            DriverError: the device holds no valid weights there.
        """
        if not (number < 16 and self.read("bank_valid.valid") >> number & 1):
            raise DriverError(f"bank {number} holds no valid weights")
        self.write("bank_select", bank=number)

    def forget_user(self, number: int) -> None:
        """Make a bank invalid: images that ask for it are the global expert's, flagged ``no_bank``."""
        self.write("bank_target", bank=number)
        self.write("bank_command", invalidate=1)

    def _free_bank(self) -> int:
        selected, valid = self.read("bank_select.bank"), self.read("bank_valid.valid")
        if not valid >> selected & 1:
            return selected if selected < self.banks else 0
        if self.banks == 1:
            raise DriverError("the device has one bank, and it is selected: forget its user first")
        return (selected + 1) % self.banks

    def _check_bank(self, what: str) -> None:
        status = register("bank_status")
        fields = status.unpack(self.transport.read(status.address))
        if fields["state"] == encodings()["bank_state"]["REFUSED"]:
            names = {value: name for name, value in encodings()["bank_reason"].items()}
            raise DriverError(f"{what}: {REASONS[names[fields['reason']]]}")

    def save_bank(self, path: str | Path, number: int | None = None, info: dict | None = None) -> Bank:
        """Read a bank back, default the selected one, and write it as a file (:func:`driver.read_back.read_bank`)."""
        bank = read_bank(self, self.read("bank_select.bank") if number is None else number)
        save_bank(path, bank, self.design.moe, self.design.folding, info)
        return bank

    # ---- Images ---------------------------------------------------------------------------------------------------
    def classify(self, images: np.ndarray, labels: Sequence[int] | None = None) -> Results:
        """Answer images.

        Args:
            images: uint8 (N, H, W) or (N, beats).
            labels: beside them (:func:`spec.learning.label_word`): what a learning session learns
                (:class:`driver.lessons.Session`).

        Raises:
            DriverError: the mode is OFF, the shape is wrong, or the device does not answer.
        """
        images = np.asarray(images)
        beats = images[0].size if len(images) else self.image_beats
        if images.dtype != np.uint8 or beats != self.image_beats:
            raise DriverError(
                f"images are {images.dtype} with {beats} pixels, uint8 with {self.image_beats} are needed"
            )
        if self.read("mode.mode") == Mode.OFF:
            raise DriverError("the accelerator is in mode OFF and takes no images")
        if not len(images):
            return Results.decode(np.zeros(0, np.uint32))
        self.write("result_packet", results=len(images))
        pixels = images.reshape(len(images), -1)
        if labels is None:
            return Results.decode(self.transport.stream(pixels))
        return Results.decode(self.transport.stream(pixels, labels))

    # ---- Counters -------------------------------------------------------------------------------------------------
    def counters(self, clear: bool = False) -> Counters:
        """All counters as of one cycle; with ``clear`` they start anew, and no event is lost in between."""
        self.write("counter_snapshot", snapshot=1, clear=int(clear))
        return Counters.collect(self.read64, self.local_experts)

    def read64(self, path: str) -> int:
        """A counter by its path, for example ``domain[2].macs``, as of the last snapshot."""
        low, high = (self.transport.read(register(f"{path}.{half}").address) for half in ("lo", "hi"))
        return high << 32 | low

    def close(self) -> None:
        """Release the device."""
        self.transport.close()

    def __enter__(self) -> Accelerator:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
