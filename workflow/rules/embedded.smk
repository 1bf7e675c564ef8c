# Training of the embedded benchmark: a target of its own. Its shards are promoted to resources/.


rule train:
    output:
        shard=f"{RESULTS}/trainings/embedded/{{space}}/{{task}}/{{shard}}.parquet",
    log:
        f"{RESULTS}/logs/train/{{space}}/{{task}}/{{shard}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/train/{{space}}/{{task}}/{{shard}}.tsv"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=120,
        gpu=0,
    params:
        settings=settings_of("train", training.train),
        code=parameters.code("train", training.train),
    shell:
        "zcrepro stage train --settings-file {params.settings} --output {output.shard} 2>&1 | tee {log}"


rule embedded_benchmark:
    input:
        training.shards(),
