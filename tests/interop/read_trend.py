"""Makes nights of one run, lets `tollmark trend` write their trend.csv and Apache Otava read a series of it.

usage: read_trend.py OTAVA TOLLMARK RUN
"""

import csv
import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

NIGHTS = 12

otava, tollmark, run = sys.argv[1], sys.argv[2], Path(sys.argv[3])
with tempfile.TemporaryDirectory() as folder:
    nights = Path(folder) / "nights"
    for night in range(NIGHTS):
        copy = nights / f"night-{night}"
        copy.mkdir(parents=True)
        shutil.copy(run / "cells.csv", copy)
        manifest = json.loads((run / "manifest.json").read_text())
        manifest["run_id"] = copy.name
        manifest["started_at"] = f"2026-10-{night + 1:02}T02:00:00Z"
        (copy / "manifest.json").write_text(json.dumps(manifest))
    subprocess.run([tollmark, "trend", nights, "--format", "csv"], check=True, stdout=subprocess.DEVNULL)

    with (nights / "trend.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert list(rows[0]) == ["time", "cell", "metric", "value"], list(rows[0])
    wanted = next((row["cell"], row["metric"]) for row in rows if row["metric"] == "e2e_p50_ms")
    series = [row for row in rows if (row["cell"], row["metric"]) == wanted]
    assert len(series) == NIGHTS, f"{len(series)} nights of {wanted}"

    one, config = Path(folder) / "one.csv", Path(folder) / "otava.yaml"
    with one.open("w", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(series)
    config.write_text(
        f"tests:\n  p50:\n    type: csv\n    file: {one}\n    time_column: time\n"
        "    attributes: [cell, metric]\n    metrics:\n      value:\n        direction: -1\n"
    )
    command = [otava, "analyze", "p50", "--config-file", str(config), "--since", series[0]["time"]]
    told = subprocess.run(command, check=True, capture_output=True, text=True).stdout
for row in series:
    line = f"{row['time'][:10]} 02:00:00 +0000  {row['cell']}  {row['metric']}  {float(row['value']):g}"
    assert line in told, f"{line} is missing in\n{told}"
print(f"{len(series)} nights of {wanted[0]}, read by Apache Otava")
