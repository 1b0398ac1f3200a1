/*
 * Framings: whose line is it, when was it, and what is the record? A row for each framing that
 * auditd, the kernel, rsyslog, journald, dmesg and ausearch write, and for what a container can
 * make them write. Times come from date(1).
 */
#include "ingest/framing.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>

#define S(literal)                           \
	{                                    \
		literal, sizeof(literal) - 1 \
	}

/* 2026-11-21T23:01:34Z, 2026-11-21T23:04:54Z */
#define AT   1795302094000
#define THEN 1795302294000
#define NOW  1795305600000

#define FIELDS                                                                            \
	"auid=4294967295 uid=0 gid=0 ses=4294967295 pid=19499 comm=\"true\" "             \
	"exe=\"/usr/bin/true\" sig=0 arch=c000003e syscall=3 compat=0 ip=0x7f2ef1723a07 " \
	"code=0x7ffc0000"
#define STAMP  "audit(1795302094.454:787): "
#define RECORD "audit: type=1326 " STAMP FIELDS

struct row {
	const char *name;
	struct str text;
	enum framed_kind kind;
	enum source_kind source;
	const char *node; /* NULL: this host */
	int64_t ms;
	bool no_serial, full_stream, interpreted;
};

#define SYSLOG  .kind = FRAMED_RECORD, .source = SOURCE_SYSLOG, .ms = AT + 454, .full_stream = true
#define AUDITD  .kind = FRAMED_RECORD, .source = SOURCE_LOG, .ms = AT + 454
#define JOURNAL .kind = FRAMED_RECORD, .source = SOURCE_JOURNAL
#define KIND(k) .kind = FRAMED_##k

