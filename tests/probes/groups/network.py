"""Network: can a command reach anything but its own loopback interface."""

from __future__ import annotations

import os

from tests.probes.probe import Finding, Group, Skipped, probe, verdict
from tests.probes.site import Site

_G = Group.NETWORK
_KNOCK = "knock-from-inside"


def _came(site: Site, word: str) -> list[str]:
    heard = any(word.encode() in data for data in site.neighbours.listeners.heard)
    return ["the listener on the host heard it"] if heard else []


@probe(_G, "tcp-loopback", "a TCP server on the worker's loopback cannot be reached by any of its names")
def tcp_loopback(site: Site) -> Finding:
    facts = site.ask(
        """
found = []
for family, host in ((2, "127.0.0.1"), (2, "0.0.0.0"), (2, "localhost"), (2, "127.9.9.9"),
                     (10, "::1"), (10, "::ffff:127.0.0.1"), (10, "::")):
    try:
        with socket.socket(family) as s:
            s.settimeout(2)
            s.connect((host, V["port"]))
            s.sendall(V["knock"].encode())
            found.append(f"connected to {host}" + (" and read the secret" if has(s.recv(100)) else ""))
    except OSError: pass
report(found=found)
""",
        port=site.neighbours.listeners.tcp_port,
        knock=f"{_KNOCK}-tcp",
    )
    return verdict([*facts["found"], *_came(site, f"{_KNOCK}-tcp")], "7 addresses refused")


@probe(_G, "udp-loopback", "a datagram that looks like a DNS query does not leave the sandbox")
def udp_loopback(site: Site) -> Finding:
    facts = site.ask(
        """
found = []
query = bytes([0x12, 0x34, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0]) + b"x" + V["knock"].encode() + bytes([0, 0, 1, 0, 1])
for host in ("127.0.0.1", "0.0.0.0"):
    try:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
            s.settimeout(1)
            s.sendto(query, (host, V["port"]))
            if has(s.recv(100)): found.append(f"answered by {host}")
    except OSError: pass
report(found=found)
""",
        port=site.neighbours.listeners.udp_port,
        knock=f"{_KNOCK}-udp",
    )
    return verdict([*facts["found"], *_came(site, f"{_KNOCK}-udp")], "no answer, and nothing heard")


@probe(_G, "route-out", "there is no route to another machine or to a cloud's metadata service")
def route_out(site: Site) -> Finding:
    facts = site.ask("""
found = []
for family, host in ((2, "192.0.2.1"), (2, "169.254.169.254"), (2, "10.0.0.1"), (10, "2001:db8::1"),
                     (10, "fe80::1%lo")):
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as s:
            s.connect((host, 53))
            found.append(f"a route to {host}")
    except OSError: pass
report(found=found, interfaces=read("/proc/net/dev").decode())
""")
    others = [
        f"interface {name}"
        for line in facts["interfaces"].splitlines()[2:]
        if (name := line.split(":")[0].strip()) not in {"lo", "tunl0", "sit0", "ip6tnl0", "gre0", "dummy0"}
    ]
    return verdict([*facts["found"], *others], "no route by 5 addresses, no interface but lo")


@probe(_G, "dns-config", "no name server and no host names of the worker are configured")
def dns_config(site: Site) -> Finding:
    facts = site.ask(
        """
lines = read("/etc/resolv.conf").decode().splitlines() + read("/run/systemd/resolve/resolv.conf").decode().splitlines()
found = [line for line in lines if line.split("#")[0].strip()]
hosts = read("/etc/hosts").decode()
if V["node"] in hosts.split() and V["node"] != "sandbox": found.append("/etc/hosts names the host")
if os.uname().nodename == V["node"] and V["node"] != "sandbox": found.append("the host's own name is told")
try: found.append("example.com is " + socket.gethostbyname("example.com"))
except OSError: pass
report(found=found)
""",
        node=os.uname().nodename,
    )
    return verdict(facts["found"], "no name server, no host name")


@probe(_G, "raw-sockets", "no socket that sends packets of its own making can be opened")
def raw_sockets(site: Site) -> Finding:
    facts = site.ask("""
found = []
for what, arguments in {"raw IPv4": (2, 3, 255), "raw IPv6": (10, 3, 255), "packet": (17, 3, 0x300),
                        "packet datagram": (17, 2, 0x300), "ping": (2, 2, 1), "raw netlink": (16, 3, 0)}.items():
    try: socket.socket(*arguments).close()
    except OSError: continue
    found.append(f"{what} socket")
report(found=found)
""")
    return verdict(facts["found"], "6 kinds refused")


