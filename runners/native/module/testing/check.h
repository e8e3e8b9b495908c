/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the programs that try the module share: requests, checks that count, and a place to start as process 1 of a
 * virtual machine.
 */
#ifndef _CONFORM_CHECK_H
#define _CONFORM_CHECK_H

#include <stdint.h>
#include "../uapi/conform.h"

#define PAGE 4096

extern int failures;

void check_that(int is_so, const char *what, long seen, int line);

#define CHECK(what, is) do { long seen_ = (long)(is); check_that(!!seen_, what, seen_, __LINE__); } while (0)
#define GIVES(expected, call) do { \
	long got_ = (call); \
	check_that(got_ == (expected), #call " gives " #expected, got_, __LINE__); \
} while (0)

/* Do a system call; what it gives, or a negative error number. */
long request(int fd, unsigned long number, void *argument);
int open_module(void);

int attach(int module, int buffer, unsigned int kind, unsigned int policy, unsigned int delay, unsigned int *id);
int map(int module, unsigned int attachment, unsigned int *id);
int with_id(int module, unsigned long number, unsigned int id);
int read_byte(int module, unsigned int mapping, unsigned int page);
int write_byte(int module, unsigned int mapping, unsigned int page, unsigned char value);
int create_fence(int module, unsigned int *id);
int add_fence(int module, int buffer, unsigned int fence, unsigned int usage);
int signal_fence(int module, unsigned int id, unsigned int error);
unsigned int invalidations(int module, unsigned int attachment);

/* A device of seed 2 with one region of so many pages, and what is asked of it. */
int create_device(int module, unsigned int flags, unsigned int pages, unsigned int *id);
int export_pages(int device, unsigned int first, unsigned int pages);
int revoke_buffer(int device, int buffer);
int set_memory(int device, int on);

/* Maps a buffer; a negative error number where it cannot be. */
long map_cpu(int buffer, unsigned int pages);
/* Reads a byte; -1 where that raises SIGBUS. */
int load(long address);

/* As process 1: makes the machine usable and loads the module with its parameters. */
void become_init(const char *parameters);
int load_module(const char *parameters);
int unload_module(void);
/* As process 1: prints what was found and turns the machine off. */
int finish(void);

#endif /* _CONFORM_CHECK_H */