/* clang-format off */
static const struct row rows[] = {
	/* auditd */
	{"RAW", S("type=SECCOMP msg=" STAMP FIELDS), AUDITD, .full_stream = true},
	{"ENRICHED", S("type=SECCOMP msg=" STAMP FIELDS "\x1d" "AUID=\"unset\""), AUDITD,
	 .full_stream = true},
	{"node=", S("node=worker-3 type=SECCOMP msg=" STAMP FIELDS), AUDITD, .node = "worker-3",
	 .full_stream = true},
	{"node= in full", S("node=worker-3.example.org type=SECCOMP msg=" STAMP FIELDS), AUDITD,
	 .node = "worker-3.example.org", .full_stream = true},
	{"type by number", S("type=1326 msg=" STAMP FIELDS), AUDITD, .full_stream = true},
	{"UNKNOWN[1326]", S("type=UNKNOWN[1326] msg=" STAMP FIELDS), AUDITD, .full_stream = true},
	{"CRLF", S("type=SECCOMP msg=" STAMP FIELDS "\r"), AUDITD, .full_stream = true},
	{"old kernel: no audit:", S("type=1326 " STAMP FIELDS), KIND(RECORD), .ms = AT + 454,
	 .source = SOURCE_LOG},
	{"blanks double after the stamp", S("type=SECCOMP msg=audit(1795302094.454:787):  " FIELDS),
	 AUDITD, .full_stream = true},
	{"ausearch -i", S("type=SECCOMP msg=audit(11/21/26 23:04:54.062:787) : auid=unset uid=root "
	 "gid=root ses=unset pid=5 comm=c exe=/c sig=SIG0 arch=x86_64 syscall=getppid compat=0 "
	 "ip=0x7fd2 code=log "), KIND(RECORD), .source = SOURCE_LOG, .ms = THEN + 62,
	 .interpreted = true, .full_stream = true},
	{"ausearch -i, four digits of the year", S("type=SECCOMP msg=audit(11/21/2026 "
	 "23:04:54.062:787) : auid=unset uid=root gid=root ses=unset pid=5 comm=c exe=/c sig=SIG0 "
	 "arch=x86_64 syscall=getppid compat=0 ip=0x7fd2 code=log "), KIND(RECORD),
	 .source = SOURCE_LOG, .ms = THEN + 62, .interpreted = true, .full_stream = true},
	{"ausearch -i with node=", S("node=worker-3 type=SECCOMP msg=audit(11/21/26 "
	 "23:04:54.062:787) : auid=unset uid=root gid=root ses=unset pid=5 comm=c exe=/c sig=SIG0 "
	 "arch=x86_64 syscall=getppid compat=0 ip=0x7fd2 code=log "), KIND(RECORD),
	 .source = SOURCE_LOG, .ms = THEN + 62, .node = "worker-3", .interpreted = true,
	 .full_stream = true},
	{"another type", S("type=SYSCALL msg=audit(1795302094.454:787): arch=c000003e syscall=3"),
	 KIND(AUDIT), .ms = AT + 454, .full_stream = true},
	{"another type that mentions ours", S("type=USER_CMD msg=audit(1795302094.454:787): pid=1 "
	 "uid=0 msg='type=SECCOMP msg=" STAMP FIELDS " res=success'"), KIND(AUDIT), .ms = AT + 454,
	 .full_stream = true},
	{"a user's record", S("type=USER msg=audit(1795302094.454:787): pid=1 uid=0 "
	 "msg='kernel: " RECORD "'"), KIND(AUDIT), .ms = AT + 454, .full_stream = true},
	{"auditd's own records", S("type=DAEMON_START msg=audit(1795302094.454:1): op=start"),
	 KIND(OTHER)},
	{"a type that begins like ours", S("type=SECCOMPX msg=audit(1795302094.454:787): x"),
	 KIND(AUDIT), .ms = AT + 454, .full_stream = true},
	{"type 13260", S("type=13260 msg=audit(1795302094.454:787): x"), KIND(AUDIT),
	 .ms = AT + 454, .full_stream = true},
	{"no stamp", S("type=SECCOMP msg=" FIELDS), KIND(UNSTAMPED)},
	{"broken stamp", S("type=SECCOMP msg=audit(x): " FIELDS), KIND(UNSTAMPED)},

	/* the kernel in syslog */
	{"traditional", S("Nov 21 23:01:34 vm kernel: " RECORD), SYSLOG},
	{"day of one digit", S("Nov  1 23:01:34 vm kernel: " RECORD), SYSLOG},
	{"blanks double after the tag", S("Nov 21 23:01:34 vm kernel:  " RECORD), SYSLOG},
	{"printk time", S("Nov 21 23:01:34 vm kernel: [  711.918371] " RECORD), SYSLOG},
	{"printk time, long up", S("Nov 21 23:01:34 vm kernel: [26083697.172104] " RECORD), SYSLOG},
	{"printk caller id", S("Nov 21 23:01:34 vm kernel: [26083697.172104][   T55] " RECORD), SYSLOG},
	{"printk caller id, CPU", S("Nov 21 23:01:34 vm kernel: [  711.918371][    C1] " RECORD),
	 SYSLOG},
	{"printk caller id, a blank between", S("Nov 21 23:01:34 vm kernel: [  711.918371] [   T55] "
	 RECORD), SYSLOG},
	{"priority", S("<5>Nov 21 23:01:34 vm kernel: [  711.918371] " RECORD), SYSLOG},
	{"facility.severity", S("Nov 21 23:01:34 vm kern.notice kernel: [  711.918371] " RECORD),
	 SYSLOG},
	{"RFC 3339", S("2026-11-21T23:01:34.381697+00:00 vm kernel: " RECORD), SYSLOG},
	{"RFC 3339 with priority", S("<5>2026-11-21T23:01:34.381697+00:00 vm kernel: " RECORD), SYSLOG},
	{"RFC 3339, Z", S("2026-11-21T23:01:34Z vm kernel: [  711.918371] " RECORD), SYSLOG},
	{"no audit: of an old kernel", S("Nov 21 23:01:34 vm kernel: type=1326 " STAMP FIELDS), SYSLOG},
	{"no audit:, printk time", S("Nov 21 23:01:34 vm kernel: [  711.918371] type=1326 " STAMP
	 FIELDS), SYSLOG},
	{"another host", S("Nov 21 23:01:34 web1 kernel: " RECORD), SYSLOG, .node = "web1"},
	{"another host in full", S("2026-11-21T23:01:34Z web1.example.org kernel: " RECORD), SYSLOG,
	 .node = "web1.example.org"},
	{"this host in full", S("Nov 21 23:01:34 vm.example.org kernel: " RECORD), SYSLOG},
	{"this host in capitals", S("Nov 21 23:01:34 VM kernel: " RECORD), SYSLOG},
	{"a host that begins like this one", S("Nov 21 23:01:34 vm2 kernel: " RECORD), SYSLOG,
	 .node = "vm2"},
	{"an address", S("Nov 21 23:01:34 10.0.1.2 kernel: " RECORD), SYSLOG, .node = "10.0.1.2"},
	{"an IPv6 address", S("Nov 21 23:01:34 fe80::1 kernel: " RECORD), SYSLOG, .node = "fe80::1"},
	{"month in German", S("Mai 21 23:01:34 vm kernel: " RECORD), SYSLOG},
	{"month in German, with a dot", S("Nov. 21 23:01:34 vm kernel: " RECORD), SYSLOG},
	{"month in French", S("ao\xc3\xbbt 21 23:01:34 vm kernel: " RECORD), SYSLOG},
	{"month in Russian", S("\xd0\xbd\xd0\xbe\xd1\x8f 21 23:01:34 vm kernel: " RECORD), SYSLOG},
	{"month in Japanese", S("11\xe6\x9c\x88 21 23:01:34 vm kernel: " RECORD), SYSLOG},
	{"month in Korean", S("11\xec\x9b\x94 21 23:01:34 vm kernel: " RECORD), SYSLOG},
	{"newline escaped", S("Nov 21 23:01:34 vm kernel: " RECORD "#012"), SYSLOG},
	{"CRLF in syslog", S("Nov 21 23:01:34 vm kernel: " RECORD "\r"), SYSLOG},
	{"RFC 5424", S("<5>1 2026-11-21T23:01:34.381697+00:00 web1 kernel - - - " RECORD), SYSLOG,
	 .node = "web1"},

	/* dmesg and /dev/kmsg */
	{"dmesg", S("[  711.918371] " RECORD), SYSLOG},
	{"dmesg with caller id", S("[  711.918371][   T55] " RECORD), SYSLOG},
	{"dmesg -T", S("[Sat Nov 21 23:01:34 2026] " RECORD), SYSLOG},
	{"dmesg -T, day of one digit", S("[Sun Nov  1 23:01:34 2026] " RECORD), SYSLOG},
	{"dmesg -d", S("[  711.918371 <    0.000012>] " RECORD), SYSLOG},
	{"dmesg -Td", S("[Sat Nov 21 23:01:34 2026 <    0.000012>] " RECORD), SYSLOG},
	{"dmesg --time-format=delta", S("[<    0.000012>] " RECORD), SYSLOG},
	{"dmesg -e", S("[Nov21 23:01] " RECORD), SYSLOG},
	{"dmesg -e, day of one digit", S("[Nov 1 23:01] " RECORD), SYSLOG},
	{"dmesg -e, later lines", S("[  +0.000012] " RECORD), SYSLOG},
	{"dmesg --time-format=iso", S("2026-11-21T23:01:34,381697+00:00 " RECORD), SYSLOG},
	{"dmesg --time-format=iso with caller id", S("2026-11-21T23:01:34,381697+00:00 [   T55] "
	 RECORD), SYSLOG},
	{"dmesg --time-format=iso, a loss", S("2026-11-21T23:01:34,381697+00:00 "
	 "kauditd_printk_skb: 473 callbacks suppressed"), KIND(NOTICE), .source = SOURCE_SYSLOG,
	 .ms = AT + 381},
	{"brackets without a time", S("[ ] " RECORD), KIND(UNTRUSTED)},
	{"a syslog stamp without a host", S("2026-11-21T23:01:34.381697+00:00 " RECORD),
	 KIND(UNTRUSTED)},
	{"dmesg -x", S("kern  :notice: [  711.918371] " RECORD), SYSLOG},
	{"dmesg -r", S("<5>[  711.918371] " RECORD), SYSLOG},
	{"kmsg", S("5,1234,711918371,-;" RECORD), SYSLOG},
	{"kmsg with caller id", S("5,1234,711918371,-,caller=T55;" RECORD), SYSLOG},
	{"kmsg, no flag", S("6,1234,711918371,c;" RECORD), SYSLOG},

	/* journald's text: no serial, the header's time */
	{"journald audit", S("Nov 21 23:01:34 vm audit[19499]: SECCOMP " FIELDS), JOURNAL,
	 .ms = AT, .no_serial = true},
	{"journald audit, RFC 3339", S("2026-11-21T23:01:34.454000+00:00 vm audit[19499]: SECCOMP "
	 FIELDS), JOURNAL, .ms = AT + 454, .no_serial = true},
	{"journald audit, short-iso", S("2026-11-21T23:01:34+0000 vm audit[19499]: SECCOMP "
	 FIELDS), JOURNAL, .ms = AT, .no_serial = true},
	{"journald audit of another host", S("Nov 21 23:01:34 web1 audit[19499]: SECCOMP " FIELDS),
	 JOURNAL, .ms = AT, .node = "web1", .no_serial = true},
	{"journald audit, month unknown", S("Foo 21 23:01:34 vm audit[19499]: SECCOMP " FIELDS),
	 KIND(UNSTAMPED)},
	{"journald audit of another type", S("Nov 21 23:01:34 vm audit[1]: SYSCALL arch=c000003e"),
	 KIND(OTHER)},

	/* journalctl -o json */
	{"journal JSON, audit", S("{\"_TRANSPORT\":\"audit\",\"_AUDIT_TYPE\":\"1326\","
	 "\"_AUDIT_ID\":\"787\",\"_SOURCE_REALTIME_TIMESTAMP\":\"1795302094454000\","
	 "\"__REALTIME_TIMESTAMP\":\"1795302095000000\",\"_HOSTNAME\":\"vm\","
	 "\"MESSAGE\":\"SECCOMP auid=0 pid=1\"}"), JOURNAL, .full_stream = true, .ms = AT + 454},
	{"journal JSON, another host", S("{\"_TRANSPORT\":\"audit\",\"_AUDIT_TYPE\":\"1326\","
	 "\"_AUDIT_ID\":\"787\",\"_SOURCE_REALTIME_TIMESTAMP\":\"1795302094454999\","
	 "\"_HOSTNAME\":\"web1\",\"MESSAGE\":\"SECCOMP auid=0 pid=1\",\"_EXE\":null}"), JOURNAL, .full_stream = true,
	 .ms = AT + 454, .node = "web1"},
	{"journal JSON, kernel", S("{\"_TRANSPORT\":\"kernel\",\"_HOSTNAME\":\"vm\","
	 "\"_SOURCE_MONOTONIC_TIMESTAMP\":\"711918371\",\"MESSAGE\":\"audit: type=1326 "
	 "audit(1795302094.454:787): auid=0 pid=1\"}"), JOURNAL, .full_stream = true, .ms = AT + 454},
	{"journal JSON, message in bytes", S("{\"_TRANSPORT\":\"audit\",\"_AUDIT_TYPE\":\"1326\","
	 "\"_AUDIT_ID\":\"787\",\"_SOURCE_REALTIME_TIMESTAMP\":\"1795302094454000\","
	 "\"MESSAGE\":[83,69,67,67,79,77,80,32,97,117,105,100,61,48]}"), JOURNAL, .full_stream = true, .ms = AT + 454},
	{"journal JSON, kernel message in bytes", S("{\"_TRANSPORT\":\"kernel\","
	 "\"MESSAGE\":[97,117,100,105,116,58,32,116,121,112,101,61,49,51,50,54,32,97,117,100,105,116,"
	 "40,49,55,57,53,51,48,50,48,57,52,46,52,53,52,58,55,56,55,41,58,32,97,117,105,100,61,48]}"),
	 JOURNAL, .full_stream = true, .ms = AT + 454},
	{"journal JSON, no serial", S("{\"_TRANSPORT\":\"audit\",\"_AUDIT_TYPE\":\"1326\","
	 "\"_SOURCE_REALTIME_TIMESTAMP\":\"1795302094454000\",\"MESSAGE\":\"SECCOMP auid=0\"}"),
	 JOURNAL, .ms = AT + 454, .no_serial = true},
	{"journal JSON, another audit type", S("{\"_TRANSPORT\":\"audit\",\"_AUDIT_TYPE\":\"1300\","
	 "\"_AUDIT_ID\":\"787\",\"_SOURCE_REALTIME_TIMESTAMP\":\"1795302094454000\","
	 "\"MESSAGE\":\"SYSCALL arch=c000003e\"}"), KIND(OTHER)},
	{"journal JSON, another type with our words", S("{\"_TRANSPORT\":\"audit\","
	 "\"_AUDIT_TYPE\":\"1112\",\"_AUDIT_ID\":\"787\",\"_SOURCE_REALTIME_TIMESTAMP\":"
	 "\"1795302094454000\",\"MESSAGE\":\"SECCOMP auid=0 pid=1\"}"), KIND(OTHER)},
	{"journal JSON, spoofed by syslog", S("{\"_TRANSPORT\":\"syslog\",\"_HOSTNAME\":\"vm\","
	 "\"SYSLOG_IDENTIFIER\":\"kernel\",\"MESSAGE\":\"audit: type=1326 "
	 "audit(1795302094.454:787): auid=0 pid=1\"}"), KIND(UNTRUSTED)},
	{"journal JSON, spoofed by stdout", S("{\"_TRANSPORT\":\"stdout\",\"AUDIT_TYPE\":\"1326\","
	 "\"MESSAGE\":\"SECCOMP auid=0 pid=1\"}"), KIND(UNTRUSTED)},
	{"journal JSON, a command line that looks like the message", S("{\"_CMDLINE\":\"SECCOMP auid=0 "
	 "pid=666 x\",\"_TRANSPORT\":\"audit\",\"_AUDIT_TYPE\":\"1300\",\"MESSAGE\":\"SYSCALL a=b\"}"),
	 KIND(OTHER)},
	{"journal JSON, fields in an object", S("{\"_TRANSPORT\":\"syslog\",\"x\":{\"_TRANSPORT\":"
	 "\"kernel\"},\"MESSAGE\":\"audit: type=1326 " STAMP "auid=0 pid=1\"}"), KIND(UNTRUSTED)},
	{"journal JSON, fields without _", S("{\"TRANSPORT\":\"audit\",\"_TRANSPORT\":\"journal\","
	 "\"AUDIT_ID\":\"7\",\"MESSAGE\":\"audit: type=1326 " STAMP "auid=0 pid=1\"}"),
	 KIND(UNTRUSTED)},
	/* journald reads /dev/kmsg, and notes the facility: 0 is the kernel's alone (devkmsg_write()) */
	{"journal JSON, kernel, facility 0", S("{\"_TRANSPORT\":\"kernel\",\"SYSLOG_FACILITY\":\"0\","
	 "\"MESSAGE\":\"audit: type=1326 audit(1795302094.454:787): auid=0 pid=1\"}"), JOURNAL,
	 .full_stream = true, .ms = AT + 454},
	{"journal JSON, spoofed through /dev/kmsg", S("{\"_TRANSPORT\":\"kernel\","
	 "\"SYSLOG_FACILITY\":\"1\",\"_HOSTNAME\":\"vm\",\"MESSAGE\":\"audit: type=1326 "
	 "audit(1795302094.454:787): auid=0 pid=1\"}"), KIND(UNTRUSTED)},
	{"journal JSON, the same, fields in another order", S("{\"MESSAGE\":\"audit: type=1326 "
	 "audit(1795302094.454:787): auid=0 pid=1\",\"_TRANSPORT\":\"kernel\","
	 "\"SYSLOG_FACILITY\":\"3\"}"), KIND(UNTRUSTED)},
	{"JSON of something else", S("{\"log\":\"type=1326 " STAMP "auid=0 pid=1\\n\","
	 "\"stream\":\"stdout\"}"), KIND(UNTRUSTED)},

	/* what a container can send */
	{"after another tag", S("Nov 21 23:01:34 vm myapp: " RECORD), KIND(UNTRUSTED)},
	{"after a tag with pid", S("Nov 21 23:01:34 vm myapp[12]: type=1326 " STAMP FIELDS),
	 KIND(UNTRUSTED)},
	{"kernel: in the text", S("Nov 21 23:01:34 vm myapp: kernel: " RECORD), KIND(UNTRUSTED)},
	{"a header in the text", S("Nov 21 23:01:34 vm myapp: Nov 21 23:01:34 vm kernel: " RECORD),
	 KIND(UNTRUSTED)},
	{"a header in the text of no tag", S("Nov 21 23:01:34 vm Nov 21 23:01:34 vm kernel: " RECORD),
	 KIND(UNTRUSTED)},
	{"auditd's line after a tag", S("Nov 21 23:01:34 vm audispd: type=SECCOMP msg=" STAMP FIELDS),
	 KIND(UNTRUSTED)},
	{"a tag that ends in kernel", S("Nov 21 23:01:34 vm my-kernel: " RECORD), KIND(UNTRUSTED)},
	{"a tag that begins with kernel", S("Nov 21 23:01:34 vm kernel-x: " RECORD), KIND(UNTRUSTED)},
	{"kernel with a pid", S("Nov 21 23:01:34 vm kernel[1]: " RECORD), KIND(UNTRUSTED)},
	{"a blank before kernel", S("Nov 21 23:01:34 vm x kernel: " RECORD), KIND(UNTRUSTED)},
	{"logger's priority", S("<13>Nov 21 23:01:34 vm kernel: " RECORD), KIND(UNTRUSTED)},
	{"logger's facility", S("Nov 21 23:01:34 vm user.notice kernel: " RECORD), KIND(UNTRUSTED)},
	{"a facility that begins like the kernel's", S("Nov 21 23:01:34 vm kernx.notice kernel: "
	 RECORD), KIND(UNTRUSTED)},
	{"RFC 5424, user", S("<13>1 2026-11-21T23:01:34Z vm kernel - - - " RECORD), KIND(UNTRUSTED)},
	{"RFC 5424, another name", S("<5>1 2026-11-21T23:01:34Z vm app - - - " RECORD),
	 KIND(UNTRUSTED)},
	{"kmsg by user space", S("12,1234,711918371,-;" RECORD), KIND(UNTRUSTED)},
	{"journald audit by priority of user space", S("<13>Nov 21 23:01:34 vm audit[19499]: SECCOMP "
	 FIELDS), KIND(UNTRUSTED)},
	{"journald audit in the text", S("Nov 21 23:01:34 vm myapp: audit[19499]: SECCOMP " FIELDS),
	 KIND(UNTRUSTED)},
	{"journald audit's tag without a pid", S("Nov 21 23:01:34 vm audit: SECCOMP " FIELDS),
	 KIND(UNTRUSTED)},
	{"in the kernel's own text, but not first", S("Nov 21 23:01:34 vm kernel: process 'x "
	 RECORD "' started"), KIND(UNTRUSTED)},
	{"no framing", S("hello " RECORD), KIND(UNTRUSTED)},
	{"indented", S(" type=SECCOMP msg=" STAMP FIELDS), KIND(UNTRUSTED)},

	/* others */
	{"empty", S(""), KIND(OTHER)},
	{"ausearch's separator", S("----"), KIND(TEXT)},
	{"ausearch's time", S("time->Sat Nov 21 23:02:36 2026"), KIND(TEXT)},
	{"a line of syslog", S("Nov 21 23:01:34 vm sshd[1]: Accepted publickey"), KIND(TEXT)},
	{"a line of the kernel", S("Nov 21 23:01:34 vm kernel: eth0: link up"), KIND(TEXT)},
	{"another record of the kernel", S("Nov 21 23:01:34 vm kernel: audit: type=1400 " STAMP
	 "apparmor=\"DENIED\""), KIND(AUDIT), .source = SOURCE_SYSLOG, .ms = AT + 454,
	 .full_stream = true},
};

