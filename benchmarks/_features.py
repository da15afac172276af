"""One full matrix of an invented market, in a process of its own: `_features SALES` tells of it."""

from __future__ import annotations

import json
import os
import resource
import sys
import time

from benchmarks._market import invented


def main(n_sales: int) -> None:
    """Prints seconds and peak memory of Sales, vintages and the off_market matrix."""
    from realty_assets.features.matrix import FeatureSettings, build_matrix
    from realty_assets.features.sales import Sales
    from realty_assets.features.subjects import sale_subjects

    frame = invented(n_sales)
    threads = os.cpu_count() or 1
    wall, processor = time.perf_counter(), time.process_time()
    matrix = build_matrix(sale_subjects(frame), Sales(frame), FeatureSettings(), n_threads=threads)
    told = {
        "wall_s": time.perf_counter() - wall,
        "processor_s": time.process_time() - processor,
        "peak_gb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20,
        "rows": len(matrix),
        "columns": len(matrix.columns),
    }
    assert matrix["hedonic_log_value"].null_count() < 0.05 * len(matrix)
    print(json.dumps(told))


if __name__ == "__main__":
    main(int(sys.argv[1]))
