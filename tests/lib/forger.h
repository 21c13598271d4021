/* forger.h - somebody who speaks the handshake but need not play by its rules: a key, a certificate
 * and a network that do not have to go together, and lies in what is signed.
 */
#ifndef TESTS_FORGER_H
#define TESTS_FORGER_H

#include "session/network.h"
#include "session/run.h"
#include "tests/lib/party.h"

enum forger_lie {
	FORGER_HONEST,
	FORGER_SIGNS_OTHER_HASH, /* that of another run */
	FORGER_SIGNS_OTHER_ROLE,
	FORGER_SIGNS_OTHER_LABEL,
	FORGER_SIGNS_OTHER_KEY, /* with a key that is not the certificate's */
	FORGER_SIGNS_NOTHING,
	FORGER_STATIC_OF_SMALL_ORDER,
	FORGER_EPHEMERAL_OF_SMALL_ORDER,
	FORGER_LIES
};

struct forger {
	const struct key *key; /* borrowed */
	uint8_t certificate[1024];
	size_t certificate_len;
	struct run_self self; /* for the prologue, and to read what the other says */
	struct network network;
	struct entropy entropy;
	enum forger_lie lie;
	struct run run;
	uint8_t mac1_key[MAC_KEY_BYTES];
	uint32_t index, remote_index;
	uint8_t bytes[HANDSHAKE_BYTES_MAX]; /* of the last message made */
};

/* With the key and certificate of a party, in its group. */
void forger_init(struct forger *forger, const struct party_group *group, const struct party *party);
void forger_free(struct forger *forger);

/* Shows another certificate than its own. */
void forger_set_certificate(struct forger *forger, struct span der);

/* As initiator: M0 for a raw target; then M2, once M1 came. The target of the prologue is `target`,
 * mac1 is that of `responder`. */
struct span forger_m0(struct forger *forger, const struct id *target, const struct id *responder);
int forger_take_m1(struct forger *forger, struct wall now, struct span m1);
struct span forger_m2(struct forger *forger);

/* Somebody else's M0, its head changed: tag and mac1 are made right again, as any member can. */
void forger_seal_m0(struct forger *forger, uint8_t *m0, const struct id *responder);

/* As responder in the place of `responder`, for whom that M0 is. */
struct span forger_m1(struct forger *forger, struct span m0, const struct id *responder);

/* Makes mac1 right again after the bytes in front of it were changed. `answered` is what mac1 also
 * covers: nothing for M0, e of the message before it for M1 and M2. */
void forger_mend(const struct forger *forger, uint8_t *bytes, size_t len, struct span answered);

#endif
