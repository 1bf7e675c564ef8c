# Searches on true accuracies, plain and guided by proxies: a job for each algorithm, then one table.


rule search:
    input:
        accuracies=f"{RESULTS}/accuracies/{{space}}.parquet",
        scores=searching.scores,
        evolved=searching.formulas,
    output:
        table=f"{RESULTS}/search/{{experiment}}/{{space}}-{{task}}/{{algorithm}}.parquet",
    log:
        f"{RESULTS}/logs/search/{{experiment}}/{{space}}-{{task}}/{{algorithm}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/search/{{experiment}}/{{space}}-{{task}}/{{algorithm}}.tsv"
    threads: 1
    resources:
        mem_mb=2000,
        runtime=120,
        gpu=0,
    params:
        settings=settings_of("search", searching.search),
        code=parameters.code("search", searching.search),
        evolved=listed("evolved"),
    shell:
        "zcrepro stage search --settings-file {params.settings} --accuracies {input.accuracies}"
        " --scores {input.scores} --evolved {params.evolved} --output {output.table} 2>&1 | tee {log}"


rule searches:
    input:
        parts=searching.parts,
    output:
        table=f"{RESULTS}/search/{{experiment}}/{{space}}-{{task}}.parquet",
    log:
        f"{RESULTS}/logs/searches/{{experiment}}/{{space}}-{{task}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/searches/{{experiment}}/{{space}}-{{task}}.tsv"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=30,
        gpu=0,
    params:
        code=parameters.code("searches"),
    shell:
        "zcrepro stage searches --parts {input.parts} --output {output.table} 2>&1 | tee {log}"
