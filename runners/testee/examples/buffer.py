#!/usr/bin/env python3
"""A testee in one file: a model of a buffer that its owner takes back.

It knows five operations, each in its plain form only; everything else it answers with "unsupported".
"""
import json
import sys

PAGES = 4

# What an operation must be given, beside objects and pages.
PLAIN = {
    "vfio.open": {
        "bars": ["1MiB"], "function": "physical", "reset": "any", "low_power": False,
        "driver": "vfio-pci", "context": "shared", "access": "granted",
    },
    "vfio.export": {
        "region": 0, "ranges": [{"offset": "0", "length": f"{PAGES} pages"}], "flags": 0,
        "open_flags": ["rdwr", "cloexec"], "unreadable": "nothing",
    },
    "vfio.revoke": {},
    "buffer.mmap": {"offset": "0", "sharing": "shared", "access": ["read", "write"]},
    "memory.load": {},
}
FREE = {"device", "buffer", "vma", "page"}


class Answer(Exception):
    """Raised by an operation that does not succeed."""

    def __init__(self, kind, **fields):
        super().__init__(kind)
        self.outcome = {"kind": kind, **fields}


class Case:
    """The objects of a case, by the names that the case gives them, and what can be done with them."""

    def __init__(self):
        self.things = {}

    def find(self, name, kind):
        if not isinstance(name, str):
            raise Answer("unsupported", reason="no numbers here")
        if name not in self.things:
            raise Answer("skipped", reason=f'there is no "{name}"')
        thing = self.things[name]
        if thing["kind"] != kind:
            raise Answer("unsupported", reason=f'"{name}" is a {thing["kind"]}')
        return thing

    def vfio_open(self, args):
        return {"kind": "device"}

    def vfio_export(self, args):
        return {"kind": "buffer", "of": self.find(args["device"], "device"), "revoked": False}

    def vfio_revoke(self, args):
        owner, taken = self.find(args["device"], "device"), self.find(args["buffer"], "buffer")
        if taken["of"] is not owner:
            raise Answer("failed", errno="ENODEV")
        if taken["revoked"]:
            raise Answer("failed", errno="EBADFD")
        taken["revoked"] = True
        return 0

    def buffer_mmap(self, args):
        mapped = self.find(args["buffer"], "buffer")
        if mapped["revoked"]:
            raise Answer("failed", errno="ENODEV")
        return {"kind": "vma", "of": mapped}

    def memory_load(self, args):
        if self.find(args["vma"], "vma")["of"]["revoked"]:
            raise Answer("faulted", signal="SIGBUS")
        if args["page"] >= PAGES:
            raise Answer("faulted", signal="SIGSEGV")
        return 0

    def perform(self, step):
        if step["action"] == "finish":
            return {"kind": "skipped", "reason": f'{step["of"]} was not started'}
        name, args = step["operation"], step["args"]
        if name not in PLAIN or step["action"] == "start":
            return {"kind": "unsupported", "reason": f'no {step["action"]} of {name} here'}
        odd = [key for key in args if key not in FREE and args[key] != PLAIN[name].get(key)]
        if odd:
            return {"kind": "unsupported", "reason": f'no such "{odd[0]}" here'}
        try:
            result = getattr(self, name.replace(".", "_"))(args)
        except Answer as answer:
            return answer.outcome
        if not isinstance(result, dict):
            return {"kind": "returned", "value": result}
        self.things[step.get("bind")] = result
        return {"kind": "returned", "value": None}


def say(kind, **fields):
    print(json.dumps({"type": kind, **fields}), flush=True)


def run(number, program):
    case, count = Case(), 0
    for step in program["steps"]:
        tell(number, count, step["id"], case.perform(step))
        count += 1
    if "race" in program:
        tell(number, count, "race", {"kind": "unsupported", "reason": "no threads here"})
        count += 1
    post = {"leaks": [], "blocked": [], "log": [], "tainted": False}
    say("end", run=number, observations=count, end={"end": "completed", "post": post})


def tell(number, seq, step, outcome):
    rest = {"events": [], "log": [], "pending": [], "durationMs": 0}
    say("observation", run=number, seq=seq, observation={"step": step, "outcome": outcome, **rest})


TARGET = {
    "id": "buffer.py", "name": "A model of a revocable buffer", "version": "1", "kernel": "none",
    "architecture": "generic", "pageSize": 4096, "detectors": [], "operations": list(PLAIN),
}


def take(message):
    kind = message["type"]
    if kind == "hello" and 1 in message["versions"]:
        say("hello", version=1, target=TARGET)
    elif kind == "hello":
        say("error", code="version", message="This testee speaks version 1")
    elif kind == "run":
        run(message["run"], message["program"])
    elif kind == "reset":
        say("ready", reset=message["reset"])
    elif kind == "bye":
        say("bye")
    elif kind not in ("abort", "error"):
        say("error", code="unknown-type", message=f"What is {kind}?")


for line in sys.stdin:
    try:
        take(json.loads(line))
    except (ValueError, KeyError, TypeError) as error:
        say("error", code="malformed", message=str(error))
