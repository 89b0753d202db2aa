"""Judges incoming-webhook messages by Slack's own client library, and by the limits that it does not know.

Reads a JSON list of messages; prints a list: null, or why the message is refused.
"""

import inspect
import json
import sys

from slack_sdk.errors import SlackObjectFormationError
from slack_sdk.models.blocks import Block
from slack_sdk.webhook import WebhookClient


def problem(message):
    unknown = set(message) - set(inspect.signature(WebhookClient.send).parameters)
    if unknown or not isinstance(message.get("text"), str):
        return f"a message is a text, with blocks or without, and has no {unknown}"
    if len(message["text"]) > 40_000:
        return "the text is cut beyond 40 000 characters"
    blocks = message.get("blocks", [])
    if len(blocks) > 50:
        return "at most 50 blocks"
    for given in blocks:
        # The library takes a header with mrkdwn; Slack does not.
        if given["type"] == "header" and given["text"]["type"] != "plain_text":
            return "headers are plain text"
        block = Block.parse(given)
        if block is None or type(block) is Block:
            return f"unknown block {given['type']}"
        try:
            block.validate_json()
        except SlackObjectFormationError as error:
            return str(error)
    return None


print(json.dumps([problem(message) for message in json.load(sys.stdin)]))