static const struct {
	const char *name;
	struct str text;
	enum framed_kind kind;
	enum notice_kind notice;
	uint64_t count;
} notices[] = {
	{"printk", S("2026-11-21T23:01:34.000+00:00 vm kernel: kauditd_printk_skb: 473 callbacks "
	 "suppressed"), FRAMED_NOTICE, NOTICE_PRINTK, 473},
	{"printk of an old kernel", S("Nov 21 23:01:34 vm kernel: [  7.918371] audit_printk_skb: 9 "
	 "callbacks suppressed"), FRAMED_NOTICE, NOTICE_PRINTK, 9},
	{"lost", S("Nov 21 23:01:34 vm kernel: [  711.918371] audit: audit_lost=48606 "
	 "audit_rate_limit=0 audit_backlog_limit=64"), FRAMED_NOTICE, NOTICE_LOST, 48606},
	{"backlog", S("Nov 21 23:01:34 vm kernel: audit: audit_backlog=65 > audit_backlog_limit=64"),
	 FRAMED_NOTICE, NOTICE_BACKLOG, 0},
	{"backlog exceeded", S("Nov 21 23:01:34 vm kernel: audit: backlog limit exceeded"),
	 FRAMED_NOTICE, NOTICE_BACKLOG, 0},
	{"rate", S("Nov 21 23:01:34 vm kernel: audit: rate limit exceeded"), FRAMED_NOTICE,
	 NOTICE_RATE, 0},
	{"hold queue", S("Nov 21 23:01:34 vm kernel: audit: kauditd hold queue overflow"),
	 FRAMED_NOTICE, NOTICE_QUEUE, 0},
	{"retry queue", S("Nov 21 23:01:34 vm kernel: audit: kauditd retry queue overflow"),
	 FRAMED_NOTICE, NOTICE_QUEUE, 0},
	{"spoofed", S("Nov 21 23:01:34 vm myapp: audit: audit_lost=48606 audit_rate_limit=0"),
	 FRAMED_UNTRUSTED, 0, 0},
	{"spoofed by priority", S("<13>Nov 21 23:01:34 vm kernel: audit: backlog limit exceeded"),
	 FRAMED_UNTRUSTED, 0, 0},
	{"spoofed in JSON", S("{\"_TRANSPORT\":\"syslog\",\"MESSAGE\":\"audit: backlog limit "
	 "exceeded\"}"), FRAMED_UNTRUSTED, 0, 0},
	{"spoofed through /dev/kmsg", S("{\"_TRANSPORT\":\"kernel\",\"SYSLOG_FACILITY\":\"1\","
	 "\"MESSAGE\":\"audit: backlog limit exceeded\"}"), FRAMED_UNTRUSTED, 0, 0},
};

