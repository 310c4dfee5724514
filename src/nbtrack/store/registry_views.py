"""What the changes of the model registry add up to, as SQL: now, and as of any time.

Each text below reads the changes from ``{registry}``. The documented views read all of
them; a question about the past reads those up to its time.
"""

from __future__ import annotations

import re

MODELS = """
SELECT model, arg_max(value, number) FILTER (change IN ('model created', 'model renamed')) AS name,
       min(ts) AS created, arg_min("user", number) AS "user",
       coalesce(arg_max(value, number) FILTER (change = 'described' AND version IS NULL), '')
           AS description,
       coalesce(arg_max(value, number) FILTER (change = 'card written' AND version IS NULL), '')
           AS card,
       coalesce(arg_max(value, number) FILTER (change = 'gates declared'), '{{}}') AS gates,
       coalesce(max(version), 0) AS last_version, max(ts) AS changed
FROM {registry} GROUP BY model HAVING NOT bool_or(change = 'model deleted')
"""

# Each part rolls up its own kind of change: one roll-up of them all takes twice as long.
VERSIONS = """
SELECT c.model, c.version, c.ts AS created, c."user", c.run_id, c.key AS path, c.value AS digest,
       coalesce(s.stage, 'None') AS stage, s.stage_since, s.stage_by,
       coalesce(s.stage_how, '') AS stage_how, coalesce(s.overridden, false) AS overridden,
       coalesce(d.description, '') AS description
FROM {registry} c LEFT JOIN (
    SELECT model, version, arg_max(key, number) AS stage, max(ts) AS stage_since,
           arg_max("user", number) AS stage_by, arg_max(how, number) AS stage_how,
           -- Once it went to Production past a gate, that is told for ever.
           bool_or(how = 'override') AS overridden
    FROM {registry} WHERE change = 'stage moved' GROUP BY model, version
) s USING (model, version) LEFT JOIN (
    SELECT model, version, arg_max(value, number) AS description
    FROM {registry} WHERE change = 'described' AND version IS NOT NULL GROUP BY model, version
) d USING (model, version)
WHERE c.change = 'version created' AND (c.model, c.version) NOT IN (
    SELECT (model, version) FROM {registry} WHERE change = 'version deleted'
)
"""

ALIASES = """
SELECT model, alias, version FROM (
    SELECT model, key AS alias, arg_max_null(version, number) AS version
    FROM {registry} WHERE change = 'alias set' GROUP BY model, key
) WHERE version IS NOT NULL
"""

# A version's tags, and where ``version`` is NULL the model's own.
TAGS = """
SELECT model, version, key, value FROM (
    SELECT model, version, key, arg_max_null(value, number) AS value
    FROM {registry} WHERE change = 'tagged' GROUP BY model, version, key
) WHERE value IS NOT NULL
"""

REQUESTS = """
SELECT r.number AS request, r.model, r.version, r.key AS stage, r.ts AS requested,
       r."user" AS requested_by, r.comment, coalesce(d.key, 'open') AS status,
       d."user" AS decided_by, d.ts AS decided, d.comment AS answer
FROM {registry} r LEFT JOIN {registry} d ON d.change = 'decided' AND d.about = r.number
WHERE r.change = 'requested'
"""

# The last move of each version that is in Production, and the version that was there before it.
PRODUCTION = """
WITH moves AS (
    SELECT number, ts, model, version, key AS stage, how, about, "user", comment, host, source
    FROM {registry} WHERE change = 'stage moved'
),
last AS (
    SELECT model, version, max(number) AS number, arg_max(stage, number) AS stage
    FROM moves GROUP BY model, version
)
SELECT m.model, m.version, m.number, m.ts AS since, m."user" AS promoted_by, m.comment, m.how,
       m.about, m.host, m.source,
       (SELECT arg_max(e.version, e.number) FROM moves e
        WHERE e.model = m.model AND e.stage = 'Production' AND e.number < m.number
          AND e.version <> m.version) AS previous
FROM moves m JOIN last USING (model, version, number) WHERE m.stage = 'Production'
"""

