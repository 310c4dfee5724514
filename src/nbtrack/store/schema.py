"""The tables and views of a store, and the version that they carry.

Tables live in the schema ``base`` and are only ever appended to: they have no
keys, no indexes and no updates, so that the same statements run on DuckLake.
The documented views live in ``main`` and hide the roll-ups; they are what
`nbtrack.sql` and a database browser see.
"""

from __future__ import annotations

import re

from nbtrack.store.registry_views import REGISTRY_VIEWS

SCHEMA_VERSION = 5

# STORAGE_VERSION keeps the file readable by both majors of DuckDB.
STORAGE_VERSION = "v1.5.0"
# A fourth of DuckDB's default: 1,000 runs take 0.7 MB instead of 2.1, 100,000 points 1.4
# instead of 2.4. With 16 kB noisy values no longer fit a block, and 2.6 are taken.
BLOCK_BYTES = 65_536

# Of two points that are equal in step and time the greater is the last, and NaN counts as zero.
LAST_VALUE = (
    "arg_max_null(last_value, (last_step, coalesce(last_point_ts, last_ts), "
    "CASE WHEN isnan(last_value) THEN 0 ELSE last_value END))"
)

_FIRST = """
CREATE SCHEMA base;
CREATE TABLE base.meta (key VARCHAR, value VARCHAR);
CREATE TABLE base.runs (
    run_id UUID, parent_id UUID, name VARCHAR, experiment VARCHAR,
    started TIMESTAMP, "user" VARCHAR, host VARCHAR, source VARCHAR, journal VARCHAR
);
-- One row per change; in each column the last value that is not NULL holds.
CREATE TABLE base.run_changes (
    run_id UUID, ts TIMESTAMP, status VARCHAR, duration_s DOUBLE,
    name VARCHAR, experiment VARCHAR, note VARCHAR, deleted BOOLEAN
);
CREATE TABLE base.params (
    run_id UUID, ts TIMESTAMP, key VARCHAR, value VARCHAR, type VARCHAR, number DOUBLE
);
CREATE TABLE base.tags (run_id UUID, ts TIMESTAMP, key VARCHAR, value VARCHAR);
CREATE TABLE base.facts (run_id UUID, ts TIMESTAMP, key VARCHAR, value VARCHAR);
CREATE TABLE base.run_texts (run_id UUID, ts TIMESTAMP, role VARCHAR, digest VARCHAR);
CREATE TABLE base.texts (digest VARCHAR, text VARCHAR);
CREATE TABLE base.points (
    run_id UUID, key VARCHAR, step BIGINT, ts TIMESTAMP, value DOUBLE
);
-- One row per series and fold. Extremes are over finite values; "not_finite" counts the others.
CREATE TABLE base.summary (
    run_id UUID, key VARCHAR, count BIGINT, not_finite BIGINT,
    first_ts TIMESTAMP, last_ts TIMESTAMP, last_step BIGINT, last_value DOUBLE,
    min_value DOUBLE, min_step BIGINT, max_value DOUBLE, max_step BIGINT
);
-- What has been taken from each journal segment; the highest offsets hold.
CREATE TABLE base.fold_log (
    journal VARCHAR, segment INTEGER, events_offset BIGINT, points_offset BIGINT,
    folded TIMESTAMP, ended BOOLEAN
);
-- Bytes that could not be read, and were stepped over.
CREATE TABLE base.damage (
    found TIMESTAMP, file VARCHAR, start_offset BIGINT, end_offset BIGINT, reason VARCHAR
);
"""
# What each later version of the schema has added.
ADDED = {
    2: """
ALTER TABLE base.run_changes ADD COLUMN verdict VARCHAR;
-- What a kernel executed, tracked or not: a replay is cut from it.
CREATE TABLE base.cells (
    session UUID, number INTEGER, ts TIMESTAMP, digest VARCHAR, cell_id VARCHAR,
    duration_s DOUBLE, status VARCHAR
);
CREATE TABLE base.inputs (
    run_id UUID, ts TIMESTAMP, name VARCHAR, kind VARCHAR, digest VARCHAR, shape VARCHAR,
    schema VARCHAR, size_bytes BIGINT, is_sampled BOOLEAN, source VARCHAR, note VARCHAR
);
CREATE TABLE base.artifacts (
    run_id UUID, ts TIMESTAMP, path VARCHAR, digest VARCHAR, size_bytes BIGINT, media_type VARCHAR
);
""",
    3: """
-- One row per change of a board; the last holds, and none where its content is NULL.
CREATE TABLE base.boards (ts TIMESTAMP, name VARCHAR, content VARCHAR);
""",
    4: """
-- One row per change of the model registry, in the order in which they were decided.
CREATE TABLE base.registry (
    number BIGINT, ts TIMESTAMP, model BIGINT, change VARCHAR, version INTEGER, key VARCHAR,
    value VARCHAR, how VARCHAR, about BIGINT, run_id UUID, comment VARCHAR,
    "user" VARCHAR, host VARCHAR, source VARCHAR
);
-- What somebody said that the data is for, and more of it, as JSON.
ALTER TABLE base.inputs ADD COLUMN context VARCHAR;
ALTER TABLE base.inputs ADD COLUMN tags VARCHAR;
""",
    5: """
-- One row per change; in each column the last value that is not NULL holds.
CREATE TABLE base.experiments (
    number BIGINT, ts TIMESTAMP, name VARCHAR, deleted BOOLEAN, location VARCHAR
);
CREATE TABLE base.experiment_tags (number BIGINT, ts TIMESTAMP, key VARCHAR, value VARCHAR);
-- As a fold numbers them: those that runs are in, in order; zero is MLflow's Default.
INSERT INTO base.experiments (number, ts, name)
SELECT CASE WHEN name = 'Default' THEN 0
       ELSE row_number() OVER (ORDER BY name = 'Default', ts, name) END, ts, name
FROM (
    SELECT coalesce(c.experiment, r.experiment) AS name, min(r.started) AS ts
    FROM base.runs r LEFT JOIN (
        SELECT run_id, arg_max(experiment, ts) AS experiment FROM base.run_changes GROUP BY run_id
    ) c USING (run_id) GROUP BY ALL
);
-- When a run ended, where that is not when it was told.
ALTER TABLE base.run_changes ADD COLUMN ended TIMESTAMP;
-- Of the point that is last by step, while last_ts is the latest of all.
ALTER TABLE base.summary ADD COLUMN last_point_ts TIMESTAMP;
ALTER TABLE base.inputs ADD COLUMN source_type VARCHAR;
ALTER TABLE base.inputs ADD COLUMN profile VARCHAR;
CREATE TABLE base.logged_models (
    model_id UUID, ts TIMESTAMP, name VARCHAR, experiment VARCHAR, run_id UUID, kind VARCHAR,
    location VARCHAR, path VARCHAR
);
CREATE TABLE base.logged_model_changes (
    model_id UUID, ts TIMESTAMP, status VARCHAR, deleted BOOLEAN
);
CREATE TABLE base.logged_model_params (model_id UUID, ts TIMESTAMP, key VARCHAR, value VARCHAR);
CREATE TABLE base.logged_model_tags (model_id UUID, ts TIMESTAMP, key VARCHAR, value VARCHAR);
CREATE TABLE base.logged_model_metrics (
    model_id UUID, ts TIMESTAMP, run_id UUID, key VARCHAR, value DOUBLE, step BIGINT,
    measured TIMESTAMP, data VARCHAR, digest VARCHAR
);
CREATE TABLE base.logged_model_uses (
    run_id UUID, ts TIMESTAMP, model_id UUID, role VARCHAR, step BIGINT
);
""",
}
TABLES = _FIRST + "".join(ADDED.values())

