"""One flat int64 memory that holds the network, and where everything lies in it.

The memory is a header, then a block of words per component, channel and program, and behind them the
rings and run tables, which move to the end when they grow. A block is named by the offset of its first word, and every
field below is an offset into its block.
"""

from __future__ import annotations

NEVER = 1 << 62
"""A cycle later than all others."""

FAR = 1 << 30
"""More periods than any leap is over."""

FORESIGHT = 32
"""Programs on shared ports up to which grants are made ahead of what follows from them."""

WINDOW = 1024
"""Cycles that programs may run ahead of each other, a power of two."""

# Header
PROGRAMS, PROGRAM0, PROGRAM_WORDS = 0, 1, 2
COMPONENTS, COMPONENT0 = 3, 4
LANE = 5  # room for a list of programs
BASE, LIMIT = 9, 10  # window of cycles being worked out: BASE .. LIMIT - 1
HUNGRY = 11  # programs whose loaded runs are used up
FULL = 12  # channel whose ring must grow before anything else
PORTS, PORTS_END = 14, 15  # list of the components with a shared port
CROWDS, CROWDS_END = 16, 17  # list of the components with several private ports
QUEUE, QUEUE_MASK, QUEUE_HEAD, QUEUE_TAIL = 18, 19, 20, 21  # runnable programs
SHARED_COUNT, DISTANCES, FIRST_GRANTS = 22, 23, 24  # of programs on shared ports, see reach
CHANNELS, CHANNEL0 = 25, 26
# Leaps: whether to look for them, the kept state that is looked at, scratch, cycles leapt over
LEAPING, KEPT, SCRATCH, LEAPT = 27, 28, 29, 30
# The state kept inside runs, how often it was compared, is to be, and is to be at least (more when that was in vain)
FINE, AGE, POWER, FLOOR = 31, 32, 33, 34
# States kept where runs begin: the table, its slots less one, words of a state; whether a run was entered, how many may be kept
ECHOES, ECHO_MASK, KEPT_WORDS, ENTERED_RUN, CREDIT_LEFT = 35, 36, 37, 38, 39
EPOCH = 40  # how often a tape was unrolled
SUMS, FRAMES = 41, 42  # scratch of the tapes, in the bins
# Many ports, where nothing is leapt over: whether they are; the days of the calendar, words of a day, and the day looked at; see
# calendar
MANY, DAYS, DAY_WORDS, TODAY = 43, 44, 45, 57
# Items told one by one: how many of them and 1 more, 0: nothing is recorded; where they are; of which cycles; see events
EVENTS, EVENT_ROWS, EVENT_ROOM, EVENTS_FROM, EVENTS_UNTIL = 46, 47, 48, 49, 50
ALERT = 51  # cycle beyond which no window may end unless the caller has been told
ENTRIES = 52  # of a tape at most
BEHIND = 53  # whether the items that are told are all told
ECHOED = 54  # when a state was last kept where a run begins
HEAP, HEAP_END = 55, 56  # words that nobody uses yet: where rings go that grow
HEADER = 64
# Header of a kept state
KEPT_SIGNATURE, KEPT_AT, KEPT_PORT, KEPT_EPOCH = 0, 1, 2, 3

# Blocks begin where a line of the cache does. What a state kept to look for leaps keeps of one, which is what changes, lies in its
# first lines, then what every grant needs.
LINE = 8

# Component
POINTER, GRANTEE, GRANTED, FINISHED, PORT_FREE, STRETCH, CANDIDATE, TAPED = 0, 1, 2, 3, 4, 5, 6, 7
COMPONENT_KEPT = 8
# Of many ports: EXPECTED, SLOTS: bits of the programs whose next item's first cycle is known, and those cycles; DAY_WORD, DAY_BIT:
# place in a day; SERVED: bits of cycles in service
EXPECTED, SLOTS, FIRST, DAY_WORD, DAY_BIT, SERVED, TAPE, COUNT = 8, 9, 10, 11, 12, 13, 14, 15
# STATE, REQUESTS: blocks of its state and of the requests to be told, 0: none; see service
POLICY, INDEX, KIND, SHIFT, USED, BUFFER, STATE, REQUESTS = 16, 17, 18, 19, 20, 21, 22, 23
TOTALS = 24  # cycles in each state, of what is in the bins
TOLD, LOOPS, LOOPED = 31, 32, 33  # the cycle that its tape (TAPE, and TAPED entries) begins in; its loops
COMPONENT_WORDS = 40
LONE, PORT, CROWD = 0, 1, 2  # kinds
ROUND_ROBIN, PRIORITY = 0, 1  # policies

# Channel
PUT, TAKEN, RELEASED, TOKEN_WAIT, ROOM_WAIT, ENTRY, ENTERED, CAPACITY = 0, 1, 2, 3, 4, 5, 6, 7
CHANNEL_KEPT = 8
CREDIT, CREDITS, CREDITS_MASK, PRODUCER, LATENCY, TOKENS, TOKENS_MASK, CONSUMER = 8, 9, 10, 11, 12, 13, 14, 15
WIDTH, REASON = 16, 17
PUT_FIELD, RELEASE_FIELD = 18, 19  # of its producer's and its consumer's runs
CHANNEL_WORDS = 24

