"""Other people's clients at this door: by the window with our hooks, and by the ways that need no window."""
import os
import shutil
import textwrap

from orders import expect_shut, names_of
from world import (AUTHORITY, BINARY, DIRECTORY, DOOR, NAME, OTHER, ROOT, Failure, acme, expect, program, say, scene)

HOOKS = f"{ROOT}/packaging/acme"
ROOTS = "/etc/ssl/certs/ca-certificates.crt"
DEPLOY = f"{ROOT}/packaging/certbot/gatekeeper"


class Surroundings:
    """A door with a certificate of files, and what the hooks find in their environment."""

    def __init__(self, world, *names):
        self.world = world
        self.door = world.door()
        self.tls = f"{self.door.folder}/tls"
        os.makedirs(self.tls)
        world.file_certificate(self.tls, *(names or (NAME,)))
        self.door.configure({"certificate": "tls/fullchain.pem", "key": "tls/privkey.pem"})
        self.door.start()
        os.environ |= {
            "GATEKEEPERD": BINARY, "GATEKEEPER_CONFIG": self.door.file, "GATEKEEPER_TLS": self.tls, "GATEKEEPER_USER": "root",
            "EXEC_PATH": program("dns", RECORDS),
            "LEGO_CA_CERTIFICATES": ROOTS, "REQUESTS_CA_BUNDLE": ROOTS}

    def run(self, *command):
        """On the door's machine, where such a client is installed."""
        return self.door.host.run(*command)

    def expect_served(self, what, *names, old=None):
        self.world.until_issued(names[0], old, 20)
        expect(names_of(f"{self.tls}/fullchain.pem") == set(names), f"{what}: the new certificate for {' and '.join(names)} is served")


# Sets a record at pebble-challtestsrv, by the contract of lego's `exec` provider. The service hands on no environment.
RECORDS = textwrap.dedent(f"""\
    #!/bin/sh
    set -eu
    case $1 in
    present) curl -sf -d "{{\\"host\\":\\"$2\\",\\"value\\":\\"$3\\"}}" http://{AUTHORITY}:8055/set-txt ;;
    cleanup) curl -sf -d "{{\\"host\\":\\"$2\\"}}" http://{AUTHORITY}:8055/clear-txt ;;
    esac
    """)


@scene()
def dehydrated(world):
    """dehydrated by the window, with HOOK_CHAIN and without: two names, a renewal, a failure."""
    here = Surroundings(world, NAME, OTHER)
    folder = f"{world.work}/dehydrated"
    os.makedirs(folder)
    old = world.served()
    for chain in ("no", "yes"):
        with open(f"{folder}/config", "w") as out:
            out.write(f"CA={DIRECTORY}\nBASEDIR={folder}\nCHALLENGETYPE=tls-alpn-01\nHOOK={HOOKS}/dehydrated\nHOOK_CHAIN={chain}\n")
        here.run("dehydrated", "-f", f"{folder}/config", "--register", "--accept-terms")
        here.run("dehydrated", "-f", f"{folder}/config", "-c", "-x", "-d", NAME, "-d", OTHER)
        here.expect_served(f"dehydrated, HOOK_CHAIN={chain}", NAME, OTHER, old=old)
        old = world.served()
        expect_shut(world)
    say(f"      {len(here.door.visits())} visits in the log")
    world.names.lead(NAME, "10.0.0.5")
    try:
        here.run("dehydrated", "-f", f"{folder}/config", "-c", "-x", "--force-validation", "-d", NAME, "-d", OTHER)
        raise Failure("dehydrated is content with a name that leads elsewhere")
    except Failure as failure:
        expect("Challenge is invalid" in str(failure), "a name that leads elsewhere: dehydrated says so")
    expect(world.served() == old, "the old certificate is served")
    expect_shut(world, OTHER)
    with open(f"{folder}/config", "a") as out:
        out.write("CHALLENGETYPE=dns-01\n")
    try:
        here.run("dehydrated", "-f", f"{folder}/config", "-c", "-x", "--force-validation", "-d", OTHER)
        raise Failure("another kind of challenge passes")
    except Failure as failure:
        expect("CHALLENGETYPE=tls-alpn-01" in str(failure), "the hook says which kind of challenge it is for")


