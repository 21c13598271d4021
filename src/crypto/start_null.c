/* start_null.c - crypto_start() where key_null.c and x25519_null.c stand: they give no known
 * answers. Never linked into ipopd; see key_null.c.
 */
#include "crypto/start.h"

#include "base/err.h"

#include <openssl/crypto.h>

int crypto_start(void)
{
	return OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG, NULL) == 1 ? 0 : ERR_CRYPTO;
}
