/* scrapes.c - see scrapes.h. */
#include "prog/ipop/scrapes.h"

#include "base/check.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define ANSWER_HEAD_BYTES 256

/* A connection: free (no descriptor), asking (no answer), being answered. */
struct scrape {
	int fd;            /* owned; -1: free */
	struct mono since; /* it came */
	struct mono heard; /* it last said or took something */
	struct mono until; /* for what it does now */
	size_t len;        /* of its head */
	char *answer;      /* owned */
	size_t answer_len, sent;
	char head[SCRAPES_HEAD_BYTES_MAX + 1];
};

struct scrapes {
	struct scrape all[SCRAPES_MAX];
};

struct scrapes *scrapes_new(void)
{
	struct scrapes *const scrapes = calloc(1, sizeof(*scrapes));

	for (size_t i = 0; scrapes != NULL && i < SCRAPES_MAX; i++)
		scrapes->all[i].fd = -1;
	return scrapes;
}

static void drop(struct scrape *s)
{
	if (s->fd >= 0)
		(void)close(s->fd); /* said or not */
	free(s->answer);
	s->fd = -1;
	s->answer = NULL;
}

void scrapes_del(struct scrapes *scrapes)
{
	for (size_t i = 0; scrapes != NULL && i < SCRAPES_MAX; i++)
		drop(&scrapes->all[i]);
	free(scrapes);
}

/* --- who comes and goes --- */

static struct mono grace_of(const struct scrape *s)
{
	return s->fd < 0 ? (struct mono){ 0 } : mono_add_ms(s->since, SCRAPES_GRACE_MS);
}

struct mono scrapes_room(const struct scrapes *scrapes, struct mono now)
{
	struct mono first = MONO_NEVER;

	for (size_t i = 0; i < SCRAPES_MAX; i++)
		first = mono_min(first, grace_of(&scrapes->all[i]));
	return mono_max(first, now);
}

/* A free one, or the longest-silent of those whose grace is over. */
static struct scrape *place_of(struct scrapes *scrapes, struct mono now)
{
	struct scrape *longest = NULL;

	for (size_t i = 0; i < SCRAPES_MAX; i++) {
		struct scrape *const s = &scrapes->all[i];

		if (s->fd < 0)
			return s;
		if (mono_reached(now, grace_of(s)) &&
		    (longest == NULL || s->heard.us < longest->heard.us))
			longest = s;
	}
	return longest;
}

void scrapes_add(struct scrapes *scrapes, int fd, struct mono now)
{
	struct scrape *const s = place_of(scrapes, now);

	CHECK(s != NULL);
	drop(s);
	s->fd = fd;
	s->len = s->answer_len = s->sent = 0;
	s->since = s->heard = now;
	s->until = mono_add_ms(now, SCRAPES_PATIENCE_MS);
}

size_t scrapes_waits(const struct scrapes *scrapes, struct pollfd ret[SCRAPES_MAX])
{
	size_t count = 0; /* free ones are left out: poll() refuses more than we may have open */

	for (size_t i = 0; i < SCRAPES_MAX; i++) {
		const struct scrape *const s = &scrapes->all[i];

		if (s->fd >= 0)
			ret[count++] =
				(struct pollfd){ .fd = s->fd,
						 .events = s->answer != NULL ? POLLOUT : POLLIN };
	}
	return count;
}

struct mono scrapes_deadline(const struct scrapes *scrapes)
{
	struct mono first = MONO_NEVER;

	for (size_t i = 0; i < SCRAPES_MAX; i++)
		if (scrapes->all[i].fd >= 0)
			first = mono_min(first, scrapes->all[i].until);
	return first;
}

void scrapes_expire(struct scrapes *scrapes, struct mono now)
{
	for (size_t i = 0; i < SCRAPES_MAX; i++)
		if (mono_reached(now, scrapes->all[i].until))
			drop(&scrapes->all[i]);
}

/* --- what they say --- */

/* Whether the empty line behind the head is there. A line may end without a carriage return (RFC
 * 9112, 2.2): who types a request by hand sends none. */
static bool is_whole(const char *head)
{
	return strstr(head, "\n\r\n") != NULL || strstr(head, "\n\n") != NULL;
}

static const char *read_head(struct scrape *s, struct mono now)
{
	const ssize_t n =
		recv(s->fd, s->head + s->len, SCRAPES_HEAD_BYTES_MAX - s->len, MSG_DONTWAIT);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return NULL;
	if (n > 0) {
		s->heard = now;
		s->len += (size_t)n;
		s->head[s->len] = '\0';
		if (strlen(s->head) == s->len && is_whole(s->head))
			return s->head;
	}
	if (n <= 0 || strlen(s->head) != s->len || s->len == SCRAPES_HEAD_BYTES_MAX)
		drop(s); /* it has gone, or this is no text, or there is no end of it */
	return NULL;
}

static void write_answer(struct scrape *s, struct mono now)
{
	const ssize_t n = send(s->fd, s->answer + s->sent, s->answer_len - s->sent,
			       MSG_NOSIGNAL | MSG_DONTWAIT);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	s->heard = now;
	if (n > 0)
		s->sent += (size_t)n;
	if (n < 0 || s->sent == s->answer_len)
		drop(s); /* it has gone, or has all */
}

static struct scrape *find(struct scrapes *scrapes, int fd)
{
	for (size_t i = 0; i < SCRAPES_MAX; i++)
		if (scrapes->all[i].fd == fd)
			return &scrapes->all[i];
	return NULL;
}

const char *scrapes_input(struct scrapes *scrapes, int fd, struct mono now)
{
	struct scrape *const s = find(scrapes, fd);

	CHECK(fd >= 0 && s != NULL);
	if (s->answer == NULL)
		return read_head(s, now);
	write_answer(s, now);
	return NULL;
}

void scrapes_answer(struct scrapes *scrapes, int fd, const struct scrapes_answer *answer,
		    struct mono now)
{
	struct scrape *const s = find(scrapes, fd);
	int n;

	CHECK(fd >= 0 && s != NULL && s->answer == NULL);
	s->answer = malloc(ANSWER_HEAD_BYTES + answer->body.len);
	if (s->answer == NULL) {
		drop(s);
		return;
	}
	n = snprintf(s->answer, ANSWER_HEAD_BYTES,
		     "HTTP/1.1 %s\r\nContent-Type: %s\r\nContent-Length: %zu\r\n"
		     "Connection: close\r\n\r\n",
		     answer->status, answer->type, answer->body.len);
	CHECK(n > 0 && n < ANSWER_HEAD_BYTES); /* all of it is ours */
	if (answer->body.len > 0)
		memcpy(s->answer + n, answer->body.data, answer->body.len);
	s->answer_len = (size_t)n + answer->body.len;
	s->until = mono_add_ms(now, SCRAPES_PATIENCE_MS);
	write_answer(s, now);
}
