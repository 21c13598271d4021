/* fuzz_bench.c - what two `ipop bench` say to each other: the first byte chooses the message.
 * Oracles: each has one form, so what is taken is what the encoder writes of it, byte for byte; and
 * no part of one is refused as junk, since it could not be waited for then.
 */
#include "base/check.h"
#include "base/err.h"
#include "prog/ipop/bench_wire.h"
#include "tests/fuzz/fuzz.h"

static void try_hello(struct span bytes)
{
	uint8_t out[BENCH_HELLO_BYTES];
	struct bench_hello hello;
	uint8_t version;

	if (bench_hello_decode(bytes, &hello, &version) != 0)
		return;
	bench_hello_encode(&hello, out);
	CHECK(span_equal(span_of(out, sizeof(out)), bytes));
	CHECK(hello.seconds <= BENCH_SECONDS_MAX && hello.streams <= BENCH_STREAMS_MAX);
	for (size_t len = 0; len < bytes.len; len++)
		CHECK(bench_hello_decode(span_of(out, len), &hello, &version) == ERR_AGAIN);
}

static void try_answer(struct span bytes)
{
	uint8_t out[BENCH_ANSWER_BYTES];
	enum bench_verdict verdict;
	uint8_t version;

	if (bench_answer_decode(bytes, &verdict, &version) != 0)
		return;
	bench_answer_encode(verdict, out);
	CHECK(span_equal(span_of(out, sizeof(out)), bytes));
	for (size_t len = 0; len < bytes.len; len++)
		CHECK(bench_answer_decode(span_of(out, len), &verdict, &version) == ERR_AGAIN);
}

static void try_echo(struct span bytes)
{
	uint8_t out[BENCH_ECHO_BYTES];
	struct bench_echo echo;
	uint8_t version;

	if (bench_echo_decode(bytes, &echo, &version) != 0)
		return;
	bench_echo_encode(&echo, out);
	CHECK(span_equal(span_of(out, sizeof(out)), bytes));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static void (*const tries[])(struct span bytes) = { try_hello, try_answer, try_echo };

	if (size > 0)
		tries[data[0] % 3](span_of(data + 1, size - 1));
	return 0;
}