VIEWS = (
    """
CREATE OR REPLACE VIEW main.all_runs AS
WITH change AS (
    SELECT run_id,
           arg_max(status, ts) AS status,
           max(ts) FILTER (status IS NOT NULL) AS status_ts,
           arg_max_null(ended, ts) FILTER (status IS NOT NULL) AS told_ended,
           arg_max(duration_s, ts) AS duration_s,
           arg_max(name, ts) AS name,
           arg_max(experiment, ts) AS experiment,
           arg_max(note, ts) AS note,
           arg_max(deleted, ts) AS deleted,
           arg_max(verdict, ts) AS verdict
    FROM base.run_changes GROUP BY run_id
)
SELECT r.run_id,
       coalesce(c.name, r.name) AS name,
       coalesce(c.experiment, r.experiment) AS experiment,
       coalesce(c.status, 'running') AS status,
       r.started,
       CASE WHEN c.status NOT IN ('running', 'scheduled')
            THEN coalesce(c.told_ended, c.status_ts) END AS ended,
       c.duration_s,
       r.parent_id,
       coalesce(c.note, '') AS note,
       r."user", r.host, r.source,
       coalesce(c.deleted, false) AS deleted,
       c.verdict
FROM base.runs r LEFT JOIN change c USING (run_id);

CREATE OR REPLACE VIEW main.runs AS
SELECT * EXCLUDE (deleted) FROM main.all_runs WHERE NOT deleted;

CREATE OR REPLACE VIEW main.params AS
SELECT run_id, key, arg_max(value, ts) AS value,
       arg_max(type, ts) AS type, arg_max_null(number, ts) AS number
FROM base.params GROUP BY run_id, key;

CREATE OR REPLACE VIEW main.metrics AS
SELECT run_id, key, step, ts, value FROM base.points;

CREATE OR REPLACE VIEW main.latest_metrics AS
SELECT run_id, key,
       arg_max_null(last_value, (last_step, last_ts)) AS value,
       arg_max(last_step, (last_step, last_ts)) AS step,
       sum(count)::BIGINT AS count,
       sum(not_finite)::BIGINT AS not_finite,
       min(min_value) AS min,
       arg_min(min_step, min_value) AS min_step,
       max(max_value) AS max,
       arg_max(max_step, max_value) AS max_step,
       max(last_ts) AS ts
FROM base.summary GROUP BY run_id, key;

CREATE OR REPLACE VIEW main.tags AS
SELECT run_id, key, value FROM (
    SELECT run_id, key, arg_max_null(value, ts) AS value FROM base.tags GROUP BY run_id, key
) WHERE value IS NOT NULL;

CREATE OR REPLACE VIEW main.facts AS
SELECT run_id, key, arg_max(value, ts) AS value FROM base.facts GROUP BY run_id, key;

CREATE OR REPLACE VIEW main.texts AS
SELECT k.run_id, k.role, t.text FROM (
    SELECT run_id, role, arg_max(digest, ts) AS digest FROM base.run_texts GROUP BY run_id, role
) k JOIN base.texts t USING (digest);

CREATE OR REPLACE VIEW main.cells AS
SELECT c.session, c.number, c.ts, c.cell_id, c.duration_s, c.status, t.text
FROM base.cells c JOIN base.texts t USING (digest);

CREATE OR REPLACE VIEW main.inputs AS
SELECT i.* EXCLUDE (context, tags, told), coalesce(s.context, '') AS context, s.tags FROM (
    SELECT DISTINCT ON (run_id, name, told) *,
           CASE WHEN source_type <> '' THEN digest ELSE '' END AS told
    FROM base.inputs ORDER BY run_id, name, told, ts DESC
) i LEFT JOIN (
    -- What is seen of the data afterwards does not take back what was said of it.
    SELECT run_id, name, CASE WHEN source_type <> '' THEN digest ELSE '' END AS told,
           arg_max(context, ts) AS context, arg_max(tags, ts) AS tags
    FROM base.inputs WHERE context IS NOT NULL OR tags IS NOT NULL GROUP BY ALL
) s USING (run_id, name, told);

CREATE OR REPLACE VIEW main.artifacts AS
SELECT DISTINCT ON (run_id, path) * FROM base.artifacts ORDER BY run_id, path, ts DESC;

CREATE OR REPLACE VIEW main.experiments AS
SELECT number, arg_max(name, ts) AS name, coalesce(arg_max(deleted, ts), false) AS deleted,
       coalesce(arg_max(location, ts), '') AS location, min(ts) AS created, max(ts) AS changed
FROM base.experiments GROUP BY number;

CREATE OR REPLACE VIEW main.experiment_tags AS
SELECT number, key, value FROM (
    SELECT number, key, arg_max_null(value, ts) AS value FROM base.experiment_tags GROUP BY ALL
) WHERE value IS NOT NULL;

CREATE OR REPLACE VIEW main.logged_models AS
SELECT m.model_id, m.name, m.experiment, m.run_id, m.kind, m.location, m.path, m.ts AS created,
       coalesce(c.changed, m.ts) AS changed, coalesce(c.status, 'pending') AS status,
       coalesce(c.deleted, false) AS deleted
FROM base.logged_models m LEFT JOIN (
    SELECT model_id, max(ts) AS changed, arg_max(status, ts) AS status,
           arg_max(deleted, ts) AS deleted
    FROM base.logged_model_changes GROUP BY model_id
) c USING (model_id);

CREATE OR REPLACE VIEW main.boards AS
SELECT name, ts AS saved, content
FROM (SELECT DISTINCT ON (name) * FROM base.boards ORDER BY name, ts DESC)
WHERE content IS NOT NULL;
"""
    + REGISTRY_VIEWS
)


def table_names() -> list[str]:
    """The tables of the schema ``base``."""
    return re.findall(r"CREATE TABLE base\.(\w+)", TABLES)
