"""Who takes part in a scene: a door, its clients and strangers, a ticket API, and an authority (Debian's pebble) that nobody has listed.

Each is a host of its own (packaging/tests/scene.py, which packaging/test-acme puts on the path). Names are answered by
pebble-challtestsrv, for pebble and for everybody else.
"""
import hashlib
import http.client
import json
import os
import re
import shutil
import ssl
import subprocess
import time

from scene import BINARY, ROOT, Client, Door, Failure, Host, Upstream, bridge, eventually, expect, run, say

DOOR, TICKETS, ADMITTED, STRANGER = "10.0.0.11", "10.0.0.5", "10.0.0.50", "10.0.0.66"
AUTHORITY, FLOOD = "203.0.113.30", "198.51.100.7"
NAME, OTHER = "tickets.example.org", "support.example.org"
DIRECTORY = "https://acme.test:14000/dir"
CONFIGURATION = """\
listen: ["0.0.0.0:443"]
allow: [{address: 10.0.0.50, label: Vendor}]
upstream: {url: "http://10.0.0.5:8080"}
state: state
control: control.sock
workers: 2
"""


def acme(*names, directory=DIRECTORY, **more):
    """The value of `acme:` in a configuration; JSON is YAML as well."""
    return {"names": list(names), "directory": directory, "directory_ca": "directory-ca.pem", **more}


def openssl(*arguments):
    return run("openssl", *arguments)


def make_certificate(folder, name, names, authority=None):
    """Writes NAME.pem and NAME-key.pem: of the authority of that name, or one that signs itself."""
    command = ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "30", "-subj", f"/CN={name}"]
    command += ["-keyout", f"{folder}/{name}-key.pem", "-out", f"{folder}/{name}.pem"]
    if authority:
        alternatives = ",".join(f"{'IP' if re.fullmatch('[0-9.]+', each) else 'DNS'}:{each}" for each in names)
        command += ["-CA", f"{folder}/{authority}.pem", "-CAkey", f"{folder}/{authority}-key.pem"]
        command += ["-addext", f"subjectAltName={alternatives}"]
        command += ["-addext", "basicConstraints=critical,CA:FALSE", "-addext", "extendedKeyUsage=serverAuth"]
    openssl(*command)


def cover(path, text):
    """Puts a text in a file's place, for the processes of this scene."""
    path = os.path.realpath(path)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    own = f"/run/{path.replace('/', '_')}"
    with open(own, "w") as out:
        out.write(text)
    if not os.path.exists(path):
        open(path, "w").close()
    run("mount", "--bind", own, path)


def program(name, text):
    """Writes a program where nobody but root may change it, as the service wants it, and returns its path."""
    path = f"/run/programs/{name}"
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w") as out:
        out.write(text)
    os.chmod(path, 0o755)
    return path


class Names:
    """pebble-challtestsrv on the authority's host: every name leads to the door, until something else is said."""

    def __init__(self, host, folder):
        self.host = host
        command = ["pebble-challtestsrv", "-defaultIPv4", DOOR, "-defaultIPv6", "", "-dns01", f"{AUTHORITY}:53"]
        for unused in ("-http01", "-https01", "-tlsalpn01"):
            command += [unused, ""]
        host.start(*command, "-management", f"{AUTHORITY}:8055", log=f"{folder}/names.log")
        eventually("names are answered", lambda: host.get(AUTHORITY, 8055, "/"))

    def post(self, path, **body):
        with self.host.entered():
            asking = http.client.HTTPConnection(AUTHORITY, 8055, timeout=5)
            asking.request("POST", path, json.dumps(body))
            if asking.getresponse().status != 200:
                raise Failure(f"pebble-challtestsrv refuses {path}")
            asking.close()

    def lead(self, name, address):
        self.post("/clear-a", host=f"{name}.")
        self.post("/add-a", host=f"{name}.", addresses=[address])


