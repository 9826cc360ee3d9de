"""Compares the statistics with other libraries' on random inputs: `make cross-check`.

Each check draws its inputs from the seed, asks `cross_check` (crates/stats/examples) by one JSON line each, and compares every
number with the reference, up to the tolerance that it names. A number that one side has and the other has not is a
difference. Exit code 1 if anything differs by more.
"""

import argparse
import json
import math
import subprocess
import sys
import warnings
from dataclasses import dataclass, field

import numpy as np

warnings.filterwarnings("ignore")

CHECKS = []


@dataclass
class Check:
    """Inputs of one statistic with what `library` makes of them."""

    name: str
    library: str
    draw: object  # random generator → (question, reference numbers)
    tolerance: float
    cases: int
    worst: float = 0.0
    compared: int = 0
    wrong: list = field(default_factory=list)


def check(name, library, tolerance=1e-9, cases=None):
    def register(draw):
        CHECKS.append(Check(name, library, draw, tolerance, cases))
        return draw

    return register


def finite(value):
    return None if value is None or not math.isfinite(value) else float(value)


# ---------------------------------------------------------------------------------------------------------------- labels


def some_counts(rng):
    size = int(rng.integers(2, 30))
    shares = rng.dirichlet(np.full(size, rng.choice([0.2, 1.0, 5.0])))
    counts = rng.multinomial(int(rng.integers(5, 400)), shares)
    return [int(c) for c in counts if c > 0]


@check("Simpson, entropy (ML), Good's coverage", "scikit-bio")
def _(rng):
    from skbio.diversity import alpha

    counts = some_counts(rng)
    n, singletons = sum(counts), counts.count(1)
    ml = alpha.shannon(counts, base=np.e)
    plug_in = 1 - alpha.simpson(counts)
    reference = [None, plug_in, ml, None, None, None, None, 1 - singletons / n]
    return {"of": "categorical", "counts": counts}, only(reference, [1, 2, 7])


@check("entropy of Chao, Wang and Jost; Miller-Madow; Chao-Shen; Grassberger", "formulas, 40 digits (mpmath)", 1e-9)
def _(rng):
    import mpmath as mp

    mp.mp.dps = 40
    counts = some_counts(rng)
    n, f1, f2 = sum(counts), counts.count(1), counts.count(2)
    ml = -sum(mp.mpf(c) / n * mp.log(mp.mpf(c) / n) for c in counts)
    coverage = 1 - mp.mpf(f1 if f1 < n else n - 1) / n
    shares = [coverage * c / n for c in counts]
    chao_shen = -sum(q * mp.log(q) / (1 - (1 - q) ** n) for q in shares)
    g = lambda c: mp.digamma(c) + mp.mpf(-1) ** c / 2 * (mp.digamma(mp.mpf(c + 1) / 2) - mp.digamma(mp.mpf(c) / 2))
    grassberger = mp.log(n) - sum(c * g(c) for c in counts) / n
    if f2 > 0:
        a = mp.mpf(2 * f2) / ((n - 1) * f1 + 2 * f2)
    elif f1 > 0:
        a = mp.mpf(2) / ((n - 1) * (f1 - 1) + 2)
    else:
        a = mp.mpf(1)
    first = sum(mp.mpf(c) / n * (mp.digamma(n) - mp.digamma(c)) for c in counts if c < n)
    second = 0
    if f1 > 0 and a < 1:
        head = sum((1 - a) ** r / r for r in range(1, n))
        second = mp.mpf(f1) / n * (1 - a) ** (1 - n) * (-mp.log(a) - head)
    miller = ml + mp.mpf(len(counts) - 1) / (2 * n)
    reference = [None, None, None, miller, chao_shen, grassberger, first + second, None]
    return {"of": "categorical", "counts": counts}, only(reference, [3, 4, 5, 6])


def only(reference, places):
    """The reference numbers at some places; the others are not compared."""
    return {place: finite(reference[place]) for place in places}


def some_ratings(rng, items, raters, categories):
    own = rng.dirichlet(np.full(categories, 0.5), size=items)
    return np.array([rng.multinomial(raters, p) for p in own])


@check("Fleiss' and Randolph's kappa", "statsmodels")
def _(rng):
    from statsmodels.stats.inter_rater import fleiss_kappa

    table = some_ratings(rng, int(rng.integers(3, 30)), int(rng.integers(2, 8)), int(rng.integers(2, 6)))
    reference = [fleiss_kappa(table, "fleiss"), fleiss_kappa(table, "randolph")]
    return {"of": "raters", "table": table.tolist()}, only(reference, [0, 1])


