/*
 * Grid: JSON in which the names of the columns stand apart from the values.
 *
 *	{"columns": [{"name": "Computer"}, {"name": "Message"}], "rows": [["w1", "audit: ..."]]}
 *
 * Azure Monitor, Kusto, Elasticsearch, OpenSearch, ClickHouse, Splunk, BigQuery, Athena, Snowflake, Trino,
 * InfluxDB, Grafana and pandas answer so, each with keys of its own; some give the columns instead of
 * the rows. None of these keys is looked for: names and rows are recognised by fitting each other.
 */
#ifndef SCLOG_INGEST_ENVELOPE_GRID_H
#define SCLOG_INGEST_ENVELOPE_GRID_H

#include <jansson.h>
#include <stdbool.h>

struct grid {
	json_t *rows; /* an array of objects; NULL: the object is no table */
	json_t *misfits; /* an array of lists that have another number of values than there are names */
	json_t *values; /* what was read, a part of the object; NULL: the object itself */
};

/* Free with grid_release(). */
struct grid grid_read(json_t *object);
void grid_release(struct grid *grid);

/* True for an array of names, of which sclog knows one at least: the head of a table. */
bool grid_is_head(json_t *value);

/* True if the array holds a list of several values, which nothing names. */
bool grid_is_nameless(json_t *array);

#endif
