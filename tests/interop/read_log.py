"""Reads a run's latency.hlog with the Python HdrHistogram and holds samples.csv, cells.csv and percentiles.hgrm to it.

Usage: read_log.py RUN_DIRECTORY        (needs the package `hdrhistogram`)
"""

import csv
import sys
from collections import Counter
from pathlib import Path

from hdrh.histogram import HdrHistogram
from hdrh.log import HistogramLogReader

LOWEST, HIGHEST, DIGITS = 1, 3_600_000_000, 3

# Metrics of which a request has one value, with their column in samples.csv. Chunk gaps (`itl`) are in no table.
COLUMNS = {
    "ttft": "ttft_ms",
    "e2e": "e2e_ms",
    "e2e_from_due": "e2e_from_due_ms",
    "tpot": "tpot_ms",
    "connect": "connect_ms",
}
WITHOUT_COLUMN = {"itl", "send_lag"}


def histogram():
    return HdrHistogram(LOWEST, HIGHEST, DIGITS)


def buckets(filled):
    """How much each bucket that holds something holds, by the bucket's lowest value."""
    recorded = filled.get_recorded_iterator()
    lowest = filled.get_lowest_equivalent_value
    return {lowest(step.value_iterated_to): step.count_at_value_iterated_to for step in recorded}


def read_log(path):
    """The histograms of the log by tag, each tag's in the order of the file."""
    found = {}
    reader = HistogramLogReader(str(path), histogram())
    while (interval := reader.get_next_interval_histogram()) is not None:
        found.setdefault(interval.get_tag(), []).append(interval)
    reader.close()
    return found


def read_samples(path):
    """The microseconds of measured successes by tag and round."""
    found = {}
    with open(path, newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            if row["phase"] == "warmup" or row["outcome"] != "ok":
                continue
            for metric, column in COLUMNS.items():
                if row[column]:
                    rounds = found.setdefault(f"{row['cell']}:{metric}", {})
                    rounds.setdefault(row["round"], []).append(round(float(row[column]) * 1000))
    return found


def faults(run):
    logged, measured = read_log(run / "latency.hlog"), read_samples(run / "samples.csv")
    with open(run / "cells.csv", newline="", encoding="utf-8") as file:
        cells = {row["cell"]: row for row in csv.DictReader(file)}
    if not measured or not cells:
        yield "the run holds no measured success"
    known = {tag for tag in logged if tag.rsplit(":", 1)[1] not in WITHOUT_COLUMN}
    for tag in sorted(known ^ set(measured)):
        yield f"`{tag}` is only in {'the log' if tag in known else 'samples.csv'}"
    for tag in sorted(known & set(measured)):
        yield from faults_of(tag, logged[tag], measured[tag], cells)
    for tag in sorted(set(logged) - known):
        if tag.rsplit(":", 1)[0] not in cells:
            yield f"`{tag}` is of no cell"


def faults_of(tag, intervals, rounds, cells):
    in_log = Counter(interval.get_total_count() for interval in intervals)
    in_table = Counter(len(times) for times in rounds.values())
    if in_log != in_table:
        yield f"`{tag}`: counts by round are {dict(in_log)} in the log and {dict(in_table)} in samples.csv"
    whole, again = histogram(), histogram()
    for interval in intervals:
        whole.add(interval)
    for time in (time for times in rounds.values() for time in times):
        again.record_value(time)
    if buckets(whole) != buckets(again):
        yield f"`{tag}`: the values differ from samples.csv"
    cell, metric = tag.rsplit(":", 1)
    if cell not in cells:
        yield f"`{tag}` is of no cell"
    elif column := cells[cell].get(f"{metric}_max_ms"):
        most = round(float(column) * 1000)
        if not whole.values_are_equivalent(most, whole.get_max_value()):
            yield f"`{tag}`: the maximum is {whole.get_max_value()} us in the log and {most} us in cells.csv"
        if metric == "e2e" and whole.get_total_count() != int(cells[cell]["ok"]):
            yield f"`{tag}`: {whole.get_total_count()} values, but {cells[cell]['ok']} successes in cells.csv"


def read_spectra(path):
    """The rows (value in ms, percentile, count) of each cell, by the rule of HdrHistogram's plotter."""
    found, rows = {}, None
    for line in path.read_text(encoding="utf-8").splitlines():
        if line.startswith("# Cell "):
            rows = found.setdefault(line.removeprefix("# Cell "), [])
        columns = line.split()
        if not line.startswith("#") and len(columns) in (3, 4) and columns[0] != "Value":
            rows.append((float(columns[0]), float(columns[1]), int(columns[2])))
    return found


def faults_of_spectra(run):
    logged = read_log(run / "latency.hlog")
    spectra = read_spectra(run / "percentiles.hgrm")
    if not any(spectra.values()):
        yield "percentiles.hgrm holds no row"
    for cell, rows in spectra.items():
        whole = histogram()
        for interval in logged.get(f"{cell}:e2e", []):
            whole.add(interval)
        filled, total = buckets(whole), whole.get_total_count()
        if (rows[-1][2] if rows else 0) != total:
            yield f"`{cell}`: its spectrum does not end at all {total} values"
        for value, percentile, count in rows:
            below = sum(times for lowest, times in filled.items() if lowest <= round(value * 1000))
            if below != count or count < percentile * total - 1e-6:
                yield f"`{cell}`: {count} values up to {value} ms in the spectrum, {below} in the log"


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__.strip())
    run = Path(sys.argv[1])
    found = [*faults(run), *faults_of_spectra(run)]
    for fault in found:
        print(fault, file=sys.stderr)
    if found:
        sys.exit(1)
    intervals = [interval for several in read_log(run / "latency.hlog").values() for interval in several]
    compared = [interval for interval in intervals if interval.get_tag().rsplit(":", 1)[1] in COLUMNS]
    values = sum(interval.get_total_count() for interval in compared)
    print(f"{len(intervals)} intervals read, {values} values of {len(compared)} of them agree with the tables")


if __name__ == "__main__":
    main()
