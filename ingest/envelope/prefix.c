#include "ingest/envelope/envelope_private.h"

#include "base/scan.h"

/* Longer names of files and streams are not looked for. */
#define PREFIX_MAX 4200

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

static struct str skip_blanks(struct str text)
{
	while (text.n && is_blank(text.p[0]))
		text = str_skip(text, 1);
	return text;
}

/* Up to a blank; n is the text's where there is none. */
static struct str first_word(struct str text)
{
	size_t n = 0;

	while (n < text.n && n < PREFIX_MAX && !is_blank(text.p[n]))
		n++;
	return str_of(text.p, n);
}

/* As a name without blanks, and what stands behind it and them. */
static struct str take_word(struct str *text)
{
	struct str word = first_word(*text);

	*text = skip_blanks(str_skip(*text, word.n));
	return word;
}

/* "2026-11-21T23:01:34.454Z". */
static bool is_iso(struct str word)
{
	return envelope_has_shape(word, "0000-00-00T00:00:00") && word.n <= 40;
}

/* "2026-11-21", which is no number of a line in its file. */
static bool is_date(struct str text)
{
	return envelope_has_shape(text, "0000-00-00");
}

/* "PATH:", "PATH:12:", "12:", and "PATH-12-" of lines around a match. The text follows at once. */
bool peel_grep(struct str text, struct str *ret_text, struct context *context, struct buf *spare)
{
	size_t end = text.n < PREFIX_MAX ? text.n : PREFIX_MAX;

	(void)context;
	(void)spare;
	if (end && (strchr("[{<\"'", text.p[0]) || is_date(text)))
		return false;
	for (size_t i = 1; i + 1 < end; i++) {
		char c = text.p[i];

		if (is_blank(c) && text.p[0] != '/' && text.p[0] != '.')
			return false;
		if (c != ':' && (c != '-' || !is_digit(text.p[i - 1])))
			continue;
		*ret_text = str_skip(text, i + 1);
		if (envelope_is_line(*ret_text))
			return true;
	}
	return false;
}

/* A host's name: letters, digits, dots and dashes. */
static bool is_host(struct str word)
{
	for (size_t i = 0; i < word.n; i++)
		if (!is_digit(word.p[i]) && !strchr("-._", word.p[i]) &&
		    !(word.p[i] >= 'a' && word.p[i] <= 'z') &&
		    !(word.p[i] >= 'A' && word.p[i] <= 'Z'))
			return false;
	return word.n > 0 && word.n <= 253 && word.p[0] != '-';
}

/* Docker's and Podman's, short or long, which `podman logs` and others write before a line. */
static bool is_container_id(struct str word)
{
	size_t n = 0;

	while (n < word.n && scan_hex_digit(word.p[n]) >= 0)
		n++;
	return n == word.n && (n == 12 || n == 64);
}

/* "12", "1795302094.454": no address, which has three points. */
static bool is_number(struct str word)
{
	size_t points = 0;

	for (size_t i = 0; i < word.n; i++) {
		if (!is_digit(word.p[i]) && word.p[i] != '.')
			return false;
		points += word.p[i] == '.';
	}
	return points != 3;
}

/* `oc adm node-logs`: the node's name, a blank, and a line of its log. */
bool peel_node(struct str text, struct str *ret_text, struct context *context, struct buf *spare)
{
	struct str word = first_word(text);

	(void)spare;
	text = str_skip(text, word.n + (word.n < text.n));
	if (!is_host(word) || word.p[word.n - 1] == '.' || is_number(word) || cells_is_word(word) ||
	    is_container_id(word) || !envelope_is_line(text))
		return false;
	context->values[ENVELOPE_NODE] = word;
	*ret_text = text;
	return true;
}

/* `kubectl logs --prefix`: "[pod/NAME/CONTAINER] "; kubetail: "[NAME] ". */
bool peel_kubectl(struct str text, struct str *ret_text, struct context *context, struct buf *spare)
{
	size_t end = str_find(text, STR("] "));
	struct str name = str_of(text.p, end);

	(void)spare;
	(void)context;
	if (end == text.n || text.p[0] != '[' || memchr(name.p, ' ', name.n))
		return false;
	*ret_text = skip_blanks(str_skip(text, end + 2));
	return str_chr(name, '/') < name.n ||
	       (is_host(str_skip(name, 1)) && !is_digit(name.p[1]) && envelope_is_line(*ret_text));
}

