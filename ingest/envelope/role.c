#include "ingest/envelope/envelope_private.h"

#define NAME_MAX_BYTES 64

struct role {
	const char *parent; /* NULL: wherever it stands */
	const char *name;
	enum envelope_value value;
};

/*
 * Names that exporters give: journald's own (systemd.journal-fields(7)), Vector, Fluent Bit and
 * Fluentd, Promtail, Elastic's common schema, GELF, Google Cloud, Azure, rsyslog's and syslog-ng's
 * templates. In lower case, without leading underscores, every separator a '_'.
 */
static const struct role roles[] = {
	{NULL, "hostname", ENVELOPE_NODE},
	{NULL, "host", ENVELOPE_NODE},
	{NULL, "node", ENVELOPE_NODE},
	{NULL, "node_name", ENVELOPE_NODE},
	{NULL, "nodename", ENVELOPE_NODE},
	{NULL, "computer", ENVELOPE_NODE},
	{NULL, "computername", ENVELOPE_NODE},
	{NULL, "host_name", ENVELOPE_NODE},
	{NULL, "hostidentifier", ENVELOPE_NODE},
	{NULL, "machine_name", ENVELOPE_NODE},
	{NULL, "instance_name", ENVELOPE_NODE},
	{"host", "name", ENVELOPE_NODE},
	{NULL, "syslog_identifier", ENVELOPE_PROGRAM},
	{NULL, "program", ENVELOPE_PROGRAM},
	{NULL, "programname", ENVELOPE_PROGRAM},
	{NULL, "program_name", ENVELOPE_PROGRAM},
	{NULL, "appname", ENVELOPE_PROGRAM},
	{NULL, "app_name", ENVELOPE_PROGRAM},
	{NULL, "ident", ENVELOPE_PROGRAM},
	{NULL, "identifier", ENVELOPE_PROGRAM},
	{NULL, "syslogtag", ENVELOPE_PROGRAM},
	{NULL, "syslog_tag", ENVELOPE_PROGRAM},
	{NULL, "processname", ENVELOPE_PROGRAM},
	{NULL, "syslog_program", ENVELOPE_PROGRAM},
	{NULL, "syslog_appname", ENVELOPE_PROGRAM},
	{NULL, "facility", ENVELOPE_FACILITY},
	{NULL, "syslog_facility", ENVELOPE_FACILITY},
	{NULL, "syslogfacility", ENVELOPE_FACILITY},
	{NULL, "syslogfacility_text", ENVELOPE_FACILITY},
	{NULL, "facility_label", ENVELOPE_FACILITY},
	{NULL, "facility_code", ENVELOPE_FACILITY},
	{"facility", "code", ENVELOPE_FACILITY},
	{"facility", "name", ENVELOPE_FACILITY},
	{NULL, "transport", ENVELOPE_TRANSPORT},
	{NULL, "audit_type", ENVELOPE_AUDIT_TYPE},
	{NULL, "audit_id", ENVELOPE_AUDIT_ID},
	{NULL, "source_realtime_timestamp", ENVELOPE_SOURCE_TIME},
	{NULL, "realtime_timestamp", ENVELOPE_TIME},
};

static struct str normalize(struct str name, char to[NAME_MAX_BYTES])
{
	size_t n = 0;

	while (name.n && (name.p[0] == '_' || name.p[0] == '@'))
		name = str_skip(name, 1);
	for (size_t i = 0; i < name.n && n < NAME_MAX_BYTES; i++) {
		char c = name.p[i];

		if (c >= 'A' && c <= 'Z')
			c = (char)(c | 0x20);
		to[n++] = strchr("-. /", c) && c ? '_' : c;
	}
	return str_of(to, n);
}

int role_of(struct str parent, struct str name)
{
	char name_bytes[NAME_MAX_BYTES], parent_bytes[NAME_MAX_BYTES];

	name = normalize(name, name_bytes);
	parent = normalize(parent, parent_bytes);
	for (size_t i = 0; i < sizeof(roles) / sizeof(roles[0]); i++)
		if (str_eq(name, str_from(roles[i].name)) &&
		    (!roles[i].parent || str_eq(parent, str_from(roles[i].parent))))
			return (int)roles[i].value;
	return -1;
}

bool role_is_container(struct str name, struct str value)
{
	static const char *const names[] = {"kubernetes", "docker", "logtag"};
	static const char *const streams[] = {"stream", "source", "log_iostream", "type"};
	char bytes[NAME_MAX_BYTES];

	name = normalize(name, bytes);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (str_eq(name, str_from(names[i])))
			return true;
	if (!str_eq(value, STR("stdout")) && !str_eq(value, STR("stderr")) &&
	    !str_eq(value, STR("k8s_container")))
		return false;
	for (size_t i = 0; i < sizeof(streams) / sizeof(streams[0]); i++)
		if (str_eq(name, str_from(streams[i])))
			return true;
	return false;
}
