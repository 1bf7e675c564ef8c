# Trainings with less, of networks of a benchmark: in chunks of the problem's random order, then joined.


TRAININGS = f"{RESULTS}/trainings/{{recipe}}/{{space}}/{{task}}.parquet"
TRAINED_CHUNK = (
    f"{RESULTS}/trainings/{{recipe}}/{{space}}/{{task}}/{{start}}-{{stop}}.parquet"
)


rule train_reduced:
    input:
        unpack(JOBS.inputs("train_reduced", reduced.train, makes=[TRAINED_CHUNK])),
        order=ORDER.replace("{ordering}", ""),
        images=reduced.images,
    output:
        trained=TRAINED_CHUNK,
    log:
        f"{RESULTS}/logs/train_reduced/{{recipe}}/{{space}}/{{task}}/{{start}}-{{stop}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/train_reduced/{{recipe}}/{{space}}/{{task}}/{{start}}-{{stop}}.tsv"
    threads: 1
    resources:
        **NEEDS.of("train_reduced", TRAINED_CHUNK),
    params:
        images=option("images"),
    shell:
        ON_DEVICE
        + "zcrepro stage train_reduced --settings-file {input.settings} --order {input.order}"
        " {params.images} --output {output.trained} 2>&1 | tee {log}"


rule trainings:
    input:
        unpack(JOBS.inputs("trainings", makes=[TRAININGS])),
        chunks=reduced.chunks,
    output:
        table=TRAININGS,
    log:
        f"{RESULTS}/logs/trainings/{{recipe}}/{{space}}/{{task}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/trainings/{{recipe}}/{{space}}/{{task}}.tsv"
    threads: 1
    resources:
        **NEEDS.of("trainings", TRAININGS),
    params:
        chunks=words("chunks"),
    shell:
        "zcrepro stage trainings --chunks {params.chunks} --output {output.table} 2>&1 | tee {log}"
