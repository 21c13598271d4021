/* text.h - numbers and bytes as text, in one canonical form each: what decodes encodes to itself.
 *
 * Decoders return 0, or ERR_MALFORMED with the output untouched.
 */
#ifndef GROUP_TEXT_H
#define GROUP_TEXT_H

#include "base/id.h"
#include "base/span.h"

#define TEXT_HEX_CHARS(bytes) (2 * (bytes))
#define TEXT_BASE64_CHARS(bytes) (((bytes) + 2) / 3 * 4)

/* Takes what stands before the next separator, or the rest if there is none, and the separator with
 * it. False when nothing is left. Walks over lines and fields alike. */
bool text_next(struct span *rest, char separator, struct span *ret);

/* Without the spaces, tabs and carriage returns at both ends. */
struct span text_trim(struct span text);

bool text_equal(struct span text, const char *word);

/* A string in a buffer that is large enough, or ERR_MALFORMED if the text is longer or holds a zero
 * byte. */
int text_copy(struct span text, char *ret, size_t ret_size);

/* Decimal, without sign, without leading zeros; the second of at most 18 digits. */
int text_number(struct span text, uint32_t *ret);
int text_long_number(struct span text, uint64_t *ret);

/* Hexadecimal digits in lower case (RFC 4648, 8). `ret` of the first holds TEXT_HEX_CHARS and a
 * final zero; the second takes exactly `len` bytes. */
void text_hex(struct span bytes, char *ret);
int text_from_hex(struct span text, uint8_t *ret, size_t len);

/* Base64 with padding (RFC 4648, 4); the same contract. */
void text_base64(struct span bytes, char *ret);
int text_from_base64(struct span text, uint8_t *ret, size_t len);

/* As id_from_text(), but takes only lower case. */
int text_id(struct span text, struct id *ret);

#endif
