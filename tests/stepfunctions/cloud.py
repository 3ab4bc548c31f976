"""moto's server with the account that a fleet runs in: what tests/clients/moto_server.py starts, and beside it

- Step Functions executes: moto's own interpreter of the Amazon States Language, and an execution calls moto's own S3, STS, KMS and Private CA;
- a filter in a JSONPath that finds nothing gives an empty list, as AWS does, and no error;
- an execution's call of S3 has its Body as Step Functions makes and reads it, and its errors' names: moto's interpreter has that from LocalStack, and
  does not use it;
- AWS::StepFunctions::StateMachine in a CloudFormation stack reads DefinitionS3Location and DefinitionSubstitutions, which moto does not know; and a stack
  made by a change set has its outputs;
- Lambda runs a function's `bootstrap` out of its zip behind the Lambda Runtime API, where moto would want Docker;
- boto3 makes one client at a time: its session is not made for threads (boto3's guide, "Multithreading or multiprocessing with clients"), and each
  iteration of a Map is one;
- an iteration of a Distributed Map that fails within the interpreter itself is said on standard error: moto gives null for it;
- what STS gives for a role is a key that names role and account, so that a simulator with these credentials knows whose call it is.

An argument `NAME=VALUE` is put into the environment of every function.
"""

import json
import logging
import os
import re
import subprocess
import sys
import tempfile
import threading
import time
import uuid
import zipfile
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import BytesIO
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent / "clients"))
import boto3
import moto_server
from botocore.session import get_session
from moto.awslambda.models import LambdaFunction
from moto.cloudformation.models import ChangeSet
from moto.cloudformation.parsing import OutputMap
from moto.core.config import default_user_config
from moto.s3.models import s3_backends
from moto.stepfunctions.models import StateMachine
from moto.stepfunctions.parser.asl.component.state.exec.state_map.iteration.itemprocessor import distributed_item_processor_worker
from moto.stepfunctions.parser.asl.component.state.exec.state_task.service import state_task_service_aws_sdk
from moto.stepfunctions.parser.asl.component.state.exec.state_task.service.state_task_service_aws_sdk import StateTaskServiceAwsSdk
from moto.stepfunctions.parser.asl.utils import json_path
from moto.stepfunctions.parser.models import stepfunctions_parser_backends
from moto.sts.models import AssumedRole

ENVIRONMENT = dict(word.split("=", 1) for word in sys.argv[1:])

default_user_config["stepfunctions"]["execute_state_machine"] = True

logging.basicConfig(stream=sys.stderr)
logging.getLogger(distributed_item_processor_worker.__name__).setLevel(logging.DEBUG)

made_by_boto3, one_at_a_time = boto3.client, threading.Lock()


def make_client(*words, **names):
    with one_at_a_time:
        return made_by_boto3(*words, **names)


boto3.client = make_client


def create_state_machine(cls, resource_name, cloudformation_json, account_id, region_name, **kwargs):
    """DefinitionSubstitutions as the AWS CloudFormation reference has them: ${name} becomes the value."""
    properties = cloudformation_json["Properties"]
    location = properties["DefinitionS3Location"]
    stored = s3_backends[account_id]["aws"].get_object(location["Bucket"], location["Key"])
    definition = stored.value.decode()
    for name, value in properties["DefinitionSubstitutions"].items():
        definition = definition.replace("${" + name + "}", value)
    left = re.findall(r"\$\{\w+\}", definition)
    assert not left, f"{left} of {resource_name} are not substituted"
    backend = stepfunctions_parser_backends[account_id][region_name]
    return backend.create_state_machine(properties["StateMachineName"], definition, properties["RoleArn"])


StateMachine.create_from_cloudformation_json = classmethod(create_state_machine)

applied_by_moto = ChangeSet.apply


def apply_change_set(self):
    applied_by_moto(self)
    self.stack.output_map = OutputMap(self.stack.resource_map, self.template_dict, self.stack.stack_id)


ChangeSet.apply = apply_change_set


def operation(task):
    return get_session().get_service_model(task._get_boto_service_name()).operation_model(task.resource.api_action[0].upper() + task.resource.api_action[1:])


StateTaskServiceAwsSdk._normalise_parameters = lambda self, parameters: self._to_boto_request(parameters, operation(self).input_shape)
StateTaskServiceAwsSdk._normalise_response = lambda self, response: self._from_boto_response(response, operation(self).output_shape)
state_task_service_aws_sdk._SERVICE_ERROR_NAMES["s3"] = "S3"

found_by_moto = json_path._contains_slice_or_wildcard_array
json_path._contains_slice_or_wildcard_array = lambda path: "[?(" in path or found_by_moto(path)

described_by_moto = AssumedRole.__init__


def describe_assumed_role(self, *words, **names):
    described_by_moto(self, *words, **names)
    account, role = self.role_arn.split(":")[4], self.role_arn.rsplit("/", 1)[1]
    self.access_key_id = f"ASIA{account}{role.replace('-', '').upper()}"
    self.secret_access_key, self.session_token = "secret", "token"


