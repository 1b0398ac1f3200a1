/*
 * genlog: an audit.log of any size, as auditd writes it (log_format = ENRICHED), and the truth
 * about it.
 *
 * What it writes depends on its options only, so that a log can be thrown away and made again.
 * It shares no code with sclog: the counts it gives are those of what it meant to write.
 *
 * A key is (comm, exe, arch, syscall, action); containers x programs x syscalls of them exist,
 * each record picks one evenly. That is the worst case for a store that aggregates by minute:
 * real programs repeat themselves more. Every program of every container has its own name and
 * its own pid, FIRST_PID + container * programs + program.
 */
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

enum {
	FIRST_PID = 2000,
	FIRST_SERIAL = 148553,
	TICK_MS = 4,       /* the coarse clock of a kernel with HZ=250 */
	TICK_PHASE_MS = 2, /* it starts anywhere, and keeps that phase */
	COMM_MAX = 15,     /* TASK_COMM_LEN without its NUL */
	WINDOW = 8,        /* lines of so many writers overtake each other */
	LINE_MAX_BYTES = 1024,
	OUT_BYTES = 1 << 20,
	NR_COUNT = 335, /* x86-64 numbers its first block 0 to 334 */
	NR_STRIDE = 7,  /* shares no factor with NR_COUNT: so many different numbers */
};

#define ARCH_X86_64 0xc000003eu /* linux/audit.h AUDIT_ARCH_X86_64 */
#define ARCH_I386   0x40000003u /* AUDIT_ARCH_I386 */
#define CODE_LOG    0x7ffc0000u /* linux/seccomp.h SECCOMP_RET_LOG */
#define CODE_ERRNO  0x00050000u /* SECCOMP_RET_ERRNO, which a filter's LOG flag has logged */

struct config {
	uint64_t records; /* stop after so many SECCOMP records; 0: no such limit */
	uint64_t bytes;   /* stop at the first window of lines that reaches it; 0: no limit */
	uint64_t rate;    /* events per second of log time */
	uint64_t seed;
	uint64_t start; /* seconds since the epoch */
	uint64_t containers;
	uint64_t programs; /* of a container */
	uint64_t syscalls; /* of a program */
	uint64_t share;    /* percent of the lines that are SECCOMP, if mixed */
	bool mixed;
	const char *truth;  /* NULL: standard error */
	const char *counts; /* NULL: nowhere */
};

struct key {
	char comm[40]; /* COMM_MAX bytes are used */
	char exe[64];
	uint32_t arch, nr, code;
	char *text; /* the record between its stamp and the random part of its ip */
	size_t text_size;
	uint64_t count;
	uint64_t last_minute;
};

/* One line yet to be written. */
struct line {
	const struct key *key; /* NULL: it is no SECCOMP record, and template says what it is */
	const char *template;
	uint64_t ms;
	uint64_t serial;
	uint64_t random;
};

/* A group of lines of one serial; what % stands for is at render_template(). */
struct event {
	unsigned weight;
	const char *lines[6]; /* NULL after the last */
};

struct generator {
	const struct config *config;
	struct key *keys;
	uint64_t key_count;
	uint64_t random;
	uint64_t ns; /* of log time since start */
	uint64_t serial;
	uint64_t seccomp_odds; /* of 2^32: that the next event is a SECCOMP record */
	const struct event *pending;
	unsigned pending_line;
	struct line shared; /* what the lines of the pending event have in common */

	uint64_t lines, bytes, records, distinct, key_minutes;
	uint64_t first_ms, last_ms; /* of SECCOMP records */

	char *out;
	size_t out_size;
};

#define TAIL_IDS                                                                                \
	"AUID=\"deploy\" UID=\"root\" GID=\"root\" EUID=\"root\" SUID=\"root\" FSUID=\"root\" " \
	"EGID=\"root\" SGID=\"root\" FSGID=\"root\""
