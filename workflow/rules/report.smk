# Parquet -> tables, figures, page.


# The record vouches for the other three.
TABLE = {
    "csv": f"{RESULTS}/tables/{{name}}.csv",
    "markdown": f"{RESULTS}/tables/{{name}}.md",
    "latex": f"{RESULTS}/tables/{{name}}.tex",
    "record": f"{RESULTS}/tables/{{name}}.json",
}
DEVIATIONS = {
    "table": f"{RESULTS}/tables/deviations.csv",
    "record": f"{RESULTS}/tables/deviations.json",
}
FIGURE = {
    "picture": f"{RESULTS}/figures/{{name}}.svg",
    "specification": f"{RESULTS}/figures/{{name}}.vl.json",
}
PAGE = f"{RESULTS}/report.html"


rule table:
    input:
        unpack(JOBS.inputs("table", report_jobs.table, makes=TABLE.values())),
        results=report_jobs.files,
        references=report_jobs.references,
    output:
        csv=report(
            TABLE["csv"],
            caption="../report/table.rst",
            category="Tables",
            labels=report_jobs.table_labels,
        ),
        markdown=TABLE["markdown"],
        latex=TABLE["latex"],
        record=TABLE["record"],
    log:
        f"{RESULTS}/logs/table/{{name}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/table/{{name}}.tsv"
    wildcard_constraints:
        name="|".join(config["report"]["tables"]) or "none",
    threads: 1
    resources:
        **NEEDS.of("table", TABLE["csv"]),
    params:
        results=words("results"),
        references=lambda wildcards, input: (
            f"--references {input.references}" if input.references else ""
        ),
    shell:
        "zcrepro stage table --settings-file {input.settings} --inputs {params.results}"
        " {params.references} --csv {output.csv} --markdown {output.markdown}"
        " --latex {output.latex} 2>&1 | tee {log}"


rule deviations:
    input:
        unpack(JOBS.inputs("deviations", makes=DEVIATIONS.values())),
        tables=report_jobs.paths("tables", "csv"),
    output:
        **DEVIATIONS,
    log:
        f"{RESULTS}/logs/deviations.log",
    benchmark:
        f"{RESULTS}/benchmarks/deviations.tsv"
    threads: 1
    resources:
        **NEEDS.of("deviations", DEVIATIONS["table"]),
    params:
        tables=words("tables"),
    shell:
        "zcrepro stage deviations --tables {params.tables} --output {output.table} 2>&1 | tee {log}"


rule figure:
    input:
        unpack(JOBS.inputs("figure", report_jobs.figure, makes=FIGURE.values())),
        results=report_jobs.files,
    output:
        picture=report(
            FIGURE["picture"],
            caption="../report/figure.rst",
            category="Figures",
            labels=report_jobs.figure_labels,
        ),
        specification=FIGURE["specification"],
    log:
        f"{RESULTS}/logs/figure/{{name}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/figure/{{name}}.tsv"
    wildcard_constraints:
        name="|".join(config["report"]["figures"]) or "none",
    threads: 1
    resources:
        **NEEDS.of("figure", FIGURE["picture"]),
    params:
        results=words("results"),
    shell:
        "zcrepro stage figure --settings-file {input.settings} --inputs {params.results}"
        " --picture {output.picture} --specification {output.specification} 2>&1 | tee {log}"


rule page:
    input:
        unpack(JOBS.inputs("report", report_jobs.page, makes=[PAGE])),
        tables=report_jobs.paths("tables", "csv"),
        figures=report_jobs.paths("figures", "vl.json"),
    output:
        page=report(PAGE, caption="../report/page.rst", category="Report"),
    log:
        f"{RESULTS}/logs/report.log",
    benchmark:
        f"{RESULTS}/benchmarks/report.tsv"
    threads: 1
    resources:
        **NEEDS.of("page", PAGE),
    params:
        tables=words("tables"),
        figures=words("figures"),
        benchmarks=f"{RESULTS}/benchmarks",
    shell:
        "zcrepro stage report --settings-file {input.settings} --tables {params.tables}"
        " --figures {params.figures} --benchmarks {params.benchmarks} --output {output.page} 2>&1 | tee {log}"
