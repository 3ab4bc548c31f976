"""Makes a stack with the construct of docs/runbooks/cloudformation.md (claim.py), and prints its template: the roles that sign and submit are apart."""

import json
from pathlib import Path

from aws_cdk import App, Stack, aws_kms, aws_lambda
from aws_cdk.assertions import Match, Template
from claim import HsmbootClaim

KEY = "arn:aws:kms:eu-central-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"

function = Path("function")
function.mkdir()
(function / "bootstrap").write_text("#!/bin/sh\n")

stack = Stack(App(), "Hsm")
HsmbootClaim(
    stack,
    "Claim",
    cluster_id="cluster-abc234defgh",
    availability_zone="eu-central-1a",
    ca="-----BEGIN CERTIFICATE-----",
    ca_sha256="ab" * 32,
    ca_key=aws_kms.Key.from_key_arn(stack, "Key", KEY),
    code=aws_lambda.Code.from_asset(str(function)),
)
template = Template.from_stack(stack)

template.has_resource_properties(
    "Custom::HsmbootClaim",
    {
        "ServiceTimeout": "900",
        "ClusterId": "cluster-abc234defgh",
        "CreateHsm": True,
        "AvailabilityZone": "eu-central-1a",
        "Ca": "-----BEGIN CERTIFICATE-----",
        "CaKey": f"awskms:{KEY}",
    },
)
template.has_resource_properties("AWS::Lambda::Function", {"Runtime": "provided.al2023", "Handler": "bootstrap", "Timeout": 900, "Environment": {"Variables": {"HSMBOOT_LAMBDA_CA_SHA256": "ab" * 32}}})

# Whose policies have which actions of CloudHSM and KMS.
actions = {}
for policy in template.find_resources("AWS::IAM::Policy").values():
    for statement in policy["Properties"]["PolicyDocument"]["Statement"]:
        action = statement["Action"]
        for role in policy["Properties"]["Roles"]:
            actions.setdefault(role["Ref"], set()).update([action] if isinstance(action, str) else action)
signer, submitter = sorted(actions, key=lambda role: "kms:Sign" not in actions[role])
assert actions[signer] == {"kms:GetPublicKey", "kms:Sign", "sts:AssumeRole"}, actions
assert {action for action in actions[submitter] if not action.startswith("ec2:")} == {
    "cloudhsm:DescribeClusters",
    "cloudhsm:CreateHsm",
    "cloudhsm:InitializeCluster",
}, actions
template.has_resource_properties(
    "AWS::IAM::Role",
    {
        "RoleName": "hsm-submit",
        "AssumeRolePolicyDocument": {"Statement": [Match.object_like({"Principal": {"AWS": {"Fn::GetAtt": [signer, "Arn"]}}})]},
    },
)

print(json.dumps(template.to_json()))
