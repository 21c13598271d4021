/* loop.h - waits until a descriptor has something to say or an instant has come (epoll(7)).
 *
 * Level-triggered, so that who reads a bounded batch a turn is told again of what he left. What
 * comes back are values, {kind, handle}, never pointers: an event of something that was closed in
 * the same turn is found stale by its handle instead of being followed. The timer runs on
 * CLOCK_BOOTTIME: a deadline that passed while the machine slept is due when it wakes.
 */
#ifndef IO_LOOP_H
#define IO_LOOP_H

#include "base/mono.h"
#include "base/pool.h"

#define LOOP_EVENTS_MAX 32       /* that one wait hands out */
#define LOOP_INDEX_MAX 0xffffffU /* of a handle: 24 bits travel through the kernel */

#define LOOP_READ 0x1U
#define LOOP_WRITE 0x2U

struct loop_event {
	struct handle handle;    /* the caller's */
	uint8_t kind;            /* the caller's */
	bool readable, writable; /* an error makes both true: trying tells which */
};

struct loop {
	int epoll, timer;  /* owned */
	struct mono armed; /* when the timer fires; MONO_NEVER: it does not */
};

/* 0 or ERR_IO. */
int loop_init(struct loop *loop);
void loop_free(struct loop *loop);

/* Watches a descriptor, which stays the caller's: for LOOP_READ, LOOP_WRITE, both or (errors
 * alone) neither. 0 or ERR_IO. */
int loop_add(struct loop *loop, int fd, unsigned wants, uint8_t kind, struct handle handle);

/* The same again with other wants, for a descriptor that is watched. */
void loop_change(struct loop *loop, int fd, unsigned wants, uint8_t kind, struct handle handle);

/* Before the descriptor is closed. */
void loop_remove(struct loop *loop, int fd);

/* Waits until something happened, the deadline was reached or a signal came, and hands out up to
 * LOOP_EVENTS_MAX events; 0 is possible before the deadline. */
size_t loop_wait(struct loop *loop, struct mono now, struct mono deadline,
		 struct loop_event ret[LOOP_EVENTS_MAX]);

#endif