#define IDS "auid=1000 uid=0 gid=0 euid=0 suid=0 fsuid=0 egid=0 sgid=0 fsgid=0 tty=(none) ses=12 "
#define PATH_TAIL \
	"cap_fp=0 cap_fi=0 cap_fe=0 cap_fver=0 cap_frootid=0\x1dOUID=\"root\" OGID=\"root\""
#define USER_IDS  "pid=%p uid=0 auid=4294967295 ses=4294967295 subj=unconfined "
#define USER_TAIL "\x1dUID=\"root\" AUID=\"unset\""

static const struct event events[] = {
	{8,
	 {"type=SYSCALL msg=audit(%s): arch=c000003e syscall=59 success=yes exit=0 a0=%x a1=%x a2=%x "
	  "a3=8 items=2 ppid=%p pid=%p " IDS
	  "comm=\"run-parts\" exe=\"/usr/bin/run-parts\" subj=unconfined "
	  "key=\"exec\"\x1d"
	  "ARCH=x86_64 SYSCALL=execve " TAIL_IDS "\n",
	  "type=EXECVE msg=audit(%s): argc=4 a0=\"run-parts\" a1=\"--report\" a2=\"--regex\" "
	  "a3=\"/etc/cron.hourly\"\n",
	  "type=CWD msg=audit(%s): cwd=\"/\"\n",
	  "type=PATH msg=audit(%s): item=0 name=\"/usr/bin/run-parts\" inode=%i dev=fe:01 "
	  "mode=0100755 ouid=0 ogid=0 rdev=00:00 nametype=NORMAL " PATH_TAIL "\n",
	  "type=PATH msg=audit(%s): item=1 name=\"/lib64/ld-linux-x86-64.so.2\" inode=%i dev=fe:01 "
	  "mode=0100755 ouid=0 ogid=0 rdev=00:00 nametype=NORMAL " PATH_TAIL "\n",
	  "type=PROCTITLE msg=audit(%s): "
	  "proctitle=72756E2D7061727473002D2D7265706F7274002F6574632F63726F6E2E686F75726C79\n"}},
	{8,
	 {"type=SYSCALL msg=audit(%s): arch=c000003e syscall=257 success=no exit=-13 a0=ffffff9c a1=%x "
	  "a2=80000 a3=0 items=1 ppid=%p pid=%p " IDS
	  "comm=\"prometheus\" exe=\"/usr/local/bin/prometheus\" subj=unconfined "
	  "key=\"access\"\x1d"
	  "ARCH=x86_64 SYSCALL=openat " TAIL_IDS "\n",
	  "type=CWD msg=audit(%s): cwd=\"/prometheus\"\n",
	  "type=PATH msg=audit(%s): item=0 name=\"/prometheus/wal/%i\" inode=%i dev=00:4f "
	  "mode=0100600 ouid=0 ogid=0 rdev=00:00 nametype=NORMAL " PATH_TAIL "\n",
	  "type=PROCTITLE msg=audit(%s): proctitle="
	  "70726F6D657468657573002D2D636F6E6669672E66696C653D2F6574632F70726F6D2E796D6C\n"}},
	{4,
	 {"type=SYSCALL msg=audit(%s): arch=c000003e syscall=42 success=yes exit=0 a0=%n a1=%x a2=10 "
	  "a3=0 items=0 ppid=%p pid=%p " IDS
	  "comm=\"curl\" exe=\"/usr/bin/curl\" subj=unconfined key=\"net\"\x1d"
	  "ARCH=x86_64 SYSCALL=connect " TAIL_IDS "\n",
	  "type=SOCKADDR msg=audit(%s): saddr=020001BB0A00000F0000000000000000\x1d"
	  "SADDR={ saddr_fam=inet laddr=10.0.0.15 lport=443 }\n",
	  "type=PROCTITLE msg=audit(%s): proctitle=6375726C002D7373660068747470733A2F2F31302E302E302E3135\n"}},
	{4,
	 {"type=BPF msg=audit(%s): prog-id=%n op=LOAD\n",
	  "type=SYSCALL msg=audit(%s): arch=c000003e syscall=321 success=yes exit=%n a0=5 a1=%x a2=90 "
	  "a3=%x items=0 ppid=1 pid=%p " IDS
	  "comm=\"systemd\" exe=\"/usr/lib/systemd/systemd\" subj=unconfined key=(null)\x1d"
	  "ARCH=x86_64 SYSCALL=bpf " TAIL_IDS "\n",
	  "type=PROCTITLE msg=audit(%s): proctitle=\"/sbin/init\"\n"}},
	{3,
	 {"type=NETFILTER_CFG msg=audit(%s): table=nat:%n family=2 entries=%n op=nft_register_rule "
	  "pid=%p subj=unconfined comm=\"iptables\"\n",
	  "type=SYSCALL msg=audit(%s): arch=c000003e syscall=46 success=yes exit=%n a0=3 a1=%x a2=0 "
	  "a3=%x items=0 ppid=%p pid=%p " IDS
	  "comm=\"iptables\" exe=\"/usr/sbin/xtables-nft-multi\" subj=unconfined key=(null)\x1d"
	  "ARCH=x86_64 SYSCALL=sendmsg " TAIL_IDS "\n",
	  "type=PROCTITLE msg=audit(%s): "
	  "proctitle=69707461626C6573002D77002D74006E6174002D4100444F434B4552002D6A0052455455524E\n"}},
	{3,
	 {"type=AVC msg=audit(%s): apparmor=\"ALLOWED\" operation=\"open\" profile=\"/usr/sbin/cupsd\" "
	  "name=\"/etc/paperspecs\" pid=%p comm=\"cupsd\" requested_mask=\"r\" denied_mask=\"r\" "
	  "fsuid=0 ouid=0\x1d"
	  "FSUID=\"root\" OUID=\"root\"\n",
	  "type=SYSCALL msg=audit(%s): arch=c000003e syscall=257 success=yes exit=%n a0=ffffff9c a1=%x "
	  "a2=0 a3=0 items=0 ppid=1 pid=%p " IDS
	  "comm=\"cupsd\" exe=\"/usr/sbin/cupsd\" subj=/usr/sbin/cupsd (complain) key=(null)\x1d"
	  "ARCH=x86_64 SYSCALL=openat " TAIL_IDS "\n",
	  "type=PROCTITLE msg=audit(%s): proctitle=2F7573722F7362696E2F6375707364002D6C\n"}},
	{2,
	 {"type=LOGIN msg=audit(%s): pid=%p uid=0 subj=unconfined old-auid=4294967295 auid=1000 "
	  "tty=(none) old-ses=4294967295 ses=%n res=1\x1d"
	  "UID=\"root\" OLD-AUID=\"unset\" AUID=\"deploy\"\n",
	  "type=SYSCALL msg=audit(%s): arch=c000003e syscall=1 success=yes exit=4 a0=%n a1=%x a2=4 a3=0 "
	  "items=0 ppid=%p pid=%p " IDS
	  "comm=\"sshd\" exe=\"/usr/sbin/sshd\" subj=unconfined key=(null)\x1d"
	  "ARCH=x86_64 SYSCALL=write " TAIL_IDS "\n",
	  "type=PROCTITLE msg=audit(%s): proctitle=737368643A206465706C6F79205B707269765D\n"}},
	{6,
	 {"type=USER_AUTH msg=audit(%s): " USER_IDS
	  "msg='op=PAM:authentication grantors=pam_unix acct=\"deploy\" exe=\"/usr/sbin/sshd\" "
	  "hostname=10.0.3.%n addr=10.0.3.%n terminal=ssh res=success'" USER_TAIL "\n"}},
	{4,
	 {"type=USER_ACCT msg=audit(%s): " USER_IDS
	  "msg='op=PAM:accounting grantors=pam_permit acct=\"root\" exe=\"/usr/sbin/cron\" hostname=? "
	  "addr=? terminal=cron res=success'" USER_TAIL "\n"}},
	{6,
	 {"type=CRED_ACQ msg=audit(%s): " USER_IDS
	  "msg='op=PAM:setcred grantors=pam_permit acct=\"root\" exe=\"/usr/sbin/cron\" hostname=? "
	  "addr=? terminal=cron res=success'" USER_TAIL "\n"}},
	{4,
	 {"type=USER_START msg=audit(%s): " USER_IDS
	  "msg='op=PAM:session_open grantors=pam_loginuid,pam_env,pam_permit,pam_unix,pam_limits "
	  "acct=\"root\" exe=\"/usr/sbin/cron\" hostname=? addr=? terminal=cron "
	  "res=success'" USER_TAIL "\n"}},
	{4,
	 {"type=CRED_DISP msg=audit(%s): " USER_IDS
	  "msg='op=PAM:setcred grantors=pam_permit acct=\"root\" exe=\"/usr/sbin/cron\" hostname=? "
	  "addr=? terminal=cron res=success'" USER_TAIL "\n"}},
	{4,
	 {"type=SERVICE_START msg=audit(%s): pid=1 uid=0 auid=4294967295 ses=4294967295 "
	  "subj=unconfined msg='unit=sysstat-collect comm=\"systemd\" "
	  "exe=\"/usr/lib/systemd/systemd\" hostname=? addr=? terminal=? "
	  "res=success'" USER_TAIL "\n"}},
	{4,
	 {"type=SERVICE_STOP msg=audit(%s): pid=1 uid=0 auid=4294967295 ses=4294967295 "
	  "subj=unconfined msg='unit=user@1000 comm=\"systemd\" exe=\"/usr/lib/systemd/systemd\" "
	  "hostname=? addr=? terminal=? res=success'" USER_TAIL "\n"}},
};

