"""Runs the emulated account in the foreground, on 127.0.0.1 only: `python -m headrace_local.emulator`.

It is MiniStack, unedited, in an environment of its own: nothing of the caller's AWS settings reaches the
functions, nothing listens on another interface, no container engine is touched, and every file lies in the
state directory, which one emulator at a time may use.
"""

import argparse
import asyncio
import contextlib
import fcntl
import json
import logging
import os
import shutil
import signal
import socket
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from hypercorn.asyncio import serve
from hypercorn.config import Config

HOST = "127.0.0.1"
REGION = "us-east-1"
ACCOUNT = "000000000000"
DEFAULT_PORT = 4566
DEFAULT_SLOTS = max(2, os.cpu_count() or 2)  # functions at once: one a core
PID_FILE, LOCK_FILE = "emulator.json", "emulator.lock"
STATE_IN_USE, PORT_TAKEN = 3, 4

# What of the caller's environment an emulator, and with it every function, may see.
_INHERITED = ("LANG", "LC_ALL", "PATH", "PYTHONPATH", "VIRTUAL_ENV")


def main(arguments: Sequence[str] | None = None) -> int:
    options = _parser().parse_args(arguments)
    state: Path = options.state.resolve()
    state.mkdir(parents=True, exist_ok=True)
    try:
        with _claimed(state), _listening(options.port) as listener:
            port = listener.getsockname()[1]
            _enter(environment(state, port, keep=options.keep, wait_scale=options.wait_scale))
            _announce(state / PID_FILE, port)
            asyncio.run(_serve(listener, options))
            logging.shutdown()
            # The threads of running executions would hold the interpreter; what is durable has been written.
            os._exit(0)
    except BlockingIOError:
        return _refuse(STATE_IN_USE, f"{state} is in use by another emulator")
    except OSError as error:
        return _refuse(PORT_TAKEN, f"cannot listen on {HOST}:{options.port}: {error.strerror}")


def environment(state: Path, port: int, *, keep: bool, wait_scale: float) -> dict[str, str]:
    """Everything MiniStack and the functions it runs find in their environment."""
    return {
        **{name: os.environ[name] for name in _INHERITED if name in os.environ},
        **client_environment(port),
        "BIND_HOST": HOST,
        "MINISTACK_HOST": HOST,
        "GATEWAY_PORT": str(port),
        "MINISTACK_REGION": REGION,
        "MINISTACK_ACCOUNT_ID": ACCOUNT,
        "SFTP_ENABLED": "0",
        "SFTP_HOST": HOST,
        "IOT_MTLS_ENABLED": "0",
        "DOCKER_HOST": f"unix://{state / 'no-container-engine.sock'}",
        "LAMBDA_EXECUTOR": "local",
        "LAMBDA_ACCOUNT_CONCURRENCY": "0",  # invocations wait for a slot instead (gaps/concurrency.py)
        "LAMBDA_WARM_TTL_SECONDS": "60",
        "SFN_WAIT_SCALE": str(wait_scale),
        "PERSIST_STATE": str(int(keep)),
        "S3_PERSIST": str(int(keep)),
        "STATE_DIR": str(state / "services"),
        "S3_DATA_DIR": str(state / "s3"),
        "TMPDIR": str(state / "tmp"),
        "TZ": "UTC",
        "PYTHONWARNINGS": "ignore",
    }


def client_environment(port: int) -> dict[str, str]:
    """What makes any AWS client, SDK or SAM, talk to the emulator on `port` and to nothing else."""
    return {
        "AWS_ENDPOINT_URL": f"http://{HOST}:{port}",
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_REGION": REGION,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
        "NO_PROXY": f"{HOST},localhost",
    }


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m headrace_local.emulator", description=__doc__)
    parser.add_argument("--state", type=Path, required=True, help="directory for everything it writes")
    parser.add_argument("--port", type=int, default=DEFAULT_PORT, help="default: %(default)s; 0: a free one")
    parser.add_argument("--keep", action="store_true", help="keep the account's state for the next start")
    parser.add_argument(
        "--slots", type=int, default=DEFAULT_SLOTS, help="functions at once (default: %(default)s)"
    )
    parser.add_argument(
        "--wait-scale", type=float, default=1.0, help="how long waits and retry intervals are"
    )
    parser.add_argument("--plain", action="store_true", help="close no gap: MiniStack as it is")
    return parser


@contextlib.contextmanager
def _claimed(state: Path) -> Iterator[None]:
    """The state directory, for as long as this process lives; the kernel gives it back even after SIGKILL."""
    with (state / LOCK_FILE).open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        (state / PID_FILE).unlink(missing_ok=True)
        yield


@contextlib.contextmanager
def _listening(port: int) -> Iterator[socket.socket]:
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((HOST, port))
        yield listener


def _announce(pid_file: Path, port: int) -> None:
    draft = pid_file.with_suffix(".draft")
    draft.write_text(json.dumps({"pid": os.getpid(), "port": port}))
    draft.replace(pid_file)


def _enter(variables: Mapping[str, str]) -> None:
    os.environ.clear()
    os.environ.update(variables)
    temporary = Path(variables["TMPDIR"])
    shutil.rmtree(temporary, ignore_errors=True)
    temporary.mkdir()


async def _serve(listener: socket.socket, options: argparse.Namespace) -> None:
    # MiniStack reads the environment as it is imported, so not before it is set.
    from ministack import app  # noqa: PLC0415
    from ministack.core import lambda_runtime  # noqa: PLC0415

    from headrace_local import gaps  # noqa: PLC0415
    from headrace_local.gaps.snapshots import Snapshots  # noqa: PLC0415

    logging.getLogger("events").setLevel(logging.WARNING)  # else a line for each event
    if not options.plain:
        gaps.close_all(slots=options.slots)
    application = Snapshots(app.app)
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for request in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(request, stopping.set)
    writing = loop.create_task(application.keep()) if options.keep and not options.plain else None
    config = Config()
    config.bind = [f"fd://{listener.fileno()}"]
    config.loglevel = "WARNING"
    config.keep_alive_timeout = 75
    try:
        await serve(application, config, shutdown_trigger=stopping.wait)
    finally:
        if writing:
            writing.cancel()
        await asyncio.to_thread(lambda_runtime.reset)


def _refuse(code: int, reason: str) -> int:
    sys.stderr.write(f"headrace laptop: {reason}\n")
    return code


if __name__ == "__main__":
    sys.exit(main())
