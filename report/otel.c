#include "report/otel.h"

#include "report/json.h"

static void put(json_t *object, const char *name, struct str value)
{
	if (value.n)
		json_object_set_new(object, name, json_from_str(value));
}

static size_t last_of(struct str text, char c)
{
	size_t n = text.n;

	while (n && text.p[n - 1] != c)
		n--;
	return n;
}

/* "registry:5000/shop/web:1.2@sha256:..." is an image "registry:5000/shop/web" with the tag "1.2". */
static void put_image(json_t *object, struct str image)
{
	struct str name = str_of(image.p, str_chr(image, '@'));
	size_t colon = last_of(name, ':');

	if (colon > last_of(name, '/') && colon < name.n) {
		json_t *tags = json_array();

		json_array_append_new(tags, json_from_str(str_skip(name, colon)));
		json_object_set_new(object, "container.image.tags", tags);
		name.n = colon - 1;
	}
	put(object, "container.image.name", name);
}

static void put_container(json_t *object, const struct container *container, struct str node)
{
	put(object, "container.id", container->id);
	put(object, "container.name", container->name);
	put(object, "container.runtime", container->runtime);
	if (container->image.n)
		put_image(object, container->image);
	if (!container->pod.n)
		return;
	put(object, "k8s.pod.name", container->pod);
	put(object, "k8s.namespace.name", container->namespace);
	put(object, "k8s.container.name", container->name);
	put(object, "k8s.node.name", node);
}

void otel_put(json_t *object, const struct observation *observation)
{
	put(object, "host.name", observation->node);
	if (!observation->comm_null)
		put(object, "process.command", observation->comm);
	if (!observation->exe_null)
		put(object, "process.executable.path", observation->exe);
	json_object_set_new(object, "process.pid", json_integer(observation->pid));
	if (observation->attribution == ATTRIBUTION_CONTAINER)
		put_container(object, &observation->container, observation->node);
}
