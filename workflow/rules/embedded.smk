# Training of the embedded benchmark: a target of its own. Its shards are promoted to resources/.


SHARD = f"{RESULTS}/trainings/embedded/{{space}}/{{task}}/{{shard}}.parquet"


rule train:
    input:
        unpack(JOBS.inputs("train", training.train, makes=[SHARD])),
    output:
        shard=SHARD,
    log:
        f"{RESULTS}/logs/train/{{space}}/{{task}}/{{shard}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/train/{{space}}/{{task}}/{{shard}}.tsv"
    threads: 1
    resources:
        **NEEDS.of("train", SHARD),
    shell:
        "zcrepro stage train --settings-file {input.settings} --output {output.shard} 2>&1 | tee {log}"


rule embedded_benchmark:
    input:
        training.shards(),
