"""A copy of the workflow in a folder of its own, with sources that a test may edit."""

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import yaml

ROOT = Path(__file__).parents[1]

TINY = {
    "run": "tiny",
    "features": {
        "runs": [
            {"problem": "embedded_cell/digits", "architectures": 30},
            {"problem": "embedded_chain/digits", "architectures": 30},
        ],
        "proxies": ["params", "l2_norm", "synflow", "zen"],
        "variants": [
            {
                "variant": "programs",
                "problem": "embedded_cell/digits",
                "architectures": 4,
                "proxies": ["eznas", "evolved_programs"],
                "draws": 1,
            }
        ],
        "draws": 1,
        "batch_size": 8,
        "chunk_seconds": 0.02,
    },
    "training_sets": {
        "cell": {"problems": {"embedded_cell/digits": 15}},
        "few": {
            "problems": {"embedded_cell/digits": 8},
            "normalisation": "population",
            "resampled": True,
            "repeats": 1,
        },
    },
    "leaderboard": [
        {"name": "tiny", "method": "srgp", "training_sets": ["few"], "population": "thirty networks"}
    ],
    "evolution": {
        "srgp": {
            "train_on": ["cell"],
            "scores": "features",
            "repeats": 2,
            "population": 20,
            "generations": 3,
        }
    },
    "generalization": {
        "problems": ["embedded_cell/digits", "embedded_chain/digits"],
        "resamples": 20,
    },
    "programs": {
        "training_sets": {"cell": {"problem": "embedded_cell/digits", "networks": 8}},
        "train_on": ["cell"],
        "repeats": 1,
        "population": 6,
        "mu": 3,
        "generations": 2,
    },
    "search": {
        "zcp": {
            "runs": [{"problem": "embedded_cell/digits", "guides": ["synflow"], "evolved_on": "cell"}],
            "repeats": 2,
            "budget": 10,
            "random_search": {"warmup": [10]},
            "aging_evolution": {"alive": 5, "tournament": 2, "warmup": [10]},
            "algorithms": ["random_search", "aging_evolution"],
        },
        "zcp_predictors": {"runs": []},
        "zcp_nasbench101": {"runs": []},
        "eznas": {"runs": []},
        "srgp": {
            "runs": [{"problem": "embedded_cell/digits", "guides": ["synflow"], "evolved_on": "cell"}],
            "repeats": 2,
            "proxy_evolution": {"evaluations": 10, "alive": 5, "tournament": 2},
        },
    },
    "live": {"runs": []},
    "reduced_trainings": {
        "networks_per_job": 1,
        "epochs": 1,
        "runs": [
            {
                "recipe": "r6c2",
                "problem": "embedded_cell/digits",
                "architectures": 2,
                "side": 6,
                "channels": 2,
                "stop_after": 1,
            }
        ],
    },
    "max_undefined_share": 0.2,
    "report": {
        "tables": ["srgp_correlation", "srgp_runs", "generalization", "zcp_search"],
        "figures": ["search"],
        "resamples": 20,
    },
}


RESULTS = (".parquet", ".json", ".csv", ".md", ".tex", ".svg", ".html")


CLOCKS = (
    "timings*/**/*",
    "benchmarks/**/*",
    "logs/**/*",
    "settings/**/*",
    "live/*-seconds.parquet",
    "figures/cost.*",
)
"""Results that hold seconds, or none of the results."""

TIMES = re.compile(
    rb'<section id="stages">.*?</section>|<figure id="figure-cost".*?</figure>|sha256: \w{64}$(?=\n-->)',
    re.DOTALL | re.MULTILINE,
)
"""Of a page: the times of the stages, what proxies cost, and the digest of its whole content."""


QUICKSTART = "config/quickstart.yaml"

TESTED = QUICKSTART if os.environ.get("ZCREPRO_QUICKSTART") else "tiny.yaml"
"""What long tests run: the tiny workflow, or the whole quickstart if this variable is set."""


