"""An AWS emulator whose buckets are as strict as those with Object Lock: what is uploaded without a checksum is refused.
It takes asynchronous invocations of functions, runs none, and shows them at /invocations.

usage: aws_emulator.py PORT

The rule: "The Content-MD5 or x-amz-sdk-checksum-algorithm header is required for any request to upload an object with a
retention period configured using Object Lock", https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-lock-managing.html
"""

import json
import re
import sys

from moto.server import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import run_simple

REFUSED = (b"<Error><Code>InvalidRequest</Code><Message>Content-MD5 OR x-amz-checksum- HTTP header is required for Put "
           b"Object requests with Object Lock parameters</Message></Error>")


# Name and payload of each.
INVOCATIONS = []


def answer(start_response, status, kind, body):
    start_response(status, [("content-type", kind), ("content-length", str(len(body)))])
    return [body]


class Strict:
    def __init__(self, emulator):
        self.emulator = emulator

    def __call__(self, environ, start_response):
        invocation = re.fullmatch("/2015-03-31/functions/([^/]+)/invocations", environ["PATH_INFO"])
        if invocation and environ.get("HTTP_X_AMZ_INVOCATION_TYPE") == "Event":
            # https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html: 202, or 404 for a function that is not there.
            payload = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
            if invocation[1].startswith("gone"):
                return answer(start_response, "404 Not Found", "application/json",
                              b'{"Type": "User", "Message": "Function not found"}')
            INVOCATIONS.append([invocation[1], json.loads(payload)])
            return answer(start_response, "202 Accepted", "application/json", b"")
        if environ["PATH_INFO"] == "/invocations":
            return answer(start_response, "200 OK", "application/json", json.dumps(INVOCATIONS).encode())
        _, _, key = environ["PATH_INFO"].strip("/").partition("/")
        has_checksum = any(name == "HTTP_CONTENT_MD5" or name.startswith("HTTP_X_AMZ_CHECKSUM_") for name in environ)
        if environ["REQUEST_METHOD"] == "PUT" and key and not has_checksum:
            return answer(start_response, "400 Bad Request", "application/xml", REFUSED)
        return self.emulator(environ, start_response)


emulator = DomainDispatcherApplication(create_backend_app)
run_simple("127.0.0.1", int(sys.argv[1]), Strict(emulator), threaded=True)
