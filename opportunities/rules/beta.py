"""Quantiles of the Beta distribution, by bisection on the regularised incomplete beta function I_x(a, b).

Its continued fraction and symmetry: NIST Digital Library of Mathematical Functions (https://dlmf.nist.gov), 8.17.22
and 8.17.4; evaluated by the modified method of Lentz (Thompson and Barnett, J. Comput. Phys. 64, 1986). No library of
the lock file has it.
"""

from collections.abc import Iterator
from math import exp, lgamma, log, log1p

TINY, CLOSE, MOST = 1e-300, 1e-14, 10_000
STEPS = 40  # halvings of 0 … 1: to twelve places


def quantile(p: float, a: float, b: float) -> float:
    """The x with I_x(a, b) = p, for 0 < p < 1 and a, b ≥ 0; where a or b is 0 all the weight lies at 0 or at 1."""
    if a <= 0 or b <= 0:
        return 0.0 if a <= 0 else 1.0
    low, high = 0.0, 1.0
    for _step in range(STEPS):
        middle = (low + high) / 2
        if incomplete(middle, a, b) < p:
            low = middle
        else:
            high = middle
    return (low + high) / 2


def incomplete(x: float, a: float, b: float) -> float:
    """I_x(a, b) for a, b > 0: the probability of at most x."""
    if x <= 0 or x >= 1:
        return 0.0 if x <= 0 else 1.0
    if x > (a + 1) / (a + b + 2):  # there the fraction of the other side converges fast
        return 1 - incomplete(1 - x, b, a)
    front = exp(a * log(x) + b * log1p(-x) + lgamma(a + b) - lgamma(a) - lgamma(b)) / a
    return front / _fraction(_terms(x, a, b))


def _terms(x: float, a: float, b: float) -> Iterator[float]:
    for m in range(MOST):
        yield -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
        n = m + 1
        yield n * (b - n) * x / ((a + 2 * n - 1) * (a + 2 * n))


def _fraction(terms: Iterator[float]) -> float:
    """1 + t₁ / (1 + t₂ / (1 + …))."""
    value, c, d = 1.0, 1.0, 0.0
    for term in terms:
        d = 1 / (1 + term * d or TINY)
        c = 1 + term / c or TINY
        value *= c * d
        if abs(c * d - 1) < CLOSE:
            break
    return value
