/* screen.c - see screen.h. */
#include "prog/ipop/screen.h"

#include "base/err.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <unistd.h>

#define ROWS_DEFAULT 24 /* of a terminal that does not tell */
#define COLUMNS_DEFAULT 80

/* The second screen and no cursor, where the terminal knows them; and back. */
#define ENTER "\033[?1049h\033[?25l\033[H\033[J"
#define LEAVE "\033[?25h\033[?1049l"
#define HOME "\033[H"
#define CLEAR_LINE "\033[K\r\n"
#define CLEAR_REST "\033[J"

static const int watched[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP, SIGWINCH };

static sigset_t watched_set(void)
{
	sigset_t set;

	(void)sigemptyset(&set);
	for (size_t i = 0; i < sizeof(watched) / sizeof(watched[0]); i++)
		(void)sigaddset(&set, watched[i]);
	return set;
}

bool screen_is_possible(void)
{
	return isatty(STDIN_FILENO) != 0 && isatty(STDOUT_FILENO) != 0;
}

static void measure(struct screen *screen)
{
	struct winsize size;
	const bool told = ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0;

	screen->rows = told && size.ws_row > 0 ? size.ws_row : ROWS_DEFAULT;
	screen->columns = told && size.ws_col > 0 ? size.ws_col : COLUMNS_DEFAULT;
}

/* Keys come one by one and are not shown; Ctrl-C and Ctrl-Z stay signals. */
static int enter(struct screen *screen)
{
	struct termios raw = screen->before;

	raw.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
	raw.c_cc[VMIN] = 1;
	raw.c_cc[VTIME] = 0;
	if (tcsetattr(STDIN_FILENO, TCSAFLUSH, &raw) != 0)
		return ERR_IO;
	(void)fputs(ENTER, stdout);
	(void)fflush(stdout);
	measure(screen);
	return 0;
}

static void leave(const struct screen *screen)
{
	(void)fputs(LEAVE, stdout);
	(void)fflush(stdout);
	(void)tcsetattr(STDIN_FILENO, TCSAFLUSH, &screen->before); /* it may have hung up */
}

int screen_open(struct screen *ret)
{
	const sigset_t set = watched_set();
	struct screen screen = { .signals = -1 };
	int err = ERR_IO;

	if (tcgetattr(STDIN_FILENO, &screen.before) != 0 ||
	    sigprocmask(SIG_BLOCK, &set, &screen.blocked_before) != 0)
		return ERR_IO;
	screen.signals = signalfd(-1, &set, SFD_CLOEXEC);
	if (screen.signals >= 0)
		err = enter(&screen);
	if (err != 0) {
		if (screen.signals >= 0)
			(void)close(screen.signals);
		(void)sigprocmask(SIG_SETMASK, &screen.blocked_before, NULL);
		return err;
	}
	*ret = screen;
	return 0;
}

void screen_close(struct screen *screen)
{
	leave(screen);
	(void)close(screen->signals);
	(void)sigprocmask(SIG_SETMASK, &screen->blocked_before, NULL);
}

void screen_show(const struct screen *screen, const char *text)
{
	size_t row = 0;

	(void)fputs(HOME, stdout);
	while (*text != '\0' && row < screen->rows) {
		const size_t len = strcspn(text, "\n");
		const size_t shown = len < screen->columns ? len : screen->columns;

		if (row++ > 0)
			(void)fputs(CLEAR_LINE, stdout);
		(void)fwrite(text, 1, shown, stdout);
		text += len + (text[len] == '\n');
	}
	(void)fputs(CLEAR_REST, stdout);
	(void)fflush(stdout);
}

/* Ctrl-Z: the shell gets its terminal back, and we get it again when we go on. */
static void stop(struct screen *screen)
{
	sigset_t only;

	leave(screen);
	(void)sigemptyset(&only);
	(void)sigaddset(&only, SIGTSTP);
	(void)kill(getpid(), SIGTSTP);
	(void)sigprocmask(SIG_UNBLOCK, &only, NULL); /* stands still in here */
	(void)sigprocmask(SIG_BLOCK, &only, NULL);
	(void)enter(screen);
}

static enum screen_event take_signal(struct screen *screen, int *ret)
{
	struct signalfd_siginfo info;

	if (read(screen->signals, &info, sizeof(info)) != (ssize_t)sizeof(info))
		return SCREEN_GONE;
	if (info.ssi_signo == SIGWINCH) {
		measure(screen);
		return SCREEN_RESIZE;
	}
	if (info.ssi_signo == SIGTSTP) {
		stop(screen);
		return SCREEN_RESIZE;
	}
	*ret = (int)info.ssi_signo;
	return SCREEN_SIGNAL;
}

enum screen_event screen_wait(struct screen *screen, int timeout_ms, int *ret)
{
	struct pollfd fds[] = { { .fd = screen->signals, .events = POLLIN },
				{ .fd = STDIN_FILENO, .events = POLLIN } };
	unsigned char key;
	const int n = poll(fds, 2, timeout_ms);

	if (n < 0 && errno == EINTR)
		return SCREEN_RESIZE;
	if (n == 0)
		return SCREEN_TIMEOUT;
	if (n > 0 && fds[0].revents != 0)
		return take_signal(screen, ret);
	if (n < 0 || read(STDIN_FILENO, &key, 1) != 1)
		return SCREEN_GONE;
	*ret = key;
	return SCREEN_KEY;
}

void screen_die(int signal)
{
	struct sigaction action = { .sa_handler = SIG_DFL };

	(void)sigaction(signal, &action, NULL);
	(void)raise(signal);
}
