/* Preloaded into a process, makes each fsync and fdatasync take METERLINE_FSYNC_DELAY_MS longer, as a slow card would. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdlib.h>
#include <time.h>

typedef int (*sync_call)(int);

static void wait_as_a_slow_disk(void) {
  const char *text = getenv("METERLINE_FSYNC_DELAY_MS");
  long delay_ms = text == NULL ? 0 : strtol(text, NULL, 10);
  struct timespec delay = {delay_ms / 1000, (delay_ms % 1000) * 1000000L};
  nanosleep(&delay, NULL);
}

int fsync(int fd) {
  static sync_call real;
  if (real == NULL) real = (sync_call)dlsym(RTLD_NEXT, "fsync");
  wait_as_a_slow_disk();
  return real(fd);
}

int fdatasync(int fd) {
  static sync_call real;
  if (real == NULL) real = (sync_call)dlsym(RTLD_NEXT, "fdatasync");
  wait_as_a_slow_disk();
  return real(fd);
}
