# Our own proxies on true networks, keyed by (space, task, draw, pass group, chunk), then joined by draw.


rule extract:
    input:
        accuracies=f"{RESULTS}/accuracies/{{space}}.parquet",
        images=lambda wildcards: source_files(task_config(wildcards)["files"]),
    output:
        features=f"{RESULTS}/features/{{space}}/{{task}}/draw-{{draw}}/{{group}}/{{chunk}}.parquet",
        timings=f"{RESULTS}/timings/{{space}}/{{task}}/draw-{{draw}}/{{group}}/{{chunk}}.parquet",
    log:
        f"{RESULTS}/logs/extract/{{space}}/{{task}}/draw-{{draw}}/{{group}}/{{chunk}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/extract/{{space}}/{{task}}/draw-{{draw}}/{{group}}/{{chunk}}.tsv"
    wildcard_constraints:
        draw=r"\d+",
        chunk=r"\d+",
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        mem_mb=4000,
        runtime=240,
        gpu=GPU,
    params:
        settings=settings_of("extract", extract_settings),
        code=code_of("extract", extract_settings),
    shell:
        "zcrepro stage extract --settings-file {params.settings} --accuracies {input.accuracies}"
        " --images {input.images} --output {output.features} --timings {output.timings} 2>&1 | tee {log}"


rule features:
    input:
        chunks=chunks_of_table,
    output:
        table=f"{RESULTS}/features/{{space}}/{{table}}.parquet",
    log:
        f"{RESULTS}/logs/features/{{space}}/{{table}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/features/{{space}}/{{table}}.tsv"
    wildcard_constraints:
        table=r"[^/]+(/draw-[1-9]\d*)?",
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        mem_mb=2000,
        runtime=30,
        gpu=0,
    params:
        settings=settings_of("features", join_settings),
        code=code_of("features", join_settings),
    shell:
        "zcrepro stage features --settings-file {params.settings} --chunks {input.chunks}"
        " --output {output.table} 2>&1 | tee {log}"


rule timings:
    input:
        chunks=timings_of_task,
    output:
        table=f"{RESULTS}/timings/{{space}}/{{task}}.parquet",
    log:
        f"{RESULTS}/logs/timings/{{space}}/{{task}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/timings/{{space}}/{{task}}.tsv"
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=30,
        gpu=0,
    params:
        code=code_of("timings", lambda wildcards: {}),
    shell:
        "zcrepro stage timings --chunks {input.chunks} --output {output.table} 2>&1 | tee {log}"
