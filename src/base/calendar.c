/* calendar.c - see calendar.h. The Gregorian calendar, counted in years that begin in March: the
 * leap day is then the last of its year, and months before it have fixed lengths. */
#include "base/calendar.h"

#include "base/err.h"

#include <string.h>

#define DAY_S 86400
#define DAYS_400_YEARS 146097 /* after which the calendar repeats itself */
#define DAYS_TO_1970 719468   /* from the first of March of the year 0 */
#define YEAR_MIN 1970
#define YEAR_MAX 9999
#define SECONDS_MAX 253402300799 /* 9999-12-31T23:59:59Z */

struct date {
	int year, month, day;
};

/* Days before the March-counted month m (0: March), over five months of 153 days. */
static int days_before_month(int m)
{
	return (153 * m + 2) / 5;
}

static int days_before_year(int y)
{
	return 365 * y + y / 4 - y / 100 + y / 400;
}

static int days_from_date(struct date d)
{
	const int y = d.month > 2 ? d.year : d.year - 1;
	const int m = d.month > 2 ? d.month - 3 : d.month + 9;

	return days_before_year(y) + days_before_month(m) + d.day - 1 - DAYS_TO_1970;
}

static struct date date_from_days(int days)
{
	const int since = days + DAYS_TO_1970;
	int y = since / DAYS_400_YEARS * 400 + since % DAYS_400_YEARS / 365;
	int m = 11;
	int rest;

	while (days_before_year(y) > since) /* 365 is a little short: at most twice */
		y--;
	rest = since - days_before_year(y);
	while (days_before_month(m) > rest)
		m--;
	rest -= days_before_month(m);
	return (struct date){ m < 10 ? y : y + 1, m < 10 ? m + 3 : m - 9, rest + 1 };
}

/* Writes the last `digits` decimal digits of a value and returns the place behind them. */
static char *put(char *at, int value, int digits)
{
	for (int i = digits; i-- > 0; value /= 10)
		at[i] = (char)('0' + value % 10);
	return at + digits;
}

void calendar_to_text(struct wall t, char ret[CALENDAR_TEXT_CHARS + 1])
{
	int64_t s = t.us < 0 ? 0 : wall_to_s(t);
	struct date d;
	int of_day;
	char *at = ret;

	if (s > SECONDS_MAX)
		s = SECONDS_MAX;
	d = date_from_days((int)(s / DAY_S));
	of_day = (int)(s % DAY_S);
	at = put(at, d.year, 4);
	*at++ = '-';
	at = put(at, d.month, 2);
	*at++ = '-';
	at = put(at, d.day, 2);
	*at++ = 'T';
	at = put(at, of_day / 3600, 2);
	*at++ = ':';
	at = put(at, of_day / 60 % 60, 2);
	*at++ = ':';
	at = put(at, of_day % 60, 2);
	*at++ = 'Z';
	*at = '\0';
}

/* The number of `digits` digits at a place; what is not a digit is found by the comparison at the
 * end of calendar_from_text(). */
static int get(const uint8_t *at, int digits)
{
	int value = 0;

	for (int i = 0; i < digits; i++)
		value = value * 10 + (at[i] - '0');
	return value;
}

int calendar_from_text(struct span text, struct wall *ret)
{
	const uint8_t *const at = text.data;
	char again[CALENDAR_TEXT_CHARS + 1];
	struct date d;
	struct wall t;
	int of_day;

	if (text.len != CALENDAR_TEXT_CHARS)
		return ERR_MALFORMED;
	for (size_t i = 0; i < CALENDAR_TEXT_CHARS; i++)
		if (at[i] > 'Z')
			return ERR_MALFORMED; /* keeps the sums below small */
	d = (struct date){ get(at, 4), get(at + 5, 2), get(at + 8, 2) };
	if (d.year < YEAR_MIN || d.year > YEAR_MAX || d.month < 1 || d.month > 12)
		return ERR_MALFORMED;
	of_day = get(at + 11, 2) * 3600 + get(at + 14, 2) * 60 + get(at + 17, 2);
	t = wall_from_s((int64_t)days_from_date(d) * DAY_S + of_day);
	if (t.us < 0)
		return ERR_MALFORMED;

	/* One check for all the rest: signs between the numbers, days that a month does not have,
	 * hours above 23, leap seconds. They all come out as another text. */
	calendar_to_text(t, again);
	if (memcmp(again, at, CALENDAR_TEXT_CHARS) != 0)
		return ERR_MALFORMED;
	*ret = t;
	return 0;
}
