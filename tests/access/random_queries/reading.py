"""Every shape in which SQL can ask about rows."""

from __future__ import annotations

from tests.access.random_queries.pieces import NUMBERS, TEXTS, Pieces, Query, quoted


class Reading(Pieces):
    """Throws queries that read."""

    def _shape_simple(self) -> Query:
        text, shown = self._plain_query()
        return Query("simple", text + (self._top(shown) if self.dice.random() < 0.5 else ""))

    def _shape_everything(self) -> Query:
        source = self._source()
        return Query("everything", f"SELECT * FROM {source}{self._where(source)}")

    def _shape_count(self) -> Query:
        source = self._source()
        asked = self.dice.choice(("count(*)", "count(*) > 0", "EXISTS (SELECT)", "max(1)"))
        return Query("count", f"SELECT {asked} FROM {source}{self._where(source)}" + (" LIMIT 1" if "EXISTS" in asked else ""))

    def _shape_join(self) -> Query:
        first = self._source()
        sources, text = [first], f"{first}"
        for _ in range(self.dice.randrange(1, 3)):
            other, joined = self._beside(self.dice.choice(sources))
            kind = self.dice.choice(("JOIN", "LEFT JOIN", "RIGHT JOIN", "FULL JOIN"))
            extra = f" AND {self._plain_condition(other)}" if kind != "FULL JOIN" and self.dice.random() < 0.3 else ""
            text += f" {kind} {other} ON {joined}{extra}"
            sources.append(other)
        shown = self._shown(*sources)
        return Query("join", f"SELECT {', '.join(shown)} FROM {text}{self._where(first, 0.4)}{self._top(shown)}")

    def _shape_lateral(self) -> Query:
        source = self._source()
        other, joined = self._beside(source)
        shown = self._shown(other, most=2)
        inner = f"SELECT {', '.join(f'{name} AS c{number}' for number, name in enumerate(shown))} FROM {other} WHERE {joined}"
        inner += f" ORDER BY {', '.join(str(number + 1) for number in range(len(shown)))} LIMIT {self.dice.randrange(1, 3)}"
        outer = [source(source.table.pk), *(f"l.c{number}" for number in range(len(shown)))]
        text = f"SELECT {', '.join(outer)} FROM {source} LEFT JOIN LATERAL ({inner}) l ON true"
        return Query("lateral", f"{text}{self._where(source, 0.3)}{self._top(outer)}")

    def _shape_exists(self) -> Query:
        source = self._source()
        shown = self._shown(source)
        return Query("exists", f"SELECT {', '.join(shown)} FROM {source} WHERE {self._within(source)}{self._top(shown)}")

    def _shape_in(self) -> Query:
        source, other = self._source(child=True), self._source(child=True)
        mine, theirs = str(source.table.child), str(other.table.child)
        inner = f"SELECT {other(theirs)} FROM {other}{self._where(other)}"
        condition = self.dice.choice(
            (
                f"{source(mine)} IN ({inner})",
                f"{source(mine)} NOT IN ({inner})",
                f"{source(mine)} = ANY(ARRAY({inner}))",
                f"{source(mine)} <> ALL({inner})",
            )
        )
        shown = self._shown(source)
        return Query("in", f"SELECT {', '.join(shown)} FROM {source} WHERE {condition}{self._top(shown)}")

    def _shape_union(self) -> Query:
        parts = []
        for _ in range(self.dice.randrange(2, 4)):
            source = self._source()
            parts.append(f"SELECT {source(self.dice.choice(source.table.columns).name)}::text FROM {source}{self._where(source)}")
        word = self.dice.choice(("UNION", "UNION ALL", "INTERSECT", "EXCEPT", "EXCEPT ALL", "INTERSECT ALL"))
        return Query("union", f" {word} ".join(f"({part})" for part in parts) + self._top(["1"]))

    def _shape_window(self) -> Query:
        source = self._source()
        by = source(self.dice.choice([name for name in ("authority_id", source.table.child, source.table.pk) if name and source.table.has(name)]))
        order = source(self.dice.choice(source.table.columns).name)
        key = source(source.table.pk)
        numbers = [column for column in source.table.columns if column.kind in NUMBERS]
        measured = source(self.dice.choice(numbers).name) if numbers else "1"
        function = self.dice.choice(
            (
                f"rank() OVER (PARTITION BY {by} ORDER BY {order})",
                f"row_number() OVER (PARTITION BY {by} ORDER BY {order}, {key})",
                f"count(*) OVER (PARTITION BY {by})",
                "count(*) OVER ()",
                f"sum({measured}) OVER (ORDER BY {key} ROWS BETWEEN 2 PRECEDING AND CURRENT ROW)",
                f"lag({order}) OVER (ORDER BY {key})",
                f"first_value({order}) OVER (PARTITION BY {by} ORDER BY {key})",
                f"ntile(3) OVER (ORDER BY {key})",
            )
        )
        shown = [key, function]
        return Query("window", f"{self._select(shown, source, 0.3)}{self._top(shown)}")

    def _shape_cte(self) -> Query:
        source, other = self._source(child=True), self._source(child=True)
        kept = self.dice.choice(("", "MATERIALIZED ", "NOT MATERIALIZED "))
        counted = self._select([f"{source(str(source.table.child))} AS child", "count(*) AS many"], source)
        shown = ["w.many", *self._shown(other, most=2)]
        joined = f"{other} {self.dice.choice(('JOIN', 'LEFT JOIN'))} w ON w.child = {other(str(other.table.child))}"
        return Query("cte", f"WITH w AS {kept}({counted} GROUP BY 1) SELECT {', '.join(shown)} FROM {joined}{self._top(shown)}")

    def _shape_recursive(self) -> Query:
        source = self._source()
        key = source.table.pk
        start = f"SELECT min({source(key)}::text), 0 FROM {source}"
        step = f'SELECT (SELECT min(n."{key}"::text) FROM {source.table.name} n WHERE n."{key}"::text > r.k), steps + 1 FROM r WHERE steps < 8'
        return Query("recursive", f"WITH RECURSIVE r(k, steps) AS (({start}) UNION ALL ({step})) SELECT * FROM r")

    def _shape_aggregate(self) -> Query:
        source = self._source()
        shown = [self._aggregate(source) for _ in range(self.dice.randrange(1, 4))]
        return Query("aggregate", f"{self._select(shown, source)}")

    def _shape_group(self) -> Query:
        source = self._source()
        by = [source(column.name) for column in self.dice.sample(source.table.columns, min(2, len(source.table.columns)))]
        listed = ", ".join(by)
        grouping = self.dice.choice((listed, f"ROLLUP ({listed})", f"CUBE ({listed})", f"GROUPING SETS (({by[0]}), ())"))
        keys = by[:1] if grouping.startswith("GROUPING SETS") else by
        shown = [*keys, self._aggregate(source)]
        having = f" HAVING count(*) > {self.dice.randrange(3)}" if self.dice.random() < 0.4 else ""
        return Query(
            "group",
            f"{self._select(shown, source, 0.3)} GROUP BY {grouping}{having}{self._top(shown)}",
        )

    def _shape_distinct(self) -> Query:
        source = self._source()
        if self.dice.random() < 0.5:
            shown = self._shown(source, most=2)
            return Query("distinct", f"SELECT DISTINCT {', '.join(shown)} FROM {source}{self._where(source)}")
        on, key = source(self.dice.choice(source.table.columns).name), source(source.table.pk)
        return Query("distinct", f"SELECT DISTINCT ON ({on}) {on}, {key} FROM {source}{self._where(source)} ORDER BY {on}, {key}")

    def _shape_like(self) -> Query:
        source = self._source()
        column = self._column(source, TEXTS) or source.table.column(source.table.pk)
        where = self._like(source, column) if column.kind in TEXTS else f"{source(column.name)}::text LIKE '%a%'"
        shown = self._shown(source)
        return Query("like", f"SELECT {', '.join(shown)} FROM {source} WHERE {where}{self._top(shown)}")

    def _shape_scalar(self) -> Query:
        source = self._source()
        other, joined = self._beside(source)
        shown = [source(source.table.pk), f"(SELECT {self._aggregate(other)} FROM {other} WHERE {joined})"]
        return Query("scalar", f"{self._select(shown, source, 0.3)}{self._top(shown)}")

    def _shape_values(self) -> Query:
        source = self._source()
        column = self.dice.choice([source.table.column(source.table.pk), *source.table.columns])
        listed = ", ".join(f"({number}, {self._literal(source.table, column)})" for number in range(self.dice.randrange(1, 6)))
        return Query(
            "values",
            f"SELECT v.n, count({source(source.table.pk)}) FROM (VALUES {listed}) v(n, x)"
            f" LEFT JOIN {source} ON {source(column.name)} = v.x GROUP BY v.n ORDER BY v.n",
        )

    def _shape_known_key(self) -> Query:
        """Somebody knows an id."""
        source = self._source()
        wanted = self._literal(source.table, source.table.column(source.table.pk))
        shown = ", ".join(self._shown(source))
        return Query("known_key", f"SELECT {shown} FROM {source} WHERE {source(source.table.pk)} = {wanted}")

    def _shape_whole_row(self) -> Query:
        source = self._source()
        form = self.dice.choice(("to_jsonb({0})", "{0}::text", "md5({0}::text)", "row_to_json({0})::text", "({0}).*"))
        return Query("whole_row", f"SELECT {form.format(source.alias)} FROM {source}{self._where(source, 0.4)}")

    def _shape_xml(self) -> Query:
        """Functions that are given a query as text."""
        text, shown = self._plain_query(most=2)
        return Query("xml", f"SELECT query_to_xml({quoted(text + self._top(shown))}, true, false, '')::text", undo=True)

    def _shape_sample(self) -> Query:
        source = self._source()
        way = self.dice.choice(("BERNOULLI", "SYSTEM"))
        return Query("sample", f"SELECT count(*), min({source(source.table.pk)}::text) FROM {source} TABLESAMPLE {way} (100)")

    def _shape_copy(self) -> Query:
        if self.dice.random() < 0.4:
            return Query("copy", f"COPY {self._source().table.name} TO STDOUT (FORMAT {self.dice.choice(('csv', 'text'))})", copy=True)
        text, shown = self._plain_query()
        return Query("copy", f"COPY ({text}{self._top(shown)}) TO STDOUT", copy=True)

    def _shape_prepared(self) -> Query:
        source = self._source()
        column = self.dice.choice([column for column in source.table.columns if not column.kind.endswith("[]") and column.kind != "jsonb"])
        value = self.dice.choice(self._samples[source.table.name, column.name] or [None])
        shown = self._shown(source)
        condition = f"{source(column.name)} {self.dice.choice(('=', '<>', '>'))} %s::{column.kind}"
        return Query("prepared", f"{self._select(shown, source, 0)} WHERE {condition}{self._top(shown)}", parameters=(value,), prepare=True)

    def _shape_prepared_by_sql(self) -> Query:
        text, shown = self._plain_query()
        times = "; ".join(["EXECUTE asked"] * self.dice.randrange(1, 3))
        return Query("prepared_by_sql", f"PREPARE asked AS {text}{self._top(shown)}; {times}; DEALLOCATE asked", undo=True)

    def _shape_cursor(self) -> Query:
        text, shown = self._plain_query()
        return Query(
            "cursor", f"DECLARE asked SCROLL CURSOR FOR {text}{self._top(shown)}; FETCH 3 FROM asked; FETCH LAST FROM asked; CLOSE asked", undo=True
        )

    def _shape_function(self) -> Query:
        source = self._source()
        body = f"SELECT ({self._aggregate(source)})::text FROM {source}{self._where(source)}"
        kept = self.dice.choice(("STABLE", "VOLATILE", "STABLE SECURITY DEFINER"))
        if self.dice.random() < 0.5:
            made = f"CREATE FUNCTION pg_temp.asked() RETURNS text LANGUAGE sql {kept} AS $f$ {body} $f$"
        else:
            made = f"CREATE FUNCTION pg_temp.asked() RETURNS text LANGUAGE plpgsql {kept} AS $f$ BEGIN RETURN ({body}); END $f$"
        return Query("function", f"{made}; SELECT pg_temp.asked()", undo=True)

    def _shape_view(self) -> Query:
        text, shown = self._plain_query()
        kind = self.dice.choice(("VIEW asked AS", "VIEW asked WITH (security_invoker) AS", "TABLE asked AS"))
        named = ", ".join(f"c{number}" for number in range(len(shown)))
        head, _, rest = kind.partition(" asked")
        return Query("view", f"CREATE TEMP {head} asked ({named}){rest} {text}; SELECT * FROM asked", undo=True)

    def _shape_lock(self) -> Query:
        source = self._writable()
        strength = self.dice.choice(("UPDATE", "NO KEY UPDATE", "SHARE", "KEY SHARE", "UPDATE SKIP LOCKED"))
        return Query("lock", f"SELECT {source(source.table.pk)} FROM {source}{self._where(source)} FOR {strength}", undo=True)

    def _shape_error(self) -> Query:
        """A filter that fails on some values: it must be asked of visible rows only."""
        source = self._source()
        column = self.dice.choice(source.table.columns)
        name = source(column.name)
        failing = self.dice.choice(
            (
                f"1 / (length({name}::text) - {self.dice.randrange(12)}) >= 0",
                f"{name}::text::int > 0",
                f"({name}::text)::date > '2000-01-01'",
                f"chr(length({name}::text) - {self.dice.randrange(12)}) = 'a'",
                f"(ARRAY[1])[length({name}::text)] / 0 = 1",
                f"({name}::text)::jsonb ? 'a'",
            )
        )
        return Query("error", f"SELECT count(*) FROM {source} WHERE {failing}", undo=True)
