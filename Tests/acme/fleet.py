"""A load balancer in front: one door, and two of them."""
import os
import shutil
import textwrap

from programs import RECORDS
from world import AUTHORITY, DOOR, NAME, AcmeDoor, acme, eventually, expect, program, scene

BALANCER, SECOND = "10.0.0.4", "10.0.0.12"


def balancer(world, *doors):
    """HAProxy that passes TLS through unopened, with a PROXY header of version 2."""
    host = world.add("balancer", BALANCER)
    os.makedirs(f"{world.work}/haproxy")
    servers = "".join(f"    server door{number} {address}:443 send-proxy-v2\n" for number, address in enumerate(doors))
    with open(f"{world.work}/haproxy/haproxy.cfg", "w") as out:
        out.write(textwrap.dedent("""\
            defaults
                mode tcp
                timeout connect 2s
                timeout client 90s
                timeout server 90s
            frontend tickets
                bind :443
                default_backend doors
            backend doors
                balance roundrobin
            """) + servers)
    process = host.start("haproxy", "-db", "-f", f"{world.work}/haproxy/haproxy.cfg", log=f"{world.work}/haproxy/log")

    def listens():
        try:
            host.connect(BALANCER, 443, 1).close()
            return True
        except OSError:
            return False

    eventually("HAProxy starts", lambda: process.poll() is None and listens())
    world.names.lead(NAME, BALANCER)


def proxied(world, host, name, tls):
    """A door whose connections all come from the balancer."""
    door = AcmeDoor(host, f"{world.work}/{name}", world.authority, tls)
    base = door.text(tls).replace('listen: ["0.0.0.0:443"]', f'listen: [{{address: "0.0.0.0:443", proxy_protocol_from: [{BALANCER}]}}]')
    with open(door.file, "w") as out:
        out.write(base)
    return door


@scene()
def behind_a_balancer(world):
    """One door behind HAProxy: validators come by way of it, and are known by their own addresses."""
    balancer(world, DOOR)
    door = proxied(world, world.door_host, "door", {"acme": acme(NAME)})
    door.start()
    world.until_issued(address=BALANCER)
    old = world.served(address=BALANCER)
    expect({visit["peer"] for visit in door.visits()} == {AUTHORITY}, "validators are in the log by their own addresses")
    door.renew()
    world.until_issued(other_than=old, address=BALANCER)
    expect(True, "and it is renewed")


@scene()
def two_doors(world):
    """Two doors behind HAProxy: one orders by DNS-01, and its files are brought to the other one, which watches them."""
    second = world.add("second", SECOND)
    balancer(world, DOOR, SECOND)
    records = program("dns", RECORDS)
    first = proxied(world, world.door_host, "first", {"acme": acme(NAME, challenge={"command": records})})
    other = proxied(world, second, "other", {"certificate": "fullchain.pem", "key": "privkey.pem"})
    world.file_certificate(other.folder, NAME)
    other.start()
    first.start()

    def shown():
        return {world.served(address=BALANCER) for _ in range(4)}

    def bring():
        """As rsync does: each file whole, under another name first."""
        for name in ("privkey.pem", "fullchain.pem"):
            shutil.copy(f"{first.stored()}/{name}", f"{other.folder}/.{name}")
            os.rename(f"{other.folder}/.{name}", f"{other.folder}/{name}")

    old = None
    for _ in range(2):
        eventually("there is a new certificate", lambda: issue_of(first) not in (None, old), 60)
        old = issue_of(first)
        bring()
        asking = world.client(address=BALANCER)
        eventually("both show it", lambda: len(shown()) == 1 and asking.try_once(seconds=3) and asking.try_once(seconds=3), 15, 0.2)
        expect(True, "both doors show the same certificate")
        first.renew()
    expect(not first.visits(None) and not other.visits(None), "without any window")


def issue_of(door):
    """The folder of the certificate that is in force; None if there is none."""
    return os.path.realpath(door.stored()) if os.path.exists(f"{door.stored()}/fullchain.pem") else None