static bool is_tai(struct str word)
{
	return str_starts(word, STR("@4000000")) && (word.n == 17 || word.n == 25);
}

/* "01O", "00E+": of GitLab, behind the time, which output it is, and whether a line goes on. */
static void skip_stream(struct str *text)
{
	size_t n = envelope_has_shape(*text, "00O") || envelope_has_shape(*text, "00E") ? 3 : 0;

	n += n && n < text->n && text->p[n] == '+';
	if (n && n < text->n && text->p[n] == ' ')
		*text = str_skip(*text, n + 1);
}

/* A time that stands before a line and is no header's: of `kubectl logs --timestamps`, multilog, ts(1),
 * tai64nlocal(1) and consoles. */
static bool skip_time(struct str *text)
{
	static const char *const shapes[] = {"00:00:00", "0000-00-00 00:00:00", "Jan __ 00:00:00",
					     "0000000000."};
	struct str at = *text, word = take_word(&at);

	if (is_iso(word) || is_tai(word)) {
		*text = at;
		return true;
	}
	for (size_t i = 0; i < sizeof(shapes) / sizeof(shapes[0]); i++) {
		size_t n = strlen(shapes[i]);
		bool has_month = shapes[i][0] == 'J' && text->n > 4 && text->p[3] == ' ';

		at = *text;
		if (!envelope_has_shape(has_month ? str_skip(at, 4) : at,
					has_month ? shapes[i] + 4 : shapes[i]))
			continue;
		at = str_skip(at, n);
		while (at.n && (is_digit(at.p[0]) || strchr(".,+-:", at.p[0])))
			at = str_skip(at, 1);
		if (!at.n || at.p[0] != ' ')
			continue;
		*text = skip_blanks(at);
		return true;
	}
	return false;
}

/* A time, and the line. */
bool peel_time(struct str text, struct str *ret_text, struct context *context, struct buf *spare)
{
	if (!skip_time(&text))
		return false;
	skip_stream(&text);
	*ret_text = text;
	/* `grep -n` in a job's log, too */
	return envelope_is_line(text) || peel_grep(text, ret_text, context, spare);
}

/* `aws logs tail`: a time, the stream, and the line; awslogs: the group, the stream, and the line. */
bool peel_aws(struct str text, struct str *ret_text, struct context *context, struct buf *spare)
{
	struct str word = take_word(&text), stream = take_word(&text);

	(void)spare;
	if (str_starts(text, STR("kernel: "))) /* a syslog daemon's time and host */
		return false;
	if ((!is_iso(word) && !(word.n && word.p[0] == '/')) || stream.n == 0 ||
	    stream.p[stream.n - 1] == ':' || stream.p[0] == '{' || !envelope_is_line(text))
		return false;
	context->values[ENVELOPE_STREAM] = stream;
	*ret_text = text;
	return true;
}

/* Where Loki's labels end, "} "; a brace in a value is none. */
static size_t labels_end(struct str text)
{
	bool quoted = false;

	for (size_t i = 0; i + 1 < text.n; i++) {
		if (quoted && text.p[i] == '\\')
			i++;
		else if (text.p[i] == '"')
			quoted = !quoted;
		else if (!quoted && text.p[i] == '}' && text.p[i + 1] == ' ')
			return i;
	}
	return text.n;
}

/* A label: `, name="value"` of Loki, `,"name":"value"` of JSON. */
static struct str label(struct str labels, const char *name)
{
	size_t n = strlen(name);

	for (size_t i = 1; i + n + 2 < labels.n; i++) {
		struct str value = str_skip(labels, i + n);

		if (!strchr("{ ,\"", labels.p[i - 1]) || memcmp(labels.p + i, name, n) != 0)
			continue;
		if (value.p[0] == '"')
			value = str_skip(value, 1);
		if (!str_starts(value, STR("=\"")) && !str_starts(value, STR(":\"")))
			continue;
		value = str_skip(value, 2);
		return str_of(value.p, str_chr(value, '"'));
	}
	return str_of(NULL, 0);
}

