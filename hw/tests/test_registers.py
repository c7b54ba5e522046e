# SPDX-License-Identifier: Apache-2.0
"""What is generated from the register description: C header, map and pages agree with it."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from hw.regs.files import HEADER, RDL, register_files
from hw.regs.generate import write_documentation, write_header
from hw.regs.map import encodings, register, registers
from spec.errors import InputError
from tools.cocotb_run import mutate


def c_test(rdl: Path) -> str:
    """C source that compiles only if the header has every register and field where the map of ``rdl`` has them."""
    lines = ["#include <stddef.h>", f'#include "{HEADER}"']
    for number, (name, entry) in enumerate(registers(rdl).items()):
        lines.append(f"typedef char offset_{number}[offsetof(moe_regs_t, {name}) == {entry.address} ? 1 : -1];")
        prefix = "MOE_REGS__" + re.sub(r"\[\d+\]", "x", name).replace(".", "__").upper()
        for field in entry.fields:
            place = f"{prefix}__{field.name.upper()}"
            lines.append(f"#if {place}_bm != {field.mask:#x}u || {place}_bp != {field.lsb}\n#error {place}\n#endif")
            if field.reset is not None:
                lines.append(f"#if {place}_reset != {field.reset:#x}u\n#error reset of {place}\n#endif")
    return "\n".join([*lines, "int main(void) { return 0; }", ""])


def compile_c(directory: Path, rdl: Path) -> str:
    """Messages of the C compiler about the header and ``c_test(rdl)``; empty when both agree."""
    (directory / HEADER).write_text(register_files()[HEADER])
    (directory / "test.c").write_text(c_test(rdl))
    command = ["gcc", "-std=c99", "-Wall", "-Werror", "-c", "test.c"]
    return subprocess.run(command, cwd=directory, capture_output=True, text=True, check=False).stderr


def test_the_header_compiles_and_has_the_offsets_of_the_description(tmp_path: Path) -> None:
    assert compile_c(tmp_path, RDL) == ""


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("} theta @ 0x048;", "} theta @ 0x070;", "offset_"),
        ("} power_idle @ 0x118;", "} power_idle_x @ 0x118;", "power_idle_x"),
        ("reset = 1000;", "reset = 1001;", "reset of MOE_REGS__POWER_TIMEOUT__CYCLES"),
        ("} pending[4:4];", "} pending[5:5];", "MOE_REGS__MODE_STATUS"),
    ],
)
def test_another_description_does_not_compile(tmp_path: Path, old: str, new: str, said: str) -> None:
    assert said in compile_c(tmp_path, mutate(RDL, old, new))


def test_every_register_and_field_has_one_sentence() -> None:
    for entry in registers().values():
        for thing in (entry, *entry.fields):
            assert re.fullmatch(r"[A-Z0-9].*[^.]\.", thing.desc), f"{entry.name} {thing.name}: {thing.desc!r}"


def test_registers_lie_in_4_kib_and_fields_do_not_overlap() -> None:
    addresses = [entry.address for entry in registers().values()]
    assert addresses == sorted(set(addresses)) and addresses[-1] < 4096
    assert all(address % 4 == 0 for address in addresses)
    for entry in registers().values():
        assert sum(field.mask for field in entry.fields) < 1 << 32
        assert sum(field.mask.bit_count() for field in entry.fields) == sum(f.width for f in entry.fields)


def test_pack_and_unpack() -> None:
    theta, enable = register("theta"), register("expert_enable")
    assert theta.pack(value=-5) == 0xFFFFFFFB
    assert theta.unpack(0xFFFFFFFB) == {"value": -5}
    assert enable.pack(ge=1, le=0x81) == 0x8101
    assert enable.unpack(0x8101) == {"ge": 1, "le": 0x81}
    assert enable.reset == 0xFF01
    assert encodings()["bank_reason"]["CRC_MISMATCH"] == 8


@pytest.mark.parametrize(
    ("action", "said"),
    [
        (lambda: register("nonsense"), "there is no register 'nonsense'"),
        (lambda: register("theta")["nonsense"], "register theta has no field 'nonsense'; it has value"),
        (lambda: register("mode").pack(mode=8), "mode.mode is 8, allowed are 0 to 7"),
        (
            lambda: register("theta").pack(value=1 << 31),
            "theta.value is 2147483648, allowed are -2147483648 to 2147483647",
        ),
        (lambda: register_files(Path("missing.rdl")), "there is no register description missing.rdl"),
        (
            lambda: register_files(mutate(RDL, "} theta @ 0x048;", "} theta @ 0x040;")),
            "not a correct register description",
        ),
    ],
)
def test_what_is_wrong_is_said_in_a_sentence(action, said: str) -> None:
    with pytest.raises(InputError, match=re.escape(said)):
        action()


def test_a_header_that_is_right_is_left_alone(tmp_path: Path) -> None:
    header = write_header(tmp_path)
    before = header.stat().st_mtime_ns
    assert write_header(tmp_path).stat().st_mtime_ns == before
    header.write_text("spoilt")
    assert write_header(tmp_path).read_text() == register_files()[HEADER]


def test_the_pages_are_written(tmp_path: Path) -> None:
    page = write_documentation(tmp_path / "html")
    assert page.is_file()
    assert [path.name for path in tmp_path.iterdir()] == ["html"]
