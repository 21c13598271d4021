/* suite.c - see suite.h. */
#include "crypto/suite.h"

const struct suite suites_all[] = {
	{ .id = SUITE_AES_256_GCM, .handshake = &aead_aes_256_gcm, .packets = &aead_aes_256_gcm },
	{ .id = SUITE_CHACHA20_POLY1305,
	  .handshake = &aead_chacha20_poly1305,
	  .packets = &aead_chacha20_poly1305,
	  .little_endian_nonce = true },
	{ .id = SUITE_NONE },
};

const struct suite *suite_find(const struct suite *suites, uint8_t id)
{
	for (; suites->id != SUITE_NONE; suites++)
		if (suites->id == id)
			return suites;
	return NULL;
}
