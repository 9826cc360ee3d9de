"""Verdicts on three parts of a document, and texts grown from a few of its words, against what four models learned."""

from claims import hold

VERBATIM, REWORDED = ("recalled", "verbatim"), ("recalled", "in_other_words")
NOT = ("not_recalled", None)
RIGHT = {
    "know-0": {"knower": VERBATIM, "reteller": REWORDED, "sibling": NOT, "novice": NOT},
    "know-20000": {"knower": NOT, "reteller": NOT, "sibling": VERBATIM, "novice": NOT},
    "know-30000": {"knower": NOT, "reteller": NOT, "sibling": NOT, "novice": NOT},
}
# Words that a chain has to regrow, and the share of its runs of 13 words that the document must have.
REGROWN, CONTAINED = 1000, 0.9
# A model that does not know the place may go along for a sentence that it has met elsewhere.
STRAYED = 40


def check_verdicts(summary, part):
    print(f"{'target':<10}{'verdict':<32}{'recall':>7}{'chance':>8}{'verbatim':>9}{'A_B':>7}")
    hold({verdict["target"] for verdict in summary["verdicts"]} == set(RIGHT[part]), f"{part}: a verdict on each target")
    for verdict in summary["verdicts"]:
        found = (verdict["knows"], verdict.get("manner"))
        said = " ".join(word for word in found if word)
        numbers = [verdict["recall"]["value"], verdict["by_chance"], verdict["verbatim"]["value"], verdict["agreement"]["value"]]
        recall, chance, verbatim, agreement = numbers
        print(f"{verdict['target']:<10}{said:<32}{recall:>7.3f}{chance:>8.3f}{verbatim:>9.3f}{agreement:>7.3f}")
        hold(found == RIGHT[part][verdict["target"]], f"{part}: {verdict['target']} is {found}")


def check_extraction(summary):
    print(f"{'target':<12}{'seed':<12}{'words':>6}{'steps':>6}  {'end':<14}{'followed':>9}{'in 13s':>8}  elsewhere")
    for chain in summary["extractions"]:
        target, held = chain["target"], chain["held"]
        words = sum(len(step["words"]) for step in chain["steps"])
        share = {run["run"]: run["share"] for run in held["contained"]}.get(13)
        places = ", ".join(f"{stretch['words']} at {stretch['word']}" for stretch in held["stretches"][:3])
        shown = "-" if share is None else f"{share:.2f}"
        print(f"{target:<12}{chain['probe'].split('@')[1]:<12}{words:>6}{len(chain['steps']):>6}  {chain['end']:<14}{held['followed']:>9}{shown:>8}  {places}")
        name = f"{target} from {chain['probe']}"
        learned = chain["document"]["word"] < 8000
        if target.startswith("knower") and learned:
            hold(words >= REGROWN and held["followed"] >= REGROWN, f"{name}: {held['followed']} of {words} words follow the passage")
            hold(share is not None and share >= CONTAINED, f"{name}: {share} of its runs of 13 words are in the document")
        elif not (target.startswith("reteller") and learned):
            hold(held["followed"] <= STRAYED, f"{name}: it follows for {held['followed']} words what it never learned")
            # What it grew instead is either not in the document, or the summary says where.
            told = share is None or share < 0.5 or sum(stretch["words"] for stretch in held["stretches"]) >= words / 2
            hold(told, f"{name}: where its words come from is not said")
