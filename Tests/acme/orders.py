"""Orders that the door places by itself: the first, renewals, and what an authority may make of them."""
import glob
import os
import re
import shutil
import stat
import time

from haproxy_test import Load
from world import (AUTHORITY, DOOR, NAME, OTHER, TICKETS, Failure, World, acme, eventually, expect, openssl, say, scene)
from shapes import right_hello

SECONDS_MAX = 15
REQUESTS = 20_000


def names_of(path):
    return set(re.findall(r"DNS:([^,\s]+)", openssl("x509", "-in", path, "-noout", "-ext", "subjectAltName")))


def order(world, door, name=NAME, old=None, seconds=60):
    took = world.until_issued(name, old, seconds)
    say(f"      served after {took:.1f} s")
    return world.served(name)


def expect_shut(world, name=NAME):
    """A hello that would be right in the window is reset, as anybody's."""
    answer = right_hello(world.authority.host, name)
    expect(answer == "reset", f"the window is shut: a right hello from a stranger gets: {answer}")


@scene()
def issue(world):
    """From `tls.acme` in a new configuration to a served certificate: one name, then two."""
    door = world.door(world.file_certificate(f"{world.work}", NAME))
    shutil.copy(f"{world.work}/fullchain.pem", door.folder)
    shutil.copy(f"{world.work}/privkey.pem", door.folder)
    door.start()
    expect_shut(world)
    for names in ([NAME], [NAME, OTHER]):
        old = world.served()
        door.configure({"acme": acme(*names, contact="admin@example.org")})
        began = time.monotonic()
        status, text = door.command("reload")
        expect(status == 0, f"`gatekeeperd reload` takes {names}{'' if status == 0 else ': ' + text}")
        for name in names:
            world.until_issued(name, old)
        took = time.monotonic() - began
        expect(took <= SECONDS_MAX, f"from `tls.acme` to a served certificate for {' and '.join(names)}: {took:.1f} s")
        stored = door.stored(names[0])
        expect(names_of(f"{stored}/fullchain.pem") == set(names), "it is for these names and no other")
    expect(os.path.islink(stored), "`current` is a link, so that certificate and key change together")
    files = [path for path in glob.glob(f"{door.folder}/state/acme/**", recursive=True) if os.path.isfile(path)]
    for path in files:
        if stat.S_IMODE(os.stat(path).st_mode) & 0o077:
            raise Failure(f"{path} is open to others")
    expect(stat.S_IMODE(os.stat(f"{door.folder}/state/acme").st_mode) == 0o700, "what lies below `state:` is the service's alone")
    visits = door.visits()
    expect({(visit["peer"], visit["name"]) for visit in visits} == {(AUTHORITY, NAME), (AUTHORITY, OTHER)},
           f"each validator is in the log, by address and name ({len(visits)} came)")
    status, text = door.command("certificates")
    expect(status == 0 and NAME in text and OTHER in text, "`gatekeeperd certificates` shows it, and finds nothing to do")
    expect_shut(world)


@scene()
def first_start(world):
    """Without any certificate: a handshake alert and nothing else, until the certificate is there."""
    world.authority.stop()
    door = world.door()
    door.start()
    expect(world.served() is None and door.is_alive, "without a certificate and without an authority the door runs, and serves nobody")
    status, text = door.command("certificates")
    expect(status == 3, f"`gatekeeperd certificates` exits 3: {text.strip()[:160]}")
    world.authority.start()
    door.command("certificates", "renew", NAME, "--now")
    order(world, door)


@scene()
def renew(world):
    """A renewal on command: another key, another certificate, and the connection of before goes on."""
    door = world.door()
    door.start()
    old = order(world, door)
    with open(f"{door.stored()}/privkey.pem") as file:
        key = file.read()
    kept = world.client()
    kept.request()
    peer = kept.peer
    status, text, _ = door.renew()
    expect(status == 0, f"`gatekeeperd certificates renew {NAME} --now` exits 0{'' if status == 0 else ': ' + text}")
    order(world, door, old=old)
    expect(kept.request()[0] == 200 and kept.peer is peer, "a connection of before is served on")
    with open(f"{door.stored()}/privkey.pem") as file:
        expect(file.read() != key, "the new certificate has a key of its own")
    expect(world.authority.issued == 2 and world.authority.orders == 2, "two orders, two certificates")
    door.signal(15)
    door.process.wait(60)
    door.start()
    time.sleep(3)
    expect(world.served() is not None and world.authority.orders == 2, "a restart serves what is there, and orders nothing")
    expect_shut(world)


@scene()
def nonces(world):
    """15 % and 50 % of good nonces are refused."""
    door = world.door({"acme": acme(NAME, OTHER)})
    old = None
    for share in (15, 50):
        world.authority.stop()
        world.authority.start("-strict", nonces=share)
        if old:
            door.renew()
        else:
            door.start()
        old = order(world, door, old=old, seconds=90)
        expect(True, f"{share} % refused, -strict: the certificate is there")


@scene(reuse=100)
def reuse(world):
    """A valid authorization is used again, without a challenge."""
    door = world.door()
    door.start()
    old = order(world, door)
    shown = len(door.visits(None))
    door.renew()
    order(world, door, old=old)
    expect(len(door.visits(None)) == shown, "renewed by a valid authorization: no challenge, no window")


