# format: src/base/tally.c:
sed -i 's/^\ttally->count/        tally->count/' src/base/tally.c