static const struct {
	const char *dir, *base;
} programs[] = {
	{"/usr/sbin/", "nginx"},       {"/usr/local/bin/", "redis-server"},
	{"/opt/venv/bin/", "python3"}, {"/usr/lib/jvm/bin/", "java"},
	{"/usr/local/bin/", "node"},   {"/usr/lib/postgresql/15/bin/", "postgres"},
	{"/usr/bin/", "curl"},         {"/usr/bin/", "busybox"},
};

static void die(const char *what)
{
	fprintf(stderr, "genlog: %s: %s\n", what, strerror(errno));
	exit(2);
}

/* SplitMix64 (Steele, Lea, Flood, "Fast Splittable Pseudorandom Number Generators", 2014). */
static uint64_t random_next(uint64_t *state)
{
	uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return z ^ (z >> 31);
}

/* Evenly 0 to limit - 1, for limits far below 2^32. */
static uint64_t random_below(uint64_t *state, uint64_t limit)
{
	return ((random_next(state) >> 32) * limit) >> 32;
}

static void out_flush(struct generator *g)
{
	size_t done = 0;

	while (done < g->out_size) {
		ssize_t n = write(STDOUT_FILENO, g->out + done, g->out_size - done);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			die("write");
		done += (size_t)n;
	}
	g->bytes += done;
	g->out_size = 0;
}