void labels_read(struct str labels, struct context *context)
{
	static const char *const nodes[] = {"node_name", "hostname", "host",
					    "node",      "nodename", "instance"};
	for (size_t i = 0; i < sizeof(nodes) / sizeof(nodes[0]); i++)
		if (!context->values[ENVELOPE_NODE].n)
			context->values[ENVELOPE_NODE] = label(labels, nodes[i]);
	if (str_starts(labels, STR("{name="))) /* Logstash's plain codec */
		context->values[ENVELOPE_NODE] =
			str_of(labels.p + 6, str_chr(str_skip(labels, 6), '}'));
	context->container |= role_is_container(STR("stream"), label(labels, "stream")) ||
			      role_is_container(STR("file"), label(labels, "filename"));
}

/* logcli: "TIME {label="value", ...} line". */
bool peel_loki(struct str text, struct str *ret_text, struct context *context, struct buf *spare)
{
	struct str time = take_word(&text);
	size_t end = labels_end(text);

	(void)spare;
	if (!is_iso(time) || text.n == 0 || text.p[0] != '{' || end == text.n)
		return false;
	labels_read(str_of(text.p, end), context);
	*ret_text = skip_blanks(str_skip(text, end + 2));
	return true;
}

/* Lines that say where those below them are from: a shape of envelope_has_shape(), the host, and what follows. */
static const struct section {
	const char *before, *after;
} sections[] = {
	{"ok: [", "] =>"}, /* Ansible's */
	{"changed: [", "] =>"},
	{"failed: [", "] =>"},
	{"fatal: [", "] =>"},
	{"", " | CHANGED"},
	{"", " | SUCCESS"},
	{"", " | FAILED"},
	{"Message from syslogd@", " at "}, /* wall(1) */
	{"0000 Nov __ 00:00:00 (", ") "},  /* Wazuh's, of an agent, */
	{"0000 Nov __ 00:00:00 ", "->/"},  /* and of its manager */
	{"[0] 00:00:00 [SUCCESS] ", ""},   /* pssh */
	{"[00] 00:00:00 [SUCCESS] ", ""},
	{"     -> host.name: Str(", ")"}, /* the OpenTelemetry Collector's debug exporter */
	{"     -> k8s.node.name: Str(", ")"},
};

/* The host between the two; n is 0 where the line is no such section. */
static struct str section_host(struct str line, const struct section *section)
{
	char shape[32];
	size_t n = strlen(section->before);
	const char *month = strstr(section->before, "Nov");

	memcpy(shape, section->before, n + 1);
	if (month && line.n > n) /* of any language of three letters */
		memcpy(shape + (month - section->before), line.p + (month - section->before), 3);
	if (!envelope_has_shape(line, shape))
		return str_of(NULL, 0);
	line = str_skip(line, n);
	n = section->after[0] ? str_find(line, str_from(section->after)) : line.n;
	return str_of(line.p, n < line.n || !section->after[0] ? n : 0);
}

bool section_read(struct str line, struct context *context, struct str *ret_rest)
{
	*ret_rest = str_of(NULL, 0);
	if (str_starts(line, STR("Common labels: {"))) { /* of logcli and Grafana */
		labels_read(line, context);
		return true;
	}
	if (str_starts(line, STR("ResourceLog #"))) /* its host is perhaps not named */
		return true;
	for (size_t i = 0; i < sizeof(sections) / sizeof(sections[0]); i++) {
		struct str host = section_host(line, &sections[i]);
		size_t arrow = str_find(host, STR(" -> ")); /* "[w1 -> w2]": of what ran on w2 */

		if (arrow < host.n)
			host = str_skip(host, arrow + 4);
		if (!is_host(host))
			continue;
		context->values[ENVELOPE_NODE] = host;
		line = str_skip(line, (size_t)(host.p + host.n - line.p));
		for (size_t at = 0; at < 2 && strpbrk(sections[i].after, "|]") && !ret_rest->n;
		     at++) {
			struct str mark = at ? STR(" | (stdout) ") : STR(" => ");
			struct str rest = str_skip(line, str_find(line, mark));

			*ret_rest = str_skip(rest, rest.n < mark.n ? rest.n : mark.n);
		}
		return ret_rest->n || str_find(line, STR("type=")) == line.n;
	}
	return false;
}

/* The log files of a CRI runtime: "TIME stdout F text" (Kubernetes, CRI logging format). */
bool peel_cri(struct str text, struct str *ret_text, struct context *context, struct buf *spare)
{
	struct str time = take_word(&text), stream = take_word(&text), tag = take_word(&text);

	(void)spare;
	if (!is_iso(time) || (!str_eq(stream, STR("stdout")) && !str_eq(stream, STR("stderr"))) ||
	    tag.n == 0 || (tag.p[0] != 'F' && tag.p[0] != 'P'))
		return false;
	context->container = true;
	*ret_text = text;
	return true;
}

