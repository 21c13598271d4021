/* aead_trial.h - is this the cipher that it says it is? Asked of a library that was loaded at run
 * time, before anything is sealed with it.
 */
#ifndef CRYPTO_AEAD_TRIAL_H
#define CRYPTO_AEAD_TRIAL_H

#include "crypto/aead.h"

#define AEAD_TRIAL_BYTES_MAX 1500 /* longest message that is tried */

/* True if the ops give the published answers of AES-256-GCM (GCM's specification, test cases 13, 14
 * and 16), and of many messages of all lengths up to AEAD_TRIAL_BYTES_MAX the very bytes of
 * aead_aes_256_gcm, in place and apart; if each opens what the other sealed; and if what was
 * changed in any part is refused and cleared. Takes some milliseconds. */
bool aead_trial_is_aes_256_gcm(const struct aead_ops *ops);

#endif
