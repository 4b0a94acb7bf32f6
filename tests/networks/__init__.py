"""Random networks and rewritings of plans, for tests of both engines."""

from networks.by_hand import program, run_of, server
from networks.drawn import network, plans
from networks.draws import Draw, Drawn, Seeded, chance, choice
from networks.states import banks, rows
from networks.tellings import expanded, faster, recoded, retold, revisited, roomier, tiled, walked

__all__ = [
    "Draw",
    "Drawn",
    "Seeded",
    "banks",
    "chance",
    "choice",
    "expanded",
    "faster",
    "network",
    "plans",
    "program",
    "recoded",
    "retold",
    "revisited",
    "roomier",
    "rows",
    "run_of",
    "server",
    "tiled",
    "walked",
]
