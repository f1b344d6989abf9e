"""The reference of the commands, made from their parsers: every argument and option with its meaning."""

import argparse
from importlib import import_module

from markdown_text import plain, sentence

from avbaselines.__main__ import VERBS


def commands() -> str:
    """Markdown of all commands: description, how it is called, arguments and options."""
    return "\n".join(_command(verb) for verb in VERBS)


def _command(verb: str) -> str:
    parser: argparse.ArgumentParser = import_module(f"avbaselines.{verb}").parser()
    lines = [f"## `{verb}`", "", plain(" ".join((parser.description or "").split())), ""]
    lines += [f"Called as `python -m avbaselines.{verb}` or `avbaselines {verb}`.", ""]
    for action in parser._actions:
        if isinstance(action, argparse._HelpAction):
            continue
        if not action.help:
            raise ValueError(f"avbaselines {verb}: {action.dest} has no help text")
        text = action.help % {"default": action.default, "prog": parser.prog}
        lines += [_call(action), f": {sentence(text)}{_default(action)}", ""]
    return "\n".join(lines)


def _call(action: argparse.Action) -> str:
    """How an argument is written, such as ``--jobs N``."""
    if not action.option_strings:
        name = action.metavar or action.dest.upper()
        return f"`{name}`" + (" (may be left out)" if action.nargs in ("?", "*") else "")
    if action.nargs == 0:
        return f"`{action.option_strings[0]}`"
    value = action.metavar or ("|".join(map(str, action.choices)) if action.choices else action.dest.upper())
    several = " ..." if action.nargs in ("+", "*") else ""
    return f"`{action.option_strings[0]} {value}{several}`"


def _default(action: argparse.Action) -> str:
    told = "default" in (action.help or "")
    return "" if told or action.default in (None, False, [], argparse.SUPPRESS) else f" Default: `{action.default}`."
