// The C library's calls that SQLite writes with, under their own names: the program's own
// definitions come before the library's. Each is noted in the record before it is done.
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

#include "record.h"

static int record_fd = -1;
static char record_root[4096];

void heliostat_record(int fd, const char *root) {
  strncpy(record_root, root, sizeof record_root - 1);
  record_fd = fd;
}

struct head {
  uint32_t kind, name;
  uint64_t offset, size;
};

static void note(uint32_t kind, const char *path, off_t offset, const void *data, size_t size, size_t body) {
  struct head h = {kind, (uint32_t)strlen(path), (uint64_t)offset, size};
  struct iovec parts[3] = {{&h, sizeof h}, {(void *)path, h.name}, {(void *)data, body}};
  syscall(SYS_writev, record_fd, parts, 3);
}

static void note_fd(uint32_t kind, int fd, off_t offset, const void *data, size_t size, size_t body) {
  char link[64], path[4096];
  if (record_fd < 0) return;
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  ssize_t n = readlink(link, path, sizeof path - 1);
  if (n <= 0) return;
  path[n] = 0;
  if (strncmp(path, record_root, strlen(record_root)) == 0) note(kind, path, offset, data, size, body);
}

ssize_t pwrite64(int fd, const void *data, size_t size, off64_t offset) {
  note_fd(1, fd, offset, data, size, size);
  return syscall(SYS_pwrite64, fd, data, size, offset);
}

ssize_t pwrite(int fd, const void *data, size_t size, off_t offset) { return pwrite64(fd, data, size, offset); }

ssize_t write(int fd, const void *data, size_t size) {
  note_fd(1, fd, syscall(SYS_lseek, fd, 0, SEEK_CUR), data, size, size);
  return syscall(SYS_write, fd, data, size);
}

int ftruncate64(int fd, off64_t size) {
  note_fd(2, fd, 0, NULL, size, 0);
  return syscall(SYS_ftruncate, fd, size);
}

int ftruncate(int fd, off_t size) { return ftruncate64(fd, size); }

int fsync(int fd) {
  note_fd(3, fd, 0, NULL, 0, 0);
  return syscall(SYS_fsync, fd);
}

int fdatasync(int fd) {
  note_fd(3, fd, 0, NULL, 0, 0);
  return syscall(SYS_fdatasync, fd);
}

int unlink(const char *path) {
  if (record_fd >= 0 && strncmp(path, record_root, strlen(record_root)) == 0) note(4, path, 0, NULL, 0, 0);
  return syscall(SYS_unlinkat, AT_FDCWD, path, 0);
}
