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
	{"agent", "name", ENVELOPE_AGENT},
	{"agent", "hostname", ENVELOPE_AGENT},
	{"beat", "name", ENVELOPE_AGENT},
	{"beat", "hostname", ENVELOPE_AGENT},
	{"message", "source", ENVELOPE_NODE}, /* Graylog's answers */
	{"entity", "host", ENVELOPE_VALUES},  /* Dynatrace's number of it */
	{NULL, "hostname", ENVELOPE_NODE},
	{NULL, "host", ENVELOPE_NODE},
	{NULL, "sourcehost", ENVELOPE_NODE},
	{NULL, "source_host", ENVELOPE_NODE},
	{NULL, "fqdn", ENVELOPE_NODE},
	{NULL, "dvc", ENVELOPE_NODE},
	{NULL, "dvchostname", ENVELOPE_NODE},
	{NULL, "fromhost", ENVELOPE_AGENT},
	{NULL, "instance_id", ENVELOPE_AGENT},
	{NULL, "hostidentifier", ENVELOPE_AGENT}, /* osquery's, perhaps a UUID */
	{NULL, "source", ENVELOPE_SOURCE},
	{NULL, "logstream", ENVELOPE_STREAM},
	{NULL, "logstreamname", ENVELOPE_STREAM},
	{NULL, "k8s_node_name", ENVELOPE_NODE},
	{NULL, "kubernetes_node_name", ENVELOPE_NODE},
	{NULL, "kubernetes_host", ENVELOPE_NODE},
	{NULL, "node", ENVELOPE_NODE},
	{NULL, "node_name", ENVELOPE_NODE},
	{NULL, "nodename", ENVELOPE_NODE},
	{NULL, "computer", ENVELOPE_NODE},
	{NULL, "computername", ENVELOPE_NODE},
	{NULL, "host_name", ENVELOPE_NODE},
	{NULL, "compute_googleapis_com_resource_name", ENVELOPE_NODE},
	{NULL, "machine_name", ENVELOPE_NODE},
	{NULL, "machinename", ENVELOPE_NODE},
	{NULL, "machine", ENVELOPE_NODE},
	{NULL, "server", ENVELOPE_NODE},
	{NULL, "server_name", ENVELOPE_NODE},
	{NULL, "vm", ENVELOPE_NODE},
	{NULL, "vm_name", ENVELOPE_NODE},
	{NULL, "instance", ENVELOPE_NODE},
	{NULL, "origin", ENVELOPE_SOURCE},
	{NULL, "system", ENVELOPE_SOURCE},
	{NULL, "device", ENVELOPE_SOURCE},
	{"machine", "name", ENVELOPE_NODE},
	{"server", "name", ENVELOPE_NODE},
	{"node", "name", ENVELOPE_NODE},
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
	{NULL, "sourcename", ENVELOPE_PROGRAM},
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
	/* laurel, auditbeat, osquery, the Security Profiles Operator, Inspektor Gadget, vArmor, Falco,
	 * Tetragon */
	{"parent", "pid", ENVELOPE_VALUES},
	{"process", "name", ENVELOPE_COMM},
	{"process", "pid", ENVELOPE_PID},
	{"process", "executable", ENVELOPE_EXE},
	{"process", "binary", ENVELOPE_EXE},
	{"pod", "name", ENVELOPE_POD},
	{"pod", "namespace", ENVELOPE_NAMESPACE},
	{"container", "name", ENVELOPE_CONTAINER},
	{"container", "id", ENVELOPE_CONTAINER_ID},
	{"image", "name", ENVELOPE_IMAGE},
	{"image", "id", ENVELOPE_VALUES},
	{"syscall_id", "id", ENVELOPE_SYSCALL},
	{"syscall_id", "abi", ENVELOPE_ARCH},
	{"resource", "pod", ENVELOPE_POD},
	{NULL, "id", ENVELOPE_STAMP},
	{NULL, "auditid", ENVELOPE_STAMP},
	{NULL, "timestamp", ENVELOPE_WHEN},
	{NULL, "time", ENVELOPE_WHEN},
	{NULL, "sequence", ENVELOPE_SERIAL},
	{NULL, "serial", ENVELOPE_SERIAL},
	{NULL, "pid", ENVELOPE_PID},
	{NULL, "comm", ENVELOPE_COMM},
	{NULL, "proc_name", ENVELOPE_COMM},
	{NULL, "exe", ENVELOPE_EXE},
	{NULL, "executable", ENVELOPE_EXE},
	{NULL, "executable_path", ENVELOPE_EXE},
	{NULL, "exepath", ENVELOPE_EXE},
	{NULL, "arch", ENVELOPE_ARCH},
	{NULL, "syscall", ENVELOPE_SYSCALL},
	{NULL, "syscallid", ENVELOPE_SYSCALL},
	{NULL, "syscall_nr", ENVELOPE_SYSCALL},
	{NULL, "syscall_number", ENVELOPE_SYSCALL},
	{NULL, "syscallname", ENVELOPE_SYSCALL_NAME},
	{NULL, "syscall_name", ENVELOPE_SYSCALL_NAME},
	{NULL, "evt_type", ENVELOPE_SYSCALL_NAME},
	{NULL, "code", ENVELOPE_CODE},
	{NULL, "seccomp_action", ENVELOPE_CODE},
	{NULL, "ip", ENVELOPE_IP},
	{NULL, "pod", ENVELOPE_POD},
	{NULL, "podname", ENVELOPE_POD},
	{NULL, "pod_name", ENVELOPE_POD},
	{NULL, "namespace", ENVELOPE_NAMESPACE},
	{NULL, "podnamespace", ENVELOPE_NAMESPACE},
	{NULL, "pod_namespace", ENVELOPE_NAMESPACE},
	{NULL, "k8s_ns_name", ENVELOPE_NAMESPACE},
	{NULL, "container", ENVELOPE_CONTAINER},
	{NULL, "containername", ENVELOPE_CONTAINER},
	{NULL, "container_name", ENVELOPE_CONTAINER},
	{NULL, "containerid", ENVELOPE_CONTAINER_ID},
	{NULL, "container_id", ENVELOPE_CONTAINER_ID},
	{NULL, "image", ENVELOPE_IMAGE},
	{NULL, "containerimagename", ENVELOPE_IMAGE},
	{NULL, "container_image", ENVELOPE_IMAGE},
	{NULL, "container_image_repository", ENVELOPE_IMAGE},
};