# irrCAC rounds to five digits.
@check("Gwet's AC1 with its standard error", "irrCAC", 6e-6)
def _(rng):
    import pandas as pd
    from irrCAC.raw import CAC

    raters, categories = int(rng.integers(2, 6)), int(rng.integers(2, 5))
    truth = rng.integers(0, categories, int(rng.integers(10, 40)))
    seen = np.where(rng.random((len(truth), raters)) < 0.7, truth[:, None], rng.integers(0, categories, (len(truth), raters)))
    found = CAC(pd.DataFrame(seen), categories=list(range(categories))).gwet()["est"]
    table = [np.bincount(row, minlength=categories).tolist() for row in seen]
    return {"of": "raters", "table": table}, only([None, None, found["coefficient_value"], found["se"]], [2, 3])


@check("Krippendorff's alpha: nominal, ordinal, interval, ratio", "krippendorff")
def _(rng):
    import krippendorff

    raters, units = int(rng.integers(2, 8)), int(rng.integers(3, 40))
    truth = rng.integers(1, 7, units)
    seen = np.clip(truth + rng.integers(-2, 3, (raters, units)), 1, 7).astype(float)
    seen[rng.random(seen.shape) < 0.2] = np.nan
    columns = [[v for v in seen[:, u] if not np.isnan(v)] for u in range(units)]
    usable = [v for column in columns if len(column) > 1 for v in column]
    reference = [
        krippendorff.alpha(reliability_data=seen, level_of_measurement=level) if len(set(usable)) > 1 else None
        for level in ("nominal", "ordinal", "interval", "ratio")
    ]
    return {"of": "krippendorff", "units": columns}, only(reference, [0, 1, 2, 3])


# pingouin rounds the ends of its intervals to two digits, so those come from scipy's F.
@check("intraclass correlations, six forms, interval of the first", "pingouin, scipy", 1e-8)
def _(rng):
    import pandas as pd
    import pingouin
    from scipy.stats import f as fisher

    subjects, raters = int(rng.integers(3, 20)), int(rng.integers(2, 7))
    ratings = rng.normal(size=(subjects, 1)) * 2 + rng.normal(size=(1, raters)) + rng.normal(size=(subjects, raters))
    rows = [(s, r, ratings[s, r]) for s in range(subjects) for r in range(raters)]
    data = pd.DataFrame(rows, columns=["subject", "rater", "rating"])
    found = pingouin.intraclass_corr(data, "subject", "rater", "rating")
    single = found["ICC"].tolist()
    statistic = found["F"].iloc[0]
    low_df, high_df = subjects - 1, subjects * (raters - 1)
    low = statistic / fisher.ppf(0.975, low_df, high_df)
    high = statistic * fisher.ppf(0.975, high_df, low_df)
    interval = [(f - 1) / (f + raters - 1) for f in (low, high)]
    return {"of": "icc", "ratings": ratings.tolist()}, only(single + interval, range(8))


@check("intervals of a proportion: Wilson, Clopper-Pearson, Jeffreys", "statsmodels")
def _(rng):
    from statsmodels.stats.proportion import proportion_confint

    trials = int(rng.integers(1, 2000))
    successes = int(rng.integers(0, trials + 1))
    reference = []
    for method in ("wilson", "beta", "jeffreys"):
        low, high = proportion_confint(successes, trials, method=method)
        # An end beyond which nothing can lie is no number of the beta distribution.
        reference += [0.0 if math.isnan(low) else low, 1.0 if math.isnan(high) else high]
    # At the ends Jeffreys' interval is closed by convention (Brown, Cai and DasGupta 2001), which statsmodels does not do.
    places = [0, 1, 2, 3] + ([4, 5] if 0 < successes < trials else [])
    return {"of": "proportion", "successes": successes, "trials": trials}, only(reference, places)


# ---------------------------------------------------------------------------------------------------------------- tables


@check("chi-square, G, Cramér's V", "scipy")
def _(rng):
    from scipy.stats import chi2_contingency
    from scipy.stats.contingency import association

    table = rng.integers(1, 40, (int(rng.integers(2, 5)), int(rng.integers(2, 6))))
    chi, chi_p, _, _ = chi2_contingency(table, correction=False)
    g, g_p, _, _ = chi2_contingency(table, correction=False, lambda_="log-likelihood")
    reference = [chi, chi_p, g, g_p, association(table, "cramer")]
    return {"of": "table", "table": table.tolist()}, only(reference, range(5))


