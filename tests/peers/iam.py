"""iam.py ENDPOINT '[["create_user", {"UserName": "x"}], ...]': makes calls of IAM with boto3, prints the answers as JSON."""

import json
import sys

import boto3

endpoint, calls = sys.argv[1:]
iam = boto3.client(
    "iam",
    endpoint_url=endpoint,
    region_name="us-east-1",
    aws_access_key_id="AKIAADMINADMINADMIN1",
    aws_secret_access_key="admin",
)
answers = [getattr(iam, call)(**arguments) for call, arguments in json.loads(calls)]
print(json.dumps(answers, default=str))
