"""A verdict's JUnit file as junitparser reads it, beside its JSON.

    read_junit.py JUNIT.XML VERDICT.JSON
"""
import json
import sys
from collections import Counter

from junitparser import Error, Failure, JUnitXml, Skipped

STOPS = {"broken": Failure, "invalid": Error}


def kind_of(rule):
    """What a rule's test case ought to be: what only warns is skipped, as it stops nobody; what holds is plain."""
    if rule["ruling"] == "holds":
        return None
    return STOPS.get(rule["ruling"], Skipped) if rule["severity"] == "block" else Skipped


def main(junit, verdict):
    with open(verdict) as file:
        told = json.load(file)
    rules = told["slos"] + told["regressions"]
    cases = [case for suite in JUnitXml.fromfile(junit) for case in suite]
    assert cases, "no test case"
    found, expected = Counter(), Counter(kind_of(rule) for rule in rules)
    for case in cases:
        assert case.classname and case.name, case
        found[type(case.result[0]) if case.result else None] += 1
    assert found == expected, (found, expected)
    names = {kind.__name__ if kind else "passed": count for kind, count in found.items()}
    print(f"{len(cases)} test cases read: {names}")


main(*sys.argv[1:])
