#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
#
# embed-openapi.py FILE.yaml - the API's description as JSON in a C string, on
# standard output: openapi_json and openapi_json_len.
#
# YAML is for the people who write it; clients are served JSON. Dates stay text,
# only true and false are booleans, and a key that stands twice is an error:
# PyYAML alone would take the last one silently.
import json
import sys

import yaml


class Loader(yaml.SafeLoader):
    pass


Loader.yaml_implicit_resolvers = {
    first: [(tag, regexp) for tag, regexp in rules
            if tag not in ("tag:yaml.org,2002:timestamp", "tag:yaml.org,2002:bool")]
    for first, rules in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
Loader.add_implicit_resolver("tag:yaml.org,2002:bool",
                             yaml.resolver.re.compile(r"^(?:true|false)$"), list("tf"))


def mapping(loader, node):
    seen = set()
    for key_node, _ in node.value:
        key = key_node.value
        if key in seen:
            raise yaml.constructor.ConstructorError(
                None, None, f"'{key}' stands twice", key_node.start_mark)
        seen.add(key)
    return loader.construct_mapping(node, deep=True)


Loader.add_constructor("tag:yaml.org,2002:map", mapping)


def text_keys(value):
    """Keys as JSON has them: response codes are read as numbers."""
    if isinstance(value, dict):
        return {str(k): text_keys(v) for k, v in value.items()}
    if isinstance(value, list):
        return [text_keys(v) for v in value]
    return value


def main():
    if len(sys.argv) != 2:
        sys.exit("usage: embed-openapi.py FILE.yaml")
    try:
        with open(sys.argv[1], encoding="utf-8") as f:
            document = yaml.load(f, Loader)
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as e:
        sys.exit(f"embed-openapi: {sys.argv[1]}: {e}")
    text = json.dumps(text_keys(document), separators=(",", ":"), ensure_ascii=True)
    print("#include <stddef.h>")
    print("extern const char openapi_json[];\nextern const size_t openapi_json_len;")
    print("const char openapi_json[] =")
    for at in range(0, len(text), 72):
        piece = text[at:at + 72].replace("\\", "\\\\").replace('"', '\\"').replace("??", "?\\?")
        print(f'\t"{piece}"')
    print("\t;\nconst size_t openapi_json_len = sizeof openapi_json - 1;")


main()
