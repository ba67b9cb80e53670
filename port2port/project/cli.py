"""The command `port2port`: everything an operator types. Each command says in one sentence what went wrong."""

import argparse
import os
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

Command = Callable[[argparse.Namespace], int]
Commands = Any  # what argparse gives for adding commands has no public type


class Stop(Exception):
    """A command cannot go on; the message is the sentence the user sees."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; give its exit code."""
    arguments = _parser().parse_args(argv)
    try:
        return int(arguments.command(arguments))
    except KeyboardInterrupt:
        return 130
    except Exception as error:
        sentence = _sentence(error)
        if not sentence:
            raise  # a fault of ours shows where it lies
        print(f"port2port: {sentence}", file=sys.stderr)
        return 1


def _sentence(error: Exception) -> str:
    """Say in one sentence what is wrong with what was asked for; nothing where the fault is ours."""
    if isinstance(error, OSError) and error.filename:
        return f"{error.filename}: {str(error.strerror).lower()}"
    if isinstance(error, Stop | OSError | ValueError | RuntimeError):
        return str(error)
    database = sys.modules.get("django.db")
    if database is not None and isinstance(error, database.DatabaseError):
        said = (str(error).splitlines() or [type(error).__name__])[0]
        return f"the database cannot be used: {said}; look at P2P_STATE and DATABASE_URL"
    return ""


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="port2port", description="The security platform of the Belgian ports.")
    commands = parser.add_subparsers(required=True, metavar="command")
    _add_serving(commands)
    _add_reading(commands)
    _add_keeping(commands)
    return parser


def _add_serving(commands: Commands) -> None:
    run = _add(commands, "run", _run, "start everything: pages, ingest, detection")
    run.add_argument("--demo", action="store_true", help="the demo world, in a state folder of its own")
    run.add_argument("--port", type=int, default=None)
    for role, text in (("web", "pages and API only"), ("detect", "ingest and detection only")):
        _add(commands, role, _role(role), text).add_argument("--port", type=int, default=None)


def _add_reading(commands: Commands) -> None:
    play = _add(commands, "replay", _replay, "play a recorded log through the real ingest path")
    play.add_argument("file", type=Path)
    play.add_argument("--speed", type=float, default=1.0)
    play.add_argument("--area", default="antwerp", help="whose picture the log is played in")
    play.add_argument("--keep-times", action="store_true", help="keep the times of the log: history only")
    play.add_argument("--port", type=int, default=None)
    decode = _add(commands, "decode", _decode, "print what a file says, one JSON object a line")
    decode.add_argument("format", choices=["ais"])
    decode.add_argument("file", type=Path)
    decode.add_argument("--strict", action="store_true", help="fail on the first bad input")
    verify = _add(commands, "verify", _verify, "check the ledger without trusting the server")
    verify.add_argument(
        "log", nargs="?", default="", help="an exported log or a database; default: this deployment's"
    )
    verify.add_argument("rest", nargs=argparse.REMAINDER)
    export = _add(commands, "export-ledger", _export, "write the ledger to a file that `verify` reads anywhere")
    export.add_argument("file", type=Path)


def _add_keeping(commands: Commands) -> None:
    load = _add(commands, "load", _load, "load data that people can read")
    load.add_argument("kind", choices=["ports"])
    load.add_argument("path", type=Path, nargs="?", default=None)
    _add(commands, "migrate", _migrate, "bring the database to this version")
    admin = _add(commands, "admin", _admin, "make an account")
    admin.add_argument("act", choices=["create"])
    admin.add_argument("name")
    admin.add_argument("--role", default="operator")
    admin.add_argument("--areas", default="", help="comma-separated, such as antwerp,ghent")
    demo = _add(commands, "demo", _demo, "start the demo world again from nothing")
    demo.add_argument("act", choices=["reset"])


def _add(commands: Commands, name: str, do: Command, text: str) -> argparse.ArgumentParser:
    parser = commands.add_parser(name, help=text, description=text)
    parser.set_defaults(command=do)
    return parser


