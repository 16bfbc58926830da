"""Starts the service with traffic of every kind, and looks at its status page in Chromium. See ../status-page-check."""

from __future__ import annotations

import base64
import contextlib
import fcntl
import io
import json
import math
import os
import random
import socket
import ssl
import struct
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from pathlib import Path
from typing import Iterator

from PIL import Image
from selenium import webdriver
from selenium.webdriver.chrome.options import Options
from selenium.webdriver.chrome.service import Service

SIZES = {"desktop": (1280, 900), "phone": (390, 844)}
SCHEMES = ["light", "dark"]
PICTURE_BYTES_MAX = 150_000
WCAG = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]


class Failure(Exception):
    """Something isn't as it should be."""


# The ticket system


def serve_tickets(server: socket.socket) -> None:
    """Answers requests as a ticket system does that has a bad day: `/broken` with 500, `/slow` late."""
    while True:
        try:
            client, _ = server.accept()
        except OSError:
            return
        threading.Thread(target=answer, args=[client], daemon=True).start()


def answer(client: socket.socket) -> None:
    with client, contextlib.suppress(OSError):
        received = b""
        while data := client.recv(65536):
            received += data
            while b"\r\n\r\n" in received:
                head, _, received = received.partition(b"\r\n\r\n")
                path = head.split(b" ")[1]
                if path == b"/slow":
                    time.sleep(0.3)
                status = b"500 Internal Server Error" if path == b"/broken" else b"200 OK"
                client.sendall(b"HTTP/1.1 " + status + b"\r\nContent-Length: 2\r\n\r\nok")


# Traffic


def connection(port: int, source: str) -> socket.socket:
    return socket.create_connection(("127.0.0.1", port), timeout=10, source_address=(source, 0))


def tls() -> ssl.SSLContext:
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def ask(port: int, source: str, paths: list[str]) -> None:
    with connection(port, source) as plain, tls().wrap_socket(plain, server_hostname="localhost") as client:
        for path in paths:
            client.sendall(f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
            received = b""
            while not received.endswith(b"\r\n\r\nok"):
                data = client.recv(65536)
                if not data:
                    raise Failure(f"no answer to {path}: {received!r}")
                received += data


def refused(port: int) -> None:
    """A request without a host."""
    with tls().wrap_socket(connection(port, "127.0.0.2"), server_hostname="localhost") as client:
        client.sendall(b"GET / HTTP/1.1\r\n\r\n")
        while client.recv(65536):
            pass


def denied(port: int, source: str) -> None:
    with contextlib.suppress(OSError), connection(port, source) as client:
        client.recv(1)


def bad_handshakes(port: int) -> None:
    with contextlib.suppress(OSError), connection(port, "127.0.0.2") as client:
        client.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
        client.recv(100)
    old = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    old.check_hostname = False
    old.verify_mode = ssl.CERT_NONE
    old.maximum_version = ssl.TLSVersion.TLSv1_2
    old.set_ciphers("AES128-SHA:@SECLEVEL=0")
    with contextlib.suppress(OSError), connection(port, "127.0.0.3") as client, old.wrap_socket(client):
        pass
    with contextlib.suppress(OSError), connection(port, "127.0.0.3") as client:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def make_traffic(port: int) -> None:
    for _ in range(3):
        ask(port, "127.0.0.2", ["/tickets"] * 12 + ["/slow"])
        ask(port, "127.0.0.3", ["/tickets", "/broken", "/slow"])
        refused(port)
        bad_handshakes(port)
    for number in range(30, 36):
        for _ in range(number - 28):
            denied(port, f"127.0.0.{number}")


# The service


@contextlib.contextmanager
def service(binary: str, certificates: Path) -> Iterator[tuple[int, int]]:
    """The service with its ticket systems; its port, and that of its status page."""
    free = ("127.0.0.1", 0)
    with socket.create_server(free, backlog=100) as tickets, socket.create_server(free) as taken, door() as listener:
        down = taken.getsockname()[1]
        taken.close()
        threading.Thread(target=serve_tickets, args=[tickets], daemon=True).start()
        with tempfile.TemporaryDirectory(prefix="status-page-") as folder:
            configuration = Path(folder, "gatekeeper.yaml")
            configuration.write_text(
                f"""\
listen: 127.0.0.1:{listener.getsockname()[1]}
tls: {{certificate: {certificates}/localhost.pem, key: {certificates}/localhost-key.pem}}
allow:
  - {{address: 127.0.0.2, label: Tier2Tickets}}
  - {{address: 127.0.0.3, label: Monitoring vendor}}
  - {{address: 198.51.100.0/24, label: Not seen yet}}
upstream:
  urls: ["http://127.0.0.1:{tickets.getsockname()[1]}", "http://127.0.0.1:{down}"]
  health: {{path: /tickets, interval: 200ms}}
status: 127.0.0.1:0
state: {folder}/state
control: {folder}/control
""",
                encoding="utf-8",
            )
            history, (hearing, saying) = yesterday(), os.pipe()
            passed = [saying, listener.fileno(), history]
            environment = dict(os.environ, TZ="Europe/Berlin")
            environment["GATEKEEPER_SUCCESSION"] = f"{saying},{listener.fileno()}"
            environment["GATEKEEPER_SUCCESSION_HISTORY"] = str(history)
            command = [binary, "run", "--config", str(configuration)]
            process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=environment, pass_fds=passed)
            for number in [hearing, saying, history]:
                os.close(number)
            try:
                yield ports(process)
            finally:
                process.terminate()
                process.wait(timeout=60)