/* What /dev/kmsg makes of a text (kernel/printk/printk.c, msg_add_ext_text()): a backslash and what
 * is not printable become \\xHH; the text was the right-hand one. */
static const struct {
	struct str escaped, fields;
} escapes[] = {
	{S("auid=0 comm=\"a\\x5cb\""), S("auid=0 comm=\"a\\b\"")},
	{S("auid=0 comm=\"\\x5c\\x5c\""), S("auid=0 comm=\"\\\\\"")},
	/* once: what looks like an escape afterwards was the program's own text */
	{S("auid=0 comm=\"\\x5cx41\""), S("auid=0 comm=\"\\x41\"")},
	{S("auid=0 comm=\"a\\x09b\""), S("auid=0 comm=\"a\tb\"")},
	{S("auid=0 exe=\"/\\xc3\\xa9\""), S("auid=0 exe=\"/\xc3\xa9\"")},
	/* none of the kernel's: capitals, too short, at the end */
	{S("auid=0 comm=\"\\x5C\""), S("auid=0 comm=\"\\x5C\"")},
	{S("auid=0 comm=\"\\x5\""), S("auid=0 comm=\"\\x5\"")},
	{S("auid=0 comm=\\x5"), S("auid=0 comm=\\x5")},
	{S("auid=0 comm=\\"), S("auid=0 comm=\\")},
};
/* clang-format on */

