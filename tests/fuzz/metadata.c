/*
 * Fuzz target (libFuzzer): any bytes as JSON that a container's author wrote: with its caps, as a
 * list of a runtime's, as a profile in force, and back to text. Behind a NUL stands the id that is
 * looked for. What is read and written is read as the same.
 */
#include "base/mem.h"
#include "correlate/capability.h"
#include "correlate/json.h"
#include "correlate/metadata.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

static void write_and_read(const json_t *root)
{
	BUF_AUTO text = {0};

	json_compact(root, &text);
	if (!json_is_object(root) && !json_is_array(root))
		return;
	json_auto_t *again = json_read(buf_str(&text));

	if (!again || !json_equal(root, again))
		abort();
}

static void read_names(struct str text)
{
	unsigned number;

	if (capability_from_name(text, &number) && number >= CAPABILITY_COUNT)
		abort();
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
	/* a copy of exactly that size, so that a read past it is seen */
	MEM_AUTO char *copy = mem_resize(NULL, size);

	if (size)
		memcpy(copy, data, size);
	struct str whole = str_of(copy, size);
	struct str text = str_of(whole.p, str_chr(whole, '\0'));
	struct str id = str_skip(whole, text.n < whole.n ? text.n + 1 : text.n);
	json_auto_t *root = json_read(text);
	json_auto_t *element = json_read_element(text, id);

	if (root && !json_is_modest(text))
		abort();
	if (root)
		write_and_read(root);
	if (element && (!json_is_object(element) || !str_eq(json_text(element, "id"), id)))
		abort();
	if (text.n && !root && metadata_coverage(text) != COVERAGE_UNKNOWN)
		abort();
	metadata_coverage(text);
	read_names(text);
	return 0;
}