class Workflow:
    """Runs Snakemake in a folder that holds the workflow, its sources and its results."""

    def __init__(self, folder: Path, config: str = "tiny.yaml") -> None:
        self.folder, self.config = folder, config
        self.results = folder / "results" / Path(config).stem
        for name in ("workflow", "profiles", "config", "resources"):
            shutil.copytree(ROOT / name, folder / name)
        shutil.copytree(
            ROOT / "src", folder / "src", ignore=shutil.ignore_patterns("__pycache__", "*.egg-info")
        )
        for name in ("Snakefile", "environment.yml", "requirements.lock"):
            shutil.copy(ROOT / name, folder / name)
        self.configure()

    def configure(self, **changes) -> None:
        """Writes the small configuration; a mapping among the changes is merged, as Snakemake does."""
        config = TINY | {k: TINY[k] | v if isinstance(v, dict) else v for k, v in changes.items()}
        (self.folder / "tiny.yaml").write_text(yaml.safe_dump(config, sort_keys=False))

    def command(self, *arguments: str, cores: int = 2, config: str | None = None) -> list[str]:
        config = config or self.config
        names = [QUICKSTART, config] if config == "tiny.yaml" else [config]
        files = [str(self.folder / name) for name in names]
        base = [sys.executable, "-m", "snakemake", "--snakefile", str(self.folder / "Snakefile")]
        return [*base, "--configfile", *files, "--cores", str(cores), "--nocolor", *arguments]

    @property
    def environment(self) -> dict[str, str]:
        # The copy's sources come before the installed ones.
        return os.environ | {"PYTHONPATH": str(self.folder / "src"), "MPLBACKEND": "agg"}

    def snakemake(
        self, *arguments: str, ok: bool = True, start: Path | None = None, variables=None, **how
    ) -> str:
        """Run Snakemake from the folder ``start``, which is the workflow's own unless told otherwise.

        ``variables`` are added to the environment.
        """
        done = subprocess.run(
            self.command(*arguments, **how),
            cwd=start or self.folder,
            env=self.environment | (variables or {}),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        assert (done.returncode == 0) == ok, done.stdout[-6000:]
        return done.stdout

    def planned(self, *arguments: str, **how) -> dict[str, int]:
        """How many jobs of each rule would run."""
        output = self.snakemake("--dry-run", *arguments, **how)
        if "Nothing to be done" in output:
            return {}
        stats = output.split("Job stats:")[-1]
        counts = dict(re.findall(r"^(\w+)\s+(\d+)\s*$", stats, flags=re.MULTILINE))
        return {rule: int(count) for rule, count in counts.items() if rule not in ("total", "all")}

    def settings(self, stage: str, run: str = "tiny") -> list[dict]:
        """The settings of the jobs of a stage, which a dry run writes too."""
        files = (self.folder / "results" / run / "settings").glob(f"{stage}-*/settings.json")
        return [json.loads(path.read_text()) for path in files]

    def made(self) -> list[Path]:
        """The result files but those that hold clocks, sorted. A run that goes on may take some away again."""
        clocks = {path for pattern in CLOCKS for path in self.results.glob(pattern)}
        return [
            path for path in sorted(self.results.rglob("*")) if path.suffix in RESULTS and path not in clocks
        ]

    def contents(self) -> dict[str, bytes]:
        """The bytes of these files by path, but of the page all except what holds seconds."""
        return {
            str(path.relative_to(self.results)): TIMES.sub(b"", path.read_bytes()) for path in self.made()
        }

    def mirror(self, name: str, text: str) -> Path:
        """List a data set, and return the folder of a mirror that holds it."""
        folder = self.folder / "mirror"
        (folder / name).parent.mkdir(parents=True)
        (folder / name).write_text(text)
        digest = f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"
        row = [name, f"https://example.org/{name}", "", "", digest, str(len(text)), "none", "none"]
        listed = self.folder / "config" / "datasets.tsv"
        listed.write_text(listed.read_text() + "\t".join(row) + "\n")
        return folder

    def edit(self, source: str) -> None:
        path = self.folder / "src" / "zcrepro" / source
        path.write_text(path.read_text() + "\n# edited\n")


def there(folder: Path) -> Workflow:
    """Return the workflow in a folder that holds one already."""
    workflow = Workflow.__new__(Workflow)
    workflow.folder, workflow.config = folder, "tiny.yaml"
    workflow.results = folder / "results" / "tiny"
    return workflow
