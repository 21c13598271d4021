/* id.h - 160-bit identifiers on a ring: of nodes, of networks, of keys.
 *
 * They are compared as big-endian numbers; clockwise is increasing, modulo 2^160. An id says where
 * a member stands; it proves nothing until a certificate binds it to a key.
 */
#ifndef ID_H
#define ID_H

#include <stdbool.h>
#include <stdint.h>

#define ID_BYTES 20
#define ID_PREFIX_BYTES 10 /* the 80 bits that an IPv6 address of ours carries */
#define ID_BITS 160
#define ID_LOG_ONE 256   /* of id_log2() */
#define ID_TEXT_CHARS 32 /* base32 (RFC 4648, 6) in lower case; 160 bits need no padding */

struct id {
	uint8_t bytes[ID_BYTES];
};

bool id_equal(const struct id *a, const struct id *b);

/* True if the first 80 bits agree. */
bool id_prefix_equal(const struct id *a, const struct id *b);

bool id_is_zero(const struct id *id);

/* < 0, 0, > 0 as a stands before, at or behind b, counted from zero. */
int id_compare(const struct id *a, const struct id *b);

/* The way from a clockwise to b: (b - a) mod 2^160. */
struct id id_clockwise(const struct id *a, const struct id *b);

/* Who stands so far clockwise of `from`: (from + way) mod 2^160. */
struct id id_ahead(const struct id *from, const struct id *way);

/* The shorter of the two ways between a and b. */
struct id id_distance(const struct id *a, const struct id *b);

/* The logarithm to base 2 of a way, in 1/256, linear between two powers; of zero it is zero. And
 * the way that has it; requires log < 160 * 256. One undoes the other but for what stands behind
 * the leading 9 bits. */
uint32_t id_log2(const struct id *way);
struct id id_exp2(uint32_t log);

/* Writes 32 characters and a final zero. */
void id_to_text(const struct id *id, char ret[ID_TEXT_CHARS + 1]);

/* Takes exactly 32 characters of lower or upper case: 0, or ERR_MALFORMED. */
int id_from_text(const char *text, struct id *ret);

#endif
