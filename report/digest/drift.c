#include "report/digest/drift.h"

#include "base/mem.h"
#include "base/sorted.h"
#include "ingest/arch.h"
#include "report/format.h"
#include "report/json.h"

#include <search.h>
#include <stdlib.h>

/* Of a SHA-256 in hexadecimal: an image's id. */
#define ID_DIGITS 64

struct drift_call {
	bool has_arch;
	uint32_t arch; /* AUDIT_ARCH_* */
	int32_t nr;
	bool was_before;
	uint64_t count;
};

struct version {
	struct str image; /* owned, as are those of the key */
	struct group_key key;
	struct str name;      /* of the image without its version, in `image`; empty: not known */
	struct str container; /* empty: whichever it is; owned */
	enum coverage coverage;
	uint64_t records;
	int64_t first_ms, last_ms;
	struct drift_call *calls; /* by arch and number */
	size_t call_count;
};

struct drift {
	bool knows_before;
	struct version **versions; /* by line and first record once it is finished */
	size_t count;
	void *tree;             /* of versions, see tsearch(3) */
	uint64_t without_image; /* records of containers whose image is not known */
};

struct drift *drift_new(bool knows_before)
{
	struct drift *drift = mem_new(1, sizeof(*drift));

	drift->knows_before = knows_before;
	return drift;
}

void drift_free(struct drift *drift)
{
	if (!drift)
		return;
	mem_tdestroy(drift->tree);
	for (size_t i = 0; i < drift->count; i++) {
		struct version *version = drift->versions[i];

		group_key_release(&version->key);
		free((void *)(uintptr_t)version->image.p);
		free((void *)(uintptr_t)version->container.p);
		free(version->calls);
		free(version);
	}
	free(drift->versions);
	free(drift);
}

/* "sha256:" and 64 digits, or the digits alone. */
static bool is_id(struct str image)
{
	if (str_starts(image, STR("sha256:")))
		image = str_skip(image, sizeof("sha256:") - 1);
	for (size_t i = 0; i < image.n; i++)
		if (image.p[i] == '\0' || !strchr("0123456789abcdef", image.p[i]))
			return false;
	return image.n == ID_DIGITS;
}

/* The image without its tag and digest: a colon before the last slash is that of a port. */
static struct str name_of(struct str image)
{
	struct str name = str_of(image.p, str_chr(image, '@'));
	size_t slash = 0;

	if (is_id(image))
		return str_of(image.p, 0);
	for (size_t i = 0; i < name.n; i++)
		if (name.p[i] == '/')
			slash = i;
	return str_of(name.p, slash + str_chr(str_skip(name, slash), ':'));
}

static int compare_lines(const struct version *a, const struct version *b)
{
	int order = group_key_compare(&a->key, &b->key);

	if (order == 0)
		order = str_compare(a->name, b->name);
	return order ? order : str_compare(a->container, b->container);
}

static int compare_versions(const void *a, const void *b)
{
	const struct version *one = a, *other = b;
	int order = compare_lines(one, other);

	return order ? order : str_compare(one->image, other->image);
}

static struct version *version_for(struct drift *drift, const struct observation *observation)
{
	const struct container *container = &observation->container;
	struct version probe = {
		.image = container->image,
		.key = group_key_of_container(container, observation->node, GROUP_BY_WORKLOAD),
		.name = name_of(container->image),
	};

	if (container->pod.n > 0 || probe.name.n == 0)
		probe.container = container->name.n ? container->name : container->id;
	struct version **found = tfind(&probe, &drift->tree, compare_versions);

	if (found)
		return *found;
	struct version *version = mem_new(1, sizeof(*version));

	*version = probe;
	version->image.p = mem_copy(probe.image);
	version->name.p = version->image.p;
	version->key = group_key_copy(&probe.key);
	version->container.p = mem_copy(probe.container);
	version->coverage = container->coverage;
	drift->versions = mem_more(drift->versions, drift->count, sizeof(struct version *));
	drift->versions[drift->count++] = version;
	mem_tsearch(version, &drift->tree, compare_versions);
	return version;
}

static int compare_calls(const void *a, const void *b)
{
	const struct drift_call *one = a, *other = b;

	if (one->has_arch != other->has_arch)
		return (int)one->has_arch - (int)other->has_arch;
	if (one->arch != other->arch)
		return one->arch < other->arch ? -1 : 1;
	return (one->nr > other->nr) - (one->nr < other->nr);
}

/* NULL where the version has as many calls as are kept. */
static struct drift_call *call_for(struct version *version, const struct drift_call *call)
{
	size_t at;

	if (sorted_find(version->calls, version->call_count, sizeof(*call), call, compare_calls,
			&at))
		return &version->calls[at];
	if (version->call_count == DRIFT_CALLS_MAX)
		return NULL;
	version->calls =
		sorted_insert(version->calls, version->call_count++, sizeof(*call), at, call);
	return &version->calls[at];
}

