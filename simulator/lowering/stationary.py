"""Weight-stationary machines with streamed inputs: from a layer to a network.

::

    dram --> glb.write --> [tiles] --> glb.read --> refill --> weight registers --.
                                          `-----> fetch --> distribute --> [select] --> array --> drain -->
                                          pack --> dram

Inputs that are decomposed on their way take the place of the weights, and pass TASD units between glb.read and refill.
Tiles, registers and accumulator columns are handed back through channels of free slots. Queues in front of a
port with latency L hold L + 2 entries, just enough to keep it busy; the other depths are the machine's own.
"""

from __future__ import annotations

from functools import partial

from simulator.datapath.code import Code
from simulator.errors import InfeasibleError
from simulator.lowering import array, memory, output
from simulator.lowering.blocks import Kept
from simulator.lowering.context import Chunks, Context
from simulator.lowering.network import STATIONARY, Network, rate
from simulator.lowering.output import Outputs
from simulator.lowering.slots import Slots
from simulator.lowering.stationary_transfers import regions
from simulator.lowering.terms import units
from simulator.lowering.terms.context import SeriesContext
from simulator.plan import Access, Channel, Plan, Program
from simulator.plan.check import field_maxima
from simulator.plan.runs import PORTS

PUTS = PORTS + 2
"""Column of the bursts an item of the packing program puts: one input, one output."""


def build(context: Context, outputs: Outputs) -> Plan:
    """The network of one layer, every program told lazily."""
    _check_rows(context)
    same = not outputs.bits
    packs = Kept(
        context.shared("packs", partial(output.packs, context, outputs), same)
    )  # told here, not again
    if same:
        _check_bursts(context, context.known.get("bursts of a step", partial(_most_bursts, packs)))
    else:
        _check_bursts(context, _most_bursts(packs))
    network = Network(context.known.get("channels", partial(_channels, context)))
    _dram(network, context, outputs)
    _glb(network, context)
    _datapath(network, context)
    _outputs(network, context, packs)
    return network.plan()


def _check_rows(context: Context) -> None:
    fetch, widths = context.machine.components.fetch, context.widths
    window, rows = context.code.window * widths.inputs, fetch.rows.value
    if not fetch.variable and (context.operands.compressed or widths.row % window):
        raise InfeasibleError(
            f"machine {context.machine.name!r}: fetch.variable is false, so windows must divide a GLB row; they are "
            f"{window} b of {context.operands.format} inputs, glb.row is {widths.row} b"
        )
    step = context.geometry.abreast * context.code.window
    if context.flows.most_held > rows:
        held = context.flows.held[context.stream]
        over = held > rows
        raise InfeasibleError(
            f"machine {context.machine.name!r}: the {step} inputs of a step span {held[over][0]} GLB rows, "
            f"fetch.rows is {rows}; raise fetch.rows or glb.row"
        )


def _most_bursts(packs: Kept) -> int:
    """Most bursts that a step's outputs complete."""
    return max(int(field_maxima(chunk)[:, PUTS].max()) for chunk in packs())


def _check_bursts(context: Context, most: int) -> None:
    """A step's outputs leave at once: the queue to DRAM must hold the bursts they complete."""
    parts = context.machine.components
    owner, queue = ("compress", parts.compress.queue) if parts.compress else ("drain", parts.drain.queue)
    if most > queue.value:
        raise InfeasibleError(
            f"machine {context.machine.name!r}: the outputs of a step fill {most} bursts of {parts.dram.burst.value} B, "
            f"{owner}.queue is {queue.value}; raise {owner}.queue or dram.burst"
        )


