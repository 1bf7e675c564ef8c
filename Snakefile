from snakemake.utils import min_version

min_version("9.27")


configfile: "config/config.yaml"


wildcard_constraints:
    space="[a-z0-9_]+",
    task="[A-Za-z0-9_-]+",


include: "workflow/rules/common.smk"
include: "workflow/rules/settings.smk"
include: "workflow/rules/benchmarks.smk"
include: "workflow/rules/features.smk"
include: "workflow/rules/evolve.smk"
include: "workflow/rules/search.smk"
include: "workflow/rules/report.smk"
include: "workflow/rules/embedded.smk"


# The papers' tables, their figures and the page that shows them.
rule all:
    input:
        f"{RESULTS}/report.html",
        f"{RESULTS}/tables/deviations.csv",


# One target a paper: the tables that carry its name.
rule zcp:
    input:
        tables_of("zcp"),


rule eznas:
    input:
        tables_of("eznas"),


rule srgp:
    input:
        tables_of("srgp"),
