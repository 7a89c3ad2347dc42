"""lint: what the source lints share: C text without comments, and a run that first proves that a lint can fail.

A lint is a function check(root) that yields faults "FILE:LINE: WHAT is wrong: what to do".
"""
import os
import re
import sys

SOURCE_DIR = os.path.abspath(os.environ.get("SOURCE_DIR") or os.path.join(os.path.dirname(__file__), "../.."))
TOKEN = re.compile(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', re.S)


def c_files(root, *folders):
    """The .c and .h files under FOLDERS of ROOT, as paths relative to ROOT."""
    for folder in folders:
        for place, names, files in os.walk(os.path.join(root, folder)):
            names.sort()
            for name in sorted(files):
                if name.endswith((".c", ".h")):
                    yield os.path.relpath(os.path.join(place, name), root)


def read(root, path):
    with open(os.path.join(root, path), encoding="utf-8") as file:
        return file.read()


def blank(text, strings):
    """TEXT with comments (and, with STRINGS, what literals hold) made blanks, every line where it was."""
    def replace(match):
        token = match.group()
        if token[0] == "/":
            return re.sub(r"[^\n]", " ", token)
        return token[0] + " " * (len(token) - 2) + token[0] if strings else token

    return TOKEN.sub(replace, text)


def literals(text):
    """(line, contents) of each string literal, those that stand side by side joined."""
    text = blank(text, strings=False)
    line = 1
    joined = None
    end = 0
    for match in TOKEN.finditer(text):
        if match.group()[0] != '"':
            continue
        if joined and not text[end:match.start()].strip():
            joined = (joined[0], joined[1] + match.group()[1:-1])
        else:
            if joined:
                yield joined
            line = text.count("\n", 0, match.start()) + 1
            joined = (line, match.group()[1:-1])
        end = match.end()
    if joined:
        yield joined


def run(check, bad, good):
    """Runs CHECK on the sources. BAD: {path: text} of which each alone must be faulted; GOOD: of which none may."""
    name = os.path.basename(sys.argv[0])
    found = []
    for samples, must_fail in ((bad, True), (good, False)):
        for n, (path, text) in enumerate(samples):
            root = os.path.abspath(f"{'bad' if must_fail else 'good'}-{n}")
            os.makedirs(os.path.dirname(os.path.join(root, path)), exist_ok=True)
            with open(os.path.join(root, path), "w", encoding="utf-8") as file:
                file.write(text)
            if bool(list(check(root))) != must_fail:
                found.append(f"{name}: {path}: {text!r}: was {'not ' if must_fail else ''}faulted: mend the lint")
    found += check(SOURCE_DIR)
    for fault in found:
        print(fault, file=sys.stderr)
    sys.exit(1 if found else 0)
