#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""An option is in the program, in its --help and usage line, in the manual page and in the completion,
or in none of them; and the commands that the documentation shows exist. What a program takes is not read
out of its source but asked of it.

usage: options.py BIN SOURCE"""
import pathlib
import re
import subprocess
import sys

BIN, SOURCE = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
OPTION = re.compile(r"(?<![\w-])--[a-z][a-z0-9-]*")
COMMON = {"--socket", "--format", "--help"}  # the manual has them once, for all commands
NEVER = "--no-such-option"
failures = []


def run(program, *arguments):
    done = subprocess.run([BIN / program, *arguments], capture_output=True, text=True, timeout=60, check=False)
    return done.stdout + done.stderr


def expect(holds, what):
    if not holds:
        failures.append(what)


# ---- trothctl ----


def commands():
    """(words, usage line, rest of the help) of each."""
    for line in run("trothctl", "--help").splitlines():
        found = re.match(r"  ([a-z]+(?: [a-z]+)?)  +[A-Z]", line)
        if found:
            words = found.group(1).split()
            text = run("trothctl", *words, "--help")
            yield words, *text.split("\n", 1)


def written_beside():
    """For each group what could be an option of its commands: those in the files that carry them out."""
    files = {file: file.read_text() for file in SOURCE.glob("cli/*.c")}
    common = set(OPTION.findall(files[SOURCE / "cli/admin.c"]))
    names = {}
    for file, text in files.items():
        for group in re.findall(r'^\t{ "([a-z]+)", "[a-z]*"', text, flags=re.M):
            beside = "".join(t for f, t in files.items() if f.name.startswith(f"cmd_{group}"))
            names[group] = common | set(re.findall(r'"(--[a-z][a-z0-9-]*)"', beside))
    return names


def takes(words, option):
    """Nothing is done: what comes behind is no option of any command."""
    return f"unknown option {option}" not in run("trothctl", *words, f"{option}=x", NEVER)


def has_value(words, option):
    return "takes no value" not in run("trothctl", *words, f"{option}=x", NEVER)


def plain(roff):
    return re.sub(r"\\f[A-Z]", "", roff.replace("\\-", "-"))


def manual_of(page, words):
    """The synopsis of a command, and the entry that has it for a title, as far as the next one."""
    synopsis, rest = page.split(".SH DESCRIPTION", 1)
    name = " ".join(words)
    text = ""
    for part in re.split(r"^\.(?:PP|br)$", synopsis, flags=re.M):
        if re.match(rf"\s*\.B trothctl {name}\b", part):
            text += part
    for part in re.split(r"^\.TP$(?!\n\.BR? \"? ?--)", rest, flags=re.M):
        if re.search(rf'^\.BR? "?{name}\b', part, flags=re.M):
            text += part
    return text


def check_trothctl():
    page = plain((SOURCE / "docs/man/trothctl.1").read_text())
    completion = (SOURCE / "packaging/completion/troth.bash").read_text()
    known, taken = written_beside(), {}
    for words, usage, rest in commands():
        name = " ".join(words)
        shown = set(re.findall(r"^  (?:.*?, )?(--[a-z][a-z0-9-]*)", rest, flags=re.M))
        taken[name] = {option for option in known[words[0]] | shown if takes(words, option)}
        expect(taken[name] == shown, f"{name}: takes {sorted(taken[name] - shown)} without help for it, "
               f"and has help for {sorted(shown - taken[name])}")
        if "OPTION" not in usage:
            expect(shown <= set(OPTION.findall(usage)), f"{name}: the usage line lacks {sorted(shown - set(OPTION.findall(usage)))}")
        manual = manual_of(page, words)
        expect(manual, f"{name}: not in trothctl.1")
        lacks = shown - COMMON - set(OPTION.findall(manual))
        expect(not lacks, f"{name}: trothctl.1 lacks {sorted(lacks)}")
        for option in taken[name]:
            expect(option in completion or not has_value(words, option), f"{name}: nothing completes the value of {option}")
    expect(len(taken) > 40, f"only {len(taken)} commands were found")
    return taken


# ---- the other programs ----


def check_program(program, source):
    text = (SOURCE / source).read_text()
    coded = {"--" + name for name in re.findall(r'\{ "([a-z-]+)", (?:no|required)_argument', text)}
    helped = set(OPTION.findall(run(program, "--help")))
    manual = set(OPTION.findall(plain((SOURCE / f"docs/man/{program}.8").read_text())))
    expect(coded and coded == helped, f"{program}: options {sorted(coded)}, help for {sorted(helped)}")
    expect(coded <= manual, f"{program}.8 lacks {sorted(coded - manual)}")
    return coded


# ---- documentation ----


def shown_commands(text):
    """Command lines between backticks and in indented or fenced blocks, continued lines joined."""
    text = text.replace("\\\n", " ")
    for line in text.splitlines():
        parts = [line] if line.startswith("    ") or "`" not in line else re.findall(r"`([^`]+)`", line)
        for part in parts:
            yield from re.findall(r"\b(trothctl|troth-verifier|troth-attester) ([^|;&#`]*)", part)


def check_line(where, program, line, taken, others):
    words = line.split()
    used = [word.split("=")[0].rstrip(",.:)'") for word in words if OPTION.match(word)]
    if program != "trothctl":
        for option in used:
            expect(option in others[program], f"{where}: {program} has no {option}: {line}")
        return
    names = [word for word in words if re.fullmatch(r"[a-z]+", word)]
    name = next((n for n in (" ".join(names[:2]), " ".join(names[:1])) if n in taken), None)
    if name is None:
        groups = {n.split()[0] for n in taken}
        expect(not names or len(names) < 2 or names[0] not in groups or used == [], f"{where}: no such command: trothctl {line}")
        return
    for option in used:
        expect(option in taken[name] | {"--help"}, f"{where}: trothctl {name} has no {option}: {line}")


def check_documentation(taken, others):
    n = 0
    for file in [SOURCE / "README.md", *sorted((SOURCE / "docs").rglob("*.md"))]:
        for program, line in shown_commands(file.read_text()):
            check_line(file.relative_to(SOURCE), program, line, taken, others)
            n += 1
    expect(n > 100, f"only {n} command lines were found")


options = check_trothctl()
check_documentation(options, {
    "troth-verifier": check_program("troth-verifier", "verifier/main.c"),
    "troth-attester": check_program("troth-attester", "attester/command_line.c"),
})
for failure in failures:
    print("FAILED:", failure, file=sys.stderr)
sys.exit(1 if failures else 0)
