"""Shortcuts within moto's DynamoDB: what it does with values, items and expressions, in fewer steps.

Each ends as moto's own does. What is refused is refused by moto's own steps, for the errors that callers are to see.
"""

from __future__ import annotations

import marshal
from collections.abc import Callable, Iterator
from decimal import Decimal
from functools import cache
from typing import Any

from botocore.model import Shape
from botocore.serialize import JSONSerializer
from botocore.validate import ParamValidator
from moto.dynamodb import responses
from moto.dynamodb.comparisons import ConditionExpressionParser
from moto.dynamodb.models import dynamo_type, utilities
from moto.dynamodb.models.dynamo_type import DynamoType, Item, LimitedSizeDict
from moto.dynamodb.parsing import ast_nodes
from moto.dynamodb.parsing.ast_nodes import DepthFirstTraverser, Node
from moto.dynamodb.parsing.executors import UpdateExpressionExecutor
from moto.dynamodb.parsing.expressions import UpdateExpressionParser
from moto.dynamodb.parsing.validators import (
    ActionCountValidator,
    EmptyStringKeyValueValidator,
    ExpressionAttributeResolvingProcessor,
    TypeMismatchValidator,
    UpdateExpressionFunctionEvaluator,
    UpdateExpressionValidator,
)

_CONDITIONS_KEPT = 4096
_LARGEST_ITEM = 405_000
"""As moto has it."""
_ACTIONS = {
    ast_nodes.UpdateExpressionSetAction,
    ast_nodes.UpdateExpressionRemoveAction,
    ast_nodes.UpdateExpressionDeleteAction,
    ast_nodes.UpdateExpressionAddAction,
}


_DEEP_ENOUGH = {
    (walker, ast_nodes.UpdateExpressionSetAction)
    for walker in (TypeMismatchValidator, EmptyStringKeyValueValidator)
}
"""Walkers that look at actions, of which none is within another."""
_WORK: dict[tuple[type, type], type[Node] | None] = {}
"""What a walker does at a node, by the types of both."""


def install() -> None:
    """For the whole life of this process."""
    _handle_values_quickly()
    _take_values_quickly()
    _remember_conditions()
    _walk_expressions_quickly()


def once(method: Callable[..., Any]) -> Callable[..., Any]:
    """A method that answers the same whichever object it is asked of."""
    known: dict[Any, Any] = {}

    def remembered(self: Any, *arguments: str, **named: str) -> Any:
        key = arguments, *named.items()
        if key not in known:
            known[key] = method(self, *arguments, **named)
        return known[key]

    return remembered


def _handle_values_quickly() -> None:
    """A value is asked up to six times what type it has; an item is measured anew at each of its attributes."""
    DynamoType.__init__, Item.__init__ = _begin, _begin_item  # type: ignore[method-assign]
    DynamoType.__deepcopy__, Item.__deepcopy__ = _copied, _copied_item  # type: ignore[method-assign]
    DynamoType.size, DynamoType.cast_value = _size, property(_cast)  # type: ignore[method-assign]
    utilities.dynamo_to_dict = responses.dynamo_to_dict = _plain


_begin_unusual, _size_of_unusual = DynamoType.__init__, DynamoType.size
_cast_unusual: Any = vars(DynamoType)["cast_value"].fget
_plain_unusual = utilities.dynamo_to_dict


def _begin(self: DynamoType, given: DynamoType | dict[str, Any]) -> None:
    if type(given) is DynamoType:
        kind, value = given.type, given.value
    elif type(given) is dict and len(given) == 1:
        ((kind, value),) = given.items()
    else:
        _begin_unusual(self, given)
        return
    if kind == "L":
        value = [DynamoType(one) for one in value]
    elif kind == "M":
        value = {key: DynamoType(one) for key, one in value.items()}
    self.type, self.value = kind, value


def _begin_item(
    self: Item, hash_key: DynamoType, range_key: DynamoType | None, attrs: dict[str, Any]
) -> None:
    self.hash_key, self.range_key, self.attrs = hash_key, range_key, LimitedSizeDict()
    for key, value in attrs.items():
        dict.__setitem__(self.attrs, key, DynamoType(value))
    if self.size() > _LARGEST_ITEM:
        raise dynamo_type.ItemSizeTooLarge


