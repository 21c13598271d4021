/* fuzz_reader.c - a script of reader calls against arithmetic on an index.
 *
 * Oracle: each call takes exactly what the message has at that place, or nothing, with the output
 * untouched; it succeeds if and only if enough is left (and, for zeros, if they are).
 */
#include "base/check.h"
#include "base/reader.h"
#include "tests/fuzz/fuzz.h"

#include <stdlib.h>

#define MESSAGE_BYTES_MAX 64
#define UNTOUCHED 0xa5

struct trial {
	const uint8_t *message;
	size_t len, at; /* how much of the message is taken, as the model has it */
	struct reader reader;
};

/* The big-endian integer of `width` bytes at the model's place. */
static uint64_t model_integer(const struct trial *trial, size_t width)
{
	uint64_t value = 0;

	for (size_t i = 0; i < width; i++)
		value = value * 256 + trial->message[trial->at + i];
	return value;
}

static void try_integer(struct trial *trial, size_t width)
{
	const bool fits = trial->len - trial->at >= width;
	uint8_t u8 = UNTOUCHED;
	uint16_t u16 = UNTOUCHED;
	uint32_t u32 = UNTOUCHED;
	uint64_t u64 = UNTOUCHED;
	bool taken = false;
	uint64_t got = 0;

	if (width == 1)
		taken = reader_u8(&trial->reader, &u8), got = u8;
	else if (width == 2)
		taken = reader_u16(&trial->reader, &u16), got = u16;
	else if (width == 4)
		taken = reader_u32(&trial->reader, &u32), got = u32;
	else
		taken = reader_u64(&trial->reader, &u64), got = u64;
	CHECK(taken == fits);
	CHECK(got == (fits ? model_integer(trial, width) : UNTOUCHED));
	trial->at += fits ? width : 0;
}

static void try_bytes(struct trial *trial, size_t len)
{
	const bool fits = trial->len - trial->at >= len;
	uint8_t copy[UINT8_MAX + 1];

	memset(copy, UNTOUCHED, sizeof(copy));
	CHECK(reader_bytes(&trial->reader, copy, len) == fits);
	for (size_t i = 0; i < sizeof(copy); i++)
		CHECK(copy[i] == (fits && i < len ? trial->message[trial->at + i] : UNTOUCHED));
	trial->at += fits ? len : 0;
}

static void try_span(struct trial *trial, size_t len)
{
	const bool fits = trial->len - trial->at >= len;
	struct span lent = { NULL, 0 };

	CHECK(reader_span(&trial->reader, len, &lent) == fits);
	CHECK(lent.len == (fits ? len : 0));
	CHECK(lent.data == (fits && trial->message != NULL ? trial->message + trial->at : NULL));
	trial->at += fits ? len : 0;
}

static void try_zero(struct trial *trial, size_t len)
{
	bool fits = trial->len - trial->at >= len;

	for (size_t i = 0; fits && i < len; i++)
		fits = trial->message[trial->at + i] == 0;
	CHECK(reader_zero(&trial->reader, len) == fits);
	trial->at += fits ? len : 0;
}

static void step(struct trial *trial, struct script *script)
{
	static const size_t widths[] = { 1, 2, 4, 8 };
	const uint8_t kind = script_u8(script) % 7;

	if (kind < 4)
		try_integer(trial, widths[kind]);
	else if (kind == 4)
		try_bytes(trial, script_u8(script));
	else if (kind == 5)
		try_span(trial, script_u8(script));
	else
		try_zero(trial, script_u8(script) % 16);
	CHECK(reader_left(&trial->reader) == trial->len - trial->at);
	CHECK(reader_end(&trial->reader) == (trial->at == trial->len));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct script script = script_of(data, size);
	const size_t len = script_u8(&script) % (MESSAGE_BYTES_MAX + 1);
	uint8_t *message =
		len == 0 ? NULL : malloc(len); /* its own block: the sanitizer sees its end */
	struct trial trial = { .message = message, .len = len };

	for (size_t i = 0; message != NULL && i < len; i++)
		message[i] = script_u8(&script);
	trial.reader = reader_of(span_of(message, len));
	while (script.left > 0)
		step(&trial, &script);
	free(message);
	return 0;
}