@check("Fisher's exact test, odds ratio, Yates", "scipy", 1e-8)
def _(rng):
    from scipy.stats import chi2_contingency, fisher_exact

    table = rng.integers(0, 25, (2, 2))
    while 0 in table.sum(0) or 0 in table.sum(1):
        table = rng.integers(0, 25, (2, 2))
    ratio, p = fisher_exact(table)
    yates, yates_p, _, _ = chi2_contingency(table, correction=True)
    return {"of": "two_by_two", "table": table.tolist()}, only([p, ratio, yates, yates_p], range(4))


@check("Cochran-Mantel-Haenszel", "statsmodels")
def _(rng):
    from statsmodels.stats.contingency_tables import StratifiedTable

    strata = [rng.integers(1, 20, (2, 2)) for _ in range(int(rng.integers(2, 8)))]
    found = StratifiedTable(strata)
    test = found.test_null_odds(correction=False)
    reference = [test.statistic, test.pvalue, found.oddsratio_pooled]
    return {"of": "strata", "strata": [one.tolist() for one in strata]}, only(reference, range(3))


@check("McNemar's exact test", "statsmodels")
def _(rng):
    from statsmodels.stats.contingency_tables import mcnemar

    one, other = (int(v) for v in rng.integers(0, 60, 2))
    p = mcnemar([[5, one], [other, 5]], exact=True).pvalue if one + other else 1.0
    return {"of": "mcnemar", "one": one, "other": other}, only([p], [0])


@check("Jensen-Shannon divergence", "scipy")
def _(rng):
    from scipy.spatial.distance import jensenshannon

    size = int(rng.integers(2, 30))
    p, q = rng.dirichlet(np.full(size, 0.5), 2)
    return {"of": "divergence", "p": p.tolist(), "q": q.tolist()}, only([jensenshannon(p, q) ** 2], [0])


@check("rank-biased overlap, extrapolated", "rbo")
def _(rng):
    from rbo import RankingSimilarity

    length = int(rng.integers(1, 15))
    a, b = (rng.permutation(20)[:length].tolist() for _ in range(2))
    persistence = float(rng.uniform(0.5, 0.98))
    return {"of": "ranked", "a": a, "b": b, "persistence": persistence}, only([RankingSimilarity(a, b).rbo_ext(persistence)], [0])


# ----------------------------------------------------------------------------------------------------------------- texts


def some_tokens(rng, longest=300):
    vocabulary, length = int(rng.integers(2, 40)), int(rng.integers(1, longest))
    a = rng.integers(0, vocabulary, length)
    keep = rng.random(length) > rng.uniform(0, 0.6)
    b = np.where(rng.random(length) < 0.2, rng.integers(0, vocabulary, length), a)[keep]
    return a.tolist(), b.tolist()


@check("ROUGE-L, LCS, Levenshtein, of tokens", "rapidfuzz")
def _(rng):
    from rapidfuzz.distance import Indel, LCSseq, Levenshtein

    a, b = some_tokens(rng)
    reference = [Indel.normalized_similarity(a, b), LCSseq.similarity(a, b), Levenshtein.normalized_similarity(a, b)]
    return {"of": "tokens", "a": a, "b": b}, only(reference, [0, 1, 2])


@check("Jaccard, containment of bigrams; longest common run", "Python sets, difflib")
def _(rng):
    from difflib import SequenceMatcher

    a, b = some_tokens(rng)
    grams = lambda text: {tuple(text[i : i + 2]) for i in range(len(text) - 1)}
    both, either, first = grams(a) & grams(b), grams(a) | grams(b), grams(a)
    run = SequenceMatcher(None, a, b, autojunk=False).find_longest_match().size
    reference = [None] * 3 + [len(both) / len(either) if either else None, len(both) / len(first) if first else None, run]
    return {"of": "tokens", "a": a, "b": b}, only(reference, [3, 4, 5])


# Above some 500 words another way is taken.
@check("runs that two texts have in common", "difflib", 0.0)
def _(rng):
    from difflib import SequenceMatcher

    a, b = some_tokens(rng, rng.choice([100, 1200]))
    found = SequenceMatcher(None, a, b, autojunk=False).get_matching_blocks()[:-1]
    reference = [len(found), *(number for block in found for number in block)]
    return {"of": "blocks", "a": a, "b": b}, only(reference, range(len(reference)))