class Authority:
    """pebble on a host of its own, whose address is on nobody's list."""

    def __init__(self, folder, **settings):
        self.folder = folder
        os.makedirs(folder)
        self.host = Host("authority", f"{AUTHORITY}")
        self.host.run("ip", "route", "add", "default", "dev", "eth0")
        make_certificate(folder, "root", [])
        make_certificate(folder, "acme.test", ["acme.test", AUTHORITY], "root")
        cover("/etc/hosts", f"127.0.0.1 localhost\n{AUTHORITY} acme.test\n")
        cover("/etc/resolv.conf", f"nameserver {AUTHORITY}\n")
        # For clients that have no setting for the authority's own certificate.
        with open(f"{folder}/root.pem") as root:
            cover("/etc/ssl/certs/ca-certificates.crt", root.read())
        self.names = Names(self.host, folder)
        self.log, self.process = f"{folder}/pebble.log", None
        self.start(**settings)

    def start(self, *flags, nonces=0, reuse=0, binding=None, days=None, sleep=0):
        """Share of good nonces refused and of valid authorizations given again, in percent; validators that wait up to so many seconds."""
        pebble = {
            "listenAddress": f"{AUTHORITY}:14000", "managementListenAddress": f"{AUTHORITY}:15000",
            "certificate": f"{self.folder}/acme.test.pem", "privateKey": f"{self.folder}/acme.test-key.pem", "httpPort": 80, "tlsPort": 443,
            "ocspResponderURL": "", "externalAccountBindingRequired": binding is not None, "externalAccountMACKeys": binding or {},
        }
        if days:
            pebble["certificateValidityPeriod"] = days * 86400
        with open(f"{self.folder}/pebble.json", "w") as out:
            json.dump({"pebble": pebble}, out)
        os.environ.pop("PEBBLE_VA_NOSLEEP", None)
        os.environ |= {"PEBBLE_WFE_NONCEREJECT": str(nonces), "PEBBLE_AUTHZREUSE": str(reuse)}
        os.environ |= {"PEBBLE_VA_SLEEPTIME": str(sleep)} if sleep else {"PEBBLE_VA_NOSLEEP": "1"}
        self.process = self.host.start(
            "pebble", "-config", f"{self.folder}/pebble.json", "-dnsserver", f"{AUTHORITY}:53", *flags, log=self.log)
        root = eventually("pebble starts", lambda: self.process.poll() is None and self.get("/roots/0"))
        os.makedirs(f"{self.folder}/issued", exist_ok=True)
        with open(f"{self.folder}/issued/ca.pem", "w") as out:
            out.write(root)

    def stop(self):
        self.process.kill()
        self.process.wait(10)

    def get(self, path, port=15000):
        context = ssl.create_default_context(cafile=f"{self.folder}/root.pem")
        try:
            with self.host.entered():
                asking = http.client.HTTPSConnection(AUTHORITY, port, timeout=2, context=context)
                asking.request("GET", path)
                return asking.getresponse().read().decode()
        except OSError:
            return None

    def said(self, pattern):
        """How often a line of pebble's log has this."""
        with open(self.log) as text:
            return len(re.findall(pattern, text.read()))

    @property
    def issued(self):
        return self.said("Issued certificate serial")

    @property
    def orders(self):
        return self.said("Added order ")


