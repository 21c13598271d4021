# all --changed: not ok 13 - tidy
git add -A
git -c user.name=t -c user.email=t@example.org commit --quiet -m clean
sed -i '$d' src/session/door_internal.h
cat >>src/session/door_internal.h <<'C'
static inline int door_sign(int x)
{
	if (x > 0)
		return 1;
	else
		return 0;
}

#endif
C
