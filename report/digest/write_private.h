/*
 * What the writers of a digest share.
 */
#ifndef SCLOG_REPORT_DIGEST_WRITE_PRIVATE_H
#define SCLOG_REPORT_DIGEST_WRITE_PRIVATE_H

#include "report/digest/model.h"
#include "report/sentences.h"

void digest_write_text(const struct digest_facts *facts, const json_t *model, FILE *out);
void digest_write_markdown(const struct digest_facts *facts, const json_t *model, FILE *out);
void digest_write_html(const struct digest_facts *facts, const json_t *model, FILE *out);
void digest_write_json(const struct digest_facts *facts, const json_t *model, FILE *out);
void digest_write_prometheus(const struct digest_facts *facts, const json_t *model, FILE *out);
void digest_write_junit(const struct digest_facts *facts, const json_t *model, FILE *out);
void digest_write_sarif(const struct digest_facts *facts, const json_t *model, FILE *out);

/* timeline_html.c: a section with a drawing and a table. */
void timeline_write_html(const struct timeline *timeline, FILE *out);

/* How many groups there are: of workloads, or of what is in no container and of pause containers. */
struct digest_counts {
	size_t groups, statuses[3]; /* by enum diff_status, with a profile */
	size_t with_new, with_refused;
	uint64_t records;
};
struct digest_counts write_counts(const struct digest_facts *facts, bool of_workloads);

/* "54 of 55 workloads would break, 0 ready, 1 cannot tell"; without a profile what was seen. Appends. */
void write_put_summary(struct buf *buf, const struct digest_facts *facts);

/* "chroot (2x), swapoff (2x)": of a list of findings or calls; an arch that is not this machine's
 * is named. Each syscall of an arch once, its counts added up. Appends the calls from `first` to
 * `end`, without `end`; returns how many there are. */
size_t write_put_calls(struct buf *buf, const json_t *calls, size_t first, size_t end);

/* The first of them, "and 49 more". Appends. */
void write_put_first_calls(struct buf *buf, const json_t *calls);

/* What a line or a cell shows of a list that nobody has to act on, such as new calls. */
#define FIRST_CALLS 20

/* "1.27", "sha256:268887c643f8": a version of a change of the drift, safe for a terminal. */
void write_put_version(struct buf *buf, const json_t *version);

/* Why it cannot be told that a call of this change really came or went; nothing where it can. */
void write_put_doubt(struct buf *buf, const json_t *change);

/* Records of which the drift knows no image. */
uint64_t write_without_image(const json_t *model);

/* "2026-11-22T00:00:00Z", without its fraction, of a model's time; "" for null. */
struct str write_time(const json_t *object, const char *key);

/* What is said of groups beside their calls, each section with its title: why they cannot be judged, that
 * they use io_uring, and how much of them was seen. */
void write_each_remark(const struct digest_facts *facts, sentence_fn *each, void *context);

/* Groups that a sentence names, and lines of a section. */
#define GROUPS_MAX 200

/* "from ... to ...", or "up to ...". */
void write_put_window(struct buf *buf, const json_t *model);

/* Bytes as text of XML or HTML, and as an attribute's value: what XML 1.0 cannot hold, and what
 * could lead a reader astray, as \xNN. */
void write_put_xml(struct buf *buf, struct str text);

#endif
