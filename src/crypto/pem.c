/* pem.c - see pem.h. */
#include "crypto/pem.h"

#include "base/err.h"
#include "base/reader.h"
#include "crypto/hash.h"

#include <openssl/evp.h>

#define LINE_CHARS 64 /* RFC 7468, 2: every line but the last */
#define LINE_BYTES 48
#define LABEL_LINE_CHARS_MAX 64

/* Takes the next line, without its end (LF or CR LF). */
static bool take_line(struct reader *r, struct span *ret)
{
	const struct span rest = r->rest;
	size_t len = 0;
	struct span ignored;

	if (rest.len == 0)
		return false;
	while (len < rest.len && rest.data[len] != '\n')
		len++;
	(void)reader_span(r, len < rest.len ? len + 1 : len, &ignored); /* it is there */
	*ret = span_of(rest.data, len > 0 && rest.data[len - 1] == '\r' ? len - 1 : len);
	return true;
}

static bool starts_with(struct span line, const char *text)
{
	return line.len >= strlen(text) && memcmp(line.data, text, strlen(text)) == 0;
}

/* "-----BEGIN label-----" or "-----END label-----". */
static struct span label_line(const char *which, const char *label,
			      uint8_t buffer[LABEL_LINE_CHARS_MAX])
{
	struct writer w = writer_of(buffer, LABEL_LINE_CHARS_MAX);

	writer_span_of(&w, span_text(which));
	writer_span_of(&w, span_text(label));
	writer_span_of(&w, span_text("-----"));
	return writer_span(&w);
}

/* Takes everything up to the first block's content; false if that has another label. */
static bool take_begin(struct reader *r, const char *label)
{
	uint8_t buffer[LABEL_LINE_CHARS_MAX];
	struct span line;

	while (take_line(r, &line))
		if (starts_with(line, "-----BEGIN "))
			return span_equal(line, label_line("-----BEGIN ", label, buffer));
	return false;
}

/* One line of base64; `ret_last` says that it may not be followed by another. */
static bool decode_line(struct span line, struct writer *ret, bool *ret_last)
{
	uint8_t bytes[LINE_BYTES + 1];
	size_t padding = 0;

	if (line.len == 0 || line.len > LINE_CHARS || line.len % 4 != 0)
		return false;
	while (padding < 2 && line.data[line.len - 1 - padding] == '=')
		padding++;
	if (memchr(line.data, '=', line.len - padding) != NULL ||
	    memchr(line.data, ' ', line.len) != NULL || memchr(line.data, '\t', line.len) != NULL)
		return false; /* which EVP_DecodeBlock() would let pass */

	const int len = EVP_DecodeBlock(bytes, line.data, (int)line.len);
	if (len < 0)
		return false;
	writer_bytes(ret, bytes, (size_t)len - padding);
	secret_wipe(bytes, sizeof(bytes));
	*ret_last = padding > 0 || line.len < LINE_CHARS;
	return true;
}

int pem_decode(struct span text, const char *label, struct writer *ret)
{
	uint8_t buffer[LABEL_LINE_CHARS_MAX];
	const struct span end = label_line("-----END ", label, buffer);
	struct reader r = reader_of(text);
	struct span line;
	bool last = false;

	if (!take_begin(&r, label))
		return ERR_MALFORMED;
	while (take_line(&r, &line)) {
		if (span_equal(line, end))
			return writer_ok(ret) ? 0 : ERR_TOO_LONG;
		if (last || !decode_line(line, ret, &last))
			return ERR_MALFORMED;
	}
	return ERR_MALFORMED; /* no end */
}

int pem_encode(struct span der, const char *label, struct writer *ret)
{
	uint8_t line[LINE_CHARS + 1]; /* and the zero that EVP_EncodeBlock() sets behind it */

	writer_span_of(ret, label_line("-----BEGIN ", label, line));
	writer_u8(ret, '\n');
	for (size_t at = 0; at < der.len; at += LINE_BYTES) {
		const size_t len = der.len - at < LINE_BYTES ? der.len - at : LINE_BYTES;

		writer_bytes(ret, line, (size_t)EVP_EncodeBlock(line, der.data + at, (int)len));
		writer_u8(ret, '\n');
	}
	writer_span_of(ret, label_line("-----END ", label, line));
	writer_u8(ret, '\n');
	secret_wipe(line, sizeof(line));
	return writer_ok(ret) ? 0 : ERR_TOO_LONG;
}

bool pem_has_label(struct span text, const char *label)
{
	struct reader r = reader_of(text);

	return take_begin(&r, label);
}
