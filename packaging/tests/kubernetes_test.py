"""The manifests: valid, at one with themselves, and what they say is run with the real binary as the kubelet would run it."""
import os
import re
import signal
import ssl
import subprocess
import sys
import time

import kubernetes_validate
import yaml

from scene import (BINARY, ROOT, Client, Door, Host, Underway, Upstream, bridge, certificates, enter, eventually, expect, libc, run, say)

MANIFESTS = f"{ROOT}/packaging/kubernetes/gatekeeper.yaml"
VERSIONS = ["1.30.0", "1.34.1"]
CLIENT, STRANGER = "34.202.14.153", "34.202.14.9"
TOKEN = "0123456789abcdef"
PR_CAPBSET_DROP, PR_SET_NO_NEW_PRIVS = 24, 38


def settled(manifests):
    """What the API server can't see: selectors that select, names of ports that are there, and what `restricted` wants."""
    by_kind = {manifest["kind"]: manifest for manifest in manifests}
    deployment, service = by_kind["Deployment"]["spec"], by_kind["Service"]["spec"]
    pod = deployment["template"]["spec"]
    (container,) = pod["containers"]
    labels = deployment["template"]["metadata"]["labels"]
    (apart,) = pod["affinity"]["podAntiAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"]
    selectors = [deployment["selector"], apart["labelSelector"], {"matchLabels": service["selector"]}]
    selectors += [by_kind["PodDisruptionBudget"]["spec"]["selector"], by_kind["NetworkPolicy"]["spec"]["podSelector"]]
    expect(
        all(selector == {"matchLabels": labels} for selector in selectors),
        "service, budget, policy and anti-affinity select the pods of the deployment")
    ports = {port["name"]: port["containerPort"] for port in container["ports"]}
    named = [port["targetPort"] for port in service["ports"]]
    named += [port["port"] for rule in by_kind["NetworkPolicy"]["spec"]["ingress"] for port in rule["ports"]]
    named += [container[probe]["httpGet"]["port"] for probe in ("readinessProbe", "livenessProbe")]
    expect(set(named) <= set(ports), f"every port that is named is one of the container's: {ports}")
    volumes = {volume["name"]: volume for volume in pod["volumes"]}
    mounts = {mount["mountPath"]: mount for mount in container["volumeMounts"]}
    expect({mount["name"] for mount in mounts.values()} == set(volumes) and not any("subPath" in mount for mount in mounts.values()),
           "every volume is mounted, whole")
    user, own = pod["securityContext"], container["securityContext"]
    expect(
        user["runAsNonRoot"] and user["runAsUser"] > 0 and user["seccompProfile"]["type"] == "RuntimeDefault"
        and own["capabilities"] == {"drop": ["ALL"]} and not own["allowPrivilegeEscalation"] and own["readOnlyRootFilesystem"]
        and not {"hostNetwork", "hostPID", "hostIPC"} & set(pod)
        and all(set(volume) & {"configMap", "secret", "emptyDir"} for volume in volumes.values()),
        "the pod is `restricted`, and its root file system is read-only")
    expect(
        deployment["replicas"] == 2 and by_kind["PodDisruptionBudget"]["spec"]["minAvailable"] == 1
        and service["externalTrafficPolicy"] == "Local" and "HorizontalPodAutoscaler" not in by_kind,
        "two doors, of which one may be away; source addresses survive")
    return by_kind, pod, container, volumes, mounts, ports


def publish(folder, files, mode, group):
    """Fills a volume as the kubelet does: a folder with a date, `..data` that leads there, renamed into place, and links through it."""
    name = f"..{time.strftime('%Y_%m_%d_%H_%M_%S')}.{time.monotonic_ns() % 10**9}"
    os.makedirs(f"{folder}/{name}")
    for file, text in files.items():
        with open(f"{folder}/{name}/{file}", "w") as out:
            out.write(text)
        os.chown(f"{folder}/{name}/{file}", 0, group)
        os.chmod(f"{folder}/{name}/{file}", mode)
    old = os.readlink(f"{folder}/..data") if os.path.islink(f"{folder}/..data") else None
    os.symlink(name, f"{folder}/..data_tmp")
    os.rename(f"{folder}/..data_tmp", f"{folder}/..data")
    for file in files:
        if not os.path.islink(f"{folder}/{file}"):
            os.symlink(f"..data/{file}", f"{folder}/{file}")
    if old:
        run("rm", "-r", f"{folder}/{old}")