static struct framing *new_framing(bool trust_all)
{
	struct framing_options options = {
		.host = STR("vm"), .now_ms = NOW, .trust_all = trust_all, .mixed = true};

	setenv("TZ", "UTC", 1);
	tzset();

	return framing_new(&options);
}

static struct line line_of(struct str text)
{
	return (struct line){.text = text, .number = 1, .ended = true};
}

static void check_record(const struct row *row, const struct framed *framed)
{
	struct str node = str_from(row->node);

	if (framed->source != row->source)
		fail_msg("%s: source %d, not %d", row->name, framed->source, row->source);
	if (framed->ms != row->ms)
		fail_msg("%s: at %lld, not %lld", row->name, (long long)framed->ms,
			 (long long)row->ms);
	if (row->kind == FRAMED_RECORD && framed->has_serial == row->no_serial)
		fail_msg("%s: has_serial is %d", row->name, framed->has_serial);
	if (!row->no_serial && framed->serial != 787)
		fail_msg("%s: serial %d %u", row->name, framed->has_serial, framed->serial);
	if (!str_eq(framed->node, node))
		fail_msg("%s: node '%.*s'", row->name, (int)framed->node.n, framed->node.p);
	if (framed->interpreted != row->interpreted)
		fail_msg("%s: interpreted is %d", row->name, framed->interpreted);
	if (framed->full_stream != row->full_stream)
		fail_msg("%s: full_stream is %d", row->name, framed->full_stream);
	if (row->kind == FRAMED_RECORD && !str_starts(framed->fields, STR("auid=")))
		fail_msg("%s: fields '%.*s'", row->name, (int)framed->fields.n, framed->fields.p);
}

