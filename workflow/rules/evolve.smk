# Formulas evolved on training sets, then evaluated on every problem.


rule evolve:
    input:
        accuracies=lambda wildcards: accuracies_of(problems_of(wildcards)),
        scores=lambda wildcards: scores_of(SRGP["scores"], problems_of(wildcards)),
    output:
        formula=f"{RESULTS}/evolved/srgp/{{training_set}}/seed-{{seed}}.json",
    log:
        f"{RESULTS}/logs/evolve/srgp/{{training_set}}/seed-{{seed}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/evolve/srgp/{{training_set}}/seed-{{seed}}.tsv"
    wildcard_constraints:
        seed=r"\d+",
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        mem_mb=2000,
        runtime=240,
        gpu=0,
    params:
        settings=settings_of("evolve", evolve_settings),
        code=code_of("evolve", evolve_settings),
    shell:
        "zcrepro stage evolve --settings-file {params.settings} --accuracies {input.accuracies}"
        " --scores {input.scores} --output {output.formula} 2>&1 | tee {log}"


rule generalize:
    input:
        evolved=runs_of(SRGP["train_on"]),
        accuracies=accuracies_of(config["generalization"]["problems"]),
        scores=draws_of(SRGP["scores"], config["generalization"]["problems"]),
    output:
        table=f"{RESULTS}/generalization/srgp.parquet",
    log:
        f"{RESULTS}/logs/generalize/srgp.log",
    benchmark:
        f"{RESULTS}/benchmarks/generalize/srgp.tsv"
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        mem_mb=4000,
        runtime=120,
        gpu=0,
    params:
        settings=settings_of("generalize", generalize_settings),
        code=code_of("generalize", generalize_settings),
    shell:
        "zcrepro stage generalize --settings-file {params.settings} --evolved {input.evolved}"
        " --accuracies {input.accuracies} --scores {input.scores} --output {output.table} 2>&1 | tee {log}"
