"""Translates a SAM template, as CloudFormation would, and lints what comes out.

usage: translate.py TEMPLATE.yaml OUT.json
"""

import json
import os
import subprocess
import sys

os.environ.setdefault("AWS_DEFAULT_REGION", "ca-central-1")

from samtranslator.public.exceptions import InvalidDocumentException  # noqa: E402
from samtranslator.translator.transform import transform  # noqa: E402
from samtranslator.yaml_helper import yaml_parse  # noqa: E402


class NoManagedPolicies:
    """The template names no managed policy, so nobody has to ask IAM for them."""

    def load(self):
        return {}


source, out = sys.argv[1:]
with open(source, encoding="utf-8") as file:
    template = yaml_parse(file.read())
for resource in template["Resources"].values():
    if resource["Type"] == "AWS::Serverless::Function":
        # `sam package` replaces the folder by an object; the translator knows objects only.
        resource["Properties"]["CodeUri"] = "s3://bucket/key"
        resource.pop("Metadata", None)
try:
    translated = transform(template, {}, NoManagedPolicies())
except InvalidDocumentException as error:
    sys.exit(error.message + "\n" + "\n".join(cause.message for cause in error.causes))
with open(out, "w", encoding="utf-8") as file:
    json.dump(translated, file, indent=1)
linter = os.path.join(os.path.dirname(sys.executable), "cfn-lint")
sys.exit(subprocess.run([linter, "--format", "parseable", out]).returncode)
