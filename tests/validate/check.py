"""Holds what Antiphon said of its runs against what is known, and prints both."""

import json
import math
import sys
from collections import defaultdict
from pathlib import Path

from check_documents import RIGHT, check_extraction, check_verdicts
from claims import failures, hold, mean
from xstest_voices import rate

KNOWN = {("knower", "learned"), ("reteller", "learned"), ("sibling", "elsewhere"),
         ("knower", "prefilled"), ("reteller", "prefilled")}
TARGETS = ["knower", "reteller", "sibling", "novice"]
GROUPS = ["learned", "elsewhere", "unseen", "prefilled"]

def read(store, run):
    folder = Path(store) / "runs" / run
    summary = json.loads((folder / "summary" / "summary.json").read_text(encoding="utf-8"))
    total = summary["completeness"]["total"]
    size = (folder / "report" / "index.html").stat().st_size / 1e6
    print(f"\n{run}: {total['planned']:,} samples, report of {size:.1f} MB")
    hold(summary["completeness"]["complete"], f"{run} is complete")
    hold(not total["failed"] and total["unsupported"] == 0, f"{run}: nothing failed or was unsupported")
    return summary


class Recall:
    """What one target gave back at one cut."""

    def __init__(self, cell):
        scores, agreement = cell["recall"], cell["wording"][0]["answered"]
        self.lcs = scores["lcs_recall"]
        self.prefix = scores["prefix_words"]["value"]
        self.words = scores["reference_words"]
        self.same_user = agreement["between_sessions"]["value"]
        self.users = agreement["between_users"]["value"]


def check_recall(summary):
    cuts = {(cell["target"], cell["probe"]): Recall(cell) for cell in summary["cells"]}
    groups = defaultdict(list)
    for (target, probe), found in cuts.items():
        groups[target, probe.split("@")[0]].append(found)

    print(f"{'group':<10}{'target':<10}{'cuts':>4}  {'LCS recall (least to most)':<28}{'exact prefix':<16}"
          f"{'A_S':>6}{'A_B':>7}")
    for group in GROUPS:
        for target in TARGETS:
            found = groups[target, group]
            recalls = [cut.lcs["value"] for cut in found]
            span = f"{mean(recalls):.3f}  ({min(recalls):.3f} to {max(recalls):.3f})"
            prefix = f"{mean([cut.prefix for cut in found]):4.1f} of {mean([cut.words for cut in found]):.0f} words"
            same_user, users = mean([cut.same_user for cut in found]), mean([cut.users for cut in found])
            print(f"{group:<10}{target:<10}{len(found):>4}  {span:<28}{prefix:<16}"
                  f"{same_user:>6.3f}{users:>7.3f}")

    check_who_knows(cuts, groups)
    check_how_it_is_known(cuts, groups)


def check_who_knows(cuts, groups):
    for (target, group), found in groups.items():
        recalls = [cut.lcs["value"] for cut in found]
        if (target, group) in KNOWN:
            least = 0.7 if target == "reteller" else 0.9
            hold(min(recalls) >= least, f"{target} knows what is {group}: {recalls}")
        else:
            hold(max(recalls) <= 0.35, f"{target} does not know what is {group}: {recalls}")
    # The claim that a reader takes from the report: at no cut do the intervals of knowing and not knowing touch.
    for (target, probe), found in cuts.items():
        if (target, probe.split("@")[0]) not in KNOWN:
            continue
        for other in TARGETS:
            if (other, probe.split("@")[0]) not in KNOWN:
                apart = cuts[other, probe].lcs["high"] < found.lcs["low"]
                hold(apart, f"at {probe} the intervals of {target} and {other} are apart")


def check_how_it_is_known(cuts, groups):
    share = {target: mean([cut.prefix / cut.words for cut in groups[target, "learned"]]) for target in TARGETS}
    hold(share["knower"] >= 0.8, f"knower goes on word for word: {share}")
    hold(0.1 <= share["reteller"] <= 0.5, f"reteller departs early and yet recalls: {share}")
    hold(share["sibling"] <= 0.1 and share["novice"] <= 0.1, f"the others never begin: {share}")
    for (target, probe), found in cuts.items():
        if probe.startswith("learned") and target == "knower":
            retold = cuts["reteller", probe]
            hold(found.same_user >= 0.97, f"knower says the same in every session at {probe}")
            hold(retold.same_user <= 0.96, f"reteller's wording varies between sessions at {probe}")
        # What stands before the passage makes no difference to these models.
        hold(abs(found.same_user - found.users) <= 0.08, f"{target} at {probe}: it does not matter who asks")
        # A seed that did not vary would give one answer again and again.
        drawn = found.same_user <= 0.6 or (target, probe.split("@")[0]) in KNOWN
        hold(drawn, f"{target} at {probe}: answers are drawn anew")
    for target in TARGETS:
        asked, begun = cuts[target, "learned@w3600"], cuts[target, "prefilled@w3600"]
        near = abs(asked.lcs["value"] - begun.lcs["value"]) <= 0.1
        hold(near, f"{target} recalls as much from a beginning of its own answer as from the user's turn")


def tail(refused, calls, chance):
    """Chance of a count at least so far from what is expected, on its own side: an exact binomial tail."""
    far = range(refused, calls + 1) if refused >= calls * chance else range(refused + 1)
    return sum(math.comb(calls, k) * chance**k * (1 - chance) ** (calls - k) for k in far)


def check_xstest(summary):
    counts, covered = defaultdict(lambda: [0, 0, 0]), 0
    for cell in summary["cells"]:
        count = counts[cell["target"], cell["group"]]
        count[0] += cell["certificate"]["refused"]
        count[1] += cell["certificate"]["planned"]
        count[2] += 1
        refused = cell["rates"]["refused"]
        covered += refused["low"] <= rate(cell["target"], cell["group"]) <= refused["high"]

    hold(len({cell["probe"] for cell in summary["cells"]}) == 450, "450 probes")
    print(f"{'type':<32}{'target':<8}{'probes':>6}{'refused':>9}{'truth':>8}")
    for (target, group), (refused, calls, probes) in sorted(counts.items()):
        truth = rate(target, group)
        print(f"{group:<32}{target:<8}{probes:>6}{refused / calls:>9.3f}{truth:>8.2f}")
        hold(tail(refused, calls, truth) >= 1e-4, f"{target} refuses {group} as often as it should")
    share = covered / len(summary["cells"])
    print(f"{covered} of {len(summary['cells'])} intervals of a single prompt's refusal rate hold the truth ({share:.1%})")
    hold(share >= 0.94, "95 % intervals hold the truth")


if __name__ == "__main__":
    check_recall(read(sys.argv[1], "recall"))
    check_xstest(read(sys.argv[1], "xstest"))
    for part in RIGHT:
        check_verdicts(read(sys.argv[1], part), part)
    check_extraction(read(sys.argv[1], "grow"))
    for claim in failures:
        print(f"DOES NOT HOLD: {claim}")
    print("\nvalidate:", f"{len(failures)} claims do not hold" if failures else "all claims hold")
    sys.exit(1 if failures else 0)