void drift_add(struct drift *drift, const struct observation *observation, bool before)
{
	struct drift_call key = {
		.has_arch = observation->has_arch,
		.arch = observation->has_arch ? observation->arch : 0,
		.nr = observation->nr,
	};

	if (observation->attribution != ATTRIBUTION_CONTAINER)
		return;
	if (observation->container.image.n == 0) {
		drift->without_image += observation->count;
		return;
	}
	struct version *version = version_for(drift, observation);
	struct drift_call *call = call_for(version, &key);

	if (version->records == 0 || observation->first_ms < version->first_ms)
		version->first_ms = observation->first_ms;
	if (version->records == 0 || observation->last_ms > version->last_ms)
		version->last_ms = observation->last_ms;
	version->records += observation->count;
	if (observation_coverage(observation) < version->coverage)
		version->coverage = observation_coverage(observation);
	if (!call) {
		version->coverage = COVERAGE_UNKNOWN;
		return;
	}
	call->count += observation->count;
	call->was_before |= before;
}

static int sort_versions(const void *a, const void *b)
{
	const struct version *one = *(struct version *const *)a,
			     *other = *(struct version *const *)b;
	int order = compare_lines(one, other);

	if (order == 0)
		order = (one->first_ms > other->first_ms) - (one->first_ms < other->first_ms);
	return order ? order : str_compare(one->image, other->image);
}

void drift_finish(struct drift *drift)
{
	if (drift->count)
		qsort(drift->versions, drift->count, sizeof(*drift->versions), sort_versions);
}

/* Calls of the one that the other does not make. */
static json_t *only_of(const struct version *one, const struct version *other)
{
	json_t *list = json_array();

	for (size_t i = 0, j = 0; i < one->call_count; i++) {
		const struct drift_call *call = &one->calls[i];
		char name[SYSCALL_NAME_SIZE], text[FORMAT_NAME_SIZE];

		while (j < other->call_count && compare_calls(&other->calls[j], call) < 0)
			j++;
		if (j < other->call_count && compare_calls(&other->calls[j], call) == 0)
			continue;
		syscall_name(call->arch, call->nr, name);
		json_array_append_new(
			list,
			json_pack("{s:s,s:i,s:o,s:o}", "syscall", name, "nr", (int)call->nr, "arch",
				  call->has_arch
					  ? json_string(format_arch(call->arch, call->nr, text))
					  : json_null(),
				  "count", json_from_count(call->count)));
	}
	return list;
}

static json_t *version_json(const struct version *version)
{
	json_t *object = json_object();
	struct str after = str_skip(version->image, version->name.n);

	if (version->name.n && after.n)
		after = str_skip(after, 1); /* the colon or the @ */
	json_object_set_new(object, "image", json_from_str(version->image));
	json_object_set_new(object, "version", json_from_str(after));
	json_object_set_new(object, "records", json_from_count(version->records));
	json_object_set_new(object, "first", json_from_ms(version->first_ms, true));
	json_object_set_new(object, "last", json_from_ms(version->last_ms, true));
	json_object_set_new(object, "coverage", json_string(coverage_name(version->coverage)));
	return object;
}

static json_t *change_json(const struct version *from, const struct version *to)
{
	json_t *object = json_object();
	BUF_AUTO title = {0};

	group_key_put_name(&title, &to->key);
	json_object_set_new(object, "key", group_key_json(&to->key));
	json_object_set_new(object, "title", json_from_str(buf_str(&title)));
	json_object_set_new(object, "container", json_from_known(to->container));
	json_object_set_new(object, "repository", json_from_known(to->name));
	json_object_set_new(object, "from", version_json(from));
	json_object_set_new(object, "to", version_json(to));
	json_object_set_new(object, "came", only_of(to, from));
	json_object_set_new(object, "went", only_of(from, to));
	return object;
}

static bool makes_new_calls(const struct version *version)
{
	for (size_t i = 0; i < version->call_count; i++)
		if (!version->calls[i].was_before)
			return true;
	return false;
}

/* Whether that version and the one before it are of one line, and are compared. */
static bool is_change(const struct drift *drift, size_t index)
{
	return index > 0 &&
	       compare_lines(drift->versions[index - 1], drift->versions[index]) == 0 &&
	       (!drift->knows_before || makes_new_calls(drift->versions[index]));
}

bool drift_is_seen(const struct drift *drift)
{
	for (size_t i = 0; i < drift->count; i++) {
		if (!is_change(drift, i))
			continue;
		const struct version *a = drift->versions[i - 1], *b = drift->versions[i];

		if (a->call_count != b->call_count)
			return true;
		for (size_t k = 0; k < a->call_count; k++)
			if (compare_calls(&a->calls[k], &b->calls[k]) != 0)
				return true;
	}
	return false;
}

json_t *drift_json(const struct drift *drift)
{
	json_t *changes = json_array();

	for (size_t i = 0; i < drift->count; i++)
		if (is_change(drift, i))
			json_array_append_new(
				changes, change_json(drift->versions[i - 1], drift->versions[i]));
	return json_pack("{s:o,s:o}", "changes", changes, "records_without_image",
			 json_from_count(drift->without_image));
}
