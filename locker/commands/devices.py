"""`lockerctl keypads`, `release` and `device`: what belongs to a keypad, tried from the socket."""

import argparse
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing, suppress

from locker.api.client import ApiClient
from locker.api.maintenance_schema import DeviceAsked, ReleaseAsked
from locker.api.schema import KeypadItem, KeypadTrialView, KeypadView, SnapshotItem
from locker.commands.printing import print_json, print_json_list, print_lines, speak, table
from locker.commands.technician import add_technician, asked_with, maintain
from locker.errors import ExitCode, LockerError

DEVICES = ("keys", "display", "sounder", "none")


def add_parsers(add: Callable[..., argparse.ArgumentParser]) -> None:
    """Describe the commands."""
    add("keypads", keypads, "every keypad: what it serves, whether it works, what is tried")
    released = add("release", release, "let a keypad be used again after too many wrong codes")
    tried = add("device", device, "try what belongs to a keypad; keys: shown until the trial ends")
    for parser in (released, tried):
        parser.add_argument("keypad", metavar="KEYPAD")
        add_technician(parser)
    tried.add_argument("device", choices=DEVICES, help="keys: with the scanner; none: end the trial of keys")


async def keypads(client: ApiClient, options: argparse.Namespace) -> ExitCode:
    """List the keypads."""
    known = await client.keypads()
    if options.json:
        print_json_list("keypads", known)
        return ExitCode.OK
    heads = ("KEYPAD", "SERVES", "HAS", "STATE")
    rows = [(pad.name, pad.bound_to or "every box", _has(pad), keypad_state(pad)) for pad in known]
    print_lines(table(heads, rows, flexible=3))
    return ExitCode.OK


async def release(client: ApiClient, options: argparse.Namespace) -> ExitCode:
    """Release a guarded keypad."""
    answer = await maintain(client, options, ReleaseAsked, keypad=options.keypad)
    if options.json:
        print_json(answer)
    else:
        print_lines([f"keypad {options.keypad}: released"])
    return ExitCode.OK


async def device(client: ApiClient, options: argparse.Namespace) -> ExitCode:
    """Try a device; follow a trial of keys until it ends, and end it when interrupted."""
    asked = asked_with(DeviceAsked, options, keypad=options.keypad, device=options.device)
    if options.device != "keys":
        answer = await client.maintain(asked)
        if options.json:
            print_json(answer)
        elif answer.keypad is not None:
            print_lines([f"keypad {options.keypad}: {_begun(options.device)}"])
        return ExitCode.OK
    under_way = False
    try:
        async with aclosing(_trial(client, asked)) as views:
            async for view in views:
                under_way = view.trial is not None
                if options.json:
                    print_json(view)
                else:
                    print_lines([_counted(view.trial) if view.trial else "the trial has ended"])
    finally:
        if under_way:
            with suppress(LockerError):  # whoever interrupts wants to go; it ends by itself, too
                await client.maintain(asked.model_copy(update={"device": "none"}))
    return ExitCode.OK


async def _trial(client: ApiClient, asked: DeviceAsked) -> AsyncGenerator[KeypadView, None]:
    """Begin a trial of keys and give how it goes; the last view has none any more."""
    begun = False
    async with aclosing(client.events(on_lost=lambda error: speak(f"{error}; trying again"))) as items:
        async for item in items:
            view = None
            if isinstance(item, SnapshotItem) and not begun:
                begun = True
                speak(f"press every key of keypad {asked.keypad}; C twice there ends it, Ctrl-C here")
                await client.maintain(asked)
            elif isinstance(item, SnapshotItem):  # of a daemon that was started anew
                view = next((pad for pad in await client.keypads() if pad.name == asked.keypad), None)
            elif isinstance(item, KeypadItem) and item.keypad.name == asked.keypad:
                view = item.keypad
            if view is not None:
                yield view
                if view.trial is None:
                    return


def keypad_state(pad: KeypadView) -> str:
    """Write how a keypad is."""
    if pad.trial is not None:
        return f"tried by {pad.trial.technician}: {_counted(pad.trial)}"
    states = [
        f"FAULTY: {pad.fault}" if pad.fault else "",
        "GUARDED" if pad.guarded else "",
        "in use" if pad.occupied else "",
    ]
    return ", ".join(filter(None, states)) or "ready"


def _has(pad: KeypadView) -> str:
    parts = ("keys", "display" if pad.display else "", "scanner" if pad.scanner else "")
    return ", ".join(filter(None, parts))


def _counted(trial: KeypadTrialView) -> str:
    keys = " ".join(f"{key}:{count}" for key, count in trial.keys.items()) or "no key yet"
    scanned = f", {trial.scans} scans, the last {trial.scanned}" if trial.scans else ""
    return f"{keys}{scanned}"


def _begun(device: str) -> str:
    return {
        "display": "every cell is lit for 2 s, then dark",
        "sounder": "every tone is played once",
    }.get(device, "the trial has ended")