LETTERS = "abcdeéüßçñ ,.!?’–日本語"


@check("chrF", "sacrebleu", 1e-9)
def _(rng):
    from sacrebleu.metrics import CHRF

    a = "".join(rng.choice(list(LETTERS), int(rng.integers(10, 120)))).strip() or "a"
    b = "".join(c for c in a if rng.random() > 0.2).strip() or "b"
    return {"of": "characters", "a": a, "b": b}, only([CHRF().sentence_score(b, [a]).score], [0])


WORDS = "the quick brown fox jumps over lazy dogs while seven wizards brew strong coffee at dawn in rome".split()


# On plain English words both tokenizers agree.
@check("ROUGE-L F1, of texts", "rouge-score")
def _(rng):
    from rouge_score.rouge_scorer import RougeScorer

    a, b = (" ".join(rng.choice(WORDS, int(rng.integers(1, 60)))) for _ in range(2))
    return {"of": "rouge", "a": a, "b": b}, only([RougeScorer(["rougeL"]).score(a, b)["rougeL"].fmeasure], [0])


# ------------------------------------------------------------------------------------------------------------- hierarchy


@check("PERMANOVA's F, ANOSIM's R", "scikit-bio", 1e-8)
def _(rng):
    from skbio.stats.distance import DistanceMatrix, anosim, permanova

    n, groups = int(rng.integers(6, 30)), int(rng.integers(2, 4))
    labels = [i % groups for i in range(n)]
    points = rng.normal(size=(n, 3)) + np.array(labels)[:, None] * rng.uniform(0, 2)
    rows = np.linalg.norm(points[:, None] - points[None], axis=2)
    rows = np.round((rows + rows.T) / 2, 6)
    np.fill_diagonal(rows, 0)
    matrix = DistanceMatrix(rows)
    reference = [permanova(matrix, labels, permutations=0)["test statistic"], anosim(matrix, labels, permutations=0)["test statistic"]]
    return {"of": "distances", "rows": rows.tolist(), "groups": labels}, only(reference, [0, 1])


# Balanced and with positive parts REML is the analysis of variance; the optimiser ends a little off.
@check("parts of the variance: users, sessions, samples", "statsmodels (REML)", 2e-3, cases=20)
def _(rng):
    import pandas as pd
    import statsmodels.formula.api as smf

    while True:
        users, sessions, samples = int(rng.integers(6, 15)), int(rng.integers(3, 5)), int(rng.integers(3, 5))
        values = (
            rng.normal(size=(users, 1, 1)) * 2
            + rng.normal(size=(users, sessions, 1))
            + rng.normal(size=(users, sessions, samples)) * 0.7
        )
        rows = [(u, f"{u}:{s}", values[u, s, r]) for u in range(users) for s in range(sessions) for r in range(samples)]
        data = pd.DataFrame(rows, columns=["user", "session", "y"])
        model = smf.mixedlm("y ~ 1", data, groups="user", re_formula="1", vc_formula={"session": "0 + C(session)"})
        fit = model.fit(reml=True, method=["lbfgs"], gtol=1e-12)
        parts = [float(fit.cov_re.iloc[0, 0]), float(fit.vcomp[0]), float(fit.scale)]
        if fit.converged and min(parts) > 0.05:
            return {"of": "components", "values": values.tolist()}, only(parts, range(3))


@check("standard errors of clustered means: CR0, CR1, independent", "statsmodels")
def _(rng):
    import statsmodels.api as sm

    clusters = [rng.normal(rng.normal(), 1, int(rng.integers(1, 9))) for _ in range(int(rng.integers(3, 25)))]
    y = np.concatenate(clusters)
    groups = np.repeat(range(len(clusters)), [len(c) for c in clusters])
    fit = lambda correction: sm.OLS(y, np.ones(len(y))).fit(
        cov_type="cluster", cov_kwds={"groups": groups, "use_correction": correction}
    ).bse[0]
    reference = [y.mean(), fit(False), fit(True), y.std(ddof=1) / math.sqrt(len(y))]
    return {"of": "clustered", "clusters": [c.tolist() for c in clusters]}, only(reference, range(4))


