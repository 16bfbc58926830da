"""What may happen within an order: the service dies, the authority fails, the configuration changes, another process takes over."""
import os
import shutil
import signal
import threading
import time

import meddler
from meddler import Meddler
from orders import expect_shut, order
from world import NAME, OTHER, Failure, acme, eventually, expect, run, say, scene

FAULTS = ["reset", "garbage", "not_http", "endless", (500, [("Content-Type", "text/html")], b"<h1>oops</h1>"),
          (503, [("Retry-After", "1")], b""), (429, [("Retry-After", "2"), ("Content-Type", "application/problem+json")],
          b'{"type":"urn:ietf:params:acme:error:rateLimited","detail":"too many of them","status":429}')]


def between(*names, **more):
    return {"acme": acme(*names, directory=meddler.DIRECTORY, **more)}


def killer(door, at):
    """Kills the door at a request of this number, before pebble has it or before the door has the answer."""
    done = threading.Event()

    def act(number):
        if number == at and not done.is_set():
            done.set()
            door.kill()
            return "reset"
        return None

    return done, act


@scene()
def killed(world):
    """kill -9 before and after each request to the authority: the next start takes the order up, and ends with one certificate."""
    between_them = Meddler(world.authority)
    door = world.door(between("step-0.example.org"))
    door.start()
    world.until_issued("step-0.example.org")
    usual = list(between_them.paths)
    say(f"      an order of one name is {len(usual)} requests: {', '.join(usual)}")
    extra = []
    for step in range(1, len(usual) + 1):
        for is_after in (False, True):
            what = f"{'after' if is_after else 'before'} request {step} ({usual[step - 1]})"
            name = f"step-{step}-{'after' if is_after else 'before'}.example.org"
            door.signal(signal.SIGTERM)
            door.process.wait(60)
            # Another name, with an account of its own.
            os.rename(f"{door.folder}/state", f"{door.folder}/state-before-{name}")
            door.configure(between(name))
            issued, orders = world.authority.issued, world.authority.orders
            between_them.before = between_them.after = None
            done, act = killer(door, between_them.seen + step)
            setattr(between_them, "after" if is_after else "before", act)
            try:
                door.start()
            except Failure:
                if not done.is_set():
                    raise
            if not done.wait(30):
                say(f"      step {step}: not reached, an order took fewer requests this time")
                continue
            eventually("it is dead", lambda: not door.is_alive)
            between_them.before = between_them.after = None
            door.start()
            try:
                world.until_issued(name, seconds=90)
            except Failure:
                raise Failure(f"killed {what}: no certificate") from None
            orders, issued = world.authority.orders - orders, world.authority.issued - issued
            if issued != 1 or orders != 1:
                extra.append(f"{what}: {orders} orders, {issued} certificates")
    # pebble gives no pending order again: when newOrder's answer is lost, there is another one. Authorities that do (Boulder) see one. And it
    # looks at once when it is told to, and once: nobody was there then, so that order is over.
    expect(len(extra) <= 4, f"killed before and after each of {len(usual)} requests: always one certificate in the end; {extra or ''}")
    expect(all("2 orders, 1 certificates" in each for each in extra), "and where newOrder's answer was lost, or it looked while nobody was there, one order more at most")


@scene()
def authority_fails(world):
    """An authority that is down, resets, hangs, or answers nonsense, at each step of a renewal."""
    between_them = Meddler(world.authority)
    door = world.door(between(NAME))
    door.start()
    old = order(world, door)
    steps = between_them.seen
    size = door.rss()
    shutil.copytree(f"{door.folder}/state", f"{world.work}/state", symlinks=True)

    def begin_anew():
        """As it was after the first order: so many failures within an hour would have the service wait."""
        door.signal(signal.SIGTERM)
        door.process.wait(60)
        shutil.rmtree(f"{door.folder}/state")
        shutil.copytree(f"{world.work}/state", f"{door.folder}/state", symlinks=True)
        door.start()

    for fault in FAULTS:
        for step in range(1, steps):
            between_them.before = None
            begin_anew()
            begun = between_them.seen
            # Of a request that is tried again, the first two attempts fail.
            between_them.before = lambda number, begun=begun, step=step, fault=fault: fault if number - begun in (step, step + 1) else None
            door.renew()
            time.sleep(0.3)
            if not door.is_alive or world.served() is None:
                raise Failure(f"{fault} at request {step}: the door doesn't serve any more")
        begin_anew()
        between_them.before = lambda _, fault=fault: fault
        _, _, line = door.renew()
        eventually(f"{fault} is told", lambda line=line: door.lines()[line:], 90, 0.2)
        between_them.before = None
        expect(world.served() is not None and world.client().try_once(seconds=3),
               f"{fault if isinstance(fault, str) else fault[0]}: at each of {steps} requests, and all the time: the door serves")
    expect(door.rss() < size + 60, f"memory: {size} MiB before, {door.rss()} MiB after answers of 1 GiB")
    expect_shut(world)
    begin_anew()
    world.authority.stop()
    held = world.served()
    door.renew()
    expect(world.served() == held, "down: the old certificate is served")
    world.authority.start()
    door.renew()
    order(world, door, old=held, seconds=90)
    # pebble has forgotten the account and the order, as an authority that was set up anew has.
    expect(world.served() not in (old, held), "pebble was started anew, without its accounts: the certificate is renewed all the same")


