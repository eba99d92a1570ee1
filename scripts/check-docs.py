#!/usr/bin/env python3
"""Checks the documentation against the tree: relative links in *.md lead somewhere, files that the texts name in `code` exist, and every `persihash VERB`,
`make TARGET` and --option shown is one. Usage: check-docs.py [path of the tool]; without the tool its verbs are the files cli/cmd_*.c."""
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
LINK = re.compile(r"\]\(([^)#\s]+)(?:#[^)]*)?\)")
PATH = re.compile(r"`((?:src|cli|docs|tests|scripts|cmake|include|examples|bench)/[\w./-]*\w/?)`")
VERBS = {path.stem.removeprefix("cmd_") for path in ROOT.glob("cli/cmd_*.c")} | {"help"}


def targets():
    text = (ROOT / "Makefile").read_text(encoding="utf-8")
    return {word for line in re.findall(r"^([a-z][a-z ]*):", text, re.M) for word in line.split()}


def options_of(tool, verb, known={}):
    if verb not in known:
        known[verb] = set(re.findall(r"--[a-z][a-z0-9-]*", subprocess.run([tool, verb, "--help"], capture_output=True, text=True).stdout)) | {"--help"}
    return known[verb]


def commands(text):
    """The words of each command in fenced blocks and `code`, without comments; continued lines joined."""
    blocks = re.findall(r"^```.*?\n(.*?)^```", text, re.M | re.S) + re.findall(r"`([^`\n]+)`", text)
    for line in "\n".join(blocks).replace("\\\n", " ").splitlines():
        words = line.split("#")[0].removeprefix("$ ").split()
        if len(words) > 1 and words[0] in ("persihash", "build/persihash", "make"):
            yield words


def faults_of(path, tool):
    text = path.read_text(encoding="utf-8")
    for target in LINK.findall(text):
        if "://" not in target and not target.startswith("mailto:") and not (path.parent / target).exists():
            yield f"link to {target}, which is not there"
    for name in PATH.findall(text):
        if not (ROOT / name).exists():
            yield f"names {name}, which is not there"
    for words in commands(text):
        if words[0] == "make":
            if re.fullmatch("[a-z]+", words[1]) and words[1] not in targets():
                yield f"make {words[1]}: no such target"
        elif re.fullmatch("[a-z]+", words[1]):
            if words[1] not in VERBS:
                yield f"persihash {words[1]}: no such command"
            elif tool:
                for word in words[2:]:
                    if word.startswith("--") and word.split("=")[0] not in options_of(tool, words[1]):
                        yield f"persihash {words[1]} {word}: no such option"


def main():
    tool = sys.argv[1] if len(sys.argv) > 1 else None
    files = sorted(ROOT / name for name in subprocess.run(["git", "ls-files", "*.md"], cwd=ROOT, capture_output=True, text=True).stdout.split()) \
        or sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])
    faults = [f"{path.relative_to(ROOT)}: {fault}" for path in files for fault in faults_of(path, tool)]
    print("\n".join(faults) if faults else f"{len(files)} documents agree with the tree")
    return 1 if faults else 0


sys.exit(main())
