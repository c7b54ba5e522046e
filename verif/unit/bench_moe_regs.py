# SPDX-License-Identifier: Apache-2.0
"""cocotb bench of moe_registers: guard and register block against the register description, with cocotbext-axi."""

from __future__ import annotations

import logging
import os
import random
from collections import Counter
from collections.abc import Awaitable, Iterator
from pathlib import Path
from typing import Any

import cocotb
from cocotb.clock import Clock
from cocotb.triggers import Combine, FallingEdge, ReadOnly, with_timeout
from cocotbext.axi import AxiLiteBus, AxiLiteMaster, AxiResp

from hw.regs.files import RDL
from hw.regs.map import Field, Register, registers
from verif.streams import active
from verif.unit.registers import RDL_VARIABLE, port

PERIOD = 10  # ns
LIMIT = 2000  # cycles after which a transaction counts as hanging
TABLE = registers(Path(os.environ.get(RDL_VARIABLE, RDL)))
FIELDS = [(register, field) for register in TABLE.values() for field in register.fields]
ADDRESSES = {register.address: register for register in TABLE.values()}
SPACE = 4096
PATTERNS = ("none", "random", "bursty")


def source(salt: str) -> random.Random:
    """Seeded random source; the seed is printed by cocotb."""
    return random.Random(f"{cocotb.RANDOM_SEED} {salt}")


class Model:
    """What the description says the registers hold. ``pulses`` counts what one-cycle outputs must have shown."""

    def __init__(self) -> None:
        self.stored = {(r.name, f.name): f.reset for r, f in FIELDS if f.reset is not None}
        self.status = {(r.name, f.name): 0 for r, f in FIELDS if f.reset is None}
        self.pulses: Counter[str] = Counter()
        self.bank_words: list[int] = []

    def allows(self, address: int, write: bool, strobe: int = 15) -> bool:
        """Whether an access is answered with OKAY."""
        register = ADDRESSES.get(address)
        return register is not None and (register.writable and strobe == 15 if write else register.readable)

    def write(self, register: Register, word: int) -> None:
        for field in register.fields:
            key, value = (register.name, field.name), (word & field.mask) >> field.lsb
            if not field.writable:
                continue
            if field.pulse:
                self.pulses[port(register, field, "value")] += value
            elif field.onwrite == "woclr":
                self.stored[key] &= ~value
            else:
                assert field.onwrite is None, f"the model does not know {field.onwrite}"
                self.stored[key] = value
            if "swmod" in field.outputs:
                self.pulses[port(register, field, "swmod")] += 1
            if register.name == "bank_data":
                self.bank_words.append(value)

    def read(self, register: Register) -> int:
        word = 0
        for field in register.fields:
            key = register.name, field.name
            value = self.status.get(key, self.stored.get(key, 0))
            word |= value << field.lsb if field.readable else 0
            if "swacc" in field.outputs:
                self.pulses[port(register, field, "swacc")] += 1
        return word


