"""What a cycle is. Both engines are written from this text alone and must agree on every integer.

Time
----
Time is a count of cycles, an int64 from 0. A cycle has three phases; what is written in a phase is not seen
in it.

arrive
    Tokens whose arrival cycle has come are visible to the consumer, returned credits to the producer.
decide
    Every free port may start one item (below). A port that started an item is busy from this cycle on.
depart
    Every item whose service ends in this cycle, or ended before and is held, leaves if its outputs have room.

Items
-----
A program runs its items in order, one at a time. Item i *starts* in the decide phase of some cycle c: all its
takes must be visible; it takes them. It is in service in cycles c .. f. It *departs* in the depart phase of a
cycle d >= f: it puts its tokens and releases its slots. The next item of the program starts in d + 1 at the
earliest.

On a private port (component without arbiter) the output slots are claimed at departure: the item departs in
the first cycle d >= f in which, on every output, at least `puts` slots are visibly free; it is held until
then. Takes of several inputs are taken together, puts of several outputs are put together: all or nothing.

On a shared port (component with arbiter) an item claims its output slots at its start: it is eligible only
when all its takes and all the output slots it needs are visible, so it never holds the port, and d = f
always.

Channels
--------
A token put in cycle d enters in cycle max(d, first cycle in which fewer than `width` tokens have entered, in
order) and arrives `latency` cycles after it entered. A slot released in cycle d is visibly free
`credit_latency` cycles later. A slot is taken from the departure (private) or start (shared) of the
producer's item on. Tokens are taken in order, any number at once; releases free slots in order too and may
come later than the takes; at no time are more released than taken. `initial` tokens are visible in cycle 0. A
channel with an endless supply (initial None) never makes a take wait; puts to it vanish and always have room.
With capacity None there is always room. Where no slot or token is needed none is waited for.

Service time
------------
A port of rate p/q keeps its own time in ticks of 1/(2p) cycle, as `free`, 0 at first. For an item granted in
cycle c with demand b, departing in d, let `ready` be the cycle from which all its takes (shared port: and its
output slots) were visible, 0 if it needs none; 0 for an endless supply or initial tokens::

    begin = max(free, 2 p ready)
    end   = begin + 2 q b
    f     = max(c, ceil(end / (2 p)) - 1)
    free  = max(end, 2 p d + 1)                      # after the departure

So an item takes at least a cycle; a fraction of a cycle left over by one item serves the next when that was
already waiting; a held item gives away the bandwidth of the cycle it leaves in. At rate 1/1 service is
exactly `demand` (>= 1). With q = 0 (unlimited) every item takes one cycle. On a shared port `free` belongs to
the port, on private ports to each program. `ready` of an item looks only at channels, not at when its program
or port became free.

Banks and rows
--------------
A component with a `state` has an arbiter, and its items have addresses. Its state changes at grants only, in the
order of grants; those of one cycle in the plan order of their components. Terms below about what never happened
are left out, the others never count cycles from before cycle 0.

*Banks.* Components that name one store share its banks. An item of demand b at address a touches the words
a // word .. (a + b - 1) // word in this order, none when b is 0; word w lies in bank w mod banks. A word is read
or written in the first cycle, from c and from the cycle of the item's word before on, in which its bank is free;
the bank is free again `occupancy` cycles later. The item's f is that of its rate, above, or the cycle of its last
word, whichever is later.

*Rows.* The rate is that of the data buses and does not count here. Clock k begins at k q / p cycles, with p/q the
`clock`. The n-th item granted (n = 0, 1, ..) enters the controller at clock ::

    t(n) = max(t(n - 1), ceil(ready p / q), ceil((f(n - queue) + 1) p / q))

and makes an access to every burst it touches, a // burst .. (a + b - 1) // burst, in this order. The access at
address x = burst * number is to ::

    channel = x // stripe mod channels          o = x // (stripe channels) stripe + x mod stripe
    group   = o // burst mod groups             j = o // (burst groups) // (row / burst)
    bank    = j mod banks of that group         row = j // banks

Refresh divides a channel's time: interval e is clocks e refi + (rfc if e > 0 else 0) .. (e + 1) refi - 1; all of
its banks are closed when an interval begins. Without refresh there is one endless interval. An access happens in
one interval, the first, not before that of the channel's access before, in which its column clock lies; with t
the later of t(n) and the interval's first clock::

    column   = max(t, act + rcd, last column + max(ccd_s, bl), last of the group + ccd_l,
                   read:  last written column + cwl + bl + wtr_s, last written of the group + cwl + bl + wtr_l
                   write: last read column + cl + bl + turn - cwl)
    act      = max(t, pre + rp, last act of the bank + rc, of the group + rrd_l, of the channel + rrd_s,
                   the channel's fourth last act + faw)
    pre      = max(t, last act of the bank + ras, last read column of the bank + rtp,
                   last written column of the bank + cwl + bl + wr)

`act` counts only if the row is not open in its bank since an access of this interval, `pre` only if another row is.
An access whose `act` counts opens its row. Every program of the component has the action ``dram_activate``
(:data:`simulator.plan.state.ACTIVATE`) beside its own: how many rows its items opened. At S0 to S3, where there are
no rows, there is no such action.
The access ends at column + (cl for a read, cwl for a write) + bl. With `end` the last of the item's accesses, 0 with
none, f = max(c, ceil(end q / p) - 1).

Arbiters
--------
After all arrivals of a cycle, a shared port that is free picks among its eligible programs: ``round_robin``
the first at or after a pointer (0 at first, then one past the last granted, modulo the number of programs);
``priority`` the lowest index.

States
------
In cycle c a program is *busy* from start to f; *blocked* after f to d (held); otherwise, with an item to go,
the first that holds of: *starved* or *refill* when a take on a non-``space`` input is not visible (the lowest
such input decides which: refill if it is ``stationary``); *conflict* when its port is shared and another
program is in service on it in c (a grant in c counts); *blocked* (a ``space`` input is not visible, or
shared: no room for the output). After its last departure it is
*drained*; a program without items is *disabled* throughout.

A component in cycle c is busy if any program is; otherwise the first of: starved or refill (of the
lowest-index program that is either), conflict, blocked, drained, disabled that any of its programs is.

The run length T is 1 + the last departure cycle (0 without items). At rungs S2 and S3 it is at least the S1
bound, and the extra cycles are drained (or disabled). Every program's states and every component's states sum
to T. The interval log of a component is the canonical log of :mod:`simulator.record.intervals` over cycles 0
.. T - 1.

Totals
------
For a component with rate p/q and `lanes`: let W and D be the sums of work and demand over all items of all
its programs. S0 of a group (all components of equal `group` name) is ceil(q sum W / (p sum lanes)) taken per
rate when rates differ: the largest over the rates of the group. S1 of a component is ceil(q D / p). The
rung's cycles are the largest over groups (S0), or over components and S0 (S1). At S0 and S1 a component is
busy for its own total first (S0: its group's; S1: its own) and drained to the end, a component without items
is disabled; programs likewise (one without items is disabled), each with its component's total, without
grants (all zero) but with its actions. Rates are equal when their ratios are.

Chunks
------
A program's chunks are read one after the other; the next is fetched before anything is decided that the
missing item could influence. A chunk with visits tells the runs of its blocks in that order, and adds a visit's
actions to those of its last item. Splitting or merging runs, blocks or chunks never changes an outcome. An empty
chunk is allowed.

Recording
---------
Of a window [a, b) of cycles, cut to the run, is told: every item with start < b and d >= a, with its number in its
program, start, f and d; and the state of every component in every cycle, as intervals that follow one another, no two
neighbours alike. At S0 and S1 there is nothing to record. Recording changes nothing else.

Deadlock
--------
When no token, credit or service is under way and no program can start or depart, but one has items to go:
:class:`simulator.errors.DeadlockError`, with the cycle of the last departure (-1 if none) and for every
program with items to go, in plan order, the line of :func:`waiting`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Protocol

from simulator.errors import InputError, suggest
from simulator.plan.check import state_problems
from simulator.plan.network import Plan
from simulator.plan.rung import Rung
from simulator.record.outcome import Outcome
from simulator.record.recording import Recording, Window

Progress = Callable[[int, int], None]
"""Called now and then with (cycle reached, items departed)."""

Request = Callable[[int, bool, int], None]
"""Called with every grant of a component, in order: (cycle, whether it writes, address in bytes)."""

Requests = Mapping[str, Request]
"""By component name."""


class Engine(Protocol):
    """Run a plan at a rung and say what happened.

    The engine itself brings the plan to the rung (:func:`simulator.plan.rung.at_rung`).
    """

    def __call__(
        self,
        plan: Plan,
        rung: Rung = Rung.S4,
        *,
        progress: Progress | None = None,
        requests: Requests | None = None,
    ) -> Outcome:
        """See the class.

        Raises
        ------
        DeadlockError
            No progress while work remains.
        InputError
            The plan cannot run, or nobody can be told the requests that were asked for.
        """
        ...


class Recorder(Protocol):
    """Run a plan at a rung as an :class:`Engine` does, and tell a window of it item by item."""

    def __call__(
        self, plan: Plan, window: Window, rung: Rung = Rung.S4, *, progress: Progress | None = None
    ) -> tuple[Outcome, Recording]:
        """See the class.

        Raises
        ------
        DeadlockError
            No progress while work remains.
        InputError
            The plan cannot run, the rung has no order to tell, or more happens in the window than may be kept.
        """
        ...


def check_recording(rung: Rung) -> None:
    """Refuse to record what has no order.

    Raises
    ------
    InputError
    """
    if rung in (Rung.S0, Rung.S1):
        raise InputError(f"rung {rung}: has totals only, no order of events; choices: S2, S3, S4")


def check_states(plan: Plan) -> None:
    """Refuse a plan whose stateful components are wrongly told.

    Raises
    ------
    InputError
    """
    found = state_problems(plan)
    if found:
        raise InputError("\n".join(found))


def check_requests(plan: Plan, rung: Rung, requests: Requests | None) -> None:
    """Refuse to tell the requests of a component that makes none.

    Raises
    ------
    InputError
    """
    makers = [c.name for c in plan.components if c.arbiter and all(p.access is not None for p in c.programs)]
    for name in requests or ():
        if rung is not Rung.S4:
            raise InputError(f"requests of {name}: are those of rung S4 (truth), not of {rung}")
        if name not in makers:
            raise InputError(
                f"requests of {name!r}: no such component with addresses; {suggest(name, makers)}"
            )


def waiting(component: str, program: str, needs: str, channel: str) -> str:
    """One line of a deadlock report.

    `needs` is ``a token`` when the first unsatisfied take (lowest input) is missing, ``room`` when the first
    output without room is what is missing.
    """
    return f"{component}/{program} waits for {needs} on {channel}"
