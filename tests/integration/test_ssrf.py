"""Hostile start_urls and result_urls: none of hundreds reaches a server of ours on loopback, however it is spelled."""

from __future__ import annotations

import contextlib
import itertools
import socket
import sys
from ipaddress import ip_network

import pytest
from aiohttp import web
from aiohttp.abc import AbstractResolver

from shared.domain.egress import Egress
from shared.runtime.outbound import Limits, Outbound, Unreachable

LIMITS = Limits(connect_seconds=1, total_seconds=3, max_bytes=1000, redirects=2)
REFUSED = "its host's address is private or reserved"

V4 = """
127.0.0.1 127.0.0.2 127.1 127.0.1 127.00.00.01 0127.0.0.1 0177.0.0.1 0177.0.0.01 00000177.0.0.1 2130706433 017700000001
0x7f000001 0x7f.0.0.1 0x7f.0x0.0x0.0x1 0x7f.1 0X7F.0.0.1 127.0.0.1. 127.1. 127.255.255.254 127.0.0.0 0 0.0.0.0 0.0 00
0x0 0.0.0.0. 4294967295 255.255.255.255 256.256.256.256 127.0.0.1.. 127..0.0.1 10.0.0.1 10.255.255.255 172.16.0.1
172.31.255.255 192.168.0.1 192.168.1.254 100.64.0.1 100.127.255.254 100.100.100.200 169.254.169.254 169.254.170.2
169.254.170.23 2852039166 0xa9fea9fe 0251.0376.0251.0376 169.254.43518 168.63.129.16 2822734096 192.0.0.192 192.0.0.1
192.0.2.1 198.51.100.1 203.0.113.1 192.88.99.1 198.18.0.1 198.19.255.255 224.0.0.1 239.255.255.255 240.0.0.1
255.255.255.254 ①②⑦.0.0.1 １２７.０.０.１ 127。0。0。1 127．0．0．1 127｡0｡0｡1 𝟏𝟐𝟕.𝟎.𝟎.𝟏 ⑯⑨.②⑤④.⑯⑨.②⑤④
%31%32%37.0.0.1 127%2e0%2e0%2e1 127.0.0.1%00 127.0.0.1%2f 127.0.0.1%09 ١٢٧.٠.٠.١ १२७.०.०.१
"""
V6 = """
::1 :: 0:0:0:0:0:0:0:1 0000:0000:0000:0000:0000:0000:0000:0001 ::0:1 0::1 ::0001 ::1%25lo ::1%lo ::127.0.0.1 ::7f00:1
::ffff:127.0.0.1 ::ffff:7f00:1 ::FFFF:127.0.0.1 0:0:0:0:0:ffff:127.0.0.1 0:0:0:0:0:ffff:7f00:0001 ::ffff:0:127.0.0.1
::ffff:0.0.0.0 ::ffff:10.0.0.1 ::ffff:169.254.169.254 ::ffff:a9fe:a9fe ::ffff:192.168.0.1 ::ffff:100.64.0.1
::ffff:168.63.129.16 64:ff9b::127.0.0.1 64:ff9b::7f00:1 64:ff9b::169.254.169.254 64:ff9b::10.0.0.1 64:ff9b::0.0.0.0
64:ff9b:1::127.0.0.1 64:ff9b:1::1 64:ff9b:1:ffff:ffff:ffff:7f00:1 2002:7f00:1:: 2002:7f00:0001::1 2002:a9fe:a9fe::
2002:0a00:0001:: 2001:0::1 2001:0:7f00:1:: 2001:0000:4136:e378:8000:63bf:80ff:fffe 2001:2::1 2001:10::1 2001:20::1
2001:db8::1 2001:db8:ffff:ffff::1 3fff::1 3fff:fff:ffff::1 5f00::1 100::1 100:0:0:1::1 fc00::1 fd00::1 fd00:ec2::254
fd00:ec2::23 fd20:ce::254 fdff:ffff::1 fe80::1 fe80::1%25eth0 fe80::a9fe:a9fe febf::1 fec0::1 feff::1 ff02::1 ff0e::1
ff05::1:3 4000::1 8000::1 c000::1 e000::1 1:: 0100::7f00:1 ::2 ::ffff:7f00:1%25lo
"""
AROUND = """
http://{a}@{c}/ http://user:secret@{c}/ http://example.com@{c}/ http://example.com:80@{c}/ http://{c}#@example.com/
http://{c}/?@example.com http://example.com\\@{c}/ http://{c}\\@example.com/ http://example.com%40{c}/ http:\\\\{c}/
http:/\\{c}/ http:{c}/ http:///{c}/ http:////{c}/ //{c}/ {c} hTTp://{c}/ http://{c}/../ http://{c}/%2e%2e/ http://{c}/#x
http://{c}?x http://[{c}]/ http://{a}:{p}:80/ http://{a}:0{p}/ http://{a}:{p}%20/ http://{a}%3a{p}/ http://@{c}/
http://:@{c}/ http://%09{c}/ http://{c}%0d%0aHost:x/ http://foo@{c}@example.com/ http://foo@example.com@{c}/
https://{c}/ ftp://{c}/ file:///etc/passwd gopher://{c}/_x dict://{c}/x ws://{c}/ wss://{c}/ ldap://{c}/ tftp://{c}/x
unix:///run/x http+unix://%2frun%2fx/ jar:http://{c}!/ data:text/xml,x javascript:x http://localhost:{p}/
http://LOCALHOST:{p}/ http://localhost.:{p}/ http://ⓛⓞⓒⓐⓛⓗⓞⓢⓣ:{p}/ http://localhost%00.example.com:{p}/
http://localhost%2eexample.com:{p}/ http://ip6-localhost:{p}/ http://ip6-loopback:{p}/
"""
RAW = [
    "http://\t{c}/",
    "http://{c}\r\nHost: x/",
    "http://{c} example.com/",
    " http://{c}/",
    "http://{c}/ \r\n",
    "http://\n{c}/",
]


