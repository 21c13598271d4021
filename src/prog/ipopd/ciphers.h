/* ciphers.h - which ciphers this machine is best at, and by whose code.
 *
 * The wire knows two suites. Which of them a session gets is the choice of who dials, and that is
 * the one that he computes faster; so a machine without AES instructions gets ChaCha20. AES-256-GCM
 * is computed by libcrypto or by ipsec_mb.h: that one must first agree with libcrypto in all that
 * it is asked, and be faster. The handshake is libcrypto's always.
 */
#ifndef PROG_IPOPD_CIPHERS_H
#define PROG_IPOPD_CIPHERS_H

#include "crypto/aead_loaded.h"
#include "crypto/suite.h"
#include "group/config.h"

#define CIPHERS_SUITES 2

struct ciphers {
	struct suite suites[CIPHERS_SUITES + 1]; /* best first; ended by SUITE_NONE */
	uint32_t cost_ns[CIPHERS_SUITES];        /* to seal a packet of the TUN's MTU */
	struct aead_loaded loaded;
	bool is_wrong; /* a library was there and did not agree */
};

/* Takes some ten milliseconds. What `suites` refers to is in *ciphers and lives as long. */
void ciphers_choose(struct ciphers *ciphers, enum config_crypto wanted);

#endif
