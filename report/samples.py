# SPDX-License-Identifier: Apache-2.0
"""Sample images with what GE, LE, gate and device say, and how often the device differs.

The simulated device answers all of the user's test images and as many generic ones in MOE_GATED, through its driver.
"""

from __future__ import annotations

import numpy as np

from driver import Accelerator
from driver.verilated import VerilatedTransport, build_device
from golden.data import Handwriting, LabelledImages, generic_source, users_source
from golden.integer_model import MoeModel
from hw.gen.build import generate
from hw.gen.digest import rtl_digest
from spec.bank import Bank
from spec.network import Mode
from spec.paths import BUILD
from spec.presets import Accelerator as Design
from spec.presets import load_accelerator
from verif.proxies.cases import USER, user_bank

OUT = BUILD / "report" / "samples.json"
SHOWN = 6  # images of each outcome
GENERIC_IMAGES = 60


def about(users: Handwriting, generic: LabelledImages) -> dict:
    """The data's part of a result file."""
    return {"generic": generic.name, "users": users.name, "synthetic": bool(users.synthetic or generic.synthetic)}


def answers(design: Design, bank: Bank, data: LabelledImages) -> dict[str, np.ndarray]:
    """What the integer model says of N images: ``ge``, ``le``, ``answer`` (classes), ``expert``, ``margin`` of the gate
    (best local logit minus generic logit); each (N,)."""
    model = MoeModel(design.moe)
    both = model.run(data.images, Mode.MOE_PARALLEL, bank, keep_layers=True)
    logits = both.layers["gate_out"].astype(np.int64)
    return {
        "ge": model.run(data.images, Mode.GE_ONLY, bank).classes,
        "le": model.run(data.images, Mode.LE_ONLY, bank).classes,
        "answer": both.classes,
        "expert": both.experts,
        "margin": logits[:, 1:].max(1) - logits[:, 0],
    }


def device_answers(device: Accelerator, bank: Bank, images: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Classes and experts of the device in MOE_GATED, each (N,)."""
    device.load_user(bank)
    device.set_mode(Mode.MOE_GATED)
    results = device.classify(images)
    return results.classes, results.experts


# Outcomes: title, whose images, and which of them, from what is right (bool (N,)) and local (bool (N,)).
_OUTCOMES = (
    ("The personal expert helps: GE wrong, MoE right", "user", lambda ge, moe, local: ~ge & moe),
    ("Both right", "user", lambda ge, moe, local: ge & moe),
    ("The MoE is wrong", "user", lambda ge, moe, local: ~moe),
    ("Generic images that the gate gives to the GE", "generic", lambda ge, moe, local: ~local),
    ("Generic images that the gate takes for the user's", "generic", lambda ge, moe, local: local),
)


def groups(parts: dict[str, tuple[LabelledImages, dict[str, np.ndarray]]], shown: int = SHOWN) -> list[dict]:
    """The first images of each outcome.

    Args:
        parts: ``user`` and ``generic``: images, and their answers with ``device_class`` and ``device_expert``.
    """
    found = []
    for title, origin, choose in _OUTCOMES:
        data, said = parts[origin]
        chosen = np.flatnonzero(choose(said["ge"] == data.labels, said["answer"] == data.labels, said["expert"] > 0))
        images = [
            {
                "origin": f"user {USER}" if origin == "user" else "generic",
                "label": int(data.labels[i]),
                "pixels": data.images[i].tobytes().hex(),
                **{name: int(said[name][i]) for name in ("ge", "le", "answer", "expert", "margin")},
                "device": {"class": int(said["device_class"][i]), "expert": int(said["device_expert"][i])},
            }
            for i in chosen[:shown]
        ]
        found.append({"title": title, "origin": origin, "count": len(chosen), "of": len(data), "images": images})
    return found


def measure(device: Accelerator, bank: Bank, user: LabelledImages, generic: LabelledImages) -> dict:
    """Everything but where the data are from."""
    sources = rtl_digest()  # before the work: an edit meanwhile makes no old figure a new one
    parts, differs = {}, 0
    for origin, data in (("user", user), ("generic", generic)):
        said = answers(device.design, bank, data)
        said["device_class"], said["device_expert"] = device_answers(device, bank, data.images)
        differs += int(((said["device_class"] != said["answer"]) | (said["device_expert"] != said["expert"])).sum())
        parts[origin] = (data, said)
    count = len(user) + len(generic)
    return {
        "design": device.design.name,
        "sources": sources,
        "device": {"mode": Mode.MOE_GATED.name, "images": count, "differs": differs},
        "groups": groups(parts),
    }


def measure_here() -> dict:
    """Everything, with the data at hand and the default device.

    Raises:
        InputError: the data cannot be used, or the user has no bank.
    """
    design = load_accelerator()
    users, generic = users_source(), generic_source("test")
    # The library that measures switching is there already when the proxies have been measured.
    library = build_device(generate(design), saif=True)
    with Accelerator(VerilatedTransport(design, library), design) as device:
        result = measure(device, user_bank(design), users.test(USER), generic.take(GENERIC_IMAGES))
    return {**result, "data": about(users, generic)}