static char *put_text(char *to, const char *p, size_t n)
{
	memcpy(to, p, n);
	return to + n;
}

static char *put_decimal(char *to, uint64_t value)
{
	char digits[20];
	size_t at = sizeof(digits);

	do {
		digits[--at] = (char)('0' + value % 10);
		value /= 10;
	} while (value);
	return put_text(to, digits + at, sizeof(digits) - at);
}

static char *put_hex(char *to, uint64_t value, unsigned digits)
{
	while (digits--)
		*to++ = "0123456789abcdef"[(value >> (4 * digits)) & 15];
	return to;
}

static char *put_stamp(char *to, const struct line *line)
{
	uint64_t ms = line->ms % 1000;

	to = put_decimal(to, line->ms / 1000);
	*to++ = '.';
	*to++ = (char)('0' + ms / 100);
	*to++ = (char)('0' + ms / 10 % 10);
	*to++ = (char)('0' + ms % 10);
	*to++ = ':';
	return put_decimal(to, line->serial);
}

/* %s the stamp, %p a pid, %i an inode, %x an address, %n a number below 256. */
static char *render_template(char *to, const struct line *line)
{
	uint64_t random = line->random;
	const char *p = line->template;

	for (;;) {
		size_t n = strcspn(p, "%");

		to = put_text(to, p, n);
		p += n;
		if (!*p++)
			return to;
		switch (*p++) {
		case 's':
			to = put_stamp(to, line);
			break;
		case 'p':
			to = put_decimal(to, 1000 + random % 31768);
			break;
		case 'i':
			to = put_decimal(to, 262144 + random % 1000000);
			break;
		case 'x':
			to = put_hex(to, 0x7f0000000000 | (random & 0xffffffffff), 12);
			break;
		default:
			to = put_decimal(to, 1 + random % 255);
		}
		random = random * UINT64_C(0xd1342543de82ef95) + 1;
	}
}

