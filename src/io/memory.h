/* memory.h - the memory of this process: kept out of swap, and given back to the kernel. */
#ifndef IO_MEMORY_H
#define IO_MEMORY_H

#include <stdbool.h>
#include <stdint.h>

/* No page of ours is written to swap, now or later: it may hold keys. What was not touched is not
 * read in for that. Takes away the limit of memory that may be locked, if it may; a child has what
 * its parent has. 0, or ERR_PERMISSION: there is a limit, at which memory would end. */
int memory_lock(void);

/* Gives what malloc() has free back to the kernel, which takes nothing out of locked memory: if
 * ours `is_locked` it is not, for the milliseconds that this takes. 0, or ERR_PERMISSION if it
 * cannot be locked again. */
int memory_give_back(bool is_locked);

/* What malloc() has given out, in bytes. */
uint64_t memory_given_out(void);

#endif
