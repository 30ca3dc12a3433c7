# cmake -D in=FILE -D out=FILE.c -P embed.cmake: a file as the C array sy_descriptors.
file(READ ${in} hex HEX)
string(REGEX REPLACE "(................................)" "\\1\n" hex "${hex}")
string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," hex "${hex}")
file(WRITE ${out} "#include <stddef.h>
const unsigned char sy_descriptors[] = {\n${hex}\n};
const size_t sy_descriptors_len = sizeof sy_descriptors;\n")