static char *render_seccomp(char *to, const struct line *line)
{
	static const char head[] = "type=SECCOMP msg=audit(";
	static const char x86_64[] = "\x1d"
				     "AUID=\"unset\" UID=\"root\" GID=\"root\" ARCH=x86_64 "
				     "SYSCALL=unknown-syscall(-1)\n";
	static const char i386[] = "\x1d"
				   "AUID=\"unset\" UID=\"root\" GID=\"root\" ARCH=i386 "
				   "SYSCALL=unknown-syscall(-1)\n";
	bool native = line->key->arch == ARCH_X86_64;

	to = put_text(to, head, sizeof(head) - 1);
	to = put_stamp(to, line);
	to = put_text(to, line->key->text, line->key->text_size);
	to = put_hex(to, line->random, native ? 10 : 6);
	if (line->key->code == CODE_LOG)
		to = put_text(to, " code=0x7ffc0000", 16);
	else
		to = put_text(to, " code=0x50000", 13);
	if (native)
		return put_text(to, x86_64, sizeof(x86_64) - 1);
	return put_text(to, i386, sizeof(i386) - 1);
}

static void emit(struct generator *g, const struct line *line)
{
	char *to = g->out + g->out_size;

	to = line->key ? render_seccomp(to, line) : render_template(to, line);
	g->out_size = (size_t)(to - g->out);
	g->lines++;
	if (g->out_size > OUT_BYTES - LINE_MAX_BYTES)
		out_flush(g);
}

/* As the kernel prints an untrusted string: quoted, or in hex if a byte asks for it. */
static void untrusted(char *to, size_t size, const char *s)
{
	bool hex = false;

	for (const char *p = s; *p; p++)
		hex |= *p == '"' || *p < 0x21 || *p > 0x7e;
	if (!hex) {
		snprintf(to, size, "\"%s\"", s);
		return;
	}
	for (; *s; s++, to += 2)
		snprintf(to, 3, "%02X", (unsigned char)*s);
}

/* The name carries the container's number: no two programs share a key. */
static void key_name(struct key *key, uint64_t container, uint64_t program)
{
	const char *base = programs[program % ARRAY_SIZE(programs)].base;
	const char *dir = programs[program % ARRAY_SIZE(programs)].dir;
	char tail[24];
	int room;

	/* a space in a name makes the kernel write it in hex */
	if (container % 40 == 7 && program == 0) {
		base = "my app";
		dir = "/opt/my app/bin/";
	}
	if (program < ARRAY_SIZE(programs))
		snprintf(tail, sizeof(tail), "-c%03u", (unsigned)container);
	else
		snprintf(tail, sizeof(tail), "-c%03u.%u", (unsigned)container, (unsigned)program);
	room = COMM_MAX - (int)strlen(tail);
	snprintf(key->comm, sizeof(key->comm), "%.*s%s", room, base, tail);
	snprintf(key->exe, sizeof(key->exe), "%s%s%s", dir, base, tail);
}

