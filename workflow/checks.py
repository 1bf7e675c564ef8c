"""Check the names in a configuration that refer to something: training sets, problems, files, plugins."""

import json
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

from jsonschema import Draft202012Validator

import static
from defaults import ALIASES, evolved_programs
from jobs.evolution import Evolution
from jobs.features import CONDITIONS, Features
from jobs.live import Live
from jobs.programs import Programs
from jobs.reduced import ReducedTrainings
from jobs.run import RELEASED, Run, Wildcards
from jobs.searching import Searching, scored_as
from zcrepro import provenance, registry
from zcrepro.fetching.datasets import Row
from zcrepro.files.json import read_sealed
from zcrepro.problems.problem import Problem
from zcrepro.settings import unknown_name

Config = Mapping[str, Any]


def check_references(config: Config, datasets: Mapping[str, Row], root: Path) -> None:
    """Raise ValueError that lists every name in ``config`` that refers to nothing, with the nearest one.

    Tracked files stand below ``root``.

    A schema cannot see these: training sets, problems, files, and what has a file of its own in src/.
    """
    wrong = [
        *_plugins(config),
        *_problems(config),
        *_training_sets(config),
        *_leaderboards(config),
        *_programs(config),
        *_variants(config),
        *_shards(config, root),
        *_reduced(config, datasets, root),
        *_live(config, datasets, root),
        *_promoted(config, datasets, root),
        *_files(config, datasets),
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
        sources = config["benchmarks"].get(space, {})
        yield from _missing(f"spaces.{space}.source", "source", [of["source"]], sources)
        images = [task["images"] for task in of["tasks"].values()]
        yield from _missing(f"spaces.{space}.tasks", "images", images, registry.names("images"))
    for where, recipes in _tables(config):
        yield from _missing(where, "recipe", recipes, registry.names("recipes"))
    yield from _proxies(config)
    for name, experiment in config["search"].items():
        algorithms = registry.names("algorithm")
        yield from _missing(f"search.{name}.algorithms", "algorithm", experiment["algorithms"], algorithms)
    yield from _missing("report.tables", "table", config["report"]["tables"], registry.names("table"))
    yield from _missing("report.figures", "figure", config["report"]["figures"], registry.names("figure"))


def _proxies(config: Config) -> Iterable[str]:
    """Check the proxies of each source of scores, and that what reads a source asks for no others."""
    for source in ("features", "released"):
        yield from _missing(
            f"{source}.proxies", "proxy", config[source]["proxies"], registry.names("proxies")
        )
    for run in config["features"]["runs"]:
        yield from _missing("features.runs.proxies", "proxy", run["proxies"], registry.names("proxies"))
    readers = [
        (f"evolution.{method}.handcrafted", section["scores"], section["handcrafted"])
        for method, section in config["evolution"].items()
    ]
    later = config["generalization"]["later"]
    yield from _missing("generalization.later", "proxy", later, registry.names("proxies"))
    for method, section in config["evolution"].items():
        yield from _missing(f"evolution.{method}.counts", "count", section["counts"], ALIASES["structure"])
        for name in (each for each in section["train_on"] if each in config["training_sets"]):
            of = config["training_sets"][name]
            source = section["scores"] if of["scores"] == "method" else of["scores"]
            where = f"training_sets.{name}.inputs (of those under {source}.proxies)"
            known = [*config[source]["proxies"], *ALIASES["structure"]]
            yield from _missing(where, "proxy", of["inputs"], known)
    for where, run in _searched(config):
        offered = _offered(config, run, scored_as(run))
        of = f"{where}.guides (of those that {run['scores']} have)"
        yield from _missing(of, "proxy", run["guides"], offered)
    for where, source, named in readers:
        offered = config[source]["proxies"]
        yield from _missing(f"{where} (of those under {source}.proxies)", "proxy", named, offered)


def _offered(config: Config, run: Mapping[str, Any], problem: str) -> list[str]:
    """Return the proxies that a search may read: of its scores, and of the variant that it names."""
    own = {of["problem"]: of["proxies"] for of in config["features"]["runs"]}
    variant = [
        name
        for of in config["features"]["variants"]
        if (of["variant"], of["problem"]) == (run["variant"], problem)
        for name in of["proxies"]
    ]
    if run["scores"] == RELEASED:
        return [*config[RELEASED]["proxies"], *variant]
    return variant if run["variant"] else own.get(problem, config["features"]["proxies"])


def _searched(config: Config) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield where each searched problem stands, and what is said of it."""
    for name, experiment in config["search"].items():
        for run in experiment["runs"]:
            yield f"search.{name}.runs", run


def _problems(config: Config) -> Iterable[str]:
    """Check problems: those scored need images, and those read need features or released scores."""
    imaged = _imaged(config)
    scored = [run["problem"] for run in config["features"]["runs"]]
    yield from _images_of("features.runs", config["features"]["runs"], config)
    trained = [run["problem"] for run in config["embedded"]["problems"]]
    yield from _missing("embedded.problems", "problem", trained, imaged)
    yield from _repeated("features.runs", scored)
    yield from _unordered(config, imaged)
    yield from _repeated("embedded.problems", trained)
    for name, experiment in config["search"].items():
        yield from _repeated(f"search.{name}.runs", [run["problem"] for run in experiment["runs"]])
    for where, run in _searched(config):
        yield from _spaces_of(where, [run["problem"]], config["spaces"])
        yield from _scored_in_search(where, run, config)
        if scored_as(run).partition("/")[0] != run["problem"].partition("/")[0]:
            yield f"{where}.scored_as: {run['scored_as']!r} is not of the space of {run['problem']!r}"
    for method, section in config["evolution"].items():
        source = section["scores"]
        if section["train_on"]:
            yield from _scored(
                "generalization.problems", config["generalization"]["problems"], source, config
            )
        for name in section["train_on"]:
            yield from _trained(f"training_sets.{name}", config["training_sets"].get(name), source, config)
        computed = [run["problem"] for run in config["features"]["runs"]]
        yield from _missing(
            f"evolution.{method}.completed (of those under features.runs)",
            "problem",
            section["completed"],
            computed,
        )


def _scored_in_search(where: str, run: Mapping[str, Any], config: Config) -> Iterable[str]:
    """Check that there are the scores that guide a search."""
    if run["variant"]:
        known = [f"{of['variant']} of {of['problem']}" for of in config["features"]["variants"]]
        asked = f"{run['variant']} of {scored_as(run)}"
        yield from _missing(f"{where}.variant", "variant", [asked], known)
    if not run["variant"] or run["scores"] == RELEASED:
        yield from _scored(where, [scored_as(run)], run["scores"], config)


def _trained(where: str, found: Mapping[str, Any] | None, source: str, config: Config) -> Iterable[str]:
    """Check the problems of a training set: each needs scores, its own or those of another task."""
    if found is None:
        return
    problems, other = found["problems"], found["scored_as"]
    own = [problem for problem in problems if problem not in other]
    yield from _scored(f"{where}.problems", own, source, config)
    yield from _spaces_of(f"{where}.problems", [each for each in problems if each in other], config["spaces"])
    yield from _missing(f"{where}.scored_as", "problem", other, problems)
    yield from _scored(f"{where}.scored_as", other.values(), source, config)
    for problem, of in other.items():
        if problem.partition("/")[0] != of.partition("/")[0]:
            yield f"{where}.scored_as: {of!r} is not of the space of {problem!r}, whose scores it stands for"


def _unordered(config: Config, imaged: Collection[str]) -> Iterable[str]:
    """Check that what is ordered among released scores has any."""
    for key in ("runs", "variants"):
        for run in config["features"][key]:
            problem = run["problem"]
            if run["among"] != RELEASED or problem not in imaged:
                continue
            if RELEASED not in _known_of(config, Problem.parse(problem).space):
                where = f"features.{key}.among"
                yield f"{where}: the space of {problem!r} has no released scores; leave out `among`"


def _scored(where: str, problems: Iterable[str], source: str, config: Config) -> Iterable[str]:
    computed = [run["problem"] for run in config["features"]["runs"]]
    for problem in problems:
        wrong = list(_spaces_of(where, [problem], config["spaces"]))
        if not wrong and source == "features":
            wrong = _missing(f"{where} (of those under features.runs)", "problem", [problem], computed)
        elif not wrong and "released" not in _known_of(config, Problem.parse(problem).space):
            wrong = [f"{where}: the space of {problem!r} has no released scores; set the scores to features"]
        yield from wrong


def _known_of(config: Config, space: str) -> Mapping[str, Any]:
    known: Mapping[str, Any] = config["benchmarks"].get(space, {})
    return known.get(config["spaces"][space]["source"], {})


def _repeated(where: str, named: list[str]) -> list[str]:
    repeated = sorted({name for name in named if named.count(name) > 1})
    return [f"{where}: {name!r} stands there twice" for name in repeated]


def _spaces_of(where: str, problems: Iterable[str], spaces: Config) -> Iterable[str]:
    for problem in problems:
        try:
            space = Problem.parse(problem).space
        except ValueError as error:
            yield f"{where}: {error}"
        else:
            yield from _missing(where, "space", [space], spaces)


def _shards(config: Config, root: Path) -> Iterable[str]:
    """Check that every pass that the configuration asks for is among the tracked ones."""
    features = config["features"]
    if features["draws"] > 1 and not features["redraw"]:
        yield "features.redraw: without it the draws are equal; say what they draw anew, or set draws to 1"
    jobs = Features(Run(config, root))
    for table, run in jobs.tables.items():
        for group, proxies in jobs.groups(table).items() if run["shards"] else ():
            path = f"{run['shards']}/{group}.parquet"
            if not (root / path).is_file():
                yield (
                    f"{table} has no {path}; take {', '.join(proxies)} out of "
                    "its proxies, or leave out `shards` to compute them"
                )


def _reduced(config: Config, datasets: Mapping[str, Row], root: Path) -> Iterable[str]:
    """Check the problems and files of trainings with less, and those that are tracked."""
    where = "reduced_trainings.runs"
    runs = config["reduced_trainings"]["runs"]
    wrong = _missing(where, "problem", [of["problem"] for of in runs], _imaged(config))
    wrong += _repeated(where, [f"{of['recipe']} of {of['problem']}" for of in runs])
    wrong += _missing(f"{where}.files", "data set", [name for of in runs for name in of["files"]], datasets)
    yield from wrong
    epochs = config["reduced_trainings"]["epochs"]
    for of in runs:
        if of["stop_after"] > epochs:
            yield (
                f"{where}.stop_after: a training of {of['recipe']} cannot stop after {of['stop_after']} of "
                f"{epochs} epochs; raise reduced_trainings.epochs, or stop earlier"
            )
    jobs = ReducedTrainings(Run(config, root, datasets))
    for of, path in zip(runs, map(Path, jobs.tables().values()), strict=True) if not wrong else ():
        if of["promoted"]:
            yield from _tracked(f"{where}.promoted", path, root, "train") or _other_training(of, path, jobs)


def _other_training(of: Mapping[str, Any], path: Path, jobs: ReducedTrainings) -> Iterable[str]:
    """Compare the settings of tracked trainings with those that the configuration asks for."""
    from zcrepro.files import parquet  # Imported here, since it is slow and most runs promote no trainings.

    space, _, task = of["problem"].partition("/")
    job = _wildcards(recipe=of["recipe"], space=space, task=task, start="0", stop="1")
    settings = {key: value for key, value in jobs.train(job).items() if key not in provenance.OF_TRAINING}
    if parquet.metadata(path).get("shared") != provenance.settings_digest(settings):
        yield (
            f"reduced_trainings.runs.promoted: the networks in {path} were trained with other settings than "
            "the configuration has; correct these, or leave out `promoted` to train in this run"
        )


def _live(config: Config, datasets: Mapping[str, Row], root: Path) -> Iterable[str]:
    """Check the problems, objectives and files of live searches, and the records that are tracked."""
    where, runs = "live.runs", config["live"]["runs"]
    yield from _repeated(where, [of["name"] for of in runs])
    yield from _missing(where, "problem", [of["problem"] for of in runs], _imaged(config))
    files = [name for of in runs for name in of["surrogate"]]
    yield from _missing(f"{where}.surrogate", "data set", files, datasets)
    guides = [of["guide"] for of in runs if of["guide"]]
    yield from _missing(f"{where}.guide", "proxy", guides, registry.names("proxies"))
    evolved = [of for of in runs if not of["guide"]]
    methods = [of["evolved_by"] for of in evolved]
    yield from _missing(f"{where}.evolved_by", "method", methods, config["evolution"])
    sets = [of["evolved_on"] for of in evolved if of["evolved_on"]]
    yield from _missing(f"{where}.evolved_on", "training set", sets, config["training_sets"])
    options = static.options(provenance.STAGES["live_search"])
    for of in runs:
        yield from _options(f"{where}.options", "live", options, of["options"])
        if bool(of["guide"]) == bool(of["evolved_on"]):
            yield f"{where}: {of['name']} needs one objective, either `guide` or `evolved_on`"
        if of["surrogate"] and not (of["problem"].startswith("nasbench301/") and len(of["surrogate"]) == 2):
            yield f"{where}.surrogate: {of['name']} needs two files, a model of nasbench301 and its encoding"
        if of["promoted"]:
            for path in map(Path, Live(Run(config, root, datasets)).files(of).values()):
                yield from _tracked(f"{where}.promoted", path, root, "search")


def _promoted(config: Config, datasets: Mapping[str, Row], root: Path) -> Iterable[str]:
    """Check that every formula and search that a run reads from a tracked folder is there and fits it."""
    run = Run(config, root, datasets)
    evolution, searching = Evolution(run), Searching(run)
    for method in evolution.methods:
        if config["evolution"][method]["promoted"]:
            where = f"evolution.{method}.promoted"
            compared = [
                path
                for section in config["leaderboard"]
                if section["method"] == method
                for path in evolution.formulas(method, section["training_sets"])
            ]
            for path in map(Path, [*evolution.formulas(method), *compared]):
                yield from _tracked(where, path, root, "evolve") or _other_formula(method, path, evolution)
    programs = Programs(run)
    if config["programs"]["promoted"] and not list(_programs(config)):
        for path in map(Path, programs.files()):
            yield from _tracked("programs.promoted", path, root, "evolve") or _other_program(path, programs)
    for name, experiment in config["search"].items():
        if experiment["promoted"]:
            where = f"search.{name}.promoted"
            for key, table in searching.tables().items():
                if key.startswith(f"search/{name}/"):
                    path = Path(table)
                    yield from _tracked(where, path, root, "search") or _other_search(name, path, searching)


def _tracked(where: str, path: Path, root: Path, otherwise: str) -> list[str]:
    if path.is_file():
        return []
    return [
        f"{where}: there is no {path.relative_to(root)}; put it there with `zcrepro promote`, or leave "
        f"out `promoted` to {otherwise} in this run"
    ]


def _wildcards(**names: str) -> Wildcards:
    return cast(Wildcards, SimpleNamespace(**names))


def _other_formula(method: str, path: Path, evolution: Evolution) -> Iterable[str]:
    """Compare the settings of a tracked formula with those that the configuration asks for."""
    job = _wildcards(method=method, training_set=path.parent.name, seed=path.stem.removeprefix("seed-"))
    yield from _differing(f"evolution.{method}.promoted", path, evolution.evolve(job))


def _other_program(path: Path, programs: Programs) -> Iterable[str]:
    """Compare the settings of a tracked program with those that the configuration asks for."""
    job = _wildcards(training_set=path.parent.name, seed=path.stem.removeprefix("seed-"))
    yield from _differing("programs.promoted", path, programs.evolve(job))


def _differing(where: str, path: Path, asked: Mapping[str, Any]) -> Iterable[str]:
    """Yield each setting of a tracked file that is not as ``asked``."""
    found = read_sealed(path)["settings"]
    for key, value in asked.items():
        if found.get(key) != value:
            yield (
                f"{where}: {path} was evolved with {key} {found.get(key)!r} instead of {value!r}; set it so, "
                "or leave out `promoted` to evolve in this run"
            )


def _other_search(experiment: str, path: Path, searching: Searching) -> Iterable[str]:
    """Compare the settings of tracked searches with those that the configuration asks for."""
    from zcrepro.files import parquet  # Imported here, since it is slow and most runs promote no searches.

    space, _, task = path.stem.partition("-")
    found = json.loads(parquet.metadata(path).get("algorithms", "{}"))
    for algorithm in searching.experiments[experiment]["algorithms"]:
        job = _wildcards(experiment=experiment, space=space, task=task, algorithm=algorithm)
        if found.get(algorithm, {}).get("settings") != provenance.settings_digest(searching.search(job)):
            yield (
                f"search.{experiment}.promoted: the searches of {algorithm} in {path} were made with other "
                "settings than the configuration has; correct these, or leave out `promoted` to search in "
                "this run"
            )


def _training_sets(config: Config) -> Iterable[str]:
    known = config["training_sets"]
    for method, section in config["evolution"].items():
        yield from _missing(f"evolution.{method}.train_on", "training set", section["train_on"], known)
        for name in section["train_on"]:
            options = known.get(name, {}).get("options", {})
            of_method = static.options(f"{provenance.PLUGINS['method']}.{method}")
            yield from _options(f"training_sets.{name}.options", method, of_method, options)
    for where, run in _searched(config):
        yield from _missing(f"{where}.evolved_by", "method", [run["evolved_by"]], config["evolution"])
        if run["evolved_on"]:
            yield from _missing(f"{where}.evolved_on", "training set", [run["evolved_on"]], known)


def _leaderboards(config: Config) -> Iterable[str]:
    """Check that the training sets of a leaderboard are comparable."""
    yield from _repeated("leaderboard", [section["name"] for section in config["leaderboard"]])
    for section in config["leaderboard"]:
        where, known = f"leaderboard.{section['name']}", config["training_sets"]
        yield from _missing(f"{where}.method", "method", [section["method"]], config["evolution"])
        yield from _missing(f"{where}.training_sets", "training set", section["training_sets"], known)
        if not section["training_sets"]:
            yield f"{where}.training_sets: it compares the formulas of at least one training set"
        sets = {name: known[name] for name in section["training_sets"] if name in known}
        for name, of in sets.items():
            if not of["resampled"]:
                yield f"{where}: the training set {name} must be resampled, for a mean over several samples"
            first = next(iter(sets.values()))
            if any(of[key] != first[key] for key in ("problems", "scored_as", "scores", "drawn_by")):
                yield f"{where}: the training set {name} has other problems or scores than {next(iter(sets))}"


def _programs(config: Config) -> Iterable[str]:
    """Check that the networks that programs are evolved on have images."""
    section = config["programs"]
    yield from _missing("programs.train_on", "training set", section["train_on"], section["training_sets"])
    imaged = _imaged(config)
    for name in (each for each in section["train_on"] if each in section["training_sets"]):
        problem = section["training_sets"][name]["problem"]
        yield from _missing(f"programs.training_sets.{name}.problem", "problem", [problem], imaged)


def _variants(config: Config) -> Iterable[str]:
    """Check variants of features: their images, their proxies, their options and their order."""
    where = "features.variants"
    variants = config["features"]["variants"]
    yield from _repeated(where, [f"{of['variant']} of {of['problem']}" for of in variants])
    yield from _images_of(where, variants, config)
    evolved = evolved_programs(config["programs"])
    known = [*registry.names("proxies"), *ALIASES["eznas_a_tensors"], *evolved]
    for of in variants:
        yield from _missing(f"{where}.proxies", "proxy", of["proxies"], known)
        options = static.options(CONDITIONS)
        yield from _options(f"{where}.options", "features", options, of["options"])


def _images_of(where: str, scored: Sequence[Mapping[str, Any]], config: Config) -> Iterable[str]:
    """Check that what is scored has images: those of its task, or others that it names."""
    without = [of["problem"] for of in scored if not of["images"]]
    yield from _missing(f"{where} (of those with images)", "problem", without, _imaged(config))
    others = [of for of in scored if of["images"]]
    yield from _spaces_of(where, [of["problem"] for of in others], config["spaces"])
    yield from _missing(
        f"{where}.images", "images", [of["images"] for of in others], registry.names("images")
    )


def _imaged(config: Config) -> list[str]:
    """Return the problems whose images the configuration names."""
    return [f"{space}/{task}" for space, of in config["spaces"].items() for task in of["tasks"]]


def _options(where: str, of: str, known: Mapping[str, Any], options: Mapping[str, Any]) -> Iterable[str]:
    """Check options that replace those of the section or method ``of``, which are ``known``."""
    yield from _missing(where, f"option of {of}", options, known)
    for name in [name for name in options if name in known]:
        for error in Draft202012Validator(known[name]).iter_errors(options[name]):
            yield f"{where}.{name}: {error.message} ({known[name]['description']})"


def _files(config: Config, datasets: Collection[str]) -> Iterable[str]:
    named = [(where, files) for where, recipes in _tables(config) for files in recipes.values()]
    for space, of in config["spaces"].items():
        named += [(f"spaces.{space}.tasks.{name}", task["files"]) for name, task in of["tasks"].items()]
    for where, files in named:
        fetched = [name for name in files if not name.startswith("resources/")]
        yield from _missing(where, "data set", fetched, datasets)


def _tables(config: Config) -> Iterable[tuple[str, Mapping[str, list[str]]]]:
    """Yield where each table of each source of each benchmark stands, and its files by recipe."""
    for space, sources in config["benchmarks"].items():
        for source, tables in sources.items():
            for table, recipes in tables.items():
                yield f"benchmarks.{space}.{source}.{table}", recipes