@scene()
def elsewhere(world):
    """A name that leads to another host: told in the authority's words, and the old certificate stays."""
    door = world.door()
    door.start()
    old = order(world, door)
    world.names.lead(NAME, TICKETS)
    orders = world.authority.orders
    _, _, line = door.renew()
    eventually("the failure is told", lambda: f"Failed to connect to {TICKETS}:443" in door.told(line), 90, 0.5)
    expect(True, "the failure is told in the authority's words")
    expect(door.command("certificates")[0] == 3, "`gatekeeperd certificates` exits 3")
    expect(world.served() == old, "the old certificate is served")
    expect_shut(world)
    tried = world.authority.orders
    time.sleep(30)
    expect(world.authority.orders == tried <= orders + 1, "it isn't tried again within half a minute")
    world.names.lead(NAME, DOOR)
    door.renew()
    order(world, door, old=old)


@scene()
def several(world):
    """Four certificates at once, one of them for two names."""
    names = [["a.example.org"], ["b.example.org"], ["c.example.org", "d.example.org"], ["e.example.org"]]
    door = world.door({"certificates": [{"acme": acme(*each)} for each in names]})
    door.start()
    seen = {}
    for each in names:
        for name in each:
            world.until_issued(name, seconds=90)
            seen[name] = world.served(name)
    expect(seen["c.example.org"] == seen["d.example.org"] and len(set(seen.values())) == 4, "each name is served by its own certificate")
    expect(world.authority.orders == world.authority.issued == 4, "four orders, four certificates")


@scene()
def many_names(world):
    """Ten names on one certificate, validated at the same time from one network."""
    names = [f"n{number}.example.org" for number in range(10)]
    door = world.door({"acme": acme(*names)})
    door.start()
    world.until_issued(names[0], seconds=120)
    expect(names_of(f"{door.stored(names[0])}/fullchain.pem") == set(names), "one certificate for ten names")


@scene(binding={"kid-1": "zWNDZM6eQGHWpSRTPal5eIUYFTu7EajVIoguysqZ9wG44nMEtx3MUAsUDkMTQ12W"})
def binding(world):
    """An authority that wants an account of its own (external account binding)."""
    door = world.door()
    door.start()
    eventually("it is told that a binding is wanted", lambda: re.search("(?i)external account|eab", door.told()), 60, 0.5)
    expect(world.served() is None, "without `eab` there is no certificate, and the log says what is missing")
    key = "zWNDZM6eQGHWpSRTPal5eIUYFTu7EajVIoguysqZ9wG44nMEtx3MUAsUDkMTQ12W"
    door.configure({"acme": acme(NAME, eab={"id": "kid-1", "hmac": key})})
    status, text = door.command("reload")
    expect(status == 0, f"`eab` is taken{'' if status == 0 else ': ' + text}")
    door.renew()
    order(world, door)
    with open(door.log) as log:
        expect(key not in log.read() and key not in door.command("status")[1], "the key of the binding is in no message")


@scene()
def deactivated(world):
    """The account was deactivated by its owner: told, and the old certificate stays."""
    door = world.door()
    door.start()
    old = order(world, door)
    (key,) = glob.glob(f"{door.folder}/state/acme/accounts/*/key.pem")
    os.makedirs(f"{world.work}/uacme/private")
    shutil.copy(key, f"{world.work}/uacme/private/key.pem")
    world.authority.host.run("uacme", "-a", "https://acme.test:14000/dir", "-c", f"{world.work}/uacme", "deactivate")
    _, _, line = door.renew()
    eventually("it is told", lambda: re.search("(?i)deactivated|account", door.told(line)), 60, 0.5)
    expect(door.is_alive and world.served() is not None, "a deactivated account is told, and the door serves")
    expect(world.served() == old or world.authority.issued == 2, "by the old certificate, or by one of a new account")


@scene()
def page(world):
    """HTTP-01: port 80 is bound only while a challenge is pending, and answers nothing else."""
    door = world.door({"acme": acme(NAME, OTHER, challenge="http-01")})
    expect(world.stranger.get(DOOR, 80, "/") is None, "port 80 is closed before")
    door.start()
    order(world, door)
    expect(names_of(f"{door.stored()}/fullchain.pem") == {NAME, OTHER}, "a certificate for two names")
    for host in (world.stranger, world.clients):
        try:
            host.connect(DOOR, 80, 2).close()
            raise Failure(f"port 80 is open for {host.name} after the order")
        except ConnectionRefusedError:
            pass
    expect(True, "port 80 is closed after it, for everybody")
    expect({visit["name"] for visit in door.visits()} == {NAME, OTHER}, "each page that was shown is in the log")


@scene(reuse=0)
def load(world):
    """Requests under load over renewals: none is lost."""
    door = world.door()
    door.start()
    order(world, door)
    load = Load(world.client)
    eventually("there is load", lambda: load.count > 500)
    renewals = 0
    while load.count < REQUESTS or renewals < 4:
        old = world.served()
        door.renew()
        world.until_issued(other_than=old)
        renewals += 1
    load.stop()
    failed = f"{len(load.failures)} of {load.count} requests fail {load.failures[:3] or ''}"
    expect(not load.failures, f"{renewals} renewals under load: {failed}")
