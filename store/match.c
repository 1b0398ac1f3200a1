#include "store/match.h"

#include "ingest/action.h"
#include "ingest/arch.h"
#include "ingest/node.h"

#include <fnmatch.h>
#include <stdio.h>

/* fnmatch(3) wants C strings; what does not fit, or holds a NUL, matches nothing but itself. */
#define VALUE_SIZE 8448

static bool value_matches(const char *wanted, struct str value, int flags)
{
	char text[VALUE_SIZE];

	if (str_eq(str_from(wanted), value))
		return true;
	if (!strpbrk(wanted, "*?[") || value.n >= sizeof(text) ||
	    memchr(value.p ? value.p : "", '\0', value.n))
		return false;
	if (value.n)
		memcpy(text, value.p, value.n);
	text[value.n] = '\0';
	return fnmatch(wanted, text, flags) == 0;
}

bool choice_matches(const struct choice *choice, struct str value)
{
	for (size_t i = 0; i < choice->count; i++)
		if (value_matches(choice->values[i], value, 0))
			return true;
	return choice->count == 0;
}

/* What Docker, Podman and CRI runtimes give: 32 random bytes in hex. */
#define ID_DIGITS 64

static bool looks_like_id(struct str name)
{
	size_t n = 0;

	while (n < name.n &&
	       ((name.p[n] >= '0' && name.p[n] <= '9') || (name.p[n] >= 'a' && name.p[n] <= 'f')))
		n++;
	/* "@UID": a user's container */
	return n == ID_DIGITS && (n == name.n || name.p[n] == '@');
}

/* A container is named by its name, a glob of it, or the beginning of its id. Where a name that
 * people chose serves as the id, its beginning is not enough, as "web" is not "web-db", unless that
 * is an id; nor is that of an unprivileged user's ("ID@UID"). */
static bool container_named(const struct choice *choice, const struct container *container)
{
	bool is_users = str_chr(container->id, '@') < container->id.n;
	bool has_id = (!is_users && !str_eq(container->id, container->name)) ||
		      looks_like_id(container->id);

	for (size_t i = 0; i < choice->count; i++) {
		struct str wanted = str_from(choice->values[i]);

		if (value_matches(choice->values[i], container->name, 0) ||
		    value_matches(choice->values[i], container->id, 0) ||
		    (has_id && wanted.n && str_starts(container->id, wanted)))
			return true;
	}
	return choice->count == 0;
}

/* Host names know no case (RFC 4343). */
bool match_node(const struct selection *selection, struct str node)
{
	char label[NODE_LABEL_SIZE], wanted[NODE_LABEL_SIZE];

	for (size_t i = 0; i < selection->node.count; i++) {
		struct str name = str_from(selection->node.values[i]);

		if (value_matches(selection->node.values[i], node, FNM_CASEFOLD) ||
		    str_eq(node_label(name, wanted), node_label(node, label)))
			return true;
	}
	return selection->node.count == 0;
}

bool match_container(const struct selection *selection, const struct container *container,
		     struct str node)
{
	return match_node(selection, node) && container_named(&selection->container, container) &&
	       choice_matches(&selection->image, container->image) &&
	       choice_matches(&selection->pod, container->pod) &&
	       choice_matches(&selection->namespace, container->namespace) &&
	       choice_matches(&selection->workload,
			      container->workload.n ? container->workload : container->name);
}

bool match_names_containers(const struct selection *selection)
{
	return selection->container.count || selection->image.count || selection->pod.count ||
	       selection->namespace.count || selection->workload.count;
}

/* Whose records: the containers that are asked for, the host's, the unattributed ones. */
static bool match_attribution(const struct selection *selection,
			      const struct observation *observation)
{
	bool named = match_names_containers(selection);
	bool only = selection->host || selection->unattributed;

	switch (observation->attribution) {
	case ATTRIBUTION_CONTAINER:
		return (named || !only) &&
		       match_container(selection, &observation->container, observation->node);
	case ATTRIBUTION_HOST:
		return selection->host || (!named && !only);
	case ATTRIBUTION_UNATTRIBUTED:
		return selection->unattributed || (!named && !only);
	}
	return false;
}

static struct str arch_text(const struct observation *observation)
{
	uint32_t token = arch_token(observation->arch, observation->nr);

	return observation->has_arch ? str_from(arch_name(token)) : str_of(NULL, 0);
}

static bool match_action(const struct choice *choice, uint32_t code)
{
	char hex[16];
	const char *name = action_name(code);

	snprintf(hex, sizeof(hex), "0x%x", code);
	return choice_matches(choice, str_from(name ? name : hex));
}

static bool match_syscall(const struct choice *choice, const struct observation *observation)
{
	char name[SYSCALL_NAME_SIZE];

	if (choice->count == 0)
		return true;
	if (!observation->has_arch)
		return false;
	syscall_name(observation->arch, observation->nr, name);
	return choice_matches(choice, str_from(name));
}

bool match_observation(const struct selection *selection, const struct observation *observation)
{
	return match_attribution(selection, observation) &&
	       match_node(selection, observation->node) &&
	       choice_matches(&selection->comm, observation->comm) &&
	       choice_matches(&selection->exe, observation->exe) &&
	       match_syscall(&selection->syscall, observation) &&
	       choice_matches(&selection->arch, arch_text(observation)) &&
	       match_action(&selection->action, observation->code);
}