static void key_init(struct key *key, const struct config *config, uint64_t number)
{
	uint64_t slot = number % config->syscalls;
	uint64_t process = number / config->syscalls;
	uint64_t container = process / config->programs;
	uint64_t program = process % config->programs;
	bool i386 = process % 64 == 33;
	char comm[2 * COMM_MAX + 3], exe[2 * sizeof(key->exe) + 1];
	int n;

	key_name(key, container, program);
	untrusted(comm, sizeof(comm), key->comm);
	untrusted(exe, sizeof(exe), key->exe);
	key->arch = i386 ? ARCH_I386 : ARCH_X86_64;
	key->nr = (uint32_t)((process * 13 + slot * NR_STRIDE) % NR_COUNT);
	key->code = slot % 16 == 15 ? CODE_ERRNO : CODE_LOG;
	key->last_minute = UINT64_MAX;
	n = asprintf(&key->text,
		     "): auid=4294967295 uid=0 gid=0 ses=4294967295 pid=%" PRIu64
		     " comm=%s exe=%s sig=0 arch=%x syscall=%u compat=%d ip=0x%s",
		     FIRST_PID + process, comm, exe, key->arch, key->nr, i386, i386 ? "f7" : "7f");
	if (n < 0)
		die("memory");
	key->text_size = (size_t)n;
}

static const struct event *pick_event(uint64_t *random)
{
	uint64_t total = 0, at;
	size_t i = 0;

	for (size_t e = 0; e < ARRAY_SIZE(events); e++)
		total += events[e].weight;
	at = random_below(random, total);
	while (at >= events[i].weight)
		at -= events[i++].weight;
	return &events[i];
}

/* How often an event has to be a SECCOMP record, of 2^32, for `share` percent of the lines. */
static uint64_t seccomp_odds(const struct config *config)
{
	double share = (double)config->share / 100;
	double lines = 0, weight = 0;

	if (!config->mixed)
		return UINT64_C(1) << 32;
	for (size_t e = 0; e < ARRAY_SIZE(events); e++) {
		for (size_t i = 0; i < ARRAY_SIZE(events[e].lines) && events[e].lines[i]; i++)
			lines += events[e].weight;
		weight += events[e].weight;
	}
	lines /= weight;
	return (uint64_t)(share * lines / (1 - share + share * lines) * 4294967296.0);
}

static void count_record(struct generator *g, struct key *key, uint64_t ms)
{
	uint64_t minute = ms / 60000;

	g->distinct += key->count++ == 0;
	g->key_minutes += key->last_minute != minute;
	key->last_minute = minute;
	if (g->records++ == 0)
		g->first_ms = ms;
	g->last_ms = ms;
}

/* Log time goes on by twice the mean gap at most; the clock shows whole ticks. */
static uint64_t advance(struct generator *g)
{
	uint64_t mean_ns = UINT64_C(1000000000) / g->config->rate;
	uint64_t ms;

	g->ns += random_next(&g->random) % (2 * mean_ns + 1);
	ms = g->config->start * 1000 + g->ns / 1000000;
	return ms - ms % TICK_MS + TICK_PHASE_MS;
}

static struct line next_line(struct generator *g)
{
	struct line line;

	if (!g->pending) {
		g->shared = (struct line){.ms = advance(g), .serial = g->serial++};
		if (random_next(&g->random) >> 32 >= g->seccomp_odds) {
			g->pending = pick_event(&g->random);
			g->pending_line = 0;
		}
	}
	line = g->shared;
	line.random = random_next(&g->random);
	if (!g->pending) {
		struct key *key = &g->keys[random_below(&g->random, g->key_count)];

		count_record(g, key, line.ms);
		line.key = key;
		return line;
	}
	line.template = g->pending->lines[g->pending_line++];
	if (g->pending_line == ARRAY_SIZE(g->pending->lines) || !g->pending->lines[g->pending_line])
		g->pending = NULL;
	return line;
}

