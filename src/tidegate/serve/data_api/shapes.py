"""Requests checked against the service model that botocore brings: members, types, lengths, ranges, patterns."""

import re
from collections.abc import Mapping
from functools import cache

from botocore.loaders import create_loader
from botocore.model import ListShape, OperationModel, ServiceModel, Shape, StructureShape

from tidegate.serve.data_api.faults import ApiError, invalid

TARGET_PREFIX = "RedshiftData."

_TYPES: Mapping[str, tuple[type, str]] = {
    "string": (str, "a string"),
    "integer": (int, "a number"),
    "long": (int, "a number"),
    "boolean": (bool, "a boolean"),
    "list": (list, "a list"),
    "structure": (dict, "a structure"),
}


@cache
def service() -> ServiceModel:
    return ServiceModel(create_loader().load_service_model("redshift-data", "service-2"), "redshift-data")


def operation(target: str) -> OperationModel:
    """The operation that the header X-Amz-Target names.

    Raises:
        ApiError: UnknownOperationException.
    """
    name = target.removeprefix(TARGET_PREFIX)
    if name == target or name not in service().operation_names:
        raise ApiError("UnknownOperationException", f"the operation {target or '(none)'} is not known")
    return service().operation_model(name)


def check(model: OperationModel, request: object) -> dict[str, object]:
    """The request, when it has the operation's shape; members that the model does not know are dropped.

    Raises:
        ApiError: SerializationException for a wrong type, ValidationException for the rest.
    """
    shape = model.input_shape
    if not isinstance(request, dict) or shape is None:
        raise ApiError("SerializationException", "the body is not a JSON object")
    _check(shape, request, "")
    return {name: value for name, value in request.items() if name in shape.members and value is not None}


def _check(shape: Shape, value: object, path: str) -> None:
    kind, wanted = _TYPES[shape.type_name]
    if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
        raise ApiError("SerializationException", f"{path or 'the body'} is not {wanted}")
    if isinstance(shape, StructureShape) and isinstance(value, dict):
        _check_structure(shape, value, path)
    elif isinstance(shape, ListShape) and isinstance(value, list):
        _check_size(shape, len(value), value, path)
        for number, item in enumerate(value, start=1):
            _check(shape.member, item, f"{path}.{number}.member")
    elif isinstance(value, str):
        _check_text(shape, value, path)
    elif isinstance(value, int) and not isinstance(value, bool):
        _check_range(shape, value, path)


def _check_structure(shape: StructureShape, value: Mapping[str, object], path: str) -> None:
    for name in shape.required_members:
        if value.get(name) is None:
            raise _violation(None, _below(path, name), "Member must not be null")
    for name, member in shape.members.items():
        if value.get(name) is not None:
            _check(member, value[name], _below(path, name))


def _check_text(shape: Shape, value: str, path: str) -> None:
    _check_size(shape, len(value), value, path)
    pattern = shape.metadata.get("pattern")
    if pattern and not re.fullmatch(pattern, value):
        raise _violation(value, path, f"Member must satisfy regular expression pattern: {pattern}")
    allowed = shape.metadata.get("enum")
    if allowed and value not in allowed:
        raise _violation(value, path, f"Member must satisfy enum value set: [{', '.join(allowed)}]")


def _check_size(shape: Shape, size: int, value: object, path: str) -> None:
    least, most = shape.metadata.get("min"), shape.metadata.get("max")
    if least is not None and size < least:
        raise _violation(value, path, f"Member must have length greater than or equal to {least}")
    if most is not None and size > most:
        raise _violation(value, path, f"Member must have length less than or equal to {most}")


def _check_range(shape: Shape, value: int, path: str) -> None:
    least, most = shape.metadata.get("min"), shape.metadata.get("max")
    if least is not None and value < least:
        raise _violation(value, path, f"Member must have value greater than or equal to {least}")
    if most is not None and value > most:
        raise _violation(value, path, f"Member must have value less than or equal to {most}")


def _below(path: str, name: str) -> str:
    member = name[0].lower() + name[1:]
    return f"{path}.{member}" if path else member


def _violation(value: object, path: str, rule: str) -> ApiError:
    shown = "null" if value is None else f"'{str(value)[:100]}'"
    return invalid(f"1 validation error detected: Value {shown} at '{path}' failed to satisfy constraint: {rule}")