/* Wazuh's archives.log: "2026 Nov 21 23:01:34 (w1) 10.0.0.1->/var/log/audit/audit.log text". */
bool peel_wazuh(struct str text, struct str *ret_text, struct context *context, struct buf *spare)
{
	size_t arrow = str_find(text, STR("->/"));
	struct str path = first_word(str_skip(text, arrow)), ignored;

	(void)spare;
	*ret_text = skip_blanks(str_skip(text, arrow + path.n));
	if (path.n > 2 && role_is_container(STR("file"), str_skip(path, 2)))
		context->container = true;
	return ret_text->n && section_read(str_of(text.p, arrow + path.n), context, &ignored) &&
	       envelope_has_shape(text, "0000 ") &&
	       (context->container || envelope_is_text(*ret_text));
}

/* `docker compose logs`: "web-1  | text". */
bool peel_compose(struct str text, struct str *ret_text, struct context *context, struct buf *spare)
{
	struct str word = take_word(&text);

	(void)spare;
	if (!is_host(word) || text.n < 2 || text.p[0] != '|' || text.p[1] != ' ')
		return false;
	context->container = true;
	*ret_text = str_skip(text, 2);
	return true;
}

/* "\n" as two characters, at the end of a string that was printed. */
static struct str trim_newline(struct str text)
{
	while (text.n >= 2 && text.p[text.n - 2] == '\\' && strchr("nr", text.p[text.n - 1]))
		text.n -= 2;
	return text;
}

/* Whether the backslashes of a string in single quotes are a program's: in pairs, or before such a quote.
 * The kernel writes one as it is, and no single quote after it where it stands alone. */
static bool is_printed(struct str text)
{
	bool any = false;

	for (size_t i = 0; i < text.n; i++) {
		if (text.p[i] == '\'')
			return false;
		if (text.p[i] != '\\')
			continue;
		if (++i == text.n || (text.p[i] != '\\' && text.p[i] != '\''))
			return false;
		any = true;
	}
	return any;
}

/* The text of a string in single quotes: Python's backslashes, YAML's doubled quotes, or itself. */
static struct str single_quoted(struct str text, bool is_yaml, struct buf *spare)
{
	char mark = is_yaml ? '\'' : '\\';

	if (is_yaml ? str_find(text, STR("''")) == text.n : !is_printed(text))
		return text;
	buf_clear(spare);
	for (size_t i = 0; i < text.n; i++) {
		i += text.p[i] == mark && i + 1 < text.n && (!is_yaml || text.p[i + 1] == mark);
		buf_put_char(spare, text.p[i]);
	}
	return buf_str(spare);
}

/* A whole line in quotes: "text", b'text', ['text'], a comma behind it perhaps. */
static bool unquote(struct str text, bool is_yaml, struct str *ret_text, struct buf *spare)
{
	bool is_raw = false;

	text = skip_blanks(text);
	while (text.n && (strchr(",]", text.p[text.n - 1]) || is_blank(text.p[text.n - 1])))
		text.n--;
	if (text.n && text.p[0] == '[')
		text = str_skip(text, 1);
	while (str_starts(text, STR("``")) && text.p[text.n - 1] == '`') /* Slack's */
		text = str_of(text.p + 1, text.n - 2);
	if (text.n > 1 && strchr("bur", text.p[0]) && strchr("\"'", text.p[1])) {
		is_raw = text.p[0] == 'r';
		text = str_skip(text, 1);
	}
	if (text.n < 2 || (text.p[0] != '"' && text.p[0] != '\'' && text.p[0] != '`') ||
	    text.p[text.n - 1] != text.p[0])
		return false;
	*ret_text = trim_newline(str_of(text.p + 1, text.n - 2));
	if (text.p[0] == '\'' && !is_raw)
		*ret_text = single_quoted(*ret_text, is_yaml, spare);
	/* rows of a table may begin and end so as well */
	return envelope_is_text(*ret_text) &&
	       (text.p[0] != '"' || (str_find(*ret_text, STR("\"\"")) == ret_text->n &&
				     str_find(*ret_text, STR("\",")) == ret_text->n));
}

