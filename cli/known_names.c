#include "base/nearest.h"
#include "cli/reading.h"
#include "base/texts.h"
#include "report/text.h"

#include <errno.h>

/* Names that a message lists where none is near. */
#define LISTED_MAX 3

/* One kind of name: where the selection has it, and what is known of it. */
struct kind {
	const char *option;
	size_t choice; /* offset in struct selection */
	size_t name;   /* offset of a struct str in struct container; SIZE_MAX: the node */
};

static const struct kind kinds[] = {
	{"container", offsetof(struct selection, container), offsetof(struct container, name)},
	{"image", offsetof(struct selection, image), offsetof(struct container, image)},
	{"pod", offsetof(struct selection, pod), offsetof(struct container, pod)},
	{"namespace", offsetof(struct selection, namespace), offsetof(struct container, namespace)},
	{"workload", offsetof(struct selection, workload), offsetof(struct container, workload)},
	{"node", offsetof(struct selection, node), SIZE_MAX},
};

struct collecting {
	const struct kind *kind;
	struct texts names;
	size_t count; /* containers, or observations */
};

static int add_container(const struct container_summary *summary, void *context)
{
	struct collecting *collecting = context;
	const struct kind *kind = collecting->kind;
	const struct container *container = &summary->container;
	struct str name =
		kind->name == SIZE_MAX
			? summary->node
			: *(const struct str *)(const void *)((const char *)container + kind->name);

	collecting->count++;
	if (name.n)
		texts_add(&collecting->names, name);
	return 0;
}

static int add_observation(const struct observation *observation, void *context)
{
	struct collecting *collecting = context;

	collecting->count++;
	texts_add(&collecting->names, observation->node);
	return 0;
}

/* Counts what matches, and collects the names. */
static int collect(struct store *store, const struct selection *selection,
		   struct collecting *collecting, struct err *err)
{
	bool is_node = collecting->kind->name == SIZE_MAX;
	int r = query_known_containers(store, selection, add_container, collecting, err);

	/* a node may have no container; its observations are many, so they are asked for last */
	if (r == 0 && is_node && (collecting->count == 0 || !selection->node.count))
		r = query_observations(store, selection, add_observation, collecting, err);
	texts_sort(&collecting->names);
	return r;
}

static const char *name_at(size_t i, const void *context)
{
	const struct texts *names = context;

	return i < names->count ? names->all[i] : NULL;
}

static int refuse(const struct invocation *invocation, struct store *store, const struct kind *kind,
		  const char *value, struct err *err)
{
	static const struct selection everything;
	struct collecting known = {.kind = kind};
	int r = collect(store, &everything, &known, err);
	const char *near = nearest_find(str_from(value), name_at, &known.names);
	BUF_AUTO text = {0};

	for (size_t i = 0; !near && i < known.names.count && i < LISTED_MAX; i++) {
		buf_put_str(&text, i ? STR(", ") : STR(" (known: "));
		text_put(&text, text_known_id(str_from(known.names.all[i])));
	}
	if (text.n)
		buf_put_str(&text, known.names.count > LISTED_MAX ? STR(" ...)") : STR(")"));
	else if (!near)
		buf_format(&text, " (no %s is known)", kind->option);
	if (near) {
		buf_put_str(&text, STR(" (did you mean "));
		text_put(&text, str_from(near));
		buf_put_str(&text, STR("?)"));
	}
	if (r == 0)
		r = err_set(err, ENOENT, "%s: --%s: unknown name '%.200s'%s",
			    invocation->command->name, kind->option, value, text.p ? text.p : "");
	texts_release(&known.names);
	return r;
}

int reading_check_names(const struct invocation *invocation, struct store *store,
			const struct selection *selection, struct err *err)
{
	int r = 0;

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		const struct choice *choice =
			(const void *)((const char *)selection + kinds[i].choice);

		for (size_t k = 0; k < choice->count && r == 0; k++) {
			struct selection one = {0};
			struct collecting found = {.kind = &kinds[i]};

			*(struct choice *)(void *)((char *)&one + kinds[i].choice) =
				(struct choice){&choice->values[k], 1};
			r = collect(store, &one, &found, err);
			texts_release(&found.names);
			if (r == 0 && found.count == 0)
				r = refuse(invocation, store, &kinds[i], choice->values[k], err);
		}
	}
	return r;
}