def _django() -> None:
    """Load the rooms; only commands that need the database pay for it."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "port2port.project.settings")
    import django

    django.setup()


def _made_ready() -> Path:
    """Load the rooms on the deployment that is named, its database of this version; give its state folder."""
    from port2port.project.config import read_config

    state = read_config().state
    if (state / "DEMO").exists():
        os.environ["P2P_DEMO"] = "1"
    _django()
    from port2port.project.first_start import ready

    ready()
    return state


def _run(arguments: argparse.Namespace) -> int:
    if arguments.demo:
        os.environ["P2P_DEMO"] = "1"
    return _serve(arguments, "run")


def _role(role: str) -> Command:
    return lambda arguments: _serve(arguments, role)


def _serve(arguments: argparse.Namespace, role: str) -> int:
    if arguments.port:
        os.environ["PORT"] = str(arguments.port)
    os.environ["P2P_ROLE"] = role
    _django()
    from port2port.project import serving

    return serving.serve(role)


def _replay(arguments: argparse.Namespace) -> int:
    config, token = _running_deployment()
    from port2port.project.config import AREAS
    from port2port.project.replay import Target, replay

    if arguments.area not in AREAS:
        raise Stop(f"--area: {arguments.area!r} is not one of {', '.join(AREAS)}")

    target = Target(config.host, arguments.port or config.port, token, arguments.area)
    taken = replay(
        arguments.file, target, speed=arguments.speed, keep_times=arguments.keep_times,
        said=lambda line: print(f"\r{line}", end="", flush=True),
    )  # fmt: skip
    print(f"\n{arguments.file.name}: {taken} lines are in, as a replay in {arguments.area}")
    return 0


def _running_deployment():  # noqa: ANN202 - Config, which is only imported here
    """Find the state of the deployment that runs: the one named, else the demo where it exists."""
    if "P2P_STATE" not in os.environ and "P2P_DEMO" not in os.environ and Path("var/demo/keys/ingest").exists():
        os.environ["P2P_DEMO"] = "1"
    from port2port.project.config import read_config

    config = read_config()
    path = config.state / "keys" / "ingest"
    if not path.exists():
        raise Stop(f"no deployment has run in {config.state}; start it with `make run`, or set P2P_STATE")
    return config, path.read_text()


def _decode(arguments: argparse.Namespace) -> int:
    import msgspec

    from port2port.protocols.ais.report import BadInput, decode_file

    try:
        for facts in decode_file(arguments.file, strict=arguments.strict):
            sys.stdout.buffer.write(msgspec.json.encode(facts) + b"\n")
    except BrokenPipeError:
        sys.stderr.close()
    except BadInput as error:
        raise Stop(str(error)) from error
    return 0


def _verify(arguments: argparse.Namespace) -> int:
    from port2port.audit import verify

    if arguments.log:
        return verify.main([arguments.log, *arguments.rest])
    config, _ = _running_deployment()
    if not config.database_url:
        return verify.main([str(config.state / "port2port.sqlite3"), *arguments.rest])
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "ledger.jsonl"
        _export_to(log)
        return verify.main([str(log), *arguments.rest])


def _export_to(path: Path) -> None:
    _django()
    from port2port.audit.queries import export_log

    with path.open("w", encoding="utf-8") as log:
        export_log(log)


def _load(arguments: argparse.Namespace) -> int:
    _made_ready()
    from port2port.engine.clock import REAL
    from port2port.places.actions import load_ports
    from port2port.project.first_start import PORTS, loader

    editions = load_ports(arguments.path or PORTS, by=loader(), at=REAL.now())
    for edition in editions:
        print(f"{edition.pk}: next version loaded")
    print(f"{len(editions)} folders changed" if editions else "nothing changed")
    return 0


def _migrate(_: argparse.Namespace) -> int:
    print(f"the database of {_made_ready()} is of this version")
    return 0


def _admin(arguments: argparse.Namespace) -> int:
    import getpass

    role, areas = _role_named(arguments.role), _areas_named(arguments.areas)
    state = _made_ready()
    from port2port.people.actions import create_account

    password = getpass.getpass("Password, 15 characters or more: ")
    create_account(username=arguments.name, name=arguments.name, role=role, areas=areas, password=password)
    print(f"{arguments.name} can sign in as {role} of {', '.join(areas) or 'no area yet'}, in {state}")
    return 0


def _role_named(name: str) -> Any:
    """Find the role of a person; a service is no person."""
    from port2port.rights.rules import Role

    roles = [role for role in Role if role is not Role.SERVICE]
    if name not in roles:
        raise Stop(f"--role: {name!r} is not one of {', '.join(roles)}")
    return Role(name)


def _areas_named(names: str) -> list[str]:
    """Find the areas of a comma-separated list."""
    from port2port.project.config import AREAS

    areas = [area.strip() for area in names.split(",") if area.strip()]
    unknown = sorted(set(areas) - set(AREAS))
    if unknown:
        raise Stop(f"--areas: {', '.join(unknown)}: not one of {', '.join(AREAS)}")
    return areas


def _demo(_: argparse.Namespace) -> int:
    import shutil

    os.environ["P2P_DEMO"] = "1"
    from port2port.project.config import read_config

    config = read_config()
    marker = config.state / "DEMO"
    if config.state.exists() and not marker.exists():
        raise Stop(f"{config.state} holds no demo; nothing was removed")
    shutil.rmtree(config.state, ignore_errors=True)
    print(f"The demo world in {config.state} is gone; `make run` starts it again")
    return 0


def _export(arguments: argparse.Namespace) -> int:
    _running_deployment()
    _export_to(arguments.file)
    print(f"{arguments.file}: check it anywhere with `python port2port/audit/verify.py {arguments.file}`")
    return 0


if __name__ == "__main__":
    sys.exit(main())
