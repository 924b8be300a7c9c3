#!/usr/bin/env python3
"""Checks the imports in Sources against the layers, which comments in Package.swift define.

A file in Sources/X may import targets of X's layer and of lower layers, but a service (layer 6) must not import another
service.
"""
import pathlib
import re
import sys

LAYER = re.compile(r"// Layer (\d+), (\w+)")
TARGET = re.compile(r'\.(?:target|executableTarget|systemLibrary)\($|\.(?:target|executableTarget|systemLibrary)\(name: "([^"]+)"')
NAME = re.compile(r'name: "([^"]+)"')
IMPORT = re.compile(r"^\s*(?:@\w+(?:\([^)]*\))?\s+)*(?:(?:public|package|internal|fileprivate|private)\s+)?import\s+"
                    r"(?:(?:struct|class|enum|protocol|typealias|func|var|let)\s+)?(\w+)")
SERVICES = 6


def layers(package):
    """Returns two dictionaries: the layer of each target in Package.swift, and the name of each layer."""
    layer, awaits_name, of, names = None, False, {}, {}
    for line in package.read_text().splitlines():
        if comment := LAYER.search(line):
            layer = int(comment[1])
            names[layer] = comment[2]
        elif line.strip().startswith("// Tests and benchmarks"):
            layer = None
        if layer is None:
            continue
        if target := TARGET.search(line):
            if target[1]:
                of[target[1]] = layer
            awaits_name = not target[1]
        elif awaits_name and (name := NAME.search(line)):
            of[name[1]] = layer
            awaits_name = False
    return of, names


def main():
    root = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else ".")
    of, names = layers(root / "Package.swift")
    mistakes = []
    folders = sorted(folder.name for folder in (root / "Sources").iterdir() if folder.is_dir())
    for target in folders:
        if target not in of:
            mistakes.append(f"Package.swift:1: Sources/{target} is not in any layer: add it under a '// Layer N, …' comment")
    for path in sorted((root / "Sources").rglob("*.swift")):
        target = path.relative_to(root / "Sources").parts[0]
        for number, line in enumerate(path.read_text().splitlines(), 1):
            found = IMPORT.match(line)
            # The module of a program has the name of its target, but with `_` instead of `-`.
            imported = next((name for name in of if found and name.replace("-", "_") == found[1]), target)
            if imported == target or target not in of:
                continue
            ours, other, place = of[target], of[imported], f"{path.relative_to(root)}:{number}"
            if other > ours:
                mistakes.append(
                    f"{place}: {target} (layer {ours}, {names[ours]}) imports {imported} (layer {other}, {names[other]}): "
                    f"move what both need to layer {ours} or below")
            elif ours == other == SERVICES:
                mistakes.append(
                    f"{place}: the service {target} imports the service {imported}: "
                    f"move what both need to layer {SERVICES - 1} or below")
    print("\n".join(mistakes), end="\n" if mistakes else "")
    if not of:
        print("Package.swift:1: '// Layer N, …' comments are missing: add one above each layer's targets")
    return 1 if mistakes or not of else 0


sys.exit(main())
