#include "ingest/envelope/grid.h"

#include "base/mem.h"
#include "ingest/envelope/envelope_private.h"

#include <stdio.h>
#include <string.h>

/* Columns of a table; more are no table. */
#define COLUMNS_MAX 1024

static const char *name_of(json_t *column)
{
	static const char *const keys[] = {"name", "Name", "columnName", "ColumnName"};

	if (json_is_string(column))
		return json_string_value(column);
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		if (json_is_string(json_object_get(column, keys[i])))
			return json_string_value(json_object_get(column, keys[i]));
	return NULL;
}

/* BigQuery and Athena wrap each row, and each value of it: {"f": [{"v": VALUE}]}. */
static json_t *unwrap(json_t *value)
{
	return json_object_size(value) == 1 ? json_object_iter_value(json_object_iter(value))
					    : value;
}

static json_t *list_of(json_t *value)
{
	json_t *list = unwrap(value);

	return list == value || json_object_size(json_array_get(list, 0)) == 1 ? list : NULL;
}

static bool are_names(json_t *value)
{
	size_t n = json_array_size(value);

	for (size_t i = 0; i < n; i++)
		if (!name_of(json_array_get(value, i)))
			return false;
	return n > 0 && n <= COLUMNS_MAX;
}

/* Rows, or columns: lists. Of a long answer only the last ones are at hand, and a number stands for the
 * others (json_text.c). */
static bool are_lists(json_t *value)
{
	bool any = false;

	for (size_t i = 0; i < json_array_size(value); i++) {
		json_t *item = json_array_get(value, i);

		if (json_is_array(list_of(item)))
			any = true;
		else if (!json_is_integer(item))
			return false;
	}
	return any;
}

/* True if each name has a list, and these are equally long. */
static bool fit_as_columns(json_t *names, json_t *lists)
{
	json_t *first = json_array_get(lists, 0);
	size_t n = json_array_size(lists);

	for (size_t i = 0; i < n; i++)
		if (!json_is_array(json_array_get(lists, i)) ||
		    json_array_size(json_array_get(lists, i)) != json_array_size(first))
			return false;
	return n == json_array_size(names);
}

static bool have_row(json_t *names, json_t *lists)
{
	for (size_t i = 0; i < json_array_size(lists); i++)
		if (json_array_size(list_of(json_array_get(lists, i))) == json_array_size(names))
			return true;
	return false;
}

static bool is_node(json_t *name)
{
	int role = role_of(str_of(NULL, 0), str_from(name_of(name)));

	return role >= ENVELOPE_NODE && role <= ENVELOPE_STREAM;
}

/* Names of which one says where the values are from: without it they would be this host's. */
static bool name_node(json_t *names)
{
	for (size_t i = 0; i < json_array_size(names); i++)
		if (is_node(json_array_get(names, i)))
			return true;
	return false;
}

static bool fit(json_t *names, json_t *lists)
{
	return are_names(names) && (have_row(names, lists) || fit_as_columns(names, lists));
}

static bool misfit(json_t *names, json_t *lists)
{
	(void)lists;
	return are_names(names) && name_node(names);
}

static bool are_values(json_t *value, json_t *ignored)
{
	(void)ignored;
	return are_lists(value);
}

/* The member that it is, or a member of a member (Grafana's "schema", Snowflake's "resultSetMetaData"). */
static json_t *find(json_t *object, bool (*is)(json_t *, json_t *), json_t *lists)
{
	const char *key, *inner_key;
	json_t *value, *inner;

	json_object_foreach(object, key, value)
		if (is(value, lists))
			return value;
	json_object_foreach(object, key, value)
		json_object_foreach(value, inner_key, inner)
			if (is(inner, lists))
				return inner;
	return NULL;
}

/* Names may be given twice; all values are kept. A node that is not told is nobody else's. */
static void put_value(json_t *row, const char *name, size_t at, json_t *value)
{
	bool is_node = role_of(str_of(NULL, 0), str_from(name)) == ENVELOPE_NODE;
	json_t *cell =
		json_is_null(value) && is_node ? json_string("") : json_incref(unwrap(value));
	char other[32];

	if (json_object_get(row, name)) {
		snprintf(other, sizeof(other), "#%zu", at);
		name = other;
	}
	if (json_object_set_new(row, name, cell) < 0)
		mem_fail("jansson");
}

static json_t *new_row(struct grid *grid)
{
	json_t *row = json_object();

	if (!row || json_array_append_new(grid->rows, row) < 0)
		mem_fail("jansson");
	return row;
}

