/* impair.c - a bad line between two machines of the laboratory, in user space.
 *
 * It holds both ends: two TAP devices, each in the network namespace of a machine. What one machine
 * sends is read from its TAP, judged (impairment.h), kept in a bounded heap until it is due and
 * then written to the other's TAP. TAP devices without offloads, and not a veth pair: so the kernel
 * cuts and checksums all packets before we see them, and there is one frame a read.
 *
 * Each line on standard input replaces all options under way ("--loss 30 --delay 50"), so a line
 * can go bad and heal while the machines see their interfaces stay up. Answered by "set N" on
 * standard output, N counting from 0 (the options it was started with), or by "refused: why".
 */
#include "base/heap.h"
#include "base/pool.h"
#include "tests/lab/impairment.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#define FRAMES_MAX 16384 /* under way in both directions */
#define FRAME_BYTES_MAX 2048
#define BATCH_FRAMES 64 /* read from one end before the other gets its turn */
#define LINE_BYTES_MAX 512
#define LINE_WORDS_MAX 40
#define QUEUE_MS 100
#define REORDER_BY_MS 10

enum end { END_A, END_B, ENDS };
enum source { SOURCE_A, SOURCE_B, SOURCE_TIMER, SOURCE_SIGNAL, SOURCE_LINE };

struct frame {
	enum end to;
	size_t len;
	uint8_t bytes[FRAME_BYTES_MAX];
};

struct command {
	struct impair_options options;
	bool towards[ENDS]; /* which directions the options are for; the other is perfect */
	uint64_t seed;
	bool help;
};

struct line {
	int tap[ENDS];
	int epoll, timer, signals;
	struct impairment towards[ENDS];
	struct pool frames; /* of struct frame */
	struct heap due;    /* handles of frames */
	uint64_t overflow;  /* dropped because FRAMES_MAX were under way */
	uint64_t oversize;  /* dropped because longer than FRAME_BYTES_MAX - 1 */
	uint64_t refused;   /* not taken by the TAP: its machine has it down */
	char text[LINE_BYTES_MAX];
	size_t text_len;
	unsigned settings; /* accepted so far, those of the start included */
};

static const char usage[] =
	"usage: impair [OPTION]... NETNS:TAP NETNS:TAP\n"
	"\n"
	"Carries frames between two TAP devices (made before: ip tuntap add), badly.\n"
	"P is a chance in percent, with one decimal at most; MS are milliseconds.\n"
	"\n"
	"  -l, --loss P          lose frames\n"
	"  -b, --burst N         lose them in runs of N on average; the share stays P\n"
	"  -d, --delay MS        delay all frames\n"
	"  -j, --jitter MS       by so much more or less; the order stays\n"
	"  -u, --duplicate P     deliver twice\n"
	"  -r, --reorder P       hold back, so that later frames overtake\n"
	"  -y, --reorder-by MS   for so long (10)\n"
	"  -c, --corrupt P       change one byte of UDP payload, checksum made right again\n"
	"  -t, --rate KBIT       pass so many kbit/s of Ethernet frames\n"
	"  -q, --queue MS        drop what would wait longer than this for the rate (100)\n"
	"  -m, --blackhole BYTES drop longer IP packets, without a word to the sender\n"
	"  -o, --only ab|ba      impair one direction (ab: from the first device to the second)\n"
	"  -s, --seed N          of chance (1)\n"
	"  -h, --help            print this\n"
	"\n"
	"A line of options on standard input replaces all options but the seed. Statistics are\n"
	"printed at the end (SIGTERM, SIGINT).\n"
	"\n"
	"  impair --loss 30 --burst 3 --delay 40 --jitter 10 h1:r r:h1\n";

static struct mono mono_now(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t); /* cannot fail with this clock */
	return (struct mono){ .us = (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000 };
}

static bool parse_number(const char *text, unsigned max, unsigned *ret_number)
{
	char *end;

	errno = 0;
	unsigned long number = strtoul(text, &end, 10);
	if (text[0] < '0' || text[0] > '9' || *end != '\0' || errno != 0 || number > max)
		return false;
	*ret_number = (unsigned)number;
	return true;
}

/* "30" or "2.5", in percent. */
static bool parse_chance(const char *text, unsigned *ret_per_mille)
{
	char whole[8];
	const char *point = strchr(text, '.');
	size_t len = point == NULL ? strlen(text) : (size_t)(point - text);
	unsigned percent, tenths = 0;

	if (len >= sizeof(whole))
		return false;
	memcpy(whole, text, len);
	whole[len] = '\0';
	if (!parse_number(whole, 100, &percent) ||
	    (point != NULL && !parse_number(point + 1, 9, &tenths)))
		return false;
	*ret_per_mille = percent * 10 + tenths;
	return *ret_per_mille <= IMPAIR_CERTAIN;
}