# What a run is known by, one row each; ``{runs}`` are those that are compared.
TRAITS = """
SELECT run_id, 'metric' AS kind, key, value::VARCHAR AS value
FROM latest_metrics WHERE run_id IN ({runs}) AND NOT starts_with(key, 'system/')
UNION ALL SELECT run_id, 'param', key, value FROM params WHERE run_id IN ({runs})
UNION ALL SELECT run_id, 'data', name, digest FROM inputs WHERE run_id IN ({runs})
UNION ALL SELECT run_id, 'code', key, value FROM facts
    WHERE key IN ('git.commit', 'python.version') AND run_id IN ({runs})
UNION ALL SELECT run_id, 'code', role, digest FROM (
    SELECT run_id, role, arg_max(digest, ts) AS digest FROM base.run_texts
    WHERE (role IN ('source', 'packages', 'git.diff') OR role LIKE 'module:%')
      AND run_id IN ({runs})
    GROUP BY run_id, role)
"""

_OF = {
    "models": MODELS,
    "versions": VERSIONS,
    "aliases": ALIASES,
    "tags": TAGS,
    "requests": REQUESTS,
    "production": PRODUCTION,
}

# Each question, over the relations above; ``HISTORY`` alone is about what is gone, too.
# No key holds it. One list of texts takes half the time of two that are sorted.
TAG_SEPARATOR = "\x1f"
_VERSION_COLUMNS = """m.name, v.version, v.stage, a.aliases, v.description, v.run_id, v.path,
       v.digest, v.created, v."user", v.stage_since, v.stage_by, v.stage_how AS how, v.overridden"""
_VERSION_JOINS = """FROM versions v JOIN models m USING (model) LEFT JOIN (
    SELECT model, version, list(alias ORDER BY alias) AS aliases FROM aliases GROUP BY ALL
) a USING (model, version)"""
LISTED_VERSIONS = f"SELECT {_VERSION_COLUMNS} {_VERSION_JOINS}"
# What a record of a version has besides: in one question, since two take twice the time.
TOLD_VERSIONS = f"""
SELECT {_VERSION_COLUMNS}, g.tags,
       (SELECT coalesce(max(number), 0) FROM {{registry}}) AS seen
{_VERSION_JOINS} LEFT JOIN (
    SELECT model, version, list(key || '{TAG_SEPARATOR}' || value) AS tags
    FROM tags WHERE version IS NOT NULL GROUP BY ALL
) g USING (model, version)
"""
LISTED_MODELS = """
SELECT m.name, m.description, m.created, m."user", m.last_version,
       (SELECT count(*) FROM versions v WHERE v.model = m.model) AS versions,
       (SELECT list(v.version ORDER BY v.version) FROM versions v
        WHERE v.model = m.model AND v.stage = 'Production') AS in_production,
       m.changed, m.card, m.gates
FROM models m
"""
HISTORY = """
SELECT h.number, h.ts, n.name, h.version, h.change, h.key,
       -- What was checked at a promotion is for `evidence`, which is longer than a cell.
       CASE WHEN h.change <> 'stage moved' THEN h.value END AS value,
       h.how, h.about, h.comment, h."user", h.host, h.source,
       CASE WHEN h.change = 'stage moved' THEN h.value END AS evidence
FROM {registry} h JOIN (
    SELECT model, arg_max(value, number) FILTER (change IN ('model created', 'model renamed'))
        AS name
    FROM {registry} GROUP BY model
) n USING (model)
"""
IN_PRODUCTION = """
SELECT m.name, p.version, p.since, p.promoted_by, p.how, p.comment, p.previous,
       v.run_id, r.name AS run, v.path, v.digest
FROM production p JOIN models m USING (model) JOIN versions v USING (model, version)
LEFT JOIN all_runs r USING (run_id)
"""
APPROVALS = """
SELECT m.name, p.version, p.promoted_by AS approved_by, p.since AS approved, p.comment, p.how,
       q.requested_by, q.requested, q.comment AS request, v."user" AS author, p.host, p.source
FROM production p JOIN models m USING (model) JOIN versions v USING (model, version)
LEFT JOIN requests q ON q.request = p.about
"""
PRODUCTION_DATA = """
SELECT m.name, p.version, i.name AS data, i.kind, i.digest, i.shape, i.is_sampled, i.source,
       v.run_id
FROM production p JOIN models m USING (model) JOIN versions v USING (model, version)
JOIN inputs i USING (run_id)
"""
PRODUCTION_CHANGES = """
WITH pair AS (
    SELECT p.model, p.version, p.previous, v.run_id AS now, w.run_id AS before
    FROM production p JOIN versions v USING (model, version)
    JOIN versions w ON w.model = p.model AND w.version = p.previous
),
traits AS ({traits}),
sides AS (
    SELECT model, version, previous, kind, key, NULL AS before, value AS now
    FROM pair JOIN traits ON run_id = pair.now
    UNION ALL
    SELECT model, version, previous, kind, key, value, NULL
    FROM pair JOIN traits ON run_id = pair.before
),
told AS (
    SELECT model, version, previous, kind, key, max(before) AS before, max(now) AS now
    FROM sides GROUP BY ALL
)
SELECT m.name, t.version, t.previous, t.kind, t.key, t.before, t.now
FROM told t JOIN models m USING (model) WHERE t.before IS DISTINCT FROM t.now
"""
VERSIONS_BY_DATA = """
SELECT i.name AS data, i.digest, i.kind, m.name, v.version, v.stage, v.run_id
FROM inputs i JOIN versions v USING (run_id) JOIN models m USING (model)
"""
# From data through the runs that read it to what was registered of them; a row per pair.
LINEAGE = """
SELECT i.name AS data, i.digest, i.kind, i.shape, i.source, i.context, i.is_sampled,
       r.run_id, r.name AS run, r.experiment, r.started, m.name, v.version, v.stage
FROM inputs i JOIN runs r USING (run_id)
LEFT JOIN versions v USING (run_id) LEFT JOIN models m USING (model)
"""
_CHANGED = PRODUCTION_CHANGES.replace(
    "{traits}",
    TRAITS.replace("{runs}", "SELECT now FROM pair UNION ALL SELECT before FROM pair"),
)


