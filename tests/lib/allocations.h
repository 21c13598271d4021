/* allocations.h - counts what is taken from the heap, and lets a chosen attempt fail.
 *
 * For programs that link allocations_dep: the calls of our own objects, and all of libcrypto's.
 */
#ifndef TESTS_ALLOCATIONS_H
#define TESTS_ALLOCATIONS_H

#include <stddef.h>
#include <stdint.h>

/* Attempts since the program began: calloc, malloc, realloc. */
uint64_t allocations_count(void);

/* Blocks that are taken and not given back. */
int64_t allocations_live(void);

/* From now on each block that is given back is searched for these bytes (borrowed; NULL: no more).
 * Gives how often they were found since the last call. */
uint64_t allocations_watch(const uint8_t *bytes, size_t len);

/* From now on each block that is taken or given back is told, with what it takes of the heap; one
 * that may have moved is told as both (NULL: no more). */
void allocations_tell(void (*taken)(void *block, size_t bytes), void (*given)(void *block));

/* From now on attempts count, and may fail, only between allocations_enter() and
 * allocations_leave(): where those are in what is tested who call it. */
void allocations_enter(void);
void allocations_leave(void);

/* The n-th attempt from now fails, and none behind it; 0: none. */
void allocations_fail_at(uint64_t n);

#endif
