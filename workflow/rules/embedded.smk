# Training of the embedded benchmark: a target of its own. Its shards are promoted to resources/.


rule train:
    output:
        shard=f"{RESULTS}/embedded/{{space}}/{{task}}/{{shard}}.parquet",
    log:
        f"{RESULTS}/logs/train/{{space}}/{{task}}/{{shard}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/train/{{space}}/{{task}}/{{shard}}.tsv"
    wildcard_constraints:
        shard=r"\d+",
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=120,
        gpu=0,
    params:
        settings=settings_of("train", train_settings),
        code=code_of("train", train_settings),
    shell:
        "zcrepro stage train --settings-file {params.settings} --output {output.shard} 2>&1 | tee {log}"


rule embedded_benchmark:
    input:
        [
            f"{RESULTS}/embedded/{problem}/{shard:04d}.parquet"
            for problem in TRAINED
            for shard in range(
                ceil(EMBEDDED["architectures"] / EMBEDDED["shard_size"])
            )
        ],
