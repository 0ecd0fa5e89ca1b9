/* The calls a process writes files with, as they behave on a faulty disk. What is not on one goes straight through. */
#define _GNU_SOURCE
#include "faulty-disk.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

/* The C library's own function of this name and type. */
#define REAL(result, name, ...)                              \
  static result (*real)(__VA_ARGS__);                        \
  if (real == NULL) real = (result(*)(__VA_ARGS__))dlsym(RTLD_NEXT, #name)

static void count(uint32_t *counter) { __atomic_fetch_add(counter, 1, __ATOMIC_RELAXED); }

/* Whether a file that would reach up to `end` has to be refused room. Blocks that a file has already can be overwritten. */
static bool has_no_room(struct disk *disk, const struct stat *about, off_t end) {
  if (disk->control->full == 0 || end <= about->st_size) return false;
  count(&disk->control->refused_writes);
  return true;
}

/* Where write() will write: at the end with O_APPEND, else where the descriptor stands. */
static off_t position(int fd, const struct stat *about) {
  return (fcntl(fd, F_GETFL) & O_APPEND) != 0 ? about->st_size : lseek(fd, 0, SEEK_CUR);
}

/* Puts a write on record before it is done; false: the disk is full. */
static bool prepare_write(struct disk *disk, int fd, off_t offset, const void *bytes, size_t length) {
  struct stat about;
  if (fstat(fd, &about) != 0 || has_no_room(disk, &about, offset + (off_t)length)) {
    errno = ENOSPC;
    return false;
  }
  record_write(disk, fd, offset, bytes, length);
  count(&disk->control->writes);
  return true;
}

ssize_t pwrite(int fd, const void *bytes, size_t length, off_t offset) {
  REAL(ssize_t, pwrite, int, const void *, size_t, off_t);
  struct stat about;
  struct disk *disk = disk_of_file(fd, &about);
  if (disk == NULL) return real(fd, bytes, length, offset);
  lock_disks();
  ssize_t written = prepare_write(disk, fd, offset, bytes, length) ? real(fd, bytes, length, offset) : -1;
  unlock_disks();
  return written;
}
ssize_t pwrite64(int fd, const void *bytes, size_t length, off64_t offset) __attribute__((alias("pwrite")));

ssize_t write(int fd, const void *bytes, size_t length) {
  REAL(ssize_t, write, int, const void *, size_t);
  struct stat about;
  struct disk *disk = disk_of_file(fd, &about);
  if (disk == NULL) return real(fd, bytes, length);
  lock_disks();
  ssize_t written = -1;
  if (prepare_write(disk, fd, position(fd, &about), bytes, length)) written = real(fd, bytes, length);
  unlock_disks();
  return written;
}

ssize_t writev(int fd, const struct iovec *parts, int part_count) {
  REAL(ssize_t, writev, int, const struct iovec *, int);
  struct stat about;
  if (disk_of_file(fd, &about) == NULL) return real(fd, parts, part_count);
  ssize_t written = 0;
  for (int at = 0; at < part_count; at += 1) {
    ssize_t part = write(fd, parts[at].iov_base, parts[at].iov_len);
    if (part < 0) return written > 0 ? written : part;
    written += part;
    if ((size_t)part < parts[at].iov_len) break;
  }
  return written;
}

int ftruncate(int fd, off_t size) {
  REAL(int, ftruncate, int, off_t);
  struct stat about;
  struct disk *disk = disk_of_file(fd, &about);
  if (disk == NULL) return real(fd, size);
  lock_disks();
  int result = -1;
  if (has_no_room(disk, &about, size)) errno = ENOSPC;
  else {
    record_truncate(disk, fd, size);
    result = real(fd, size);
  }
  unlock_disks();
  return result;
}
int ftruncate64(int fd, off64_t size) __attribute__((alias("ftruncate")));

static void take_time(struct disk *disk) {
  uint32_t micros = disk->control->sync_delay_micros;
  struct timespec delay = {micros / 1000000, (long)(micros % 1000000) * 1000};
  if (micros > 0) nanosleep(&delay, NULL);
}

static bool takes_failure(struct control *control) {
  uint32_t left = __atomic_load_n(&control->syncs_to_fail, __ATOMIC_RELAXED);
  if (left == 0) return false;
  // The test may have changed it meanwhile; its word counts more than this one less.
  if (left != UINT32_MAX)
    __atomic_compare_exchange_n(&control->syncs_to_fail, &left, left - 1, false, __ATOMIC_RELAXED, __ATOMIC_RELAXED);
  return true;
}

/* Folders never fail: SQLite does not look at what their fsync says, so there would be nothing to see. */
static int sync_directory(struct disk *disk) {
  if (disk->control->swallow_syncs != 0) return 0;
  lock_disks();
  names_are_durable(disk);
  unlock_disks();
  return 0;
}

static int sync_descriptor(int fd, int (*real)(int)) {
  struct stat about;
  struct disk *disk = disk_of_file(fd, &about);
  if (disk == NULL) {
    struct disk *folder = disk_of_directory(fd);
    return folder == NULL ? real(fd) : sync_directory(folder);
  }
  // Before anything becomes durable: whoever does not wait for the answer is caught here by a power cut.
  take_time(disk);
  if (disk->control->swallow_syncs != 0) return 0;
  lock_disks();
  bool fails = takes_failure(disk->control);
  if (fails) records_are_lost(disk, about.st_ino);
  else records_are_durable(disk, about.st_ino);
  count(fails ? &disk->control->failed_syncs : &disk->control->syncs);
  unlock_disks();
  if (fails) errno = EIO;
  return fails ? -1 : 0;
}

int fsync(int fd) {
  REAL(int, fsync, int);
  return sync_descriptor(fd, real);
}

int fdatasync(int fd) {
  REAL(int, fdatasync, int);
  return sync_descriptor(fd, real);
}

static int open_on(struct disk *disk, int (*real)(const char *, int, ...), const char *name, const char *full, int flags,
                   mode_t mode) {
  struct stat about;
  lock_disks();
  bool is_new = (flags & O_CREAT) != 0 && lstat(full, &about) != 0;
  int fd = -1;
  if (is_new && disk->control->full != 0) {
    count(&disk->control->refused_writes);
    errno = ENOSPC;
  } else {
    if (is_new) {
      char line[PATH_MAX + 16];
      snprintf(line, sizeof line, "create\t%s\n", full);
      record_name(disk, line, NULL);
    }
    fd = real(name, flags & ~O_TRUNC, mode);
    if (fd >= 0 && is_new && fstat(fd, &about) == 0) forget_file(disk, about.st_ino);
  }
  unlock_disks();
  // Emptied by a call that keeps what was there.
  if (fd >= 0 && !is_new && (flags & O_TRUNC) != 0) (void)!ftruncate(fd, 0);
  return fd;
}

int open(const char *name, int flags, ...) {
  REAL(int, open, const char *, int, ...);
  va_list rest;
  va_start(rest, flags);
  mode_t mode = (flags & (O_CREAT | O_TMPFILE)) != 0 ? va_arg(rest, mode_t) : 0;
  va_end(rest);
  char full[PATH_MAX];
  struct disk *disk = (flags & (O_CREAT | O_TRUNC)) != 0 ? disk_of_name(name, full) : NULL;
  return disk == NULL ? real(name, flags, mode) : open_on(disk, real, name, full, flags, mode);
}
int open64(const char *name, int flags, ...) __attribute__((alias("open")));

int openat(int folder, const char *name, int flags, ...) {
  REAL(int, openat, int, const char *, int, ...);
  va_list rest;
  va_start(rest, flags);
  mode_t mode = (flags & (O_CREAT | O_TMPFILE)) != 0 ? va_arg(rest, mode_t) : 0;
  va_end(rest);
  return folder == AT_FDCWD || name[0] == '/' ? open(name, flags, mode) : real(folder, name, flags, mode);
}
int openat64(int folder, const char *name, int flags, ...) __attribute__((alias("openat")));

int unlink(const char *name) {
  REAL(int, unlink, const char *);
  char full[PATH_MAX], line[PATH_MAX + 64];
  struct stat about;
  struct disk *disk = disk_of_name(name, full);
  if (disk == NULL || lstat(full, &about) != 0 || !S_ISREG(about.st_mode)) return real(name);
  lock_disks();
  snprintf(line, sizeof line, "unlink\t%s\t%ju\n", full, (uintmax_t)about.st_ino);
  record_name(disk, line, full);
  int result = real(name);
  unlock_disks();
  return result;
}

int rename(const char *from, const char *to) {
  REAL(int, rename, const char *, const char *);
  char full_from[PATH_MAX], full_to[PATH_MAX], line[2 * PATH_MAX + 64];
  struct stat about, replaced;
  struct disk *disk = disk_of_name(from, full_from);
  if (disk == NULL || disk != disk_of_name(to, full_to) || lstat(full_from, &about) != 0) return real(from, to);
  lock_disks();
  bool replaces = lstat(full_to, &replaced) == 0;
  uintmax_t inode = replaces ? (uintmax_t)replaced.st_ino : 0;
  snprintf(line, sizeof line, "rename\t%s\t%s\t%ju\n", full_from, full_to, inode);
  record_name(disk, line, replaces ? full_to : NULL);
  int result = real(from, to);
  unlock_disks();
  return result;
}
