/* filtered.c - filtered FILE COMMAND...: runs a command with the system calls that FILE names, one
 * a line, and no other: those fail with EPERM. What systemd does for SystemCallFilter= and
 * SystemCallErrorNumber=, where there is no systemd to do it. A name that this machine's libseccomp
 * does not know is left out, as systemd leaves it out. */
#include <errno.h>
#include <seccomp.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static int allow(scmp_filter_ctx filter, FILE *names)
{
	char name[64];
	int count = 0;

	while (fgets(name, sizeof(name), names) != NULL) {
		int number;

		name[strcspn(name, "\n")] = '\0';
		number = seccomp_syscall_resolve_name(name);
		if (number == __NR_SCMP_ERROR || number < 0)
			continue;
		if (seccomp_rule_add(filter, SCMP_ACT_ALLOW, number, 0) == 0)
			count++;
	}
	return count;
}

int main(int argc, char **argv)
{
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ERRNO(EPERM));
	FILE *const names = argc > 2 ? fopen(argv[1], "re") : NULL;

	if (filter == NULL || names == NULL || allow(filter, names) == 0 || fclose(names) != 0) {
		(void)fputs("filtered: no filter\n", stderr);
		return 1;
	}
	if (seccomp_load(filter) != 0) {
		perror("filtered");
		return 1;
	}
	(void)execv(argv[2], argv + 2);
	perror(argv[2]);
	return 1;
}
