"""Prints what Telegram's sendMessage takes, as JSON Schema: the types of aiogram, closed to fields that it does not know."""

import json

from aiogram.methods import SendMessage
from aiogram.types import LinkPreviewOptions


def closed(schema):
    if isinstance(schema, dict):
        if "properties" in schema:
            schema["additionalProperties"] = False
        for part in schema.values():
            closed(part)
    elif isinstance(schema, list):
        for part in schema:
            closed(part)
    return schema


schema = closed(SendMessage.model_json_schema())
# Without these, what is wrong in one field would be taken for another of its types.
options = closed(LinkPreviewOptions.model_json_schema())
schema["properties"]["link_preview_options"] = {"type": "object", "properties": options["properties"], "additionalProperties": False}
schema["properties"]["chat_id"] = {"anyOf": [{"type": "integer"}, {"type": "string", "minLength": 1}]}
schema["properties"]["text"] = {"type": "string", "minLength": 1}
print(json.dumps(schema))
