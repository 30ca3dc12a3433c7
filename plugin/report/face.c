#include "report/face.h"

const char *sy_face_word(enum sy_face face) {
#define X(name, word, what) #word,
    static const char *const words[] = {SY_FACES(X)};
#undef X
    return words[face];
}

void sy_face_write(enum sy_face face, const struct sy_report *report, struct sy_buffer *to) {
#define X(name, word, what) sy_write_##word,
    static void (*const writers[])(const struct sy_report *, struct sy_buffer *) = {SY_FACES(X)};
#undef X
    writers[face](report, to);
}
