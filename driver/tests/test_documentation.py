# SPDX-License-Identifier: Apache-2.0
"""The examples of docs/driver.md run as they stand there, on the tiny device."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace

import numpy as np
import pytest

import driver.accelerator
from driver.tests.c_driver import DRIVER, C, compile_c, compile_with_device, memory_directory
from driver.tests.devices import design, library
from driver.tests.golden_pupil import Pupil
from driver.tests.pynq_standin import Dma, Memory, Mmio
from driver.verilated import VerilatedTransport
from golden.integer_model import MoeModel
from spec.bank import Bank, random_bank
from spec.bank_file import bank_of_stream, load_bank, save_bank
from spec.errors import InputError
from spec.learning import LearnRule
from spec.network import Mode
from spec.paths import ROOT
from spec.presets import load_toml
from spec.tiny_variants import random_images

PAGE = ROOT / "docs" / "driver.md"
IMAGES = random_images(11, 3)
LABELS = np.arange(11) * 7 % design().moe.network.classes


def blocks(language: str) -> dict[str, str]:
    """Code of a language by the heading above it; a second block under a heading has a 2 behind the name."""
    found: dict[str, str] = {}
    for section in re.split(r"^## ", PAGE.read_text(), flags=re.MULTILINE):
        for number, code in enumerate(re.findall(rf"^```{language}\n(.*?)^```", section, re.DOTALL | re.MULTILINE)):
            found[section.splitlines()[0] + (f" {number + 1}" if number else "")] = code
    return found


def expected(mode: Mode) -> np.ndarray:
    return MoeModel(design().moe).run(IMAGES, mode, random_bank(design().moe, 195)).classes


@pytest.fixture(autouse=True)
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The files that the examples read, and the tiny design in the place of the preset."""
    for name in ("me.bank", "factory.bank"):
        save_bank(tmp_path / name, random_bank(design().moe, 195), design().moe, design().folding, {})
    np.save(tmp_path / "letters.npy", IMAGES)
    np.save(tmp_path / "labels.npy", LABELS)
    IMAGES.tofile(tmp_path / "letters.raw")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(driver.accelerator, "load_accelerator", lambda folding, gate: design())


def test_the_page_has_these_examples() -> None:
    assert list(blocks("python")) == ["Python", "PYNQ", "Learning", "Registers by name"]
    assert list(blocks("c")) == ["C", "C 2", "Learning"]


def run_python(heading: str, code: str | None = None) -> None:
    exec(compile(code or blocks("python")[heading], f"{PAGE.name}, {heading}", "exec"), {})


def test_python(capsys: pytest.CaptureFixture[str]) -> None:
    run_python("Python")
    *answers, last = capsys.readouterr().out.splitlines()
    assert [int(re.match(r"class (\d+), by (?:the global|local) expert", line)[1]) for line in answers] == (
        expected(Mode.MOE_GATED).tolist()
    )
    assert re.fullmatch(r"\d+ cycles an image, [1-9]\d* MACs in the GE", last)


@pytest.fixture
def pynq(monkeypatch: pytest.MonkeyPatch) -> None:
    """A module ``pynq`` with the stand-in."""
    device, memory = VerilatedTransport(design(), library()), Memory()
    module = ModuleType("pynq")
    module.allocate = memory.allocate
    module.Overlay = lambda name: SimpleNamespace(
        moe_accelerator=SimpleNamespace(mmio=Mmio(device)), axi_dma_0=Dma(device, memory, 2**23 - 1)
    )
    monkeypatch.setitem(sys.modules, "pynq", module)


def test_pynq(pynq: None, capsys: pytest.CaptureFixture[str]) -> None:
    run_python("PYNQ")
    assert capsys.readouterr().out.strip() == str(expected(Mode.MOE_PARALLEL))


# ---- Learning --------------------------------------------------------------------------------------------------------
def learned(correct: bool) -> tuple[Bank, LearnRule]:
    """The factory bank after the images with their labels, and the third one corrected if asked for; and the rule."""
    factory, rule = random_bank(design().moe, 195), LearnRule.of(load_toml("gates", "rich"), design().moe)
    pupil = Pupil(start=factory, rule=rule)
    pupil.learn(IMAGES, LABELS, [True] * 11, [True] * 11)
    if correct:
        pupil.learn(IMAGES[2:3], [4], [True], [True])
    bank = pupil.learner.bank()
    assert bank.digest() != factory.digest()
    return bank, rule


def test_learning() -> None:
    run_python("Learning")
    assert load_bank("learned.bank", design().moe).digest() == learned(correct=True)[0].digest()


