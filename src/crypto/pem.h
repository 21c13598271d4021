/* pem.h - DER as text between two lines that name it (RFC 7468).
 *
 * May hold secrets: no byte of them is left behind but in the outputs. */
#ifndef CRYPTO_PEM_H
#define CRYPTO_PEM_H

#include "base/writer.h"

/* Takes the first block of the text, which must have this label; what stands before and behind it
 * does not matter. 0, ERR_MALFORMED, or ERR_TOO_LONG if the content does not fit. */
int pem_decode(struct span text, const char *label, struct writer *ret);

/* 0, or ERR_TOO_LONG if the text does not fit. */
int pem_encode(struct span der, const char *label, struct writer *ret);

/* True if the first block has this label. */
bool pem_has_label(struct span text, const char *label);

#endif
