# sizes: src/base/tally.c:801: 801 lines; at most 800
yes '' | head -n $((801 - $(wc -l <src/base/tally.c))) >>src/base/tally.c
