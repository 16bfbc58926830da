"""Four doors behind HAProxy: a rolling restart under load, whose address is judged, and what HAProxy's own checks see."""
import csv
import io
import os
import shutil
import signal
import socket
import sys
import threading
import time

from scene import ROOT, Client, Door, Failure, Host, Upstream, bridge, certificates, eventually, expect, say

SHIPPED = f"{ROOT}/packaging/haproxy"
BALANCER = "10.0.0.4"
DOORS = {"one": "10.0.0.11", "two": "10.0.0.12", "three": "10.0.0.13", "four": "10.0.0.14"}
REQUESTS = 20_000


class Load:
    """Clients that ask without a pause, over connections that they keep for a while: GET, POST, and some that take half a second."""

    def __init__(self, new_client, clients=6, slow_clients=3):
        self.count, self.failures, self.lock, self.is_over = 0, [], threading.Lock(), False
        self.threads = [threading.Thread(target=self.ask, args=(new_client(), number < slow_clients), daemon=True)
                        for number in range(clients + slow_clients)]
        for thread in self.threads:
            thread.start()

    def ask(self, client, is_slow):
        number = 0
        while not self.is_over:
            number += 1
            failure = None
            try:
                if is_slow:
                    status, _ = client.request("/slow?500,1000", 20.0)
                else:
                    status, _ = client.request("/", 20.0, b'{"subject": "x"}' if number % 2 else None)
                if status != 200:
                    failure = str(status)
            except OSError as error:
                failure = str(error)
                client.close()
            if number % 200 == 0:
                client.close()
            with self.lock:
                self.count += 1
                if failure:
                    self.failures.append(failure)

    def stop(self):
        self.is_over = True
        for thread in self.threads:
            thread.join(60)


class Balancer:
    def __init__(self, host, folder, change=lambda text: text):
        os.makedirs(folder, exist_ok=True)
        with open(f"{SHIPPED}/haproxy.cfg") as shipped:
            text = change(shipped.read())
        self.socket = f"{folder}/admin.sock"
        with open(f"{folder}/haproxy.cfg", "w") as out:
            out.write(text.replace("/run/haproxy/admin.sock", self.socket))
        host.run("haproxy", "-c", "-f", f"{folder}/haproxy.cfg")
        self.process = host.start("haproxy", "-db", "-f", f"{folder}/haproxy.cfg", log=f"{folder}/log")
        eventually("HAProxy starts", lambda: os.path.exists(self.socket))

    def servers(self):
        with socket.socket(socket.AF_UNIX) as peer:
            peer.connect(self.socket)
            peer.sendall(b"show stat\n")
            text = b"".join(iter(lambda: peer.recv(65536), b"")).decode()
        rows = csv.DictReader(io.StringIO(text.lstrip("# ")))
        return {row["svname"]: row for row in rows if row["pxname"] == "doors" and row["svname"] != "BACKEND"}

    def wait(self, state, *names):
        eventually(f"{names} {state}", lambda: all(self.servers()[name]["status"] == state for name in names), seconds=30)

    def stop(self):
        self.process.terminate()
        self.process.wait(10)


def check_by_tls(text):
    """The shipped file, but for the check: a TLS handshake with the door itself, behind a PROXY header that speaks for nobody (LOCAL)."""
    text = text.replace("    option httpchk GET /readyz\n    http-check expect status 200\n", "")
    return text.replace("check port 9180", "check check-ssl verify none check-send-proxy")


