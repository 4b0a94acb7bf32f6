"""What the model takes over from a published version of Sparseloop, and what it does right."""

from __future__ import annotations

from dataclasses import dataclass

from simulator.errors import InputError, suggest


@dataclass(frozen=True)
class Mode:
    """Choices of one mode.

    Attributes
    ----------
    name, mimics : str
    extrapolates : bool
        Dense traffic by Timeloop's extrapolation and reset rules (``deltas``) instead of exact differences.
    by_coordinates : bool
        Ranks are given coordinates as ``docs/design_points.md`` says instead of the loops Sparseloop gives them.
    spare_ranks : bool
        Ranks that get no loop hold the tile of the tensor's innermost loop, which the next rank out takes for its
        own coordinate's.
    rounds_fibers : bool
        CP rounds the coordinates of every fiber up.
    rounds_bitmasks : bool
        The payloads of B the same.
    counts_empty_twice : bool
        Entries of CP and RLE are counted per fiber that is not empty, though the mean they are counted by includes empty ones.
    built_in_energies : bool
        Memories and multipliers no energy table tells cost what Timeloop's built-in table says (relative to a 16-bit
        multiplication).
    metadata_read_is_update : bool
        With rules on two memories, metadata reads of the inner are replaced by its metadata updates.
    scales_first_rank_only : bool
        What an outer memory skips reduces inner metadata only for formats of one rank.
    gating_removes_computes : bool
        A compute behind a gated read of the innermost memory takes no cycle and is in no count.
    vector_table : bool
        Vector accesses of compressed tiles are inflated only below tabled tile sizes.
    elides_first_fills : bool
        Partial sums that were never written are not filled.
    recent_chains : bool
        Energies fall back along the chains of March 2025 instead of those of July 2022.
    leaks : bool
        Instances at work cost energy every cycle, where a table tells it.
    floors : bool
        Counts are floored where Sparseloop floors them.
    wide_blocks : bool
        Blocks the table of vector accesses does not list are taken for its widest.
    """

    name: str
    mimics: str
    extrapolates: bool = True
    by_coordinates: bool = False
    spare_ranks: bool = True
    rounds_fibers: bool = True
    rounds_bitmasks: bool = True
    counts_empty_twice: bool = True
    built_in_energies: bool = True
    metadata_read_is_update: bool = True
    scales_first_rank_only: bool = True
    gating_removes_computes: bool = True
    vector_table: bool = True
    elides_first_fills: bool = False
    recent_chains: bool = False
    leaks: bool = False
    floors: bool = True
    wide_blocks: bool = False
    mean_utilisation: bool = True


TIMELOOP_2022 = Mode(
    "timeloop-2022", "Timeloop/Sparseloop, public release of July 2022 (ee66b62)", wide_blocks=True
)
ARTIFACT = Mode(
    "artifact",
    "Sparseloop as its MICRO 2022 artifact was made: July 2022 with position skipping, fibers not rounded",
    spare_ranks=False,
    rounds_fibers=False,
    counts_empty_twice=False,
    wide_blocks=True,
)
TIMELOOP_HEAD = Mode(
    "timeloop-head",
    "Timeloop/Sparseloop, public release of March 2025 (4cf6d4c)",
    elides_first_fills=True,
    recent_chains=True,
    leaks=True,
)
DEFAULT = Mode(
    "default",
    "",
    extrapolates=False,
    by_coordinates=True,
    spare_ranks=False,
    rounds_fibers=False,
    rounds_bitmasks=False,
    counts_empty_twice=False,
    built_in_energies=False,
    metadata_read_is_update=False,
    scales_first_rank_only=False,
    gating_removes_computes=False,
    vector_table=False,
    elides_first_fills=True,
    floors=False,
    mean_utilisation=False,
)
MODES = {mode.name: mode for mode in (DEFAULT, TIMELOOP_2022, ARTIFACT, TIMELOOP_HEAD)}


def mode_by_name(name: str) -> Mode:
    """A mode by name.

    Raises
    ------
    InputError
        No such mode; the message lists them.
    """
    if name not in MODES:
        raise InputError(f"no mode {name!r} of the sparseloop model; {suggest(name, list(MODES))}")
    return MODES[name]