def door() -> socket.socket:
    """What a process listens on before it is replaced."""
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    listener.bind(("127.0.0.1", 0))
    listener.listen(100)
    return listener


def yesterday() -> int:
    """A day as a process leaves it to the one that takes over (`MinuteHistory+Bytes.swift`): the pictures are to show one.

    With busy hours, a flood of strangers, an hour in which the ticket system failed, and one of which nothing is known.
    """
    chance = random.Random(1)
    now = time.monotonic_ns() // 60_000_000_000 + 1440
    content = b"GKMH" + struct.pack("<BBBBq", 1, 1, 0, 0, now)
    for minute in range(1440):
        load = max(0.0, math.sin((minute - 200) / 1440 * 2 * math.pi)) * 40 + 3
        requests = chance.randrange(int(load), int(load * 1.5))
        denied = chance.randrange(0, 4) + (chance.randrange(60, 90) if 500 < minute < 540 else 0)
        errors = requests // 2 if 900 < minute < 950 else chance.random() < 0.02
        refused = int(chance.random() < 0.05)
        is_known = not 1150 <= minute < 1210
        content += struct.pack("<IIII", *([denied, requests, int(errors), refused] if is_known else [0xFFFFFFFF] * 4))
    checksum = 0xCBF29CE484222325
    for byte in content:
        checksum = (checksum ^ byte) * 0x100000001B3 % 2**64
    file = os.memfd_create("history", os.MFD_ALLOW_SEALING)
    os.write(file, content + struct.pack("<Q", checksum))
    fcntl.fcntl(file, fcntl.F_ADD_SEALS, fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW | fcntl.F_SEAL_SEAL)
    return file


def ports(process: subprocess.Popen[bytes]) -> tuple[int, int]:
    """Read from the log, which is read on so that it never fills its pipe."""
    door = page = 0
    said = []
    assert process.stdout
    for line in process.stdout:
        said.append(line.decode(errors="replace"))
        with contextlib.suppress(ValueError):
            event = json.loads(line)
            if event.get("event") == "started":
                door = int(event["listeners"].split()[0].rpartition(":")[2])
            if event.get("event") == "status_page":
                page = int(event["address"].rpartition(":")[2])
        if door and page:
            threading.Thread(target=lambda: [None for _ in process.stdout], daemon=True).start()
            return door, page
    raise Failure("the service did not start: " + "".join(said))


def wait_for_counts(page: int) -> None:
    """Until the report says that everything has been counted."""
    deadline = time.monotonic() + 30
    while True:
        with urllib.request.urlopen(f"http://127.0.0.1:{page}/status.json") as response:
            report = json.load(response)
        is_down = any(not upstream["up"] for upstream in report["upstreams"])
        if is_down and report["denied"] >= 27 and len(report["denied_recently"]) >= 6:
            return
        if time.monotonic() > deadline:
            raise Failure(f"the report has never all counts: {json.dumps(report)}")
        time.sleep(0.2)


# The browser


@contextlib.contextmanager
def browser(size: tuple[int, int]) -> Iterator[webdriver.Chrome]:
    options = Options()
    options.binary_location = "/usr/bin/chromium"
    for flag in ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--hide-scrollbars"]:
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    driver = webdriver.Chrome(options=options, service=Service("/usr/bin/chromedriver"))
    try:
        width, height = size
        driver.execute_cdp_cmd(
            "Emulation.setDeviceMetricsOverride",
            {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600},
        )
        yield driver
    finally:
        driver.quit()


