# sizes: src/base/tally.c:19: tally_six() has 6 parameters; at most 5
cat >>src/base/tally.c <<'C'

int tally_six(int a, int (*b)(int, int), int c[2], int d, int e,
	      int f);
int tally_six(int a, int (*b)(int, int), int c[2], int d, int e,
	      int f)
{
	return a + b(1, 2) + c[0] + d + e + f;
}
C