@check("variance where users and probes are drawn", "statsmodels (two-way clusters)")
def _(rng):
    import statsmodels.api as sm
    from statsmodels.stats.sandwich_covariance import cov_cluster_2groups

    users, probes = int(rng.integers(4, 12)), int(rng.integers(4, 12))
    values = rng.normal(size=(users, 1)) + rng.normal(size=(1, probes)) + rng.normal(size=(users, probes))
    y = values.ravel()
    user, probe = np.repeat(range(users), probes), np.tile(range(probes), users)
    fit = sm.OLS(y, np.ones(len(y))).fit()
    variance = float(cov_cluster_2groups(fit, user, probe, use_correction=False)[0][0, 0])
    assert variance > 0
    return {"of": "two_way", "values": values.tolist()}, only([variance], [0])


def similarity_of(cells):
    """Agreement at the three levels straight from its definition, pair by pair."""
    mean = lambda values: sum(values) / len(values) if values else None
    pairs = lambda s, t: mean([float(x == y) for x in s for y in t])
    within = lambda s: mean([float(s[i] == s[j]) for i in range(len(s)) for j in range(i)])
    defined = lambda values: [v for v in values if v is not None]
    a_w = mean(defined([mean(defined([within(s) for s in user])) for user in cells]))
    a_s = mean(defined([mean([pairs(u[i], u[j]) for i in range(len(u)) for j in range(i)]) for u in cells]))
    between = lambda u, v: mean([pairs(s, t) for s in u for t in v])
    a_b = mean([between(cells[i], cells[j]) for i in range(len(cells)) for j in range(i)])
    return [a_w, a_s, a_b]


def some_cell(rng, labels=4):
    own = rng.dirichlet(np.full(labels, 0.8), int(rng.integers(2, 8)))
    return [
        [rng.choice(labels, int(rng.integers(1, 5)), p=p).tolist() for _ in range(int(rng.integers(1, 5)))] for p in own
    ]


@check("agreement within sessions, between sessions, between users", "the definition, pair by pair", 1e-12)
def _(rng):
    users = some_cell(rng)
    return {"of": "agreement", "users": users}, only(similarity_of(users), range(3))


@check("agreement gap between two models", "the definition, pair by pair", 1e-12)
def _(rng):
    p, q = some_cell(rng), some_cell(rng)
    alike = lambda u, v: np.mean([np.mean([[float(x == y) for x in s] for y in t]) for s in u for t in v])
    across = np.mean([alike(u, v) for u in p for v in q])
    return {"of": "gap", "p": p, "q": q}, only([similarity_of(p)[2] + similarity_of(q)[2] - 2 * across], [0])


@check("agreement of a bootstrap resample", "numpy", 1e-10)
def _(rng):
    m = int(rng.integers(3, 12))
    p = rng.dirichlet(np.ones(4), m)
    w = np.bincount(rng.integers(0, m, m), minlength=m).astype(float)
    total = w @ p
    reference = (total @ total - (w**2 * (p**2).sum(1)).sum()) / (w.sum() ** 2 - (w**2).sum()) if (w > 0).sum() > 1 else None
    return {"of": "reweighted", "similarities": (p @ p.T).tolist(), "weights": w.tolist()}, only([reference], [0])


# --------------------------------------------------------------------------------------------------------------- changes


@check("paired t, its interval, equivalence (TOST), exact sign flips", "scipy, statsmodels", 1e-8)
def _(rng):
    from scipy.stats import permutation_test, ttest_1samp
    from statsmodels.stats.weightstats import DescrStatsW

    d = rng.normal(rng.normal() * 0.3, 1, int(rng.integers(3, 13))).round(3)
    margin = float(rng.uniform(0.1, 1.5))
    test = ttest_1samp(d, 0)
    interval = test.confidence_interval()
    tost = DescrStatsW(d).ttost_mean(-margin, margin)[0]
    flips = permutation_test((d,), lambda x: abs(np.mean(x)), permutation_type="samples", n_resamples=np.inf, alternative="greater")
    reference = [test.statistic, test.pvalue, interval.low, interval.high, tost, flips.pvalue]
    return {"of": "paired", "differences": d.tolist(), "margin": margin}, only(reference, range(6))


@check("Benjamini-Hochberg, Benjamini-Yekutieli, Holm", "statsmodels")
def _(rng):
    from statsmodels.stats.multitest import multipletests

    p = (rng.random(int(rng.integers(1, 60))) ** rng.uniform(1, 5)).tolist()
    reference = [v for method in ("fdr_bh", "fdr_by", "holm") for v in multipletests(p, method=method)[1]]
    return {"of": "p_values", "p": p}, only(reference, range(len(reference)))


