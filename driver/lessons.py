# SPDX-License-Identifier: Apache-2.0
"""Teaching a device that learns by itself: a session, labelled images, corrections, and the bank it has made."""

from __future__ import annotations

import numpy as np

from driver.accelerator import Accelerator, Results
from driver.transport import DeviceFault, DriverError
from hw.regs.map import encodings, register
from spec.learning import LearnRule, label_word

REASONS = {  # what LEARN_STATUS.reason says, in words
    "NONE": "no reason was given",
    "NOT_BUILT": "the device was built without learning",
    "ALREADY_OPEN": "a session is open, or the last lesson of the one before is not over",
    "BANK_NOT_VALID": "the bank holds no valid weights",
    "NO_SUCH_EXPERT": "the device has no local expert of that number",
    "POWER_OFF": "the memories of local experts or gate have no power",
    "NOT_OPEN": "there is no session",
    "BANK_PROTECTED": "the bank is protected from learning",
}
_OPEN = [encodings()["learn_state"][name] for name in ("OPEN", "CLOSING")]
_PATIENCE = 100_000  # reads of a status; a commit takes a few cycles a word of the bank


class Session:
    """A learning session on one bank of a device; it opens when it is made.

    Args:
        device: in a mode with local experts; the gate learns in MOE_PARALLEL and MOE_GATED only.
        rule: see :class:`spec.learning.LearnRule`.
        bank: the bank that learns, which must be valid and not protected; default the selected one.
        expert: the local expert that learns.

    Raises:
        DriverError: the device refused it, and says why; a session that is open goes on as it was.
    """

    def __init__(self, device: Accelerator, rule: LearnRule, bank: int | None = None, expert: int = 0) -> None:
        self.device = device
        self.bank = device.read("bank_select.bank") if bank is None else bank
        # Settings and seed are those of the lessons under way, too.
        if device.read("learn_status.state") in _OPEN:
            raise DriverError(f"bank {self.bank} cannot learn: {REASONS['ALREADY_OPEN']}")
        self._wait_while("learn_status.lessons", 1, "the last lesson of the session before is not over")
        device.write("learn_session", bank=self.bank, expert=expert)
        self.set_rule(rule)
        device.write("learn_seed", value=rule.seed)
        device.write("learn_command", start=1)
        self._check("OPEN", f"bank {self.bank} cannot learn")

    def set_rule(self, rule: LearnRule) -> None:
        """Other margins or shifts for the lessons to come, when none is in flight; the LFSR stays as it is."""
        device = self.device
        device.write("learn_local", margin=rule.local_margin, shift=rule.local_shift)
        device.write("learn_gate", margin=rule.own_margin, shift=rule.gate_shift)
        device.write("learn_generic", margin=rule.generic_margin)

    def learn(
        self, images: np.ndarray, labels: np.ndarray, own: np.ndarray | bool = True, with_gate: np.ndarray | bool = True
    ) -> Results:
        """Teach images in their order.

        Args:
            images: uint8 (N, H, W) or (N, beats).
            labels: integer (N,).
            own: bool (N,) or one for all: the user's images, else generic ones.
            with_gate: the same: whether the gate learns, too.

        Returns:
            What the local expert answered before it learned each of them.

        Raises:
            DriverError: there is no session, a label is not a class, or as :meth:`driver.Accelerator.classify`.
        """
        labels, own, with_gate = np.broadcast_arrays(labels, own, with_gate)
        classes = self.device.design.moe.network.classes
        if len(labels) != len(images) or (len(labels) and not 0 <= labels.min() <= labels.max() < classes):
            raise DriverError(f"labels are {labels.shape}, one class of 0 to {classes - 1} for each image is needed")
        self._need_open("images cannot be taught")
        words = [label_word(int(c), bool(o), bool(g)) for c, o, g in zip(labels, own, with_gate, strict=True)]
        return self.device.classify(images, words)

    def correct(self, sequence: int, label: int, own: bool = True, with_gate: bool = True) -> None:
        """Teach the label of an image that was answered before, one of the last eight.

        Args:
            sequence: number of its result.

        Raises:
            DriverError: there is no session, the device does not know the image any more, or there is no such class.
        """
        self._need_open(f"image {sequence} cannot be corrected")
        self._wait_while("learn_status.correcting", 1, "the correction before is not over")
        self.device.write("errors", correction_refused=1)
        sequence, label = int(sequence), int(label)  # which may come from arrays
        self.device.write("learn_correct", sequence_number=sequence, label=label, own=int(own), gate=int(with_gate))
        self._wait_while("learn_status.correcting", 1, "the correction is not over")
        if self.device.read("errors.correction_refused"):
            raise DriverError(
                f"image {sequence} cannot be corrected to {label}: it is too old, or there is no such class"
            )

    def commit(self, activate: bool = True) -> int:
        """End the session; returns the CRC-32 of the learned bank's stream.

        Args:
            activate: also let the images to come use the bank.

        Raises:
            DriverError: there is no session, or it lost its power or its bank.
        """
        self.device.write("learn_command", commit=1, activate=int(activate))
        closing = encodings()["learn_state"]["CLOSING"]
        self._wait_while("learn_status.state", closing, "the device does not end the session")
        self._check("COMMITTED", "the session cannot be committed")
        return self.device.read("learn_crc.value")

    def cancel(self) -> None:
        """End the session; its bank is not valid any more."""
        self.device.write("learn_command", cancel=1)
        self._check("CANCELLED", "the session cannot be cancelled")

    @property
    def accuracy(self) -> float:
        """Share of own images that were answered right before they were learned; NaN without any."""
        own = self.device.read("learn_own.value")
        return self.device.read("learn_right.value") / own if own else float("nan")

    def _need_open(self, what: str) -> None:
        if self.device.read("learn_status.state") != encodings()["learn_state"]["OPEN"]:
            raise DriverError(f"{what}: {REASONS['NOT_OPEN']}")

    def _check(self, state: str, what: str) -> None:
        status = register("learn_status")
        fields = status.unpack(self.device.transport.read(status.address))
        if fields["state"] != encodings()["learn_state"][state] or fields["reason"]:
            names = {value: name for name, value in encodings()["learn_reason"].items()}
            raise DriverError(f"{what}: {REASONS[names[fields['reason']]]}")

    def _wait_while(self, field: str, value: int, what: str) -> None:
        for _ in range(_PATIENCE):
            if self.device.read(field) != value:
                return
        raise DeviceFault(what)