AssumedRole.__init__ = describe_assumed_role


class Sandbox:
    """One execution environment: a process of the function, and the Runtime API that it asks for invocations, one at a time."""

    def __init__(self, function):
        self.function, self.given, self.answer = function, None, None
        self.changed = threading.Condition()
        self.api = ThreadingHTTPServer(("127.0.0.1", 0), self.handler())
        threading.Thread(target=self.api.serve_forever, daemon=True).start()
        self.place = tempfile.TemporaryDirectory()
        task = Path(self.place.name, "task")
        with zipfile.ZipFile(BytesIO(function.code_bytes)) as package:
            for entry in package.infolist():
                package.extract(entry, task)
                (task / entry.filename).chmod(0o755)
        scratch = Path(self.place.name, "tmp")
        scratch.mkdir()
        host, port = self.api.server_address
        self.process = subprocess.Popen(
            [task / "bootstrap"],
            cwd=task,
            stdin=subprocess.DEVNULL,
            env={
                "PATH": "/usr/local/bin:/usr/bin:/bin",
                "TMPDIR": str(scratch),
                "AWS_LAMBDA_RUNTIME_API": f"{host}:{port}",
                "AWS_LAMBDA_FUNCTION_NAME": function.function_name,
                "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(function.memory_size),
                "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
                "LAMBDA_TASK_ROOT": str(task),
                "_HANDLER": function.handler,
                "AWS_REGION": function.region,
                "AWS_ACCESS_KEY_ID": "function",
                "AWS_SECRET_ACCESS_KEY": "function",
                "AWS_SESSION_TOKEN": "function",
                "AWS_ENDPOINT_URL": f"http://127.0.0.1:{os.environ['MOTO_PORT']}",
                **function.environment_vars,
                **ENVIRONMENT,
            },
        )
        threading.Thread(target=self.watch, daemon=True).start()

    def watch(self):
        status = self.process.wait()
        self.settle("", {"errorType": "Runtime.ExitError", "errorMessage": f"Runtime exited with error: exit status {status}"}, True)
        self.api.shutdown()

    def settle(self, identity, body, failed):
        with self.changed:
            if self.given and identity in ("", self.given["identity"]):
                self.answer = (json.dumps(body).encode() if isinstance(body, dict) else body, failed)
                self.given = None
                self.changed.notify_all()

    def invoke(self, body):
        """The answer, and whether it is a function's error."""
        deadline = time.time() + int(self.function.timeout)
        with self.changed:
            self.answer = None
            self.given = {"identity": str(uuid.uuid4()), "body": body, "deadline": deadline}
            self.changed.notify_all()
            if not self.changed.wait_for(lambda: self.answer, deadline - time.time()):
                self.process.kill()
                return b'{"errorType":"Sandbox.Timedout","errorMessage":"Task timed out"}', True
            return self.answer

    def handler(self):
        sandbox = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                assert self.path == "/2018-06-01/runtime/invocation/next", self.path
                with sandbox.changed:
                    sandbox.changed.wait_for(lambda: sandbox.given)
                    given = sandbox.given
                self.send_response(200)
                self.send_header("Content-Type", "application/json")
                self.send_header("Lambda-Runtime-Aws-Request-Id", given["identity"])
                self.send_header("Lambda-Runtime-Deadline-Ms", str(int(given["deadline"] * 1000)))
                self.send_header("Lambda-Runtime-Invoked-Function-Arn", sandbox.function.function_arn)
                self.send_header("Lambda-Runtime-Trace-Id", "Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700;Parent=9a9197af755a6419;Sampled=0")
                self.send_header("Content-Length", str(len(given["body"])))
                self.end_headers()
                self.wfile.write(given["body"])

            def do_POST(self):
                length = self.headers.get("Content-Length")
                body = self.rfile.read(int(length)) if length else b"".join(self.chunks())
                words = self.path.split("/")
                assert words[:4] == ["", "2018-06-01", "runtime", "invocation"] and words[5] in ("response", "error"), self.path
                # Before the function may ask for the next one: or it is given this one again.
                sandbox.settle(words[4], body, words[5] == "error")
                self.send_response(202)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def chunks(self):
                while size := int(self.rfile.readline(), 16):
                    yield self.rfile.read(size)
                    self.rfile.readline()
                self.rfile.readline()

            def log_message(self, *words):
                pass

        return Handler


idle, guard = {}, threading.Lock()


def invoke(self, body, request_headers, response_headers):
    """As many sandboxes as there are invocations at a time; one that is idle is taken first."""
    with guard:
        free = [one for one in idle.get(self.function_arn, []) if one.process.poll() is None]
        sandbox = free.pop() if free else None
        idle[self.function_arn] = free
    sandbox = sandbox or Sandbox(self)
    answer, failed = sandbox.invoke(body if isinstance(body, bytes) else body.encode())
    with guard:
        idle[self.function_arn].append(sandbox)
    if failed:
        response_headers["x-amz-function-error"] = "Unhandled"
    return answer


LambdaFunction.invoke = invoke

if __name__ == "__main__":
    moto_server.serve()
