# The settings and inputs of every rule's jobs, cut from the configuration; there is no rule here.


# benchmarks
def fetch_settings_of(wildcards):
    return fetch_settings(DATASETS[wildcards.name])


def known_of(space):
    """What is known of a space, by table: each table's recipes and the files that they read."""
    return config["benchmarks"][space][config["spaces"][space]["source"]]


def tidy_settings(table):
    def settings(wildcards):
        recipes = known_of(wildcards.space)[table]
        return {
            "space": wildcards.space,
            "recipes": list(recipes),
            "files": list(recipes.values()),
        }

    return settings


def tidy_files(table):
    def files(wildcards):
        recipes = known_of(wildcards.space)[table]
        return source_files([name for names in recipes.values() for name in names])

    return files


def tidy_tables():
    """Every tidy table of the configured spaces."""
    return [
        f"{RESULTS}/{table}/{space}.parquet"
        for space in config["spaces"]
        for table in known_of(space)
    ]


# features
RUNS = {run["problem"]: run for run in config["features"]["runs"]}
COMPUTED = [problem for problem, run in RUNS.items() if not run["shards"]]
GROUPS = provenance.pass_groups(config["features"]["proxies"])
DRAWS = range(config["features"]["draws"])


def task_config(wildcards):
    return config["spaces"][wildcards.space]["tasks"][wildcards.task]


def drawn(draw):
    """What decides a score, beside the space, task and proxy; the first draw draws nothing anew."""
    keys = ("batch_size", "share_equal_graphs", "augmented_batches")
    return {key: config["features"][key] for key in keys} | {
        "draw": draw,
        "redraw": config["features"]["redraw"] if draw else [],
        "seed": config["seed"],
    }


def extract_settings(wildcards):
    """A chunk is known by where it starts, so that asking for more architectures adds chunks."""
    architectures = RUNS[f"{wildcards.space}/{wildcards.task}"]["architectures"]
    size = config["features"]["chunk_size"]
    start = int(wildcards.chunk) * size
    return drawn(int(wildcards.draw)) | {
        "space": wildcards.space,
        "task": wildcards.task,
        "images": task_config(wildcards)["images"],
        "proxies": GROUPS[wildcards.group],
        "start": start,
        "count": min(size, architectures - start),
        "device": config["device"],
        "torch_threads": config["torch_threads"],
    }


def join_settings(wildcards):
    problem, draw = table_of(wildcards)
    return drawn(draw) | {
        "architectures": RUNS[problem]["architectures"],
        "shards": bool(RUNS[problem]["shards"]),
        "proxy_columns": [name for group in GROUPS.values() for name in group],
        "max_undefined_share": config["max_undefined_share"],
    }


def table_of(wildcards):
    """The problem and the draw of a joined table: the first draw is the table of the task itself."""
    task, _, draw = wildcards.table.partition("/")
    return f"{wildcards.space}/{task}", int(draw.removeprefix("draw-") or 0)


def feature_tables(problem):
    """The joined tables of a problem, one a draw, by name."""
    further = [f"features/{problem}/draw-{draw}" for draw in DRAWS[1:]]
    return [f"features/{problem}", *further]


def draws_of(source, problems):
    """The files that hold every draw of the scores of problems; published ones were drawn once."""
    if source == "released":
        return scores_of(source, problems)
    return [
        f"{RESULTS}/{table}.parquet"
        for problem in problems
        for table in feature_tables(problem)
    ]


def chunks_of(kind, problem, draw):
    """The chunks of all pass groups; a chunk's name does not depend on their number."""
    count = ceil(RUNS[problem]["architectures"] / config["features"]["chunk_size"])
    return [
        f"{RESULTS}/{kind}/{problem}/draw-{draw}/{group}/{chunk:04d}.parquet"
        for group in GROUPS
        for chunk in range(count)
    ]


def chunks_of_table(wildcards):
    """The chunks of one draw. Where a tracked folder holds the scores already, its files are the chunks."""
    problem, draw = table_of(wildcards)
    shards = RUNS[problem]["shards"]
    if shards:
        return [str(HERE / shards / f"draw-{draw}/{group}.parquet") for group in GROUPS]
    return chunks_of("features", problem, draw)


def timings_of_task(wildcards):
    """The first draw's."""
    return chunks_of("timings", f"{wildcards.space}/{wildcards.task}", 0)


# evolve
SRGP = config["srgp"]


def problems_of(wildcards):
    return config["training_sets"][wildcards.training_set]


