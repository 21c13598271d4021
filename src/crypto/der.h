/* der.h - the encoding of certificates and keys (X.690, DER): taken apart and put together.
 *
 * Only what has a single encoding is taken: definite lengths in their shortest form, integers
 * without superfluous leading bytes.
 */
#ifndef CRYPTO_DER_H
#define CRYPTO_DER_H

#include "base/reader.h"
#include "base/writer.h"

#define DER_BOOLEAN 0x01
#define DER_INTEGER 0x02
#define DER_BIT_STRING 0x03
#define DER_OCTET_STRING 0x04
#define DER_OID 0x06
#define DER_UTF8_STRING 0x0c
#define DER_UTC_TIME 0x17
#define DER_GENERALIZED_TIME 0x18
#define DER_SEQUENCE 0x30
#define DER_SET 0x31
#define DER_CONTEXT(n) (0x80 | (n))             /* implicitly tagged, primitive */
#define DER_CONTEXT_CONSTRUCTED(n) (0xa0 | (n)) /* explicitly tagged, or a sequence */

struct der_item {
	uint8_t tag;
	struct span content; /* borrowed from the input */
	struct span whole;   /* with tag and length */
};

/* Takes the next item: false, and nothing is taken, if it is cut short or not in shortest form.
 * Tags above 30 are not known here, contents beyond 65,535 bytes neither. */
bool der_take(struct reader *r, struct der_item *ret);

/* Takes the next item if it has this tag, and gives its content. */
bool der_take_tag(struct reader *r, uint8_t tag, struct span *ret);

/* Takes an INTEGER that is not negative: gives its bytes without the sign's leading zero, at least
 * one. */
bool der_take_unsigned(struct reader *r, struct span *ret);

void der_put(struct writer *w, uint8_t tag, struct span content);

/* Puts what was written into `content`, and marks `w` if that did not fit there. */
void der_put_writer(struct writer *w, uint8_t tag, const struct writer *content);

/* An INTEGER of big-endian bytes; zeros at their front do not matter. */
void der_put_unsigned(struct writer *w, struct span bytes);

#endif
