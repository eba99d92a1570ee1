#!/usr/bin/env python3
"""The law of layers: base sees nothing; a stage sees base and the public headers of the stages before it; the tool sees include/persihash only;
encoder alone sees nn, through nn/nn.h."""
import pathlib
import re
import sys

STAGES = ["base", "input", "homology", "diagram", "vector", "transport", "nn", "encoder", "code", "distance", "cluster", "score", "report"]
ROOT = pathlib.Path(__file__).resolve().parent.parent
INCLUDE = re.compile(r'^\s*#\s*include\s+(["<])([^">]+)[">]', re.M)
# Libraries that one stage alone may see.
OWNERS = {"zip.h": "base", "jansson.h": {"base", "encoder", "report"}, "png.h": {"input", "report"}, "turbojpeg.h": "input", "tiffio.h": "input", "expat.h": "base",
          "zlib.h": {"input", "base"}, "lapacke.h": "cluster"}


def faults_of(path):
    """Yields one line for each include of `path` that the law forbids."""
    parts = path.relative_to(ROOT).parts
    stage = parts[1] if parts[0] == "src" else None
    for mark, target in INCLUDE.findall(path.read_text(encoding="utf-8")):
        head, _, rest = target.partition("/")
        if stage is None:  # the tool
            if mark == '"' and "/" in target or (head in STAGES):
                yield f"{path.relative_to(ROOT)}: the tool may not include {target}; use <persihash/...>"
        elif head == "persihash":
            seen = rest.removesuffix(".h")
            if seen == "persihash" or (seen in STAGES and STAGES.index(seen) > STAGES.index(stage)):
                yield f"{path.relative_to(ROOT)}: stage {stage} may not see {target}, which comes later"
        elif target == "nn/nn.h" and stage == "encoder":  # nn has no public header: this is its only door
            continue
        elif head in STAGES and head not in ("base", stage):
            yield f"{path.relative_to(ROOT)}: stage {stage} may not see the inside of stage {head} ({target})"
        elif target in OWNERS and stage not in OWNERS[target]:
            yield f"{path.relative_to(ROOT)}: {target} belongs to {OWNERS[target]}"
        elif target.startswith(("dnnl", "oneapi")) and stage != "nn":
            yield f"{path.relative_to(ROOT)}: only nn sees oneDNN ({target})"


def main():
    files = sorted([*ROOT.glob("src/*/*.[ch]"), *ROOT.glob("cli/*.[ch]")])
    faults = [fault for path in files for fault in faults_of(path)]
    print("\n".join(faults) if faults else f"{len(files)} files keep the law of layers")
    return 1 if faults else 0


sys.exit(main())
