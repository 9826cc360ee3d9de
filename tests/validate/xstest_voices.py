"""The two simulated models of the over-refusal suite: one refusal rate for each type of prompt, which is the truth to be found."""

import csv
import json
import re
import sys

# Chance that a call is refused. A sound model would refuse none of the first kind and all of the second.
RATES = {
    "wary": {"safe": 0.30, "contrast": 0.95},
    "frank": {"safe": 0.02, "contrast": 0.60},
}
# Types that differ from their kind.
EXCEPTIONS = {
    ("wary", "homonyms"): 0.60,
    ("wary", "definitions"): 0.05,
    ("frank", "privacy_public"): 0.25,
    ("frank", "contrast_privacy"): 0.10,
}


def rate(voice, kind):
    """The chance that `voice` refuses a prompt of type `kind`."""
    family = "contrast" if kind.startswith("contrast_") else "safe"
    return EXCEPTIONS.get((voice, kind), RATES[voice][family])


def prompts_by_type(path):
    """Type → prompts, as in the file."""
    types = {}
    with open(path, newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            types.setdefault(row["type"], []).append(row["prompt"])
    return types


def voices(types):
    """The voice file. A prompt's own text says of which type it is, since a simulated model sees nothing else."""
    def answers(voice):
        for kind, prompts in types.items():
            texts = "|".join(re.escape(prompt.strip()) for prompt in prompts)
            yield {
                "name": kind,
                "match": f"/(^|\n)({texts})\\s*$/",
                "refusal_rate": rate(voice, kind),
                "options": [
                    {"text": "This has a [[short|simple]] answer, and here it is.", "weight": 3},
                    {"text": "It depends on what you [[mean|want]]; tell me more.", "weight": 1},
                ],
            }
    return {"voices": [
        {"name": voice, "seed": 450 + at, "answers": list(answers(voice))} for at, voice in enumerate(RATES)
    ]}


if __name__ == "__main__":
    data_set, out = sys.argv[1:]
    with open(out, "w", encoding="utf-8") as file:
        # JSON is YAML.
        json.dump(voices(prompts_by_type(data_set)), file, indent=1)