def learning_program(directory: Path, labelled: bool) -> Path:
    """The example for C with a main that learns letters.raw and writes the stream to learned.raw."""
    rule = learned(correct=False)[1]
    numbers = (rule.local_margin, rule.own_margin, rule.generic_margin, rule.local_shift, rule.gate_shift, rule.seed)
    main = f"""
        #include "device.h"
        #include "moe_simulated.h"
        static uint8_t factory[1 << 20], images[1 << 20], learned[1 << 20];
        static const uint8_t answers[] = {{{", ".join(map(str, LABELS))}}};
        static moe_label labels[11];
        static moe_result results[11];
        static size_t load(const char *name, uint8_t *bytes) {{
          FILE *file = fopen(name, "rb");
          const size_t size = file ? fread(bytes, 1, 1 << 20, file) : 0;
          if (file) fclose(file);
          return size;
        }}
        int main(int argc, char **argv) {{
          void *model = argc == 2 ? device_open(argv[1]) : NULL;
          if (!model) return 2;
          moe_io io = moe_simulated_io(model);
          {"" if labelled else "io.send_labelled = NULL;"}
          const moe_rule rule = {{{", ".join(map(str, numbers))}}};
          moe_device device;
          if (moe_open(&device, &io) != MOE_OK) return 3;
          for (size_t i = 0; i < 11; ++i) labels[i] = (moe_label){{answers[i], true, true}};
          const size_t size = load("factory.bank", factory), count = load("letters.raw", images) / device.image_pixels;
          const moe_status status = learn_user(&device, &rule, factory, size, images, labels, count, results, learned,
                                               sizeof learned);
          FILE *file = fopen("learned.raw", "wb");
          if (!file || fwrite(learned, 4, device.bank_words, file) != device.bank_words || fclose(file)) return 4;
          device_close(model);
          return (int)status;
        }}
    """
    (directory / "learning.c").write_text(blocks("c")["Learning"] + main)
    return compile_with_device(directory, directory / "learning.c")


@pytest.mark.parametrize("labelled", [True, False], ids=["labels", "corrections"])
def test_learning_in_c(tmp_path: Path, labelled: bool) -> None:
    program = learning_program(tmp_path, labelled)
    run = subprocess.run([program, memory_directory()], capture_output=True, text=True, check=False, timeout=60)
    assert (run.returncode, run.stderr) == (0, "")
    bank = bank_of_stream(np.fromfile("learned.raw", "<u4"), design().moe, design().folding, "learned.raw")
    assert bank.digest() == learned(correct=False)[0].digest()


def test_registers_by_name(capsys: pytest.CaptureFixture[str]) -> None:
    run_python("Registers by name")
    assert capsys.readouterr().out == "0 0 0\n"


def test_an_example_with_a_wrong_name_is_seen() -> None:
    code = blocks("python")["Registers by name"].replace("irq_enable", "irq_enabled")
    with pytest.raises(InputError, match="no register 'irq_enabled'"):
        run_python("Registers by name", code)


def run_c(directory: Path) -> subprocess.CompletedProcess:
    (directory / "example.c").write_text(blocks("c")["C"])
    program = compile_with_device(directory, directory / "example.c")
    return subprocess.run([program, memory_directory()], capture_output=True, text=True, check=False, timeout=60)


def test_c(tmp_path: Path) -> None:
    run = run_c(tmp_path)
    assert (run.returncode, run.stderr) == (0, "")
    assert [int(line) for line in run.stdout.split()] == expected(Mode.MOE_GATED).tolist()


def test_c_says_why_a_bank_is_refused(tmp_path: Path) -> None:
    content = bytearray(Path("me.bank").read_bytes())
    content[90] ^= 1
    Path("me.bank").write_bytes(content)
    run = run_c(tmp_path)
    assert (run.returncode, run.stdout) == (1, "")
    assert run.stderr == "bank: the bank's CRC-32 is wrong\nthe device refused the bank\n"


def test_c_for_a_board_links(tmp_path: Path) -> None:
    """With two functions of the reader's own."""
    streams = """
        int dma_send(void *dma, const uint8_t *data, size_t pixels) { return !dma || !data || !pixels; }
        int dma_receive(void *dma, uint32_t *results, size_t count) { return !dma || !results || !count; }
        int main(void) { return 0; }
    """
    (tmp_path / "board.c").write_text(blocks("c")["C 2"] + streams)
    compile_c(tmp_path, [tmp_path / "board.c", DRIVER, C / "moe_mmio.c"])
