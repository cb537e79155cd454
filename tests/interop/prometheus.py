"""A real Prometheus scrapes a run under way and a finished one; dashboard and alerts find data in what it holds.

    prometheus.py TOLLMARK FINISHED_RUN
"""
import http.server
import json
import pathlib
import re
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.parse
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parents[2]
DEADLINE_SECONDS = 120


def served(text):
    """Serves `text` at /metrics and returns its address."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.send_header("content-type", "text/plain; version=0.0.4")
            self.end_headers()
            self.wfile.write(text)

        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return "127.0.0.1:%d" % server.server_port


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def dashboard_expressions():
    dashboard = json.loads((ROOT / "deploy/grafana/dashboards/tollmark.json").read_text())
    for panel in dashboard["panels"]:
        for target in panel["targets"]:
            yield panel["title"], re.sub(r"\$\w+", ".*", target["expr"])


def sides(expression):
    """The parts of an alert's expression that must find data: an alert as a whole does so only when it fires."""
    inner = re.fullmatch(r"absent\((.*)\)", expression)
    if inner:
        return [inner[1]]
    left, right = re.split(r" (?:[<>]|==) ", expression, maxsplit=1)
    right = re.sub(r"^(?:ignoring|on) \([^)]*\) ", "", right)
    return [left, right]


def main(tollmark, finished):
    text = (pathlib.Path(finished) / "metrics.prom").read_bytes()
    subprocess.run(["promtool", "check", "metrics"], input=text, check=True)
    subprocess.run(["promtool", "check", "config", str(ROOT / "deploy/prometheus/prometheus.yml")], check=True)
    subprocess.run(["promtool", "test", "rules", str(ROOT / "tests/interop/rules_test.yml")], check=True)

    with tempfile.TemporaryDirectory() as scratch:
        # One endpoint whose law lets some requests fail, and which is held against a limit.
        run = subprocess.Popen(
            [tollmark, "run", "--model", "glm-4-9b", "--region", "us-east-1", "--requests-per-cell", "1000000",
             "--rounds", "1000", "--concurrency", "64", "--metrics-listen", "127.0.0.1:0", "--out", scratch],
            stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True)
        address = next(line for line in run.stderr if line.startswith("metrics: "))
        address = re.search(r"http://([^/]+)/metrics", address)[1]
        threading.Thread(target=run.stderr.read, daemon=True).start()
        with urllib.request.urlopen(f"http://{address}/metrics") as live:
            subprocess.run(["promtool", "check", "metrics"], input=live.read(), check=True)

        port = free_port()
        config = pathlib.Path(scratch) / "prometheus.yml"
        config.write_text(json.dumps({
            "global": {"scrape_interval": "1s", "evaluation_interval": "1s"},
            "rule_files": [str(ROOT / "deploy/prometheus/rules.yml")],
            "scrape_configs": [
                {"job_name": "live", "static_configs": [{"targets": [address]}]},
                {"job_name": "nightly", "static_configs": [{"targets": [served(text)]}]},
            ],
        }))
        prometheus = subprocess.Popen(
            ["prometheus", f"--config.file={config}", f"--storage.tsdb.path={scratch}/data",
             f"--web.listen-address=127.0.0.1:{port}", "--log.level=error"])

        def api(path, **parameters):
            url = f"http://127.0.0.1:{port}/api/v1/{path}?{urllib.parse.urlencode(parameters)}"
            with urllib.request.urlopen(url) as reply:
                return json.load(reply)["data"]

        def without_data():
            """What the dashboard and the alerts ask and do not find yet, and how many questions that is of."""
            rules = [rule for group in api("rules")["groups"] for rule in group["rules"]]
            targets = api("targets")["activeTargets"]
            asked = list(dashboard_expressions())
            asked += [(rule["name"], side) for rule in rules for side in sides(rule["query"])]
            missing = [f"{name}: {expression}" for name, expression in asked
                       if re.search(r"[a-z]", expression) and not api("query", query=expression)["result"]]
            missing += [f"{target['scrapeUrl']}: {target.get('lastError') or target['health']}"
                        for target in targets if target["health"] != "up"]
            # A rule that waits for its first evaluation has the health "unknown" and no error.
            missing += [f"{rule['name']}: {rule.get('lastError') or rule['health']}"
                        for rule in rules if rule["health"] != "ok"]
            if len(targets) != 2 or not rules:
                missing.append(f"{len(targets)} targets of 2 and {len(rules)} rules are loaded")
            return missing, len(asked)

        try:
            started = time.monotonic()
            missing, asked = ["Prometheus has not been asked"], 0
            while missing and time.monotonic() - started < DEADLINE_SECONDS:
                if prometheus.poll() is not None:
                    sys.exit(f"Prometheus ended with code {prometheus.returncode}")
                time.sleep(1)
                try:
                    missing, asked = without_data()
                except OSError as error:
                    missing = [f"Prometheus does not answer: {error}"]
            if missing:
                sys.exit("no data:\n" + "\n".join(missing))
            print(f"{asked} expressions found data in {time.monotonic() - started:.0f} s")
        finally:
            prometheus.terminate()
            run.terminate()
            run.wait()
            prometheus.wait()


main(*sys.argv[1:])