class Device:
    """The design with its bus master, the inputs of the hardware side, a watch on its outputs, and the model."""

    def __init__(self, dut: Any) -> None:
        self.dut, self.model = dut, Model()
        self.signals, self.pulses, self.levels = {}, {}, []
        for register, field in FIELDS:
            for member in (*field.inputs, *field.outputs):
                name = port(register, field, member)
                signal = self.signals[register.name, field.name, member] = getattr(dut, name)
                if member in ("swmod", "swacc") or (field.pulse and member == "value"):
                    self.pulses[name] = signal
                elif member == "value":
                    self.levels.append((register.name, field.name, signal))
        self.counters = [self.signal(r, f, "next") for r, f in FIELDS if _is_counter(r)]
        self.seen: Counter[str] = Counter()
        self.bank_words: list[int] = []
        self.cycle = 0

    async def start(self) -> Device:
        cocotb.start_soon(Clock(self.dut.clk_i, PERIOD, unit="ns").start(start_high=False))
        for register, field in FIELDS:
            for member in field.inputs:
                self.signal(register, field, member).value = 0
        self.dut.counter_fetched_i.value = 0
        self.dut.rst_ni.value = 0
        logging.getLogger("cocotb").setLevel(logging.WARNING)
        bus = AxiLiteBus.from_prefix(self.dut, "s_axil")
        self.master = AxiLiteMaster(bus, self.dut.clk_i, self.dut.rst_ni, reset_active_level=False)
        write, read = self.master.write_if, self.master.read_if
        self.channels = [write.aw_channel, write.w_channel, write.b_channel, read.ar_channel, read.r_channel]
        for part in (write, read, *self.channels):
            part.log.setLevel(logging.WARNING)
        await self.idle(3)
        self.dut.rst_ni.value = 1
        await self.idle(2)
        cocotb.start_soon(self._watch())
        cocotb.start_soon(self._answer_fetches())
        return self

    async def _watch(self) -> None:
        word = self.signal(TABLE["bank_data"], TABLE["bank_data"]["word"], "value")
        valid = self.dut.bank_data_valid_o
        while True:
            await FallingEdge(self.dut.clk_i)
            await ReadOnly()
            self.cycle += 1
            for name, signal in self.pulses.items():
                self.seen[name] += signal.value == 1
            if valid.value == 1:
                self.bank_words.append(word.value.to_unsigned())

    async def _answer_fetches(self) -> None:
        """Show the word that is fetched, after 0 to 5 cycles; until then, and from the next fetch on, another one."""
        rng = source("fetch")

        def show(word: int) -> None:
            for signal in self.counters:
                signal.value = word

        while True:
            await FallingEdge(self.dut.clk_i)
            if self.dut.counter_fetch_valid_o.value != 1:
                continue
            show(rng.getrandbits(32))
            await self.idle(rng.randrange(6))
            register = ADDRESSES.get(4 * self.dut.counter_fetch_address_o.value.to_unsigned())
            if register is not None and _is_counter(register):
                show(self.model.status[register.name, "value"])
            self.dut.counter_fetched_i.value = self.dut.counter_fetch_valid_o.value  # a reset ends a fetch
            await self.idle(1)
            self.dut.counter_fetched_i.value = 0

    def signal(self, register: Register, field: Field, member: str) -> Any:
        return self.signals[register.name, field.name, member]

    async def idle(self, cycles: int) -> None:
        for _ in range(cycles):
            await FallingEdge(self.dut.clk_i)

    def pause(self, pattern: str, rng: random.Random) -> None:
        """Let all five channels pause by a pattern."""
        for channel in self.channels:
            idle = random.Random(rng.random())
            if pattern == "none":
                channel.clear_pause_generator()
                channel.pause = False
            else:
                channel.set_pause_generator(_negated(active(pattern, idle)))

    def drive_status(self, rng: random.Random) -> None:
        """Random values on everything that the hardware shows."""
        for register, field in FIELDS:
            if field.reset is None:
                value = rng.getrandbits(field.width)
                self.model.status[register.name, field.name] = value
                if not _is_counter(register):
                    self.signal(register, field, "next").value = value

    async def raw_write(self, address: int, word: int, strobe: int = 15) -> AxiResp:
        """One write beat exactly as given."""
        write = self.master.write_if
        aw, w = write.aw_channel._transaction_obj(), write.w_channel._transaction_obj()
        aw.awaddr, w.wdata, w.wstrb = address, word, strobe
        await write.aw_channel.send(aw)
        await write.w_channel.send(w)
        return AxiResp(int((await ends(write.b_channel.recv(), address)).bresp))

    async def write(self, address: int, word: int) -> AxiResp:
        """An ordinary write of a word."""
        return (await ends(self.master.write(address, word.to_bytes(4, "little")), address)).resp

    async def read(self, address: int) -> tuple[AxiResp, int]:
        """One read beat; the word is whole for an aligned address."""
        response = await ends(self.master.read(address, 4 - address % 4), address)
        return response.resp, int.from_bytes(response.data, "little")

    async def expect_write(self, address: int, word: int, strobe: int = 15) -> None:
        """Write; response and effect must be the model's."""
        allowed = self.model.allows(address, True, strobe)
        if strobe == 15 and address % 4 == 0:
            response = await self.write(address, word)
        else:
            response = await self.raw_write(address, word, strobe)
        expected = AxiResp.OKAY if allowed else AxiResp.SLVERR
        assert response == expected, f"write of {address:#x}, strobe {strobe:#x}: {response!r}, not {expected!r}"
        if allowed:
            self.model.write(ADDRESSES[address], word)

    async def expect_read(self, address: int) -> None:
        """Read; response and data must be the model's."""
        response, word = await self.read(address)
        if not self.model.allows(address, False):
            assert response == AxiResp.SLVERR, f"read of {address:#x}: {response!r}, not SLVERR"
            return
        register = ADDRESSES[address]
        assert response == AxiResp.OKAY, f"read of {register.name}: {response!r}, not OKAY"
        expected = self.model.read(register)
        assert word == expected, f"{register.name} is {word:#x}, expected {expected:#x}"

    async def check_outputs(self) -> None:
        """Everything that the hardware sees is what the model holds, and each pulse came once."""
        await self.idle(2)
        for register, field, signal in self.levels:
            found, expected = signal.value.to_unsigned(), self.model.stored[register, field]
            assert found == expected, f"{register}.{field} is {found:#x}, expected {expected:#x}"
        assert +self.seen == +self.model.pulses, f"pulses {dict(self.seen)}, expected {dict(self.model.pulses)}"
        assert self.bank_words == self.model.bank_words, "the words of BANK_DATA are not those written"
        pending = self.model.read(TABLE["irq_status"]) & self.model.read(TABLE["irq_enable"])
        assert self.dut.irq_o.value == bool(pending), f"irq is {self.dut.irq_o.value}, pending are {pending:#x}"

    async def set_events(self, events: list[tuple[Register, Field]]) -> None:
        """One cycle of hwset."""
        await self.idle(1)
        for register, field in events:
            self.signal(register, field, "hwset").value = 1
            self.model.stored[register.name, field.name] = 1
        await self.idle(1)
        for register, field in events:
            self.signal(register, field, "hwset").value = 0