# What differs between two runs, by what each is known by.
DIFFERENCE = """
SELECT kind, key, max(value) FILTER (run_id = $before::UUID) AS before,
       max(value) FILTER (run_id = $now::UUID) AS now
FROM ({traits}) GROUP BY kind, key
HAVING before IS DISTINCT FROM now
ORDER BY array_position(['metric', 'param', 'data', 'code'], kind), key
""".replace("{traits}", TRAITS.replace("{runs}", "$before::UUID, $now::UUID"))


def over(question: str, registry: str = "base.registry", *, given: str = "") -> str:
    """``question`` as one statement over the changes in ``registry``.

    ``given`` is a table expression for ``registry``, to stand in front.
    """
    question = question.replace("{registry}", registry).strip()
    words = set(re.findall(r"\w+", question))
    parts = [given] if given else []
    parts += [
        f"{name} AS ({sql.format(registry=registry)})" for name, sql in _OF.items() if name in words
    ]
    if question.startswith("WITH "):
        return f"WITH {', '.join([*parts, question.removeprefix('WITH ')])}"
    return f"WITH {', '.join(parts)} {question}" if parts else question


def _view(name: str, question: str) -> str:
    return f"CREATE OR REPLACE VIEW main.{name} AS {over(question)};\n"


REGISTRY_VIEWS = "".join(
    [
        _view("registered_models", LISTED_MODELS),
        _view("model_versions", LISTED_VERSIONS),
        _view(
            "model_tags",
            "SELECT m.name, t.version, t.key, t.value FROM tags t JOIN models m USING (model)",
        ),
        _view(
            "model_aliases",
            "SELECT m.name, a.alias, a.version FROM aliases a JOIN models m USING (model)",
        ),
        _view(
            "model_requests",
            "SELECT m.name, q.* EXCLUDE (model) FROM requests q JOIN models m USING (model)",
        ),
        _view("model_history", HISTORY),
        _view("models_in_production", IN_PRODUCTION),
        _view("production_approvals", APPROVALS),
        _view("production_data", PRODUCTION_DATA),
        _view("production_changes", _CHANGED),
        _view("model_versions_by_data", VERSIONS_BY_DATA),
        _view("lineage", LINEAGE),
    ]
)
