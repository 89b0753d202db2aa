"""What a test asks of an AWS emulator: a bus with a rule and a queue behind it, a secret, and what arrived.

usage: aws.py ENDPOINT setup PATTERN SECRET | receive QUEUE_URL | bucket NAME | keys BUCKET | letters STACK LETTERS | count STACK
"""

import json
import sys

import boto3

endpoint, command, *arguments = sys.argv[1:]


def client(service):
    return boto3.client(service, endpoint_url=endpoint, region_name="ca-central-1", aws_access_key_id="local",
                        aws_secret_access_key="local")


def queue_of(stack, queue):
    resource = client("cloudformation").describe_stack_resource(StackName=stack, LogicalResourceId=queue)
    return resource["StackResourceDetail"]["PhysicalResourceId"]


if command == "setup":
    pattern, secret = arguments
    events, queues = client("events"), client("sqs")
    queue = queues.create_queue(QueueName="report")["QueueUrl"]
    arn = queues.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    events.create_event_bus(Name="gazelle-tasks")
    events.put_rule(Name="report", EventBusName="gazelle-tasks", EventPattern=pattern)
    events.put_targets(Rule="report", EventBusName="gazelle-tasks", Targets=[{"Id": "queue", "Arn": arn}])
    secret_arn = client("secretsmanager").create_secret(Name="gazelle-tasks", SecretString=secret)["ARN"]
    print(json.dumps({"queue": queue, "secret": secret_arn}))
elif command == "bucket":
    client("s3").create_bucket(Bucket=arguments[0], CreateBucketConfiguration={"LocationConstraint": "ca-central-1"})
    print("null")
elif command == "keys":
    found = client("s3").list_objects_v2(Bucket=arguments[0])
    print(json.dumps([item["Key"] for item in found.get("Contents", [])]))
elif command == "letters":
    stack, letters = arguments
    queues = {"Type": "AWS::SQS::Queue"}
    template = {"Resources": {"SchedulerDeadLetters": queues, "FunctionDeadLetters": queues}}
    client("cloudformation").create_stack(StackName=stack, TemplateBody=json.dumps(template))
    for letter in json.loads(letters):
        attributes = {name: {"DataType": "String", "StringValue": value} for name, value in letter["attributes"].items()}
        client("sqs").send_message(QueueUrl=queue_of(stack, letter["queue"]), MessageBody=letter["body"],
                                   MessageAttributes=attributes)
    print("null")
elif command == "count":
    # What is hidden from others after it was listed counts as well.
    names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
    counts = {}
    for queue in ["SchedulerDeadLetters", "FunctionDeadLetters"]:
        url = queue_of(arguments[0], queue)
        found = client("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=names)["Attributes"]
        counts[queue] = sum(int(found[name]) for name in names)
    print(json.dumps(counts))
else:
    answer = client("sqs").receive_message(QueueUrl=arguments[0], MaxNumberOfMessages=10, WaitTimeSeconds=2)
    print(json.dumps([json.loads(message["Body"]) for message in answer.get("Messages", [])]))
