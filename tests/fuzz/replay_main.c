/* replay_main.c - runs a fuzz target over a corpus: replay_NAME FOLDER.
 *
 * No coverage, no mutation: it shows that what was once found stays mended, with any compiler. Each
 * file lies in a block of memory of its own size, so that a sanitizer sees a read past its end.
 */
#include "base/check.h"
#include "tests/fuzz/fuzz.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>

static void replay(const char *path)
{
	FILE *file = fopen(path, "rb");
	long size = 0;

	(void)fprintf(stderr, "%s\n", path); /* the last line names the input that ended us */
	CHECK(file != NULL);
	CHECK(fseek(file, 0, SEEK_END) == 0);
	size = ftell(file);
	CHECK(size >= 0 && fseek(file, 0, SEEK_SET) == 0);

	uint8_t *data = size == 0 ? NULL : malloc((size_t)size);

	CHECK(size == 0 || data != NULL);
	CHECK(size == 0 || fread(data, (size_t)size, 1, file) == 1);
	CHECK(LLVMFuzzerTestOneInput(data, (size_t)size) == 0);
	free(data);
	(void)fclose(file);
}

static int is_visible(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

int main(int argc, char **argv)
{
	struct dirent **entries = NULL;
	char path[4096];
	int count = 0;

	CHECK(argc == 2);
	count = scandir(argv[1], &entries, is_visible, alphasort);
	CHECK(count >= 0);
	CHECK(LLVMFuzzerTestOneInput(NULL, 0) == 0);
	for (int i = 0; i < count; i++) {
		const int len = snprintf(path, sizeof(path), "%s/%s", argv[1], entries[i]->d_name);

		CHECK(len > 0 && (size_t)len < sizeof(path));
		replay(path);
		free(entries[i]);
	}
	free(entries);
	(void)printf("%sok 1 - replay # %d inputs\n1..1\n", count > 0 ? "" : "not ", count);
	return count > 0 ? 0 : 1;
}
