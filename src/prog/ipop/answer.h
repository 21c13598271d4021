/* answer.h - asking the daemon, and reading what it answers. Texts that peers may have chosen are
 * made fit for a terminal here: output_foreign(). */
#ifndef PROG_IPOP_ANSWER_H
#define PROG_IPOP_ANSWER_H

#include "prog/ipop/cli.h"
#include "prog/ipop/control.h"
#include "prog/ipop/output.h"

/* Connects to the daemon of the network that the n-th argument names, or of the only one there is.
 * EXIT_OK, or what failed, which was reported. */
enum exit_code answer_connect(const struct cli *cli, size_t argument, struct control *ret);

/* Asks for a verb without fields; the caller releases the answer. EXIT_OK, or what failed, which
 * was reported. */
enum exit_code answer_ask(const struct cli *cli, struct control *control, const char *verb,
			  json_t **ret);

/* "-" for what is not there. */
struct output_text answer_text(const json_t *object, const char *name);

/* 0 for what is not there, or below. */
uint64_t answer_number(const json_t *object, const char *name);

/* The name of a member, or its id before it was met. */
struct output_text answer_member(const json_t *object);

/* The same for a table that has to be narrow: of an id no more than its beginning, "aebagb..".
 */
struct output_text answer_member_short(const json_t *object);

/* "0.81 ms" of `rtt_us`, "-" if it is not known. */
struct output_text answer_rtt(const json_t *object);

/* How long the certificate is still valid; "-" where nobody has seen it. */
struct output_text answer_left(const json_t *object);

/* "says alpha", "say alpha and beta": who claims that this host's key is another machine's, too. */
struct output_text answer_key_tellers(const json_t *status);

/* How one gets to a peer: "direct 192.0.2.7:4767", "relay by carol", "ring", or "-"; with ", mtu
 * 1212" if that way carries less than our interface takes. */
struct output_text answer_way(const json_t *object);

#endif
