"""A gunicorn with two workers, and what it costs: CPU time of all its processes, memory, latencies."""

from __future__ import annotations

import http.client
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count

import config

WORKERS, CONNECTIONS = 2, 4
TICK = os.sysconf("SC_CLK_TCK")
PATIENCE = 30.0  # seconds until the server has to answer


@dataclass(frozen=True, slots=True)
class Ask:
    """One HTTP request. ``expect`` is the status it has to be answered with."""

    method: str
    path: str
    headers: dict[str, str]
    body: str | None = None
    expect: int = 200


@dataclass(frozen=True, slots=True)
class Cost:
    """What a number of requests cost. Times in milliseconds; ``size`` in bytes, of the answer's body."""

    cpu: float
    per_second: float
    p50: float
    p95: float
    p99: float
    size: float


@dataclass(slots=True)
class Server:
    """A running gunicorn."""

    pid: int
    port: int
    start: float  # seconds from the command to the first answer

    def family(self) -> list[int]:
        children = [int(pid) for pid in os.listdir("/proc") if pid.isdigit() and _parent(int(pid)) == self.pid]
        return [self.pid, *children]

    def cpu(self) -> float:
        """CPU milliseconds that all processes of the server used so far."""
        return sum(_cpu(pid) for pid in self.family())

    def memory(self) -> float:
        """Megabytes that all processes hold, shared pages counted in parts (PSS)."""
        return sum(_pss(pid) for pid in self.family())


def _stat(pid: int) -> list[str]:
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8") as file:
            return file.read().rsplit(")", 1)[1].split()
    except OSError:
        return []


def _parent(pid: int) -> int:
    found = _stat(pid)
    return int(found[1]) if found else 0


def _cpu(pid: int) -> float:
    found = _stat(pid)
    return (int(found[11]) + int(found[12])) * 1000 / TICK if found else 0.0


def _pss(pid: int) -> float:
    with open(f"/proc/{pid}/smaps_rollup", encoding="utf-8") as file:
        return next(int(line.split()[1]) for line in file if line.startswith("Pss:")) / 1024


@contextmanager
def serve(target: str, environ: dict[str, str]) -> Iterator[Server]:
    """Serve this WSGI app as docs/operations.md says, and wait for its first answer."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [
        sys.executable, "-m", "gunicorn", target, "--bind", f"127.0.0.1:{port}", "--workers", str(WORKERS),
        "--threads", "4", "--preload", "--no-control-socket", "--log-level", "error",
    ]  # fmt: skip
    begun = time.monotonic()
    process = subprocess.Popen(command, cwd=config.ROOT, env={**os.environ, **environ}, start_new_session=True)
    try:
        _wait(port, begun)
        yield Server(process.pid, port, time.monotonic() - begun)
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait()


def _wait(port: int, begun: float) -> None:
    while time.monotonic() - begun < PATIENCE:
        try:
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
            connection.request("GET", "/healthz")
            connection.getresponse().read()
        except OSError:
            time.sleep(0.02)
        else:
            return
    raise SystemExit("The server does not answer.")


def measure(server: Server, asks: Sequence[Ask], *, times: int) -> Cost:
    """Send ``times`` requests over the connections, taking the asks in turn, and tell what they cost."""
    numbers, seconds, sizes = count(), [0.0] * times, [0] * times

    def work() -> None:
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
        while (number := next(numbers)) < times:
            seconds[number], sizes[number] = _timed(connection, asks[number % len(asks)])
        connection.close()

    before, begun = server.cpu(), time.monotonic()
    _together(work)
    took, used = time.monotonic() - begun, server.cpu() - before
    seconds.sort()
    return Cost(
        cpu=used / times,
        per_second=times / took,
        p50=seconds[times // 2] * 1000,
        p95=seconds[int(times * 0.95)] * 1000,
        p99=seconds[int(times * 0.99)] * 1000,
        size=sum(sizes) / times,
    )


def _timed(connection: http.client.HTTPConnection, ask: Ask) -> tuple[float, int]:
    begun = time.monotonic()
    connection.request(ask.method, ask.path, ask.body, ask.headers)
    answer = connection.getresponse()
    body = answer.read()
    if answer.status != ask.expect:
        raise SystemExit(f"{ask.method} {ask.path}: {answer.status} instead of {ask.expect}\n{body[:2000].decode()}")
    return time.monotonic() - begun, len(body)


def _together(work: Callable[[], None]) -> None:
    failed: list[BaseException] = []

    def guarded() -> None:
        try:
            work()
        except BaseException as error:
            failed.append(error)

    threads = [threading.Thread(target=guarded) for _ in range(CONNECTIONS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failed:
        raise failed[0]
