"""The form of a chunk: a row of numbers that says of several chunks, read by one call, what belongs to which."""

from __future__ import annotations

NOBODY = 0
"""In place of a program: the table is nobody's."""
# The program it is for; where its table goes, and the list of rows that visits begin with; what is added to
# places in the vectors; whether runs may be streams, and whether no runs follow; inputs and outputs among the fields
PROGRAM, BEGIN, LOCATED, SHIFT, STREAMS, ENDS, INS, OUTS = range(8)
# how many blocks, visits, values of vectors, fields in the table, fields of a run; then where its part of every array begins
BLOCKS, VISITS, VALUES, FIELDS, WIDTH = range(8, 13)
RUN0, VECTOR0, COLUMN0, SIZE0, ORDER0, TOTAL0 = range(13, 19)
TOLD = 19
"""Numbers of a form that are told; the others are worked out: parts of the work space, and last how many visits have items."""
SLOTS, STARTS, TIMES, SOME, SUMS, SLOT0, FOUND = range(19, 26)
FORM = 26
