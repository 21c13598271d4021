/* text.c - see text.h. */
#include "group/text.h"

#include "base/err.h"

#include <string.h>

#define LONG_DIGITS_MAX 18 /* whatever they are, they fit */

#define PAD '='

static const char hex_digits[] = "0123456789abcdef";
static const char base64_digits[] =
	"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

bool text_next(struct span *rest, char separator, struct span *ret)
{
	size_t len = 0;

	if (rest->len == 0)
		return false;
	while (len < rest->len && rest->data[len] != (uint8_t)separator)
		len++;
	*ret = span_of(rest->data, len);
	if (len < rest->len)
		len++;
	*rest = span_of(rest->data + len, rest->len - len);
	return true;
}

static bool is_blank(uint8_t c)
{
	return c == ' ' || c == '\t' || c == '\r'; /* lines may come from another system */
}

struct span text_trim(struct span text)
{
	while (text.len > 0 && is_blank(text.data[0]))
		text = span_of(text.data + 1, text.len - 1);
	while (text.len > 0 && is_blank(text.data[text.len - 1]))
		text.len--;
	return text;
}

bool text_equal(struct span text, const char *word)
{
	return span_equal(text, span_text(word));
}

int text_copy(struct span text, char *ret, size_t ret_size)
{
	if (text.len >= ret_size || (text.len > 0 && memchr(text.data, 0, text.len) != NULL))
		return ERR_MALFORMED;
	if (text.len > 0)
		memcpy(ret, text.data, text.len);
	ret[text.len] = '\0';
	return 0;
}

int text_long_number(struct span text, uint64_t *ret)
{
	uint64_t value = 0;

	if (text.len == 0 || text.len > LONG_DIGITS_MAX || (text.len > 1 && text.data[0] == '0'))
		return ERR_MALFORMED;
	for (size_t i = 0; i < text.len; i++) {
		if (text.data[i] < '0' || text.data[i] > '9')
			return ERR_MALFORMED;
		value = value * 10 + (uint64_t)(text.data[i] - '0');
	}
	*ret = value;
	return 0;
}

int text_number(struct span text, uint32_t *ret)
{
	uint64_t value;

	if (text_long_number(text, &value) < 0 || value > UINT32_MAX)
		return ERR_MALFORMED;
	*ret = (uint32_t)value;
	return 0;
}

void text_hex(struct span bytes, char *ret)
{
	for (size_t i = 0; i < bytes.len; i++) {
		*ret++ = hex_digits[bytes.data[i] >> 4];
		*ret++ = hex_digits[bytes.data[i] & 15];
	}
	*ret = '\0';
}

/* The value of a digit among `count` (a power of two); `count` if it is none of them. Every digit
 * is looked at: the time does not tell which one it was, for secrets pass through here. */
static unsigned value_of(uint8_t c, const char *digits, unsigned count)
{
	unsigned value = count;

	for (unsigned i = 0; i < count; i++)
		value ^= (value ^ i) & (0U - (unsigned)(c == (uint8_t)digits[i]));
	return value;
}

int text_from_hex(struct span text, uint8_t *ret, size_t len)
{
	unsigned bad = 0;

	if (text.len != TEXT_HEX_CHARS(len))
		return ERR_MALFORMED;
	for (size_t i = 0; i < text.len; i++)
		bad |= value_of(text.data[i], hex_digits, 16) & 16;
	if (bad != 0)
		return ERR_MALFORMED;
	for (size_t i = 0; i < len; i++)
		ret[i] = (uint8_t)(value_of(text.data[2 * i], hex_digits, 16) << 4 |
				   value_of(text.data[2 * i + 1], hex_digits, 16));
	return 0;
}

void text_base64(struct span bytes, char *ret)
{
	for (size_t i = 0; i < bytes.len; i += 3) {
		const size_t left = bytes.len - i;
		const uint32_t group = (uint32_t)bytes.data[i] << 16 |
				       (left > 1 ? (uint32_t)bytes.data[i + 1] << 8 : 0) |
				       (left > 2 ? (uint32_t)bytes.data[i + 2] : 0);

		*ret++ = base64_digits[group >> 18];
		*ret++ = base64_digits[group >> 12 & 63];
		*ret++ = PAD;
		*ret++ = PAD;
		if (left > 1)
			ret[-2] = base64_digits[group >> 6 & 63];
		if (left > 2)
			ret[-1] = base64_digits[group & 63];
	}
	*ret = '\0';
}

/* How many digits, padding left away, stand for `len` bytes. */
static size_t base64_len(size_t len)
{
	return (len * 8 + 5) / 6;
}

int text_from_base64(struct span text, uint8_t *ret, size_t len)
{
	const size_t digits = base64_len(len);
	unsigned bad = 0;
	uint32_t bits = 0;
	unsigned have = 0;

	if (text.len != TEXT_BASE64_CHARS(len))
		return ERR_MALFORMED;
	for (size_t i = 0; i < digits; i++)
		bad |= value_of(text.data[i], base64_digits, 64) & 64;
	for (size_t i = digits; i < text.len; i++)
		bad |= text.data[i] ^ (unsigned)PAD;
	/* The last digit has bits that belong to no byte: they are zero (RFC 4648, 3.5). */
	if (digits > 0)
		bad |= value_of(text.data[digits - 1], base64_digits, 64) &
		       ((1U << (digits * 6 - len * 8)) - 1);
	if (bad != 0)
		return ERR_MALFORMED;
	for (size_t i = 0, at = 0; at < len; i++) {
		bits = bits << 6 | value_of(text.data[i], base64_digits, 64);
		have += 6;
		if (have >= 8) {
			have -= 8;
			ret[at++] = (uint8_t)(bits >> have);
		}
	}
	return 0;
}

int text_id(struct span text, struct id *ret)
{
	char chars[ID_TEXT_CHARS + 1];

	if (text.len != ID_TEXT_CHARS || text_copy(text, chars, sizeof(chars)) != 0)
		return ERR_MALFORMED;
	for (const char *c = chars; *c != '\0'; c++)
		if (*c >= 'A' && *c <= 'Z')
			return ERR_MALFORMED;
	return id_from_text(chars, ret);
}
