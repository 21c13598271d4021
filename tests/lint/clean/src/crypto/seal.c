/* seal.c - see seal.h. */
#include "crypto/seal.h"

#include <openssl/crypto.h>

void seal_wipe(void *secret, size_t len)
{
	OPENSSL_cleanse(secret, len);
}
