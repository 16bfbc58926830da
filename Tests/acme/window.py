"""The window, opened by hand: what strangers get before, in and after it, and what a flood of them can do."""
import base64
import hashlib
import json
import os
import subprocess
import threading
import time

from shapes import answer, hello, right_hello, shapes
from world import AUTHORITY, DOOR, FLOOD, NAME, Failure, eventually, expect, say, scene

AUTHORIZATION = f"TOKEN.{'x' * 43}"
DIGEST = hashlib.sha256(AUTHORIZATION.encode()).digest()
# The extension of RFC 8737: its identifier, critical, and the digest as an octet string in an octet string.
EXTENSION = bytes.fromhex("06082b0601050507011f0101ff04220420") + DIGEST


def file_door(world, **more):
    door = world.door(None, **more)
    door.configure(world.file_certificate(door.folder, NAME))
    door.start()
    return door


def open_window(door, name=NAME):
    status, text = door.command("challenge", "open", name, f"--digest={DIGEST.hex()}")
    expect(status == 0, f"`gatekeeperd challenge open {name}` exits 0{'' if status == 0 else ': ' + text}")


def close_window(door, name=NAME):
    status, text = door.command("challenge", "close", name)
    expect(status == 0, f"`gatekeeperd challenge close {name}` exits 0{'' if status == 0 else ': ' + text}")


def all_answers(world):
    made = {"right hello": hello(NAME)} | shapes(NAME)
    return {what: answer(world.stranger, data) for what, data in made.items()}


def strangers(world, on_deny, outside, inside):
    door = file_door(world, on_deny=on_deny)
    before = all_answers(world)
    expect(set(before.values()) <= outside, f"before, whatever he sends, a stranger gets: {outside}; {differences(before, outside)}")
    expect(world.served() is not None, "a listed client is served")
    open_window(door)
    got = right_hello(world.authority.host, NAME)
    expect(isinstance(got, tuple), f"in the window a right hello is shown a certificate{'' if isinstance(got, tuple) else ': ' + got}")
    certificate, chosen, ending = got
    expect(EXTENSION in certificate, "with the critical extension that holds the digest")
    expect(chosen == "acme-tls/1" and ending == "end", f"by acme-tls/1, then close_notify (it was: {chosen}, {ending})")
    ending = right_hello(world.authority.host, NAME, sends=b"GET / HTTP/1.1\r\n\r\n")[2]
    told = eventually("it is told", lambda: door.visits("application_data"))
    expect(ending in ("reset", "end") and told, f"an application byte gets no answer: {ending}, and the log has application_data")
    during = all_answers(world)
    during.pop("right hello")
    # One that may become right is waited for; everything else ends at once.
    waited = {what: during.pop(what) for what in ("nothing", "one byte")}
    expect(set(during.values()) <= inside, f"everything else gets: {inside}; {differences(during, inside)}")
    expect(set(waited.values()) <= {"silence", *inside}, f"who says too little is waited for: {waited}")
    since = time.monotonic()
    ending = answer(world.stranger, b"", seconds=8)
    expect(ending in inside and 4 < time.monotonic() - since < 6.5, f"for {time.monotonic() - since:.1f} s, then: {ending}")
    expect(world.served() is not None, "a listed client is served meanwhile")
    close_window(door)
    after = all_answers(world)
    expect(set(after.values()) <= outside, f"after it, byte for byte what it was before; {differences(after, outside)}")
    expect(door.visits() and not door.lines("tls_failed"), f"the log has {len(door.visits())} visits that were shown a certificate")
    eventually("all others are told", lambda: door.lines("denied"))
    reasons = {line["reason"] for line in door.lines("denied") + door.lines("denied_summary")} - {"dropped"}
    expect(reasons == {"not_listed"}, "all others are `denied`, `not_listed`")


def differences(answers, usual):
    return {what: got for what, got in answers.items() if got not in usual} or ""


@scene()
def strangers_reset(world):
    """on_deny: reset."""
    strangers(world, "reset", {"reset"}, {"reset"})


@scene()
def strangers_close(world):
    """on_deny: close; the kernel resets a connection whose bytes nobody has read, whoever closes it how."""
    strangers(world, "close", {"end", "reset"}, {"end", "reset"})


@scene()
def strangers_drop(world):
    """on_deny: drop: the filter is lifted for the window alone, and comes back."""
    strangers(world, "drop", {"nothing at all"}, {"reset"})


@scene()
def listed(world):
    """A listed peer that offers acme-tls/1: alert 120 outside a window, the challenge in it."""
    door = file_door(world)
    got = right_hello(world.clients, NAME)
    expect(isinstance(got, str) and "alert" in got.lower(), f"outside a window: {got}")
    open_window(door)
    got = right_hello(world.clients, NAME)
    expect(isinstance(got, tuple) and EXTENSION in got[0], "in the window: the challenge's certificate")
    expect(world.served() is not None, "without acme-tls/1: the usual one")
    close_window(door)