def hostile(port):
    urls = [f"http://{host}:{port}/" for host in V4.split()]
    urls += [f"http://[{host}]:{port}/" for host in V6.split()]
    urls += [form.format(a="127.0.0.1", c=f"127.0.0.1:{port}", p=port) for form in (*AROUND.split(), *RAW)]
    return list(dict.fromkeys(urls))


class Canary:
    """Listens on both loopbacks; whoever arrives is written down."""

    def __init__(self):
        self.visits = []
        self.port = 0

    async def visited(self, request):
        self.visits.append(request.headers.get("Host"))
        return web.Response(text="secret")


@contextlib.asynccontextmanager
async def serving(handler, *hosts, port=0):
    app = web.Application()
    app.router.add_route("*", "/{tail:.*}", handler)
    runner = web.AppRunner(app)
    await runner.setup()
    for host in hosts:
        with contextlib.suppress(OSError):  # not every machine has an IPv6 loopback
            await web.TCPSite(runner, host, port).start()
            port = runner.addresses[0][1]
    yield port
    await runner.cleanup()


@pytest.fixture
async def canary():
    found = Canary()
    async with serving(found.visited, "127.0.0.1", "::1") as found.port:
        yield found


async def refusal(ask):
    with pytest.raises(Unreachable) as error:
        await ask
    return error.value.reason


class Resolver(AbstractResolver):
    async def resolve(self, host, port=0, family=socket.AF_UNSPEC):
        return [
            {
                "hostname": host,
                "host": address,
                "port": port,
                "family": socket.AF_INET6 if ":" in address else socket.AF_INET,
                "proto": 0,
                "flags": socket.AI_NUMERICHOST,
            }
            for address in self.addresses(host)
            if family in (socket.AF_UNSPEC, socket.AF_INET6 if ":" in address else socket.AF_INET)
        ]

    async def close(self):
        pass


