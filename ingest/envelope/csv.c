#include "ingest/envelope/envelope_private.h"
#include "ingest/envelope/instance.h"

/* BAR is a bar with a blank, another bar or the line's end beside it, as tables are drawn. */
#define BAR 'B'

static const char delimiters[] = {',', '\t', ';', BAR, '|', '\0'};

struct cell {
	struct str text; /* with its doubled quotes */
	bool quoted;
};

static struct str trim(struct str text)
{
	if (str_starts(text, STR("\xef\xbb\xbf"))) /* a byte-order mark, in the log of a job (gh) */
		text = str_skip(text, 3);
	while (text.n && text.p[0] == ' ')
		text = str_skip(text, 1);
	while (text.n && text.p[text.n - 1] == ' ')
		text.n--;
	return text;
}

static size_t find_delimiter(struct str text, char delimiter)
{
	if (delimiter != BAR)
		return str_chr(text, delimiter);
	for (size_t i = 0; i < text.n; i++)
		if (text.p[i] == '|' && (i == 0 || i + 1 == text.n || strchr(" |", text.p[i - 1]) ||
					 strchr(" |", text.p[i + 1])))
			return i;
	return text.n;
}

/* The next cell (RFC 4180); false at the end. */
static bool next_cell(struct str *row, char delimiter, bool *more, struct cell *ret_cell)
{
	struct str text = *row;
	size_t n = 0;

	if (!*more)
		return false;
	ret_cell->quoted = text.n > 0 && text.p[0] == '"';
	if (ret_cell->quoted) {
		text = str_skip(text, 1);
		while (n < text.n && (text.p[n] != '"' || (n + 1 < text.n && text.p[n + 1] == '"')))
			n += text.p[n] == '"' ? 2 : 1;
		n = n < text.n ? n : text.n;
		ret_cell->text = str_of(text.p, n);
		text = str_skip(text, n < text.n ? n + 1 : n);
	}
	n = find_delimiter(text, delimiter);
	if (!ret_cell->quoted)
		ret_cell->text = trim(str_of(text.p, n));
	*more = n < text.n;
	*row = str_skip(text, *more ? n + 1 : n);
	return true;
}

/* The names of columns are words: no digits first, nothing quoted within. Some have none. */
static bool is_name(struct str text)
{
	if (text.n > 64 || (text.n && text.p[0] >= '0' && text.p[0] <= '9'))
		return false;
	for (size_t i = 0; i < text.n; i++)
		if (strchr(i ? "\"'{}=:<>" : "\"'{}[]=:<>", text.p[i]))
			return false;
	return true;
}

static size_t read_names(struct csv_head *head, struct str line, char delimiter)
{
	struct cell cell;
	bool more = true;
	size_t count = 0;

	while (count < CSV_COLUMNS_MAX && next_cell(&line, delimiter, &more, &cell)) {
		if (!is_name(cell.text))
			return 0;
		head->values[count++] = role_of(str_of(NULL, 0), cell.text);
	}
	return count;
}

/* What stands before the names: a drawn line, a comment, Excel's "sep=;". */
static bool is_before_head(struct str line)
{
	size_t n = 0;

	while (n < line.n && strchr("+-|= ", line.p[n]))
		n++;
	return n == line.n || line.p[0] == '#' || str_starts(line, STR("sep="));
}

/* Only names that mean something show how columns are set apart: a sentence has commas, too. */
static bool has_known(const struct csv_head *head)
{
	for (size_t i = 0; i < head->count; i++)
		if (head->values[i] >= 0)
			return head->count > 1;
	return false;
}

void csv_read_head(struct csv_head *head, struct str line)
{
	if (is_before_head(line))
		return;
	head->looked = true;
	for (const char *delimiter = delimiters; *delimiter && head->count < 2; delimiter++) {
		head->count = read_names(head, line, *delimiter);
		head->delimiter = has_known(head) ? *delimiter : '\0';
	}
}

static struct str undouble(struct cell cell, struct buf *spare)
{
	size_t from = spare->n;

	if (!cell.quoted || str_find(cell.text, STR("\"\"")) == cell.text.n)
		return cell.text;
	for (size_t i = 0; i < cell.text.n; i++) {
		buf_put_char(spare, cell.text.p[i]);
		if (cell.text.p[i] == '"')
			i++;
	}
	return str_of(spare->p + from, spare->n - from);
}