@scene()
def uacme(world):
    """uacme by the window, and the certificate given to the service after it."""
    here = Surroundings(world)
    folder = f"{world.work}/uacme"
    os.makedirs(folder)
    os.environ["UACME_CONFDIR"] = folder
    hook = f"{HOOKS}/uacme"
    here.run("uacme", "-a", DIRECTORY, "-c", folder, "-y", "new", "admin@example.org")
    old = world.served()
    for _ in range(2):
        here.run("uacme", "-a", DIRECTORY, "-c", folder, "-f", "-t", "EC", "-h", hook, "issue", NAME)
        here.run(hook, "deploy", NAME)
        here.expect_served("uacme", NAME, old=old)
        old = world.served()
        expect_shut(world)


@scene()
def lego(world):
    """lego by DNS-01, which needs nothing of the door; its certificate is given to the service by certbot's hook."""
    here = Surroundings(world)
    folder, old = f"{world.work}/lego", world.served()
    deploy = program("deploy", textwrap.dedent(f"""\
        #!/bin/sh
        set -eu
        stage=$(mktemp -d)
        trap 'rm -rf "$stage"' EXIT
        mkdir "$stage/{NAME}"
        cp "$LEGO_CERT_PATH" "$stage/{NAME}/fullchain.pem"
        cp "$LEGO_CERT_KEY_PATH" "$stage/{NAME}/privkey.pem"
        RENEWED_LINEAGE="$stage/{NAME}" {DEPLOY}
        """))
    common = ["lego", "--path", folder, "--server", DIRECTORY, "--accept-tos", "--email", "admin@example.org", "--domains", NAME]
    common += ["--dns", "exec", "--dns.disable-cp"]
    here.run(*common, "run", "--run-hook", deploy)
    here.expect_served("lego, --dns exec", NAME, old=old)
    old = world.served()
    here.run(*common, "renew", "--days", "9999", "--no-random-sleep", "--renew-hook", deploy)
    here.expect_served("lego renew", NAME, old=old)
    expect(not here.door.visits(None), "without any window")


@scene()
def certbot(world):
    """certbot by DNS-01, and by HTTP-01 on port 80, which isn't the door's."""
    here = Surroundings(world)
    folder, old = f"{world.work}/certbot", world.served()
    os.makedirs(f"{folder}/renewal-hooks/deploy")
    shutil.copy(DEPLOY, f"{folder}/renewal-hooks/deploy/gatekeeper")
    records = program("certbot-dns", textwrap.dedent("""\
        #!/bin/sh
        exec "$EXEC_PATH" "$1" "_acme-challenge.$CERTBOT_DOMAIN." "$CERTBOT_VALIDATION"
        """))
    common = ["certbot", "-n", "--config-dir", folder, "--work-dir", folder, "--logs-dir", folder, "--server", DIRECTORY]
    here.run(*common, "certonly", "--agree-tos", "-m", "admin@example.org", "--standalone", "-d", NAME)
    os.environ["RENEWED_LINEAGE"] = f"{folder}/live/{NAME}"
    here.run(f"{folder}/renewal-hooks/deploy/gatekeeper")
    os.environ.pop("RENEWED_LINEAGE")
    here.expect_served("certbot --standalone on port 80", NAME, old=old)
    old = world.served()
    here.run(*common, "renew", "--force-renewal", "--no-random-sleep-on-renew")
    here.expect_served("certbot renew, with the hook", NAME, old=old)
    old = world.served()
    here.run(*common, "certonly", "--force-renewal", "--manual", "--preferred-challenges", "dns", "-d", NAME,
             "--manual-auth-hook", f"{records} present", "--manual-cleanup-hook", f"{records} cleanup")
    here.expect_served("certbot --manual by DNS-01, with the hook", NAME, old=old)
    expect(world.stranger.get(DOOR, 80, "/") is None and not here.door.visits(None), "port 80 was certbot's own, while it ran")


@scene()
def wildcard(world):
    """A wildcard by a program for DNS-01; without one it is refused, with the reason."""
    here = Surroundings(world)
    here.door.configure({"acme": acme("*.example.org")})
    status, text = here.door.command("reload")
    reason = text.splitlines()[0].split(": ", 1)[-1]
    expect(status == 2 and "dns-01" in reason, f"a wildcard without DNS-01 is refused: {reason[:120]}")
    here.door.configure({"acme": acme("*.example.org", "example.org", challenge={"command": os.environ["EXEC_PATH"]})})
    status, text = here.door.command("reload")
    expect(status == 0, f"with a program it is taken{'' if status == 0 else ': ' + text}")
    world.until_issued("anything.example.org")
    expect(names_of(f"{here.door.stored('*.example.org')}/fullchain.pem") == {"*.example.org", "example.org"}, "and served, for both names")
    left = world.authority.host.run("dig", "+short", "@203.0.113.30", "TXT", "_acme-challenge.example.org")
    expect(left.strip() == "", "no record is left behind")
