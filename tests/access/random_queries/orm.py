"""Queries as the code of Lace asks them: Django querysets thrown by dice over the models, compiled to the SQL that Django would send."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from typing import Any

from django.apps import apps
from django.core.exceptions import EmptyResultSet, FieldError
from django.db import models
from django.db.models import Count, Exists, F, Max, Min, OuterRef, Q, QuerySet, Subquery, Window
from django.db.models.functions import Cast, Lower, RowNumber

from tests.access.random_queries.catalogue import Table
from tests.access.random_queries.pieces import LIMIT, Query

Model = type[models.Model]
Asked = Any  # a queryset: its type is lost at the first values() or annotate()


class OrmGenerator:
    """Throws querysets over the models of these tables. `rows` are all rows: their values are asked for, the hidden ones' too."""

    def __init__(self, tables: Mapping[str, Table], rows: Mapping[str, list[dict[str, Any]]], dice: random.Random) -> None:
        self.dice, self.rows = dice, rows
        protected = {table.name for table in tables.values() if table.protected}
        self.models: list[Model] = [model for model in apps.get_models(include_auto_created=True) if model._meta.db_table in protected]
        assert len(self.models) == len(protected), "a protected table without a model"

    def query(self) -> Query:
        """One more."""
        while True:
            model = self.dice.choice(self.models)
            shape = self.dice.choice((self._list, self._list, self._grouped, self._subquery, self._union, self._window, self._count, self._related))
            try:
                text, parameters = shape(model).query.sql_with_params()
            except (EmptyResultSet, FieldError):
                continue
            return Query(f"orm{shape.__name__}", text, parameters=tuple(parameters), undo=True)

    def _fields(self, model: Model) -> Sequence[models.Field[Any, Any]]:
        return [field for field in model._meta.concrete_fields if not isinstance(field, models.JSONField)]

    def _asked(self, model: Model, prefix: str = "", depth: int = 0) -> Q:
        """A lookup, sometimes across a relation."""
        field = self.dice.choice(self._fields(model))
        if isinstance(field, models.ForeignKey) and depth < 2 and self.dice.random() < 0.8:
            return self._asked(field.related_model, f"{prefix}{field.name}__", depth + 1)
        name = f"{prefix}{field.attname}"
        values = [value for row in self.rows.get(model._meta.db_table, []) if (value := row.get(str(field.column))) is not None]
        if not values or self.dice.random() < 0.15:
            return Q(**{f"{name}__isnull": self.dice.random() < 0.5})
        value = self.dice.choice(values)
        lookups = ["exact", "in", "gt", "lte"]
        if isinstance(field, models.CharField | models.TextField):
            lookups += ["icontains", "startswith", "iexact", "regex"]
            if value and self.dice.random() < 0.5:
                return Q(**{f"{name}__{self.dice.choice(('icontains', 'startswith', 'iexact'))}": str(value)[:2]})
            return Q(**{name: value})
        if isinstance(field, models.DateField) and self.dice.random() < 0.3:
            return Q(**{f"{name}__year": value.year})
        if isinstance(value, list | bool):
            return Q(**{name: value})
        lookup = self.dice.choice(lookups[:4])
        return Q(**{f"{name}__{lookup}": [value, self.dice.choice(values)] if lookup == "in" else value})

    def _filtered(self, model: Model) -> Asked:
        found: QuerySet[Any] = model._base_manager.all()
        turn = self.dice.random()
        if turn < 0.3:
            return found
        if turn < 0.5:
            return found.exclude(self._asked(model))
        asked = self._asked(model)
        return found.filter(asked & self._asked(model) if turn < 0.7 else asked | self._asked(model) if turn < 0.85 else asked)

    def _names(self, model: Model, most: int = 3) -> list[str]:
        fields = self._fields(model)
        return [field.attname for field in self.dice.sample(list(fields), min(len(fields), self.dice.randrange(1, most + 1)))]

    def _cut(self, found: Asked, names: list[str]) -> Asked:
        return found.values_list(*names).order_by(*names)[: self.dice.randrange(1, LIMIT)]

    def _list(self, model: Model) -> Asked:
        found = self._filtered(model)
        return self._cut(found.distinct() if self.dice.random() < 0.2 else found, self._names(model))

    def _count(self, model: Model) -> Asked:
        return (
            self._filtered(model)
            .annotate(all_rows=models.Value(1))
            .values("all_rows")
            .annotate(how_many=Count("pk"), lowest=Min(Cast("pk", models.TextField())))
            .order_by()
        )

    def _grouped(self, model: Model) -> Asked:
        names = self._names(model, 2)
        field = self.dice.choice(self._fields(model)).attname
        measure = self.dice.choice((Count(field), Count(field, distinct=True), Max(Cast(field, models.TextField()))))
        return self._filtered(model).values(*names).annotate(measured=measure).order_by(*names, "measured")

    def _of_same_child(self, model: Model) -> Asked:
        other = self.dice.choice([other for other in self.models if self._child(other)])
        mine = self._child(model)
        return (
            self._filtered(other).filter(**{self._child(other) or "pk": OuterRef(mine)})
            if mine
            else self._filtered(other).filter(authority_id=OuterRef("authority_id"))
        )

    def _child(self, model: Model) -> str | None:
        if model._meta.model_name in {"child", "childevent"}:
            return "id"
        return next((field.attname for field in model._meta.concrete_fields if field.column in {"child_id", "content_object_id"}), None)

    def _subquery(self, model: Model) -> Asked:
        inner = self._of_same_child(model)
        names = self._names(model, 2)
        if self.dice.random() < 0.5:
            return self._cut(self._filtered(model).filter(Exists(inner) if self.dice.random() < 0.6 else ~Exists(inner)), names)
        found = Subquery(inner.order_by("pk").values("pk")[:1])
        return self._cut(self._filtered(model).annotate(subquery=found), [*names, "subquery"])

    def _union(self, model: Model) -> Asked:
        other = self.dice.choice(self.models)
        first, second = (self._filtered(each).annotate(pk_text=Cast("pk", models.TextField())).values_list("pk_text") for each in (model, other))
        way = self.dice.choice(("union", "intersection", "difference"))
        combined: QuerySet[Any] = getattr(first.order_by(), way)(second.order_by())
        return combined.order_by("pk_text")

    def _window(self, model: Model) -> Asked:
        name = self._names(model, 1)[0]
        found = self._filtered(model).annotate(in_order=Window(RowNumber(), partition_by=[F("authority_id")], order_by=[F(name), F("pk")]))
        return found.values_list("pk", "in_order").order_by("pk")

    def _related(self, model: Model) -> Asked:
        """Columns of the rows it points at."""
        keys = [field for field in model._meta.concrete_fields if isinstance(field, models.ForeignKey)]
        if not keys:
            return self._list(model)
        key = self.dice.choice(keys)
        other = self.dice.choice(self._fields(key.related_model))
        names = [*self._names(model, 2), f"{key.name}__{other.attname}"]
        found = self._filtered(model)
        if isinstance(other, models.CharField) and self.dice.random() < 0.4:
            found = found.annotate(lowered=Lower(f"{key.name}__{other.attname}"))
            names.append("lowered")
        return self._cut(found, names)
