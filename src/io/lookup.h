/* lookup.h - names into addresses, by the host's resolver. */
#ifndef IO_LOOKUP_H
#define IO_LOOKUP_H

#include "wire/endpoint.h"

/* Blocks, perhaps for many seconds; for a process of its own. Up to `max` different addresses of
 * the host, in the resolver's order (RFC 6724), each with the port. An address in text is its own
 * answer. 0, ERR_NOT_FOUND (no such name, or no address), ERR_AGAIN (the resolver has no answer
 * now). */
int lookup_host(const char *host, uint16_t port, struct endpoint *ret, size_t max,
		size_t *ret_count);

#endif