def evolve_settings(wildcards):
    handed_on = (
        "terminals",
        "architectures",
        "population",
        "generations",
        "crossover",
        "mutation",
        "tournament",
        "max_height",
    )
    return {
        "method": "srgp",
        "training_set": wildcards.training_set,
        "problems": problems_of(wildcards),
        "source": SRGP["scores"],
        "seed": config["seed"],
        "repeat": int(wildcards.seed),
        "max_undefined_share": config["max_undefined_share"],
    } | {key: SRGP[key] for key in handed_on}


def runs_of(training_sets):
    """The formulas of every repeat of training sets."""
    return [
        f"{RESULTS}/evolved/srgp/{training_set}/seed-{seed}.json"
        for training_set in training_sets
        for seed in range(SRGP["repeats"])
    ]


def generalize_settings(wildcards):
    return config["generalization"] | {
        "source": SRGP["scores"],
        "draws": 1 if SRGP["scores"] == "released" else len(DRAWS),
        "seed": config["seed"],
        "max_undefined_share": config["max_undefined_share"],
    }


# search
SEARCHES = {run["problem"]: run for run in config["search"]["runs"]}


def search_run(wildcards):
    return SEARCHES[f"{wildcards.space}/{wildcards.task}"]


def search_settings(wildcards):
    run = search_run(wildcards)
    shared = {key: value for key, value in config["search"].items() if key != "runs"}
    return shared | {
        "space": wildcards.space,
        "task": wildcards.task,
        "source": run["scores"],
        "guides": run["guides"],
        "seed": config["seed"],
    }


def guiding_formulas(wildcards):
    training_set = search_run(wildcards)["evolved_on"]
    return runs_of([training_set]) if training_set else []


# report
REPORT = config["report"]


def reads_of(name):
    """What a table or figure reads; evolved/srgp stands for every formula.

    In a table features/<problem> stands for every draw; figures show the first."""
    runs = [
        run.removeprefix(f"{RESULTS}/").removesuffix(".json")
        for run in runs_of(SRGP["train_on"])
    ]
    several = {"evolved/srgp": runs}
    if name in REPORT["tables"]:
        several |= {f"features/{problem}": feature_tables(problem) for problem in RUNS}
    return [
        each for read in REPORT["reads"][name] for each in several.get(read, [read])
    ]


def files_read(wildcards):
    """Formulas are JSON, everything else is Parquet."""
    return [
        f"{RESULTS}/{read}.{'json' if read.startswith('evolved/') else 'parquet'}"
        for read in reads_of(wildcards.name)
    ]


def table_settings(wildcards):
    return {
        "table": wildcards.name,
        "reads": reads_of(wildcards.name),
        "seed": config["seed"],
        "resamples": REPORT["resamples"],
        "level": REPORT["level"],
    }


def figure_settings(wildcards):
    return {
        "figure": wildcards.name,
        "reads": reads_of(wildcards.name),
        "seed": config["seed"],
    }


def page_settings(wildcards):
    return {
        "title": REPORT["title"],
        "run": config["run"],
        "description": REPORT["description"],
    }


def shown_on_page(wildcards):
    """The tables and figures, whose titles and captions stand in their own files."""
    return {"table": REPORT["tables"], "figure": REPORT["figures"]}


def references_of(wildcards):
    """The published figures of a table, where there are any."""
    path = HERE / f"resources/papers/{wildcards.name}.csv"
    return [str(path)] if path.exists() else []


def targets():
    """What can be asked for by name: the tables of each paper, and each table."""
    tables = {name: [f"{RESULTS}/tables/{name}.md"] for name in REPORT["tables"]}
    papers = {
        paper: [
            path for name, (path,) in tables.items() if name.startswith(f"{paper}_")
        ]
        for paper in ("zcp", "eznas", "srgp")
    }
    return {paper: paths for paper, paths in papers.items() if paths} | tables


# embedded
EMBEDDED = config["embedded"]
TRAINED = {run["problem"]: run["seeds"] for run in EMBEDDED["problems"]}


def train_settings(wildcards):
    images = config["spaces"][wildcards.space]["tasks"][wildcards.task]["images"]
    shared = {
        key: EMBEDDED[key]
        for key in EMBEDDED
        if key not in ("problems", "architectures", "shard_size")
    }
    return shared | {
        "space": wildcards.space,
        "task": wildcards.task,
        "images": images,
        "seeds": TRAINED[f"{wildcards.space}/{wildcards.task}"],
        "chunk": int(wildcards.shard),
        "chunk_size": EMBEDDED["shard_size"],
        "torch_threads": config["torch_threads"],
    }