@check("power of a t test, differences for it, effect that is found", "statsmodels, scipy", 1e-9)
def _(rng):
    from scipy.optimize import brentq
    from scipy.stats import nct, t

    def of(effect, n):
        critical, shift = t.ppf(0.975, n - 1), effect * math.sqrt(n)
        return nct.sf(critical, n - 1, shift) + nct.cdf(-critical, n - 1, shift)

    effect, n = float(rng.uniform(0.1, 1.2)), float(rng.integers(4, 120))
    while math.isnan(of(effect, n)):  # scipy's noncentral t has no number for some large shifts
        effect *= 0.9
    enough = next(2.0**k for k in range(2, 20) if of(effect, 2.0**k) > 0.8)
    needed = brentq(lambda n: of(effect, n) - 0.8, 2.001, enough, xtol=1e-10)
    large = next(0.1 * 2.0**k for k in range(20) if of(0.1 * 2.0**k, n) > 0.8)
    found = brentq(lambda effect: of(effect, n) - 0.8, 1e-6, large, xtol=1e-12)
    return {"of": "power", "effect": effect, "n": n}, only([of(effect, n), needed, found], range(3))


@check("pass@k, pass^k", "Python's binomials", 1e-12)
def _(rng):
    n = int(rng.integers(1, 200))
    c, k = int(rng.integers(0, n + 1)), int(rng.integers(1, n + 1))
    reference = [1 - math.comb(n - c, k) / math.comb(n, k), math.comb(c, k) / math.comb(n, k)]
    return {"of": "pass", "n": n, "c": c, "k": k}, only(reference, [0, 1])


# ------------------------------------------------------------------------------------------------------------------ main


def differs(ours, theirs, tolerance):
    if ours is None or theirs is None:
        return None if ours is theirs else math.inf
    return abs(ours - theirs) / max(1.0, abs(theirs))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program", help="the built example cross_check")
    parser.add_argument("--seed", type=int, default=2026)
    parser.add_argument("--cases", type=int, default=200, help="inputs per statistic (200)")
    parser.add_argument("--only", default="", help="statistics whose name or library holds this text")
    options = parser.parse_args()

    chosen = [one for one in CHECKS if options.only in one.name or options.only in one.library]
    if not chosen:
        sys.exit(f"no statistic's name or library holds {options.only!r}")
    questions, wanted = [], []
    for number, one in enumerate(CHECKS):
        if one in chosen:
            rng = np.random.default_rng([options.seed, number])
            for _ in range(min(options.cases, one.cases or options.cases)):
                question, reference = one.draw(rng)
                questions.append(json.dumps(question))
                wanted.append((one, question, reference))
    program = subprocess.run([options.program], input="\n".join(questions) + "\n", capture_output=True, text=True)
    answers = program.stdout.splitlines()
    if program.returncode or len(answers) != len(questions):
        sys.exit(f"{options.program} answered {len(answers)} of {len(questions)} questions:\n{program.stderr}")

    for (one, question, reference), answer in zip(wanted, map(json.loads, answers)):
        for place, theirs in reference.items():
            difference = differs(answer[place], theirs, one.tolerance)
            one.compared += 1
            one.worst = max(one.worst, difference or 0.0)
            if difference is not None and not difference <= one.tolerance:
                one.wrong.append((question, place, answer[place], theirs))

    width = max(len(one.name) for one in chosen)
    print(f"{'statistic':{width}}  {'numbers':>7}  {'largest difference':>18}  {'allowed':>7}  against")
    for one in chosen:
        mark = "" if not one.wrong else f"  {len(one.wrong)} DIFFER"
        print(f"{one.name:{width}}  {one.compared:7}  {one.worst:18.1e}  {one.tolerance:7.0e}  {one.library}{mark}")
    for one in chosen:
        for question, place, ours, theirs in one.wrong[:3]:
            print(f"\n{one.name}, number {place}: {ours} is not {theirs}\n  {json.dumps(question)[:600]}", file=sys.stderr)
    empty = [one.name for one in chosen if not one.compared]
    if empty:
        sys.exit(f"nothing was compared: {', '.join(empty)}")
    wrong = sum(len(one.wrong) for one in chosen)
    print(f"\n{sum(one.compared for one in chosen)} numbers compared, {wrong} differ")
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
