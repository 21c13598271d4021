/* test_tally.c - a function of 70 lines and 5 parameters, and braces where they do not count. */
#include "base/tally.h"

#include <stdio.h>
#include <string.h>

#define OPEN_BRACE \
	do {       \
	} while (0)

static long add(long a, long b)
{
	return a + b;
}

static long one(void)
{
	return 1;
}

static long as_long_as_allowed(const char *text, long a, long b, long (*f)(long, long),
			       long (*g)(void))
{
	long sum = a + b;

	/* a brace in a comment: } and a quote: " */
	if (text[0] == '{' || text[0] == '"')
		sum += strcmp(text, "}\"{") == 0;
	sum += f(sum, 0) + g();
	sum += f(sum, 1) + g();
	sum += f(sum, 2) + g();
	sum += f(sum, 3) + g();
	sum += f(sum, 4) + g();
	sum += f(sum, 5) + g();
	sum += f(sum, 6) + g();
	sum += f(sum, 7) + g();
	sum += f(sum, 8) + g();
	sum += f(sum, 9) + g();
	sum += f(sum, 10) + g();
	sum += f(sum, 11) + g();
	sum += f(sum, 12) + g();
	sum += f(sum, 13) + g();
	sum += f(sum, 14) + g();
	sum += f(sum, 15) + g();
	sum += f(sum, 16) + g();
	sum += f(sum, 17) + g();
	sum += f(sum, 18) + g();
	sum += f(sum, 19) + g();
	sum += f(sum, 20) + g();
	sum += f(sum, 21) + g();
	sum += f(sum, 22) + g();
	sum += f(sum, 23) + g();
	sum += f(sum, 24) + g();
	sum += f(sum, 25) + g();
	sum += f(sum, 26) + g();
	sum += f(sum, 27) + g();
	sum += f(sum, 28) + g();
	sum += f(sum, 29) + g();
	sum += f(sum, 30) + g();
	sum += f(sum, 31) + g();
	sum += f(sum, 32) + g();
	sum += f(sum, 33) + g();
	sum += f(sum, 34) + g();
	sum += f(sum, 35) + g();
	sum += f(sum, 36) + g();
	sum += f(sum, 37) + g();
	sum += f(sum, 38) + g();
	sum += f(sum, 39) + g();
	sum += f(sum, 40) + g();
	sum += f(sum, 41) + g();
	sum += f(sum, 42) + g();
	sum += f(sum, 43) + g();
	sum += f(sum, 44) + g();
	sum += f(sum, 45) + g();
	sum += f(sum, 46) + g();
	sum += f(sum, 47) + g();
	sum += f(sum, 48) + g();
	sum += f(sum, 49) + g();
	sum += f(sum, 50) + g();
	sum += f(sum, 51) + g();
	sum += f(sum, 52) + g();
	sum += f(sum, 53) + g();
	sum += f(sum, 54) + g();
	sum += f(sum, 55) + g();
	sum += f(sum, 56) + g();
	sum += f(sum, 57) + g();
	sum += f(sum, 58) + g();
	sum += f(sum, 59) + g();
	return sum;
}

int main(void)
{
	struct tally tally = { 0, 0 };

	OPEN_BRACE;
	tally_add(&tally, 2);
	(void)printf("%ld\n", as_long_as_allowed("{", 1, 2, add, one));
	return tally.count == 2 ? 0 : 1;
}
