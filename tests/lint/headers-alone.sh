# headers: src/base/lone.h:2:
printf '/* lone.h - leans on what others include before it. */\nuint64_t lone_take(void);\n' >src/base/lone.h
