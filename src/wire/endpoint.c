/* endpoint.c - see endpoint.h. The text forms are ours, not inet_pton()'s: which spellings of an
 * address count is decided here, and the layers below io/ call no more of libc than this. */
#include "wire/endpoint.h"

#include "base/check.h"
#include "base/err.h"

#include <limits.h>
#include <string.h>

#define IP_BITS (CHAR_BIT * ENDPOINT_IP_BYTES)
#define V4_BITS (CHAR_BIT * V4_BYTES)
#define V4_AT 12   /* where the IPv4 address stands in its IPv4-mapped form */
#define V4_BYTES 4 /* of an IPv4 address */
#define GROUPS 8   /* of an IPv6 address, 16 bits each */
#define GROUP_DIGITS_MAX 4
#define PORT_DIGITS_MAX 5
#define BYTE_DIGITS_MAX 3

static const uint8_t v4_prefix[V4_AT] = { [10] = 0xff, [11] = 0xff };

bool endpoint_ip_equal(const struct endpoint *a, const struct endpoint *b)
{
	return memcmp(a->ip, b->ip, sizeof(a->ip)) == 0;
}

bool endpoint_equal(const struct endpoint *a, const struct endpoint *b)
{
	return endpoint_ip_equal(a, b) && a->port == b->port;
}

bool endpoint_is_v4(const struct endpoint *endpoint)
{
	return memcmp(endpoint->ip, v4_prefix, sizeof(v4_prefix)) == 0;
}

bool endpoint_site_equal(const struct endpoint *a, const struct endpoint *b)
{
	if (endpoint_is_v4(a) || endpoint_is_v4(b))
		return endpoint_ip_equal(a, b);
	return memcmp(a->ip, b->ip, ENDPOINT_V6_SITE_BYTES) == 0;
}

bool endpoint_ip_is_zero(const struct endpoint *endpoint)
{
	const unsigned from = endpoint_is_v4(endpoint) ? V4_AT : 0;

	return span_is_zero(span_of(endpoint->ip + from, sizeof(endpoint->ip) - from));
}

struct endpoint endpoint_v4(const uint8_t ip[4], uint16_t port)
{
	struct endpoint e = { .port = port };

	memcpy(e.ip, v4_prefix, sizeof(v4_prefix));
	memcpy(e.ip + V4_AT, ip, V4_BYTES);
	return e;
}

struct endpoint endpoint_v6(const uint8_t ip[16], uint16_t port)
{
	struct endpoint e = { .port = port };

	memcpy(e.ip, ip, sizeof(e.ip));
	return e;
}

unsigned endpoint_ip_bits(const struct endpoint *endpoint)
{
	return endpoint_is_v4(endpoint) ? V4_BITS : IP_BITS;
}

struct endpoint endpoint_network(const struct endpoint *endpoint, unsigned len)
{
	const unsigned bits = endpoint_ip_bits(endpoint);
	struct endpoint network = { .port = 0 };

	CHECK(len <= bits);
	memcpy(network.ip, endpoint->ip, sizeof(network.ip));
	for (unsigned bit = IP_BITS - bits + len; bit < IP_BITS; bit++)
		network.ip[bit / CHAR_BIT] &= (uint8_t) ~(0x80U >> bit % CHAR_BIT);
	return network;
}

void endpoint_encode(const struct endpoint *endpoint, struct writer *w)
{
	writer_bytes(w, endpoint->ip, sizeof(endpoint->ip));
	writer_u16(w, endpoint->port);
}

bool endpoint_decode(struct reader *r, struct endpoint *ret)
{
	struct endpoint e;

	if (reader_left(r) < ENDPOINT_WIRE_BYTES)
		return false;
	(void)reader_bytes(r, e.ip, sizeof(e.ip)); /* both fit: see above */
	(void)reader_u16(r, &e.port);
	*ret = e;
	return true;
}

/* Writes the digits and returns the place behind them. */
static char *put_number(char *at, unsigned value, unsigned base)
{
	unsigned unit = 1;

	while (value / unit >= base)
		unit *= base;
	for (; unit > 0; unit /= base)
		*at++ = "0123456789abcdef"[value / unit % base];
	return at;
}

static char *put_v4(char *at, const struct endpoint *e)
{
	for (unsigned i = 0; i < V4_BYTES; i++) {
		if (i > 0)
			*at++ = '.';
		at = put_number(at, e->ip[V4_AT + i], 10);
	}
	return at;
}

static unsigned group_at(const struct endpoint *e, size_t i)
{
	return (unsigned)e->ip[2 * i] << 8 | e->ip[2 * i + 1];
}

/* The longest run of two or more zero groups, the first of equals (RFC 5952, 4.2): how many, and
 * where; 0 if there is none. */
static unsigned longest_zeros(const struct endpoint *e, unsigned *ret_at)
{
	unsigned best = 0;

	for (unsigned i = 0; i < GROUPS; i++) {
		unsigned len = 0;

		while (i + len < GROUPS && group_at(e, i + len) == 0)
			len++;
		if (len >= 2 && len > best) {
			best = len;
			*ret_at = i;
		}
	}
	return best;
}

