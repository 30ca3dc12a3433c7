/* What the program tells of the library that is this folder's alone. */
#ifndef SY_TERRAFORM_LIBRARY_H
#define SY_TERRAFORM_LIBRARY_H

const char *sy_terraform_msgpack_version(void);

#endif
