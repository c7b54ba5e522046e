# SPDX-License-Identifier: Apache-2.0
"""The JSON of the interface: what may be asked, and what comes back. The OpenAPI description is made from this."""

from __future__ import annotations

from enum import Enum
from typing import Annotated

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, StrictInt, StrictStr

from demo.refusal import Refused
from demo.strokes import draw_strokes
from golden.data import CLASSES
from golden.data.images import IMAGE_SIDE
from spec.network import Mode

ModeName = Enum("ModeName", {mode.name: mode.name for mode in Mode}, type=str)
Key = Annotated[str, Field(max_length=64, description="key of the session, from POST /session")]
Number = Annotated[int, Field(ge=0, description="number of the person in the session, from 0")]
Point = tuple[float, float]


class Asked(BaseModel):
    """What all requests have in common: keys that are not known are refused."""

    model_config = ConfigDict(extra="forbid")


class OfPerson(Asked):
    """A request about a person."""

    session: Key
    person: Number = 0


class Drawing(OfPerson):
    """An image: either the path of a pen, or pixels."""

    strokes: list[list[Point]] | None = Field(
        None,
        description="strokes of points [x, y], x to the right and y down, in any unit",
        examples=[[[[0, 0], [0, 9]]]],
    )
    pixels: list[list[StrictInt]] | None = Field(
        None, description="28 rows of 28 values of 0 to 255, upright, ink 255 on background 0"
    )

    def image(self) -> np.ndarray:
        """uint8 (28, 28).

        Raises:
            InputError: there is none or there are two, or it is not an image.
        """
        if (self.strokes is None) == (self.pixels is None):
            raise Refused("either strokes or pixels are needed, and not both", 422)
        if self.strokes is not None:
            return draw_strokes(self.strokes)
        rows = self.pixels
        if len(rows) != IMAGE_SIDE or any(len(row) != IMAGE_SIDE for row in rows):
            shape = f"{len(rows)} rows of {'/'.join(map(str, sorted({len(row) for row in rows})[:3])) or 'no'} values"
            raise Refused(f"pixels: has {shape}, {IMAGE_SIDE} rows of {IMAGE_SIDE} are needed", 422)
        wrong = [value for row in rows for value in row if not 0 <= value <= 255]
        if wrong:
            raise Refused(f"pixels: has the value {str(wrong[0])[:20]}, 0 to 255 are allowed", 422)
        return np.array(rows, np.uint8)


class Classify(Drawing):
    """An image to be answered."""

    mode: ModeName = Field(ModeName.MOE_GATED, description="who runs and who answers")
    theta: int = Field(0, ge=-(2**31), lt=2**31, description="the gate's threshold, in the integers of its logits")


class Compare(Drawing):
    """An image to be answered for everybody in the session; ``person`` does not matter."""


class Correct(Drawing):
    """An image and what it is."""

    label: StrictInt | StrictStr = Field(description="the character, or its class from 0 to 61", examples=["q", 52])

    def class_of(self, classes: int) -> int:
        """The label as a class.

        Raises:
            Refused: there is no such class.
        """
        if isinstance(self.label, str):
            label = CLASSES.find(self.label) if len(self.label) == 1 else -1
            if not 0 <= label < classes:
                raise Refused(
                    f"label: is {self.label[:20]!r}, one of the characters {CLASSES[:classes]} is needed", 422
                )
            return label
        if not 0 <= self.label < classes:
            raise Refused(f"label: is {str(self.label)[:20]}, allowed are 0 to {classes - 1}", 422)
        return self.label


class NewPerson(Asked):
    """One more person."""

    session: Key
    name: str | None = Field(None, max_length=200)


class PngFile(Asked):
    """A PNG file of 28x28 pixels."""

    name: str = Field(max_length=1000, description="its path; the folder names the class, as in q/first.png")
    content: str = Field(description="in base64")


class PngFiles(OfPerson):
    """A folder of one's own images."""

    name: str = Field("a folder", max_length=200)
    files: list[PngFile]


# ---- Answers ---------------------------------------------------------------------------------------------------------
class Guess(BaseModel):
    """A class that an expert considers."""

    label: int
    character: str
    share: float = Field(description="what a soft-max of the expert's logits gives it")


class Gate(BaseModel):
    """Why who answered did: the local expert answers when margin > theta. In logits."""

    margin: float
    theta: float


class Energy(BaseModel):
    """Energy proxy (docs/energy.md), nJ."""

    image: float
    ge_only: float
    ratio: float


class Power(BaseModel):
    """What the power domains did, by the device's own counters, in portions of time.

    ``ends``: last cycle of each portion; ``on`` and ``active``: by domain (fe, ge, le, gn), the share of each portion
    in which it had power, and worked.
    """

    ends: list[int]
    on: dict[str, list[float]]
    active: dict[str, list[float]]


class Clock(BaseModel):
    """Clock that place and route reached; ``present``: from the present hardware."""

    mhz: float
    present: bool


class Answered(BaseModel):
    """One image, answered by the device."""

    mode: ModeName
    expert: str | None = Field(description="GE, LE, or null: nobody in mode OFF")
    first: Guess | None
    second: Guess | None
    gate: Gate | None = Field(description="null in modes without a gate")
    cycles: int | None = Field(description="from the first pixel to the result")
    microseconds: float | None = Field(description="null as long as no routed clock is kept")
    energy: Energy
    power: Power
    pixels: list[list[int]] = Field(description="the image that the device saw")
    bank: str = Field(description="SHA-256 of the weights of the bank that the device used")


class Line(BaseModel):
    """One thing that was taught; ``pixels`` and ``label`` of a correction."""

    kind: str
    text: str
    label: int | None
    pixels: list[list[int]] | None


class PersonSeen(BaseModel):
    """A person, and what was taught, the latest last."""

    name: str
    bank: str
    taught: list[Line]


class SessionSeen(BaseModel):
    """A session."""

    session: str
    people: list[PersonSeen]


class Compared(BaseModel):
    """One image with everybody's bank."""

    answers: list[Guess]
    experts: list[str]


class ShareSeen(BaseModel):
    """Shares of the images: answered right, and sent to the local expert."""

    right: float
    to_local: float


class OthersSeen(BaseModel):
    """A fixed set of other people's handwriting, with the person's bank, the factory bank and the GE alone."""

    now: ShareSeen
    factory: ShareSeen
    ge: float
    images: int
    source: str
    bank: str


class ConfusionSeen(BaseModel):
    """How many images of one character were read as another."""

    character: str
    read: str
    before: int
    after: int


class LearnedSeen(BaseModel):
    """What one's own images came to; ``held_out``: counted on images that were not learned."""

    taught: int
    lessons: int
    images: int
    held_out: bool
    right_before: int
    right_after: int
    confusions: list[ConfusionSeen]
    session: SessionSeen


class About(BaseModel):
    """What the page needs to know once."""

    design: str
    characters: str
    modes: list[str]
    clock: Clock | None
    generic: str


class Problem(BaseModel):
    """Why a request was refused: one sentence."""

    detail: str
