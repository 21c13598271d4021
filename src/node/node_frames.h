/* node_frames.h - what members say to each other inside a session, given to whom it concerns. */
#ifndef NODE_NODE_FRAMES_H
#define NODE_NODE_FRAMES_H

#include "node/event.h"
#include "path/paths.h"

struct node;

struct peer;

/* A control frame that forward/ opened: 0, or why it was dropped. */
int frames_take(struct node *node, struct now now, const struct node_event *event);
/* Sends a PATHS_PROBE: by its way, with its token and TTL. */
void frames_probe(struct node *node, struct now now, const struct peer *peer,
		  const struct paths_output *probe);

#endif
