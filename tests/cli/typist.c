/* typist.c - a person at a terminal: waits for what is asked, then types.
 *
 * typist COMMAND WORD... -- PROMPT ANSWER...: runs the command on a terminal of its own. When the
 * next prompt has been printed, its answer is typed, and Enter; of an answer "!WORDS" a shell runs
 * the words first, and "yes" is typed. Prints what the terminal showed, and ends with the command's
 * exit code; 100 if it ended before it had asked everything.
 */
#include <pty.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define SCREEN_BYTES 16384
#define NOT_ASKED 100

struct screen {
	char text[SCREEN_BYTES + 1];
	size_t len;
};

static void type(int terminal, const char *answer)
{
	char line[256];
	int len;

	if (answer[0] == '!') {
		if (system(answer + 1) != 0) /* NOLINT(cert-env33-c): the test's own words */
			abort();
		answer = "yes";
	}
	len = snprintf(line, sizeof(line), "%s\n", answer);

	if (len < 0 || write(terminal, line, (size_t)len) != len)
		abort();
}

/* Until the command has closed the terminal; how many prompts were answered. */
static int talk(int terminal, char **script, struct screen *screen)
{
	size_t seen = 0; /* of the screen, by the last prompt that was answered */
	int answered = 0;

	while (screen->len < SCREEN_BYTES) {
		const ssize_t n =
			read(terminal, screen->text + screen->len, SCREEN_BYTES - screen->len);
		const char *found;

		if (n <= 0)
			break;
		screen->len += (size_t)n;
		screen->text[screen->len] = '\0';
		if (script[0] == NULL || script[1] == NULL)
			continue;
		found = strstr(screen->text + seen, script[0]);
		if (found == NULL)
			continue;
		seen = (size_t)(found - screen->text) + strlen(script[0]);
		type(terminal, script[1]);
		script += 2;
		answered++;
	}
	return answered;
}

int main(int argc, char **argv)
{
	static struct screen screen;
	char **script = argv + 1;
	int prompts;
	int terminal;
	int status;
	pid_t pid;

	while (*script != NULL && strcmp(*script, "--") != 0)
		script++;
	if (argc < 3 || *script == NULL)
		return 2;
	*script++ = NULL;
	prompts = (int)(argv + argc - script) / 2;
	pid = forkpty(&terminal, NULL, NULL, NULL);
	if (pid == 0) {
		(void)execv(argv[1], argv + 1);
		_exit(127);
	}
	if (pid < 0)
		return 1;
	prompts -= talk(terminal, script, &screen);
	if (waitpid(pid, &status, 0) != pid || !WIFEXITED(status))
		return 1;
	(void)fwrite(screen.text, 1, screen.len, stdout);
	return prompts != 0 ? NOT_ASKED : WEXITSTATUS(status);
}
