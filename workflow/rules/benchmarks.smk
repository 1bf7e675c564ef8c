# What is known of the architectures: download -> verify -> tidy Parquet.


rule fetch:
    output:
        file="data/{name}",
    log:
        f"{RESULTS}/logs/fetch/{{name}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/fetch/{{name}}.tsv"
    wildcard_constraints:
        name="|".join(map(re.escape, DATASETS)),
    retries: 2
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        mem_mb=500,
        runtime=120,
        gpu=0,
    params:
        # The data are shared by all runs, so their settings are too.
        settings=settings_of("fetch", fetch_settings_of, "data/settings"),
    shell:
        "zcrepro stage fetch --settings-file {params.settings} --output {output.file} 2>&1 | tee {log}"


rule accuracies:
    input:
        files=tidy_files("accuracies"),
    output:
        table=f"{RESULTS}/accuracies/{{space}}.parquet",
    log:
        f"{RESULTS}/logs/accuracies/{{space}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/accuracies/{{space}}.tsv"
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        mem_mb=2000,
        runtime=30,
        gpu=0,
    params:
        settings=settings_of("accuracies", tidy_settings("accuracies")),
        code=code_of("accuracies", tidy_settings("accuracies")),
    shell:
        "zcrepro stage accuracies --settings-file {params.settings} --files {input.files}"
        " --output {output.table} 2>&1 | tee {log}"


rule released:
    input:
        files=tidy_files("released"),
    output:
        table=f"{RESULTS}/released/{{space}}.parquet",
    log:
        f"{RESULTS}/logs/released/{{space}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/released/{{space}}.tsv"
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        mem_mb=2000,
        runtime=30,
        gpu=0,
    params:
        settings=settings_of("released", tidy_settings("released")),
        code=code_of("released", tidy_settings("released")),
    shell:
        "zcrepro stage released --settings-file {params.settings} --files {input.files}"
        " --output {output.table} 2>&1 | tee {log}"


rule counts:
    input:
        files=tidy_files("counts"),
    output:
        table=f"{RESULTS}/counts/{{space}}.parquet",
    log:
        f"{RESULTS}/logs/counts/{{space}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/counts/{{space}}.tsv"
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        mem_mb=2000,
        runtime=30,
        gpu=0,
    params:
        settings=settings_of("counts", tidy_settings("counts")),
        code=code_of("counts", tidy_settings("counts")),
    shell:
        "zcrepro stage counts --settings-file {params.settings} --files {input.files}"
        " --output {output.table} 2>&1 | tee {log}"


# Everything that is known of the configured spaces.
rule benchmarks:
    input:
        tidy_tables(),
