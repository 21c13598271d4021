/* cookie.c - see cookie.h. */
#include "session/cookie.h"

#include "base/err.h"
#include "base/seccheck.h"
#include "crypto/aead.h"
#include "session/limits.h"

#include <assert.h>

#define SLOT_MS (SESSION_COOKIE_LIFETIME_MS / COOKIE_SLOTS)
#define SEAL_LABEL "ipop cookie"

static_assert(HANDSHAKE_COOKIE_BYTES == MAC_BYTES && HANDSHAKE_MAC_BYTES == MAC_BYTES,
	      "a cookie and the macs are MACs");

void cookies_reset(struct cookies *cookies)
{
	secret_wipe(cookies, sizeof(*cookies));
}

static uint64_t slot_at(struct mono now)
{
	return now.us / 1000 / SLOT_MS;
}

int cookies_make(struct cookies *cookies, struct entropy *entropy, struct mono now,
		 struct span address, uint8_t ret[HANDSHAKE_COOKIE_BYTES])
{
	const uint64_t slot = slot_at(now);
	const size_t place = slot % COOKIE_SLOTS;

	if (!cookies->slots[place].used || cookies->slots[place].slot != slot) {
		entropy_bytes(entropy, cookies->slots[place].secret, MAC_KEY_BYTES);
		cookies->slots[place].slot = slot;
		cookies->slots[place].used = true;
	}
	return mac_once(cookies->slots[place].secret, &address, 1, ret);
}

int cookie_mac2(const uint8_t cookie[HANDSHAKE_COOKIE_BYTES], struct span covered,
		uint8_t ret[HANDSHAKE_MAC_BYTES])
{
	uint8_t key[MAC_KEY_BYTES] = { 0 };

	memcpy(key, cookie, HANDSHAKE_COOKIE_BYTES);
	return mac_once(key, &covered, 1, ret);
}

bool cookies_check(const struct cookies *cookies, struct mono now, struct span address,
		   const struct handshake_macs *macs)
{
	const uint64_t slot = slot_at(now);

	if (span_is_zero(macs->mac2)) /* no cookie was used */
		return false;
	for (size_t i = 0; i < COOKIE_SLOTS; i++) {
		uint8_t cookie[HANDSHAKE_COOKIE_BYTES];
		uint8_t mac2[HANDSHAKE_MAC_BYTES];

		/* A later slot than ours cannot be, but is refused all the same. */
		if (!cookies->slots[i].used ||
		    !SECCHECK(SEC_COOKIE_SLOT, slot - cookies->slots[i].slot < COOKIE_SLOTS))
			continue;
		if (mac_once(cookies->slots[i].secret, &address, 1, cookie) != 0 ||
		    cookie_mac2(cookie, macs->covered_by_mac2, mac2) != 0)
			continue;
		if (SECCHECK(SEC_COOKIE_MAC2, secret_equal(mac2, macs->mac2.data, sizeof(mac2))))
			return true;
	}
	return false;
}

/* Each cookie has a key of its own, so the cipher's nonce can be zero. */
static int seal_init(const struct cookie_seal *seal, struct aead *ret)
{
	const struct span parts[] = { span_text(SEAL_LABEL), seal->mac1, seal->nonce };
	uint8_t key[HASH_BYTES];

	hash_hmac(span_of(seal->mac1_key, MAC_KEY_BYTES), parts, sizeof(parts) / sizeof(parts[0]),
		  key);
	const int err = aead_init(ret, &aead_chacha20_poly1305, key);

	secret_wipe(key, sizeof(key));
	return err;
}

int cookie_seal(const struct cookie_seal *seal, const uint8_t cookie[HANDSHAKE_COOKIE_BYTES],
		uint8_t ret[COOKIE_SEALED_BYTES])
{
	static const uint8_t nonce[AEAD_NONCE_BYTES];
	struct aead aead;
	int err = seal_init(seal, &aead);

	if (err != 0)
		return err;
	err = aead_seal(&aead, nonce, seal->mac1, span_of(cookie, HANDSHAKE_COOKIE_BYTES), ret);
	aead_free(&aead);
	return err;
}

int cookie_open(const struct cookie_seal *seal, struct span sealed,
		uint8_t ret[HANDSHAKE_COOKIE_BYTES])
{
	static const uint8_t nonce[AEAD_NONCE_BYTES];
	struct aead aead;
	int err = seal_init(seal, &aead);

	if (err != 0)
		return err;
	err = aead_open(&aead, nonce, seal->mac1, sealed, ret);
	aead_free(&aead);
	return err;
}
