/* prefix.c - see prefix.h. */
#include "group/prefix.h"

#include "base/check.h"
#include "base/err.h"
#include "group/text.h"

#include <stdio.h>
#include <string.h>

#define CHOICE_NET 10 /* 10.128.0.0/9 in slices of /16 */
#define CHOICE_FIRST 128
#define CHOICE_LEN 16

static uint32_t number_of(const uint8_t ip[4])
{
	return (uint32_t)ip[0] << 24 | (uint32_t)ip[1] << 16 | (uint32_t)ip[2] << 8 | ip[3];
}

/* The bits in front of a length of 0..32. */
static uint32_t mask_of(unsigned len)
{
	return len == 0 ? 0 : UINT32_MAX << (32 - len);
}

int ipv4_from_text(struct span text, uint8_t ret[4])
{
	char again[IPV4_TEXT_CHARS + 1];
	struct span rest = text;
	uint8_t ip[4];

	for (size_t i = 0; i < sizeof(ip); i++) {
		struct span part;
		uint32_t value;

		if (!text_next(&rest, '.', &part) || text_number(part, &value) != 0 || value > 255)
			return ERR_MALFORMED;
		ip[i] = (uint8_t)value;
	}
	ipv4_to_text(ip, again);
	if (!text_equal(text, again)) /* a fifth part, or a point at the end */
		return ERR_MALFORMED;
	memcpy(ret, ip, sizeof(ip));
	return 0;
}

void ipv4_to_text(const uint8_t ip[4], char ret[IPV4_TEXT_CHARS + 1])
{
	const int len =
		snprintf(ret, IPV4_TEXT_CHARS + 1, "%u.%u.%u.%u", ip[0], ip[1], ip[2], ip[3]);

	CHECK(len > 0 && len <= IPV4_TEXT_CHARS);
}

int prefix_from_text(struct span text, struct prefix *ret)
{
	char again[PREFIX_TEXT_CHARS + 1];
	struct span rest = text;
	struct prefix prefix;
	struct span part;
	uint32_t len;

	if (!text_next(&rest, '/', &part) || ipv4_from_text(part, prefix.ip) != 0 ||
	    text_number(rest, &len) != 0 || len > 32 || (number_of(prefix.ip) & ~mask_of(len)) != 0)
		return ERR_MALFORMED;
	prefix.len = (uint8_t)len;
	prefix_to_text(&prefix, again);
	CHECK(text_equal(text, again));
	*ret = prefix;
	return 0;
}

void prefix_to_text(const struct prefix *prefix, char ret[PREFIX_TEXT_CHARS + 1])
{
	char ip[IPV4_TEXT_CHARS + 1];
	int len;

	ipv4_to_text(prefix->ip, ip);
	len = snprintf(ret, PREFIX_TEXT_CHARS + 1, "%s/%u", ip, prefix->len);
	CHECK(len > 0 && len <= PREFIX_TEXT_CHARS);
}

bool prefix_offset(const struct prefix *prefix, const uint8_t ip[4], uint32_t *ret)
{
	const uint32_t offset = number_of(ip) - number_of(prefix->ip);

	if ((offset & mask_of(prefix->len)) != 0)
		return false;
	*ret = offset;
	return true;
}

void prefix_at(const struct prefix *prefix, uint32_t offset, uint8_t ret[4])
{
	const uint32_t ip = number_of(prefix->ip) + offset;

	CHECK((offset & mask_of(prefix->len)) == 0);
	for (size_t i = 0; i < 4; i++)
		ret[i] = (uint8_t)(ip >> (24 - 8 * i));
}

uint32_t prefix_size(const struct prefix *prefix)
{
	CHECK(prefix->len >= 1 && prefix->len <= 32);
	return UINT32_C(1) << (32 - prefix->len);
}

bool prefix_has_host(const struct prefix *prefix, const uint8_t ip[4])
{
	uint32_t offset;

	return prefix_offset(prefix, ip, &offset) && offset != 0 &&
	       offset != prefix_size(prefix) - 1;
}

bool prefix_is_usable(const struct prefix *prefix)
{
	static const struct prefix reserved[] = {
		{ { 0 }, 8 },
		{ { 127 }, 8 },
		{ { 169, 254 }, 16 },
		{ { 224 }, 3 },
	};

	for (size_t i = 0; i < sizeof(reserved) / sizeof(reserved[0]); i++)
		if (prefix_overlaps(prefix, &reserved[i]))
			return false;
	return true;
}

bool prefix_is_private(const struct prefix *prefix)
{
	static const struct prefix private[] = {
		{ { 10 }, 8 },
		{ { 172, 16 }, 12 },
		{ { 192, 168 }, 16 },
		{ { 100, 64 }, 10 },
	};

	for (size_t i = 0; i < sizeof(private) / sizeof(private[0]); i++)
		if (prefix->len >= private[i].len && prefix_overlaps(prefix, &private[i]))
			return true;
	return false;
}

bool prefix_overlaps(const struct prefix *a, const struct prefix *b)
{
	const uint32_t mask = mask_of(a->len < b->len ? a->len : b->len);

	return ((number_of(a->ip) ^ number_of(b->ip)) & mask) == 0;
}

struct prefix prefix_choice(const struct id *network, unsigned n)
{
	/* The last byte: the first ones show in the IPv6 prefix anyway, so these add something. */
	const unsigned slice = (network->bytes[ID_BYTES - 1] + n) % PREFIX_CHOICES;

	return (struct prefix){ .ip = { CHOICE_NET, (uint8_t)(CHOICE_FIRST + slice), 0, 0 },
				.len = CHOICE_LEN };
}