static bool parse_only(const char *text, bool towards[ENDS])
{
	towards[END_B] = strcmp(text, "ab") == 0;
	towards[END_A] = strcmp(text, "ba") == 0;
	return towards[END_A] || towards[END_B];
}

static bool parse_option(int letter, const char *value, struct command *command)
{
	struct impair_options *o = &command->options;
	unsigned seed = 0;

	switch (letter) {
	case 'l':
		return parse_chance(value, &o->loss);
	case 'u':
		return parse_chance(value, &o->duplicate);
	case 'r':
		return parse_chance(value, &o->reorder);
	case 'c':
		return parse_chance(value, &o->corrupt);
	case 'b':
		return parse_number(value, IMPAIR_BURST_MAX, &o->burst);
	case 'd':
		return parse_number(value, IMPAIR_DELAY_MS_MAX, &o->delay_ms);
	case 'j':
		return parse_number(value, IMPAIR_DELAY_MS_MAX, &o->jitter_ms);
	case 'y':
		return parse_number(value, IMPAIR_DELAY_MS_MAX, &o->reorder_by_ms);
	case 't':
		return parse_number(value, IMPAIR_RATE_KBIT_MAX, &o->rate_kbit);
	case 'q':
		return parse_number(value, IMPAIR_DELAY_MS_MAX, &o->queue_ms);
	case 'm':
		return parse_number(value, FRAME_BYTES_MAX, &o->blackhole_bytes);
	case 'o':
		return parse_only(value, command->towards);
	case 's':
		if (!parse_number(value, UINT32_MAX, &seed))
			return false;
		command->seed = seed;
		return true;
	case 'h':
		command->help = true;
		return true;
	default:
		return false;
	}
}

