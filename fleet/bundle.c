#include "fleet/bundle.h"

#include "store/mark.h"
#include "store/varint.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <unistd.h>

#define MAGIC     "sclog bundle 1\n"
#define END       0xff
#define MARK_SIZE 8

static int put_row(void *context, enum share_kind kind, const struct share_value *values,
		   struct err *err)
{
	const struct share_table *table = &share_tables[kind];
	struct buf *bundle = context;
	uint64_t nulls = 0;

	for (size_t i = 0; i < table->count; i++)
		nulls |= (uint64_t)values[i].null << i;
	buf_put_char(bundle, (char)kind);
	varint_put(bundle, nulls);
	for (size_t i = 0; i < table->count; i++) {
		if (values[i].null)
			continue;
		if (table->columns[i].type == SHARE_INT) {
			varint_put(bundle, varint_zigzag(values[i].number));
			continue;
		}
		varint_put(bundle, values[i].bytes.n);
		buf_put_str(bundle, values[i].bytes);
	}
	if (bundle->n > BUNDLE_MAX)
		return err_set(err, EFBIG, "the store has more than a bundle can hold (1 GiB)");
	return 0;
}

int bundle_make(struct store *store, const char *name, bool all, struct buf *bundle,
		struct share_head *ret_head, struct err *err)
{
	struct share_known known;
	char uuid[SHARE_UUID_SIZE];
	uint64_t mark;
	int result = store_share_bundled(store, &known, uuid, err);

	known.all = all;
	if (result == 0)
		result =
			store_share_begin(store, name, &known, store_share_random(), ret_head, err);
	buf_put_str(bundle, STR(MAGIC));
	if (result == 0)
		result = store_share_rows(store, put_row, bundle, err);
	store_share_end(store);
	if (result < 0)
		return result;
	buf_put_char(bundle, (char)END);
	mark = htole64(mark_of(0, buf_str(bundle)));
	buf_put(bundle, &mark, sizeof(mark));
	return 0;
}

bool bundle_is(const char *path)
{
	return file_begins(path, MAGIC, sizeof(MAGIC) - 1);
}

int bundle_read(const char *path, struct buf *bundle, char ret_foreign[FILE_WHY_SIZE],
		struct err *err)
{
	uint64_t mark;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	int result = fd < 0 ? -errno : file_read_all(fd, BUNDLE_MAX + 64, bundle);

	ret_foreign[0] = '\0';
	if (fd >= 0) {
		file_is_foreign(fd, ret_foreign);
		close(fd);
	}
	if (result < 0)
		return err_errno(err, -result, "bundle '%s'", path);
	if (bundle->n < sizeof(MAGIC) + MARK_SIZE || !str_starts(buf_str(bundle), STR(MAGIC)))
		return err_set(err, EINVAL,
			       "'%s' is not a bundle: make one with `sclog push --to FILE`", path);
	bundle->n -= MARK_SIZE;
	memcpy(&mark, bundle->p + bundle->n, sizeof(mark));
	if ((unsigned char)bundle->p[bundle->n - 1] != END ||
	    le64toh(mark) != mark_of(0, buf_str(bundle)))
		return err_set(err, EUCLEAN,
			       "bundle '%s': it was cut off or changed on its way: copy it again",
			       path);
	return 0;
}

static bool take_row(struct str *rows, enum share_kind *ret_kind,
		     struct share_value values[SHARE_COLUMNS_MAX])
{
	unsigned kind = (unsigned char)rows->p[0];
	uint64_t nulls, number;

	if (kind >= SHARE_KIND_COUNT)
		return false;
	const struct share_table *table = &share_tables[kind];

	*rows = str_skip(*rows, 1);
	if (!varint_take(rows, &nulls))
		return false;
	for (size_t i = 0; i < table->count; i++) {
		values[i] = (struct share_value){.null = nulls >> i & 1};
		if (values[i].null)
			continue;
		if (!varint_take(rows, &number))
			return false;
		if (table->columns[i].type == SHARE_INT) {
			values[i].number = varint_unzigzag(number);
			continue;
		}
		if (number > rows->n)
			return false;
		values[i].bytes = str_of(rows->p, (size_t)number);
		*rows = str_skip(*rows, (size_t)number);
	}
	*ret_kind = (enum share_kind)kind;
	return true;
}

int bundle_rows(const struct buf *bundle, share_row_fn *each, void *context, struct err *err)
{
	struct str rows = str_skip(buf_str(bundle), sizeof(MAGIC) - 1);
	struct share_value values[SHARE_COLUMNS_MAX];
	enum share_kind kind;
	int result = 0;

	while (rows.n > 1 && result == 0) {
		if (!take_row(&rows, &kind, values))
			return err_set(err, EUCLEAN, "damaged or forged: malformed row");
		result = each(context, kind, values, err);
	}
	return result;
}

struct load {
	struct share_taker *taker;
	struct bundle_counts counts;
};

static int load_row(void *context, enum share_kind kind, const struct share_value *values,
		    struct err *err)
{
	struct load *load = context;

	load->counts.known = share_taker_knows(load->taker);
	if (load->counts.known)
		return 0;
	load->counts.days += kind == SHARE_DAY;
	return share_taker_put(load->taker, kind, values, err);
}

/* Takes up all rows of the file. */
static int load_file(struct load *load, const char *path, struct err *err)
{
	struct err why = ERR_INIT;
	BUF_AUTO bundle = {0};
	int result = bundle_read(path, &bundle, load->counts.foreign, err);

	if (load->counts.foreign[0])
		share_taker_set_foreign(load->taker);
	if (result == 0)
		result = bundle_rows(&bundle, load_row, load, &why);
	if (result == 0 && !load->counts.known)
		result = share_taker_finish(load->taker, &why);
	if (result < 0 && why.code)
		return err_set(err, why.code, "bundle '%s': %s", path, why.message);
	return result;
}

int bundle_load(struct store *store, const char *path, struct bundle_counts *ret_counts,
		struct err *err)
{
	struct load load = {.taker = share_taker_new(store, false)};
	int result = load_file(&load, path, err);

	share_taker_free(load.taker);
	*ret_counts = load.counts;
	return result;
}

int bundle_open(const char *path, struct store **ret_store, struct share_head *ret_head,
		struct err *err)
{
	struct load load = {.taker = NULL};
	int result = store_open(NULL, STORE_MEMORY, NULL, ret_store, err);

	if (result < 0)
		return result;
	load.taker = share_taker_new(*ret_store, true);
	result = load_file(&load, path, err);
	*ret_head = *share_taker_head(load.taker);
	share_taker_free(load.taker);
	if (result == 0 && load.counts.foreign[0])
		return err_set(err, EACCES,
			       "bundle '%s' %s: load it after `chown %u FILE && chmod go-w FILE`, "
			       "if you trust it",
			       path, load.counts.foreign, (unsigned)geteuid());
	return result;
}
