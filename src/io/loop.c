/* loop.c - see loop.h.
 *
 * The timer is re-armed only for a deadline that is nearer than the one it stands at. Deadlines
 * mostly move away, with every packet; a wake-up too many now and then is cheaper than a system
 * call a turn. */
#include "io/loop.h"

#include "base/check.h"
#include "base/err.h"

#include <errno.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#define KIND_SHIFT 56
#define INDEX_SHIFT 32
#define DATA_TIMER UINT64_MAX /* kind 255 is ours */
#define KIND_TIMER 0xff
#define US_PER_S 1000000
#define NS_PER_US 1000

static uint64_t pack(uint8_t kind, struct handle handle)
{
	CHECK(kind != KIND_TIMER && handle.index <= LOOP_INDEX_MAX);
	return (uint64_t)kind << KIND_SHIFT | (uint64_t)handle.index << INDEX_SHIFT |
	       handle.generation;
}

static struct loop_event unpack(const struct epoll_event *event)
{
	const bool broken = (event->events & (EPOLLERR | EPOLLHUP)) != 0;

	return (struct loop_event){
		.kind = (uint8_t)(event->data.u64 >> KIND_SHIFT),
		.handle = { .index = event->data.u64 >> INDEX_SHIFT & LOOP_INDEX_MAX,
			    .generation = (uint32_t)event->data.u64 },
		.readable = broken || (event->events & EPOLLIN) != 0,
		.writable = broken || (event->events & EPOLLOUT) != 0,
	};
}

static struct epoll_event event_of(unsigned wants, uint64_t data)
{
	struct epoll_event event = { .data.u64 = data };

	if ((wants & LOOP_READ) != 0)
		event.events |= EPOLLIN;
	if ((wants & LOOP_WRITE) != 0)
		event.events |= EPOLLOUT;
	return event;
}

int loop_init(struct loop *loop)
{
	struct epoll_event event = event_of(LOOP_READ, DATA_TIMER);

	*loop = (struct loop){
		.epoll = epoll_create1(EPOLL_CLOEXEC),
		.timer = timerfd_create(CLOCK_BOOTTIME, TFD_NONBLOCK | TFD_CLOEXEC),
		.armed = MONO_NEVER,
	};
	if (loop->epoll < 0 || loop->timer < 0 ||
	    epoll_ctl(loop->epoll, EPOLL_CTL_ADD, loop->timer, &event) < 0) {
		loop_free(loop);
		return ERR_IO;
	}
	return 0;
}

void loop_free(struct loop *loop)
{
	if (loop->timer >= 0)
		(void)close(loop->timer); /* nothing was written to it */
	if (loop->epoll >= 0)
		(void)close(loop->epoll); /* likewise */
	loop->timer = loop->epoll = -1;
}

int loop_add(struct loop *loop, int fd, unsigned wants, uint8_t kind, struct handle handle)
{
	struct epoll_event event = event_of(wants, pack(kind, handle));

	return epoll_ctl(loop->epoll, EPOLL_CTL_ADD, fd, &event) < 0 ? ERR_IO : 0;
}

void loop_change(struct loop *loop, int fd, unsigned wants, uint8_t kind, struct handle handle)
{
	struct epoll_event event = event_of(wants, pack(kind, handle));

	CHECK(epoll_ctl(loop->epoll, EPOLL_CTL_MOD, fd, &event) == 0);
}

void loop_remove(struct loop *loop, int fd)
{
	CHECK(epoll_ctl(loop->epoll, EPOLL_CTL_DEL, fd, NULL) == 0);
}

static void arm(struct loop *loop, struct mono at)
{
	const struct itimerspec when = {
		.it_value = { .tv_sec = (time_t)(at.us / US_PER_S),
			      .tv_nsec = (long)(at.us % US_PER_S) * NS_PER_US },
	};

	CHECK(timerfd_settime(loop->timer, TFD_TIMER_ABSTIME, &when, NULL) == 0);
	loop->armed = at;
}

static void timer_fired(struct loop *loop)
{
	uint64_t times;

	/* Read so that it falls silent; it may have been set anew since. */
	(void)!read(loop->timer, &times, sizeof(times));
	loop->armed = MONO_NEVER;
}

size_t loop_wait(struct loop *loop, struct mono now, struct mono deadline,
		 struct loop_event ret[LOOP_EVENTS_MAX])
{
	const bool due = mono_reached(now, deadline);
	struct epoll_event events[LOOP_EVENTS_MAX];
	size_t count = 0;
	int n;

	if (!due && deadline.us < loop->armed.us)
		arm(loop, deadline);
	n = epoll_wait(loop->epoll, events, LOOP_EVENTS_MAX, due ? 0 : -1);
	CHECK(n >= 0 || errno == EINTR);
	for (int i = 0; i < n; i++) {
		if (events[i].data.u64 == DATA_TIMER)
			timer_fired(loop);
		else
			ret[count++] = unpack(&events[i]);
	}
	return count;
}