/* NULL, or what is wrong. Words that are no options are left at the end, from optind on. */
static const char *parse(int argc, char **argv, struct command *ret_command)
{
	static const struct option options[] = {
		{ "loss", required_argument, NULL, 'l' },
		{ "burst", required_argument, NULL, 'b' },
		{ "delay", required_argument, NULL, 'd' },
		{ "jitter", required_argument, NULL, 'j' },
		{ "duplicate", required_argument, NULL, 'u' },
		{ "reorder", required_argument, NULL, 'r' },
		{ "reorder-by", required_argument, NULL, 'y' },
		{ "corrupt", required_argument, NULL, 'c' },
		{ "rate", required_argument, NULL, 't' },
		{ "queue", required_argument, NULL, 'q' },
		{ "blackhole", required_argument, NULL, 'm' },
		{ "only", required_argument, NULL, 'o' },
		{ "seed", required_argument, NULL, 's' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	struct command command = {
		.options = { .queue_ms = QUEUE_MS, .reorder_by_ms = REORDER_BY_MS },
		.towards = { true, true },
		.seed = 1,
	};
	int letter;

	optind = 0; /* glibc: begin anew */
	opterr = 0;
	/* NOLINTNEXTLINE(concurrency-mt-unsafe): this program has one thread */
	while ((letter = getopt_long(argc, argv, "l:b:d:j:u:r:y:c:t:q:m:o:s:h", options, NULL)) !=
	       -1)
		if (!parse_option(letter, optarg, &command))
			return letter == '?' ? "an option that does not exist or has no value"
					     : "a value out of range";
	*ret_command = command;
	return impairment_objection(&command.options);
}

static void apply(struct line *line, const struct command *command)
{
	static const struct impair_options perfect;

	for (enum end end = END_A; end < ENDS; end++)
		impairment_set(&line->towards[end],
			       command->towards[end] ? &command->options : &perfect);
	(void)printf("set %u\n", line->settings++); /* a reader who left ends us by SIGPIPE */
}

static void obey(struct line *line, char *text)
{
	static char name[] = "impair";
	char *words[LINE_WORDS_MAX + 1] = { name };
	int count = 1;
	char *rest = text;
	char *word;
	struct command command;

	while (count < LINE_WORDS_MAX && (word = strtok_r(rest, " \t", &rest)) != NULL)
		words[count++] = word;
	const char *objection = parse(count, words, &command);
	if (objection == NULL && (optind < count || command.help))
		objection = "a word that belongs to no option";
	if (objection != NULL)
		(void)printf("refused: %s\n", objection);
	else
		apply(line, &command);
}

/* Standard input may bring parts of lines and several at once. */
static void read_line(struct line *line)
{
	ssize_t n = read(STDIN_FILENO, line->text + line->text_len,
			 sizeof(line->text) - line->text_len);

	if (n <= 0) { /* nobody will change the options any more */
		(void)epoll_ctl(line->epoll, EPOLL_CTL_DEL, STDIN_FILENO, NULL);
		return;
	}
	line->text_len += (size_t)n;

	char *end;
	while ((end = memchr(line->text, '\n', line->text_len)) != NULL) {
		size_t used = (size_t)(end - line->text) + 1;
		*end = '\0';
		obey(line, line->text);
		line->text_len -= used;
		memmove(line->text, line->text + used, line->text_len);
	}
	if (line->text_len == sizeof(line->text)) {
		line->text_len = 0;
		(void)printf("refused: a line that is too long\n");
	}
}

static uint64_t item_of(struct handle handle)
{
	return (uint64_t)handle.index << 32 | handle.generation;
}

static struct handle handle_of(uint64_t item)
{
	return (struct handle){ (uint32_t)(item >> 32), (uint32_t)item };
}

static bool enqueue(struct line *line, struct mono at, const struct frame *frame)
{
	struct handle handle;
	struct frame *copy = pool_take(&line->frames, &handle);

	if (copy == NULL)
		return false;
	copy->to = frame->to;
	copy->len = frame->len;
	memcpy(copy->bytes, frame->bytes, frame->len);
	if (heap_push(&line->due, at, item_of(handle)) < 0) {
		pool_give(&line->frames, handle);
		return false;
	}
	return true;
}

static void take_frames(struct line *line, enum end from)
{
	struct frame frame = { .to = from == END_A ? END_B : END_A };

	for (unsigned i = 0; i < BATCH_FRAMES; i++) {
		ssize_t n = read(line->tap[from], frame.bytes, sizeof(frame.bytes));
		if (n <= 0) /* EAGAIN, or EIO while the machine has its end down */
			return;
		if ((size_t)n == sizeof(frame.bytes)) { /* perhaps cut */
			line->oversize++;
			continue;
		}
		frame.len = (size_t)n;
		struct impair_verdict verdict = impairment_decide(
			&line->towards[frame.to], mono_now(), frame.bytes, frame.len);
		for (unsigned copy = 0; copy < verdict.copies; copy++)
			line->overflow += !enqueue(line, verdict.at, &frame);
	}
}

static void give_frames(struct line *line)
{
	const struct heap_entry *first;

	while ((first = heap_first(&line->due)) != NULL && mono_reached(mono_now(), first->at)) {
		struct handle handle = handle_of(heap_pop(&line->due).item);
		const struct frame *frame = pool_at(&line->frames, handle);
		if (write(line->tap[frame->to], frame->bytes, frame->len) < 0)
			line->refused++;
		pool_give(&line->frames, handle);
	}
	struct itimerspec when = { 0 };
	if (first != NULL) {
		when.it_value.tv_sec = (time_t)(first->at.us / 1000000);
		when.it_value.tv_nsec = (long)(first->at.us % 1000000) * 1000;
	}
	(void)timerfd_settime(line->timer, TFD_TIMER_ABSTIME, &when, NULL); /* ours, and valid */
}

/* Until a signal ends it. */
static void carry(struct line *line)
{
	struct epoll_event events[8];
	bool over = false;

	while (!over) {
		int count = epoll_wait(line->epoll, events, 8, -1);
		for (int i = 0; i < count; i++) {
			uint64_t ticks;
			if (events[i].events & EPOLLERR) /* a TAP was removed: nothing to carry */
				over = true;
			switch ((enum source)events[i].data.u32) {
			case SOURCE_A:
				take_frames(line, END_A);
				break;
			case SOURCE_B:
				take_frames(line, END_B);
				break;
			case SOURCE_TIMER: /* give_frames() below has the work */
				(void)!read(line->timer, &ticks, sizeof(ticks));
				break;
			case SOURCE_SIGNAL:
				over = true;
				break;
			case SOURCE_LINE:
				read_line(line);
				break;
			}
		}
		give_frames(line);
	}
}

static void print_stats(const char *name, const struct impair_stats *s)
{
	(void)printf("%s frames=%llu bytes=%llu cable=%llu blackholed=%llu lost=%llu bursts=%llu "
		     "corrupted=%llu not_udp=%llu queue_full=%llu reordered=%llu duplicated=%llu\n",
		     name, (unsigned long long)s->frames, (unsigned long long)s->bytes,
		     (unsigned long long)s->cable, (unsigned long long)s->blackholed,
		     (unsigned long long)s->lost, (unsigned long long)s->bursts,
		     (unsigned long long)s->corrupted, (unsigned long long)s->not_udp,
		     (unsigned long long)s->queue_full, (unsigned long long)s->reordered,
		     (unsigned long long)s->duplicated);
}

/* The TAP of "NETNS:TAP", or -1. Leaves this process in that namespace. */
static int open_tap(const char *place)
{
	const char *name = strchr(place, ':');
	struct ifreq request = { .ifr_flags = IFF_TAP | IFF_NO_PI };
	char path[64];
	int netns = -1;
	int tap = -1;

	if (name == NULL || strlen(name + 1) >= sizeof(request.ifr_name) ||
	    snprintf(path, sizeof(path), "/run/netns/%.*s", (int)(name - place), place) >=
		    (int)sizeof(path)) {
		errno = EINVAL;
		return -1;
	}
	memcpy(request.ifr_name, name + 1, strlen(name + 1));
	netns = open(path, O_RDONLY | O_CLOEXEC);
	if (netns < 0)
		return -1;
	if (setns(netns, CLONE_NEWNET) == 0)
		tap = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
	if (tap >= 0 && ioctl(tap, TUNSETIFF, &request) < 0) {
		(void)close(tap);
		tap = -1;
	}
	(void)close(netns);
	return tap;
}

static bool watch(struct line *line, int fd, enum source source)
{
	struct epoll_event event = { .events = EPOLLIN, .data.u32 = source };

	/* A regular file as standard input cannot be watched and needs not be. */
	return epoll_ctl(line->epoll, EPOLL_CTL_ADD, fd, &event) == 0 || errno == EPERM;
}

static bool open_line(struct line *line, char **places)
{
	sigset_t ending;

	(void)sigemptyset(&ending); /* neither can fail with these signals */
	(void)sigaddset(&ending, SIGTERM);
	(void)sigaddset(&ending, SIGINT);
	for (enum end end = END_A; end < ENDS; end++) {
		line->tap[end] = open_tap(places[end]);
		if (line->tap[end] < 0) {
			(void)fprintf(stderr, "impair: %s: %s\n", places[end],
				      strerrordesc_np(errno));
			return false;
		}
	}
	line->epoll = epoll_create1(EPOLL_CLOEXEC);
	line->timer = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
	line->signals = signalfd(-1, &ending, SFD_NONBLOCK | SFD_CLOEXEC);
	heap_init(&line->due, FRAMES_MAX);
	pool_init(&line->frames, FRAMES_MAX, sizeof(struct frame));
	if (sigprocmask(SIG_BLOCK, &ending, NULL) < 0 || !watch(line, line->tap[END_A], SOURCE_A) ||
	    !watch(line, line->tap[END_B], SOURCE_B) || !watch(line, line->timer, SOURCE_TIMER) ||
	    !watch(line, line->signals, SOURCE_SIGNAL) || !watch(line, STDIN_FILENO, SOURCE_LINE)) {
		(void)fprintf(stderr, "impair: cannot start: %s\n", strerrordesc_np(errno));
		return false;
	}
	return true;
}

int main(int argc, char **argv)
{
	struct line line = { 0 };
	struct command command = { 0 };
	const char *objection = parse(argc, argv, &command);

	if (command.help) {
		(void)fputs(usage, stdout);
		return EXIT_SUCCESS;
	}
	if (objection == NULL && argc - optind != ENDS)
		objection = "two devices are needed, NETNS:TAP each";
	if (objection != NULL) {
		(void)fprintf(stderr, "impair: %s; see impair --help\n", objection);
		return 2;
	}
	(void)setvbuf(stdout, NULL, _IOLBF, 0); /* at worst the answers come late */
	if (!open_line(&line, argv + optind))
		return EXIT_FAILURE;
	/* Two streams from one seed, so that what one direction carries changes nothing in the
	 * other. */
	impairment_init(&line.towards[END_B], &command.options, command.seed * 2);
	impairment_init(&line.towards[END_A], &command.options, command.seed * 2 + 1);
	apply(&line, &command);
	carry(&line);

	print_stats("ab", &line.towards[END_B].stats);
	print_stats("ba", &line.towards[END_A].stats);
	(void)printf("both overflow=%llu oversize=%llu refused=%llu underway=%zu\n",
		     (unsigned long long)line.overflow, (unsigned long long)line.oversize,
		     (unsigned long long)line.refused, line.due.count);
	heap_free(&line.due);
	pool_free(&line.frames);
	return EXIT_SUCCESS;
}
