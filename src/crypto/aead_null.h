/* aead_null.h - no secrecy, same sizes: for simulations of many nodes. Never linked into ipopd.
 *
 * The tag is a checksum of key, nonce, associated data and bytes, so that corruption, a wrong key
 * and a replay under another counter are noticed just as with a real cipher.
 */
#ifndef CRYPTO_AEAD_NULL_H
#define CRYPTO_AEAD_NULL_H

#include "crypto/aead.h"

extern const struct aead_ops aead_null;

#endif
