/*
 * A disk that can be cut off from its power, can fail and can fill up, for a real process that preloads it.
 *
 * METERLINE_FAULTY_DISKS lists folders with the folders their state is kept in: "folder=state:folder=state". Files
 * directly in such a folder are watched, but for SQLite's shared-memory index (-shm), which is memory. What has not been
 * synchronised is on record in the state folder, so that whoever kills the process can make of the files what a power cut
 * would have left of them:
 *
 *   <inode>.unsynced   writes since the last fsync of that file, in order, each with the bytes it replaced
 *   <inode>.lost       writes whose fsync failed, and which later writes have replaced parts of them durably
 *   <inode>.kept       a second link to a file whose unlink or replacement is not durable yet
 *   directory.log      names created, removed and renamed since the last fsync of the folder
 *   control            what is to fail, written by the test at any time; and counts, written here
 *
 * Nothing is synchronised for real: the machine keeps its power, and durable is what the record says.
 */
#ifndef METERLINE_FAULTY_DISK_H
#define METERLINE_FAULTY_DISK_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/types.h>

/* The layout of the control file; faulty-disk.ts writes and reads the same. */
struct control {
  uint32_t syncs_to_fail; /* of files, one less with each; UINT32_MAX: for ever */
  uint32_t full;          /* 1: a file cannot grow and none can be created */
  uint32_t sync_delay_micros;
  uint32_t swallow_syncs; /* 1: a sync says it was done and does nothing */
  uint32_t writes, syncs, failed_syncs, refused_writes;
};

struct disk {
  char folder[PATH_MAX];
  char state[PATH_MAX];
  struct control *control;
};

/* What one record of a log is about. */
enum record_kind { RECORD_WRITE = 1, RECORD_TRUNCATE = 2, RECORD_COVERED = 3 };

/* The head of a record; the replaced bytes and then the new ones follow. */
struct record {
  uint32_t kind;
  uint32_t bytes_after; /* of this head: replaced and new bytes together */
  uint64_t offset;      /* of a truncation: the new size */
  uint64_t replaced;
  uint64_t length; /* of what was written, or is covered */
  uint64_t size_before;
};

/* The watched disk that an open file lies on, or NULL. Fills in what fstat says. */
struct disk *disk_of_file(int fd, struct stat *about);
/* The disk whose folder this open directory is, or NULL. */
struct disk *disk_of_directory(int fd);
/* The watched disk that a file name belongs to, or NULL, with the name in full. */
struct disk *disk_of_name(const char *name, char full[PATH_MAX]);

/* All of these run under the lock; a record that cannot be kept ends the process, for the test would prove nothing. */
void lock_disks(void);
void unlock_disks(void);
void record_write(struct disk *disk, int fd, off_t offset, const void *bytes, size_t length);
void record_truncate(struct disk *disk, int fd, off_t size);
/* Forgets what is on record for a file: it has just been created, and its inode may have been another's before. */
void forget_file(struct disk *disk, ino_t inode);
/* What was written is durable now. Parts of it may stand where writes were lost before. */
void records_are_durable(struct disk *disk, ino_t inode);
/* What was written counts as written and never reaches the disk, as Linux does it after a failed fsync. */
void records_are_lost(struct disk *disk, ino_t inode);
/* Writes a line about the folder; `kept` may be NULL: a name whose file has to stay for the case of a power cut. */
void record_name(struct disk *disk, const char *line, const char *kept);
void names_are_durable(struct disk *disk);

#endif
