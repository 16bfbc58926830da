"""Two doors share an address by keepalived: how long nobody is served when the active one goes, and what a request under way sees."""
import shutil
import signal
import sys
import time

from scene import ROOT, Client, Door, Host, Underway, Upstream, bridge, certificates, eventually, expect, run, say

SHARED = "10.0.0.100"
OWN = {"one": "10.0.0.11", "other": "10.0.0.12"}
LIMIT = 3.0
SHIPPED = f"{ROOT}/packaging/keepalived"


class Node:
    """One of the two machines: a door and keepalived, by the files that are shipped."""

    def __init__(self, name, work, tls):
        self.host, self.folder = Host(name, OWN[name]), f"{work}/{name}"
        with open(f"{SHIPPED}/gatekeeper.yaml") as shipped:
            text = shipped.read()
        text = text.replace("/var/lib/gatekeeper", "state").replace("/run/gatekeeper/", "")
        self.door = Door(self.host, self.folder, text)
        with open(f"{SHIPPED}/60-gatekeeper.conf") as shipped:
            self.host.run("sysctl", "--quiet", "--write", *(line.replace(" ", "").strip() for line in shipped if "=" in line))
        shutil.copytree(tls, f"{self.folder}/tls")
        with open(f"{self.folder}/vendors.txt", "w") as out:
            out.write("10.0.0.50\n")
        with open(f"{SHIPPED}/keepalived.conf") as shipped:
            text = shipped.read()
        if name == "other":
            mine, peer = OWN["one"], OWN["other"]
            text = text.replace(f"unicast_src_ip {mine}", f"unicast_src_ip {peer}").replace(f"        {peer}\n", f"        {mine}\n")
        with open(f"{self.folder}/keepalived.conf", "w") as out:
            out.write(text)

    def start(self):
        """The service first: it listens on an address that isn't here yet."""
        self.door.start()
        expect(SHARED not in self.host.run("ip", "address"), f"the door on {self.host.name} listens on {SHARED} before it is there")
        command = ["keepalived", "--dont-fork", "--log-console", "--log-detail", "--use-file", f"{self.folder}/keepalived.conf"]
        for flag in ("pid", "vrrp_pid", "checkers_pid"):
            command += [f"--{flag}", f"{self.folder}/{flag}"]
        self.host.start(*command, log=f"{self.folder}/keepalived.log")

    @property
    def is_active(self):
        return self.host.has(SHARED)

    def ready(self):
        return self.host.get("127.0.0.1", 9180, "/readyz")


class Scene:
    def __init__(self, work):
        # In this test's own view of the file system, where keepalived trusts it.
        run("mount", "-t", "tmpfs", "-o", "mode=755", "tmpfs", "/etc/keepalived")
        shutil.copy(f"{SHIPPED}/gatekeeper-check", "/etc/keepalived/gatekeeper-check")
        bridge()
        self.tls = certificates(f"{work}/tls")
        for name in ("cert", "key"):
            source = "localhost-key.pem" if name == "key" else "localhost.pem"
            shutil.copy(f"{self.tls}/{source}", f"{self.tls}/{'privkey' if name == 'key' else 'fullchain'}.pem")
        self.client, self.tickets = Host("client", "10.0.0.50"), Host("tickets", "10.0.0.5")
        Upstream(self.tickets, "10.0.0.5")
        self.nodes = [Node(name, work, self.tls) for name in OWN]
        for node in self.nodes:
            node.start()
        self.asking = self.new_client()
        eventually("one of the two has the address", lambda: any(node.is_active for node in self.nodes))
        self.asking.until_served(time.monotonic())
        eventually("one of the two has the address, alone", lambda: [node.is_active for node in self.nodes].count(True) == 1)

    def new_client(self):
        return Client(self.client, self.tls, SHARED)

    def case(self, name, act, mend, limit=LIMIT, seconds=5, is_planned=False):
        """Takes the active one away while clients ask, and brings it back."""
        active, standby = sorted(self.nodes, key=lambda node: not node.is_active)
        sizes = (1_000, 1_000_000)
        under_way = [Underway(self.new_client(), f"/slow?{seconds * 1000},{size}", 12.0) for size in sizes]
        time.sleep(1.0)
        since = time.monotonic()
        act(active)
        served = self.asking.until_served(since)
        worst = served
        # One that leaves takes connections until the address has moved: what counts is the longest wait of all.
        while not standby.is_active or time.monotonic() - since < 6:
            worst = max(worst, self.asking.until_served(time.monotonic()))
        expect(worst <= limit, f"{name}: served again {served:.2f} s after it, and nobody waited longer than {worst:.2f} s")
        fates = [request.result(since) for request in under_way]
        for size, fate in zip(sizes, fates):
            say(f"      under way, {seconds} s for an answer of {size // 1000} kB: {fate}")
        if is_planned:
            expect(fates[0].startswith("answered 200"), f"{name}: what is under way is answered, if it is small")
        mend(active)
        eventually(f"{active.host.name} is ready again", lambda: active.ready() == (200, "ready\n"))
        time.sleep(4)
        expect(standby.is_active and not active.is_active, "the address stays where it is when the machine is back")


def main(work):
    scene = Scene(work)

    def restart(node):
        node.door.process.wait(60)
        node.door.start()

    scene.case("killed", lambda node: node.door.kill(), lambda node: node.door.start())
    scene.case("line cut", lambda node: node.host.line("down"), lambda node: node.host.line("up"))
    scene.case("stopped", lambda node: node.door.signal(signal.SIGTERM), restart, is_planned=True)
    blackhole = ("ip", "route", "{}", "blackhole", "10.0.0.5/32")
    scene.case(
        "the ticket system out of reach", lambda node: node.host.run(*(word.format("add") for word in blackhole)),
        lambda node: node.host.run(*(word.format("delete") for word in blackhole)), limit=10)

    scene.tickets.line("down")
    for node in scene.nodes:
        eventually(f"{node.host.name} sees no ticket system", lambda node=node: node.ready()[0] == 503, seconds=30)
    # Who notices it first gives the address to the other one, once.
    time.sleep(4)
    expect([node.is_active for node in scene.nodes].count(True) == 1, "no ticket system for either: one has the address all the same")
    expect(scene.new_client().request(seconds=20)[0] == 503, "and clients are answered 503")


if __name__ == "__main__":
    main(sys.argv[1])
