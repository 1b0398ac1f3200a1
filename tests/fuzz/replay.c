/*
 * Runs a fuzz target once on each file that is given: what once crashed it, and its seeds, are part
 * of make check, with any compiler.
 */
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

static void replay(const char *path)
{
	FILE *file = fopen(path, "r");
	unsigned char *bytes = malloc(1 << 24);

	if (!file || !bytes) {
		perror(path);
		exit(1);
	}
	size_t n = fread(bytes, 1, 1 << 24, file);
	unsigned char *exact = realloc(bytes, n ? n : 1);

	fclose(file);
	LLVMFuzzerTestOneInput(exact, n);
	free(exact);
}

int main(int argc, char **argv)
{
	for (int i = 1; i < argc; i++)
		replay(argv[i]);
	printf("%d\n", argc - 1);
	return 0;
}