/* Datadog's cells, and Markdown's code: the text is in quotes of its own. */
static struct str unquote(struct str text)
{
	if (text.n > 1 && strchr("\"`", text.p[0]) && text.p[text.n - 1] == text.p[0])
		text = str_of(text.p + 1, text.n - 2);
	return text;
}

/* Grafana's column of labels. */
static bool is_labels(struct str text)
{
	return text.n > 1 && text.p[0] == '{' && text.p[text.n - 1] == '}' &&
	       str_find(text, STR("audit(")) == text.n && str_find(text, STR("SECCOMP")) == text.n;
}

/* A cell that names the kernel says so in whatever column it stands. */
static bool names_kernel(struct str text)
{
	return str_eq(text, STR("kern")) || str_eq(text, STR("kernel"));
}

static bool is_text_name(struct str text)
{
	return str_is_one_of(text, "message|MESSAGE|Message|msg|line|log|text|_raw|event.original",
			     false);
}

static bool take_row(const struct csv_head *head, struct str row, char delimiter,
		     struct str *ret_text, struct context *context, struct buf *spare)
{
	struct context found = *context, ignored = {.genuine = false};
	struct str within;
	struct cell cell;
	bool more = true, any = false;
	const struct str whole = row;
	struct cells cells = {.nodes = 0};
	size_t count = 0;

	buf_reserve(spare, 2 * row.n + 1); /* it does not move any more */
	for (; next_cell(&row, delimiter, &more, &cell); count++) {
		int value = count < head->count ? head->values[count] : -1;

		if (value >= 0 && !found.values[value].n)
			found.values[value] = unquote(undouble(cell, spare));
		else if (names_kernel(cell.text) && !found.values[ENVELOPE_PROGRAM].p)
			found.values[ENVELOPE_PROGRAM] = STR("kernel");
		/* a stream of CloudWatch, in a column without a name */
		else if (instance_length(cell.text) && str_chr(cell.text, ' ') == cell.text.n &&
			 !found.values[ENVELOPE_STREAM].p)
			found.values[ENVELOPE_STREAM] = cell.text;
		if (role_is_container(STR("stream"), cell.text) ||
		    role_is_container(STR("file"), cell.text))
			found.container = true;
		if (is_labels(cell.text)) {
			labels_read(undouble(cell, spare), &found);
			continue;
		}
		if (any || !envelope_matters(cell.text) || cells_is_word(cell.text)) {
			cells_note(&cells, unquote(cell.text));
			/* a field's name: others stand on other lines */
			cells.others += count == 0 && delimiter == '\t' && is_text_name(cell.text);
			continue;
		}
		/* a header's own line, which holds a comma somewhere */
		if (count == 0 && head->count < 2 && !cell.quoted && envelope_is_text(cell.text) &&
		    !json_begins(cell.text))
			return false;
		*ret_text = unquote(undouble(cell, spare));
		any = envelope_is_text(*ret_text) || json_begins(*ret_text) ||
		      (peel_node(*ret_text, &within, &ignored, NULL) &&
		       str_starts(within, STR("kernel: "))); /* Graylog's */
	}
	/* a collector's event, whose names are those of columns */
	if (!any && found.values[ENVELOPE_CODE].n &&
	    (found.values[ENVELOPE_SYSCALL].n || found.values[ENVELOPE_SYSCALL_NAME].n)) {
		found.event = any = true;
		*ret_text = whole;
	}
	if (!any ||
	    (count < 2 && ret_text->p != spare->p)) /* the only cell, with its quotes doubled */
		return false;
	/* a job's log names its steps */
	if (!head->delimiter && !envelope_has_shape(*ret_text, "0000-00-00T00:00:00.0000000Z ") &&
	    !cells_find_node(&cells, &found))
		return false;
	*context = found;
	return true;
}

bool csv_take(const struct csv_head *head, struct str text, struct str *ret_text,
	      struct context *context, struct buf *spare)
{
	if (!head->delimiter && str_find(text, STR(",-;")) < text.n) /* of /dev/kmsg */
		return false;
	for (const char *delimiter = delimiters; *delimiter; delimiter++) {
		if (head->delimiter && head->delimiter != *delimiter)
			continue;
		/* else it is the output of a container, by docker compose and others */
		if (strchr("B|", *delimiter) && !head->delimiter &&
		    !str_starts(trim(text), STR("|")))
			continue;
		buf_clear(spare);
		if (take_row(head, text, *delimiter, ret_text, context, spare))
			return true;
	}
	return false;
}
