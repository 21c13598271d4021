/* lookups.h - the steward's look-ups of bootstrap hosts: one at a time, each in a process of its
 * own that has no rights.
 *
 * The node names a line of the configuration by its number, so it cannot have just any name looked
 * up; and what a name server answers is taken apart by a process that can do nothing.
 */
#ifndef PROG_IPOPD_LOOKUPS_H
#define PROG_IPOPD_LOOKUPS_H

#include "io/loop.h"
#include "io/process.h"
#include "prog/ipopd/channel.h"

#define LOOKUPS_TIMEOUT_MS 10000
#define LOOKUPS_PAUSE_MS 250 /* between two, whatever the node asks */

struct lookups_config {
	const struct node_bootstrap *hosts; /* borrowed */
	uint32_t count;
	uint32_t uid, gid;  /* of the processes; PROCESS_UID_KEEP */
	struct loop *loop;  /* borrowed: watches the process that runs */
	uint8_t event_kind; /* of its end */
};

struct lookups {
	struct lookups_config config;
	uint32_t wanted;        /* bit n: line n */
	struct process process; /* pidfd -1: none runs */
	int channel;            /* owned; to the process that runs */
	uint32_t current;
	bool ended;             /* the process that ran */
	struct mono deadline;   /* of the process that runs */
	struct mono not_before; /* of the next one */
};

void lookups_init(struct lookups *lookups, const struct lookups_config *config);

/* Kills what runs; accepts what was freed. */
void lookups_free(struct lookups *lookups);

/* 0, or ERR_MALFORMED: there is no such line. */
int lookups_want(struct lookups *lookups, uint32_t bootstrap);

/* The loop says that the process has ended. */
void lookups_event(struct lookups *lookups);

/* Starts the next process. True with an answer for the node, a LOOKUP_DONE. */
bool lookups_poll(struct lookups *lookups, struct mono now, struct channel_message *ret);
struct mono lookups_deadline(const struct lookups *lookups);

/* The process: looks one host up and tells the steward. Returns its exit code. */
int lookups_child(const char *host, const char *port);

#endif
