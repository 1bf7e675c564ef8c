# Searches on true accuracies, plain and guided by proxies.
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


rule search:
    input:
        accuracies=f"{RESULTS}/accuracies/{{space}}.parquet",
        scores=lambda wildcards: scores_of(
            search_run(wildcards)["scores"], [f"{wildcards.space}/{wildcards.task}"]
        ),
        evolved=guiding_formulas,
    output:
        table=f"{RESULTS}/search/{{space}}-{{task}}.parquet",
    log:
        f"{RESULTS}/logs/search/{{space}}-{{task}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/search/{{space}}-{{task}}.tsv"
    wildcard_constraints:
        space="[a-z0-9_]+",
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        mem_mb=2000,
        runtime=120,
        gpu=0,
    params:
        settings=settings_of("search", search_settings),
        code=code_of("search", search_settings),
    shell:
        "{STAGE} search --settings-file {params.settings} --accuracies {input.accuracies}"
        " --scores {input.scores} --evolved {input.evolved} --output {output.table} > {log} 2>&1"
