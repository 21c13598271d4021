# headers: redefinition of
printf '/* open.h - without a guard. */\nstruct open {\n\tint x;\n};\n' >src/base/open.h
