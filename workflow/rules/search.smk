# Searches on true accuracies, plain and guided by proxies.


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
        "zcrepro stage search --settings-file {params.settings} --accuracies {input.accuracies}"
        " --scores {input.scores} --evolved {input.evolved} --output {output.table} 2>&1 | tee {log}"