def look(driver: webdriver.Chrome, page: int, scheme: str, axe: str) -> list[str]:
    """What is wrong with the page."""
    driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [{"name": "prefers-color-scheme", "value": scheme}]})
    here = f"http://127.0.0.1:{page}/"
    driver.get(here)
    wrong = []
    # Everything is to be seen and judged.
    driver.execute_script("for (const part of document.querySelectorAll('details')) part.open = true")
    driver.execute_script(axe)
    result = driver.execute_async_script(
        "const done = arguments[arguments.length - 1];"
        "axe.run(document, {runOnly: {type: 'tag', values: arguments[0]}}).then(done, error => done({error: String(error)}))",
        WCAG,
    )
    if "error" in result:
        raise Failure(f"axe: {result['error']}")
    for violation in result["violations"]:
        nodes = [node["html"][:200] + " " + node["failureSummary"] for node in violation["nodes"][:3]]
        wrong.append(f"axe: {violation['id']}: {violation['help']}: {nodes}")
    if not result["passes"]:
        raise Failure("axe has judged nothing")
    widths = driver.execute_script("return [document.documentElement.scrollWidth, document.documentElement.clientWidth]")
    if widths[0] > widths[1]:
        wrong.append(f"the page is {widths[0]} wide on a screen of {widths[1]}")
    for heading in driver.execute_script("return [...document.querySelectorAll('h2')].map(heading => heading.textContent)"):
        MISSING.discard(heading)
    for entry in driver.get_log("browser"):
        wrong.append(f"the browser says: {entry['message']}")
    for entry in driver.get_log("performance"):
        message = json.loads(entry["message"])["message"]
        url = message.get("params", {}).get("request", {}).get("url", "") if message["method"] == "Network.requestWillBeSent" else ""
        if url and not url.startswith((here, "data:")):
            wrong.append(f"a request to {url}")
    driver.execute_script("for (const part of document.querySelectorAll('details')) part.open = false")
    print(f"  axe {result['testEngine']['version']}: {len(result['passes'])} rules passed, {len(result['violations'])} violated")
    return wrong


# Sections that must have been there once.
MISSING = {
    "Needs attention", "The last 24 hours", "Turned away in the last 10 minutes", "Service", "Certificates", "Ticket systems",
    "Answers since the start, by label", "Sources", "Failures of TLS since the start", "Denied within a day",
}  # fmt: skip


def take(driver: webdriver.Chrome, size: tuple[int, int], path: Path) -> None:
    """A picture of the page's beginning, of three screens at most."""
    width, _ = size
    height = min(driver.execute_script("return document.documentElement.scrollHeight"), 2400)
    picture = driver.execute_cdp_cmd(
        "Page.captureScreenshot",
        {"format": "png", "captureBeyondViewport": True, "clip": {"x": 0, "y": 0, "width": width, "height": height, "scale": 1}},
    )
    # The page has few colours; the rest are shades between letters and ground.
    image = Image.open(io.BytesIO(base64.b64decode(picture["data"]))).convert("RGB")
    image.quantize(64, method=Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE).save(path, optimize=True)
    if path.stat().st_size > PICTURE_BYTES_MAX:
        raise Failure(f"{path} has {path.stat().st_size} bytes, more than {PICTURE_BYTES_MAX}")


def main() -> int:
    binary, directory, pictures = sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3])
    pictures.mkdir(parents=True, exist_ok=True)
    axe = next(directory.glob("venv/lib/python*/site-packages/axe_playwright_python/axe.min.js")).read_text(encoding="utf-8")
    wrong: list[str] = []
    with service(binary, directory / "certificates") as (port, page):
        make_traffic(port)
        wait_for_counts(page)
        for name, size in SIZES.items():
            with browser(size) as driver:
                for scheme in SCHEMES:
                    print(f"{name}, {scheme}")
                    found = look(driver, page, scheme, axe)
                    for line in found:
                        print(f"  FAILED: {line}")
                    wrong += found
                    take(driver, size, pictures / f"{name}-{scheme}.png")
    for heading in sorted(MISSING):
        print(f"FAILED: the page has no section: {heading}")
    if wrong or MISSING:
        return 1
    print("status-page-check: the page is as it should be")
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except Failure as failure:
        print(f"status-page-check: {failure}", file=sys.stderr)
        sys.exit(1)
