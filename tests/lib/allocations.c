/* allocations.c - see allocations.h. The linker turns the calls of our objects into those below
 * (--wrap); libcrypto, which is linked already, is asked to call us. */
#include "tests/lib/allocations.h"

#include "base/check.h"

#include <malloc.h>
#include <openssl/crypto.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* NOLINTBEGIN(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp): the linker's names */
void *__real_calloc(size_t count, size_t size);
void *__real_malloc(size_t size);
void *__real_realloc(void *block, size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_realloc(void *block, size_t size);
void __real_free(void *block);
void __wrap_free(void *block);
/* NOLINTEND(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp) */

static uint64_t attempts;
static uint64_t failing; /* the number of the attempt; 0: none */
static bool gated, outside;
static int64_t live;
static const uint8_t *watched;
static size_t watched_len;
static uint64_t spilled;
static void (*tell_taken)(void *block, size_t bytes);
static void (*tell_given)(void *block);

uint64_t allocations_count(void)
{
	return attempts;
}

void allocations_fail_at(uint64_t n)
{
	failing = n == 0 ? 0 : attempts + n;
}

int64_t allocations_live(void)
{
	return live;
}

uint64_t allocations_watch(const uint8_t *bytes, size_t len)
{
	const uint64_t found = spilled;

	watched = bytes;
	watched_len = len;
	spilled = 0;
	return found;
}

void allocations_tell(void (*taken)(void *block, size_t bytes), void (*given)(void *block))
{
	tell_taken = taken;
	tell_given = given;
}

static void search(void *block)
{
	const size_t size = malloc_usable_size(block);
	const uint8_t *bytes = block;

	for (size_t i = 0; i + watched_len <= size; i++)
		spilled += memcmp(bytes + i, watched, watched_len) == 0;
}

void allocations_enter(void)
{
	outside = false;
	gated = true;
}

void allocations_leave(void)
{
	outside = true;
}

static bool fails(void)
{
	if (gated && outside)
		return false;
	return ++attempts == failing;
}

static void *told(void *block)
{
	if (block != NULL && tell_taken != NULL)
		tell_taken(block, malloc_usable_size(block));
	return block;
}

static void *counted(void *block)
{
	live += block != NULL;
	return told(block);
}

void *__wrap_calloc(size_t count, size_t size)
{
	return fails() ? NULL : counted(__real_calloc(count, size));
}

void *__wrap_malloc(size_t size)
{
	return fails() ? NULL : counted(__real_malloc(size));
}

static void *moved(void *block, size_t size)
{
	void *now = __real_realloc(block, size);

	if (now != NULL && tell_given != NULL)
		tell_given(block);
	return told(now);
}

void *__wrap_realloc(void *block, size_t size)
{
	if (block == NULL)
		return __wrap_malloc(size);
	if (watched != NULL)
		search(block); /* it may move and leave the old bytes behind */
	return fails() ? NULL : moved(block, size);
}

void __wrap_free(void *block)
{
	live -= block != NULL;
	if (block != NULL && watched != NULL)
		search(block);
	if (block != NULL && tell_given != NULL)
		tell_given(block);
	__real_free(block);
}

static void *crypto_malloc(size_t size, const char *file, int line)
{
	(void)file;
	(void)line;
	return __wrap_malloc(size);
}

static void *crypto_realloc(void *block, size_t size, const char *file, int line)
{
	(void)file;
	(void)line;
	return __wrap_realloc(block, size);
}

static void crypto_free(void *block, const char *file, int line)
{
	(void)file;
	(void)line;
	__wrap_free(block);
}

/* Before main(): libcrypto takes no other functions once it has taken memory. */
__attribute__((constructor)) static void watch_libcrypto(void)
{
	CHECK(CRYPTO_set_mem_functions(crypto_malloc, crypto_realloc, crypto_free) == 1);
}
