"""The files for monitoring, by the programs that they are for: every query is answered from a real scrape, every line is read."""
import glob
import json
import os
import re
import signal
import subprocess
import sys
import time
import urllib.parse

from scene import ROOT, Client, Door, Host, Upstream, bridge, certificates, eventually, expect, say

SHIPPED = f"{ROOT}/packaging/monitoring"
TOOLS = f"{ROOT}/.build/monitoring"
CONFIGURATION = """\
listen: ["0.0.0.0:443"]
tls: {certificate: localhost.pem, key: localhost-key.pem}
allow: [{address: 10.0.0.50, label: Vendor}]
upstream: {url: "http://10.0.0.5:8080"}
routes: [{methods: [GET, POST], path: /tickets}, /slow]
log: {to: access.log, fields: [user_agent, cipher, trace]}
state: state
control: control.sock
status: 127.0.0.1:9180
workers: 1
"""
PROMETHEUS = """\
global: {scrape_interval: 1s, evaluation_interval: 1s}
rule_files: [%s/gatekeeper.rules.yml]
scrape_configs: [{job_name: gatekeeper, static_configs: [{targets: ["127.0.0.1:9180"]}]}]
""" % SHIPPED
# What there is without the capability for the shield, which a test need not have.
ABSENT = {"gatekeeper_packets_dropped_total", "gatekeeper_shield_up"}
# Nothing to show is as it should be.
EMPTY = {"Problems", "Handshakes that failed, packets that were dropped"}