bool peel_quoted(struct str text, struct str *ret_text, struct context *context, struct buf *spare)
{
	(void)context;
	return unquote(text, false, ret_text, spare);
}

/* What Markdown, mail, diff, comments, abrt and nl(1) put before a line: "> ", "- ", "+", "# ", "// ", ":", "1. ",
 * "  1  "; "**" stands behind it, too. */
bool peel_markup(struct str text, struct str *ret_text, struct context *context, struct buf *spare)
{
	struct str at = text;
	bool any = str_starts(text, STR(" [")); /* apport indents dmesg's lines by one */

	(void)context;
	if (str_starts(text, STR("**")))
		while (at.n && at.p[at.n - 1] == '*')
			at.n--;
	while (at.n && (strchr("<>+*-#/:", at.p[0]) || is_blank(at.p[0]))) {
		any = any || !is_blank(at.p[0]);
		at = str_skip(at, 1);
	}
	size_t digits = 0;

	while (digits < at.n && is_digit(at.p[digits]))
		digits++;
	if (!any && digits && digits < at.n && digits < 10) {
		at = str_skip(at, digits);
		if (at.n && strchr(".)", at.p[0]))
			at = str_skip(at, 1);
		any = at.n && is_blank(at.p[0]);
		at = skip_blanks(at);
	}
	*ret_text = at;
	return any &&
	       ((envelope_is_text(at) && !json_begins(at)) || unquote(at, true, ret_text, spare));
}

/* One tag of a page, "<pre>" or "</td>"; no priority of syslog's. */
static bool skip_tag(struct str *text)
{
	struct str at = skip_blanks(*text);
	size_t end = str_chr(at, '>');

	if (at.n < 3 || at.p[0] != '<' || end == at.n || is_digit(at.p[1]) || is_blank(at.p[1]))
		return false;
	*text = str_skip(at, end + 1);
	return true;
}

/* A page's text or a document's in XML: tags before it, behind it, or both; where no quote stands outside of
 * tags, quotes are entities, and so is each '<' that is none of a tag. */
bool peel_tags(struct str text, struct str *ret_text, struct context *context, struct buf *spare)
{
	bool any = false;

	(void)context;
	buf_clear(spare);
	if (escape_drop_tags(text, spare) && str_chr(buf_str(spare), '"') == spare->n) {
		*ret_text = buf_str(spare);
		return envelope_is_text(*ret_text);
	}
	while (skip_tag(&text))
		any = true;
	while (text.n && text.p[text.n - 1] == '>') {
		const char *open = memrchr(text.p, '<', text.n);

		if (!open || open[1] != '/')
			break;
		text.n = (size_t)(open - text.p);
		any = true;
	}
	*ret_text = text;
	return any && envelope_is_text(text);
}

/* Fluent Bit's stdout: `[0] tail.0: [[1795302094.5, {}], {"log"=>"text"}]`, and its files: `tail.0: [1795302094.5,
 * {"log":"text"}]`; Fluentd's: a time, a tag and JSON. */
bool peel_fluent(struct str text, struct str *ret_text, struct context *context, struct buf *spare)
{
	size_t begin = str_find(text, STR("{\"")), list = str_find(text, STR(": ["));
	struct str json = str_skip(text, begin);
	const char *end = json.n ? memrchr(json.p, '}', json.n) : NULL;

	(void)context;
	(void)spare;
	if (!end || begin > 256)
		return false;
	if (is_host(str_of(text.p, list)) &&
	    envelope_has_shape(str_skip(text, list + 3 + (text.p[list + 3] == '[')),
			       "0000000000.")) {
		*ret_text = str_of(json.p, (size_t)(end - json.p) + 1);
		return true;
	}
	json.n = (size_t)(end - json.p) + 1;
	if (!is_date(text) || begin < 22 || text.p[10] != ' ' || text.p[begin - 2] != ':') {
		if (text.p[0] != '[' || str_find(text, STR("] ")) > 12 ||
		    str_find(json, STR("\"=>")) == json.n)
			return false;
	} else if (text.p[19] != '.') { /* nanoseconds: no syslog daemon's time */
		return false;
	}
	*ret_text = json;
	return true;
}

/* TeamCity's service messages, ##teamcity[testStdOut name='x' out='text'], as JSON: a bar goes before what is not
 * meant. */
bool peel_teamcity(struct str text, struct str *ret_text, struct context *context,
		   struct buf *spare)
{
	bool quoted = false;