def _channels(context: Context) -> tuple[Channel, ...]:
    network = Network()
    parts, metadata = context.machine.components, context.operands.compressed
    arrival = parts.dram.arrival
    for tensor in ("weights", "inputs"):
        network.channel(f"dram.{tensor}", arrival + 2, arrival)
    for tensor in ["weights", "inputs", *(["inputs_metadata"] if metadata else [])]:
        slots = context.slots("inputs" if tensor == "inputs_metadata" else tensor)
        network.channel(f"{tensor}.ready", slots)
        network.space(f"{tensor}.space", slots)
    latency = parts.glb.read_latency.value
    if (tasd := _extracted(context)) is not None:
        network.channel("tasd.rows", latency + 2 + units.held(tasd), latency)
        latency = parts.tasd.latency.value if parts.tasd is not None else latency
    network.channel("refill.rows", latency + 2, latency)
    network.space("refill.space", parts.array.operand_buffers.value)
    network.channel("array.weights", parts.array.operand_buffers.value, meaning=STATIONARY)
    latency = parts.glb.read_latency.value
    network.channel("fetch.rows", parts.fetch.rows.value, latency)
    if metadata:
        network.channel("fetch.metadata", parts.fetch.rows.value, latency)
    network.channel("distribute.windows", parts.distribute.queue.value, parts.fetch.latency.value)
    if parts.select is not None:
        network.channel("select.windows", parts.select.queue.value, parts.distribute.latency.value)
        network.channel("array.windows", parts.array.queue.value, parts.select.latency.value)
    else:
        network.channel("array.windows", parts.array.queue.value, parts.distribute.latency.value)
    network.channel("array.columns", parts.array.columns.value, parts.array.latency.value)
    network.space("array.space", parts.array.columns.value * context.shares)
    network.channel("drain.columns", parts.drain.queue.value)
    if parts.compress is not None:
        network.channel("dram.outputs", parts.compress.queue.value, parts.compress.latency.value)
    else:
        network.channel("dram.outputs", parts.drain.queue.value)
    return network.channels


def _extracted(context: Context) -> SeriesContext | None:
    """The context, if terms are taken on their way to the multipliers."""
    return context if isinstance(context, SeriesContext) and context.operands.side == "inputs" else None


def _spaces(context: Context) -> list[str]:
    return ["inputs.space", *(["inputs_metadata.space"] if context.operands.compressed else [])]


def _dram(network: Network, context: Context, outputs: Outputs) -> None:
    reads, places, called = partial(memory.dram_reads, context), regions(context, outputs), context.called
    writes = partial(output.dram_writes, context, outputs)
    programs = [
        network.program(
            called["weights"],
            ["weights.space"],
            ["dram.weights"],
            ["dram_read"],
            context.shared("dram weights", partial(reads, "weights")),
            places.access("weights"),
        ),
        network.program(
            called["inputs"],
            _spaces(context),
            ["dram.inputs"],
            ["dram_read"],
            context.shared("dram inputs", partial(reads, "inputs"), context.operands.sized),
            places.access("inputs"),
        ),
        network.program(
            "outputs",
            ["dram.outputs"],
            [],
            ["dram_write"],
            context.shared("dram outputs", writes, not outputs.bits),
            places.access("outputs"),
        ),
    ]
    network.main_memory(context.machine.components.dram, context.machine.clock.value, programs)


def _glb(network: Network, context: Context) -> None:
    glb, metadata = context.machine.components.glb, context.operands.compressed

    def fills(tensor: str) -> Chunks:
        same = tensor == "weights" or context.operands.sized
        return context.shared(f"fills of {tensor}", partial(memory.glb_fills, context, tensor), same)

    writes = ["sram_write", "metadata_write"]
    ready = ["inputs.ready", *(["inputs_metadata.ready"] if metadata else [])]
    slots = Slots(context)

    def program(tensor: str, ready: list[str]) -> Program:
        access = Access(True, partial(slots.fills, tensor))
        ends = [f"dram.{tensor}"], ready
        return network.program(context.called[tensor], *ends, writes, fills(tensor), access)

    programs = [program("weights", ["weights.ready"]), program("inputs", ready)]
    write, read = rate(glb.write_bandwidth.value), rate(glb.read_bandwidth.value)
    network.component("glb.write", "glb.write", "memory", programs, write, state=glb.state)
    network.component(
        "glb.read", "glb.read", "memory", _reads(network, context, slots), read, state=glb.state
    )


