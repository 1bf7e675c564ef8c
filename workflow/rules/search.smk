# Searches on true accuracies, plain and guided by proxies: a job for each algorithm, then one table. Live searches.


SEARCH_OF_ONE = (
    f"{RESULTS}/search/{{experiment}}/{{space}}-{{task}}/{{algorithm}}.parquet"
)
SEARCHES = f"{RESULTS}/search/{{experiment}}/{{space}}-{{task}}.parquet"


rule search:
    input:
        unpack(JOBS.inputs("search", searching.search, makes=[SEARCH_OF_ONE])),
        accuracies=f"{RESULTS}/accuracies/{{space}}.parquet",
        scores=searching.scores,
        structure=searching.structure,
        evolved=searching.formulas,
    output:
        table=SEARCH_OF_ONE,
    log:
        f"{RESULTS}/logs/search/{{experiment}}/{{space}}-{{task}}/{{algorithm}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/search/{{experiment}}/{{space}}-{{task}}/{{algorithm}}.tsv"
    threads: 1
    resources:
        **NEEDS.of("search", SEARCH_OF_ONE),
    params:
        structure=option("structure"),
        evolved=option("evolved"),
    shell:
        "zcrepro stage search --settings-file {input.settings} --accuracies {input.accuracies}"
        " --scores {input.scores} {params.structure} {params.evolved} --output {output.table} 2>&1 | tee {log}"


rule searches:
    input:
        unpack(JOBS.inputs("searches", makes=[SEARCHES])),
        parts=searching.parts,
    output:
        table=SEARCHES,
    log:
        f"{RESULTS}/logs/searches/{{experiment}}/{{space}}-{{task}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/searches/{{experiment}}/{{space}}-{{task}}.tsv"
    threads: 1
    resources:
        **NEEDS.of("searches", SEARCHES),
    shell:
        "zcrepro stage searches --parts {input.parts} --output {output.table} 2>&1 | tee {log}"


LIVE = f"{RESULTS}/live/{{live}}.parquet"
LIVE_SECONDS = f"{RESULTS}/live/{{live}}-seconds.parquet"


rule live_search:
    input:
        unpack(JOBS.inputs("live_search", live.search, makes=[LIVE, LIVE_SECONDS])),
        images=live.images,
        evolved=live.formulas,
        accuracies=live.accuracies,
        surrogate=live.surrogate,
    output:
        trace=LIVE,
        seconds=LIVE_SECONDS,
    log:
        f"{RESULTS}/logs/live_search/{{live}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/live_search/{{live}}.tsv"
    threads: 1
    resources:
        **NEEDS.of("live_search", LIVE_SECONDS),
    params:
        images=option("images"),
        evolved=option("evolved"),
        accuracies=option("accuracies"),
        surrogate=option("surrogate"),
    shell:
        ON_DEVICE
        + "zcrepro stage live_search --settings-file {input.settings} {params.images} {params.evolved}"
        " {params.accuracies} {params.surrogate} --output {output.trace} --seconds {output.seconds}"
        " 2>&1 | tee {log}"


# A target of its own: what a search finds within a time depends on the machine, so its record is promoted.
rule live_searches:
    input:
        live.records(),
