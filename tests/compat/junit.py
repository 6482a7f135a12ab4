# SPDX-License-Identifier: MIT
"""The results of a Python test module (JUnit's XML on standard input), one line a test, in the order of their names."""
import re
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
        # The names of temporary files have the process's number in them.
        reason = re.sub(r'test_[0-9]+_tmp', 'test_N_tmp', said[-1] if said else kind)
        return f'{word} {name}: {reason}'
    return f'ok {name}'


def main():
    root = xml.etree.ElementTree.parse(sys.stdin)
    print('\n'.join(sorted(line(case) for case in root.iter('testcase'))))


main()