def _size(self: DynamoType) -> int:
    kind, value = self.type, self.value
    if kind == "S" and type(value) is str:
        return len(value) if value.isascii() else len(value.encode())
    if kind == "M":
        return sum(utilities.bytesize(key) + _size(one) for key, one in value.items())
    if kind == "L":
        return sum(map(_size, value))
    return _size_of_unusual(self)


def _copied(self: DynamoType, memo: Any = None) -> DynamoType:
    other: DynamoType = DynamoType.__new__(DynamoType)
    kind, value = self.type, self.value
    if kind == "L":
        value = [_copied(one) for one in value]
    elif kind == "M":
        value = {key: _copied(one) for key, one in value.items()}
    elif kind in ("SS", "NS", "BS"):
        value = list(value)
    other.type, other.value = kind, value
    return other


def _copied_item(self: Item, memo: Any = None) -> Item:
    other: Item = Item.__new__(Item)
    other.hash_key = _copied(self.hash_key)
    other.range_key = None if self.range_key is None else _copied(self.range_key)
    other.attrs = LimitedSizeDict()
    for key, value in self.attrs.items():
        dict.__setitem__(other.attrs, key, _copied(value))
    return other


def _cast(self: DynamoType) -> Any:
    kind = self.type
    return self.value if kind == "S" else Decimal(self.value) if kind == "N" else _cast_unusual(self)


def _plain(value: Any) -> Any:
    kind = type(value)
    if value is None or kind in (str, bool, int):
        return value
    if kind is dict:
        return {key: _plain(one) for key, one in value.items()}
    if kind is list:
        return [_plain(one) for one in value]
    if kind is DynamoType and value.type not in ("B", "BS"):
        return {value.type: _plain(value.value)}
    return _plain_unusual(value)


def _take_values_quickly() -> None:
    """The SDK looks at each part of a value by its model, and once more to write it down. What is plainly in order
    is as it would be written."""
    check, write = ParamValidator._validate, JSONSerializer._serialize

    def checked(self: ParamValidator, value: Any, shape: Shape, errors: Any, name: str) -> None:
        if shape.name != "AttributeValue" or not _is_plain(value):
            check(self, value, shape, errors, name)

    def written(self: JSONSerializer, all_: Any, value: Any, shape: Shape, key: Any = None) -> None:
        if shape.name == "AttributeValue" and _is_plain(value):
            all_[key] = value
        else:
            write(self, all_, value, shape, key)

    ParamValidator._validate, JSONSerializer._serialize = checked, written


def _is_plain(value: Any) -> bool:
    """Is it surely a value of an item, without binaries?"""
    if type(value) is not dict or len(value) != 1:
        return False
    ((kind, inner),) = value.items()
    if kind in ("S", "N"):
        return type(inner) is str
    if kind == "M":
        return type(inner) is dict and all(
            type(name) is str and _is_plain(one) for name, one in inner.items()
        )
    if kind == "L":
        return type(inner) is list and all(map(_is_plain, inner))
    return kind in ("BOOL", "NULL") and type(inner) is bool


def _remember_conditions() -> None:
    """A put's condition is parsed by whoever takes the request and again by the table; most are asked many times."""
    parse, known = ConditionExpressionParser.parse, dict[Any, tuple[Any, list[str], list[str]]]()

    def remembered(self: ConditionExpressionParser) -> Any:
        if not self.condition_expression:
            return parse(self)
        names, values = self.expression_attribute_names, self.expression_attribute_values
        written = marshal.dumps(values, 2)
        key = self.condition_expression, None if names is None else tuple(names.items()), written
        if key not in known:
            if len(known) >= _CONDITIONS_KEPT:
                known.clear()
            # Of its own values: whoever asked may do something with theirs.
            asked = ConditionExpressionParser(self.condition_expression, names, marshal.loads(written))
            known[key] = parse(asked), asked.expr_attr_names_found, asked.expr_attr_values_found
        condition, names_found, values_found = known[key]
        self.expr_attr_names_found.extend(names_found)
        self.expr_attr_values_found.extend(values_found)
        return condition

    ConditionExpressionParser.parse = remembered  # type: ignore[method-assign]


