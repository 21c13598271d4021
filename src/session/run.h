/* run.h - one run of the handshake: Noise XXpsk3 with a certificate and a signature inside.
 *
 * The prologue binds version, suite, epoch, network and target, and each message its head, so the
 * indices too; each side signs a label, its role and the hash of everything said before its payload
 * (so a signature is good for one run and one role), and the initiator's signature covers the
 * responder's sealed certificate too.
 *
 * Here are the Noise bytes of M0, M1 and M2, in the order in which they go; heads and macs are the
 * caller's. Reading works on a copy: a message that is refused leaves the run as it was, so nobody
 * can end a run by sending rubbish into it.
 */
#ifndef SESSION_RUN_H
#define SESSION_RUN_H

#include "crypto/certificate.h"
#include "crypto/noise.h"
#include "crypto/random.h"
#include "wire/handshake.h"

/* Who we are, for all runs. */
struct run_self {
	const struct key *key;     /* borrowed */
	const struct trust *trust; /* borrowed */
	struct certificate certificate;
	struct noise_keypair noise_static; /* of this start of the process; signed in each run */
	uint32_t capabilities;
	uint64_t crl_number;
};

struct run {
	struct noise noise;
	struct target target; /* initiator: who must answer */
	/* Whether a message of the other end could be decrypted to its last byte: only who drew the
	 * ephemeral key that the run started with can make one. */
	bool other_end_spoke;
};

/* What is agreed before the first word. */
struct run_terms {
	bool initiator;
	const struct suite *suite;
	uint8_t epoch;
	const uint8_t *psk; /* borrowed for the call */
	struct target target;
};

/* What one payload says beside certificate and signature. */
struct run_claims {
	/* M2: the names of sessions with this peer that stood when this one was dialled. */
	uint8_t succeeds[HANDSHAKE_NAMES_MAX * HANDSHAKE_NAME_BYTES];
	size_t succeeds_len;
	bool has_observed;
	struct endpoint observed;
};

/* What the peer has shown, verified, and said, unverified. */
struct run_peer {
	struct certificate certificate;
	uint32_t capabilities;
	uint64_t crl_number;
	struct run_claims claims;
};

void run_init(struct run *run, const struct run_self *self, const struct run_terms *terms);
void run_wipe(struct run *run);

/* Both ephemeral keys; the other's is zero until it was read. */
struct span run_initiator_ephemeral(const struct run *run);
struct span run_responder_ephemeral(const struct run *run);

/* What the writer holds already is taken for the message's head.
 * 0 or ERR_CRYPTO; the run is dead then. Also ERR_CRYPTO for a key of the peer's of small order. */
int run_write_m0(struct run *run, struct entropy *entropy, struct writer *w);
int run_write_m1(struct run *run, const struct run_self *self, const struct run_claims *claims,
		 struct entropy *entropy, struct writer *w);
int run_write_m2(struct run *run, const struct run_self *self, const struct run_claims *claims,
		 struct writer *w);

/* 0, or ERR_MALFORMED, ERR_AUTH, ERR_CRYPTO. */
int run_read_m0(struct run *run, const struct handshake_words *words);

/* M1 for an initiator, M2 for a responder: 0, the same, what certificate_verify() says, or
 * ERR_PEER: not who was dialled, or we ourselves. */
int run_read_answer(struct run *run, const struct run_self *self, struct wall now,
		    const struct handshake_words *words, struct run_peer *ret);

/* True if the certificate is what was dialled; nearest is for the ring to judge. */
bool run_target_is_met(const struct target *target, const struct id *id);

#endif
