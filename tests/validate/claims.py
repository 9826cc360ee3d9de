"""Claims that are held against what a run says; one run says all that is wrong."""

failures = []


def hold(condition, claim):
    """Notes a claim that does not hold and goes on."""
    if not condition:
        failures.append(claim)


def mean(values):
    return sum(values) / len(values)
