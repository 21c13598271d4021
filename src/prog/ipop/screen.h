/* screen.h - a terminal that shows one picture after the other, and is given back as it was.
 *
 * Plain ANSI sequences, nothing of the terminal's own data base. While a screen is open the signals
 * that would end or stop the process are read as events (signalfd), so that none finds the terminal
 * half changed; screen_close() gives the terminal back, and screen_die() then lets the signal do
 * what it always does.
 */
#ifndef PROG_IPOP_SCREEN_H
#define PROG_IPOP_SCREEN_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <termios.h>

struct screen {
	struct termios before; /* to be restored */
	sigset_t blocked_before;
	int signals; /* of signalfd(2) */
	size_t rows, columns;
};

enum screen_event {
	SCREEN_TIMEOUT,
	SCREEN_KEY,    /* *ret is the character */
	SCREEN_RESIZE, /* or the process was stopped and goes on: to be drawn anew */
	SCREEN_SIGNAL, /* *ret is the signal that wants to end the process */
	SCREEN_GONE    /* the terminal has hung up */
};

/* Whether both standard input and output are one. */
bool screen_is_possible(void);

/* 0 or ERR_IO, and then nothing has changed. */
int screen_open(struct screen *ret);
void screen_close(struct screen *screen);

/* Shows a text of lines, cut to what fits. */
void screen_show(const struct screen *screen, const char *text);

/* Waits so long for something to happen. */
enum screen_event screen_wait(struct screen *screen, int timeout_ms, int *ret);

/* Ends the process by this signal, once the screen is closed. */
void screen_die(int signal);

#endif
