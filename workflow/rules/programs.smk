# EZNAS programs evolved on networks of a problem, and chunks of features that they score.


PROGRAM = f"{RESULTS}/programs/{{training_set}}/seed-{{seed}}.json"
OF_A_PROGRAM_CHUNK = OF_A_CHUNK.replace("{group}", PROGRAMS)
PROGRAM_CHUNK = f"{RESULTS}/features{OF_A_PROGRAM_CHUNK}.parquet"
PROGRAM_CHUNK_TIMINGS = f"{RESULTS}/timings{OF_A_PROGRAM_CHUNK}.parquet"


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
        **NEEDS.of("evolve_program", PROGRAM),
    params:
        images=option("images"),
    shell:
        "zcrepro stage evolve_program --settings-file {input.settings} --accuracies {input.accuracies}"
        " {params.images} --output {output.program} 2>&1 | tee {log}"


rule score_programs:
    input:
        unpack(
            JOBS.inputs(
                "score_programs",
                programs.score,
                makes=[PROGRAM_CHUNK, PROGRAM_CHUNK_TIMINGS],
            )
        ),
        order=features.ordered,
        programs=programs.read,
        images=features.images,
    output:
        features=PROGRAM_CHUNK,
        timings=PROGRAM_CHUNK_TIMINGS,
    log:
        f"{RESULTS}/logs/score_programs{OF_A_PROGRAM_CHUNK}.log",
    benchmark:
        f"{RESULTS}/benchmarks/score_programs{OF_A_PROGRAM_CHUNK}.tsv"
    threads: NEEDS.processes("score_programs")
    resources:
        **NEEDS.of("score_programs", PROGRAM_CHUNK),
    params:
        programs=option("programs"),
        images=option("images"),
    shell:
        ON_DEVICE
        + "zcrepro stage score_programs --settings-file {input.settings} --order {input.order}"
        " {params.programs} {params.images} --processes {threads} --output {output.features}"
        " --timings {output.timings} 2>&1 | tee {log}"
