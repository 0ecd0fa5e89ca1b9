/* Keeps the record of what is not durable yet. Uses system calls directly, so that nothing here is watched itself. */
#define _GNU_SOURCE
#include "faulty-disk.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#define MOST_DISKS 4

static struct disk disks[MOST_DISKS];
static int disk_count;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

void lock_disks(void) { pthread_mutex_lock(&lock); }
void unlock_disks(void) { pthread_mutex_unlock(&lock); }

static void give_up(const char *what, const char *name) {
  fprintf(stderr, "faulty disk: %s %s: %s\n", what, name, strerror(errno));
  abort();
}

static int open_directly(const char *name, int flags) { return (int)syscall(SYS_openat, AT_FDCWD, name, flags, 0600); }

static void write_directly(int fd, const void *bytes, size_t length, const char *name) {
  if (syscall(SYS_write, fd, bytes, length) != (long)length) give_up("cannot write", name);
}

static void unlink_directly(const char *name) {
  if (syscall(SYS_unlinkat, AT_FDCWD, name, 0) != 0 && errno != ENOENT) give_up("cannot remove", name);
}

/* What cannot be set up is said at once: a test on a disk that is not watched would prove nothing. */
__attribute__((constructor)) static void open_disks(void) {
  const char *listed = getenv("METERLINE_FAULTY_DISKS");
  if (listed == NULL) return;
  char *list = strdup(listed), *rest = NULL;
  for (char *entry = strtok_r(list, ":", &rest); entry != NULL; entry = strtok_r(NULL, ":", &rest)) {
    char *state = strchr(entry, '=');
    if (state == NULL || disk_count == MOST_DISKS) give_up("METERLINE_FAULTY_DISKS cannot be read at", entry);
    *state++ = '\0';
    struct disk *disk = &disks[disk_count++];
    char control[PATH_MAX + 16];
    snprintf(disk->folder, sizeof disk->folder, "%s", entry);
    snprintf(disk->state, sizeof disk->state, "%s", state);
    snprintf(control, sizeof control, "%s/control", state);
    int fd = open_directly(control, O_RDWR | O_CLOEXEC);
    if (fd < 0) give_up("cannot open", control);
    disk->control = mmap(NULL, sizeof(struct control), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (disk->control == MAP_FAILED) give_up("cannot map", control);
    close(fd);
  }
  free(list);
}

static struct disk *disk_with_folder(const char *folder) {
  for (int at = 0; at < disk_count; at += 1) {
    if (strcmp(disks[at].folder, folder) == 0) return &disks[at];
  }
  return NULL;
}

/* The disk that a file with this full name lies directly in. */
static struct disk *disk_holding(const char *full) {
  const char *end = full + strlen(full), *last = strrchr(full, '/');
  bool is_shared_memory = end - full > 4 && strcmp(end - 4, "-shm") == 0;
  if (last == NULL || is_shared_memory) return NULL;
  char folder[PATH_MAX];
  snprintf(folder, sizeof folder, "%.*s", (int)(last - full), full);
  return disk_with_folder(folder);
}

static bool name_of(int fd, char full[PATH_MAX]) {
  char link[64];
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  ssize_t length = readlink(link, full, PATH_MAX - 1);
  if (length <= 0) return false;
  full[length] = '\0';
  return true;
}

struct disk *disk_of_file(int fd, struct stat *about) {
  char full[PATH_MAX];
  if (disk_count == 0 || fstat(fd, about) != 0 || !S_ISREG(about->st_mode)) return NULL;
  // A file without a name does not outlive its process, with or without power.
  if (about->st_nlink == 0 || !name_of(fd, full)) return NULL;
  return disk_holding(full);
}

struct disk *disk_of_directory(int fd) {
  struct stat about;
  char full[PATH_MAX];
  if (disk_count == 0 || fstat(fd, &about) != 0 || !S_ISDIR(about.st_mode) || !name_of(fd, full)) return NULL;
  return disk_with_folder(full);
}

struct disk *disk_of_name(const char *name, char full[PATH_MAX]) {
  if (disk_count == 0 || strlen(name) >= PATH_MAX) return NULL;
  char folder[PATH_MAX], resolved[PATH_MAX];
  snprintf(folder, sizeof folder, "%s", name);
  char *last = strrchr(folder, '/');
  const char *base = last == NULL ? name : name + (last - folder) + 1;
  if (last != NULL) *(last == folder ? last + 1 : last) = '\0';
  if (realpath(last == NULL ? "." : folder, resolved) == NULL) return NULL;
  if (snprintf(full, PATH_MAX, "%s/%s", resolved, base) >= PATH_MAX) return NULL;
  return disk_holding(full);
}

static void log_name(const struct disk *disk, ino_t inode, const char *kind, char name[PATH_MAX]) {
  if (snprintf(name, PATH_MAX, "%s/%ju.%s", disk->state, (uintmax_t)inode, kind) >= PATH_MAX) abort();
}

/* One write per record: when the process is killed in it, what is incomplete is at the end and was not done yet. */
static void append_record(struct disk *disk, ino_t inode, const char *kind, struct record head, const void *replaced,
                          const void *bytes) {
  char name[PATH_MAX];
  log_name(disk, inode, kind, name);
  size_t added = head.kind == RECORD_WRITE ? head.length : 0;
  head.bytes_after = (uint32_t)(head.replaced + added);
  char *whole = malloc(sizeof head + head.replaced + added);
  if (whole == NULL) give_up("no memory for", name);
  memcpy(whole, &head, sizeof head);
  if (head.replaced > 0) memcpy(whole + sizeof head, replaced, head.replaced);
  if (added > 0) memcpy(whole + sizeof head + head.replaced, bytes, added);
  int fd = open_directly(name, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC);
  if (fd < 0) give_up("cannot open", name);
  write_directly(fd, whole, sizeof head + head.replaced + added, name);
  close(fd);
  free(whole);
}

/*
 * Reads what a write replaces. By the same descriptor where it may be read: closing another one of the same file would
 * let go of every lock that SQLite holds on it (POSIX locks belong to process and file).
 */
static char *read_replaced(struct disk *disk, int fd, off_t offset, size_t length) {
  char link[64], *bytes = malloc(length + 1);
  int reader = fd;
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  if ((fcntl(fd, F_GETFL) & O_ACCMODE) == O_WRONLY) reader = open_directly(link, O_RDONLY | O_CLOEXEC);
  if (bytes == NULL || reader < 0 || pread(reader, bytes, length, offset) != (ssize_t)length)
    give_up("cannot read what is replaced on", disk->folder);
  if (reader != fd) close(reader);
  return bytes;
}

void record_write(struct disk *disk, int fd, off_t offset, const void *bytes, size_t length) {
  struct stat about;
  if (fstat(fd, &about) != 0) give_up("cannot look at a file on", disk->folder);
  off_t room = about.st_size > offset ? about.st_size - offset : 0;
  size_t replaced = (size_t)room < length ? (size_t)room : length;
  char *before = read_replaced(disk, fd, offset, replaced);
  struct record head = {RECORD_WRITE, 0, (uint64_t)offset, replaced, length, (uint64_t)about.st_size};
  append_record(disk, about.st_ino, "unsynced", head, before, bytes);
  free(before);
}

void record_truncate(struct disk *disk, int fd, off_t size) {
  struct stat about;
  if (fstat(fd, &about) != 0) give_up("cannot look at a file on", disk->folder);
  size_t replaced = about.st_size > size ? (size_t)(about.st_size - size) : 0;
  char *before = read_replaced(disk, fd, size, replaced);
  struct record head = {RECORD_TRUNCATE, 0, (uint64_t)size, replaced, 0, (uint64_t)about.st_size};
  append_record(disk, about.st_ino, "unsynced", head, before, NULL);
  free(before);
}

void forget_file(struct disk *disk, ino_t inode) {
  char name[PATH_MAX];
  log_name(disk, inode, "unsynced", name);
  unlink_directly(name);
  log_name(disk, inode, "lost", name);
  unlink_directly(name);
}

static void empty_directly(const char *name) {
  int fd = open_directly(name, O_WRONLY | O_TRUNC | O_CLOEXEC);
  if (fd >= 0) close(fd);
  else if (errno != ENOENT) give_up("cannot empty", name);
}

/* The contents of a log, or NULL when it has none. */
static char *read_log(const char *name, size_t *length) {
  struct stat about;
  int fd = open_directly(name, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return NULL;
  if (fstat(fd, &about) != 0) give_up("cannot look at", name);
  char *bytes = malloc((size_t)about.st_size + 1);
  *length = (size_t)about.st_size;
  if (bytes == NULL || read(fd, bytes, *length) != (ssize_t)*length) give_up("cannot read", name);
  close(fd);
  return bytes;
}

void records_are_durable(struct disk *disk, ino_t inode) {
  char name[PATH_MAX], lost[PATH_MAX];
  log_name(disk, inode, "unsynced", name);
  log_name(disk, inode, "lost", lost);
  if (access(lost, F_OK) == 0) {
    size_t length = 0;
    char *bytes = read_log(name, &length);
    for (size_t at = 0; bytes != NULL && at + sizeof(struct record) <= length;) {
      struct record head;
      memcpy(&head, bytes + at, sizeof head);
      at += sizeof head + head.bytes_after;
      uint64_t covered = head.kind == RECORD_TRUNCATE ? INT64_MAX - head.offset : head.length;
      append_record(disk, inode, "lost", (struct record){RECORD_COVERED, 0, head.offset, 0, covered, 0}, NULL, NULL);
    }
    free(bytes);
  }
  empty_directly(name);
}

void records_are_lost(struct disk *disk, ino_t inode) {
  char name[PATH_MAX], lost[PATH_MAX];
  size_t length = 0;
  log_name(disk, inode, "unsynced", name);
  log_name(disk, inode, "lost", lost);
  char *bytes = read_log(name, &length);
  if (bytes == NULL) return;
  int fd = open_directly(lost, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC);
  if (fd < 0) give_up("cannot open", lost);
  write_directly(fd, bytes, length, lost);
  close(fd);
  free(bytes);
  empty_directly(name);
}

void record_name(struct disk *disk, const char *line, const char *kept) {
  char name[PATH_MAX + 32];
  struct stat about;
  if (kept != NULL && lstat(kept, &about) == 0) {
    snprintf(name, sizeof name, "%s/%ju.kept", disk->state, (uintmax_t)about.st_ino);
    unlink_directly(name);
    if (syscall(SYS_linkat, AT_FDCWD, kept, AT_FDCWD, name, 0) != 0) give_up("cannot keep", kept);
  }
  snprintf(name, sizeof name, "%s/directory.log", disk->state);
  int fd = open_directly(name, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC);
  if (fd < 0) give_up("cannot open", name);
  write_directly(fd, line, strlen(line), name);
  close(fd);
}

void names_are_durable(struct disk *disk) {
  char name[PATH_MAX + 300];
  snprintf(name, sizeof name, "%s/directory.log", disk->state);
  empty_directly(name);
  DIR *listing = opendir(disk->state);
  if (listing == NULL) give_up("cannot list", disk->state);
  for (struct dirent *entry = readdir(listing); entry != NULL; entry = readdir(listing)) {
    const char *suffix = strrchr(entry->d_name, '.');
    if (suffix == NULL || strcmp(suffix, ".kept") != 0) continue;
    snprintf(name, sizeof name, "%s/%s", disk->state, entry->d_name);
    unlink_directly(name);
  }
  closedir(listing);
}
