/* Does to files what its arguments say, one after another, and then dies as by kill -9: for the tests of unsynced.c.
     write FILE OFFSET TEXT   truncate FILE LENGTH   sync FILE   move FROM TO   delete FILE   folder NAME   syncdir NAME */
#define _GNU_SOURCE
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int file(const char *path) { return open(path, O_RDWR | O_CREAT, 0600); }

int main(int count, char **word) {
  (void)count;
  int failed = 0;
  for (char **at = word + 1; *at && !failed; ) {
    const char *what = *at++;
    if (!strcmp(what, "write")) { int fd = file(at[0]); failed = pwrite(fd, at[2], strlen(at[2]), atol(at[1])) < 0; at += 3; close(fd); }
    else if (!strcmp(what, "truncate")) { int fd = file(at[0]); failed = ftruncate(fd, atol(at[1])); at += 2; close(fd); }
    else if (!strcmp(what, "sync")) { int fd = file(*at++); failed = fdatasync(fd); close(fd); }
    else if (!strcmp(what, "move")) { failed = rename(at[0], at[1]); at += 2; }
    else if (!strcmp(what, "delete")) failed = unlink(*at++);
    else if (!strcmp(what, "folder")) failed = mkdir(*at++, 0700);
    else if (!strcmp(what, "syncdir")) { int fd = open(*at++, O_RDONLY); failed = fsync(fd); close(fd); }
    else failed = 1;
  }
  if (failed) { perror("probe"); return 1; }
  return raise(SIGKILL);
}
