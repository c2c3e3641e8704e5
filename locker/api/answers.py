"""How an answer is written."""

from aiohttp import web
from pydantic import BaseModel

from locker.api.routes import JSON


def json_answer(model: BaseModel) -> web.Response:
    """Write a model as the body of an answer."""
    return web.Response(body=model.model_dump_json().encode(), content_type=JSON)