/*
 * Lines stand in memory of just their size, so that a read past the end is found. Only pcre2's
 * JIT reads on, whole vectors, which valgrind takes for a use of what was never written.
 */
#ifdef __SANITIZE_ADDRESS__
#define SLACK 0
#else
#define SLACK 64
#endif

static void test_row(void **state)
{
	const struct row *row = *state;
	struct framing *framing = new_framing(false);
	char *copy = calloc(1, row->text.n + 1 + SLACK);
	struct line line = line_of(str_of(copy, row->text.n));
	struct framed framed;

	memcpy(copy, row->text.p, row->text.n);
	framing_read(framing, &line, &framed);
	if (framed.kind != row->kind)
		fail_msg("%s: kind %d, not %d", row->name, framed.kind, row->kind);
	if (row->kind == FRAMED_RECORD || row->kind == FRAMED_AUDIT)
		check_record(row, &framed);
	free(copy);
	framing_free(framing);
}

static void test_notices(void **state)
{
	struct framing *framing = new_framing(false);

	(void)state;
	for (size_t i = 0; i < sizeof(notices) / sizeof(*notices); i++) {
		struct line line = line_of(notices[i].text);
		struct framed framed;

		framing_read(framing, &line, &framed);
		if (framed.kind != notices[i].kind)
			fail_msg("%s: kind %d", notices[i].name, framed.kind);
		if (framed.kind != FRAMED_NOTICE)
			continue;
		assert_int_equal(framed.notice.kind, notices[i].notice);
		assert_int_equal(framed.notice.count, notices[i].count);
		assert_true(framed.ms == AT);
	}
	framing_free(framing);
}

