"""Records of NDS in the format of the released files."""

CELL = [
    ["sep_conv_3x3", 0],
    ["none", 1],
    ["skip_connect", 0],
    ["max_pool_3x3", 2],
    ["dil_conv_5x5", 3],
    ["dil_conv_5x5", 3],
    ["avg_pool_3x3", 1],
    ["sep_conv_5x5", 4],
]
ALL = [2, 3, 4, 5]
GENOTYPE = {"normal": CELL, "normal_concat": ALL, "reduce": CELL, "reduce_concat": ALL}
NET = {"aux": False, "depth": 14, "drop_prob": 0.0, "genotype": GENOTYPE, "width": 32}

RESNEXT_NET = {
    "block_type": "res_bottleneck_block",
    "bot_muls": [1.0, 0.25, 0.5, 0.25],
    "ds": [1, 1, 2, 4],
    "num_gs": [1, 1, 2, 4],
    "ss": [8, 1, 2, 2],
    "ws": [64, 16, 128, 256],
}


def record(errors, net=NET, seed=1, params=3, flops=40):
    """Return a record as in the files, without the fields that are not read."""
    return {
        "job_id": f"job-{seed}",
        "rng_seed": seed,
        "params": params,
        "flops": flops,
        "net": net,
        "min_test_top1": min(errors),
        "test_ep_top1": errors,
    }
