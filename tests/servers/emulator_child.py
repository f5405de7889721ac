"""What the AWS emulator's own interpreter runs: serve on the listening socket given by number, until stdin ends."""

import asyncio
import sys
import threading

from hypercorn.asyncio import serve
from hypercorn.config import Config
from ministack.app import app


async def main(listener: int) -> None:
    ended = asyncio.Event()
    loop = asyncio.get_running_loop()

    def watch() -> None:
        sys.stdin.buffer.read()
        loop.call_soon_threadsafe(ended.set)

    threading.Thread(target=watch, daemon=True).start()
    config = Config()
    config.bind = [f"fd://{listener}"]
    config.keep_alive_timeout = 75
    config.graceful_timeout = 0
    config.loglevel = "WARNING"
    await serve(app, config, shutdown_trigger=ended.wait)


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1])))