@probe(_G, "socket-families", "of all address families only unix and internet sockets exist")
def socket_families(site: Site) -> Finding:
    facts = site.ask("""
opened = set()
for family in range(46):
    for kind in (1, 2, 3, 4, 5):
        for extra in (0, 0x80000):
            if call("socket", family, kind | extra, 0) == 0: opened.add(family)
            if family != 1 and call("socketpair", family, kind, 0, ctypes.addressof((ctypes.c_int * 2)())) == 0:
                opened.add(1000 + family)
report(opened=sorted(opened))
""")
    problems = [f"family {family}" for family in facts["opened"] if family not in {1, 2, 10}]
    if 1 not in facts["opened"]:
        problems.append("unix sockets do not work")
    return verdict(problems, f"families {facts['opened']} of 46")


@probe(_G, "abstract-unix", "an abstract unix socket of the worker cannot be reached")
def abstract_unix(site: Site) -> Finding:
    facts = site.ask(
        """
found = []
try:
    with socket.socket(socket.AF_UNIX) as s:
        s.settimeout(2)
        s.connect(bytes(1) + V["name"].encode())
        s.sendall(b"knock")
        found.append("connected" + (" and read the secret" if has(s.recv(100)) else ""))
except OSError: pass
report(found=found)
""",
        name=site.neighbours.listeners.abstract_name,
    )
    return verdict(facts["found"], "refused")


@probe(_G, "fs-unix", "a unix socket in the worker's file system cannot be reached by any way to it")
def fs_unix(site: Site) -> Finding:
    facts = site.ask(
        """
found = []
for start in ("", "/proc/1/root", "/proc/self/root", "/proc/1/cwd/../../../../../..", "/workspace/../../../../.."):
    try:
        with socket.socket(socket.AF_UNIX) as s:
            s.settimeout(2)
            s.connect(start + V["socket"])
            s.sendall(b"knock")
            found.append(f"connected by {start or '/'}" + (" and read the secret" if has(s.recv(100)) else ""))
    except OSError: pass
report(found=found)
""",
        socket=str(site.neighbours.socket_path),
    )
    return verdict(facts["found"], "not reachable by 5 ways")


@probe(_G, "proc-net", "the worker's sockets are not listed")
def proc_net(site: Site) -> Finding:
    listeners = site.neighbours.listeners
    facts = site.ask(
        """
found = []
for name, word in (("tcp", f":{V['tcp']:04X} "), ("udp", f":{V['udp']:04X} "), ("unix", V["abstract"]),
                   ("unix", V["socket"])):
    for start in ("/proc/net/", "/proc/1/net/", "/proc/self/net/"):
        if word in read(start + name, 1 << 20).decode(errors="replace"): found.append(f"{start}{name} lists a listener")
report(found=found)
""",
        tcp=listeners.tcp_port,
        udp=listeners.udp_port,
        abstract=listeners.abstract_name,
        socket=str(site.neighbours.socket_path),
    )
    return verdict(facts["found"], "no listener of the host in 3 tables")


@probe(_G, "loopback-works", "tests can talk to a server of their own on 127.0.0.1 (usability)")
def loopback_works(site: Site) -> Finding:
    facts = site.ask("""
problems = []
try:
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname(), 5) as client:
        server.accept()[0].sendall(b"hello")
        if client.recv(5) != b"hello": problems.append("the answer got lost")
except OSError as error: problems.append(str(error))
report(problems=problems)
""")
    return verdict(facts["problems"], "a server answered")


@probe(_G, "network-none", "where no network is asked for, not even loopback sockets can be made")
def network_none(site: Site) -> Finding:
    if not site.launchers.execute.has("options"):
        raise Skipped("the launcher takes no options, so that no network cannot be asked for")
    facts = site.ask(
        """
opened = []
for family in (1, 2, 10):
    try: socket.socket(family).close()
    except OSError: continue
    opened.append(family)
report(opened=opened)
""",
        "--network",
        "none",
    )
    return verdict([f"family {family}" for family in facts["opened"] if family != 1], "unix sockets only")


PROBES = (
    tcp_loopback,
    udp_loopback,
    route_out,
    dns_config,
    raw_sockets,
    socket_families,
    abstract_unix,
    fs_unix,
    proc_net,
    loopback_works,
    network_none,
)