static struct str normalize(struct str name, char to[NAME_MAX_BYTES])
{
	size_t n = 0;

	while (name.n && strchr("_@#", name.p[0]))
		name = str_skip(name, 1);
	while (name.n && name.p[name.n - 1] == '_')
		name.n--;
	for (size_t i = 0; i < name.n && n < NAME_MAX_BYTES; i++) {
		char c = name.p[i];

		if (c >= 'A' && c <= 'Z')
			c = (char)(c | 0x20);
		to[n++] = strchr("-. /:", c) && c ? '_' : c;
	}
	return str_of(to, n);
}

/* "_source.host.name" is the name in the host in the source; "_source" and "_sourceName" are Sumo Logic's names
 * of files. */
int role_of(struct str parent, struct str name)
{
	char name_bytes[NAME_MAX_BYTES], parent_bytes[NAME_MAX_BYTES];
	struct str whole = normalize(name, name_bytes), of = normalize(parent, parent_bytes);
	size_t dot = str_chr(name, str_chr(name, '.') < name.n ? '.' : ':');

	if (dot == name.n && name.n && name.p[0] == '_' &&
	    (str_eq(whole, STR("source")) || str_eq(whole, STR("sourcename"))) &&
	    name.p[name.n - 1] != '_')
		return -1;
	for (size_t i = 0; i < sizeof(roles) / sizeof(roles[0]); i++)
		if (str_eq(whole, str_from(roles[i].name)) &&
		    (!roles[i].parent || str_eq(of, str_from(roles[i].parent))))
			return roles[i].value < ENVELOPE_VALUES ? (int)roles[i].value : -1;
	return dot == name.n ? -1 : role_of(str_of(name.p, dot), str_skip(name, dot + 1));
}

/* Where runtimes keep what containers write. */
static bool is_container_file(struct str path)
{
	return str_starts(path, STR("/var/log/pods/")) ||
	       str_starts(path, STR("/var/log/containers/")) ||
	       str_starts(path, STR("/var/lib/docker/containers/"));
}

bool role_is_container(struct str name, struct str value)
{
	static const char *const names[] = {"kubernetes", "docker", "logtag"};
	static const char *const streams[] = {"stream", "source",    "log_iostream",
					      "type",   "transport", "logname"};
	static const char *const files[] = {"file",      "filename",      "path",     "source",
					    "file_path", "log_file_path", "filepath", "sourcename"};
	char bytes[NAME_MAX_BYTES];

	name = normalize(name, bytes);
	for (size_t i = 0; is_container_file(value) && i < sizeof(files) / sizeof(files[0]); i++)
		if (str_eq(name, str_from(files[i])))
			return true;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (str_eq(name, str_from(names[i])))
			return true;
	/* of Google Cloud's: "projects/ID/logs/stdout" */
	if (str_eq(name, STR("logname")) && value.n > 7)
		value = str_skip(value, value.n - 6);
	if (!str_eq(value, STR("stdout")) && !str_eq(value, STR("stderr")) &&
	    !str_eq(value, STR("k8s_container")))
		return false;
	for (size_t i = 0; i < sizeof(streams) / sizeof(streams[0]); i++)
		if (str_eq(name, str_from(streams[i])))
			return true;
	return false;
}