class Pod(Door):
    """The container: the binary in a root with nothing but libraries beside it, with user and capabilities as the manifest has them."""

    def __init__(self, host, folder, pod, container):
        self.host, self.root, self.log = host, f"{folder}/root", f"{folder}/log"
        user = pod["securityContext"]
        self.command, self.user, self.group = container["command"], user["runAsUser"], user["runAsGroup"]
        self.environment = {"PATH": "/usr/bin", "STATUS_TOKEN": TOKEN}
        self.process = None
        os.makedirs(self.root)
        run("mount", "-t", "tmpfs", "-o", "mode=755", "tmpfs", self.root)
        for path in ("usr/lib", "usr/bin", "etc/ssl", "proc", "dev"):
            os.makedirs(f"{self.root}/{path}")
        for path in ("lib", "lib64"):
            os.symlink("usr/lib" if path == "lib" else "usr/lib64", f"{self.root}/{path}")
        for path in ("/usr/lib", "/usr/lib64", "/etc/ssl"):
            os.makedirs(f"{self.root}{path}", exist_ok=True)
            run("mount", "--bind", "-o", "ro", path, f"{self.root}{path}")
        open(f"{self.root}{self.command[0]}", "w").close()
        run("mount", "--bind", "-o", "ro", BINARY, f"{self.root}{self.command[0]}")
        run("mount", "-t", "proc", "proc", f"{self.root}/proc")
        for device in ("null", "urandom"):
            open(f"{self.root}/dev/{device}", "w").close()
            run("mount", "--bind", f"/dev/{device}", f"{self.root}/dev/{device}")

    def mount(self, path, is_read_only, volume):
        os.makedirs(f"{self.root}{path}")
        run("mount", "--bind", *(["-o", "ro"] if is_read_only else []), volume, f"{self.root}{path}")

    def close_root(self):
        run("mount", "-o", "remount,ro", self.root)

    def confined(self):
        with open(f"/run/netns/{self.host.name}") as here:
            enter(here)
        os.chroot(self.root)
        os.chdir("/")
        for capability in range(64):
            libc.prctl(PR_CAPBSET_DROP, capability, 0, 0, 0)
        os.setgroups([self.group])
        os.setresgid(self.group, self.group, self.group)
        os.setresuid(self.user, self.user, self.user)
        libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)

    def execute(self, *arguments):
        return subprocess.run(
            [self.command[0], *arguments], env=self.environment, preexec_fn=self.confined,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)

    def start(self):
        with open(self.log, "ab") as out:
            self.process = subprocess.Popen(
                self.command, env=self.environment, preexec_fn=self.confined, stdin=subprocess.DEVNULL, stdout=out, stderr=out)
        eventually(f"the pod starts: see {self.log}", lambda: self.process.poll() is None and self.lines("status_page"))


def certificate(host, address, port):
    with host.connect(address, port, 5, CLIENT) as plain:
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        with context.wrap_socket(plain, server_hostname="localhost") as peer:
            return peer.getpeercert(binary_form=True)


def seconds(text):
    number, unit = re.fullmatch(r"(\d+)(ms|s|m)", text).groups()
    return int(number) * {"ms": 0.001, "s": 1, "m": 60}[unit]


