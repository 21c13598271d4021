/* test_uevent.c - one line of what the kernel says of its devices is heard, from the kernel alone.
 * A socket of the kernel's is opened; what comes from it is made here. */
#include "tests/lib/cmocka.h"

#include "io/uevent.h"

#include <errno.h>
#include <linux/netlink.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define TEXT(literal) span_of((literal), sizeof(literal)) /* with the last zero */
#define TOLD                                                                                   \
	"change@/devices/LNXSYSTM:00/LNXSYBUS:00/VMGENCTR:00\0ACTION=change\0SUBSYSTEM=acpi\0" \
	"NEW_VMGENID=1\0SEQNUM=1712"

/* NOLINTBEGIN(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp): the linker's names */
ssize_t __wrap_recvmsg(int fd, struct msghdr *header, int flags);

/* What comes next, and whose it is; or why nothing does. */
static struct {
	struct span message;
	uint32_t pid;
	int error;
} script[4];
static size_t script_at;

ssize_t __wrap_recvmsg(int fd, struct msghdr *header, int flags)
{
	const struct sockaddr_nl sender = { .nl_family = AF_NETLINK,
					    .nl_pid = script[script_at].pid };
	const struct span message = script[script_at].message;
	const int error = script[script_at++].error;

	(void)fd;
	(void)flags;
	if (error != 0) {
		errno = error;
		return -1;
	}
	assert_in_range(message.len, 1, header->msg_iov[0].iov_len);
	assert_int_equal(header->msg_namelen, sizeof(sender));
	memcpy(header->msg_iov[0].iov_base, message.data, message.len);
	memcpy(header->msg_name, &sender, sizeof(sender));
	return (ssize_t)message.len;
}
/* NOLINTEND(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp) */

static void one_line_tells(void **state)
{
	(void)state;
	assert_true(uevent_tells_generation(TEXT(TOLD)));
	assert_true(uevent_tells_generation(TEXT("change@/d\0NEW_VMGENID=1")));
	assert_false(uevent_tells_generation(span_of("change@/d\0NEW_VMGENID=1", 23))); /* no end */
	assert_false(uevent_tells_generation(TEXT("NEW_VMGENID=1"))); /* where the action stands */
	assert_false(uevent_tells_generation(TEXT("change@/d\0NEW_VMGENID=10")));
	assert_false(uevent_tells_generation(TEXT("change@/d\0NEW_VMGENID=")));
	assert_false(uevent_tells_generation(TEXT("change@/d\0NEW_VMGENID=0")));
	/* What root writes into a file of sysfs comes from the kernel, too, but looks like this. */
	assert_false(uevent_tells_generation(TEXT("change@/d\0SYNTH_ARG_NEW_VMGENID=1")));
	assert_false(uevent_tells_generation(TEXT("add@/devices/virtual/net/lab\0ACTION=add")));
	assert_false(uevent_tells_generation(span_of("", 0)));
}

static bool hears(struct span message, uint32_t pid, int error)
{
	memset(script, 0, sizeof(script));
	script[0].message = message;
	script[0].pid = pid;
	script[0].error = error;
	script[1].error = EAGAIN;
	script_at = 0;
	return uevent_is_new_generation(0);
}

static void only_the_kernel_is_heard(void **state)
{
	(void)state;
	assert_true(hears(TEXT(TOLD), 0, 0));
	assert_false(hears(TEXT(TOLD), 1, 0));
	assert_false(hears(TEXT("add@/d\0ACTION=add"), 0, 0));
	assert_false(hears(span_of("", 0), 0, EAGAIN));
	assert_int_equal(script_at, 1);
	assert_false(hears(span_of("", 0), 0, EINTR));
	assert_int_equal(script_at, 2);
	assert_true(hears(span_of("", 0), 0, ENOBUFS)); /* it may have been among the lost */
}

static void it_may_stand_between_others(void **state)
{
	(void)state;
	memset(script, 0, sizeof(script));
	script[0].message = TEXT("add@/d\0ACTION=add");
	script[1].message = TEXT(TOLD);
	script[2].message = TEXT("add@/d\0ACTION=add");
	script[3].error = EAGAIN;
	script_at = 0;
	assert_true(uevent_is_new_generation(0));
	assert_int_equal(script_at, 4);
}

static void it_needs_no_privilege(void **state)
{
	int fd;

	(void)state;
	assert_int_equal(uevent_open(&fd), 0);
	(void)close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_line_tells),
		cmocka_unit_test(only_the_kernel_is_heard),
		cmocka_unit_test(it_may_stand_between_others),
		cmocka_unit_test(it_needs_no_privilege),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
