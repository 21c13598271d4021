/* request.h - one line of a control connection, taken apart (doc/control.md). */
#ifndef PROG_IPOPD_REQUEST_H
#define PROG_IPOPD_REQUEST_H

#include "base/span.h"
#include "node/node.h"

#define REQUEST_BYTES_MAX 65536 /* of a line, without its line feed */
#define REQUEST_DEPTH_MAX 16

enum request_verb {
	REQUEST_VERSION,
	REQUEST_STATUS,
	REQUEST_PEERS,
	REQUEST_PING,
	REQUEST_WHO,
	REQUEST_MONITOR,
	REQUEST_CONFIG,
	REQUEST_RELOAD,
	REQUEST_DOWN,
	REQUEST_VERBS
};

struct request {
	enum request_verb verb;
	char peer[NODE_PEER_TEXT_MAX + 1]; /* of ping and who: not empty; of the others: empty */
	struct node_route route;           /* of who: with its defaults */
};

/* 0, ERR_TOO_LONG (or of too many parts), ERR_MALFORMED (no JSON, another schema, too deep, a field
 * twice or one that the verb does not have), ERR_UNSUPPORTED (an unknown verb), ERR_NOMEM. *ret_why
 * is a literal that says what is wrong. */
int request_parse(struct span line, struct request *ret, const char **ret_why);

/* True for verbs that only who may change things may use. */
bool request_changes(enum request_verb verb);

#endif