def main(work):
    with open(MANIFESTS) as shipped:
        manifests = list(yaml.safe_load_all(shipped))
    for version in VERSIONS:
        for manifest in manifests:
            kubernetes_validate.validate(manifest, version, strict=True)
    expect(True, f"{len(manifests)} manifests are valid for Kubernetes {' and '.join(VERSIONS)}: {', '.join(m['kind'] for m in manifests)}")
    by_kind, pod, container, volumes, mounts, ports = settled(manifests)

    bridge()
    client, node = Host("client", CLIENT, STRANGER), Host("pod", "10.0.0.11")
    client.run("ip", "route", "add", "10.0.0.0/24", "dev", "eth0")
    node.run("ip", "route", "add", "34.202.14.0/24", "dev", "eth0")
    Upstream(Host("tickets", "10.0.0.5"), "10.0.0.5")
    tls, renewed = certificates(f"{work}/tls"), certificates(f"{work}/renewed")
    door = Pod(node, f"{work}/pod", pod, container)
    group = pod["securityContext"]["fsGroup"]

    def secret(folder):
        return {name: open(f"{folder}/{file}").read() for name, file in (("tls.crt", "localhost.pem"), ("tls.key", "localhost-key.pem"))}

    folders = {}
    for path, mount in mounts.items():
        volume = volumes[mount["name"]]
        folder = folders[mount["name"]] = f"{work}/volumes/{mount['name']}"
        os.makedirs(folder)
        if "emptyDir" in volume:
            os.chown(folder, 0, group)
            os.chmod(folder, 0o2777)
        door.mount(path, mount.get("readOnly", False), folder)
    listed = by_kind["ConfigMap"]["data"]
    publish(folders["configuration"], listed, 0o644, group)
    publish(folders["tls"], secret(tls), volumes["tls"]["secret"]["defaultMode"], group)
    door.close_root()

    checked = door.execute("check", "--config", container["command"][-1])
    # That the test's authority is nobody's is the one thing to say about it.
    doubts = [line for line in checked.stdout.splitlines() if ": warning: " in line and "development CA" not in line]
    is_taken = checked.returncode == 0 and not doubts
    expect(is_taken, f"`gatekeeperd check` takes the configuration, without a warning{'' if is_taken else checked.stdout}")
    door.start()
    facts = open(f"/proc/{door.process.pid}/status").read()
    expect(
        f"Uid:\t{door.user}\t{door.user}\t{door.user}" in facts and all(re.search(rf"{set}:\t0+\n", facts) for set in ("CapEff", "CapBnd")),
        f"it serves as user {door.user}, without a capability, on a root file system that is read-only")
    for probe in ("readinessProbe", "livenessProbe"):
        get = container[probe]["httpGet"]
        answer = eventually(probe, lambda get=get: client.get("10.0.0.11", ports[get["port"]], get["path"]))
        expect(answer[0] == 200, f"{probe}: GET {get['path']} on port {ports[get['port']]} is answered 200")
    asking = Client(client, tls, "10.0.0.11", ports["https"], CLIENT)
    answers = [asking.request()[0], asking.request("/x", body=bytes(1_000_000))[0]]
    expect(answers == [200, 200], "requests are served, a large body among them")
    stranger = Client(client, tls, "10.0.0.11", ports["https"], STRANGER)
    is_served = stranger.try_once()
    denials = eventually("a denial is logged", lambda: door.lines("denied"))
    expect(not is_served and denials[0]["peer"] == STRANGER, "a stranger is turned away, by his own address")
    done = door.execute("reload")
    expect(done.returncode == 0, f"`kubectl exec … gatekeeperd reload` works: {done.stdout.splitlines()[0]}")

    before = certificate(client, "10.0.0.11", ports["https"])
    since = time.monotonic()
    publish(folders["tls"], secret(renewed), volumes["tls"]["secret"]["defaultMode"], group)
    eventually("the renewed certificate is shown", lambda: certificate(client, "10.0.0.11", ports["https"]) != before)
    expect(True, f"a Secret that the kubelet swaps is in force {time.monotonic() - since:.1f} s later")
    since = time.monotonic()
    publish(folders["configuration"], listed | {"vendors.txt": listed["vendors.txt"] + STRANGER + "\n"}, 0o644, group)
    stranger = Client(client, renewed, "10.0.0.11", ports["https"], STRANGER)
    eventually("the stranger is let in", stranger.try_once)
    expect(True, f"a list in the ConfigMap is in force {time.monotonic() - since:.1f} s later")

    grace, sleep = pod["terminationGracePeriodSeconds"], container["lifecycle"]["preStop"]["sleep"]["seconds"]
    timeouts = yaml.safe_load(listed["gatekeeper.yaml"])["timeouts"]
    drain = seconds(timeouts["drain"]) + seconds(timeouts.get("leave", "0s"))
    expect(sleep + drain < grace, f"preStop {sleep} s + {drain:g} s < terminationGracePeriodSeconds {grace}")
    short, long = (Underway(Client(client, renewed, "10.0.0.11", ports["https"], CLIENT), f"/slow?{milliseconds},1000", 90)
                   for milliseconds in (3000, 80_000))
    time.sleep(1)
    since = time.monotonic()
    door.signal(signal.SIGTERM)
    say(f"      under way at SIGTERM, 3 s: {short.result(since)}")
    say(f"      under way at SIGTERM, 80 s: {long.result(since)}")
    status = door.process.wait(grace)
    took = time.monotonic() - since
    expect(short.ending[0] == "answered 200" and status == 0 and sleep + took < grace,
           f"it ends {took:.1f} s after SIGTERM, with status {status}: {sleep + took:.1f} s of {grace}")


if __name__ == "__main__":
    main(sys.argv[1])