/* --trust-all takes every row that is refused for its framing alone and has its own time. */
static void test_kmsg_escapes(void **state)
{
	struct framing *framing = new_framing(false);

	(void)state;
	for (size_t i = 0; i < sizeof(escapes) / sizeof(*escapes); i++) {
		struct str escaped = escapes[i].escaped, want = escapes[i].fields;
		char text[256];
		int n = snprintf(text, sizeof(text), "5,1,2,-;audit: type=1326 " STAMP "%.*s",
				 (int)escaped.n, escaped.p);
		struct line line = line_of(str_of(text, (size_t)n));
		struct framed framed;

		framing_read(framing, &line, &framed);
		assert_int_equal(framed.kind, FRAMED_RECORD);
		if (!str_eq(framed.fields, want))
			fail_msg("%.*s: is '%.*s'", (int)escaped.n, escaped.p, (int)framed.fields.n,
				 framed.fields.p);
	}
	framing_free(framing);
}

static void test_trust_all(void **state)
{
	static const char stamp[] = "audit(1795302094.454:787)";
	struct framing *framing = new_framing(true);

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct line line = line_of(rows[i].text);
		struct framed framed;

		if (rows[i].kind != FRAMED_UNTRUSTED ||
		    !memmem(line.text.p, line.text.n, stamp, sizeof(stamp) - 1))
			continue;
		framing_read(framing, &line, &framed);
		if (framed.kind != FRAMED_RECORD || framed.ms != AT + 454 || framed.serial != 787)
			fail_msg("%s: kind %d", rows[i].name, framed.kind);
	}
	framing_free(framing);
}

/* Nor does it change anything about a row that is trusted, or that is none. */
static void test_trust_all_changes_nothing(void **state)
{
	struct framing *framing = new_framing(false), *trusting = new_framing(true);

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct line line = line_of(rows[i].text);
		struct framed framed, trusted;

		framing_read(framing, &line, &framed);
		framing_read(trusting, &line, &trusted);
		if (framed.kind != FRAMED_UNTRUSTED && trusted.kind != framed.kind)
			fail_msg("%s: kind %d", rows[i].name, trusted.kind);
	}
	framing_free(framing);
	framing_free(trusting);
}

/* Feeds a text line by line; returns how many records the kernel wrote in it. */
static unsigned count_records(struct framing *framing, struct str text)
{
	unsigned count = 0;
	uint64_t offset = 0;

	while (text.n) {
		size_t n = str_chr(text, '\n');
		struct line line = {.text = str_of(text.p, n), .offset = offset, .ended = true};
		struct framed framed;

		framing_read(framing, &line, &framed);
		count += framed.kind == FRAMED_RECORD;
		n = n < text.n ? n + 1 : n;
		offset += n;
		text = str_skip(text, n);
	}
	return count;
}

#define ENTRY                                                                            \
	"__CURSOR=s=1\n__REALTIME_TIMESTAMP=1795302094999000\n_TRANSPORT=audit\n"        \
	"_AUDIT_TYPE=1326\n_AUDIT_ID=787\n_SOURCE_REALTIME_TIMESTAMP=1795302094454000\n" \
	"MESSAGE=SECCOMP " FIELDS "\n\n"

/* Entries of an export, and lines of other logs behind it, as in a concatenation. */
static void test_export(void **state)
{
	static const struct str text = S(ENTRY ENTRY "type=SECCOMP msg=" STAMP FIELDS "\n");
	struct framing *framing = new_framing(false);

	(void)state;
	assert_int_equal(count_records(framing, text), 3);
	framing_free(framing);
}

