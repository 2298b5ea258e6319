"""Jobs deferred one by one and done by procrastinate, on PostgreSQL: `peer_procrastinate.py URL JOBS CONCURRENCY`.

A round for each line it reads.
"""

import asyncio
import logging
import sys
from time import perf_counter

from procrastinate import App, PsycopgConnector

URL, JOBS, CONCURRENCY = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
logging.getLogger("procrastinate").setLevel(logging.ERROR)  # it warns of jobs that stand in the main module
app = App(connector=PsycopgConnector(conninfo=URL))


@app.task(queue="bench")
async def nothing(number: int) -> None: ...


async def main() -> None:
    async with app.open_async():
        await app.schema_manager.apply_schema_async()
        for _ in sys.stdin:
            begin = perf_counter()
            for number in range(JOBS):
                await nothing.defer_async(number=number)
            await app.run_worker_async(
                wait=False, concurrency=CONCURRENCY, listen_notify=False, install_signal_handlers=False
            )
            print(perf_counter() - begin, flush=True)


asyncio.run(main())
