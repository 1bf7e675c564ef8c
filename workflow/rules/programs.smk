# EZNAS programs evolved on networks of a problem, then scored beside the published ones.


PROGRAM = f"{RESULTS}/programs/{{training_set}}/seed-{{seed}}.json"
PROGRAM_SCORES = f"{RESULTS}/program_scores/{{space}}/{{task}}.parquet"
PROGRAM_CHUNK = (
    f"{RESULTS}/program_scores/{{space}}/{{task}}/{{start}}-{{stop}}.parquet"
)


rule evolve_program:
    input:
        unpack(JOBS.inputs("evolve_program", programs.evolve, makes=[PROGRAM])),
        accuracies=programs.accuracies,
        images=programs.images,
    output:
        program=PROGRAM,
    log:
        f"{RESULTS}/logs/evolve_program/{{training_set}}/seed-{{seed}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/evolve_program/{{training_set}}/seed-{{seed}}.tsv"
    threads: 1
    resources:
        mem_mb=6000,
        runtime=240,
        gpu=0,
    params:
        images=option("images"),
    shell:
        "zcrepro stage evolve_program --settings-file {input.settings} --accuracies {input.accuracies}"
        " {params.images} --output {output.program} 2>&1 | tee {log}"


rule score_programs:
    input:
        unpack(JOBS.inputs("score_programs", programs.score, makes=[PROGRAM_CHUNK])),
        order=ORDER,
        programs=programs.files(),
        images=features.images,
    output:
        scores=PROGRAM_CHUNK,
    log:
        f"{RESULTS}/logs/score_programs/{{space}}/{{task}}/{{start}}-{{stop}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/score_programs/{{space}}/{{task}}/{{start}}-{{stop}}.tsv"
    threads: 1
    resources:
        mem_mb=8000,
        runtime=240,
        gpu=GPU,
    params:
        programs=option("programs"),
        images=option("images"),
    shell:
        "zcrepro stage score_programs --settings-file {input.settings} --order {input.order}"
        " {params.programs} {params.images} --output {output.scores} 2>&1 | tee {log}"


rule program_scores:
    input:
        unpack(JOBS.inputs("features", programs.join, makes=[PROGRAM_SCORES])),
        order=ORDER,
        chunks=programs.chunks,
    output:
        table=PROGRAM_SCORES,
    log:
        f"{RESULTS}/logs/program_scores/{{space}}/{{task}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/program_scores/{{space}}/{{task}}.tsv"
    threads: 1
    resources:
        mem_mb=2000,
        runtime=30,
        gpu=0,
    params:
        chunks=words("chunks"),
    shell:
        "zcrepro stage features --settings-file {input.settings} --order {input.order}"
        " --chunks {params.chunks} --output {output.table} 2>&1 | tee {log}"