def _is_counter(register: Register) -> bool:
    """Whether its word is fetched."""
    return register.name.startswith(("counters.", "domain["))


async def ends(transaction: Awaitable[Any], address: int) -> Any:
    """Result of a transaction, which must not hang."""
    try:
        return await with_timeout(cocotb.start_soon(_coroutine(transaction)), LIMIT * PERIOD, "ns")
    except TimeoutError:
        raise AssertionError(f"no response from {address:#x} after {LIMIT} cycles") from None


async def _coroutine(awaitable: Awaitable[Any]) -> Any:
    return await awaitable


def _negated(values: Iterator[bool]) -> Iterator[bool]:
    return (not value for value in values)


def any_address(rng: random.Random) -> int:
    """Half of them registers, mostly writable ones; the rest unaligned, between registers or beyond the last."""
    kind = rng.randrange(8)
    if kind < 4:
        return rng.choice([a for a, register in ADDRESSES.items() if register.writable or kind == 0])
    if kind == 4:
        return rng.choice(list(ADDRESSES)) + rng.randrange(1, 4)
    return rng.randrange(SPACE) if kind == 5 else rng.randrange(SPACE // 4) * 4


EVENTS = [(register, field) for register, field in FIELDS if "hwset" in field.inputs]


@cocotb.test()
async def reset_values(dut: Any) -> None:
    """Every register as the description says, seen from both sides, and after a second reset once more."""
    device = await Device(dut).start()
    rng = source("reset")
    device.drive_status(rng)
    for again in range(2):
        for address in ADDRESSES:
            await device.expect_read(address)
        await device.check_outputs()
        if again:
            break
        for register in TABLE.values():
            if register.writable and register.readable:
                await device.expect_write(register.address, rng.getrandbits(32))
        await device.set_events(EVENTS)
        await device.check_outputs()
        dut.rst_ni.value = 0
        await device.idle(2)
        dut.rst_ni.value = 1
        await device.idle(2)
        model = Model()
        model.status = device.model.status
        model.pulses, model.bank_words = device.model.pulses, device.model.bank_words
        device.model = model


@cocotb.test()
async def access(dut: Any) -> None:
    """Each register: ones, zeros, each field alone, and its access type; all others stay as they are."""
    device = await Device(dut).start()
    rng = source("access")
    for register in TABLE.values():
        words = [0xFFFFFFFF, 0, *(field.mask for field in register.fields), rng.getrandbits(32), 0x5A5A5A5A]
        for word in words:
            device.drive_status(rng)
            await device.expect_write(register.address, word)
            await device.expect_read(register.address)
            await device.check_outputs()
    for address in ADDRESSES:
        await device.expect_read(address)


@cocotb.test()
async def events(dut: Any) -> None:
    """Each event: set by hardware, cleared by its own 1 only, and not lost when it comes in the cycle of the clear."""
    device = await Device(dut).start()
    for register, field in EVENTS:
        signal, value = device.signal(register, field, "hwset"), device.signal(register, field, "value")
        if register.name == "irq_status":
            await device.expect_write(TABLE["irq_enable"].address, TABLE["irq_enable"][field.name].mask)
        await device.set_events(EVENTS)
        await device.check_outputs()
        await device.expect_write(register.address, 0)
        await device.expect_read(register.address)
        await device.expect_write(register.address, 0xFFFFFFFF & ~field.mask)
        await device.check_outputs()
        await device.set_events([(register, field)])
        await device.idle(2)
        cleared = cocotb.start_soon(device.write(register.address, field.mask))
        landing = 0  # cycles from here to the one at whose end the clear takes effect
        await device.idle(1)
        while value.value == 1:
            landing += 1
            assert landing < LIMIT, f"{register.name}.{field.name} is not cleared by a 1"
            await device.idle(1)
        await cleared
        for offset, survives in ((landing - 1, 0), (landing, 1), (landing + 1, 1)):
            await device.set_events([(register, field)])
            await device.idle(2)
            cleared = cocotb.start_soon(device.write(register.address, field.mask))
            await device.idle(offset)
            signal.value = 1
            await device.idle(1)
            signal.value = 0
            await cleared
            device.model.stored[register.name, field.name] = survives
            await device.check_outputs()
        await device.expect_write(register.address, 0xFFFFFFFF)
        await device.check_outputs()


@cocotb.test()
async def bank_select(dut: Any) -> None:
    """Hardware writes the selection; a software write in the same cycle wins, one before does not."""
    device = await Device(dut).start()
    register = TABLE["bank_select"]
    field, key = register["bank"], ("bank_select", "bank")
    enable, data = device.signal(register, field, "we"), device.signal(register, field, "next")
    value = device.signal(register, field, "value")

    async def hardware(bank: int) -> None:
        enable.value, data.value = 1, bank
        await device.idle(1)
        enable.value = 0

    await hardware(5)
    device.model.stored[key] = 5
    await device.expect_read(register.address)
    await device.idle(2)
    written = cocotb.start_soon(device.write(register.address, 9))
    landing = 0
    await device.idle(1)
    while value.value != 9:
        landing += 1
        assert landing < LIMIT, "the software's write of bank_select has no effect"
        await device.idle(1)
    await written
    for offset, bank in ((landing - 1, 3), (landing, 3), (landing + 1, 12)):
        await device.idle(2)
        written = cocotb.start_soon(device.write(register.address, 3))
        await device.idle(offset)
        await hardware(12)
        await written
        device.model.stored[key] = bank
        await device.check_outputs()
        await device.expect_read(register.address)


REGISTERS = list(TABLE.values())
# What is refused (unaligned, masked, between registers, read-only, write-only): addresses, is it a write, strobes.
REFUSED: dict[str, tuple[list[int], bool, list[int]]] = {
    "odd_write": ([r.address + i for r in REGISTERS if r.writable for i in (1, 2, 3)], True, [15]),
    "odd_read": ([r.address + i for r in REGISTERS if r.readable for i in (1, 2, 3)], False, [15]),
    "partial": ([r.address for r in REGISTERS if r.writable], True, list(range(15))),
    "gap_write": ([a for a in range(0, SPACE, 4) if a not in ADDRESSES], True, [15]),
    "gap_read": ([a for a in range(0, SPACE, 4) if a not in ADDRESSES], False, [15]),
    "ro_write": ([r.address for r in REGISTERS if not r.writable], True, [15]),
    "wo_read": ([r.address for r in REGISTERS if not r.readable], False, [15]),
}


@cocotb.test()
@cocotb.parametrize(("kind", list(REFUSED)))
async def refused(dut: Any, kind: str) -> None:
    """40 accesses of a kind that must be answered with SLVERR and change nothing."""
    device = await Device(dut).start()
    rng = source(kind)
    device.drive_status(rng)
    await device.set_events(EVENTS)
    addresses, write, strobes = REFUSED[kind]
    for _ in range(40):
        address, strobe = rng.choice(addresses), rng.choice(strobes)
        assert not device.model.allows(address, write, strobe)
        if write:
            await device.expect_write(address, rng.getrandbits(32), strobe)
        else:
            await device.expect_read(address)
        await device.check_outputs()


@cocotb.test()
@cocotb.parametrize(("pattern", PATTERNS))
async def random_traffic(dut: Any, pattern: str) -> None:
    """700 transactions each, half of them wrong in some way, while events and status change; every effect checked."""
    device = await Device(dut).start()
    rng = source(f"traffic {pattern}")
    device.pause(pattern, rng)
    responses: Counter[tuple[bool, bool]] = Counter()
    for _ in range(700):
        if rng.random() < 0.2:
            device.drive_status(rng)
            await device.set_events(rng.sample(EVENTS, rng.randrange(4)))
        address, write = any_address(rng), rng.random() < 0.5
        strobe = rng.choice((15, 15, 15, rng.randrange(15)))
        if write:
            await device.expect_write(address, rng.getrandbits(32), strobe)
        else:
            await device.expect_read(address)
        await device.check_outputs()
        responses[write, device.model.allows(address, write, strobe if write else 15)] += 1
    assert min(responses[write, allowed] for write in (False, True) for allowed in (False, True)) > 50, responses


@cocotb.test()
@cocotb.parametrize(("pattern", PATTERNS))
async def counters(dut: Any, pattern: str) -> None:
    """Many reads at once, of counters, of other registers and of none: each gets its own word."""
    device = await Device(dut).start()
    rng = source(f"counters {pattern}")
    device.pause(pattern, rng)
    words = [register.address for register in TABLE.values() if _is_counter(register)]
    for likely in (1.0, 0.5, 0.2):
        device.drive_status(rng)
        read = rng.sample(words, len(words))
        read = [address if rng.random() < likely else any_address(rng) for address in read]
        await Combine(*(cocotb.start_soon(device.expect_read(address)) for address in read))


@cocotb.test()
async def counters_behind_reads(dut: Any) -> None:
    """A counter is not fetched while one before it is still in the block, where answers are held up."""
    device = await Device(dut).start()
    device.drive_status(source("behind"))
    words = [register.address for register in TABLE.values() if _is_counter(register)]
    for others in range(12):
        device.master.read_if.r_channel.pause = True
        read = [TABLE["id"].address] * others + words[:6]
        reads = [cocotb.start_soon(device.expect_read(address)) for address in read]
        await device.idle(60)
        device.master.read_if.r_channel.pause = False
        await Combine(*reads)


@cocotb.test()
async def either_order(dut: Any) -> None:
    """Address before data and data before address, 0 to 4 cycles apart, while the response waits 0 to 4 cycles."""
    device = await Device(dut).start()
    rng = source("order")
    write = device.master.write_if
    for first, second in ((write.aw_channel, write.w_channel), (write.w_channel, write.aw_channel)):
        for apart in range(5):
            for stall in range(5):
                second.pause = write.b_channel.pause = True
                done = cocotb.start_soon(device.expect_write(TABLE["theta"].address, rng.getrandbits(32)))
                while not first.idle():
                    await device.idle(1)
                await device.idle(apart)
                second.pause = False
                await device.idle(6 + stall)
                assert dut.s_axil_bvalid.value == 1, "the response does not wait for ready"
                write.b_channel.pause = False
                await done
                await device.check_outputs()


@cocotb.test()
async def pipelining(dut: Any) -> None:
    """Bank data goes in at a word a cycle; no word is lost when address, data and responses are held up at random."""
    device = await Device(dut).start()
    rng = source("pipelining")
    address = TABLE["bank_data"].address
    for pattern in PATTERNS:
        device.pause(pattern, rng)
        words = [rng.getrandbits(32) for _ in range(200)]
        begin = device.cycle
        writes = [cocotb.start_soon(device.write(address, word)) for word in words]
        await Combine(*writes)
        assert all(task.result() == AxiResp.OKAY for task in writes)
        cycles = device.cycle - begin
        assert pattern != "none" or cycles < len(words) + 12, f"{len(words)} words took {cycles} cycles"
        for word in words:
            device.model.write(TABLE["bank_data"], word)
        await device.check_outputs()


@cocotb.test()
async def latency(dut: Any) -> None:
    """Cycles from the transfer of address and data to the response, as in the header of moe_registers."""
    device = await Device(dut).start()
    found = {}
    for access, request, response in (
        (device.write(TABLE["theta"].address, 1), dut.s_axil_awvalid, dut.s_axil_bvalid),
        (device.read(TABLE["id"].address), dut.s_axil_arvalid, dut.s_axil_rvalid),
    ):
        task = cocotb.start_soon(access)
        while request.value != 1:
            await device.idle(1)
        begin = device.cycle
        while response.value != 1:
            await device.idle(1)
        found[response._name] = device.cycle - begin
        await task
    assert found == {"s_axil_bvalid": 5, "s_axil_rvalid": 5}, found


@cocotb.test()
@cocotb.parametrize(("pattern", PATTERNS))
async def fuzz(dut: Any, pattern: str) -> None:
    """700 transactions each, reads and writes at once and several in flight: all end, and a reset amid them too."""
    device = await Device(dut).start()
    rng = source(f"fuzz {pattern}")
    device.pause(pattern, rng)

    async def writer() -> None:
        for _ in range(350):
            await device.raw_write(any_address(rng), rng.getrandbits(32), rng.randrange(16))

    async def reader() -> None:
        for _ in range(350):
            await device.read(any_address(rng))

    await Combine(cocotb.start_soon(writer()), cocotb.start_soon(reader()))
    device.pause("none", rng)
    for _ in range(5):
        write, read = device.master.write_if, device.master.read_if
        write.aw_channel.pause = rng.random() < 0.5
        write.b_channel.pause = read.r_channel.pause = True
        for _ in range(3):
            device.master.init_write(rng.choice(list(ADDRESSES)), bytes(4))
            device.master.init_read(rng.choice(list(ADDRESSES)), 4)
        await device.idle(rng.randrange(1, 12))
        dut.rst_ni.value = 0
        await device.idle(2)
        dut.rst_ni.value = 1
        device.pause("none", rng)
        await device.idle(2)
        assert dut.s_axil_bvalid.value == 0 and dut.s_axil_rvalid.value == 0, "a response survived the reset"
        for address in (TABLE["id"].address, TABLE["theta"].address):
            response, word = await device.read(address)
            assert (response, word) == (AxiResp.OKAY, ADDRESSES[address].reset)


@cocotb.test()
async def a_hang_is_seen(dut: Any) -> None:
    """Control of the time limit: a response that never comes fails."""
    device = await Device(dut).start()
    device.master.write_if.b_channel.pause = True
    try:
        await device.expect_write(TABLE["theta"].address, 1)
    except AssertionError as error:
        assert "no response" in str(error), error
    else:
        raise AssertionError("a write without a response ended")