def main(work):
    os.environ["STATUS_TOKEN"] = "0123456789abcdef"
    bridge()
    tls = certificates(f"{work}/tls")
    shutil.copy(f"{tls}/localhost.pem", f"{tls}/fullchain.pem")
    shutil.copy(f"{tls}/localhost-key.pem", f"{tls}/privkey.pem")
    clients, balancer = Host("clients", "10.0.0.50", "10.0.0.66"), Host("balancer", BALANCER)
    Upstream(Host("tickets", "10.0.0.5"), "10.0.0.5")
    with open(f"{SHIPPED}/gatekeeper.yaml") as shipped:
        text = shipped.read().replace("/var/lib/gatekeeper", "state").replace("/run/gatekeeper/", "")
    doors = {}
    for name, address in DOORS.items():
        doors[name] = Door(Host(name, address), f"{work}/{name}", text)
        shutil.copytree(tls, f"{work}/{name}/tls")
        with open(f"{work}/{name}/vendors.txt", "w") as out:
            out.write("10.0.0.50\n")
        doors[name].start()

    def new_client(source="10.0.0.50"):
        return Client(clients, tls, BALANCER, source=source)

    haproxy = Balancer(balancer, f"{work}/haproxy")
    haproxy.wait("UP", *DOORS)
    expect(all(row["check_status"] == "L7OK" for row in haproxy.servers().values()), "HAProxy's checks of /readyz succeed on all four")

    answer = new_client().request()
    expect(answer == (200, b'{"from":"10.0.0.50"}'), "the ticket system is told the client's own address")
    stranger = new_client("10.0.0.66")
    try:
        raise Failure(f"a stranger got {stranger.request()}")
    except OSError:
        lines = eventually("a denial is logged", lambda: [line for door in doors.values() for line in door.lines("denied")])
    seen = [(line["peer"], line["proxy"], line["reason"]) for line in lines]
    expect(seen == [("10.0.0.66", BALANCER, "not_listed")], "an unlisted client is turned away and logged by its own address")

    load = Load(new_client)
    began = time.monotonic()
    eventually("there is load", lambda: load.count > 500)
    for name, door in doors.items():
        since = time.monotonic()
        door.signal(signal.SIGTERM)
        haproxy.wait("DOWN", name)
        told = time.monotonic() - since
        status = door.process.wait(60)
        ended = time.monotonic() - since
        if status != 0:
            raise Failure(f"{name} ended with {status}")
        door.start()
        haproxy.wait("UP", name)
        say(f"      {name}: HAProxy sends it nothing more after {told:.1f} s, it has ended after {ended:.1f} s, back after "
            f"{time.monotonic() - since:.1f} s")
    eventually("there were enough requests", lambda: load.count >= REQUESTS, seconds=90, every=0.2)
    load.stop()
    say(f"      {load.count} requests in {time.monotonic() - began:.0f} s, {len(load.failures)} failed {load.failures[:3] or ''}")
    expect(not load.failures, f"four doors are restarted one after the other: 0 of {load.count} requests fail")

    doors["one"].kill()
    asking = new_client()
    since = time.monotonic()
    failed = sum(not asking.try_once(seconds=5) for _ in range(100))
    took = time.monotonic() - since
    expect(failed == 0, f"one is killed: of 100 connections before HAProxy knows it ({took:.1f} s), {failed} fail")
    doors["one"].start()

    haproxy.stop()
    haproxy = Balancer(balancer, f"{work}/haproxy-tls", check_by_tls)
    haproxy.wait("DOWN", *DOORS)
    lines = eventually("it is told why", lambda: [line for line in doors["one"].lines("denied") if line["peer"] == BALANCER])
    status = haproxy.servers()["one"]["check_status"]
    expect(lines[0]["reason"] == "balancer_check", f"checks by TLS of a balancer that isn't in `allow` fail ({status}); the log has why")
    for name, door in doors.items():
        with open(f"{work}/{name}/vendors.new", "w") as out:
            out.write(f"10.0.0.50\n{BALANCER}\n")
        os.rename(f"{work}/{name}/vendors.new", f"{work}/{name}/vendors.txt")
    haproxy.wait("UP", *DOORS)
    checks = {row["check_status"] for row in haproxy.servers().values()}
    expect(checks == {"L6OK"} and new_client().request()[0] == 200, f"of one that is in `allow` they succeed: {checks}")


if __name__ == "__main__":
    main(sys.argv[1])
