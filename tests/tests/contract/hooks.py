"""What schemathesis has to be told: which objects there are, and how lines of JSON are written."""

import itertools
import json
import os

import schemathesis

# Noun of the path, and ids to take in turn: most calls end or change what they are about.
IDS = {
    noun: itertools.cycle(ids.split(","))
    for noun, ids in json.loads(os.environ["KEYWAY_IDS"]).items()
}
# Every other time whatever schemathesis makes up.
TURNS = itertools.cycle([True, False])


@schemathesis.hook
def map_path_parameters(context, path_parameters):
    noun = "".join(context.operation.path.split("/")[2:3])
    if path_parameters and "id" in path_parameters and noun in IDS and next(TURNS):
        path_parameters["id"] = next(IDS[noun])
    return path_parameters


@schemathesis.serializer("application/x-ndjson")
def write_lines(context, value):
    return json.dumps(value, default=str).encode() + b"\n"


@schemathesis.deserializer("application/x-ndjson")
def read_first_line(context, response):
    return json.loads(response.content.splitlines()[0])
