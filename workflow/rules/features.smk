# Our own proxies on true networks, in chunks of one fixed order, then joined.


rule order:
    input:
        accuracies=f"{RESULTS}/accuracies/{{space}}.parquet",
    output:
        table=f"{RESULTS}/order/{{space}}/{{task}}.parquet",
    log:
        f"{RESULTS}/logs/order/{{space}}/{{task}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/order/{{space}}/{{task}}.tsv"
    threads: 1
    resources:
        mem_mb=2000,
        runtime=60,
        gpu=0,
    params:
        settings=settings_of("order", features.order),
        code=parameters.code("order", features.order),
    shell:
        "zcrepro stage order --settings-file {params.settings} --accuracies {input.accuracies}"
        " --output {output.table} 2>&1 | tee {log}"


rule extract:
    input:
        order=f"{RESULTS}/order/{{space}}/{{task}}.parquet",
        images=features.images,
    output:
        features=f"{RESULTS}/features/{{space}}/{{task}}/draw-{{draw}}/{{group}}/{{start}}-{{stop}}.parquet",
        timings=f"{RESULTS}/timings/{{space}}/{{task}}/draw-{{draw}}/{{group}}/{{start}}-{{stop}}.parquet",
    log:
        f"{RESULTS}/logs/extract/{{space}}/{{task}}/draw-{{draw}}/{{group}}/{{start}}-{{stop}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/extract/{{space}}/{{task}}/draw-{{draw}}/{{group}}/{{start}}-{{stop}}.tsv"
    threads: 1
    resources:
        mem_mb=4000,
        runtime=240,
        gpu=GPU,
    params:
        settings=settings_of("extract", features.extract),
        code=parameters.code("extract", features.extract),
    shell:
        "zcrepro stage extract --settings-file {params.settings} --order {input.order}"
        " --images {input.images} --output {output.features} --timings {output.timings} 2>&1 | tee {log}"


rule features:
    input:
        order=f"{RESULTS}/order/{{space}}/{{task}}.parquet",
        chunks=features.chunks,
    output:
        table=f"{RESULTS}/features/{{space}}/{{task}}.parquet",
    log:
        f"{RESULTS}/logs/features/{{space}}/{{task}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/features/{{space}}/{{task}}.tsv"
    threads: 1
    resources:
        mem_mb=2000,
        runtime=30,
        gpu=0,
    params:
        settings=settings_of("features", features.join),
        code=parameters.code("features", features.join),
        chunks=listed("chunks"),
    shell:
        "zcrepro stage features --settings-file {params.settings} --order {input.order}"
        " --chunks {params.chunks} --output {output.table} 2>&1 | tee {log}"


rule timings:
    input:
        chunks=features.timings,
    output:
        table=f"{RESULTS}/timings/{{space}}/{{task}}.parquet",
    log:
        f"{RESULTS}/logs/timings/{{space}}/{{task}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/timings/{{space}}/{{task}}.tsv"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=30,
        gpu=0,
    params:
        code=parameters.code("timings"),
        chunks=listed("chunks"),
    shell:
        "zcrepro stage timings --chunks {params.chunks} --output {output.table} 2>&1 | tee {log}"
