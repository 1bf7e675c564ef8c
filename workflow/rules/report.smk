# Parquet -> tables, figures, page.


rule table:
    input:
        results=files_read,
        references=references_of,
    output:
        csv=f"{RESULTS}/tables/{{name}}.csv",
        markdown=f"{RESULTS}/tables/{{name}}.md",
        latex=f"{RESULTS}/tables/{{name}}.tex",
    log:
        f"{RESULTS}/logs/table/{{name}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/table/{{name}}.tsv"
    wildcard_constraints:
        name="|".join(REPORT["tables"]) or "none",
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        mem_mb=4000,
        runtime=60,
        gpu=0,
    params:
        settings=settings_of("table", table_settings),
        code=code_of("table", table_settings),
        references=lambda wildcards, input: (
            f"--references {input.references}" if input.references else ""
        ),
    shell:
        "zcrepro stage table --settings-file {params.settings} --inputs {input.results}"
        " {params.references} --csv {output.csv} --markdown {output.markdown}"
        " --latex {output.latex} 2>&1 | tee {log}"


rule deviations:
    input:
        tables=[f"{RESULTS}/tables/{name}.csv" for name in REPORT["tables"]],
    output:
        table=f"{RESULTS}/tables/deviations.csv",
    log:
        f"{RESULTS}/logs/deviations.log",
    benchmark:
        f"{RESULTS}/benchmarks/deviations.tsv"
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=30,
        gpu=0,
    params:
        code=code_of("deviations", lambda wildcards: {}),
    shell:
        "zcrepro stage deviations --tables {input.tables} --output {output.table} 2>&1 | tee {log}"


rule figure:
    input:
        results=files_read,
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
        name="|".join(REPORT["figures"]) or "none",
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        mem_mb=2000,
        runtime=30,
        gpu=0,
    params:
        settings=settings_of("figure", figure_settings),
        code=code_of("figure", figure_settings),
    shell:
        "zcrepro stage figure --settings-file {params.settings} --inputs {input.results}"
        " --output {output.picture} 2>&1 | tee {log}"


rule page:
    input:
        tables=[f"{RESULTS}/tables/{name}.csv" for name in REPORT["tables"]],
        figures=[f"{RESULTS}/figures/{name}.svg" for name in REPORT["figures"]],
    output:
        page=report(f"{RESULTS}/report.html", category="Report", labels={"page": "all"}),
    log:
        f"{RESULTS}/logs/report.log",
    benchmark:
        f"{RESULTS}/benchmarks/report.tsv"
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=30,
        gpu=0,
    params:
        settings=settings_of("report", page_settings),
        code=code_of("report", shown_on_page),
    shell:
        "zcrepro stage report --settings-file {params.settings} --tables {input.tables}"
        " --figures {input.figures} --output {output.page} 2>&1 | tee {log}"
