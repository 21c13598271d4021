/* ecdsa.h - the one form of a P-256 signature.
 *
 * With (r, s) also (r, n - s) is a valid signature, so anybody can turn a signature into another of
 * the same message. We make and take only the one with the lower s, in DER (X9.62, ECDSA-Sig-
 * Value): what a signature is part of has one encoding too.
 */
#ifndef CRYPTO_ECDSA_H
#define CRYPTO_ECDSA_H

#include "base/span.h"

#define ECDSA_BYTES_MAX 72 /* two integers of 33 bytes, their headers, and the sequence's */

/* The group's order, and half of it rounded down (FIPS 186-4, D.1.2.3); big-endian. */
extern const uint8_t ecdsa_order[32], ecdsa_half_order[32];

/* True for a signature in DER with 0 < r and 0 < s <= n / 2. */
bool ecdsa_is_canonical(struct span signature);

/* Turns any signature in DER into that form; one that is none is left as it is. `signature` holds
 * ECDSA_BYTES_MAX. */
void ecdsa_make_canonical(uint8_t *signature, size_t *len);

#endif
