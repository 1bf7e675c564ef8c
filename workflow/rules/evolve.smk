# Formulas evolved on training sets by any method, then judged on every problem.


rule evolve:
    input:
        accuracies=evolution.accuracies,
        scores=evolution.scores,
    output:
        formula=f"{RESULTS}/evolved/{{method}}/{{training_set}}/seed-{{seed}}.json",
    log:
        f"{RESULTS}/logs/evolve/{{method}}/{{training_set}}/seed-{{seed}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/evolve/{{method}}/{{training_set}}/seed-{{seed}}.tsv"
    threads: 1
    resources:
        mem_mb=2000,
        runtime=240,
        gpu=0,
    params:
        settings=settings_of("evolve", evolution.evolve),
        code=parameters.code("evolve", evolution.evolve),
        accuracies=listed("accuracies"),
        scores=listed("scores"),
    shell:
        "zcrepro stage evolve --settings-file {params.settings} --accuracies {params.accuracies}"
        " --scores {params.scores} --output {output.formula} 2>&1 | tee {log}"


rule generalize:
    input:
        evolved=lambda wildcards: evolution.formulas(wildcards.method),
        accuracies=lambda wildcards: RUN.accuracies(
            evolution.judged_problems(wildcards)
        ),
        scores=evolution.judged_scores,
    output:
        table=f"{RESULTS}/generalization/{{method}}.parquet",
    log:
        f"{RESULTS}/logs/generalize/{{method}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/generalize/{{method}}.tsv"
    threads: 1
    resources:
        mem_mb=4000,
        runtime=120,
        gpu=0,
    params:
        settings=settings_of("generalize", evolution.generalize),
        code=parameters.code("generalize", evolution.generalize),
        evolved=listed("evolved"),
        accuracies=listed("accuracies"),
        scores=listed("scores"),
    shell:
        "zcrepro stage generalize --settings-file {params.settings} --evolved {params.evolved}"
        " --accuracies {params.accuracies} --scores {params.scores} --output {output.table} 2>&1 | tee {log}"
