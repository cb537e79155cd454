"""The answers of scipy and statsmodels that tollmark's statistics are held against, as tests/fixtures/statistics.csv.

    statistics.py              prints the file
    statistics.py --check FILE fails where FILE is not what would be printed
"""
import csv
import io
import itertools
import math
import random
import sys
import warnings

import numpy
from scipy import optimize, stats
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.proportion import proportion_confint, test_proportions_2indep

# With each test statsmodels tells ratios of shares too, which divide by 0 here and there.
warnings.simplefilter("ignore", RuntimeWarning)

# What other releases of either library, or another mathematical library, may round otherwise.
TOLERANCE = 1e-9


def binomial_tails():
    for n, p in itertools.product([1, 7, 50, 299, 1_000, 20_000], [0.001, 0.01, 0.05, 0.5, 0.9]):
        for k in sorted({0, 1, round(n * p), min(n, round(n * p + 3 * math.sqrt(n * p * (1 - p)))), n - 1}):
            yield "binomial at most", (n, p, k), [stats.binom.cdf(k, n, p)]


def ranks_of_intervals():
    """Ranks of the order statistics that hold a quantile; 0 for an end that so few values do not have."""
    for n, q, alpha in itertools.product([5, 20, 71, 72, 100, 367, 368, 600, 1_000, 3_000], [0.5, 0.9, 0.95, 0.99], [0.05, 0.01]):
        below = stats.binom.cdf(numpy.arange(n), n, q)
        low = int((below <= alpha / 2).sum())
        high = int((below < 1 - alpha / 2).sum()) + 1
        yield "ranks of a quantile", (n, q, alpha), [low, high if high <= n else 0]


def least_requests():
    for q, over, confidence in itertools.product([0.9, 0.95, 0.99, 0.999], [0, 1, 2, 5, 10], [0.95, 0.99]):
        n = numpy.arange(over + 1, 40_000)
        yield "least requests", (q, over, confidence), [n[stats.binom.cdf(over, n, 1 - q) <= 1 - confidence][0]]


SHARES = [
    ((30, 100), (20, 100)), ((17, 120), (9, 150)), ((20, 1_000), (3, 1_000)), ((5, 3_000), (4, 1_000)),
    ((1, 40), (0, 60)), ((400, 1_000), (390, 900)), ((56, 70), (48, 80)), ((9, 10), (3, 10)), ((998, 1_000), (999, 1_000)),
]


def restricted(one, n1, other, n2, margin):
    """The likeliest shares that differ by just the margin: where the likelihood's slope, which only falls, is 0."""
    def slope(p1):
        p2 = p1 - margin
        return one / p1 - (n1 - one) / (1 - p1) + other / p2 - (n2 - other) / (1 - p2)

    low, high = max(0.0, margin) + 1e-13, min(1.0, 1.0 + margin) - 1e-13
    if slope(low) <= 0 or slope(high) >= 0:
        p1 = low if slope(low) <= 0 else high
    else:
        p1 = optimize.brentq(slope, low, high, xtol=1e-15, rtol=1e-15)
    return p1, p1 - margin


def score(one, n1, other, n2, margin, wide=1.0):
    """Standard deviations that the difference lies above the margin, by the variance under it.

    statsmodels 0.15 has this test, and with a margin other than 0 takes other shares for the likeliest ones (`count0 * diff` in
    its cubic, where Miettinen and Nurminen have `nobs0 * diff`): of Newcombe's table II it gives 0.3440 for 0.3382. So the
    likelihood is maximised here, and statsmodels asked where there is no margin.
    """
    p1, p2 = restricted(one, n1, other, n2, margin)
    return (one / n1 - other / n2 - margin) / math.sqrt((p1 * (1 - p1) / n1 + p2 * (1 - p2) / n2) * wide)


def score_interval(one, n1, other, n2, alpha):
    limit, wide = stats.norm.isf(alpha / 2), (n1 + n2) / (n1 + n2 - 1)
    inside = lambda value: abs(score(one, n1, other, n2, value, wide)) - limit
    seen = one / n1 - other / n2
    return [optimize.brentq(inside, seen, end, xtol=1e-14, rtol=1e-14) for end in (-1 + 1e-9, 1 - 1e-9)]


def pairs_of_shares():
    for (one, n1), (other, n2) in SHARES:
        for margin in [-0.02, 0.0, 0.005, 0.05]:
            p = stats.norm.sf(score(one, n1, other, n2, margin))
            if margin == 0:
                theirs = test_proportions_2indep(one, n1, other, n2, value=0, method="score", compare="diff",
                                                 alternative="larger", correction=False).pvalue
                assert abs(p - theirs) < TOLERANCE, (one, n1, other, n2, p, theirs)
            yield "share exceeds", (one, n1, other, n2, margin), [p]
        for alpha in [0.05, 0.01]:
            yield "interval of a difference", (one, n1, other, n2, alpha), score_interval(one, n1, other, n2, alpha)


