"""Which of the protocols that the service model lists boto3 is to speak: it has an order of its own, and no option."""

import botocore.args
import botocore.model
from botocore.exceptions import ClientError

NAMES = {"json": "json", "cbor": "smithy-rpc-v2-cbor"}


def speak(protocol):
    """From now on clients speak this protocol alone; says whether this boto3 and its model of the service can."""
    order = (NAMES[protocol],)
    for module in (botocore.model, botocore.args):
        if not hasattr(module, "PRIORITY_ORDERED_SUPPORTED_PROTOCOLS"):
            return protocol == "json"
        module.PRIORITY_ORDERED_SUPPORTED_PROTOCOLS = order
    return True


def spoken(hsm):
    """The protocol that a client really speaks."""
    protocol = hsm.meta.service_model.resolved_protocol
    return next(name for name, long in NAMES.items() if long == protocol)


def refused(code, call, **arguments):
    """That a call ends with this error."""
    try:
        call(**arguments)
    except ClientError as error:
        found = error.response["Error"]
        assert found["Code"] == code, f"expected {code}, found {found}"
        assert found["Message"], found
        return error
    raise AssertionError(f"expected {code}, but the call went through")
