/* lookups.h - the steward's look-ups of bootstrap hosts: a few at once, each in a process of its
 * own that has no rights.
 *
 * The node names a line of the configuration by its number, so it cannot have just any name looked
 * up; and what a name server answers is taken apart by a process that can do nothing. A name whose
 * servers are silent hangs until its process is killed, so the lines have their turns in a circle:
 * one that is wanted again and again comes after all others that are.
 */
#ifndef PROG_IPOPD_LOOKUPS_H
#define PROG_IPOPD_LOOKUPS_H

#include "io/loop.h"
#include "io/process.h"
#include "prog/ipopd/channel.h"

#define LOOKUPS_TIMEOUT_MS 10000
#define LOOKUPS_AT_ONCE 4
#define LOOKUPS_PAUSE_MS 1000 /* four a second at most, whatever the node asks */

struct lookups_config {
	const struct node_bootstrap *hosts; /* borrowed */
	uint32_t count;
	uint32_t uid, gid;  /* of the processes; PROCESS_UID_KEEP */
	struct loop *loop;  /* borrowed: watches the processes */
	uint8_t event_kind; /* of their ends */
};

struct lookup {
	bool is_running, has_ended; /* ended: and its answer was not taken yet */
	struct process process;     /* this and what follows: of the last one, if none runs */
	int channel;                /* owned; to the process */
	uint32_t line;
	struct mono deadline;   /* of the process */
	struct mono not_before; /* the next one */
};

struct lookups {
	struct lookups_config config;
	uint32_t wanted; /* bit n: line n */
	uint32_t next;   /* the line behind the one begun last */
	struct lookup at_once[LOOKUPS_AT_ONCE];
};

/* Zeroed before the first time; after that these hosts are looked up instead, at the same pace. */
void lookups_init(struct lookups *lookups, const struct lookups_config *config);

/* Kills what runs; accepts what was freed, and what is zeroed. */
void lookups_free(struct lookups *lookups);

/* 0, or ERR_MALFORMED: there is no such line. One that is being looked up is not begun again. */
int lookups_want(struct lookups *lookups, uint32_t bootstrap);

/* The loop says that this process has ended. */
void lookups_event(struct lookups *lookups, struct handle handle);

/* Starts the next processes. True with an answer for the node, a LOOKUP_DONE. */
bool lookups_poll(struct lookups *lookups, struct mono now, struct channel_message *ret);
struct mono lookups_deadline(const struct lookups *lookups);

/* The process: looks one host up and tells the steward. Returns its exit code. */
int lookups_child(const char *host, const char *port);

#endif