static bool wanted(const struct generator *g)
{
	const struct config *config = g->config;

	if (config->records && g->records >= config->records)
		return false;
	return !config->bytes || g->bytes + g->out_size < config->bytes;
}

static void generate(struct generator *g)
{
	while (wanted(g)) {
		struct line window[WINDOW];
		unsigned n = 0;

		do
			window[n++] = next_line(g);
		while (n < WINDOW && (!g->config->records || g->records < g->config->records));
		/* Fisher and Yates: every order equally likely */
		while (n) {
			uint64_t at = random_below(&g->random, n);

			emit(g, &window[at]);
			window[at] = window[--n];
		}
	}
	out_flush(g);
}

static void write_truth(const struct generator *g)
{
	FILE *f = g->config->truth ? fopen(g->config->truth, "w") : stderr;

	if (!f)
		die(g->config->truth);
	fprintf(f,
		"{\"lines\": %" PRIu64 ", \"bytes\": %" PRIu64 ", \"records\": %" PRIu64
		", \"keys\": %" PRIu64 ", \"key_minutes\": %" PRIu64 ", \"first\": %" PRIu64
		".%03u, \"last\": %" PRIu64 ".%03u}\n",
		g->lines, g->bytes, g->records, g->distinct, g->key_minutes, g->first_ms / 1000,
		(unsigned)(g->first_ms % 1000), g->last_ms / 1000, (unsigned)(g->last_ms % 1000));
	if (f != stderr && fclose(f))
		die(g->config->truth);
}

/* Names hold no byte that JSON escapes. */
static void write_counts(const struct generator *g)
{
	const char *comma = "";
	FILE *f;

	if (!g->config->counts)
		return;
	f = fopen(g->config->counts, "w");
	if (!f)
		die(g->config->counts);
	fprintf(f, "{\"records\": %" PRIu64 ", \"counts\": [", g->records);
	for (uint64_t i = 0; i < g->key_count; i++) {
		const struct key *key = &g->keys[i];

		if (!key->count)
			continue;
		fprintf(f, "%s\n[\"%s\", \"%s\", %u, %u, %u, %" PRIu64 "]", comma, key->comm,
			key->exe, key->arch, key->nr, key->code, key->count);
		comma = ",";
	}
	fputs("]}\n", f);
	if (fclose(f))
		die(g->config->counts);
}

static const char usage[] =
	"usage: genlog --records N | --bytes N [OPTION...] > LOG\n"
	"  --records N     stop after N SECCOMP records\n"
	"  --bytes N       stop at N bytes, or a few lines more\n"
	"  --kind KIND     dense (SECCOMP records only, the default) or mixed\n"
	"  --share N       mixed: percent of the lines that are SECCOMP (10)\n"
	"  --rate N        events per second of log time (1000)\n"
	"  --start N       log time of the first event, seconds since the epoch (1795302141)\n"
	"  --containers N  (300)\n"
	"  --programs N    of each container (4)\n"
	"  --syscalls N    of each program (20)\n"
	"  --seed N        (1)\n"
	"  --truth FILE    what was written, as JSON; default standard error\n"
	"  --counts FILE   [comm, exe, arch, nr, code, n] of each key\n";

static void bad_usage(const char *what)
{
	fprintf(stderr, "genlog: %s\n%s", what, usage);
	exit(2);
}

enum option_kind {
	OPTION_NUMBER,
	OPTION_KIND,
	OPTION_TRUTH,
	OPTION_COUNTS,
	OPTION_HELP,
};

