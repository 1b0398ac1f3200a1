#include "correlate/storage_files.h"

static struct str first_name(const json_t *element)
{
	return json_bytes(json_array_get(json_object_get(element, "names"), 0));
}

static void describe_image(struct lookup *lookup, const char *whose, const char *root,
			   const char *driver, struct str id)
{
	BUF_AUTO path = {0};

	if (description_get(lookup->found, CONTAINER_AT(image)).n > 0 || id.n == 0)
		return;
	buf_format(&path, "%s/%s-images/images.json", root, driver);

	json_auto_t *image = lookup_json_element(lookup, whose, path.p, id);

	description_put(lookup->found, CONTAINER_AT(image), first_name(image));
	description_put(lookup->found, CONTAINER_AT(image), id); /* untagged since */
}

static void describe_entry(struct lookup *lookup, const json_t *entry)
{
	struct str text = json_text(entry, "metadata");
	json_auto_t *metadata = json_read(text);

	description_put(lookup->found, CONTAINER_AT(name), first_name(entry));
	description_put(lookup->found, CONTAINER_AT(image), json_text(metadata, "image-name"));
}

static bool take_list(struct lookup *lookup, const char *whose, const char *root,
		      const char *driver, const char *list)
{
	BUF_AUTO path = {0};

	buf_format(&path, "%s/%s-containers/%s", root, driver, list);

	json_auto_t *entry = lookup_json_element(lookup, whose, path.p, lookup->hint->id);

	if (!entry)
		return false;
	describe_entry(lookup, entry);
	describe_image(lookup, whose, root, driver, json_text(entry, "image"));
	return true;
}

static bool take_root(struct lookup *lookup, const char *whose, const char *root)
{
	static const char *const drivers[] = {"overlay", "vfs", "btrfs", "zfs"};

	for (size_t i = 0; i < sizeof(drivers) / sizeof(drivers[0]); i++) {
		if (take_list(lookup, whose, root, drivers[i], "containers.json") ||
		    take_list(lookup, whose, root, drivers[i], "volatile-containers.json"))
			return true;
	}
	return false;
}

void storage_describe(struct lookup *lookup)
{
	/* CRI-O's bundle lies in the second, its list in the first */
	static const char *const roots[] = {"/var/lib/containers/storage",
					    "/run/containers/storage", NULL};
	const char *near = lookup->storage_root.p;

	if (!lookup_may_be(lookup, "podman") && !lookup_may_be(lookup, "cri-o"))
		return;
	if (near && take_root(lookup, near, near))
		return;
	lookup_each_root(lookup, STORAGE_IN_HOME, roots, take_root);
}
