/* bench_wire.c - see bench_wire.h. */
#include "prog/ipop/bench_wire.h"

#include "base/check.h"
#include "base/err.h"
#include "base/reader.h"
#include "base/writer.h"

static const char mark[] = "ipbench";

#define MARK_BYTES (sizeof(mark) - 1)
#define COMMON_BYTES (MARK_BYTES + 1) /* and the version */

#define ECHO_QUESTION 4
#define ECHO_ANSWER 5

static void write_common(struct writer *w)
{
	writer_bytes(w, (const uint8_t *)mark, MARK_BYTES);
	writer_u8(w, BENCH_VERSION);
}

void bench_hello_encode(const struct bench_hello *hello, uint8_t ret[BENCH_HELLO_BYTES])
{
	struct writer w = writer_of(ret, BENCH_HELLO_BYTES);

	write_common(&w);
	writer_u8(&w, (uint8_t)hello->purpose);
	writer_u8(&w, hello->seconds);
	writer_u8(&w, hello->streams);
	writer_zero(&w, 5);
	writer_bytes(&w, hello->token.bytes, BENCH_TOKEN_BYTES);
	CHECK(writer_ok(&w) && w.len == BENCH_HELLO_BYTES);
}

void bench_answer_encode(enum bench_verdict verdict, uint8_t ret[BENCH_ANSWER_BYTES])
{
	struct writer w = writer_of(ret, BENCH_ANSWER_BYTES);

	write_common(&w);
	writer_u8(&w, (uint8_t)verdict);
	writer_zero(&w, 7);
	CHECK(writer_ok(&w) && w.len == BENCH_ANSWER_BYTES);
}

void bench_echo_encode(const struct bench_echo *echo, uint8_t ret[BENCH_ECHO_BYTES])
{
	struct writer w = writer_of(ret, BENCH_ECHO_BYTES);

	write_common(&w);
	writer_u8(&w, echo->is_answer ? ECHO_ANSWER : ECHO_QUESTION);
	writer_zero(&w, 7);
	writer_bytes(&w, echo->token.bytes, BENCH_TOKEN_BYTES);
	writer_u64(&w, echo->number);
	writer_zero(&w, 24);
	CHECK(writer_ok(&w) && w.len == BENCH_ECHO_BYTES);
}

/* What stands in front of every message of `len` bytes. */
static int read_common(struct span bytes, size_t len, struct reader *ret, uint8_t *ret_version)
{
	const size_t marked = bytes.len < MARK_BYTES ? bytes.len : MARK_BYTES;

	if (bytes.len > len || (marked > 0 && memcmp(bytes.data, mark, marked) != 0))
		return ERR_MALFORMED;
	if (bytes.len < COMMON_BYTES)
		return ERR_AGAIN;
	*ret_version = bytes.data[MARK_BYTES];
	if (*ret_version != BENCH_VERSION)
		return ERR_VERSION;
	if (bytes.len < len)
		return ERR_AGAIN;
	*ret = reader_of(span_of(bytes.data + COMMON_BYTES, len - COMMON_BYTES));
	return 0;
}

static bool is_sound(uint8_t purpose, const struct bench_hello *hello)
{
	if (purpose == BENCH_RUN)
		return hello->seconds == 0 && hello->streams >= 1 &&
		       hello->streams <= BENCH_STREAMS_MAX;
	return (purpose == BENCH_GIVE || purpose == BENCH_TAKE) && hello->streams == 0 &&
	       hello->seconds >= 1 && hello->seconds <= BENCH_SECONDS_MAX;
}

int bench_hello_decode(struct span bytes, struct bench_hello *ret, uint8_t *ret_version)
{
	struct bench_hello hello;
	struct reader r;
	uint8_t purpose;
	const int err = read_common(bytes, BENCH_HELLO_BYTES, &r, ret_version);

	if (err != 0)
		return err;
	if (!reader_u8(&r, &purpose) || !reader_u8(&r, &hello.seconds) ||
	    !reader_u8(&r, &hello.streams) || !reader_zero(&r, 5) ||
	    !reader_bytes(&r, hello.token.bytes, BENCH_TOKEN_BYTES) || !is_sound(purpose, &hello))
		return ERR_MALFORMED;
	hello.purpose = (enum bench_purpose)purpose;
	*ret = hello;
	return 0;
}

int bench_answer_decode(struct span bytes, enum bench_verdict *ret, uint8_t *ret_version)
{
	struct reader r;
	uint8_t verdict;
	const int err = read_common(bytes, BENCH_ANSWER_BYTES, &r, ret_version);

	if (err != 0)
		return err;
	if (!reader_u8(&r, &verdict) || !reader_zero(&r, 7) || verdict < BENCH_GO ||
	    verdict > BENCH_STRANGER)
		return ERR_MALFORMED;
	*ret = (enum bench_verdict)verdict;
	return 0;
}

int bench_echo_decode(struct span bytes, struct bench_echo *ret, uint8_t *ret_version)
{
	struct bench_echo echo;
	struct reader r;
	uint8_t kind;
	const int err = read_common(bytes, BENCH_ECHO_BYTES, &r, ret_version);

	if (err != 0)
		return err;
	if (!reader_u8(&r, &kind) || !reader_zero(&r, 7) ||
	    !reader_bytes(&r, echo.token.bytes, BENCH_TOKEN_BYTES) ||
	    !reader_u64(&r, &echo.number) || !reader_zero(&r, 24) ||
	    (kind != ECHO_QUESTION && kind != ECHO_ANSWER))
		return ERR_MALFORMED;
	echo.is_answer = kind == ECHO_ANSWER;
	*ret = echo;
	return 0;
}
