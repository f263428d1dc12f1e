# Stands in front of a renderer's own script: commands come as JSON lines on descriptor 3,
# answers go to descriptor 4; standard output stays the renderer's own.
import json
import os
import queue
import sys
import threading
import time

try:
    import resource
except ImportError:  # Windows
    resource = None

_answers = os.fdopen(4, "w", buffering=1, encoding="utf-8")


class Refused(Exception):
    """A failure with a kind that the Go side knows, and a cause for people."""

    def __init__(self, kind, cause):
        super().__init__(cause)
        self.kind = kind
        self.cause = cause


def answer(**fields):
    _answers.write(json.dumps(fields) + "\n")
    _answers.flush()


def commands():
    """Yields commands. When the Go side is gone, the process ends, even mid-render."""
    lines = queue.Queue()

    def read():
        with os.fdopen(3, "r", encoding="utf-8") as pipe:
            for line in pipe:
                lines.put(line)
        os._exit(0)

    threading.Thread(target=read, daemon=True).start()
    while True:
        yield json.loads(lines.get())


def clean(error):
    text = " ".join(str(error).split())
    return text[len("Error: "):] if text.startswith("Error: ") else text


def usage(before):
    """What a command took since os.times() was before: CPU seconds, and the process's peak
    memory in bytes; 1 where the system doesn't tell."""
    after = os.times()
    return {
        "cpu": after.user + after.system - before.user - before.system,
        "rss": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 if resource else 1,
    }


def serve(**do):
    """Carries out commands by their names until "quit" comes. Doesn't return."""
    for cmd in commands():
        try:
            if cmd["do"] == "quit":
                break
            do[cmd["do"]](cmd)
        except Refused as e:
            answer(event="error", kind=e.kind, cause=e.cause)
        except MemoryError:
            answer(event="error", kind="memory", cause="Python ran out of memory")
        except Exception as e:
            answer(event="error", kind="scene", cause="%s: %s" % (type(e).__name__, clean(e)))
    sys.stdout.flush()
    os._exit(0)
