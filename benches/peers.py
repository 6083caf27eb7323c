"""Measures flavor and its peers on one project; `benches/peers` makes the environment and starts this.

Each round goes through four states of a tool's caches: all empty, only what does not depend on the project kept, warm with
nothing changed, warm with one source line changed. In each state every tool packs once, in an order that turns from round
to round, so that neighbours in the table met the same machine. After every pack the product runs, untimed, with an empty
cache of its own, and must print what the source says now.

A ratio is the median of the rounds' ratios to flavor, or to the plain virtual environment for starts.
"""

import argparse
import os
import pathlib
import platform
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

EMPTY, KEPT, NOOP, LINE = "all caches empty", "part kept", "nothing changed", "one line changed"
WARM, FIRST = "warm start", "first start"


class Failure(Exception):
    pass


def remove(path):
    if path.is_dir() and not path.is_symlink():
        for directory, _, _ in os.walk(path):
            os.chmod(directory, 0o700)
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def timed(command, environment, directory, log):
    """Seconds that a command takes. What it prints goes to a file, as it would in a build."""
    with open(log, "wb") as out:
        begin = time.perf_counter()
        status = subprocess.Popen(
            list(map(str, command)),
            env=environment,
            cwd=directory,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
        ).wait()
        took = time.perf_counter() - begin
    if status != 0:
        tail = log.read_text(errors="replace").strip().splitlines()[-12:]
        raise Failure(f"{' '.join(map(str, command))}: status {status}\n  " + "\n  ".join(tail))
    return took


class Tool:
    """One row of the table: a command that packs, in a home and a copy of the project of its own."""

    name = ""
    # States in which it is measured.
    states = (EMPTY, NOOP, LINE)
    # Packages of which the version is shown, in the virtual environment of this name.
    venv = ""
    packages = ()

    def __init__(self, bench):
        self.bench = bench
        self.place = bench.work / self.name.replace(" ", "-")
        self.home = self.place / "home"
        self.project = self.place / "hello"
        self.product = self.place / "hello.out"
        # The product runs as another user would run it: it has a home without a trace of its making.
        self.user = self.place / "user"
        self.log = self.place / "log"
        self.place.mkdir()

    def command(self):
        raise NotImplementedError

    def path(self):
        return []

    def environment(self, home):
        kept = {name: value for name, value in os.environ.items() if name in ("TMPDIR", "LD_LIBRARY_PATH")}
        return kept | {
            "HOME": str(home),
            "LANG": "C.UTF-8",
            "COLUMNS": "80",
            "PATH": os.pathsep.join([*map(str, self.path()), str(self.bench.links), "/usr/bin", "/bin"]),
            "PIP_NO_INDEX": "1",
            "PIP_FIND_LINKS": str(self.bench.wheels),
            "PIP_DISABLE_PIP_VERSION_CHECK": "1",
        }

    def settle(self):
        """Settings that a new home needs."""

    def empty(self):
        for path in (self.home, self.project, self.product):
            remove(path)
        self.home.mkdir()
        leftovers = shutil.ignore_patterns("dist", "build", "*.egg-info", "__pycache__")
        shutil.copytree(self.bench.example, self.project, ignore=leftovers)
        self.settle()

    def keep(self):
        """Makes the caches as `empty` does, but for the part that knows nothing of the project."""

    def edit(self, title):
        source = self.project / "src/hello/cli.py"
        source.write_text(re.sub('title="[^"]*"', f'title="{title}"', source.read_text()))

    def pack(self):
        return timed(self.command(), self.environment(self.home), self.place, self.log)

    def forget(self):
        remove(self.user)
        self.user.mkdir()

    def start(self, *arguments):
        return timed([self.product, *arguments], self.environment(self.user), self.place, self.place / "output")

    def check(self, title):
        self.forget()
        self.start("world")
        # Standard error too: FlavorPack's launcher reports there.
        output = (self.place / "output").read_text()
        wanted = f"─ {title} ─"
        if wanted not in output or "│ Hello, world! │" not in output.replace("  ", ""):
            raise Failure(f"the product does not print `{wanted}`:\n{output}")
        self.start("--version")
        if "hello, version 1.0.0" not in (self.place / "output").read_text():
            raise Failure("the product does not know its version")

    def versions(self):
        script = "import sys\nfrom importlib.metadata import version\nprint(', '.join(f'{p} {version(p)}' for p in sys.argv[1:]))"
        return captured([self.bench.peers / self.venv / "bin/python", "-c", script, *self.packages])