EXACT_SHARES = [
    ((3, 30), (1, 25), 0.05), ((5, 40), (0, 40), 0.02), ((1, 20), (4, 25), -0.3), ((22, 24), (17, 24), 0.0), ((9, 60), (2, 60), 0.05),
    ((4, 120), (0, 120), 0.005), ((0, 100), (1, 120), -0.05), ((30, 50), (20, 50), 0.1), ((118, 120), (119, 120), -0.02),
    ((2, 60), (2, 120), -0.1), ((12, 15), (7, 15), 0.0), ((12, 15), (7, 16), 0.0),
]

# The chance that the baseline's share lies outside the range in which the worst is sought, which is added to the p-value.
OUTSIDE = 1e-6


def exact_shares():
    """The exact unconditional p-value (Chan 1998; Berger and Boos 1994), by every pair of counts and 40,000 shares.

    The chance of a region of pairs is a polynomial of the share, whose second derivative is less than (n1 + n2)^2: it is a mean of
    second differences of 0s and 1s over binomial counts. So the greatest is missed by less than that times h^2 / 8 where h is the
    distance of neighbours on the grid, which is less than 4e-7 here.
    """
    for (one, n1), (other, n2), margin in EXACT_SHARES:
        seen = score(one, n1, other, n2, margin)
        reached = numpy.array([[may(score, x, n1, y, n2, margin) >= seen - 1e-7 * max(1, abs(seen)) for y in range(n2 + 1)]
                               for x in range(n1 + 1)], dtype=float)
        low, high = proportion_confint(other, n2, alpha=OUTSIDE, method="beta")
        shares = numpy.linspace(max(low, -margin), high, 40_001)
        of_candidate = stats.binom.pmf(numpy.arange(n1 + 1)[:, None], n1, numpy.clip(shares + margin, 0, 1))
        of_baseline = stats.binom.pmf(numpy.arange(n2 + 1)[:, None], n2, shares)
        worst = ((reached.T @ of_candidate) * of_baseline).sum(axis=0).max()
        yield "share exceeds exactly", (one, n1, other, n2, margin), [worst + OUTSIDE]
    # Of 7 of 15 scipy leaves out the mirror image, whose score is the same but for rounding; 7 of 16 has none.
    theirs = stats.barnard_exact([[12, 7], [3, 9]], alternative="greater").pvalue
    assert abs(worst - theirs) < 1e-6, (worst, theirs)


def may(score, *of):
    """A score, and that of shares without variance, which are those of the margin or not."""
    one, n1, other, n2, margin = of
    try:
        return score(*of)
    except (ZeroDivisionError, ValueError):
        above = one / n1 - other / n2 - margin
        return 0.0 if abs(above) < 1e-12 else math.copysign(math.inf, above)


def single_shares():
    for of, n in [(0, 20), (1, 20), (2, 24), (5, 40), (20, 20), (3, 1_000)]:
        yield "interval of a share", (of, n, 0.05), proportion_confint(of, n, alpha=0.05, method="beta")


def many_tests():
    drawn = random.Random(6)
    for count in [1, 4, 15, 40]:
        p = [round(drawn.random() ** 4, 6) for _ in range(count)]
        yield "holm", p, multipletests(p, method="holm")[1]
        yield "benjamini hochberg", p, multipletests(p, method="fdr_bh")[1]


def sign_flips():
    drawn = random.Random(7)
    for rounds, mean in itertools.product([2, 5, 8, 12], [0.0, 0.05, 0.3]):
        differences = [round(drawn.gauss(mean, 0.2), 3) for _ in range(rounds)]
        found = stats.permutation_test((differences,), numpy.sum, permutation_type="samples", n_resamples=numpy.inf,
                                       alternative="greater", vectorized=False)
        yield "sign flip", differences, [found.pvalue]


def answers():
    for figure in [binomial_tails, ranks_of_intervals, least_requests, pairs_of_shares, exact_shares, single_shares, many_tests, sign_flips]:
        yield from figure()


def written():
    file = io.StringIO()
    rows = csv.writer(file, lineterminator="\n")
    rows.writerow(["figure", "of", "answer"])
    for figure, of, answer in answers():
        words = (" ".join(repr(float(x)) if isinstance(x, float) else str(x) for x in xs) for xs in (of, answer))
        rows.writerow([figure, *words])
    return file.getvalue()


def differences(found, expected):
    found, expected = (list(csv.DictReader(io.StringIO(text))) for text in (found, expected))
    if len(found) != len(expected):
        yield f"{len(found)} answers, and {len(expected)} would be printed"
    for one, other in zip(found, expected):
        same = (one["figure"], one["of"]) == (other["figure"], other["of"])
        pairs = zip(one["answer"].split(), other["answer"].split(), strict=True) if same else []
        if not same or any(abs(float(a) - float(b)) > TOLERANCE for a, b in pairs):
            yield f"{one} should be {other}"


if sys.argv[1:2] == ["--check"]:
    with open(sys.argv[2], newline="") as file:
        wrong = list(differences(file.read(), written()))
    if wrong:
        sys.exit("\n".join(wrong))
    print(f"{len(list(answers()))} answers agree with scipy and statsmodels")
else:
    sys.stdout.write(written())