static char *put_v6(char *at, const struct endpoint *e)
{
	unsigned zeros_at = GROUPS;
	const unsigned zeros = longest_zeros(e, &zeros_at);

	for (unsigned i = 0; i < GROUPS;) {
		if (i == zeros_at) {
			*at++ = ':';
			i += zeros;
			if (i == GROUPS)
				*at++ = ':';
			continue;
		}
		if (i > 0)
			*at++ = ':';
		at = put_number(at, group_at(e, i++), 16);
	}
	return at;
}

static char *put_ip(char *at, const struct endpoint *e)
{
	return endpoint_is_v4(e) ? put_v4(at, e) : put_v6(at, e);
}

void endpoint_ip_to_text(const struct endpoint *endpoint, char ret[ENDPOINT_TEXT_CHARS + 1])
{
	*put_ip(ret, endpoint) = 0;
}

void endpoint_to_text(const struct endpoint *endpoint, char ret[ENDPOINT_TEXT_CHARS + 1])
{
	const bool bracketed = !endpoint_is_v4(endpoint);
	char *at = ret;

	if (bracketed)
		*at++ = '[';
	at = put_ip(at, endpoint);
	if (bracketed)
		*at++ = ']';
	*at++ = ':';
	at = put_number(at, endpoint->port, 10);
	CHECK(at <= ret + ENDPOINT_TEXT_CHARS);
	*at = 0;
}

static int digit_of(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

static bool is_digit(char c, unsigned base)
{
	const int digit = digit_of(c);

	return digit >= 0 && (unsigned)digit < base;
}

/* Takes 1 to digits_max digits, all that stand there. */
static bool take_number(const char **at, unsigned base, unsigned digits_max, unsigned *ret)
{
	unsigned value = 0;
	unsigned digits = 0;

	for (; is_digit(**at, base); ++*at) {
		if (++digits > digits_max)
			return false;
		value = value * base + (unsigned)digit_of(**at);
	}
	*ret = value;
	return digits > 0;
}

/* Decimal, without leading zeros: to some readers those mean octal. */
static bool take_decimal(const char **at, unsigned digits_max, unsigned max, unsigned *ret)
{
	const bool leading_zero = **at == '0' && is_digit((*at)[1], 10);

	return !leading_zero && take_number(at, 10, digits_max, ret) && *ret <= max;
}

static bool take_char(const char **at, char c)
{
	if (**at != c)
		return false;
	++*at;
	return true;
}

static bool take_v4(const char **at, struct endpoint *ret)
{
	uint8_t ip[V4_BYTES];

	for (unsigned i = 0; i < V4_BYTES; i++) {
		unsigned byte;

		if ((i > 0 && !take_char(at, '.')) ||
		    !take_decimal(at, BYTE_DIGITS_MAX, UINT8_MAX, &byte))
			return false;
		ip[i] = (uint8_t)byte;
	}
	*ret = endpoint_v4(ip, 0);
	return true;
}

/* Moves the groups from `zeros_at` on to the end, behind the zeros that "::" stands for. */
static void stretch(struct endpoint *e, size_t zeros_at, size_t count)
{
	const size_t tail = 2 * (count - zeros_at);

	memmove(e->ip + ENDPOINT_IP_BYTES - tail, e->ip + 2 * zeros_at, tail);
	memset(e->ip + 2 * zeros_at, 0, ENDPOINT_IP_BYTES - tail - 2 * zeros_at);
}

/* Groups with colons between them, and "::" at most once, for one or more groups of zeros. Ends at
 * the first character that cannot belong to it. */
static bool take_v6(const char **at, struct endpoint *ret)
{
	struct endpoint e = { 0 };
	size_t count = 0;
	size_t zeros_at = GROUPS; /* GROUPS: no "::" so far */

	for (;;) {
		unsigned group;

		if (zeros_at == GROUPS && count < GROUPS && (*at)[0] == ':' && (*at)[1] == ':') {
			*at += 2;
			zeros_at = count;
			if (!is_digit(**at, 16))
				break;
		} else if (count > 0 && !take_char(at, ':')) {
			break;
		}
		if (count == GROUPS || !take_number(at, 16, GROUP_DIGITS_MAX, &group))
			return false;
		e.ip[2 * count] = (uint8_t)(group >> 8);
		e.ip[2 * count + 1] = (uint8_t)group;
		count++;
	}
	if ((zeros_at == GROUPS) != (count == GROUPS))
		return false;
	if (zeros_at < GROUPS)
		stretch(&e, zeros_at, count);
	*ret = e;
	return !endpoint_is_v4(ret); /* IPv4 has one spelling, its own */
}

int endpoint_ip_from_text(const char *text, struct endpoint *ret)
{
	const char *at = text;
	struct endpoint e;

	if (!take_v4(&at, &e) || *at != 0) {
		at = text;
		if (!take_v6(&at, &e) || *at != 0)
			return ERR_MALFORMED;
	}
	*ret = e;
	return 0;
}

int endpoint_from_text(const char *text, struct endpoint *ret)
{
	struct endpoint e;
	unsigned port;

	if (take_char(&text, '[')) {
		if (!take_v6(&text, &e) || !take_char(&text, ']'))
			return ERR_MALFORMED;
	} else if (!take_v4(&text, &e)) {
		return ERR_MALFORMED;
	}
	if (!take_char(&text, ':') || !take_decimal(&text, PORT_DIGITS_MAX, UINT16_MAX, &port) ||
	    port == 0 || *text != 0)
		return ERR_MALFORMED;
	e.port = (uint16_t)port;
	*ret = e;
	return 0;
}
