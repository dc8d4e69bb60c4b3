"""The identity graph in DynamoDB: changed by transactions that fail when somebody else was first."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from services.ingest.adapters.dynamo_profiles import DynamoProfiles
from services.ingest.adapters.identity_items import (
    GRAPH,
    LOG,
    component_item,
    identifier_item,
    page_item,
    page_with,
    read_component,
    read_decisions,
    read_known,
)
from services.ingest.domain.identifiers import Identifier
from services.ingest.domain.known import Known, described, knowledge
from services.ingest.domain.regroup import Component, Decision, Node, Regrouping
from services.ingest.domain.uprooting import decisions_without, names_of, uprooted
from services.ingest.ports import ProfileWrite, StaleProfile, TooMany
from services.shared.aws.dynamo import (
    TRANSACTION_LIMIT,
    ConditionFailed,
    Item,
    Op,
    Table,
    TransactionRefused,
    transact,
)

_ABSENT = "attribute_not_exists(pk)"


class DynamoIdentities:
    """Port `Identities`."""

    def __init__(self, table: Table, profiles: DynamoProfiles) -> None:
        self._table = table
        self._profiles = profiles

    def owners(self, identifiers: Iterable[Identifier]) -> dict[Identifier, str]:
        return {i: known.owner for i, known in self.known(identifiers).items() if known.owner}

    def known(self, identifiers: Iterable[Identifier]) -> dict[Identifier, Known]:
        keys = [{"pk": identifier.key} for identifier in sorted(set(identifiers))]
        items = self._table.get_many(keys, consistent=True)
        return {Identifier.from_key(item["pk"]): read_known(item) for item in items}

    def components(self, graph_ids: Iterable[str]) -> dict[str, Component]:
        keys = [{"pk": GRAPH + graph_id} for graph_id in sorted(set(graph_ids))]
        found = (read_component(item) for item in self._table.get_many(keys, consistent=True))
        return {component.graph_id: component for component in found}

    def add(self, identifier: Identifier, node: Node) -> bool:
        known = Known(owner=node.home, node=node)
        try:
            self._table.put(
                identifier_item(identifier, known), condition=_ABSENT
            )  # costs half of a transaction
        except ConditionFailed as refused:
            # A lost answer makes the SDK repeat the put, which then fails against itself.
            return bool(refused.item and refused.item.get("profile_id") == node.home)
        except Exception as error:
            if _is_conflict(error):
                return False
            raise
        return True

    def commit(
        self, regrouping: Regrouping, known: Mapping[Identifier, Known], writes: Sequence[ProfileWrite]
    ) -> bool:
        ops = self._graph_ops(regrouping)
        stored = [knowledge(component) for component in regrouping.before if component.version]
        guarded = {identifier: before for found in stored for identifier, before in found.items()}
        for identifier, after in described(regrouping, known).items():
            if identifier in guarded:
                if guarded[identifier] != after:
                    ops.append(self._table.put_op(identifier_item(identifier, after)))
            elif known.get(identifier) != after:
                ops.append(self._identifier_op(identifier, known.get(identifier), after))
        ops += [self._forget_op(i, i in guarded, known.get(i)) for i in regrouping.gone]
        for write in writes:
            ops += self._profiles.save_ops(write.profile, [], before=write.before, rulings=write.rulings)
        if len(ops) > TRANSACTION_LIMIT:
            raise TooMany(f"{len(ops)} items in a rearrangement")
        try:
            transact(ops)
        except TransactionRefused:
            return False
        return True

    def decisions(self, component: Component) -> list[Decision]:
        pages = sorted(self._pages(component), key=lambda item: item["page"])
        return [*(one for item in pages for one in read_decisions(item)), *component.log]

    def _pages(self, component: Component) -> list[Item]:
        keys = [{"pk": f"{GRAPH}{component.graph_id}#{page}"} for page in range(component.pages)]
        return self._table.get_many(keys, consistent=True)

    def names(self, identifiers: Iterable[Identifier], profile_ids: Collection[str]) -> set[Identifier]:
        """Every identifier in the graph that stands for one of these profiles, found from some of them."""
        found = {i: known for i, known in self.known(identifiers).items() if known.owner in profile_ids}
        components = self.components(known.graph_id for known in found.values() if known.graph_id)
        return set(found).union(*(names_of(one, profile_ids) for one in components.values()))

    def uproot(
        self,
        identifiers: Iterable[Identifier],
        profile_ids: Collection[str],
        foretell: Callable[[Component, Component], None] = lambda before, after: None,
    ) -> int:
        """Take these profiles' identifiers out of the graph; how many items went. `foretell` hears what becomes of
        each component before it does.

        Raises:
            StaleProfile: the graph changed meanwhile; try again.
        """
        names = self.names(identifiers, profile_ids)
        known = self.known(names)
        graphs = self.components(one.graph_id for one in known.values() if one.graph_id)
        gone = 0
        for component in graphs.values():
            mine = frozenset(names & component.nodes.keys())
            after = uprooted(component, mine, profile_ids)
            foretell(component, after)
            gone += self._uproot(component, after, profile_ids)
        for identifier, one in known.items():
            if not one.graph_id:
                self._table.delete({"pk": identifier.key})
                gone += 1
        return gone

    def _uproot(self, before: Component, after: Component, profile_ids: Collection[str]) -> int:
        """One transaction: the component without them, their items, and what neighbours knew of them."""
        graph = {"pk": GRAPH + before.graph_id}
        current, version = "version = :v", {":v": before.version}
        ops = [
            self._table.delete_op({"pk": identifier.key})
            for identifier in sorted(before.nodes.keys() - after.nodes.keys())
        ]
        gone = len(ops)
        if after.nodes:
            ops.append(self._table.put_op(component_item(after), condition=current, values=version))
            learnt, knew = knowledge(after), knowledge(before)
            ops += [
                self._table.put_op(identifier_item(i, now), condition="attribute_exists(pk)")
                for i, now in learnt.items()
                if now != knew[i]
            ]
        else:
            ops.append(self._table.delete_op(graph, condition=current, values=version))
        for page in self._pages(before):
            rows = [] if not after.nodes else decisions_without(read_decisions(page), profile_ids, after)
            kept = page_with(page, rows)
            ops.append(self._table.put_op(kept) if after.nodes else self._table.delete_op({"pk": page["pk"]}))
        try:
            transact(ops)
        except TransactionRefused as refused:
            raise StaleProfile from refused
        return gone

    def _graph_ops(self, regrouping: Regrouping) -> list[Op]:
        kept, *others = regrouping.before
        after = regrouping.after
        ops = [
            self._table.delete_op(
                {"pk": GRAPH + other.graph_id}, condition="version = :v", values={":v": other.version}
            )
            for other in others
            if other.version
        ]
        if not after.nodes:
            return [*ops, *self._removal_ops(kept)]
        if len(after.log) > LOG:
            ops.append(self._table.put_op(page_item(after)))
            after = replace(after, log=after.log[-LOG // 2 :], pages=after.pages + 1)
        return [
            self._table.put_op(
                component_item(after),
                condition="version = :v" if kept.version else _ABSENT,
                values={":v": kept.version} if kept.version else None,
            ),
            *ops,
        ]

    def _removal_ops(self, component: Component) -> list[Op]:
        if not component.version:
            return []
        key = {"pk": GRAPH + component.graph_id}
        return [self._table.delete_op(key, condition="version = :v", values={":v": component.version})]

    def _forget_op(self, identifier: Identifier, is_guarded: bool, before: Known | None) -> Op:
        condition, values = ("", None) if is_guarded or before is None else _as_it_was(before)
        return self._table.delete_op({"pk": identifier.key}, condition=condition or None, values=values)

    def _identifier_op(self, identifier: Identifier, before: Known | None, after: Known) -> Op:
        """Of one that no stored component guards: nobody may have moved it since it was read."""
        item = identifier_item(identifier, after)
        if before is None:
            return self._table.put_op(item, condition=_ABSENT)
        condition, values = _as_it_was(before)
        return self._table.put_op(item, condition=condition, values=values)


def _as_it_was(known: Known) -> tuple[str, dict[str, Any] | None]:
    """The condition that nobody has moved an identifier since it was read, and its values."""
    stored = {"graph_id": known.graph_id, "profile_id": known.owner}
    conditions = [f"{n} = :{n}" if v else f"attribute_not_exists({n})" for n, v in stored.items()]
    return " AND ".join(conditions), {f":{name}": value for name, value in stored.items() if value} or None


def _is_conflict(error: Exception) -> bool:
    """Somebody's transaction is about to claim the same identifier."""
    response = getattr(error, "response", {})
    return bool(response.get("Error", {}).get("Code") == "TransactionConflictException")
