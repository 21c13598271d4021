# sizes: tests/unit/test_tally.c:21: as_long_as_allowed() has 71 lines; at most 70
sed -i 's/^\tlong sum = a + b;/&\n/' tests/unit/test_tally.c
