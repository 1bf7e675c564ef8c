# Parquet -> tables, figures, page.


rule table:
    input:
        results=report_jobs.files,
        references=report_jobs.references,
    output:
        csv=f"{RESULTS}/tables/{{name}}.csv",
        markdown=f"{RESULTS}/tables/{{name}}.md",
        latex=f"{RESULTS}/tables/{{name}}.tex",
    log:
        f"{RESULTS}/logs/table/{{name}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/table/{{name}}.tsv"
    wildcard_constraints:
        name="|".join(config["report"]["tables"]) or "none",
    threads: 1
    resources:
        mem_mb=4000,
        runtime=60,
        gpu=0,
    params:
        settings=settings_of("table", report_jobs.table),
        code=parameters.code("table", report_jobs.table),
        results=listed("results"),
        references=lambda wildcards, input: (
            f"--references {input.references}" if input.references else ""
        ),
    shell:
        "zcrepro stage table --settings-file {params.settings} --inputs {params.results}"
        " {params.references} --csv {output.csv} --markdown {output.markdown}"
        " --latex {output.latex} 2>&1 | tee {log}"


rule deviations:
    input:
        tables=report_jobs.paths("tables", "csv"),
    output:
        table=f"{RESULTS}/tables/deviations.csv",
    log:
        f"{RESULTS}/logs/deviations.log",
    benchmark:
        f"{RESULTS}/benchmarks/deviations.tsv"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=30,
        gpu=0,
    params:
        code=parameters.code("deviations"),
        tables=listed("tables"),
    shell:
        "zcrepro stage deviations --tables {params.tables} --output {output.table} 2>&1 | tee {log}"


rule figure:
    input:
        results=report_jobs.files,
    output:
        picture=report(
            f"{RESULTS}/figures/{{name}}.svg",
            category="Figures",
            labels={"figure": "{name}"},
        ),
    log:
        f"{RESULTS}/logs/figure/{{name}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/figure/{{name}}.tsv"
    wildcard_constraints:
        name="|".join(config["report"]["figures"]) or "none",
    threads: 1
    resources:
        mem_mb=2000,
        runtime=30,
        gpu=0,
    params:
        settings=settings_of("figure", report_jobs.figure),
        code=parameters.code("figure", report_jobs.figure),
        results=listed("results"),
    shell:
        "zcrepro stage figure --settings-file {params.settings} --inputs {params.results}"
        " --output {output.picture} 2>&1 | tee {log}"


rule page:
    input:
        tables=report_jobs.paths("tables", "csv"),
        figures=report_jobs.paths("figures", "svg"),
    output:
        page=f"{RESULTS}/report.html",
    log:
        f"{RESULTS}/logs/report.log",
    benchmark:
        f"{RESULTS}/benchmarks/report.tsv"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=30,
        gpu=0,
    params:
        settings=settings_of("report", report_jobs.page),
        code=parameters.code("report", report_jobs.shown),
        tables=listed("tables"),
        figures=listed("figures"),
    shell:
        "zcrepro stage report --settings-file {params.settings} --tables {params.tables}"
        " --figures {params.figures} --output {output.page} 2>&1 | tee {log}"