def _reads(network: Network, context: Context, slots: Slots) -> list[Program]:
    reads = ["sram_read", "metadata_read"]

    def program(name: str, rows: str, metadata: bool) -> Program:
        told, access = partial(memory.input_reads, context, metadata), partial(slots.input_reads, metadata)
        chunks = context.shared(f"reads of {name}", told, context.operands.fixed)
        ends = [f"{name}.ready"], [rows, f"{name}.space"]
        return network.program(context.called.get(name, name), *ends, reads, chunks, Access(False, access))

    rows = "refill.rows" if _extracted(context) is None else "tasd.rows"
    weights = context.shared("reads of weights", partial(memory.weight_reads, context))
    ends, access = [rows, "weights.space"], Access(False, slots.weight_reads)
    programs = [
        network.program(context.called["weights"], ["weights.ready"], ends, reads, weights, access),
        program("inputs", "fetch.rows", False),
    ]
    if context.operands.compressed:
        programs.append(program("inputs_metadata", "fetch.metadata", True))
    return programs


def _datapath(network: Network, context: Context) -> None:
    parts, called = context.machine.components, context.called
    chunks = context.shared("refills", partial(array.refills, context))
    if (tasd := _extracted(context)) is not None:
        chunks = partial(units.refills, tasd)
        _tasd(network, tasd)
    ends = ["refill.rows", "refill.space"], ["array.weights"]
    refill = network.program(called["weights"], *ends, ["operand_write"], chunks)
    network.component("refill", "refill", "server", [refill], rate(parts.array.refill_bandwidth.value))
    rows = ["fetch.rows", *(["fetch.metadata"] if context.operands.compressed else [])]
    actions = ["fetch_write", "fetch_read", "window_shift"]
    fetches = context.shared("fetches", partial(array.fetches, context), context.operands.fixed)
    fetch = network.program(called["inputs"], rows, ["distribute.windows"], actions, fetches)
    network.component("fetch", "fetch", "server", [fetch])
    onwards = "array.windows" if parts.select is None else "select.windows"
    reached = parts.array.arrays.value // context.geometry.abreast
    abreast, width = context.geometry.abreast, context.widths.inputs

    def windows(coded: Code) -> tuple[int, int, int]:
        bits = coded.window_bits(width)
        return -(-abreast * bits // 8), reached * -(-bits // 8), 0

    moved = context.shared("windows", partial(array.windows, context, windows))
    distribute = network.program(called["inputs"], ["distribute.windows"], [onwards], ["noc_byte"], moved)
    network.component(
        "distribute", "distribute", "server", [distribute], rate(parts.distribute.bandwidth.value)
    )
    if parts.select is not None:
        told = partial(array.windows, context, lambda coded: (1, 0, coded.blocks))
        chosen = context.shared("blocks chosen", told)
        select = network.program("inputs", ["select.windows"], ["array.windows"], ["block_select"], chosen)
        network.component("select", "select", "server", [select])
    lanes = parts.array.arrays.value * parts.array.rows.value * parts.array.pes.value * parts.array.macs.value
    step = network.program(
        "steps",
        ["array.weights", "array.windows", "array.space"],
        ["array.columns", "refill.space"],
        array.ARRAY_ACTIONS,
        context.shared("steps", partial(array.steps, context), not context.machine.datapath.gating),
    )
    network.component("array", "array", "server", [step], lanes=lanes)


def _tasd(network: Network, context: SeriesContext) -> None:
    parts = context.machine.components.tasd
    assert parts is not None
    chunks = partial(units.extractions, context)
    taken = network.program("inputs", ["tasd.rows"], ["refill.rows"], units.ACTIONS, chunks)
    network.component("tasd", "tasd", "server", [taken], lanes=parts.units.value)


def _outputs(network: Network, context: Context, packs: Kept) -> None:
    parts = context.machine.components
    drain = network.program(
        "outputs",
        ["array.columns"],
        ["array.space", "drain.columns"],
        ["psum_read", "drain_word"],
        context.shared("drains", partial(output.drains, context)),
    )
    network.component("drain", "drain", "server", [drain], rate(parts.drain.bandwidth.value))
    name = "pack" if parts.compress is None else "compress"
    pack = network.program("outputs", ["drain.columns"], ["dram.outputs"], ["compress_value"], packs)
    network.component(name, name, "server", [pack])