@scene()
def challenge_command(world):
    """`challenge open`: what it takes, what it refuses, and who is told."""
    door = file_door(world)
    forms = {"hex": DIGEST.hex(), "hex with colons": DIGEST.hex(":"), "upper case": DIGEST.hex(":").upper()}
    forms["base64url"] = base64.urlsafe_b64encode(DIGEST).decode().rstrip("=")
    for form, digest in forms.items():
        status, text = door.command("challenge", "open", NAME, f"--digest={digest}")
        got = right_hello(world.authority.host, NAME)
        expect(status == 0 and isinstance(got, tuple) and EXTENSION in got[0], f"a digest as {form}{'' if status == 0 else ': ' + text}")
        time.sleep(1)
    status, text = door.command("challenge", "open", NAME, f"--key-authorization={AUTHORIZATION}")
    got = right_hello(world.authority.host, NAME)
    expect(status == 0 and isinstance(got, tuple) and EXTENSION in got[0], f"a key authorization{'' if status == 0 else ': ' + text}")
    close_window(door)
    for words in (["open", "mail.example.net", f"--digest={DIGEST.hex()}"], ["open", NAME, "--digest=00"], ["open", NAME]):
        status, text = door.command("challenge", *words)
        expect(status != 0 and len(text.strip()) > 10, f"refused: challenge {' '.join(words)[:40]}…: {text.strip()[:120]}")
    expect(right_hello(world.authority.host, NAME) == "reset", "the window is shut")


@scene()
def flood(world):
    """1 000 a second from one network, silent and then with right hellos, while a certificate is ordered: clients don't notice."""
    attacker = world.add("flood", FLOOD)
    door = world.door()
    door.start()
    world.until_issued()
    with open(f"{world.work}/hello", "wb") as out:
        out.write(hello(NAME))
    quiet = latencies(world, 5)
    say(f"      without a flood: {words(quiet)}")
    for kind, more in (("silent connections", []), ("right hellos", [f"{world.work}/hello"])):
        old = world.served()
        # Held open by hand as well, so that the flood meets a window for as long as it lasts.
        status, text = door.command("challenge", "open", NAME, f"--digest={DIGEST.hex()}")
        expect(status == 0, f"a window is open{'' if status == 0 else ': ' + text}")
        report = f"{world.work}/{kind}"
        with open(report, "w") as out:
            program = ["/usr/bin/python3", "-B", f"{os.path.dirname(__file__)}/flood.py", DOOR, "1000", "20", *more]
            process = subprocess.Popen(["ip", "netns", "exec", "flood", *program], stdout=out)
        found = []
        measuring = threading.Thread(target=lambda: found.extend(latencies(world, 15)), daemon=True)
        measuring.start()
        shown = 0
        for _ in range(5):
            # Within the rate of its network.
            time.sleep(0.7)
            shown += isinstance(right_hello(world.authority.host, NAME), tuple)
        attempts = 0
        while world.served() == old and attempts < 3:
            attempts += 1
            door.renew()
            try:
                eventually("the certificate is renewed", lambda: world.served() != old, 10, 0.2)
            except Failure:
                continue
        measuring.join(40)
        process.wait(40)
        door.command("challenge", "close", NAME)
        with open(report) as text:
            counts = json.load(text)
        say(f"      {kind}: {counts}; clients: {words(found)}")
        expect(counts["answered"] <= (2 * 21 if more else 0), f"{kind}: {counts['answered']} in 20 s were answered, two a second at most")
        expect(shown >= 4, f"{kind}: of five validators in the window {shown} are shown the certificate")
        expect(world.served() != old, f"{kind}: the certificate is renewed meanwhile, after {attempts} orders")
        limit = max(10 * percentile(quiet, 99), 0.050)
        expect(percentile(found, 99) <= limit, f"{kind}: an admitted client's p99 is {percentile(found, 99) * 1000:.1f} ms")
    expect(any(visit["peer"] == AUTHORITY for visit in door.visits()), "the validator was")


def latencies(world, seconds):
    """Of requests over a connection that is kept; a new one every twenty, counted with its handshake."""
    client, found, end = world.client(), [], time.monotonic() + seconds
    while time.monotonic() < end:
        began = time.monotonic()
        if client.request("/", 5.0)[0] != 200:
            raise Failure("an admitted client isn't served")
        found.append(time.monotonic() - began)
        if len(found) % 20 == 0:
            client.close()
        time.sleep(0.002)
    return found


def percentile(found, share):
    return sorted(found)[min(len(found) - 1, len(found) * share // 100)]


def words(found):
    return f"{len(found)} requests, p50 {percentile(found, 50) * 1000:.1f} ms, p99 {percentile(found, 99) * 1000:.1f} ms"
