"""Names in a configuration that refer to something: each must be there, or the nearest one is named."""

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from zcrepro import registry
from zcrepro.settings import unknown_name

Config = Mapping[str, Any]


def check_references(config: Config, datasets: Collection[str]) -> None:
    """Raises ValueError that lists every name in ``config`` that refers to nothing.

    A schema cannot see these: training sets, problems, files, and what has a file of its own in src/.
    """
    wrong = [
        *_plugins(config),
        *_problems(config),
        *_training_sets(config),
        *_files(config, datasets),
        *_reads(config),
    ]
    if wrong:
        raise ValueError("\n  ".join(["the configuration names what is not there:", *wrong]))


def _missing(where: str, what: str, named: Iterable[str], known: Iterable[str]) -> list[str]:
    known = list(known)
    return [f"{where}: {unknown_name(what, name, known)}" for name in named if name not in known]


def _plugins(config: Config) -> Iterable[str]:
    spaces = config["spaces"]
    yield from _missing("spaces", "space", spaces, registry.names("space"))
    for space, of in spaces.items():
        recipes = [of[table]["recipe"] for table in ("accuracies", "released") if table in of]
        yield from _missing(f"spaces.{space}", "recipe", recipes, registry.names("recipe"))
        images = [task["images"] for task in of["tasks"].values()]
        yield from _missing(f"spaces.{space}.tasks", "images", images, registry.names("images"))
    proxies = registry.names("proxies")
    yield from _missing("features.proxies", "proxy", config["features"]["proxies"], proxies)
    yield from _missing("srgp.terminals", "proxy", config["srgp"]["terminals"], proxies)
    yield from _missing(
        "generalization.handcrafted", "proxy", config["generalization"]["handcrafted"], proxies
    )
    for run in config["search"]["runs"]:
        yield from _missing("search.runs.guides", "proxy", run["guides"], proxies)
    algorithms = registry.names("algorithms")
    yield from _missing("search.algorithms", "algorithm", config["search"]["algorithms"], algorithms)
    yield from _missing("report.tables", "table", config["report"]["tables"], registry.names("table"))
    yield from _missing("report.figures", "figure", config["report"]["figures"], registry.names("figure"))


def _problems(config: Config) -> Iterable[str]:
    """A problem needs its space; one whose own features are computed needs its images too."""
    spaces = config["spaces"]
    imaged = [f"{space}/{task}" for space, of in spaces.items() for task in of["tasks"]]
    for where in ("features", "search"):
        for run in config[where]["runs"]:
            named = [run["problem"]]
            if where == "features" or run["scores"] == "features":
                yield from _missing(f"{where}.runs", "problem", named, imaged)
            else:
                yield from _spaces_of(f"{where}.runs", named, spaces)
    yield from _missing("embedded.problems", "problem", config["embedded"]["problems"], imaged)
    yield from _spaces_of("generalization.problems", config["generalization"]["problems"], spaces)
    for name, problems in config["training_sets"].items():
        yield from _spaces_of(f"training_sets.{name}", problems, spaces)


def _spaces_of(where: str, problems: Iterable[str], spaces: Config) -> Iterable[str]:
    for problem in problems:
        space, slash, task = problem.partition("/")
        if not (slash and task):
            yield f"{where}: a problem is written <space>/<task>, not {problem!r}"
        else:
            yield from _missing(where, "space", [space], spaces)


def _training_sets(config: Config) -> Iterable[str]:
    known = config["training_sets"]
    evolved = config["srgp"]["train_on"]
    yield from _missing("srgp.train_on", "training set", evolved, known)
    guiding = [run["evolved_on"] for run in config["search"]["runs"] if run["evolved_on"]]
    yield from _missing("search.runs.evolved_on", "training set", guiding, known)


def _files(config: Config, datasets: Collection[str]) -> Iterable[str]:
    for space, of in config["spaces"].items():
        tables = [of[table] for table in ("accuracies", "released") if table in of]
        for source in (*tables, *of["tasks"].values()):
            fetched = [name for name in source["files"] if not name.startswith("resources/")]
            yield from _missing(f"spaces.{space}", "data set", fetched, datasets)


def _reads(config: Config) -> Iterable[str]:
    report = config["report"]
    for name in (*report["tables"], *report["figures"]):
        if name not in report["reads"]:
            yield f"report.reads: say what {name!r} reads"
