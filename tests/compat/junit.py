# SPDX-License-Identifier: MIT
"""The results of a Python test module (JUnit's XML on standard input), one line a test, in the order of their names."""
import sys
import xml.etree.ElementTree


def line(case):
    name = case.get('name')
    for kind in ('failure', 'error', 'skipped'):
        found = case.find(kind)
        if found is None:
            continue
        said = (found.get('message') or found.text or '').strip().splitlines()
        word = 'skip' if kind == 'skipped' else 'not ok'
        return f'{word} {name}: {said[-1] if said else kind}'
    return f'ok {name}'


def main():
    root = xml.etree.ElementTree.parse(sys.stdin)
    print('\n'.join(sorted(line(case) for case in root.iter('testcase'))))


main()
