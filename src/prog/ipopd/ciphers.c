/* ciphers.c - see ciphers.h. Time is that of this thread, in the best of some rounds: what else the
 * machine does just now shall not decide. */
#include "prog/ipopd/ciphers.h"

#include "base/check.h"
#include "crypto/aead_trial.h"
#include "prog/ipopd/ipsec_mb.h"
#include "wire/datagram.h"

#include <time.h>

#define ROUNDS 7
#define PACKETS 200 /* a round */
#define PACKET_BYTES 1368
#define NS_PER_S 1000000000
#define COST_UNKNOWN UINT32_MAX /* it does not work here */

/* AES stays the first choice unless ChaCha20 is faster by more than a third: a session's other end
 * pays as well, and it more likely has the instructions. */
#define CHACHA_WORTH_NUMERATOR 3
#define CHACHA_WORTH_DENOMINATOR 4

static uint64_t thread_ns(void)
{
	struct timespec now;

	CHECK(clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now) == 0);
	return (uint64_t)now.tv_sec * NS_PER_S + (uint64_t)now.tv_nsec;
}

static uint64_t round_ns(struct aead *aead, uint8_t packet[PACKET_BYTES + AEAD_TAG_BYTES])
{
	const struct span aad = span_of(packet, DATAGRAM_HEADER_BYTES);
	const uint64_t start = thread_ns();
	uint8_t nonce[AEAD_NONCE_BYTES];

	for (uint64_t i = 0; i < PACKETS; i++) {
		aead_counter_nonce(i, nonce);
		if (aead_seal(aead, nonce, aad, span_of(packet, PACKET_BYTES), packet) != 0)
			return UINT64_MAX;
	}
	return thread_ns() - start;
}

static uint32_t cost_ns(const struct aead_ops *ops)
{
	static const uint8_t key[AEAD_KEY_BYTES] = { 1 };
	uint8_t packet[PACKET_BYTES + AEAD_TAG_BYTES] = { 0 };
	uint64_t best = UINT64_MAX;
	struct aead aead;

	if (aead_init(&aead, ops, key) != 0)
		return COST_UNKNOWN;
	for (unsigned i = 0; i < ROUNDS; i++) {
		const uint64_t ns = round_ns(&aead, packet);

		if (ns < best)
			best = ns;
	}
	aead_free(&aead);
	return best / PACKETS < COST_UNKNOWN ? (uint32_t)(best / PACKETS) : COST_UNKNOWN;
}

/* Puts the loaded library in, if it is right and faster. */
static void try_loaded(struct ciphers *ciphers, struct suite *aes, uint32_t *aes_ns)
{
	struct aead_functions functions;
	uint32_t ns;

	if (ipsec_mb_open(&functions) != 0)
		return;
	aead_loaded_init(&ciphers->loaded, &functions);
	ciphers->is_wrong = !aead_trial_is_aes_256_gcm(&ciphers->loaded.ops);
	if (ciphers->is_wrong)
		return;
	ns = cost_ns(&ciphers->loaded.ops);
	if (ns >= *aes_ns)
		return;
	*aes_ns = ns;
	aes->packets = &ciphers->loaded.ops;
}

void ciphers_choose(struct ciphers *ciphers, enum config_crypto wanted)
{
	struct suite aes = *suite_find(suites_all, SUITE_AES_256_GCM);
	const struct suite chacha = *suite_find(suites_all, SUITE_CHACHA20_POLY1305);
	uint32_t aes_ns = cost_ns(aes.packets);
	const uint32_t chacha_ns = cost_ns(chacha.packets);
	bool chacha_first;

	*ciphers = (struct ciphers){ .is_wrong = false };
	if (wanted == CONFIG_CRYPTO_AUTO)
		try_loaded(ciphers, &aes, &aes_ns);
	chacha_first = wanted == CONFIG_CRYPTO_CHACHA20 ||
		       (uint64_t)chacha_ns * CHACHA_WORTH_DENOMINATOR <
			       (uint64_t)aes_ns * CHACHA_WORTH_NUMERATOR;
	ciphers->suites[chacha_first ? 1 : 0] = aes;
	ciphers->cost_ns[chacha_first ? 1 : 0] = aes_ns;
	ciphers->suites[chacha_first ? 0 : 1] = chacha;
	ciphers->cost_ns[chacha_first ? 0 : 1] = chacha_ns;
	ciphers->suites[CIPHERS_SUITES].id = SUITE_NONE;
}
