/* test_memory.c - memory that is locked is given back all the same, and locked again. Each case is
 * a child of its own: what is locked here stays so. */
#include "tests/lib/cmocka.h"

#include "io/memory.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define BLOCKS 10000
#define BLOCK_BYTES 2000
#define KEPT_EACH 50 /* so pieces of the heap are free, and not its end */
#define CANNOT 77

#ifdef __has_feature
#define HAS_FEATURE(name) __has_feature(name)
#else
#define HAS_FEATURE(name) 0
#endif
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__) || \
	HAS_FEATURE(address_sanitizer) || HAS_FEATURE(thread_sanitizer)
#define HAS_OWN_MALLOC 1 /* a sanitizer's, which keeps what is free */
#else
#define HAS_OWN_MALLOC 0
#endif

/* In kB, as the kernel says it. */
static uint64_t told(const char *field)
{
	FILE *f = fopen("/proc/self/status", "re");
	char line[256];
	uint64_t kb = 0;

	while (f != NULL && fgets(line, sizeof(line), f) != NULL) {
		if (strncmp(line, field, strlen(field)) == 0)
			kb = strtoull(line + strlen(field), NULL, 10);
	}
	if (f != NULL)
		(void)fclose(f);
	return kb;
}

static void make_holes(void **blocks)
{
	for (size_t i = 0; i < BLOCKS; i++) {
		blocks[i] = malloc(BLOCK_BYTES);
		if (blocks[i] == NULL)
			_exit(EXIT_FAILURE);
		memset(blocks[i], 1, BLOCK_BYTES);
	}
	for (size_t i = 0; i < BLOCKS; i++)
		if (i % KEPT_EACH != 0)
			free(blocks[i]);
}

static int give_back(bool is_locked)
{
	static void *blocks[BLOCKS];
	uint64_t before;
	bool passed;

	/* Root may lock more than a limit says (CAP_IPC_LOCK), as memory_lock() does not ask. */
	if (is_locked && memory_lock() < 0 &&
	    (geteuid() != 0 || mlockall(MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT) < 0))
		return CANNOT;
	make_holes(blocks);
	before = told("VmRSS:");
	passed = memory_give_back(is_locked) == 0 &&
		 told("VmRSS:") + BLOCKS * BLOCK_BYTES / 1024 / 2 < before &&
		 (told("VmLck:") > 0) == is_locked;
	for (size_t i = 0; i < BLOCKS; i += KEPT_EACH)
		free(blocks[i]);
	return passed ? EXIT_SUCCESS : EXIT_FAILURE;
}

static int outcome(bool is_locked)
{
	const pid_t child = fork();
	int status;

	if (child == 0)
		_exit(give_back(is_locked));
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static void free_pieces_go_back(void **state)
{
	(void)state;
	if (HAS_OWN_MALLOC)
		skip();
	assert_int_equal(outcome(false), EXIT_SUCCESS);
}

static void and_out_of_locked_memory_which_stays_locked(void **state)
{
	int status;

	(void)state;
	if (HAS_OWN_MALLOC)
		skip();
	status = outcome(true);
	if (status == CANNOT)
		skip(); /* that takes a right, or a limit that was taken away */
	assert_int_equal(status, EXIT_SUCCESS);
}

static void what_is_given_out_is_known(void **state)
{
	const uint64_t before = memory_given_out();
	char *block = malloc(1 << 20);

	(void)state;
	assert_non_null(block);
	block[0] = 1;
	if (HAS_OWN_MALLOC)
		assert_true(memory_given_out() >= before);
	else
		assert_in_range(memory_given_out() - before, 1 << 20, (1 << 20) + 8192);
	free(block);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(free_pieces_go_back),
		cmocka_unit_test(and_out_of_locked_memory_which_stays_locked),
		cmocka_unit_test(what_is_given_out_is_known),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
