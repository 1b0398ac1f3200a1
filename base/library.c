#include "base/library.h"

#include <dlfcn.h>
#include <errno.h>
#include <string.h>

int library_load(const struct library *library, void *pointers, struct err *err)
{
	void *functions[LIBRARY_FUNCTIONS_MAX];
	size_t n = 0;

	memcpy(&functions[0], pointers, sizeof(functions[0]));
	if (functions[0])
		return 0;
	void *loaded = dlopen(library->file, RTLD_NOW | RTLD_LOCAL);

	if (!loaded)
		return err_set(err, ENOENT, "%s; install %s", dlerror(), library->packages);
	for (; n < LIBRARY_FUNCTIONS_MAX && library->functions[n]; n++) {
		functions[n] = dlsym(loaded, library->functions[n]);
		if (!functions[n])
			return err_set(err, ENOENT, "%s has no %s; install a newer %s",
				       library->file, library->functions[n], library->packages);
	}
	/* POSIX lets a pointer to a function pass through one to void (dlsym) */
	memcpy(pointers, functions, n * sizeof(functions[0]));
	return 0;
}
