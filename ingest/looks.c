#include "ingest/looks.h"

#define TEXT "text without audit records: sclog-formats(7) lists the logs that are read"

struct mark {
	const char *bytes;
	size_t n;
	const char *what;
};

#define MARK(bytes, what)                      \
	{                                      \
		bytes, sizeof(bytes) - 1, what \
	}

/* What a file begins with (the magic numbers of file(1)). */
static const struct mark beginnings[] = {
	MARK("\xd4\xc3\xb2\xa1", "a packet capture, not a log"),
	MARK("\xa1\xb2\xc3\xd4", "a packet capture, not a log"),
	MARK("PK\x03\x04", "a zip archive: unpack it and name the logs"),
	MARK("7z\xbc\xaf\x27\x1c", "a 7z archive: unpack it and name the logs"),
	MARK("Rar!\x1a\x07", "a rar archive: unpack it and name the logs"),
	MARK("\x04\x22\x4d\x18", "compressed with lz4: decompress it first"),
	MARK("\x1f\x9d", "compressed with compress: decompress it first"),
	MARK("LZIP", "compressed with lzip: decompress it first"),
	MARK("LPKSHHRH", "a file of the journal, which cannot be read from a pipe: name the file"),
	MARK("%PDF-", "a PDF document: copy its text into a file"),
	MARK("\x89PNG", "a picture: copy its text into a file"),
	MARK("\xff\xd8\xff", "a picture: copy its text into a file"),
	MARK("NODE,EVENT,DATE,TIME,SERIAL_NUM",
	     "`ausearch --format csv`, which omits the syscall: use `ausearch --raw -m seccomp`"),
	MARK("= Seccomp =",
	     "output of snappy-debug, which omits the date: read the journal or syslog"),
};

/* What stands in one of its lines. */
static const struct mark contents[] = {
	MARK("a\0u\0d\0i\0t",
	     "UTF-16 without a byte-order mark: convert it with `iconv -f UTF-16LE -t UTF-8`, or UTF-16BE"),
	MARK("\"defaultAction\"",
	     "a seccomp profile, not a log: give it with --profile or --in-force"),
	MARK("defaultAction: SCMP_ACT_",
	     "a seccomp profile, not a log: give it with --profile or --in-force"),
	MARK("\"apiVersion\":\"audit.k8s.io/",
	     "an audit log of the Kubernetes API, which has no seccomp records: read the nodes' logs"),
	MARK("Content-Transfer-Encoding: base64", "an encoded mail: save its text or attachment"),
	MARK("Content-Transfer-Encoding: quoted-printable",
	     "an encoded mail: save its text or attachment"),
	MARK(" Summary Report", "a report of aureport: use `ausearch --raw -m seccomp`"),
	MARK(", acting as ",
	     "`ausearch --format text`, which omits the syscall: use `ausearch --raw -m seccomp`"),
};

/* Lines that are searched. */
#define SEARCHED_MAX 10000

/* e_type of an ELF header. */
#define ELF_TYPE 16
#define ELF_CORE 4

static const char *begins_as(struct str line)
{
	if (str_starts(line, STR("\x7f"
				 "ELF")))
		return line.n > ELF_TYPE && line.p[ELF_TYPE] == ELF_CORE ? "a core dump, not a log"
									 : "a program, not a log";
	for (size_t i = 0; i < sizeof(beginnings) / sizeof(beginnings[0]); i++)
		if (str_starts(line, str_of(beginnings[i].bytes, beginnings[i].n)))
			return beginnings[i].what;
	return NULL;
}

static const char *holds(struct str line)
{
	for (size_t i = 0; i < sizeof(contents) / sizeof(contents[0]); i++)
		if (str_find(line, str_of(contents[i].bytes, contents[i].n)) < line.n)
			return contents[i].what;
	return NULL;
}

void looks_line(struct looks *looks, struct str line)
{
	const char *found;

	if (looks->sure || looks->lines++ > SEARCHED_MAX || !line.n)
		return;
	found = looks->lines == 1 ? begins_as(line) : NULL;
	looks->is_other = found != NULL;
	if (!found)
		found = holds(line);
	looks->sure = found;
	if (!found && memchr(line.p, '\0', line.n))
		found = "binary data, not a log that sclog knows";
	if (!found && !looks->what)
		found = strchr("{[", line.p[0]) ? "JSON of an unknown collector: sclog-formats(7) "
						  "lists those that are read"
						: TEXT;
	if (found)
		looks->what = found;
}

const char *looks_text(const struct looks *looks)
{
	return looks->what ? looks->what : TEXT;
}
