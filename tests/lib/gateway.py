"""gateway: a `kapula serve` of a test's own, and HTTP to it. Python's standard library alone.

KAPULA names the program. A Gateway keeps its port over restarts, and its standard error goes to one file.
"""
import atexit
import http.client
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time

KAPULA = os.environ.get("KAPULA", "kapula")
START_TIMEOUT_S = 60
STOP_TIMEOUT_S = 60


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def kapula(*arguments, code=0, env=None):
    """Runs a verb to its end; its standard output. CODE: the exit status it must have, None: any."""
    done = subprocess.run([KAPULA, *arguments], capture_output=True, text=True, timeout=300, env=env)
    if code is not None and done.returncode != code:
        sys.exit(f"FAILED: kapula {' '.join(arguments)}: exit {done.returncode}, not {code}: {done.stderr}")
    return done.stdout


class Gateway:
    def __init__(self, db, log, config=None, env=None):
        self.db, self.log, self.config, self.env = db, log, config, env
        self.port = free_port()
        self.process = None
        atexit.register(self.end)

    def end(self):
        """A test that fails leaves nothing running."""
        if self.process and self.process.poll() is None:
            self.process.kill()

    def verb(self, *arguments, code=0):
        return kapula(*arguments, "--db", self.db, code=code, env=self.env)

    def token(self, scope, *more):
        made = self.verb("tokens", "create", "--name", "test", "--scope", scope, "--json", *more)
        return json.loads(made)["token"]

    def start(self, clock=None, wait=True):
        command = [KAPULA, "serve", "--db", self.db, "--port", str(self.port)]
        command += ["--config", self.config] if self.config else []
        command += ["--virtual-clock", clock] if clock else []
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, env=self.env)
        if wait and not self.process.stdout.readline().startswith(b"kapula: serving at "):
            sys.exit(f"FAILED: the gateway does not start: see {self.log}")

    def kill(self):
        """At once, as a power cut would."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()
        self.process.stdout.close()

    def stop(self):
        """Drains; the exit status."""
        self.process.terminate()
        code = self.process.wait(STOP_TIMEOUT_S)
        self.process.stdout.close()
        return code

    def request(self, method, path, body=None, token=None, kind="application/json", timeout=60,
                headers=()):
        """(status, body). An OSError or HTTPException when nobody answers."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)
        headers = {**dict(headers), **({"Content-Type": kind} if body is not None else {})}
        if token:
            headers["Authorization"] = "Bearer " + token
        try:
            connection.request(method, path, body, headers)
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()

    def post_events(self, events, token):
        """The answer of POST /v1/events to a list of events; fails when it is no 200."""
        body = "".join(json.dumps(event) + "\n" for event in events).encode()
        status, answer = self.request("POST", "/v1/events", body, token, "application/x-ndjson")
        if status != 200:
            raise http.client.HTTPException(f"POST /v1/events: {status} {answer[:200]}")
        return json.loads(answer)

    def play(self, until, token):
        """Lets a virtual clock run until the time, everything due done."""
        status, answer = self.request("POST", "/v1/clock", json.dumps({"until": until}), token, timeout=280)
        if status != 200:
            sys.exit(f"FAILED: POST /v1/clock: {status} {answer[:200]}")

    def cpu(self):
        """Seconds of processor time, user and system."""
        with open(f"/proc/{self.process.pid}/stat", encoding="ascii") as file:
            fields = file.read().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def memory(self):
        """(resident, anonymous) bytes."""
        with open(f"/proc/{self.process.pid}/smaps_rollup", encoding="ascii") as file:
            sizes = dict(re.findall(r"(\w+): +(\d+) kB", file.read()))
        return int(sizes["Rss"]) * 1024, int(sizes["Anonymous"]) * 1024


def wait_until(condition, seconds=30, what="the condition"):
    until = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > until:
            sys.exit(f"FAILED: {what}: not within {seconds} s")
        time.sleep(0.01)
