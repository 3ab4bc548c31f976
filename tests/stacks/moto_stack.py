"""Makes the stack of packaging/aws/claim.template.yaml in moto's CloudFormation, twice, and deletes it.

moto would run a function in Docker: here an invocation goes to an address that the test gives, and there to the real program. What moto does not know is
`AWS::CloudHSM::Cluster`: here it is a cluster of the simulator's, at the other address.

The first line that it prints is moto's own address; then it reads a line of JSON (`function`, `cloudhsm`, `parameters`), and prints each stack as JSON.
"""

import json
import os
import sys
import time
import urllib.request
import zipfile
from io import BytesIO
from pathlib import Path

import boto3
from moto import settings
from moto.awslambda.models import LambdaFunction
from moto.core.common_models import CloudFormationModel
from moto.server import ThreadedMotoServer

TEMPLATE = Path(__file__).parent.parent.parent / "packaging/aws/claim.template.yaml"

server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
server.start()
_, port = server.get_host_and_port()
os.environ["MOTO_PORT"] = str(port)
# A function in Docker would find it by another name.
settings.moto_server_host = lambda: "http://127.0.0.1"
moto = f"http://127.0.0.1:{port}"
print(moto, flush=True)
told = json.loads(sys.stdin.readline())


def client(service, url=moto):
    return boto3.client(service, endpoint_url=url, region_name="us-east-1", aws_access_key_id="test", aws_secret_access_key="test")


def invoke(self, body, request_headers, response_headers):
    request = urllib.request.Request(told["function"], data=body.encode(), method="POST")
    with urllib.request.urlopen(request) as answer:
        return answer.read()


LambdaFunction.invoke = invoke


class Cluster(CloudFormationModel):
    """What the template's cluster is: UNINITIALIZED, and without an HSM."""

    # moto reads the name of the service out of this.
    __module__ = "moto.cloudhsmv2.models"

    def __init__(self, cluster):
        self.physical_resource_id = cluster["ClusterId"]

    @staticmethod
    def cloudformation_name_type():
        return ""

    @staticmethod
    def cloudformation_type():
        return "AWS::CloudHSM::Cluster"

    @classmethod
    def create_from_cloudformation_json(cls, resource_name, cloudformation_json, account_id, region_name, **kwargs):
        properties = cloudformation_json["Properties"]
        cloudhsm = client("cloudhsmv2", told["cloudhsm"])
        cluster = cloudhsm.create_cluster(HsmType=properties["HsmType"], Mode=properties["Mode"], SubnetIds=properties["SubnetIds"])
        return cls(cluster["Cluster"])

    @classmethod
    def delete_from_cloudformation_json(cls, *words, **names):
        pass


package = BytesIO()
with zipfile.ZipFile(package, "w") as archive:
    archive.writestr("bootstrap", "#!/bin/sh\n")
s3 = client("s3")
s3.create_bucket(Bucket="code")
s3.put_object(Bucket="code", Key="function.zip", Body=package.getvalue())
# What `aws cloudformation package` does.
template = TEMPLATE.read_text().replace("Code: function", "Code: { S3Bucket: code, S3Key: function.zip }")

cloudformation = client("cloudformation")
parameters = [{"ParameterKey": name, "ParameterValue": value} for name, value in told["parameters"].items()]
cloudformation.create_stack(StackName="hsm", TemplateBody=template, Parameters=parameters, Capabilities=["CAPABILITY_NAMED_IAM"])
for _ in range(600):
    stack = cloudformation.describe_stacks(StackName="hsm")["Stacks"][0]
    claim = [one for one in cloudformation.describe_stack_resources(StackName="hsm")["StackResources"] if one["LogicalResourceId"] == "Claim"]
    # The stack was described first: it may be done only the next time.
    if claim and not any(status.endswith("IN_PROGRESS") for status in (claim[0]["ResourceStatus"], stack["StackStatus"])):
        break
    time.sleep(0.1)
print(json.dumps({"stack": stack["StackStatus"], "claim": claim[0]["ResourceStatus"], "outputs": {one["OutputKey"]: one["OutputValue"] for one in stack["Outputs"]}}))