# Program
NEXT, LEFT, READY, SEEN, UNITS, SINCE, AWAKE, DONE = 0, 1, 2, 3, 4, 5, 6, 7
ITEMS, SUM_START, SUM_SQUARE, SUM_DEPART, ELIGIBLE, FREE, DEFERRED, PHASE = 8, 9, 10, 11, 12, 13, 14, 15
STATES, SPAN = 16, 23
# ROW: the next of the block being visited, 0 when it has none; VISIT: where the row is named that the next visit begins with
CURRENT, VISIT, LOADS, ROW, WANTS, FINISH, DEMAND, WORK = 24, 25, 26, 27, 28, 29, 30, 31
PROGRAM_KEPT = 32
SHARED, STREAM, SOURCE, TARGET, TAKE, GIVE, POSITION, OWNER = 32, 33, 34, 35, 36, 37, 38, 39
# PLACE: block of where its items lie, 0: nobody asks; see service
# JOIN: whether the current run puts one token into one output and is no stream; see lane
ELASTIC, PLACE, VARIED, JOIN, UNIT, ALONE, TICKS, TICKS_PER_DEMAND = 40, 41, 42, 43, 44, 45, 46, 47
# FIRST_IN, FIRST_OUT: first of the ports that the current item moves anything through, 0: none; RUN_IN, RUN_OUT: that an item of
# the current run does; ports lie from INS to OUTS, the inputs, and from OUTS to END, the outputs
FIRST_IN, FIRST_OUT, RUN_IN, RUN_OUT, INS, OUTS, END, TICKS_SHIFT = 48, 49, 50, 51, 52, 53, 54, 55
# STEADY: whether all items of a stream's run have the same demand; SINGLE: whether it is on a shared port and its runs are all one
# block; LAST: whether no runs follow those that are loaded
STRIDE, RUN_PERIOD, STEADY, VISITS_END, SINGLE, LAST, NUMBER, SHARED_NUMBER = 56, 57, 58, 59, 60, 61, 62, 63
KEY_ROW, KEY = 64, 65  # signature of a run, and of which
# Of a program on a shared port that lacks something: before which cycle it cannot have that, before which cycle not to ask
# again since the answer was of no use, and how long not; see ahead
BOUND, ASK_FROM, PATIENCE = 66, 67, 68
BRISK = 69  # whether none of its items needs more than a cycle of its port; see brisk
# Whether the current run varies and has so many outputs that those its next items move anything through are listed; the first
LISTED, NEAR_OUT = 70, 71
BLOCK = 72

# Ports. Input: channel, takes, releases; output: channel, puts, the next that one of the next few items moves anything through; of
# each the next that the current item, and the next that an item of the current run does; and where the run's row says what it takes
# or puts
INPUT, OUTPUT = 6, 6
CHANNEL, TAKES, RELEASES, PUTS, NEAR_AFTER, AFTER, RUN_AFTER, FIELD = 0, 1, 2, 1, 2, 3, 4, 5

# Row of a run table: whether it is the last of its block, count, period, whether a field varies, whether it is a stream or a join
# and of which places of the inputs and outputs (-1: of none), then the fields, then one flag per field
ROW_LAST, ROW_COUNT, ROW_PERIOD, ROW_VARIED, ROW_STREAM, ROW_IN, ROW_OUT, ROW_FIELDS = 0, 1, 2, 3, 4, 5, 6, 7

# Tapes: entries; loops and their words: first entry, times, how deep, its own entry, its map (0: none; see turns), then cycles per
# state and in all of one turn, before the first and up to the end of it
MOST_ENTRIES, LEAST_ENTRIES, ALL_ENTRIES, MOST_LOOPS, LOOP_WORDS = 1 << 16, 1 << 12, 1 << 20, 1 << 10, 32
FIRST_ENTRY, TIMES, DEPTH, STOP, MAP, TURN, BASE_SUMS, BEYOND_SUMS = 0, 1, 2, 3, 4, 8, 16, 24
BLOCK_ENTRIES = 4
"""Entries after which the sums over a tape are noted."""
DEEPEST, FRAME = 32, 24
"""Loops in loops of a tape; words of a loop being unrolled: loop, turns left, where to go on behind a loop in it, sums up to the
end of the turn; how often a unit of turns is left to be copied, turns behind them, the bin it begins in, what was there per state;
sums up to here."""
OF_LOOP, TURNS_LEFT, NEXT_ENTRY, UP_TO, UNITS_LEFT, TURNS_AFTER, FIRST_CELL, HERE, CELL_BEFORE = (
    0,
    1,
    2,
    3,
    4,
    5,
    6,
    8,
    16,
)
BIN_ROW = 4096 + 8
"""Words from the bins of one state to those of the next: the same bin of two states is not in one place of two pages, where a
processor takes a store to one for a store to the other."""

ECHO_SLOTS, ECHO_WORDS = 256, 1 << 19
"""States kept where runs begin, at most, and their words together."""
CREDIT_AT_FIRST, CREDIT_SHIFT = 256, 8
"""States that may be kept before anything was leapt over; one more for every 2**shift cycles leapt over, and for every window."""
PAUSE = 64
"""Cycles between two states that are kept where runs begin, at least."""
SHORTEST, LONGEST, WORTH = 8, 512, 256
MOST_KEPT = 1 << 16
"""Words of a state that is still worth keeping."""

HORIZON = 256
"""Cycles that a port is granted ahead at once, at most: what is far ahead of all else makes states that repeat differ."""

NEITHER, STREAMING, JOINING = 0, 1, 2

# What a kernel says when it returns
STUCK, HUNGER, OVERFLOW, PAUSED, ENDED, MOVED, ALERTED, SINGLY = 0, 1, 2, 3, 4, 5, 6, 7
