# What is known of the architectures: download -> verify -> tidy Parquet.


rule fetch:
    input:
        unpack(JOBS.fetched(benchmarks.fetch, makes="data/{name}")),
    output:
        file="data/{name}",
    log:
        f"{RESULTS}/logs/fetch/{{name}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/fetch/{{name}}.tsv"
    wildcard_constraints:
        name="|".join(map(re.escape, DATASETS)),
    retries: 2
    threads: 1
    resources:
        **NEEDS.of("fetch", "data/{name}"),
    shell:
        "zcrepro stage fetch --settings-file {input.settings} --output {output.file} 2>&1 | tee {log}"


# One rule for each kind of table: accuracies, released scores, published counts, and accuracies by epoch.
for table in TABLES:

    rule:
        name:
            table
        input:
            unpack(
                JOBS.inputs(
                    table,
                    benchmarks.settings(table),
                    makes=[f"{RESULTS}/{table}/{{space}}.parquet"],
                )
            ),
            files=benchmarks.files(table),
        output:
            table=f"{RESULTS}/{table}/{{space}}.parquet",
        log:
            f"{RESULTS}/logs/{table}/{{space}}.log",
        benchmark:
            f"{RESULTS}/benchmarks/{table}/{{space}}.tsv"
        threads: 1
        resources:
            **NEEDS.of(table, f"{RESULTS}/{table}/{{space}}.parquet"),
        params:
            stage=table,
        shell:
            "zcrepro stage {params.stage} --settings-file {input.settings} --files {input.files}"
            " --output {output.table} 2>&1 | tee {log}"


# Everything that is known of the configured spaces.
rule benchmarks:
    input:
        benchmarks.tables(),