class Obliging(Resolver):
    """The most obliging DNS there may be: numbers as the C library reads them, and every other name is this machine."""

    def addresses(self, host):
        with contextlib.suppress(OSError):
            found = socket.getaddrinfo(host.rstrip("."), 1, type=socket.SOCK_STREAM, flags=socket.AI_NUMERICHOST)
            return [address[0] for *_, address in found]
        return ["127.0.0.1", "::1"]


class Names(Resolver):
    """A DNS of a tenant's own: it answers each question for a name with the next of its addresses."""

    def __init__(self, **names):
        self._names = {name: itertools.chain(answers, itertools.repeat(answers[-1])) for name, answers in names.items()}
        self.asked = 0

    def addresses(self, host):
        self.asked += 1
        return next(self._names[host.partition(".")[0]])


async def test_no_hostile_url_reaches_the_canary(canary):
    urls = hostile(canary.port)
    assert len(urls) >= 200
    async with Outbound(LIMITS, Egress(), resolver=Obliging()) as client:
        reasons = [await refusal(client.post_form(url, {"phone_number": "+12125550100"})) for url in urls]
        reasons += [await refusal(client.get_form(url, {"phone_number": "+12125550100"})) for url in urls]
    assert canary.visits == []
    assert "no answer in time" not in reasons, "one was tried, and only led nowhere"
    assert "no connection" not in reasons, "one was tried, and only led nowhere"
    assert reasons.count(REFUSED) >= 200


async def test_the_canary_would_have_been_reached(canary):
    loopback = Egress((ip_network("127.0.0.0/8"), ip_network("::1")))
    async with Outbound(LIMITS, loopback, resolver=Obliging()) as client:
        for url in hostile(canary.port):
            with contextlib.suppress(Unreachable):
                await client.post_form(url, {})
    assert len(canary.visits) >= 15


async def test_names_that_lead_inside_are_refused_at_each_connection(canary):
    names = Names(
        inside=[["127.0.0.1"]],
        six=[["::1"]],
        many=[["10.0.0.1", "127.0.0.1", "::1", "::ffff:127.0.0.1"]],
        metadata=[["169.254.169.254"]],
        nat64=[["64:ff9b::7f00:1"]],
    )
    async with Outbound(LIMITS, Egress(), resolver=names) as client:
        for name in ("inside", "six", "many", "metadata", "nat64"):
            assert await refusal(client.post(f"http://{name}.test:{canary.port}/", b"x", headers={})) == REFUSED
    assert canary.visits == []


@pytest.mark.skipif(sys.platform != "linux", reason="needs a second loopback address")
async def test_a_name_that_is_rebound_is_judged_anew(canary):
    async def good(_request):
        return web.Response(text="good", headers={"Connection": "close"})

    async with serving(good, "127.0.0.2", port=0) as port:
        names = Names(rebound=[["127.0.0.2"], ["127.0.0.1"]])
        there = Egress((ip_network("127.0.0.2"),))
        async with Outbound(LIMITS, there, resolver=names) as client:
            url = f"http://rebound.test:{port}/"
            assert (await client.post(url, b"", headers={})).body == b"good"
            client._session.connector.clear_dns_cache()
            assert await refusal(client.post(url, b"", headers={})) == REFUSED
    assert names.asked == 2
    assert canary.visits == []


@pytest.mark.skipif(sys.platform != "linux", reason="needs a second loopback address")
async def test_no_redirect_reaches_the_canary(canary):
    async def away(request):
        status = int(request.query.get("status", 302))
        return web.Response(status=status, headers={"Location": request.query["to"]})

    there = Egress((ip_network("127.0.0.2"),))
    async with serving(away, "127.0.0.2") as port, Outbound(LIMITS, there, resolver=Obliging()) as client:
        reasons = []
        for number, url in enumerate(hostile(canary.port)):
            status = (301, 302, 303, 307, 308)[number % 5]
            with contextlib.suppress(Unreachable):
                answer = await client.get_form(f"http://127.0.0.2:{port}/", {"to": url, "status": str(status)})
                reasons.append(answer.status)
    assert canary.visits == []
    assert set(reasons) <= {301, 302, 303, 307, 308, 400, 500}