	(void)context;
	if (!str_starts(text, STR("##teamcity[")) || !envelope_matters(text))
		return false;
	buf_clear(spare);
	buf_put_char(spare, '[');
	for (size_t i = 11; i < text.n; i++) {
		char c = text.p[i];
		bool is_bar = quoted && c == '|' && i + 1 < text.n;

		if (is_bar)
			c = text.p[++i];
		if (!is_bar && c == '\'') {
			quoted = !quoted;
			buf_put_str(spare, quoted ? STR("\"") : STR("\","));
		} else if (is_bar && strchr("nr", c)) {
			buf_put_str(spare, STR("\\n"));
		} else if (quoted && (unsigned char)c >= ' ') {
			buf_format(spare, strchr("\"\\", c) ? "\\%c" : "%c", c);
		}
	}
	buf_put_str(spare, STR("\"\"]"));
	*ret_text = buf_str(spare);
	return !quoted;
}

/* "[root@w1 ~]", "root@w1:/", "w1", "": no words, which a program may write before such a mark as well. */
static bool is_prompt(struct str text)
{
	if (text.n && text.p[0] == '[' && str_chr(text, ']') == text.n - 1)
		return true;
	return str_chr(text, ' ') + (text.n > 0 && text.p[text.n - 1] == ' ') >= text.n;
}

/* A console: the kernel writes behind a prompt that waits, "[root@w1 ~]# [  711.918371] audit: ...". */
bool peel_prompt(struct str text, struct str *ret_text, struct context *context, struct buf *spare)
{
	static const struct str ends[] = {{"# ", 2}, {"$ ", 2}, {"> ", 2}, {"login: ", 7}};
	struct str begin = str_of(text.p, text.n < 120 ? text.n : 120);

	(void)context;
	(void)spare;
	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
		size_t at = str_find(begin, ends[i]);

		if (at == begin.n || !is_prompt(str_of(text.p, at)))
			continue;
		*ret_text = skip_blanks(str_skip(text, at + ends[i].n));
		if (ret_text->n && ret_text->p[0] == '[' && envelope_is_text(*ret_text) &&
		    !json_begins(*ret_text))
			return true;
	}
	return false;
}

/* Hosts are numbered where there are several; the keys of logs are words. */
static bool has_digit(struct str word)
{
	for (size_t i = 0; i < word.n; i++)
		if (is_digit(word.p[i]))
			return true;
	return false;
}

/* `gcloud logging read` and others: "  MESSAGE: 'text'". */
bool peel_yaml(struct str text, struct str *ret_text, struct context *context, struct buf *spare)
{
	bool is_first = text.n && !is_blank(text.p[0]) && !str_starts(text, STR("==> "));

	if (!is_first && text.n &&
	    text.p[0] == '=') /* Packer: "==> NAME: text", "    NAME: text" */
		text = str_skip(text, 4);
	text = skip_blanks(text);
	if (str_starts(text, STR("- ")))
		text = skip_blanks(str_skip(text, 2));
	struct str word = first_word(text), next = skip_blanks(str_skip(text, word.n));

	if (str_starts(next, STR("(remote-exec): ")) || str_starts(next, STR("(local-exec): "))) {
		*ret_text = str_skip(next, str_chr(next, ' ') + 1); /* Terraform's */
		return envelope_is_text(*ret_text);
	}
	if (word.n < 2 || word.p[word.n - 1] != ':' || envelope_is_text(text))
		return false; /* "audit: type=..." are the kernel's own words */
	struct str key = str_of(word.p, word.n - 1);

	if (key.n > 2 && key.p[0] == '"' && key.p[key.n - 1] == '"')
		key = str_of(key.p + 1, key.n - 2);
	if (!is_host(key) || role_is_container(key, str_of(NULL, 0)))
		return false;
	text = skip_blanks(str_skip(text, word.n));
	if (str_starts(text, STR("Str(")) &&
	    text.p[text.n - 1] == ')') /* the OpenTelemetry Collector */
		text = str_of(text.p + 4, text.n - 5);
	if (unquote(text, true, ret_text, spare))
		return true;
	if (text.n < 2 || !envelope_is_text(text)) /* a list or an object, which begins */
		return false;
	if (is_first && has_digit(key)) /* talosctl, pdsh and clush: "10.1.1.2: type=..." */
		context->values[ENVELOPE_NODE] = key;
	*ret_text = text;
	return true;
}
