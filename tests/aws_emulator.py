"""An AWS emulator whose buckets are as strict as those with Object Lock: what is uploaded without a checksum is refused.

usage: aws_emulator.py PORT

The rule: "The Content-MD5 or x-amz-sdk-checksum-algorithm header is required for any request to upload an object with a
retention period configured using Object Lock", https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-lock-managing.html
"""

import sys

from moto.server import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import run_simple

REFUSED = (b"<Error><Code>InvalidRequest</Code><Message>Content-MD5 OR x-amz-checksum- HTTP header is required for Put "
           b"Object requests with Object Lock parameters</Message></Error>")


class Strict:
    def __init__(self, emulator):
        self.emulator = emulator

    def __call__(self, environ, start_response):
        _, _, key = environ["PATH_INFO"].strip("/").partition("/")
        has_checksum = any(name == "HTTP_CONTENT_MD5" or name.startswith("HTTP_X_AMZ_CHECKSUM_") for name in environ)
        if environ["REQUEST_METHOD"] == "PUT" and key and not has_checksum:
            start_response("400 Bad Request", [("content-type", "application/xml"), ("content-length", str(len(REFUSED)))])
            return [REFUSED]
        return self.emulator(environ, start_response)


emulator = DomainDispatcherApplication(create_backend_app)
run_simple("127.0.0.1", int(sys.argv[1]), Strict(emulator), threaded=True)
