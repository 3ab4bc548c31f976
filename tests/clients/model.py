"""Holds requests against botocore's model of the service, and against what botocore itself would send.

Standard input: one JSON object in a line for each request, with `target` (X-Amz-Target), `content_type` and `body` (the octets, in hex). Each action's
members must be those of the model, the required ones there, every value within its type, pattern, enumeration and bounds; and botocore, given the same
parameters, serialises the same document.
"""

import json
import re
import sys

import botocore.loaders
import botocore.serialize
import botocore.session
from botocore.model import ServiceModel

raw = botocore.loaders.Loader().load_service_model("cloudhsmv2", "service-2")
model = ServiceModel(raw)


def judge(shape, value, where):
    """Every fault of a value of this shape."""
    kind = shape.type_name
    if kind == "structure":
        if not isinstance(value, dict):
            return [f"{where}: no object"]
        faults = [f"{where}: no {name}" for name in shape.required_members if name not in value]
        for name, member in value.items():
            if name in shape.members:
                faults += judge(shape.members[name], member, f"{where}.{name}")
            else:
                faults.append(f"{where}: {name} is no member of {shape.name}")
        return faults
    if kind == "list":
        if not isinstance(value, list):
            return [f"{where}: no list"]
        faults = bounds(shape, len(value), where)
        return faults + [fault for at, item in enumerate(value) for fault in judge(shape.member, item, f"{where}[{at}]")]
    if kind == "map":
        if not isinstance(value, dict):
            return [f"{where}: no map"]
        faults = bounds(shape, len(value), where)
        for key, item in value.items():
            faults += judge(shape.key, key, f"{where} key") + judge(shape.value, item, f"{where}.{key}")
        return faults
    if kind == "string":
        if not isinstance(value, str):
            return [f"{where}: no string"]
        faults = bounds(shape, len(value), where)
        # botocore's own view of a shape leaves patterns out: they are read in the file. One it is that Python's `re` cannot read: letters of every script.
        pattern = raw["shapes"][shape.name].get("pattern")
        if pattern and "\\p{" not in pattern and not re.fullmatch(pattern, value):
            faults.append(f"{where}: {value!r} does not match {pattern}")
        if shape.enum and value not in shape.enum:
            faults.append(f"{where}: {value!r} is none of {shape.enum}")
        return faults
    if kind == "boolean":
        return [] if isinstance(value, bool) else [f"{where}: no boolean"]
    if kind == "integer":
        return bounds(shape, value, where) if isinstance(value, int) and not isinstance(value, bool) else [f"{where}: no integer"]
    return [f"{where}: a {kind}, which no request has"]


def bounds(shape, size, where):
    least, most = shape.metadata.get("min", 0), shape.metadata.get("max", float("inf"))
    return [] if least <= size <= most else [f"{where}: {size}, and {least} to {most} are allowed"]


def of_botocore(operation, parameters):
    """The document that botocore sends, in the protocol of the request."""
    sent = botocore.serialize.create_serializer("json", include_validation=False).serialize_to_request(parameters, operation)
    return sent["headers"]["X-Amz-Target"], sent["headers"]["Content-Type"], json.loads(sent["body"])


faults, seen = [], []
for line in sys.stdin:
    request = json.loads(line)
    prefix, _, action = request["target"].partition(".")
    parameters = json.loads(bytes.fromhex(request["body"]))
    operation = model.operation_model(action)
    seen.append(action)
    if prefix != model.metadata["targetPrefix"]:
        faults.append(f"{action}: the target begins with {prefix}")
    faults += judge(operation.input_shape, parameters, action)
    if (request["target"], request["content_type"], parameters) != of_botocore(operation, parameters):
        faults.append(f"{action}: botocore would send {of_botocore(operation, parameters)}")

if faults:
    sys.exit("\n".join(faults))
print(" ".join(seen))
