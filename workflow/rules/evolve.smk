# Formulas evolved on training sets by any method, then judged on every problem.


FORMULA = f"{RESULTS}/evolved/{{method}}/{{training_set}}/seed-{{seed}}.json"
GENERALIZATION = f"{RESULTS}/generalization/{{method}}.parquet"
LEADERBOARD = f"{RESULTS}/leaderboard/{{name}}.parquet"


rule evolve:
    input:
        unpack(JOBS.inputs("evolve", evolution.evolve, makes=[FORMULA])),
        accuracies=evolution.accuracies,
        scores=evolution.scores,
        structure=evolution.structure,
        computed=evolution.computed,
    output:
        formula=FORMULA,
    log:
        f"{RESULTS}/logs/evolve/{{method}}/{{training_set}}/seed-{{seed}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/evolve/{{method}}/{{training_set}}/seed-{{seed}}.tsv"
    threads: 1
    resources:
        **NEEDS.of("evolve", FORMULA),
    params:
        accuracies=words("accuracies"),
        scores=words("scores"),
        structure=words("structure"),
        computed=option("computed"),
    shell:
        "zcrepro stage evolve --settings-file {input.settings} --accuracies {params.accuracies}"
        " --scores {params.scores} --structure {params.structure} {params.computed}"
        " --output {output.formula} 2>&1 | tee {log}"


rule generalize:
    input:
        unpack(JOBS.inputs("generalize", evolution.generalize, makes=[GENERALIZATION])),
        evolved=lambda wildcards: evolution.formulas(wildcards.method),
        accuracies=lambda wildcards: RUN.accuracies(
            evolution.judged_problems(wildcards)
        ),
        scores=evolution.judged_scores,
        structure=lambda wildcards: RUN.structures(evolution.judged_problems(wildcards)),
        computed=evolution.judged_computed,
    output:
        table=GENERALIZATION,
    log:
        f"{RESULTS}/logs/generalize/{{method}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/generalize/{{method}}.tsv"
    threads: 1
    resources:
        **NEEDS.of("generalize", GENERALIZATION),
    params:
        evolved=words("evolved"),
        accuracies=words("accuracies"),
        scores=words("scores"),
        structure=words("structure"),
        computed=option("computed"),
    shell:
        "zcrepro stage generalize --settings-file {input.settings} --evolved {params.evolved}"
        " --accuracies {params.accuracies} --scores {params.scores} --structure {params.structure}"
        " {params.computed} --output {output.table} 2>&1 | tee {log}"


rule lead:
    input:
        unpack(JOBS.inputs("lead", leading.lead, makes=[LEADERBOARD])),
        evolved=leading.formulas,
        accuracies=lambda wildcards: RUN.accuracies(leading.problems(wildcards)),
        scores=leading.scores,
        structure=lambda wildcards: RUN.structures(leading.problems(wildcards)),
        computed=leading.computed,
    output:
        table=LEADERBOARD,
    log:
        f"{RESULTS}/logs/lead/{{name}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/lead/{{name}}.tsv"
    threads: 1
    resources:
        **NEEDS.of("lead", LEADERBOARD),
    params:
        evolved=words("evolved"),
        accuracies=words("accuracies"),
        scores=words("scores"),
        structure=words("structure"),
        computed=option("computed"),
    shell:
        "zcrepro stage lead --settings-file {input.settings} --evolved {params.evolved}"
        " --accuracies {params.accuracies} --scores {params.scores} --structure {params.structure}"
        " {params.computed} --output {output.table} 2>&1 | tee {log}"