@scene()
def authority_hangs(world):
    """An authority that takes requests and never answers: the service goes on, and stops when it is told to."""
    between_them = Meddler(world.authority)
    door = world.door(between(NAME))
    door.start()
    old = order(world, door)
    between_them.before = lambda _: "hang"
    background = threading.Thread(target=lambda: door.command("certificates", "renew", NAME, "--now"), daemon=True)
    background.start()
    eventually("it is asked", lambda: between_them.paths[-1].startswith(("GET", "HEAD", "POST")) and between_them.seen > 0)
    time.sleep(1)
    since = time.monotonic()
    status, _ = door.command("status")
    expect(status == 0 and time.monotonic() - since < 2, "commands are answered meanwhile")
    status, text = door.command("reload")
    expect(status == 0 and time.monotonic() - since < 5, f"a reload isn't held up{'' if status == 0 else ': ' + text}")
    expect(world.served() == old, "the old certificate is served")
    line = len(door.lines())
    eventually("it is told that nobody answers", lambda: "answer" in door.told(line) or door.lines("problem"), 120, 0.5)
    since = time.monotonic()
    door.signal(signal.SIGTERM)
    expect(door.process.wait(60) == 0 and time.monotonic() - since < 15, f"SIGTERM ends it in {time.monotonic() - since:.1f} s")


@scene()
def disk(world):
    """Certificates on a file system that may not be written, and on one that is full: told, the old one is served, and it is got over."""
    door = world.door()
    # What is held open for writing (ledger, lock) would keep a file system from being made read-only.
    folder = f"{door.folder}/state/acme/certificates"
    os.makedirs(folder, mode=0o700, exist_ok=True)
    run("mount", "-t", "tmpfs", "-o", "size=1m,mode=700", "tmpfs", folder)
    door.start()
    old = order(world, door)

    def fails(what, words):
        line = len(door.lines())
        door.renew()
        eventually(f"{what} is told", lambda: "order_failed" in door.told(line) and words in door.told(line), 30, 0.2)
        expect(world.served() == old and world.client().try_once(seconds=3), f"{what}: told with “{words}”, the old certificate is served")

    run("mount", "-o", "remount,ro", folder)
    fails("read-only", "Read-only file system")
    run("mount", "-o", "remount,rw", folder)
    door.renew()
    old = order(world, door, old=old)
    with open(f"{folder}/filling", "wb") as filling:
        try:
            while True:
                filling.write(bytes(65536))
                filling.flush()
        except OSError:
            pass
    fails("full", "No space left on device")
    os.unlink(f"{folder}/filling")
    door.renew()
    order(world, door, old=old)


def hold(between_them, path):
    """Holds the next answer to a request of this path back until the second of the two is set."""
    reached, goes_on = threading.Event(), threading.Event()

    def act(number):
        if between_them.paths[number - 1].startswith(path) and not reached.is_set():
            reached.set()
            goes_on.wait(60)
        return None

    between_them.after = act
    return reached, goes_on


def in_the_middle(world, door, between_them, path, act, old):
    reached, goes_on = hold(between_them, path)
    threading.Thread(target=lambda: door.command("certificates", "renew", NAME, "--now"), daemon=True).start()
    if not reached.wait(30):
        raise Failure(f"no request {path}")
    act()
    goes_on.set()
    between_them.after = None
    try:
        return order(world, door, old=old, seconds=30)
    except Failure:
        # Ended cleanly is as good: then it is ordered anew.
        expect(world.served() == old, "the order was ended, and the old certificate is served")
        door.renew()
        return order(world, door, old=old)


@scene()
def midway(world):
    """reload, apply --confirm and SIGUSR2 in the middle of an order: it goes on, or ends cleanly."""
    between_them = Meddler(world.authority)
    door = world.door(between(NAME))
    door.start()
    old = order(world, door)
    new = f"{door.folder}/new.yaml"
    door.configure(between(NAME), file=new, limits={"fields": 90})

    def reload():
        status, text = door.command("reload")
        expect(status == 0, f"`reload` within an order{'' if status == 0 else ': ' + text}")

    def apply():
        status, text = door.command("apply", new, "--confirm", "60s")
        expect(status == 0, f"`apply --confirm` within an order{'' if status == 0 else ': ' + text}")
        status, text = door.command("confirm")
        expect(status == 0, f"`confirm`{'' if status == 0 else ': ' + text}")

    def apply_and_let_go():
        status, text = door.command("apply", new, "--confirm", "2s")
        expect(status == 0, f"`apply --confirm 2s` within an order, that nobody confirms{'' if status == 0 else ': ' + text}")
        time.sleep(3)

    def hand_over():
        before = door.process
        begun = len(door.lines("succession"))
        door.signal(signal.SIGUSR2)
        line = eventually("another process takes over", lambda: [
            each for each in door.lines("succession")[begun:] if each.get("state") in ("handed_over", "failed")], 30)[-1]
        expect(line["state"] == "handed_over", f"SIGUSR2 within an order: {line.get('error', line['state'])}")
        door.process = Successor(line["process"], before)

    for path in ("POST chalZ", "POST finalize-order", "POST certZ"):
        for act in (reload, apply, apply_and_let_go, hand_over):
            orders = world.authority.orders
            old = in_the_middle(world, door, between_them, path, act, old)
            say(f"      {act.__name__} at {path}: {world.authority.orders - orders} orders")
    expect_shut(world)

    def other_names():
        door.configure(between(NAME, OTHER))
        reload()

    in_the_middle(world, door, between_them, "POST chalZ", other_names, old)
    world.until_issued(OTHER)
    expect(True, "other names in the middle of an order: both are served in the end")


class Successor:
    """A process that isn't our child, as a Popen."""

    def __init__(self, number, before):
        self.pid, self.before = number, before

    def poll(self):
        try:
            with open(f"/proc/{self.pid}/stat") as facts:
                return 0 if facts.read().rsplit(")", 1)[1].split()[0] == "Z" else None
        except OSError:
            return 0

    def send_signal(self, number):
        os.kill(self.pid, number)

    def wait(self, seconds):
        eventually("the process ends", lambda: self.poll() is not None, seconds)
        return 0