static const struct option options[] = {
	{"records", required_argument, NULL, OPTION_NUMBER},
	{"bytes", required_argument, NULL, OPTION_NUMBER},
	{"rate", required_argument, NULL, OPTION_NUMBER},
	{"seed", required_argument, NULL, OPTION_NUMBER},
	{"start", required_argument, NULL, OPTION_NUMBER},
	{"containers", required_argument, NULL, OPTION_NUMBER},
	{"programs", required_argument, NULL, OPTION_NUMBER},
	{"syscalls", required_argument, NULL, OPTION_NUMBER},
	{"share", required_argument, NULL, OPTION_NUMBER},
	{"kind", required_argument, NULL, OPTION_KIND},
	{"truth", required_argument, NULL, OPTION_TRUTH},
	{"counts", required_argument, NULL, OPTION_COUNTS},
	{"help", no_argument, NULL, OPTION_HELP},
	{NULL, 0, NULL, 0},
};

/* Where each option of OPTION_NUMBER goes, in the order of options[], and what it may be. */
static const struct number {
	size_t offset;
	uint64_t min, max;
} numbers[] = {
	{offsetof(struct config, records), 1, UINT64_MAX},
	{offsetof(struct config, bytes), 1, UINT64_MAX},
	{offsetof(struct config, rate), 1, 1000000},
	{offsetof(struct config, seed), 0, UINT64_MAX},
	{offsetof(struct config, start), 1, UINT32_MAX},
	{offsetof(struct config, containers), 1, 9999},
	{offsetof(struct config, programs), 1, 999},
	{offsetof(struct config, syscalls), 1, NR_COUNT},
	{offsetof(struct config, share), 1, 99},
};

static void set_number(struct config *config, size_t index, const char *text)
{
	const struct number *number = &numbers[index];
	uint64_t value;
	char *end;

	errno = 0;
	value = strtoull(text, &end, 10);
	if (errno || *end || end == text || value < number->min || value > number->max)
		bad_usage("a number is not one, or out of its range");
	memcpy((char *)config + number->offset, &value, sizeof(value));
}

static void parse_options(struct config *config, int argc, char **argv)
{
	int kind, index;

	while ((kind = getopt_long(argc, argv, "", options, &index)) != -1) {
		switch (kind) {
		case OPTION_NUMBER:
			set_number(config, (size_t)index, optarg);
			break;
		case OPTION_KIND:
			config->mixed = strcmp(optarg, "mixed") == 0;
			if (!config->mixed && strcmp(optarg, "dense") != 0)
				bad_usage("--kind is dense or mixed");
			break;
		case OPTION_TRUTH:
			config->truth = optarg;
			break;
		case OPTION_COUNTS:
			config->counts = optarg;
			break;
		case OPTION_HELP:
			fputs(usage, stdout);
			exit(0);
		default:
			bad_usage("unknown option");
		}
	}
	if (optind != argc || (!config->records && !config->bytes))
		bad_usage("--records or --bytes is needed, and nothing but options");
}

int main(int argc, char **argv)
{
	struct config config = {
		.rate = 1000,
		.seed = 1,
		.start = 1795302141,
		.containers = 300,
		.programs = 4,
		.syscalls = 20,
		.share = 10,
	};
	struct generator g = {.config = &config, .serial = FIRST_SERIAL};

	parse_options(&config, argc, argv);
	g.random = config.seed;
	g.seccomp_odds = seccomp_odds(&config);
	g.key_count = config.containers * config.programs * config.syscalls;
	g.keys = calloc(g.key_count, sizeof(*g.keys));
	g.out = malloc(OUT_BYTES);
	if (!g.keys || !g.out)
		die("memory");
	for (uint64_t i = 0; i < g.key_count; i++)
		key_init(&g.keys[i], &config, i);

	generate(&g);
	write_truth(&g);
	write_counts(&g);
	for (uint64_t i = 0; i < g.key_count; i++)
		free(g.keys[i].text);
	free(g.keys);
	free(g.out);
	return 0;
}