class Tools:
    """Programs that are unpacked, and not installed."""

    def __init__(self, host):
        self.host = host
        (libraries,) = glob.glob(f"{TOOLS}/usr/lib/*-linux-gnu*")
        self.modules = f"{libraries}/rsyslog"
        os.environ["LD_LIBRARY_PATH"], os.environ["PYTHONPATH"] = libraries, f"{TOOLS}/usr/lib/python3/dist-packages"

    def run(self, program, *arguments):
        done = subprocess.run([f"{TOOLS}/{program}", *arguments], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        return done.returncode, done.stdout


def expressions():
    """What the dashboard asks, by panel, with its variables filled in."""
    with open(f"{SHIPPED}/gatekeeper-dashboard.json") as file:
        dashboard = json.load(file)
    for variable, value in (("$__rate_interval", "10s"), ("$job", "gatekeeper"), ("$instance", ".*")):
        dashboard = json.loads(json.dumps(dashboard).replace(variable, value))
    for panel in dashboard["panels"]:
        for target in panel.get("targets", []):
            yield panel["title"], target["expr"]
    for annotation in dashboard["annotations"]["list"]:
        yield "Problems", annotation["expr"]


def ask(host, path):
    status, text = host.get("127.0.0.1", 9090, path) or (0, "")
    return json.loads(text) if status == 200 else None


def traffic(host, tls, client):
    """One of each: served, refused, a failed handshake, denied."""
    asking = Client(client, tls, "10.0.0.11", source="10.0.0.50")
    for _ in range(20):
        asking.request("/tickets")
    asking.request("/tickets", body=b"{}")
    asking.request("/elsewhere")
    with client.connect("10.0.0.11", 443, 2, "10.0.0.50") as plain:
        plain.sendall(b"GET / HTTP/1.1\r\n\r\n")
        plain.recv(100)
    for _ in range(3):
        Client(client, tls, "10.0.0.11", source="10.0.0.66").try_once()


def prometheus(door, tools, work, tls, client):
    with open(f"{work}/prometheus.yml", "w") as out:
        out.write(PROMETHEUS)
    process = door.host.start(
        f"{TOOLS}/usr/bin/prometheus", f"--config.file={work}/prometheus.yml", f"--storage.tsdb.path={work}/tsdb",
        "--web.listen-address=127.0.0.1:9090", log=f"{work}/prometheus.log")
    eventually("Prometheus has scraped", lambda: (ask(door.host, "/api/v1/query?query=up") or {}).get("data", {}).get("result"), 60)
    for _ in range(8):
        traffic(door.host, tls, client)
        time.sleep(1)
    scrape = door.host.get("127.0.0.1", 9180, "/metrics")[1]
    told = set(re.findall(r"^# TYPE (\S+)", scrape, re.M))
    asked = list(expressions())
    rules = open(f"{SHIPPED}/gatekeeper.rules.yml").read()
    names = set(re.findall(r"\bgatekeeper_[a-z_]+", rules + " ".join(query for _, query in asked)))
    names = {re.sub(r"_bucket$", "", name) for name in names}
    unknown = sorted(names - ABSENT - told)
    expect(not unknown, f"all {len(names)} metrics of the dashboard and the rules are told {unknown or ''}")
    say(f"      not on the dashboard: {' '.join(sorted(told - names))}")
    silent = []
    for title, query in asked:
        answer = ask(door.host, f"/api/v1/query?query={urllib.parse.quote(query)}")
        if not answer or not (answer["data"]["result"] or title in EMPTY):
            silent.append((title, query))
    expect(not silent, f"Prometheus answers all {len(asked)} queries of the dashboard {silent or ''}")
    rules = [rule for group in ask(door.host, "/api/v1/rules")["data"]["groups"] for rule in group["rules"]]
    firing = [rule["name"] for rule in rules if rule["state"] != "inactive"]
    is_well = all(rule["health"] == "ok" for rule in rules) and not firing
    expect(is_well, f"its {len(rules)} rules are in good health, and none fires {firing or ''}")
    process.terminate()
    process.wait(20)


def main(work):
    bridge()
    client, host = Host("client", "10.0.0.50", "10.0.0.66"), Host("door", "10.0.0.11")
    Upstream(Host("tickets", "10.0.0.5"), "10.0.0.5")
    tools = Tools(host)
    folder = f"{work}/door"
    tls = certificates(folder)
    door = Door(host, folder, CONFIGURATION)
    door.log = f"{folder}/access.log"
    door.start()

    for command, file in (("check", "gatekeeper.rules.yml"), ("test", "gatekeeper.rules-test.yml")):
        status, said = tools.run("usr/bin/promtool", command, "rules", f"{SHIPPED}/{file}")
        expect(status == 0, f"promtool {command} rules {file}{'' if status == 0 else said}")
    prometheus(door, tools, work, tls, client)
    door.signal(signal.SIGTERM)
    door.process.wait(60)
    lines = door.lines()

    with open(f"{SHIPPED}/rsyslog.conf") as shipped:
        text = f'global(workDirectory="{work}")\n' + shipped.read().replace("/var/log/gatekeeper", folder)
    with open(f"{work}/rsyslog.conf", "w") as out:
        out.write(text)
    status, said = tools.run("usr/sbin/rsyslogd", "-N1", "-M", tools.modules, "-f", f"{work}/rsyslog.conf")
    expect(status == 0 and "error" not in said, f"rsyslogd -N1 takes rsyslog.conf{'' if status == 0 else said}")
    process = subprocess.Popen(
        [f"{TOOLS}/usr/sbin/rsyslogd", "-n", "-i", f"{work}/pid", "-M", tools.modules, "-f", f"{work}/rsyslog.conf"])
    ecs = f"{folder}/ecs.json"
    eventually("rsyslog has read all", lambda: os.path.exists(ecs) and open(ecs).read().count("\n") >= len(lines))
    process.terminate()
    process.wait(20)
    events = [json.loads(line) for line in open(ecs)]
    request = next(event for event in events if event["event.action"] == "request")
    ours = next(line for line in lines if line["event"] == "request")
    expect(
        len(events) == len(lines) and request["source.ip"] == ours["peer"] == "10.0.0.50" and request["http.response.status_code"] == 200
        and request["@timestamp"] == ours["time"] and request["gatekeeper.duration_ms"] == ours["duration_ms"],
        f"rsyslog makes ECS of all {len(lines)} lines")

    status, said = tools.run(
        "usr/bin/fail2ban-regex", "-c", f"{TOOLS}/etc/fail2ban", door.log, f"{SHIPPED}/fail2ban-filter.conf", "--out", "ip")
    strangers = [line for line in lines if line["event"] in ("denied", "denied_summary")]
    expect({line["event"] for line in strangers} == {"denied", "denied_summary"} and said.split() == ["10.0.0.66"] * len(strangers),
           f"fail2ban finds the stranger's {len(strangers)} lines and nobody else's")


if __name__ == "__main__":
    main(sys.argv[1])