def _walk_expressions_quickly() -> None:
    """An update's expression is copied and then walked ten times, and at each node its walker looks for what to do.
    Two of the walks look at nothing but what is written, and one at nothing but functions."""
    UpdateExpressionParser.make = _parsed  # who changes what it gives copies it first
    UpdateExpressionValidator.__init__, UpdateExpressionValidator.validate = _begin_to_validate, _validated
    UpdateExpressionValidator.get_ast_processors = _walkers
    ExpressionAttributeResolvingProcessor.pre_processing_of_child = _enable_resolving
    UpdateExpressionExecutor.get_specific_execution = lambda self, node: _executor(type(node))
    DepthFirstTraverser.traverse_node_recursively = _visit
    Node.find_clauses = _clauses
    Node.__deepcopy__ = lambda self, _: _copied_node(self, None)
    ConditionExpressionParser._lex_one_node = once(ConditionExpressionParser._lex_one_node)


_parse, _all_walkers = UpdateExpressionParser.make, UpdateExpressionValidator.get_ast_processors
_begin_plainly = UpdateExpressionValidator.__init__
_with_functions, _passed = set[int](), set[Any]()


@cache
def _parsed(expression: str) -> Any:
    node = ActionCountValidator().traverse(_parse(expression))
    if ast_nodes.UpdateExpressionFunction in _kinds(node):
        _with_functions.add(id(node))
    return node


def _kinds(node: Any) -> Iterator[type]:
    yield type(node)
    for child in node.children or ():
        if hasattr(child, "children"):
            yield from _kinds(child)


def _begin_to_validate(
    self: UpdateExpressionValidator, expression: Node, *arguments: Any, **named: Any
) -> None:
    _begin_plainly(self, expression, *arguments, **named)
    names = self.expression_attribute_names or {}
    self.has_functions = id(expression) in _with_functions
    self.written = id(expression), *names.items(), *self.table.table_key_attrs


def _walkers(self: UpdateExpressionValidator) -> list[DepthFirstTraverser]:
    return list(_all_walkers(self)[1:])  # the first counts, which is done as it is parsed


def _validated(self: UpdateExpressionValidator) -> Node:
    node = self.node_to_validate
    overlaps, keys, *others = self.processors
    if self.written not in _passed:
        node = keys.traverse(overlaps.traverse(node))
        _passed.add(self.written)
    for walker in others:
        if self.has_functions or type(walker) is not UpdateExpressionFunctionEvaluator:
            node = walker.traverse(node)
    return node


def _enable_resolving(self: ExpressionAttributeResolvingProcessor, parent: Node, child_id: int) -> None:
    if type(parent) in _ACTIONS:
        self.resolving = child_id != 0


def _visit(self: DepthFirstTraverser, node: Any, child_id: int = -1) -> Any:
    parent, kinds = node.parent, (type(self), type(node))
    if kinds not in _DEEP_ENOUGH:
        for place, child in enumerate(node.children or ()):
            self.pre_processing_of_child(node, place)
            if hasattr(child, "children"):
                _visit(self, child, place)
    if kinds not in _WORK:
        _WORK[kinds] = next((kind for kind in self._processing_map() if isinstance(node, kind)), None)
    if _WORK[kinds] is not None:
        node = self._processing_map()[_WORK[kinds]](node)
        node.parent = parent
        if parent:
            parent.children[child_id] = node
    return node


def _clauses(self: Node, wanted: list[type[Node]]) -> list[Node]:
    found: list[Node] = []
    for child in self.children or ():
        if type(child) in wanted:
            found.append(child)
        elif _nests(type(child)):
            found += _clauses(child, wanted)
    return found


@cache
def _nests(kind: type) -> bool:
    return issubclass(kind, (ast_nodes.Expression, ast_nodes.UpdateExpressionFunction))


@cache
def _executor(kind: type) -> Any:
    executors = UpdateExpressionExecutor.execution_map
    return next((executors[one] for one in executors if issubclass(kind, one)), None)


def _copied_node(node: Any, parent: Any) -> Any:
    other = object.__new__(type(node))
    vars(other).update(vars(node), parent=parent)
    if node.children:
        other.children = [
            _copied_node(child, other) if hasattr(child, "children") else child for child in node.children
        ]
    return other
