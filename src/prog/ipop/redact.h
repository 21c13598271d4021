/* redact.h - takes out of a text what its reader need not know: keys, and where hosts are.
 *
 * What looks like a key goes in any case: lines of PEM, and 40 characters of base64 or more on end.
 * Addresses outside of the network become their first half, and host names of bootstrap lines a
 * number, so that the same host still is the same host. What a complaint quotes of a bootstrap line
 * that cannot be read goes whole.
 */
#ifndef PROG_IPOP_REDACT_H
#define PROG_IPOP_REDACT_H

#include "group/bootstrap.h"
#include "wire/endpoint.h"

#include <stdbool.h>
#include <stdio.h>

#define REDACT_OWN_MAX 2     /* prefixes */
#define REDACT_HOSTS_MAX 256 /* names: of a bundle, a configuration, and 200 lines of a log */

/* All zero at first. */
struct redact {
	bool full; /* keys alone */
	struct {
		struct endpoint network;
		unsigned len;
	} own[REDACT_OWN_MAX];
	size_t own_count;
	char hosts[REDACT_HOSTS_MAX][BOOTSTRAP_HOST_MAX + 1];
	size_t host_count;
};

/* Addresses of a prefix of the network stay; `len` is that of IPv4 where it is an IPv4 address.
 * What is no address, or one too many, is left out. */
void redact_own(struct redact *redact, const char *address, uint64_t len);

/* A name that goes; an address is no name. One too many is left out. */
void redact_host(struct redact *redact, const char *host);

/* The names that a text gives away as those of hosts: host=NAME, as the daemon logs one that cannot
 * be found, NAME:PORT#, as they stand in files (but not the one of an example), and what complaints
 * about a configuration quote. */
void redact_learn(struct redact *redact, const char *text);

/* The names in a configuration, also in lines that cannot be read or are about to be bootstrap
 * lines; its comments are nothing. */
void redact_learn_config(struct redact *redact, const char *text);

void redact_print(const struct redact *redact, const char *text, FILE *out);

#endif