/* A container's message may hold newlines: then it is a binary value, and nothing in it counts. */
static void test_export_spoofed(void **state)
{
	static const char fake[] = "x\n\n" ENTRY "type=SECCOMP msg=" STAMP FIELDS
				   "\nNov 21 23:01:34 vm kernel: " RECORD "\n";
	struct framing *framing = new_framing(false);
	char text[4096] = {0};
	int n = snprintf(text, sizeof(text), "__CURSOR=s=0\n_TRANSPORT=syslog\nMESSAGE\n");

	(void)state;
	for (unsigned i = 0; i < 8; i++)
		text[n++] = (char)((sizeof(fake) - 1) >> (8 * i) & 255);
	n += snprintf(text + n, sizeof(text) - (size_t)n, "%s\n\n%s", fake, ENTRY);
	assert_int_equal(count_records(framing, str_of(text, (size_t)n)), 1);
	framing_free(framing);
}

static struct framing *new_single_framing(const char *name, const char *unwrap)
{
	struct framing_options options = {
		.host = STR("vm"), .now_ms = NOW, .framing = name, .unwrap = unwrap};

	return framing_new(&options);
}

#define RAW_LINE    "type=SECCOMP msg=" STAMP FIELDS "\n"
#define SYSLOG_LINE "Nov 21 23:01:34 vm kernel: " RECORD "\n"
#define DMESG_LINE  "[  711.918371] " RECORD "\n"
#define JSON_LINE   "{\"log\":\"type=1326 " STAMP "auid=0 pid=1\"}\n"

/* The first line that shows a framing decides: what stands behind a newline in a message of some
 * program looks as the program likes. */
static void test_one_framing(void **state)
{
	static const struct {
		const char *framing, *unwrap;
		struct str text;
		unsigned records;
	} logs[] = {
		{NULL, NULL, S(SYSLOG_LINE RAW_LINE SYSLOG_LINE), 2},
		{NULL, NULL, S("Nov 21 23:01:34 vm app: two\n" RAW_LINE), 0},
		{NULL, NULL, S("Nov 21 23:01:34 vm app: two\n" DMESG_LINE JSON_LINE), 0},
		{NULL, NULL, S("Nov 21 23:01:34 vm app: two\n    " SYSLOG_LINE), 0},
		{NULL, NULL, S(RAW_LINE SYSLOG_LINE), 1},
		{NULL, NULL, S(DMESG_LINE RAW_LINE JSON_LINE), 1},
		{NULL, NULL, S(JSON_LINE RAW_LINE JSON_LINE), 2},
		{NULL, NULL, S("{\"x\":1}\n" RAW_LINE SYSLOG_LINE), 0},
		{NULL, NULL, S(ENTRY RAW_LINE), 1},
		{NULL, NULL, S("some words of a person\n\n" SYSLOG_LINE), 1},
		{"auditd", NULL, S(SYSLOG_LINE RAW_LINE), 1},
		{"syslog", NULL, S(RAW_LINE SYSLOG_LINE), 1},
		{NULL, "none", S(JSON_LINE RAW_LINE), 1},
		{NULL, "json", S(RAW_LINE JSON_LINE), 1},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(logs) / sizeof(*logs); i++) {
		struct framing *framing = new_single_framing(logs[i].framing, logs[i].unwrap);
		unsigned records = count_records(framing, logs[i].text);

		if (records != logs[i].records)
			fail_msg("log %zu: %u records, not %u", i, records, logs[i].records);
		framing_free(framing);
	}
}

/* An entry that a cut file left open does not swallow the next input. */
static void test_restart(void **state)
{
	static const struct str cut =
		S("__CURSOR=s=0\n_TRANSPORT=audit\nMESSAGE\n\xff\xff\0\0\0\0\0\0x");
	static const struct str next = S("type=SECCOMP msg=" STAMP FIELDS "\n");
	struct framing *framing = new_framing(false);

	(void)state;
	assert_int_equal(count_records(framing, cut), 0);
	framing_restart(framing);
	assert_int_equal(count_records(framing, next), 1);
	framing_free(framing);
}

#define ROWS  (sizeof(rows) / sizeof(*rows))
#define FIXED 8

int main(void)
{
	struct CMUnitTest tests[ROWS + FIXED] = {
		cmocka_unit_test(test_one_framing),
		cmocka_unit_test(test_notices),
		cmocka_unit_test(test_kmsg_escapes),
		cmocka_unit_test(test_trust_all),
		cmocka_unit_test(test_trust_all_changes_nothing),
		cmocka_unit_test(test_export),
		cmocka_unit_test(test_export_spoofed),
		cmocka_unit_test(test_restart),
	};

	for (size_t i = 0; i < ROWS; i++)
		tests[FIXED + i] =
			(struct CMUnitTest){.name = rows[i].name,
					    .test_func = test_row,
					    .initial_state = (void *)(uintptr_t)&rows[i]};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
