"""The limit: two bare aiohttp requests a call, a hundred at once, no ledger, no broker, nothing checked."""

from __future__ import annotations

import asyncio
import json
import sys

import aiohttp
import uvloop

AT_ONCE = 100


async def main(tenant: str) -> None:
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as http:
        print("ready", flush=True)
        while line := await asyncio.to_thread(sys.stdin.readline):
            campaign, count = json.loads(line)
            left = iter(range(1, count + 1))

            async def work(left=left, campaign=campaign) -> None:
                for seq in left:
                    fields = {"phone_number": f"+1212555{seq:04d}", "message_reference": f"ref-{seq}"}
                    fields |= {"call_id": str(seq), "campaign_id": str(campaign)}
                    for path in ("/start", "/result"):
                        async with http.post(tenant + path, data=fields) as answer:
                            await answer.read()

            await asyncio.gather(*(work() for _ in range(AT_ONCE)))
            print("fed", flush=True)


if __name__ == "__main__":
    uvloop.run(main(sys.argv[1]))
