# Formulas evolved on training sets by any method, then judged on every problem.


FORMULA = f"{RESULTS}/evolved/{{method}}/{{training_set}}/seed-{{seed}}.json"
GENERALIZATION = f"{RESULTS}/generalization/{{method}}.parquet"


rule evolve:
    input:
        unpack(JOBS.inputs("evolve", evolution.evolve, makes=[FORMULA])),
        accuracies=evolution.accuracies,
        scores=evolution.scores,
    output:
        formula=FORMULA,
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
        accuracies=words("accuracies"),
        scores=words("scores"),
    shell:
        "zcrepro stage evolve --settings-file {input.settings} --accuracies {params.accuracies}"
        " --scores {params.scores} --output {output.formula} 2>&1 | tee {log}"


rule generalize:
    input:
        unpack(JOBS.inputs("generalize", evolution.generalize, makes=[GENERALIZATION])),
        evolved=lambda wildcards: evolution.formulas(wildcards.method),
        accuracies=lambda wildcards: RUN.accuracies(
            evolution.judged_problems(wildcards)
        ),
        scores=evolution.judged_scores,
    output:
        table=GENERALIZATION,
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
        evolved=words("evolved"),
        accuracies=words("accuracies"),
        scores=words("scores"),
    shell:
        "zcrepro stage generalize --settings-file {input.settings} --evolved {params.evolved}"
        " --accuracies {params.accuracies} --scores {params.scores} --output {output.table} 2>&1 | tee {log}"
