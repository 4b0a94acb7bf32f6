"""Every machine in hwconfigs/ passes the same kit, because it is there: nobody has to remember.

The kit knows parameters, plans and results, nothing of an organisation.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from decimal import Decimal
from functools import cache
from itertools import pairwise

import numpy as np
import pytest
from differential.test_engines import differences

import simulator
from simulator import InfeasibleError, InputError, Layer, Machine
from simulator.hardware import Parameter, dump, loads, names, override, parameters
from simulator.lowering import lower
from simulator.plan import Component
from simulator.plan.check import flows, problems
from simulator.plan.rung import Rung
from simulator.plan.state import ACTIVATE, Rows
from simulator.record.outcome import ComponentOutcome
from simulator.registry import resolve
from simulator.sparsity.patterns import Hss, parse
from simulator.transform.tasd import Series, asked, decompose, with_series
from validation.oracles.dram import Request, bursts

ALL = pytest.mark.parametrize("name", names())
CHANGES = 3
"""Parameters changed at once."""


CROWD = 100
"""Components from which on a machine is tried on fewer and smaller layers, or the kit would take minutes."""


def largest(machine: Machine) -> tuple[int, int, int]:
    """Bounds of M, K and N: smaller on a machine of few multipliers or many components, or its runs would be long."""
    if crowded(machine):
        return 20, 30, 20
    one = np.ones((1, 1), dtype=np.int8)
    return (150, 130, 150) if lower(machine, simulator.gemm(one, one)).lanes >= 16 else (50, 50, 50)


def crowded(machine: Machine) -> bool:
    """Whether it has a component for each of its many parts."""
    one = np.ones((1, 1), dtype=np.int8)
    return len(lower(machine, simulator.gemm(one, one)).plan.components) > CROWD


def layer(machine: Machine, seed: int) -> Layer:
    """A random layer the machine supports: ragged shapes, any of its patterns, any input density."""
    rng = np.random.default_rng(seed)
    choices = parse(machine.datapath.weights).choices()
    pattern = choices[int(rng.integers(len(choices)))]
    density = float(rng.choice([0.0, 0.1, 0.5, 0.9, 1.0]))
    kept = float(rng.choice([0.2, 0.7, 1.0]))
    if rng.random() < 0.5:
        m, k, n = (int(x) for x in rng.integers(1, largest(machine)))
        weights, inputs = rng.integers(1, 9, (m, k)), rng.integers(-8, 9, (k, n))
        weights *= pattern.generate((m, k), seed=seed) & (rng.random((m, k)) < kept)
        inputs *= rng.random((k, n)) < density
        if family := getattr(machine.datapath, "streamed", None):  # a rule for the inputs too
            rule = parse(family).choices()[int(rng.integers(len(parse(family).choices())))]
            inputs *= rule.generate((k, n), axis=0, seed=seed)
        made = simulator.gemm(weights.astype(np.int8), inputs.astype(np.int8))
        outputs = rng.random((m, n)) < 0.6
    else:
        groups = int(rng.choice([1, 1, 2]))
        c, m, size, r = (int(x) for x in (rng.integers(1, 9) * groups, rng.integers(1, 9) * groups, 6, 3))
        weights = rng.integers(1, 9, (m, r, r, c // groups))
        weights *= pattern.generate((m, r * r * c // groups), seed=seed).reshape(weights.shape)
        inputs = rng.integers(0, 9, (1, c, size, size)) * (rng.random((1, c, size, size)) < density)
        stride, padding = int(rng.integers(1, 3)), int(rng.integers(0, 2))
        made = simulator.conv2d(
            weights.transpose(0, 3, 1, 2).astype(np.int8),
            inputs.astype(np.int8),
            stride,
            padding,
            groups=groups,
        )
        outputs = rng.random(made.einsum.shape("outputs")) < 0.6
    made = replace(made, pattern=pattern.text if rng.random() < 0.5 else None)
    if (rates := getattr(machine.datapath, "rates", None)) is not None and seed % 2:
        made = terms(rng, sorted(set(rates.numbers) - {"fp16"}), density)
        outputs = rng.random(made.einsum.shape("outputs")) < 0.6
    if getattr(machine.datapath, "terms", None) is not None and seed % 3:
        return decomposed(machine, made, seed)
    return made.with_outputs(outputs) if rng.random() < 0.5 else made


def terms(rng: np.random.Generator, numbers: list[str], density: float) -> Layer:
    """A product of two terms in number formats of their own, their coordinates one after the other along K."""
    rule = parse(" + ".join(f"{rng.integers(1, 9)}:8 {rng.choice(numbers)}" for _ in range(2)))
    m, vectors, n = (int(x) for x in rng.integers(1, (150, 9, 150)))
    inputs = rng.random((32 * vectors, n)) < density
    weights = rule.generate((m, 32 * vectors), seed=int(rng.integers(99)))
    return simulator.gemm(weights, inputs, pattern=rule.text)


def decomposed(machine: Machine, case: Layer, seed: int) -> Layer:
    """The layer with a series of one or two terms of the machine, of its weights or of its inputs."""
    rng = np.random.default_rng([seed, 3])
    ranks = [each.ranks[0] for each in parse(machine.datapath.weights).choices() if isinstance(each, Hss)]
    first = ranks[int(rng.integers(len(ranks)))]
    others = [(n, m) for n, m in ranks if n + first[0] <= m]
    terms = [first, others[int(rng.integers(len(others)))]] if others and rng.random() < 0.6 else [first]
    return with_series(case, str(rng.choice(["weights", "inputs"])), Series(tuple(terms)))


def varied(machine: Machine, case: Layer, seed: int) -> tuple[Machine, int]:
    """The machine with some parameters changed, and how many; a change `case` cannot run with is not made."""
    rng, made = np.random.default_rng([seed, 1]), 0
    options = {p.path: values for p in parameters(machine) if (values := others(p))}
    for path in rng.permutation(sorted(options)):
        try:
            changed = override(machine, {str(path): str(rng.choice(options[str(path)]))})
            lower(changed, case)
        except (InputError, InfeasibleError) as error:
            if "<number> <unit>" in str(error):  # a rule may forbid a value, but it must be well said
                raise
            continue
        machine, made = changed, made + 1
        if made == CHANGES:
            break
    return machine, made


def others(parameter: Parameter) -> list[str]:
    """Other values worth trying."""
    if parameter.dimension == "byte/cycle":
        return ["unlimited", "7 B/cycle", "17 B/cycle", "64 B/cycle", "42.5 B/cycle"]
    if parameter.dimension == "cycle":
        return ["1 cycle", "3 cycle", "100 cycle"]
    if parameter.dimension == "count":
        value = int(parameter.text)
        return [str(v) for v in sorted({1, max(1, value // 2), value + 1, 2 * value} - {value})]
    if parameter.whole and not parameter.choices:  # a count that may be absent
        return ["1", "3", "8"]
    return [choice for choice in parameter.choices if choice != parameter.text]


@cache
def described(name: str) -> tuple[Machine, int]:
    """The machine, and how many seeds there are for each that is tried: more where runs are long."""
    machine = simulator.load(name)
    return machine, 5 if crowded(machine) else 1


@cache
def case_of(name: str, seed: int) -> tuple[Machine, Layer, int]:
    """A random layer on the machine, varied, and how many changes that were."""
    machine, _ = described(name)
    made = layer(machine, seed)
    changed, changes = varied(machine, made, seed)
    return changed, made, changes


def cases(name: str, count: int) -> list[tuple[Machine, Layer]]:
    """Random layers on the machine, varied."""
    found = [case_of(name, seed) for seed in range(-(-count // described(name)[1]))]
    assert sum(changes for _, _, changes in found) >= len(found) * (CHANGES - 1)
    return [(machine, case) for machine, case, _ in found]


@ALL
@pytest.mark.seeded(share=40, least=5, size=10)
def test_engines_agree_on_whole_outcomes(name: str, seeds: range) -> None:
    reference, fast = resolve("engine", "reference"), resolve("engine", "fast")
    for seed in seeds[:: described(name)[1]]:
        machine, case, _ = case_of(name, seed)
        plan = lower(machine, case).plan
        assert problems(plan) == []
        for rung in (Rung.S4, list(Rung)[seed % 4]):
            a, b = reference(plan, rung), fast(plan, rung)
            assert a.digest == b.digest, "\n".join([f"seed {seed} at {rung}:", *differences(a, b)])


@ALL
def test_outputs_equal_the_dense_einsum(name: str) -> None:
    for machine, case in cases(name, 30):
        result = simulator.simulate(machine, case, rung="totals", verify=True)
        check = result.layers[0].verification
        assert check.mode == "full"
        assert check.outputs == check.of == np.prod(case.einsum.shape("outputs"))


@ALL
def test_conservation_of_time_tokens_and_work(name: str) -> None:
    for machine, case in cases(name, 30):
        result = simulator.simulate(machine, case, verify=False).layers[0]
        for part in result.components:
            assert sum(part.intervals.totals().values()) == result.cycles
            for program in part.programs:
                assert program.states.sum() == result.cycles
        plan = lower(machine, case).plan
        for channel, flow in zip(plan.channels, flows(plan), strict=True):
            if channel.meaning != "space":
                assert flow.put == flow.taken == flow.released, channel.name
        assert result.macs["effectual"] == effectual(case)
        assert result.macs["effectual"] <= result.macs["slots"]
        assert counted(result.components, "mac", "mac_gated") <= result.macs["slots"]
        if machine.datapath.gating:
            assert counted(result.components, "mac") == result.macs["effectual"]
        assert counted(result.components, "drain_word") == np.prod(case.einsum.shape("outputs"))
        moved = result.traffic["dram"]
        (dram,) = (part for part in result.components if part.kind == "dram")
        for action, tensors in (("dram_read", ("weights", "inputs")), ("dram_write", ("outputs",))):
            words = counted([dram], action)
            items = sum(program.grants[0] for program in dram.programs if action in program.actions)
            size = sum(moved[tensor] for tensor in tensors)
            assert -(-size // 8) <= words <= size / 8 + items


def counted(parts: Iterable[ComponentOutcome], *actions: str) -> int:
    """Actions of all components together."""
    return sum(part.actions.get(action, 0) for part in parts for action in actions)


def effectual(case: Layer) -> int:
    """Oracle: multiplications with both operands non-zero, from the masks; of a series, of what its terms take."""
    from simulator.workload.matrix import GemmView

    view, found, series = GemmView(case), 0, asked(case)
    for g in range(view.groups):
        weights, inputs = view.weights(g), view.inputs(g, 0, view.K, 0, view.N)
        if series is not None and series.side == "weights":
            weights = decompose(weights, series.series, axis=1, pad=True).approximation
        if series is not None and series.side == "inputs":
            inputs = decompose(inputs, series.series, axis=0, pad=True).approximation
        found += int(((weights != 0).astype(int) @ (inputs != 0).astype(int)).sum())
    return found


@ALL
def test_rungs_are_ordered(name: str) -> None:
    for machine, case in cases(name, 20):
        s0, s1, s2, s3, s4 = (
            simulator.simulate(machine, case, rung=rung, verify=False).cycles
            for rung in ("S0", "S1", "S2", "S3", "S4")
        )
        assert s0 <= s1 <= s2 <= s3
        assert s4 >= s1


@ALL
def test_more_bandwidth_or_buffer_never_costs_cycles_without_arbiters(name: str) -> None:
    compared, found = 0, cases(name, 20)
    for seed, (machine, case) in enumerate(found):
        after = override(machine, more(machine, seed))
        if not runs(after, case):
            continue
        for rung in ("S2", "S3"):
            a, b = (simulator.simulate(m, case, rung=rung, verify=False) for m in (machine, after))
            if a.layers[0].choices == b.layers[0].choices:  # the same mapping before and after
                compared += 1
                assert b.cycles <= a.cycles, (seed, rung, more(machine, seed))
    assert compared >= len(found)


def runs(machine: Machine, case: Layer) -> bool:
    """Whether there is a mapping; another one is chosen for other parameters, and may not fit."""
    try:
        lower(machine, case)
    except InfeasibleError:
        return False
    return True


def more(machine: Machine, seed: int) -> dict[str, str]:
    """One bandwidth raised, one depth raised, or all bandwidths unlimited."""
    bandwidths = [p for p in parameters(machine) if p.dimension == "byte/cycle" and p.text != "unlimited"]
    depths = [p for p in parameters(machine) if p.path.endswith(("queue", "buffers"))]
    if seed % 4 == 0 or not bandwidths:
        return {p.path: "unlimited" for p in bandwidths}
    if seed % 4 == 1 and depths:
        chosen = depths[seed % len(depths)]
        return {chosen.path: str(int(chosen.text) + seed)}
    chosen = bandwidths[seed % len(bandwidths)]
    number, unit = chosen.text.split(maxsplit=1)
    return {chosen.path: f"{2 * Decimal(number)} {unit}"}


def timed(machine: Machine, seed: int) -> Machine:
    """The machine with one of the memories that come with the package, each in turn, every other time never refreshed."""
    choices = next(p for p in parameters(machine) if p.path == "dram.timing").choices
    memories = [timing for timing in choices if timing != "simple"]
    changed = override(machine, {"dram.timing": memories[seed % len(memories)]})
    return override(changed, {"dram.timing.refi": "0 tCK"}) if seed % 2 else changed


def places(dram: Component) -> dict[str, list[tuple[int, int]]]:
    """First and last byte of every item of a memory, per tensor."""
    found = {}
    for program in dram.programs:
        assert program.access is not None
        items = (item for chunk in program.chunks() for item in chunk.items())
        moved = zip(items, program.access.addresses(), strict=True)
        found[program.name] = [(address, address + item[0] - 1) for item, address in moved]
    return found


def opened(of: Rows, moved: dict[str, list[tuple[int, int]]], asked: Iterable[int]) -> tuple[int, int]:
    """Oracle: accesses to a bank that holds no row yet or another one, when rows stay open; and all accesses."""
    sizes = {tensor: iter(spans) for tensor, spans in moved.items()}
    tensor_at = {first: tensor for tensor, spans in moved.items() for first, _ in spans}
    held: dict[tuple[int, int, int], int] = {}
    found = count = 0
    for address in asked:
        first, last = next(sizes[tensor_at[address]])
        assert first == address
        for each in bursts(of, 0, Request(write=False, address=first, size=last - first + 1, ready=0)):
            bank = each.channel, each.group, each.bank
            found, count = found + (held.get(bank) != each.row), count + 1
            held[bank] = each.row
    return found, count


@ALL
def test_main_memory_with_rows(name: str) -> None:
    reference, fast = resolve("engine", "reference"), resolve("engine", "fast")
    for seed, (machine, case) in enumerate(cases(name, 3)):
        changed = timed(machine, seed)
        assert loads(dump(changed)) == changed
        plan = lower(changed, case).plan
        (dram,) = (part for part in plan.components if part.kind == "dram")
        assert isinstance(dram.state, Rows)
        assert problems(plan) == []
        told: list[list[tuple[int, bool, int]]] = [[], []]
        a, b = (
            run(plan, Rung.S4, requests={"dram": lambda *each, to=to: to.append(each)})
            for run, to in zip((reference, fast), told, strict=True)
        )
        assert a.digest == b.digest, "\n".join(differences(a, b))
        assert told[0] == told[1]
        assert a.cycles >= fast(plan, Rung.S1).cycles
        moved = places(dram)
        for write, tensors in ((False, ("weights", "inputs")), (True, ("outputs",))):
            asked = sorted(first for tensor in tensors for first, _ in moved[tensor])
            assert asked == sorted(address for _, writes, address in told[0] if writes is write)
        least, most = opened(dram.state, moved, (address for _, _, address in told[0]))
        activates = counted((part for part in a.components if part.kind == "dram"), ACTIVATE)
        assert least <= activates <= (most if dram.state.refi else least)
        regions = [moved[tensor] for tensor in ("weights", "inputs", "outputs")]
        for before, after in pairwise(sorted(region for region in regions if region)):
            assert max(last for _, last in before) < min(first for first, _ in after)


@ALL
def test_every_number_says_where_it_is_from(name: str) -> None:
    machine = simulator.load(name)
    fidelity = machine.fidelity
    assert fidelity.modelled
    assert fidelity.approximated
    assert fidelity.left_out
