# Our own proxies on true networks, in chunks of one fixed order, then joined.


ORDER = f"{RESULTS}/order{{ordering}}/{{space}}/{{task}}.parquet"  # empty, or -released
STRUCTURE = f"{RESULTS}/structure/{{space}}.parquet"
OF_A_TABLE = "{variant}/{space}/{task}"  # the variant is empty, or begins with a hyphen
FEATURES = f"{RESULTS}/features{OF_A_TABLE}.parquet"
TIMINGS = f"{RESULTS}/timings{OF_A_TABLE}.parquet"
OF_A_CHUNK = f"{OF_A_TABLE}/draw-{{draw}}/{{group}}/{{start}}-{{stop}}"
CHUNK = f"{RESULTS}/features{OF_A_CHUNK}.parquet"
CHUNK_TIMINGS = f"{RESULTS}/timings{OF_A_CHUNK}.parquet"


rule order:
    input:
        unpack(JOBS.inputs("order", features.order, makes=[ORDER])),
        known=features.known,
    output:
        table=ORDER,
    log:
        f"{RESULTS}/logs/order{{ordering}}/{{space}}/{{task}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/order{{ordering}}/{{space}}/{{task}}.tsv"
    threads: 1
    resources:
        **NEEDS.of("order", ORDER),
    shell:
        "zcrepro stage order --settings-file {input.settings} --known {input.known}"
        " --output {output.table} 2>&1 | tee {log}"


rule structure:
    input:
        unpack(JOBS.inputs("structure", features.structure, makes=[STRUCTURE])),
        accuracies=f"{RESULTS}/accuracies/{{space}}.parquet",
    output:
        table=STRUCTURE,
    log:
        f"{RESULTS}/logs/structure/{{space}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/structure/{{space}}.tsv"
    threads: 1
    resources:
        **NEEDS.of("structure", STRUCTURE),
    shell:
        "zcrepro stage structure --settings-file {input.settings} --accuracies {input.accuracies}"
        " --output {output.table} 2>&1 | tee {log}"


rule extract:
    input:
        unpack(JOBS.inputs("extract", features.extract, makes=[CHUNK, CHUNK_TIMINGS])),
        order=features.ordered,
        images=features.images,
    output:
        features=CHUNK,
        timings=CHUNK_TIMINGS,
    log:
        f"{RESULTS}/logs/extract{OF_A_CHUNK}.log",
    benchmark:
        f"{RESULTS}/benchmarks/extract{OF_A_CHUNK}.tsv"
    wildcard_constraints:
        group=f"(?!{PROGRAMS}/)[a-z_]+",  # programs are scored by a rule of their own
    threads: NEEDS.processes("extract")
    resources:
        **NEEDS.of("extract", CHUNK),
    shell:
        ON_DEVICE
        + "zcrepro stage extract --settings-file {input.settings} --order {input.order}"
        " --images {input.images} --processes {threads} --output {output.features} --timings {output.timings} 2>&1 | tee {log}"


rule features:
    input:
        unpack(JOBS.inputs("features", features.join, makes=[FEATURES])),
        order=features.ordered,
        chunks=features.chunks,
    output:
        table=FEATURES,
    log:
        f"{RESULTS}/logs/features{OF_A_TABLE}.log",
    benchmark:
        f"{RESULTS}/benchmarks/features{OF_A_TABLE}.tsv"
    threads: 1
    resources:
        **NEEDS.of("features", FEATURES),
    params:
        chunks=words("chunks"),
    shell:
        "zcrepro stage features --settings-file {input.settings} --order {input.order}"
        " --chunks {params.chunks} --output {output.table} 2>&1 | tee {log}"


rule timings:
    input:
        unpack(JOBS.inputs("timings", makes=[TIMINGS])),
        chunks=features.timings,
    output:
        table=TIMINGS,
    log:
        f"{RESULTS}/logs/timings{OF_A_TABLE}.log",
    benchmark:
        f"{RESULTS}/benchmarks/timings{OF_A_TABLE}.tsv"
    threads: 1
    resources:
        **NEEDS.of("timings", TIMINGS),
    params:
        chunks=words("chunks"),
    shell:
        "zcrepro stage timings --chunks {params.chunks} --output {output.table} 2>&1 | tee {log}"
