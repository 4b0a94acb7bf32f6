"""The command ``sparsecycle``: verbs are imported when they are used, every failure is one message and an exit code.

0 done, 1 unexpected failure, 2 wrong usage or input, 3 a claim does not hold, 4 infeasible, 5 deadlock, 130 interrupted.
"""

from __future__ import annotations

import atexit
import difflib
import gc
import os
import sys
import tempfile
import traceback
from collections.abc import Sequence
from importlib import import_module

import click

from simulator.errors import SimulatorError

VERBS = (
    "run",
    "estimate",
    "compare",
    "events",
    "plot",
    "report",
    "show",
    "check",
    "trace",
    "validate",
    "import",
    "sweep",
    "decompose",
    "tasder",
)
MODULES = {"import": "importing"}
"""Verbs whose names are words of Python."""
INTERRUPTED = 130


class Verbs(click.Group):
    """One module per verb, imported when the verb is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The verbs in the order a user meets them."""
        return list(VERBS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The verb's command, None when there is no such verb."""
        if cmd_name not in VERBS:
            return None
        command = import_module(f"simulator.cli.{MODULES.get(cmd_name, cmd_name)}").command
        assert isinstance(command, click.Command)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Suggest the nearest verb for one that does not exist."""
        if args and args[0] not in VERBS and not args[0].startswith("-"):
            near = difflib.get_close_matches(args[0], VERBS, n=1)
            hint = f"did you mean {near[0]!r}? " if near else ""
            raise click.UsageError(f"unknown verb {args[0]!r}; {hint}choices: {', '.join(VERBS)}", ctx)
        return super().resolve_command(ctx, args)


def _version(ctx: click.Context, _: click.Parameter, wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        click.echo(f"sparsecycle {version('sparsecycle')}")
        ctx.exit()


@click.group(cls=Verbs, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.option(
    "--version", is_flag=True, is_eager=True, expose_value=False, callback=_version, help="Print the version."
)
def cli() -> None:
    """Cycle-level, data-exact simulation of sparse tensor accelerators."""


def main(args: Sequence[str] | None = None) -> None:
    """Run the command line and exit with its code."""
    # Products here are small: a second thread of numpy's BLAS, which is not imported yet, waits more than it works.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    # Nor is pydantic: it would ask every installed distribution whether it has a plug-in for it.
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")
    # Nor is numba: see simulator.jit.
    os.environ.setdefault("SPARSECYCLE_COMMAND", "1")
    # A run leaves some thousand objects in cycles among hundreds of thousands that stay: to look for them took a tenth of its time.
    gc.set_threshold(500_000, *gc.get_threshold()[1:])
    # What is left at the end goes with the process: to search it for cycles once more took a quarter of a second.
    atexit.register(gc.freeze)
    sys.exit(_run(args))


def _run(args: Sequence[str] | None) -> int:
    try:
        code = cli.main(args=args, prog_name="sparsecycle", standalone_mode=False)
        return code if isinstance(code, int) else 0
    except click.ClickException as error:
        return _usage(error)
    except (KeyboardInterrupt, click.Abort) as stop:
        click.echo(f"interrupted{_after(stop.__cause__ or stop)}", err=True)
        return INTERRUPTED
    except SimulatorError as error:
        for line in str(error).splitlines():
            click.echo(f"error: {line}", err=True)
        return error.exit_code
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except Exception as error:
        click.echo(
            f"error: unexpected {type(error).__name__}: {_first_line(error)}; traceback in {_log()}", err=True
        )
        return 1


def _usage(error: click.ClickException) -> int:
    if isinstance(error, click.exceptions.NoArgsIsHelpError):
        error.show()
        return error.exit_code
    context = getattr(error, "ctx", None)
    if context is not None:
        click.echo(context.get_usage(), err=True)
    click.echo(f"error: {error.format_message()}", err=True)
    return error.exit_code


def _after(stop: BaseException) -> str:
    return f": {stop.args[0]}" if stop.args else ""


def _first_line(error: BaseException) -> str:
    lines = str(error).splitlines()
    return lines[0] if lines else "no message"


def _log() -> str:
    """Write the traceback being handled to a file of its own and return its name."""
    handle, name = tempfile.mkstemp(prefix="sparsecycle-", suffix=".log")
    with os.fdopen(handle, "w", encoding="utf-8") as log:
        log.write(traceback.format_exc())
    return name