class Flavor(Tool):
    name = "flavor"
    states = (EMPTY, KEPT, NOOP, LINE)
    options = ()

    def command(self):
        project = ["--manifest", self.project / "pyproject.toml", "--output", self.product]
        return [self.bench.flavor, "pack", "--key-seed", "bench", "--python", self.bench.python, *project, *self.options]

    def keep(self):
        """The interpreter, slim and relocatable."""
        aside, runtime = self.place / "aside", self.home / ".cache/flavor/build/runtime"
        runtime.rename(aside)
        self.empty()
        runtime.parent.mkdir(parents=True)
        aside.rename(runtime)

    def pack(self):
        took = super().pack()
        self.said = self.log.read_text()
        return took

    def versions(self):
        installer = re.search(r"distributions by (\w+ \S+)", self.bench.phases[self.name, EMPTY])
        return f"{captured([self.bench.flavor, '--version'])}, {installer[1] if installer else 'an unknown installer'}"


class FlavorUv(Flavor):
    name = "flavor with uv"

    def path(self):
        return [self.bench.uv]


class Pex(Tool):
    name = "PEX"
    states = (EMPTY, KEPT, NOOP, LINE)
    venv, packages = "pex", ("pex",)

    def program(self, *arguments):
        return [self.bench.peers / "pex/bin/pex", "--no-pypi", "--find-links", self.bench.wheels, *arguments]

    def command(self):
        return self.program(self.project, "--console-script", "hello", "--venv", "--sh-boot", "--output-file", self.product)

    def keep(self):
        """The pip that it installs for itself, here to pack something else."""
        self.empty()
        timed(self.program("wheel", "--output-file", self.product), self.environment(self.home), self.place, self.log)
        remove(self.product)


class Shiv(Tool):
    name = "shiv"
    states = (EMPTY, KEPT, NOOP, LINE)
    venv, packages = "shiv", ("shiv", "pip")

    def keep(self):
        """Nothing: it is measured again at the same moment as those that have something to keep."""
        self.empty()

    def command(self):
        program = ["--console-script", "hello", "--python", self.bench.python, "--output-file", self.product]
        return [self.bench.peers / "shiv/bin/shiv", *program, self.project]


class PyInstaller(Tool):
    name = "PyInstaller"
    venv, packages = "pyinstaller", ("pyinstaller", "pyinstaller-hooks-contrib")

    def command(self):
        build = ["--workpath", self.place / "home/work", "--specpath", self.place / "home", "--distpath", self.place]
        # Without --strip it is more than twice as large, with an interpreter that has its symbols, and slower at everything.
        program = ["--onefile", "--strip", "--name", self.product.name]
        program += ["--paths", self.project / "src", "--copy-metadata", "hello"]
        main = self.project / "src/hello/__main__.py"
        return [self.bench.peers / "pyinstaller/bin/pyinstaller", "--noconfirm", *build, *program, main]


class FlavorPack(Tool):
    name = "FlavorPack"
    venv, packages = "flavorpack", ("flavorpack", "uv", "pip")
    # Its command line packs 3.11 and nothing else, so another interpreter needs a word beforehand.
    run = (
        "import sys; from flavor.packaging import orchestrator as o\n"
        "for one in vars(o).values():\n"
        "    if hasattr(one, 'DEFAULT_PYTHON_VERSION'): one.DEFAULT_PYTHON_VERSION = sys.argv[1]\n"
        "del sys.argv[1]; from flavor.cli import main; main()"
    )

    def command(self):
        project = ["--manifest", self.project / "pyproject.toml", "--output", self.product]
        python = self.bench.peers / "flavorpack/bin/python"
        return [python, "-c", self.run, self.bench.minor, "pack", "--key-seed", "bench", *project]

    def path(self):
        return [self.bench.peers / "flavorpack/bin"]

    def settle(self):
        """What it calls is not given the caller's environment, so everything is in files. Its interpreter would come
        from the network; flavor's slim one stands where uv keeps those, for nothing else is as small."""
        wheels = [self.bench.wheels, self.bench.peers / "wheels-flavorpack"]
        settings = self.home / ".config"
        (settings / "pip").mkdir(parents=True)
        (settings / "uv").mkdir()
        lines = ["[global]", "no-index = true", "disable-pip-version-check = true", f"find-links = {wheels[0]} {wheels[1]}", ""]
        (settings / "pip/pip.conf").write_text("\n".join(lines))
        (settings / "uv/uv.toml").write_text(f'offline = true\nno-index = true\nfind-links = ["{wheels[0]}"]\n')
        store = self.home / ".local/share/uv/python"
        store.mkdir(parents=True)
        name = f"cpython-{platform.python_version()}-{sys.platform}-{platform.machine()}-gnu"
        shutil.copytree(self.bench.runtime(), store / name, symlinks=True)