class AcmeDoor(Door):
    """A door whose certificate is the matter."""

    def __init__(self, host, folder, authority, tls, **more):
        os.makedirs(folder, exist_ok=True)
        shutil.copy(f"{authority.folder}/root.pem", f"{folder}/directory-ca.pem")
        self.more = more
        super().__init__(host, folder, self.text(tls))

    def text(self, tls, **more):
        return CONFIGURATION + "".join(f"{key}: {json.dumps(value)}\n" for key, value in ({"tls": tls} | self.more | more).items())

    def configure(self, tls, file=None, **more):
        with open(file or self.file, "w") as out:
            out.write(self.text(tls, **more))

    def command(self, *words, config=None, environment=None):
        """Status and words of a command that speaks to this door."""
        done = subprocess.run(
            ["ip", "netns", "exec", self.host.name, BINARY, *words, "--config", config or self.file], stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=environment, timeout=180)
        return done.returncode, done.stdout

    def renew(self, name=NAME, seconds=60):
        """Has a certificate ordered now. What the command says; it may come back before the order has ended."""
        before = len(self.lines())
        status, text = self.command("certificates", "renew", name, "--now")
        return status, text, before

    def told(self, since=0):
        """Everything that the log says from a line on, and `certificates` as well."""
        return "\n".join(json.dumps(line) for line in self.lines()[since:]) + self.command("certificates")[1]

    def visits(self, outcome="shown"):
        return [line for line in self.lines("challenge") if outcome in (None, line["outcome"])]

    def stored(self, name=NAME):
        return f"{self.folder}/state/acme/certificates/{name.replace('*', '_')}/current"

    def rss(self):
        with open(f"/proc/{self.process.pid}/status") as facts:
            return int(re.search(r"VmRSS:\s+(\d+)", facts.read())[1]) // 1024

    @property
    def is_alive(self):
        return self.process.poll() is None


class World:
    """One door before one ticket API, its clients, a stranger and an authority."""

    def __init__(self, work, **settings):
        bridge()
        self.work = work
        self.door_host, self.clients = self.add("door", DOOR), self.add("clients", ADMITTED)
        self.stranger = self.add("stranger", STRANGER)
        Upstream(self.add("tickets", TICKETS), TICKETS)
        self.authority = Authority(f"{work}/authority", **settings)
        self.names = self.authority.names

    @staticmethod
    def add(name, *addresses):
        host = Host(name, *addresses)
        # Everybody is on one line, whatever the network.
        host.run("ip", "route", "add", "default", "dev", "eth0")
        return host

    def door(self, tls=None, **more):
        return AcmeDoor(self.door_host, f"{self.work}/door", self.authority, tls or {"acme": acme(NAME)}, **more)

    def client(self, name=NAME, address=DOOR):
        return Client(self.clients, f"{self.authority.folder}/issued", address, name=name)

    def served(self, name=NAME, address=DOOR, host=None):
        """The SHA-256 of the certificate that an admitted client is shown; None if there is none."""
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        try:
            with (host or self.clients).connect(address, 443, 3) as plain, context.wrap_socket(plain, server_hostname=name) as peer:
                return hashlib.sha256(peer.getpeercert(binary_form=True)).hexdigest()
        except OSError:
            return None

    def until_issued(self, name=NAME, other_than=None, seconds=60, address=DOOR):
        """Seconds until a client that trusts the authority alone is served by a certificate for this name, other than that one."""
        began = time.monotonic()

        def is_served():
            seen = self.served(name, address)
            return seen and seen != other_than and self.client(name, address).try_once(seconds=3)

        eventually(f"a certificate for {name} is served", is_served, seconds, every=0.05)
        return time.monotonic() - began

    def file_certificate(self, folder, *names):
        """A certificate of no authority that clients trust, as a file, for what needs one to begin with."""
        make_certificate(self.authority.folder, "plain", names, "root")
        for kind, name in (("plain.pem", "fullchain.pem"), ("plain-key.pem", "privkey.pem")):
            shutil.copy(f"{self.authority.folder}/{kind}", f"{folder}/{name}")
        return {"certificate": "fullchain.pem", "key": "privkey.pem"}


SCENES = {}


def scene(**settings):
    """A scene by its function's name, and what it wants of the authority; the function's documentation is what it shows."""

    def add(function):
        SCENES[function.__name__.replace("_", "-")] = lambda work: function(World(work, **settings))
        return function

    return add


__all__ = [
    "AUTHORITY", "AcmeDoor", "BINARY", "DIRECTORY", "DOOR", "FLOOD", "Failure", "NAME", "OTHER", "ROOT", "SCENES", "TICKETS", "acme",
    "eventually", "expect", "openssl", "program", "say", "scene"]