/* Each list is a row. */
static void read_rows(struct grid *grid, json_t *names)
{
	for (size_t i = 0; i < json_array_size(grid->values); i++) {
		json_t *list = list_of(json_array_get(grid->values, i));

		if (!json_is_array(list))
			continue;
		if (json_array_size(list) != json_array_size(names)) {
			json_array_append(grid->misfits, list);
			continue;
		}
		json_t *row = new_row(grid);

		for (size_t at = 0; at < json_array_size(list); at++)
			put_value(row, name_of(json_array_get(names, at)), at,
				  json_array_get(list, at));
	}
}

/* Each list is a column. */
static void read_columns(struct grid *grid, json_t *names)
{
	size_t count = json_array_size(json_array_get(grid->values, 0));

	for (size_t at = 0; at < count; at++) {
		json_t *row = new_row(grid);

		for (size_t i = 0; i < json_array_size(names); i++)
			put_value(row, name_of(json_array_get(names, i)), i,
				  json_array_get(json_array_get(grid->values, i), at));
	}
}

static bool is_text(json_t *value)
{
	return json_string_length(value) >= 64 && strstr(json_string_value(value), "audit");
}

/* Of as many rows as columns it is the texts that tell: a column of texts has nothing else in it, and a
 * text is no node's name. */
static bool are_columns_by_texts(json_t *names, json_t *lists)
{
	for (size_t i = 0; i < json_array_size(lists); i++) {
		json_t *list = json_array_get(lists, i);
		size_t texts = 0;

		for (size_t at = 0; at < json_array_size(list); at++) {
			bool text = is_text(json_array_get(list, at));

			if (text && is_node(json_array_get(names, at)))
				return true;
			texts += text;
		}
		if (texts > 1 && texts == json_array_size(list))
			return true;
	}
	return false;
}

/* {"Computer": ["w1", "w2"], "Message": [...]}, and {"Computer": {"0": "w1", "1": "w2"}, ...} of pandas: of
 * fields that came more than once the lengths differ. */
static bool are_columns(json_t *object)
{
	json_t *first = json_object_iter_value(json_object_iter(object)), *value, *inner;
	const char *name, *key;

	if (json_object_size(object) < 2 || json_array_size(first) + json_object_size(first) == 0 ||
	    json_array_size(first) == 1)
		return false;
	json_object_foreach(object, name, value) {
		if (json_typeof(value) != json_typeof(first) ||
		    json_array_size(value) != json_array_size(first) ||
		    json_object_size(value) != json_object_size(first) ||
		    json_is_array(json_array_get(value, 0)) ||
		    json_is_object(json_array_get(value, 0)))
			return false;
		json_object_foreach(value, key, inner)
			if (key[0] < '0' || key[0] > '9' || !json_object_get(first, key))
				return false;
	}
	return true;
}

static void read_members(struct grid *grid, json_t *object)
{
	json_t *first = json_object_iter_value(json_object_iter(object)), *value, *inner;
	const char *key, *name;

	for (size_t i = 0; i < json_array_size(first); i++) {
		json_t *row = new_row(grid);

		json_object_foreach(object, name, value)
			put_value(row, name, 0, json_array_get(value, i));
	}
	json_object_foreach(first, key, inner) {
		json_t *row = new_row(grid);

		json_object_foreach(object, name, value)
			put_value(row, name, 0, json_object_get(value, key));
	}
}

struct grid grid_read(json_t *object)
{
	struct grid grid = {.values = find(object, are_values, NULL)};
	json_t *names = grid.values ? find(object, fit, grid.values) : NULL;

	if (grid.values && !names)
		names = find(object, misfit, grid.values);
	if (!names && (grid.values || !are_columns(object)))
		return (struct grid){.rows = NULL};
	grid.rows = json_array();
	grid.misfits = json_array();
	if (!grid.rows || !grid.misfits)
		mem_fail("jansson");
	if (!names)
		read_members(&grid, object);
	else if (fit_as_columns(names, grid.values) &&
		 (!have_row(names, grid.values) || are_columns_by_texts(names, grid.values)))
		read_columns(&grid, names);
	else
		read_rows(&grid, names);
	return grid;
}

void grid_release(struct grid *grid)
{
	json_decref(grid->rows);
	json_decref(grid->misfits);
	*grid = (struct grid){.rows = NULL};
}

bool grid_is_head(json_t *value)
{
	bool any = false;

	if (!are_names(value))
		return false;
	for (size_t i = 0; i < json_array_size(value); i++)
		any |= role_of(str_of(NULL, 0), str_from(name_of(json_array_get(value, i)))) >= 0;
	return any;
}

bool grid_is_nameless(json_t *array)
{
	for (size_t i = 0; i < json_array_size(array); i++) {
		json_t *item = json_array_get(array, i);

		/* Loki's are a time in nanoseconds and a line; what is said of them stands before them */
		if (json_array_size(item) > 1 && json_string_length(json_array_get(item, 0)) !=
							 sizeof("1795302094454000000") - 1)
			return true;
	}
	return false;
}
