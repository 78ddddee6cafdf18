"""The process that functions' workers are forked from: it has loaded the libraries that all of them need.

`python -m headrace_local.nursery FD` serves a socket of the emulator. Each message is a JSON list [script,
folder, environment] with the three descriptors of a worker's standard streams; the reply is its process id.
A worker runs the script as `python script` would run it: in that folder, with that environment, and with
no module loaded that is the project's own or that looks at the environment as it is loaded. The nursery
ends with the emulator, and has one thread, for only such a process can be forked safely.
"""

import gc
import importlib
import json
import os
import runpy
import signal
import socket
import sys
import time
import traceback
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NoReturn

# PyArrow and DuckDB start threads of their own: workers load them.
_LIBRARIES = (
    *("boto3", "botocore.handlers", "s3transfer.manager"),
    *("msgspec", "pydantic", "sqlglot", "sqlglot.optimizer", "yaml", "asyncio"),
    "pyiceberg.catalog.glue",
)
_LARGEST_MESSAGE = 2**18


def main(arguments: Sequence[str]) -> None:
    channel = socket.socket(fileno=int(arguments[0]))
    for name in _LIBRARIES:
        importlib.import_module(name)
    gc.freeze()  # what all share is not written to by a worker's collector
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for them here
    while True:
        message, streams, _, _ = socket.recv_fds(channel, _LARGEST_MESSAGE, 3)
        if not message:
            return
        pid = os.fork()
        if not pid:
            script, folder, environment = json.loads(message)
            _become(script, folder, environment, streams)
        for stream in streams:
            os.close(stream)
        channel.send(str(pid).encode())


def _become(script: str, folder: str, environment: Mapping[str, str], streams: Sequence[int]) -> NoReturn:
    """Be the worker until it ends."""
    code = 1
    try:
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        for number, stream in enumerate(streams):
            os.dup2(stream, number)
        os.closerange(
            3, os.sysconf("SC_OPEN_MAX")
        )  # the channel, too: its end shows that the nursery has ended
        os.chdir(folder)
        os.environ.clear()
        os.environ.update(environment)
        time.tzset()
        sys.argv[:] = [script]
        sys.path[0] = str(Path(script).parent)
        runpy.run_path(script, run_name="__main__")
        code = 0
    except BaseException:  # noqa: BLE001 there is nobody to raise it to
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


if __name__ == "__main__":
    main(sys.argv[1:])