class Venv(Tool):
    """The program in a plain virtual environment: what starts are compared with."""

    name = "plain venv"
    states = ()

    def make(self):
        self.empty()
        environment = self.environment(self.home)
        venv = self.place / "venv"
        timed([self.bench.python, "-m", "venv", venv], environment, self.place, self.log)
        timed([venv / "bin/pip", "install", self.project], environment, self.place, self.log)
        self.product = venv / "bin/hello"


def captured(command):
    return subprocess.run(list(map(str, command)), check=True, capture_output=True, text=True).stdout.strip()


class Bench:
    def __init__(self, arguments, work):
        self.flavor = arguments.flavor.resolve()
        self.python = arguments.python
        self.minor = ".".join(platform.python_version_tuple()[:2])
        self.peers = arguments.peers
        self.example = arguments.example
        self.wheels = self.peers / "wheels"
        self.work = work
        # PEX's products look for their interpreter by name.
        self.links = work / "links"
        self.links.mkdir()
        (self.links / f"python{self.minor}").symlink_to(self.python)
        self.uv = work / "uv"
        self.uv.mkdir()
        (self.uv / "uv").symlink_to(self.peers / "flavorpack/bin/uv")
        self.rounds = arguments.rounds
        self.slow_rounds = min(arguments.flavorpack_rounds, arguments.rounds)
        self.starts = arguments.starts
        kinds = [Flavor, FlavorUv, Pex, Shiv, PyInstaller, *([FlavorPack] if self.slow_rounds else [])]
        self.tools = [kind(self) for kind in kinds]
        self.venv = Venv(self)
        # (tool's name, what) → seconds, one for each round.
        self.times = {}
        self.sizes = {}
        self.phases = {}
        self.load = []

    def runtime(self):
        """The interpreter as flavor cuts it, from the build cache of its first row."""
        return next((self.work / "flavor/home/.cache/flavor/build/runtime").glob("*/tree/bin")).parent

    def note(self, tool, what, took):
        self.times.setdefault((tool.name, what), []).append(took)

    def drop(self, tool, failure):
        print(f"\n{tool.name} is left out: {failure}\n", file=sys.stderr)
        self.tools.remove(tool)

    def pack(self, tool, state, round_number):
        title = "hello"
        if state == EMPTY:
            tool.empty()
        elif state == KEPT:
            tool.keep()
        elif state == LINE:
            title = f"hello {round_number}"
            tool.edit(title)
        took = tool.pack()
        tool.check(title)
        self.note(tool, state, took)
        if isinstance(tool, Flavor):
            self.phases[tool.name, state] = tool.said
        if state == EMPTY:
            self.sizes[tool.name] = tool.product.stat().st_size

    def packs(self):
        for round_number in range(self.rounds):
            for state in (EMPTY, KEPT, NOOP, LINE):
                if state == LINE:
                    # PyInstaller compares whole seconds.
                    time.sleep(1.1)
                turn = round_number % len(self.tools)
                # The first round keeps its order: FlavorPack's interpreter comes out of flavor's first row.
                for tool in self.tools[turn:] + self.tools[:turn]:
                    if state not in tool.states or isinstance(tool, FlavorPack) and round_number >= self.slow_rounds:
                        continue
                    self.load.append(os.getloadavg()[0])
                    say(f"round {round_number + 1} of {self.rounds}: {state}, {tool.name}")
                    try:
                        self.pack(tool, state, round_number)
                    except Failure as failure:
                        self.drop(tool, failure)

    def small(self):
        """The same with `--compress 9`, once, for its size."""
        flavor = next(tool for tool in self.tools if tool.name == "flavor")
        say("flavor --compress 9")
        usual, flavor.product = flavor.product, flavor.place / "small.out"
        flavor.options = ("--compress", "9")
        flavor.edit("hello")
        self.small_time = flavor.pack()
        flavor.check("hello")
        self.small_size = flavor.product.stat().st_size
        flavor.product, flavor.options = usual, ()

    def all_starts(self):
        subjects = [self.venv, *(tool for tool in self.tools if not isinstance(tool, FlavorUv))]
        for what, count in ((FIRST, max(3, self.starts // 3)), (WARM, self.starts)):
            say(what)
            for number in range(count):
                turn = number % len(subjects)
                for tool in subjects[turn:] + subjects[:turn]:
                    if what == FIRST:
                        tool.forget()
                    self.note(tool, what, tool.start("--version"))


def ratio(times, base):
    """The median of the ratios of those rounds that both had."""
    return statistics.median(one / other for one, other in zip(times, base))


def report(bench):
    times, flavor = bench.times, "flavor"

    def cell(name, what, unit, base):
        if (name, what) not in times:
            return "–"
        median = statistics.median(times[name, what])
        shown = f"{median:.2f} s" if unit == "s" else f"{median * 1e3:.0f} ms"
        if name == base or (base, what) not in times:
            return shown
        return f"{shown}, {ratio(times[name, what], times[base, what]):.3g}"

    packs, starts = (EMPTY, KEPT, NOOP, LINE), (WARM, FIRST)
    rows = [["", *packs, "MB", *starts]]
    for name in [*(tool.name for tool in bench.tools), bench.venv.name]:
        size = f"{bench.sizes[name] / 1e6:.1f}" if name in bench.sizes else "–"
        cells = [cell(name, what, "ms" if what == NOOP and name.startswith(flavor) else "s", flavor) for what in packs]
        rows.append([name, *cells, size, *(cell(name, what, "ms", bench.venv.name) for what in starts)])
    small = f"{bench.small_size / 1e6:.1f}"
    rows.insert(2, ["flavor --compress 9", "–", "–", "–", "–", small, "–", "–"])
    rows.insert(1, None)
    widths = [max(len(row[column]) for row in rows if row) for column in range(len(rows[0]))]
    say("")
    for row in rows:
        if row is None:
            print("|" + "|".join("-" * (width + 1) + (":" if column else "-") for column, width in enumerate(widths)) + "|")
        else:
            print("| " + " | ".join(one.ljust(width) for one, width in zip(row, widths)) + " |")
    print()
    print(f"Medians of {bench.rounds} rounds, of {bench.slow_rounds} for FlavorPack; {bench.starts} warm starts.")
    print("After the comma: ÷ flavor for packs, ÷ plain venv for starts.")
    print("Part kept: of flavor the interpreter, of PEX the pip that it installs for itself, of shiv nothing.")
    print("PyInstaller finds the dependencies installed; all others resolve and install them. PEX and shiv carry no interpreter.")
    print(f"flavor --compress 9: {bench.small_time:.1f} s, once.")

    print("\nVersions")
    print(f"  {'machine':16} {machine(bench.work)}")
    print(f"  {'load average':16} {min(bench.load):.1f} to {max(bench.load):.1f}")
    print(f"  {'interpreter':16} {platform.python_implementation()} {platform.python_version()}")
    wheels = sorted("-".join(path.name.split("-")[:2]) for path in bench.wheels.iterdir())
    print(f"  {'wheels':16} {', '.join(wheels)}")
    for tool in bench.tools:
        print(f"  {tool.name:16} {tool.versions()}")

    print("\nCommands")
    for tool in bench.tools:
        if isinstance(tool, FlavorUv):
            continue
        line = " ".join(map(str, tool.command())).replace(f"bin/python -c {FlavorPack.run} {bench.minor}", "bin/flavor")
        for path, short in ((tool.place, "."), (bench.peers, "PEERS"), (bench.python, "PYTHON"), (bench.flavor, "flavor")):
            line = line.replace(str(path), short)
        print(f"  {line}")

    for state in (EMPTY, KEPT, LINE, NOOP):
        print(f"\nflavor, {state}, the last round")
        for line in bench.phases[flavor, state].replace(str(bench.work), "WORK").split("\nnext:")[0].splitlines():
            print(f"  {line}")

    print("\nHolds?")
    for text, value, limit, at_most in claims(bench):
        if value is None:
            print(f"  unknown  {text}")
        else:
            holds = value <= limit if at_most else value >= limit
            print(f"  {'yes' if holds else 'NO':7}  {text}: {value:.3g}")


def claims(bench):
    """What is said of flavor: the words, the figure, its limit, and whether that is an upper one."""
    times, sizes = bench.times, bench.sizes

    def against(name, what, state, own="flavor"):
        both = [times.get((name, what)), times.get((own, state))]
        return ratio(*both) if all(both) else None

    def median(what):
        return statistics.median(times["flavor", what]) * 1e3

    kept, kept_uv = "only the interpreter kept", "the same, flavor with uv"
    least = sizes.get("PyInstaller")
    return [
        (f"{kept}, PEX from empty caches ÷ flavor > 1", against("PEX", EMPTY, KEPT), 1, False),
        (f"{kept_uv}", against("PEX", EMPTY, KEPT, FlavorUv.name), 1, False),
        (f"{kept}, PEX with its pip kept ÷ flavor > 1", against("PEX", KEPT, KEPT), 1, False),
        (f"{kept_uv}", against("PEX", KEPT, KEPT, FlavorUv.name), 1, False),
        (f"{kept}, shiv ÷ flavor > 1", against("shiv", KEPT, KEPT), 1, False),
        (f"{kept_uv}", against("shiv", KEPT, KEPT, FlavorUv.name), 1, False),
        ("all caches empty, PEX ÷ flavor > 1", against("PEX", EMPTY, EMPTY), 1, False),
        ("all caches empty, FlavorPack ÷ flavor ≥ 3", against("FlavorPack", EMPTY, EMPTY), 3, False),
        ("nothing changed, FlavorPack ÷ flavor ≥ 150", against("FlavorPack", NOOP, NOOP), 150, False),
        ("nothing changed, ms ≤ 60", median(NOOP), 60, True),
        ("one line changed, ms ≤ 600", median(LINE), 600, True),
        ("size by default, MB ≤ 13", sizes["flavor"] / 1e6, 13, True),
        ("size with --compress 9 ÷ PyInstaller's one file ≤ 1", least and bench.small_size / least, 1, True),
    ]


def machine(work):
    release = pathlib.Path("/etc/os-release").read_text() if os.path.exists("/etc/os-release") else ""
    system = re.search('PRETTY_NAME="?([^"\n]*)', release)
    file_system = captured(["stat", "-f", "-c", "%T", work])
    return f"{len(os.sched_getaffinity(0))} cores, {system[1] if system else platform.system()}, work on {file_system}"


def say(text):
    if sys.stderr.isatty():
        print(f"\r\x1b[K{text}", end="", file=sys.stderr, flush=True)
    else:
        print(text, file=sys.stderr)


def main():
    raw = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(prog="benches/peers", description=__doc__, formatter_class=raw)

    def number(option, default, text):
        parser.add_argument(option, type=int, default=default, metavar="N", help=f"{text} [default: {default}]")

    number("--rounds", int(os.environ.get("ROUNDS", 7)), "rounds of packing, also ROUNDS")
    number("--flavorpack-rounds", 3, "in how many of them FlavorPack packs, a third of a minute each time; 0 leaves it out")
    number("--starts", 21, "warm starts; a third as many first ones")
    for hidden in ("--flavor", "--python", "--peers", "--example"):
        parser.add_argument(hidden, type=pathlib.Path, required=True, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    work = pathlib.Path(tempfile.mkdtemp(prefix="peers-"))
    os.environ["TMPDIR"] = str(work / "tmp")
    (work / "tmp").mkdir()
    try:
        bench = Bench(arguments, work)
        bench.venv.make()
        bench.venv.check("hello")
        bench.packs()
        bench.all_starts()
        bench.small()
        report(bench)
    finally:
        remove(work)


main()
