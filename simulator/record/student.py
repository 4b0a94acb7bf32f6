"""Quantiles of Student's t distribution for whole degrees of freedom.

With theta = atan(t / sqrt(v)), P(|T| <= t) is (Abramowitz and Stegun, Handbook of Mathematical Functions, 26.7.3 and 26.7.4)::

    v odd    2/pi (theta + sin theta (cos theta + 2/3 cos^3 theta + ... + (2 4 ... (v-3)) / (1 3 ... (v-2)) cos^(v-2) theta))
    v even   sin theta (1 + 1/2 cos^2 theta + (1 3)/(2 4) cos^4 theta + ... + (1 3 ... (v-3)) / (2 4 ... (v-2)) cos^(v-2) theta)
"""

from __future__ import annotations

import math
from functools import cache

MOST = 200
"""Degrees of freedom told apart; more are taken as so many, which makes an interval at most 1% wider."""


def within(t: float, freedom: int) -> float:
    """P(|T| <= t) of `freedom` >= 1 degrees."""
    theta = math.atan(t / math.sqrt(freedom))
    sine, cosine = math.sin(theta), math.cos(theta)
    odd = freedom % 2
    term, total = (cosine if odd else 1.0), 0.0
    for i in range(odd, freedom - 1, 2):
        total += term
        term *= (i + 1) / (i + 2) * cosine**2
    return 2 / math.pi * (theta + sine * total) if odd else sine * total


@cache
def quantile(confidence: float, freedom: int) -> float:
    """The t with P(|T| <= t) = `confidence`, 0 < confidence < 1, of `freedom` >= 1 degrees."""
    freedom = min(freedom, MOST)
    low, high = 0.0, 1.0
    while within(high, freedom) < confidence:
        high *= 2
    for _ in range(200):
        middle = (low + high) / 2
        low, high = (middle, high) if within(middle, freedom) < confidence else (low, middle)
    return high
